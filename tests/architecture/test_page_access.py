"""Every page and form of the console, with every role and from another region: who gets in.

As test_access.py for the API: a row for each, a letter for each role that passes. A form is sent
with fields that are right, so that what is refused is refused for who sends it.
"""

import inspect
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask, Response
from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from backend.activities.checks.changes import fingerprint_of
from backend.activities.models import Duty, ScheduleImport, Slot
from backend.activities.signals import ChangeKind
from backend.core import clock
from backend.core.audit import AuditEntry
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.core.permissions import Role
from backend.core.web import pages, steps, ways
from backend.identity.login import accounts, console
from backend.identity.models import LoginSession, RoleAssignment
from backend.needs.models import Need, NeedPhoto, NeedSource, NeedVoice, VoiceRole
from backend.notices.messages.models import Message, MessageCredit, MessageState
from backend.notices.models import Notice, NoticeKind
from backend.outreach.models import (
    ActivityChange,
    Addressee,
    Announcement,
    AnnouncementState,
    Audience,
)
from backend.partners.models import Organisation
from backend.regions.models import Region, RegionImport
from backend.reports.models import ReportRun
from tests.architecture.test_access import CREDENTIAL, DENIED, Stage
from tests.support.desk import Desk, form_time
from tests.support.transactions import locks_of, taken_back
from tests.support.world import (
    COMMUNITY,
    OTHER_SUBDISTRICT,
    Person,
    World,
)

# v nobody, l volunteer, p partner (neither has the console: a session from when they had another
# role), c organiser of the community, o of its subdistrict, f of a foreign subdistrict,
# a admin of the district, u auditor of the district, g of the foreign subdistrict.
EVERYBODY = "vlpcofaug"
STAFF = "cofaug"

PAGES: dict[str, str] = {
    # page or form: who passes
    "GET /console/": "lcofaug",
    "GET /console/<path:unknown>": "",  # no page has this address
    "GET /console/account": "lpcofaug",
    "POST /console/account/sessions/<uuid:session_id>/end": "o",  # whose it is
    "POST /console/account/sessions/end-others": "lpcofaug",
    "POST /console/account/password": "o",  # who has a password
    "GET /console/audit/": "aug",
    "GET /console/audit/<uuid:entry_id>": "au",
    "POST /console/audit/export": "aug",
    "GET /console/board/": "lcofaug",
    "GET /console/board/<uuid:activity_id>": "lcoau",
    "POST /console/board/<uuid:activity_id>/close": "coa",
    "GET /console/board/<uuid:activity_id>/display": EVERYBODY,
    "GET /console/board/<uuid:activity_id>/display/now": EVERYBODY,
    "GET /console/board/<uuid:activity_id>/now": "lcoau",
    "POST /console/board/<uuid:activity_id>/open": "coa",
    "GET /console/changes/<uuid:change_id>": "coau",
    "POST /console/changes/<uuid:change_id>/excel": "coa",
    "POST /console/changes/<uuid:change_id>/paper": "coa",
    "POST /console/changes/<uuid:change_id>/people/<uuid:addressee_id>/call": "coa",
    "POST /console/changes/<uuid:change_id>/people/<uuid:addressee_id>/contact": "coa",
    "GET /console/changes/of/<uuid:activity_id>": "coau",
    "GET /console/changes/of/<uuid:activity_id>/announce": "coa",
    "POST /console/changes/of/<uuid:activity_id>/announce": "coa",
    "GET /console/changes/of/<uuid:activity_id>/announce/confirm": "coa",
    "POST /console/changes/of/<uuid:activity_id>/held/<uuid:announcement_id>/release": "coa",
    "POST /console/changes/of/<uuid:activity_id>/held/<uuid:announcement_id>/withdraw": "coa",
    "GET /console/credentials/<uuid:credential_id>": "pau",
    "POST /console/credentials/<uuid:credential_id>/approve": "a",
    "GET /console/credentials/<uuid:credential_id>/document": "pa",
    "POST /console/credentials/<uuid:credential_id>/reject": "a",
    "GET /console/credentials/of/<uuid:organisation_id>": "pau",
    "POST /console/credentials/of/<uuid:organisation_id>": "pa",
    "GET /console/dashboard/": STAFF,
    "GET /console/dashboard/activities": STAFF,
    "GET /console/dashboard/communities": STAFF,
    "GET /console/dashboard/wall": STAFF,
    "POST /console/demo-login/<name>": "",  # nobody of the demo is here
    "GET /console/evaluations/": STAFF,
    "GET /console/evaluations/<uuid:activity_id>": "coau",
    "GET /console/login": EVERYBODY,
    "POST /console/login/password": EVERYBODY,
    "GET /console/login/qr": EVERYBODY,
    "POST /console/login/qr": EVERYBODY,
    "POST /console/login/qr/enter": EVERYBODY,
    "POST /console/logout": "",  # ends at the login, as a refusal does
    "GET /console/markets/<uuid:activity_id>": "coau",
    "GET /console/markets/<uuid:activity_id>/cancel": "coa",
    "POST /console/markets/<uuid:activity_id>/cancel": "coa",
    "POST /console/markets/<uuid:activity_id>/undo-open": "coa",
    "POST /console/markets/<uuid:activity_id>/close": "coa",
    "GET /console/markets/<uuid:activity_id>/code.png": "coa",
    "POST /console/markets/<uuid:activity_id>/code/fetch": "coa",
    "GET /console/markets/<uuid:activity_id>/facts": "coau",
    "POST /console/markets/<uuid:activity_id>/facts": "coa",
    "GET /console/markets/<uuid:activity_id>/facts/confirm": "coa",
    "GET /console/markets/<uuid:activity_id>/history": "coau",
    "POST /console/markets/<uuid:activity_id>/open": "coa",
    "GET /console/markets/<uuid:activity_id>/people": "coau",
    "POST /console/markets/<uuid:activity_id>/people": "coa",
    "POST /console/markets/<uuid:activity_id>/people/<uuid:duty_id>/remove": "coa",
    "GET /console/markets/<uuid:activity_id>/print": "coau",
    "GET /console/markets/<uuid:activity_id>/print/cards": "coau",
    "GET /console/markets/<uuid:activity_id>/print/now": "coau",
    "GET /console/markets/<uuid:activity_id>/print/poster": "coau",
    "GET /console/markets/<uuid:activity_id>/print/poster/now": "coau",
    "GET /console/markets/<uuid:activity_id>/print/signs": "coau",
    "POST /console/markets/<uuid:activity_id>/publish": "oa",
    "GET /console/markets/<uuid:activity_id>/record": "coau",
    "POST /console/markets/<uuid:activity_id>/record": "coa",
    "POST /console/markets/<uuid:activity_id>/return": "oa",
    "GET /console/markets/<uuid:activity_id>/stalls": "coau",
    "POST /console/markets/<uuid:activity_id>/stalls": "coa",
    "POST /console/markets/<uuid:activity_id>/stalls/arrange": "coa",
    "POST /console/markets/<uuid:activity_id>/submit": "coa",
    "GET /console/markets/offerings/<uuid:offering_id>": "coau",
    "POST /console/markets/offerings/<uuid:offering_id>": "coa",
    "GET /console/markets/offerings/<uuid:offering_id>/delete": "coa",
    "POST /console/markets/offerings/<uuid:offering_id>/delete": "coa",
    "POST /console/markets/offerings/<uuid:offering_id>/slots": "coa",
    "GET /console/markets/offerings/<uuid:offering_id>/slots/new": "coa",
    "POST /console/markets/offerings/<uuid:offering_id>/slots/pattern": "coa",
    "GET /console/markets/slots/<uuid:slot_id>": "coa",
    "POST /console/markets/slots/<uuid:slot_id>": "coa",
    "GET /console/markets/slots/<uuid:slot_id>/confirm": "coa",
    "GET /console/markets/slots/<uuid:slot_id>/delete": "coa",
    "POST /console/markets/slots/<uuid:slot_id>/delete": "coa",
    "GET /console/markets/stalls/<uuid:stall_id>": "coau",
    "POST /console/markets/stalls/<uuid:stall_id>": "coa",
    "GET /console/markets/stalls/<uuid:stall_id>/delete": "coa",
    "POST /console/markets/stalls/<uuid:stall_id>/delete": "coa",
    "POST /console/markets/stalls/<uuid:stall_id>/offerings": "coa",
    "GET /console/markets/stalls/<uuid:stall_id>/offerings/new": "coa",
    "POST /console/markets/stalls/<uuid:stall_id>/place": "coa",
    "GET /console/messages/": STAFF,
    "GET /console/messages/<uuid:activity_id>": "coau",
    "POST /console/messages/<uuid:activity_id>/<uuid:message_id>/resend": "coa",
    "GET /console/needs/": STAFF,
    "GET /console/needs/<uuid:need_id>": "coau",
    "GET /console/needs/<uuid:need_id>/photos/<uuid:photo_id>": "coau",
    "POST /console/needs/<uuid:need_id>/accept": "coa",
    "POST /console/needs/<uuid:need_id>/close-unsolved": "coa",
    "POST /console/needs/<uuid:need_id>/decline": "coa",
    "POST /console/needs/<uuid:need_id>/evaluate": "coa",
    "GET /console/needs/<uuid:need_id>/merge": "coa",
    "POST /console/needs/<uuid:need_id>/merge": "coa",
    "POST /console/needs/<uuid:need_id>/plan": "coa",
    "POST /console/needs/<uuid:need_id>/reopen": "coa",
    "POST /console/needs/<uuid:need_id>/reword": "coa",
    "POST /console/needs/<uuid:need_id>/serve": "coa",
    "POST /console/needs/<uuid:need_id>/take-off": "coa",
    "POST /console/needs/<uuid:need_id>/take-up": "coa",
    "POST /console/needs/<uuid:need_id>/unmerge": "coa",
    "GET /console/needs/<uuid:need_id>/voices": "c",
    "POST /console/needs/<uuid:need_id>/voices": "c",
    "POST /console/needs/<uuid:need_id>/voices/<uuid:voice_id>/contact": "c",
    "POST /console/needs/export": STAFF,
    "GET /console/needs/new": "cofa",
    "POST /console/needs/new": "coa",
    "GET /console/organisations/": STAFF,
    "GET /console/organisations/<uuid:organisation_id>": STAFF,
    "POST /console/organisations/<uuid:organisation_id>": "a",
    "GET /console/organisations/new": "cofa",
    "POST /console/organisations/new": "coa",
    "GET /console/resources/": "pcofaug",
    "GET /console/resources/<uuid:resource_id>": "pcoau",
    "POST /console/resources/<uuid:resource_id>/approve": "coa",
    "GET /console/resources/<uuid:resource_id>/edit": "pcoa",
    "POST /console/resources/<uuid:resource_id>/edit": "pcoa",
    "POST /console/resources/<uuid:resource_id>/retire": "pcoa",
    "POST /console/resources/<uuid:resource_id>/return": "coa",
    "POST /console/resources/<uuid:resource_id>/submit": "pcoa",
    "POST /console/resources/<uuid:resource_id>/suspend": "coa",
    "POST /console/resources/export": "pcofaug",
    "GET /console/resources/import": "pcofa",
    "POST /console/resources/import": "pcofa",
    "GET /console/resources/month": "pcofaug",
    "GET /console/resources/new": "pcofa",
    "POST /console/resources/new": "pcoa",
    "GET /console/people/": STAFF,
    "GET /console/people/<uuid:user_id>": "oau",
    "POST /console/people/<uuid:user_id>/log-out": "a",
    "POST /console/people/<uuid:user_id>/roles": "a",
    "POST /console/people/<uuid:user_id>/roles/<uuid:assignment_id>/take-back": "a",
    "GET /console/people/find": "a",
    "POST /console/people/find": "a",
    "GET /console/people/residents": "cofa",
    "POST /console/people/residents": "cofa",
    "GET /console/rectifications/": STAFF,
    "GET /console/rectifications/<uuid:rectification_id>": "coau",
    "GET /console/rectifications/<uuid:rectification_id>/photos/<uuid:photo_id>": "coa",
    "POST /console/rectifications/<uuid:rectification_id>/call-back": "coa",
    "POST /console/rectifications/<uuid:rectification_id>/close": "coa",
    "POST /console/rectifications/<uuid:rectification_id>/contact": "coa",
    "POST /console/rectifications/<uuid:rectification_id>/owner": "coa",
    "POST /console/rectifications/<uuid:rectification_id>/reply": "coa",
    "GET /console/reports/": STAFF,
    "POST /console/reports/": "coau",
    "GET /console/reports/<uuid:run_id>": "coau",
    "POST /console/reports/<uuid:run_id>/delete": "o",
    "POST /console/reports/<uuid:run_id>/file": "coau",
    "GET /console/schedule/": STAFF,
    "GET /console/schedule/<uuid:activity_id>/copy": "coa",
    "POST /console/schedule/<uuid:activity_id>/copy": "coa",
    "GET /console/schedule/<uuid:activity_id>/copy/preview": "coa",
    "POST /console/schedule/<uuid:activity_id>/copy/preview": "coa",
    "GET /console/schedule/<uuid:activity_id>/move": "coa",
    "POST /console/schedule/<uuid:activity_id>/move": "coa",
    "GET /console/schedule/<uuid:activity_id>/move/confirm": "coa",
    "GET /console/schedule/copy": "cofa",
    "GET /console/schedule/events": STAFF,
    "POST /console/schedule/export": STAFF,
    "GET /console/schedule/import": "cofa",
    "POST /console/schedule/import": "cofa",
    "GET /console/schedule/import/<uuid:import_id>": "o",
    "POST /console/schedule/import/<uuid:import_id>/cells": "o",
    "POST /console/schedule/import/<uuid:import_id>/confirm": "o",
    "GET /console/schedule/import/<uuid:import_id>/rest": "o",
    "POST /console/schedule/import/<uuid:import_id>/undo": "o",
    "GET /console/schedule/import/template": "cofa",
    "POST /console/schedule/many": "oa",
    "GET /console/schedule/many/gaps": "oa",
    "GET /console/schedule/new": "cofa",
    "POST /console/schedule/new": "coa",
    "GET /console/settings/": STAFF,
    "GET /console/settings/imports/<uuid:import_id>": "a",
    "POST /console/settings/imports/<uuid:import_id>/confirm": "a",
    "GET /console/settings/imports/<uuid:import_id>/progress": "a",
    "GET /console/settings/kinds": STAFF,
    "GET /console/settings/regions/import": "a",
    "POST /console/settings/regions/import": "a",
    "GET /console/static/<path:filename>": EVERYBODY,
    "GET /q/<code>": EVERYBODY,
    "GET /console/sign-ups/of/<uuid:activity_id>": "coa",
    "POST /console/sign-ups/of/<uuid:activity_id>/export": "coa",
    "POST /console/sign-ups/of/<uuid:activity_id>/paper": "coa",
    "GET /console/todos/<int:place>": "cofa",
    "GET /console/walls/": "cofa",
    "POST /console/walls/<uuid:link_id>/revoke": "coa",
    "POST /console/walls/board/<uuid:activity_id>": "coa",
    "POST /console/walls/calendar": "coa",
    "POST /console/walls/region": "coa",
    "GET /console/walls/show/<calendar>/calendar.ics": EVERYBODY,
    "GET /console/walls/show/<token>": EVERYBODY,
    "GET /console/walls/show/<token>/now": EVERYBODY,
}


# The next step of a form: what was sent for it stands in its address. It is of a draft: the market
# has begun, and is neither moved nor published any more.
STEPS = {
    "/console/changes/of/<uuid:activity_id>/announce/confirm":
        "/console/changes/of/<uuid:activity_id>/announce",
    "/console/markets/<uuid:activity_id>/facts/confirm":
        "/console/markets/<uuid:activity_id>/facts",
    "/console/markets/slots/<uuid:slot_id>/confirm": "/console/markets/slots/<uuid:slot_id>",
    "/console/schedule/<uuid:activity_id>/copy/preview":
        "/console/schedule/<uuid:activity_id>/copy/preview",
    "/console/schedule/<uuid:activity_id>/move/confirm":
        "/console/schedule/<uuid:activity_id>/move",
    "/console/schedule/many/gaps": "/console/schedule/many",
}  # fmt: skip


class Office(Stage):
    """The stage of the API's matrix, with what pages have ids of, and a desk for each letter."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.people |= {"g": world.staff(Role.AUDITOR, OTHER_SUBDISTRICT)}
        colleague = self._person("l")
        self.ids |= self._rows(colleague)
        self.desks = {
            letter: self._desk(person)
            for letter, person in self.people.items()
            if letter in EVERYBODY
        }
        self.forms = self._forms(colleague)
        self.draft_id = world.draft(self._person("o"))["id"]

    def _person(self, letter: str) -> Person:
        person = self.people[letter]
        assert person is not None
        return person

    def _desk(self, person: Person | None) -> Desk:
        desk = Desk(self.world)
        token = desk.token()
        with desk.http.session_transaction("/console/") as cookie:
            if person is not None:
                with self.world.app.app_context(), transaction() as session:
                    cookie[ways.TOKEN] = console.start(session, person.user_id, "scan")
        desk.token = lambda: token  # type: ignore[method-assign]
        return desk

    def _rows(self, colleague: Person) -> dict[str, str]:
        """What pages alone have ids of. Files on their way belong to who may confirm them."""
        organiser = self._person("o")
        activity_id = UUID(self.market.id)
        with self.world.app.app_context(), transaction() as session:
            found = select(Region.id).where(Region.code == COMMUNITY)
            need = Need(region_id=session.execute(found).scalar_one(), title="磨剪刀",
                        source=NeedSource.VISIT, raised_on=clock.today())  # fmt: skip
            duty = Duty(activity_id=activity_id, user_id=colleague.user_id, words="引导")
            change = ActivityChange(id=new_id(), activity_id=activity_id, kind=ChangeKind.PLACE,
                                    words="从广场改到文化宫", accounts=1, guests=0)  # fmt: skip
            words = Announcement(id=new_id(), activity_id=activity_id, text="休息到 10:30",
                                 audience=Audience.SIGNED_UP, state=AnnouncementState.HELD,
                                 written_by=colleague.user_id, on_day=clock.today(),
                                 nth=1)  # fmt: skip
            addressee = Addressee(id=new_id(), change_id=change.id,
                                  resident_id=colleague.resident_id)  # fmt: skip
            schedule = ScheduleImport(user_id=organiser.user_id, file_name="五月.xlsx", content=b"")
            session.add_all([need, duty, schedule, change, words])
            session.flush()
            voice = NeedVoice(id=new_id(), need_id=need.id, role=VoiceRole.RAISER,
                              resident_id=colleague.resident_id)  # fmt: skip
            session.add_all([addressee, voice])
            session.get_one(NeedPhoto, UUID(self.ids["photo_id"])).need_id = need.id
            session.flush()
            message = self._refused_message(session, activity_id)
            accounts.create_account(session, organiser.user_id, "clerk", "correct horse 1")
            entry = session.execute(
                select(AuditEntry.id).where(AuditEntry.region_code == COMMUNITY).limit(1)
            ).scalar_one()
            owned = select(LoginSession.id).where(LoginSession.user_id == organiser.user_id)
            phone = session.execute(owned).scalar_one()
            role = session.execute(
                select(RoleAssignment.id).where(RoleAssignment.user_id == colleague.user_id)
            ).scalar_one()
            rows = {
                "change_id": change.id, "announcement_id": words.id, "addressee_id": addressee.id,
                "need_id": need.id, "voice_id": voice.id,
                "duty_id": duty.id, "import_id": schedule.id,
                "session_id": phone, "entry_id": entry, "assignment_id": role,
                "user_id": colleague.user_id, "message_id": message.id,
                "organisation_id": session.execute(select(Organisation.id)).scalar_one(),
            }  # fmt: skip
        known = {"code": self.ids["scene"], "filename": "console.css", "unknown": "nothing",
                 "name": "organiser", "place": "25"}  # fmt: skip
        return {name: str(value) for name, value in rows.items()} | known

    def _refused_message(self, session: Session, activity_id: UUID) -> Message:
        """One that may be sent again."""
        user_id = self.subject.user_id
        notice = Notice(user_id=user_id, kind=NoticeKind.MARKET_MOVED, title="改期", text="改期",
                        page="", activity_id=activity_id, resident_ids=[])  # fmt: skip
        session.add(notice)
        session.flush()
        now = clock.now()
        message = Message(id=notice.id, user_id=user_id, template="change", facts={}, urgent=True,
                          state=MessageState.REFUSED, due_at=now,
                          until=now + timedelta(days=1))  # fmt: skip
        credit = MessageCredit(user_id=user_id, template="change", remaining=1, unmatched=0)
        session.add_all([message, credit])
        session.flush()
        return message

    def send(self, letter: str, rule: str) -> TestResponse:
        """Send a form from somebody's desk; files are sent anew each time."""
        fields: dict[str, Any] = {
            name: (io.BytesIO(value[0]), value[1]) if isinstance(value, tuple) else value
            for name, value in self.forms.get(rule, {}).items()
        }
        return self.desks[letter].send(self.path(rule), **fields)

    def open(self, letter: str, rule: str) -> TestResponse:
        """Open a page; a form's next step as if its sender had been let as far."""
        path, person = self.path(rule), self.people[letter]
        if rule in STEPS and person is not None:
            # An announcement is of a market that is announced.
            if "/announce/" not in rule:
                path = path.replace(self.market.id, self.draft_id)
            with self.world.app.app_context(), transaction() as session:
                fields = self._sent_before(session, rule).items()
                path += f"?asked={steps.keep(session, person.user_id, fields)}"
        return self.desks[letter].http.get(path)

    def _sent_before(self, session: Session, rule: str) -> dict[str, Any]:
        """What a form was sent with whose next step a page is."""
        slot = session.get_one(Slot, UUID(self.ids["slot_id"]))
        seen = {
            "/console/markets/slots/<uuid:slot_id>/confirm": {"seen": fingerprint_of(slot)},
            "/console/schedule/many/gaps": {"ids": self.draft_id},
        }
        return {**self.forms[STEPS[rule]], **seen.get(rule, {})}

    def send_empty(self, letter: str, rule: str) -> TestResponse:
        """Send a form with nothing filled in."""
        return self.desks[letter].send(self.path(rule))

    def path(self, rule: str) -> str:
        """A rule's address on this stage."""
        ids = self.ids
        if rule.startswith("/console/settings/imports"):
            ids = ids | {"import_id": self.ids["region_import_id"]}
        for name, value in ids.items():
            rule = rule.replace(f"<uuid:{name}>", value).replace(f"<{name}>", value)
            rule = rule.replace(f"<path:{name}>", value).replace(f"<int:{name}>", value)
        return rule

    def _forms(self, colleague: Person) -> dict[str, dict[str, Any]]:
        """What forms are sent with; one that is not here has no fields."""
        now = clock.now()
        begin, end = form_time(now + timedelta(days=9)), form_time(now + timedelta(days=9, hours=2))
        community = self.world.region_id(COMMUNITY)
        reason = {"reason": "请补充"}
        day = (clock.today() + timedelta(days=9)).isoformat()
        copies = {"on": day, "region_ids": community, "starts": "09:00"}
        stall = {"number": "Z9", "name": "新摊位"}
        offering = {"title": "义诊", "service_kind": "clinic", "mode": "open"}
        resource = {"title": "义剪", "service_kind": "haircut", "people": "4", "stations": "3",
                    "minutes_per_person": "12", "regions": COMMUNITY}  # fmt: skip
        slot = {"starts_at": begin, "ends_at": end, "capacity": "2"}
        return {
            "/console/account/password": {
                "old": "x", "code": "000000", "new": "correct horse", "again": "correct horse",
            },
            "/console/audit/export": reason,
            "/console/changes/<uuid:change_id>/excel": reason,
            "/console/changes/of/<uuid:activity_id>/announce": {
                "to": "signed_up", "text": "休息到 10:30",
            },
            "/console/changes/<uuid:change_id>/paper": reason,
            "/console/sign-ups/of/<uuid:activity_id>/export": reason,
            "/console/sign-ups/of/<uuid:activity_id>/paper": reason,
            "/console/changes/<uuid:change_id>/people/<uuid:addressee_id>/call": {
                "call": "told", "seen": "none",
            },
            "/console/changes/<uuid:change_id>/people/<uuid:addressee_id>/contact": reason,
            "/console/credentials/<uuid:credential_id>/reject": reason,
            "/console/credentials/of/<uuid:organisation_id>": CREDENTIAL,
            "/console/login/password": {"username": "x", "password": "x", "code": "000000"},
            "/console/markets/<uuid:activity_id>/cancel": reason,
            "/console/markets/<uuid:activity_id>/facts": {
                "version": "1", "title": "集市", "starts_at": begin, "ends_at": end,
                "venue_name": "广场", "checkin_opens_minutes": "30",
            },
            "/console/markets/<uuid:activity_id>/people": {
                "user_id": str(colleague.user_id), "words": "引导",
            },
            "/console/markets/<uuid:activity_id>/record": {"version": "1", "volunteers": "3"},
            "/console/markets/<uuid:activity_id>/return": reason,
            "/console/markets/<uuid:activity_id>/stalls": stall,
            "/console/markets/offerings/<uuid:offering_id>": offering,
            "/console/markets/offerings/<uuid:offering_id>/slots": slot,
            "/console/markets/offerings/<uuid:offering_id>/slots/pattern": {
                "from_": begin, "to": end, "minutes": "30", "places": "2",
            },
            "/console/markets/slots/<uuid:slot_id>": slot,
            "/console/markets/stalls/<uuid:stall_id>": stall,
            "/console/markets/stalls/<uuid:stall_id>/offerings": offering,
            "/console/needs/<uuid:need_id>/close-unsolved": reason | {"reason_code": "not_ours"},
            "/console/needs/<uuid:need_id>/decline": reason | {"reason_code": "not_ours"},
            "/console/needs/<uuid:need_id>/merge": {"into_id": self.market.id},
            "/console/needs/<uuid:need_id>/plan": {"activity_id": self.market.id},
            "/console/needs/<uuid:need_id>/reopen": reason,
            "/console/needs/<uuid:need_id>/voices": reason,
            "/console/needs/<uuid:need_id>/voices/<uuid:voice_id>/contact": reason,
            "/console/needs/new": {
                "region_id": community, "title": "磨剪刀", "source": "visit",
                "raised_on": clock.today().isoformat(),
            },
            "/console/organisations/<uuid:organisation_id>": {
                "name": "善乐", "region_id": community, "version": "1",
            },
            "/console/organisations/new": {"name": "善乐", "region_id": community},
            "/console/people/<uuid:user_id>/roles": {"role": "volunteer", "region_id": community},
            "/console/people/find": {"who": "13900001234"},
            "/console/people/residents": {"who": "13900001234"} | reason,
            "/console/rectifications/<uuid:rectification_id>/call-back": {
                "note": "已回访", "satisfied": "1",
            },
            "/console/rectifications/<uuid:rectification_id>/contact": reason,
            "/console/rectifications/<uuid:rectification_id>/owner": {
                "user_id": str(self._person("o").user_id),
            },
            "/console/rectifications/<uuid:rectification_id>/reply": {"reply": "已处理"},
            "/console/reports/": {
                "kind": "monthly", "region_id": community, "month": f"{clock.today():%Y-%m}",
            } | reason,
            "/console/resources/<uuid:resource_id>/edit": resource | {"version": "1"},
            "/console/resources/<uuid:resource_id>/return": reason,
            "/console/resources/<uuid:resource_id>/suspend": reason,
            "/console/resources/import": {"file": (b"x", "资源.xlsx")},
            "/console/resources/new": resource | {"organisation_id": self.organisation},
            "/console/schedule/<uuid:activity_id>/copy": copies | {"rows": f"{day} {COMMUNITY}"},
            "/console/schedule/<uuid:activity_id>/copy/preview": copies,
            "/console/schedule/<uuid:activity_id>/move": {"starts_at": begin, "version": "1"},
            "/console/schedule/import": {"file": (b"x", "五月.xlsx")},
            "/console/schedule/import/<uuid:import_id>/confirm": {"seen": "x"},
            "/console/schedule/many": {"action": "publish", "ids": self.market.id},
            "/console/schedule/new": {
                "programme": "market", "title": "集市", "region_id": community,
                "venue_name": "广场", "starts_at": begin, "ends_at": end,
            },
            "/console/walls/calendar": {"region_id": community},
            "/console/walls/region": {"region_id": community},
            "/console/settings/regions/import": {
                "file": (f"code,name\n{COMMUNITY},花园".encode(), "r.csv"),
            },
        }  # fmt: skip


@pytest.fixture(scope="module")
def stage(world: World) -> Office:
    office = Office(world)
    # A report, which whoever may see its region may take, and a file of regions.
    for letter, rule in (("o", "/console/reports/"), ("a", "/console/settings/regions/import")):
        answer = office.send(letter, rule)
        assert answer.status_code == 303, answer.get_data(as_text=True)
    with world.app.app_context(), transaction() as session:
        for name, column in (("run_id", ReportRun.id), ("region_import_id", RegionImport.id)):
            office.ids[name] = str(session.execute(select(column)).scalar_one())
    # A wall's link, whose secret is shown once.
    made = office.send("o", "/console/walls/board/<uuid:activity_id>").location
    shown = office.desks["o"].read(made)
    (office.ids["token"],) = set(re.findall(r"/console/walls/show/([\w-]+)", shown))
    made = office.send("o", "/console/walls/calendar").location
    feed = office.desks["o"].read(made)
    (office.ids["calendar"],) = set(re.findall(r"/show/([\w-]+)/calendar.ics", feed))
    (office.ids["link_id"],) = re.findall(r"/console/walls/([0-9a-f-]{36})/revoke", shown)
    return office


def page_rules(app: Flask) -> Iterator[str]:
    for rule in app.url_map.iter_rules():
        leads = hasattr(app.view_functions[rule.endpoint], "form")
        if rule.rule.startswith(("/console", "/q/")) and not leads:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield f"{method} {rule.rule}"


# Pages that only lead to another; where any other leads away, it refuses.
LEAD = {
    "/console/": ("/console/dashboard/", "/console/board/"),
}


def _passes(office: Office, letter: str, method: str, rule: str) -> bool:
    """Whether a page is shown, or a form taken or refused for another reason than who sends it."""
    answer = office.open(letter, rule) if method == "GET" else office.send(letter, rule)
    answer.close()  # of a file that is sent
    if answer.status_code != 303:
        return answer.status_code not in DENIED
    if method == "GET":
        return answer.location in LEAD.get(rule, ())
    return not answer.location.startswith("/console/login")


def test_the_matrix_has_every_page(app: Flask) -> None:
    assert sorted(page_rules(app)) == sorted(PAGES)


def test_the_address_of_every_form_opens_the_page_that_it_is_on(app: Flask, stage: Office) -> None:
    """Whoever copies the address of what was refused, or reloads it, finds a page there."""
    pages_of = app.url_map.bind("localhost")
    wrong = []
    for sent in (rule.removeprefix("POST ") for rule in PAGES if rule.startswith("POST")):
        if f"GET {sent}" in PAGES:
            continue
        answer = stage.desks["v"].http.get(f"{stage.path(sent)}?state=draft")
        place = answer.location or "/console/nowhere"
        found, _ = pages_of.match(place.partition("?")[0], method="GET")
        page = getattr(app.view_functions[found], "declared", None)
        leads = isinstance(page, pages.Page) and found != "console.nothing"
        if not (answer.status_code == 303 and leads and place.endswith("?state=draft")):
            wrong.append((sent, place))
    assert wrong == []


def test_a_form_that_is_done_leads_to_a_page(app: Flask) -> None:
    """Going back to a page that a form has answered itself is the browser's own error without
    scripts. Only what is shown once, and stands in no address, is answered so."""
    forms = {name: view for name, view in app.view_functions.items()
             if isinstance(getattr(view, "declared", None), pages.Form)}  # fmt: skip
    told = {name for name, view in forms.items()
            if inspect.signature(view).return_annotation is not Response}  # fmt: skip
    assert told == {
        "people.look_up", "needs.see_voices", "needs.see_number",
        "rectifications.contact", "outreach.contact", "outreach.paper",
        "sign_ups.paper",
    }  # fmt: skip


def test_reaching_into_another_region_is_kept_whatever_was_sent(
    stage: Office, outer: Connection
) -> None:
    """Also where what was typed is refused first, and the page that would show it is not theirs."""
    kept = text("SELECT details->>'path' FROM audit_entry WHERE action = 'refuse'")
    for rule in PAGES:
        method, path = rule.split(" ")
        if method == "GET" or "f" in PAGES[rule] or "<uuid:" not in path:
            continue
        for send in (stage.send, stage.send_empty):
            with taken_back(outer):
                answer = send("f", path)
                found = outer.execute(kept).scalars().all()
            # An empty form on a page that they may see is refused there, beside the field.
            assert answer.status_code in DENIED or send == stage.send_empty, rule
            assert found == ([stage.path(path)] if answer.status_code in DENIED else []), rule


def test_every_role_passes_exactly_where_the_matrix_says(stage: Office, outer: Connection) -> None:
    """And what is only read locks no row: nobody waits for who looks."""
    wrong = []
    # Logging in and out changes who a desk is: last.
    for page in sorted(PAGES, key=lambda page: "/console/log" in page):
        method, rule = page.split(" ")
        for letter in stage.desks:
            with taken_back(outer), locks_of(outer) as locks:
                passes = _passes(stage, letter, method, rule)
            if method == "GET" and locks:
                wrong.append(f"{letter} {page}: {locks}")
            if passes != (letter in PAGES[page]):
                wrong.append(f"{letter} {page}: {'passes' if passes else 'refused'}")
    assert wrong == []


def test_no_page_says_its_heading_twice(stage: Office) -> None:
    """The way to a page stands above its heading, and ends before it."""
    for page in PAGES:
        method, rule = page.split(" ")
        if method == "GET" and "a" in PAGES[page] and "/static/" not in rule:
            with stage.desks["a"].http.get(stage.path(rule)) as answer:
                shown = answer.get_data(as_text=True) if answer.mimetype == "text/html" else ""
            heading = re.search(r'<h1 class="page-title">(.*?)</h1>', shown)
            crumbs = re.findall(r'class="breadcrumb-item[^>]*>(?:<a[^>]*>)?([^<]*)', shown)
            assert heading is None or heading[1] not in crumbs, page
