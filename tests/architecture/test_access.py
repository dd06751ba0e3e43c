"""No route forgot its access, and every role reaches exactly the routes that its page says.

The matrix is the contract of authorisation: a row for each route, a letter for each role that
passes. Passing means that the answer is not 401, 403 or 404, whatever else it is.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import Connection, text

from backend.core.db import transaction
from backend.core.ids import new_id
from backend.core.permissions import Permission, Role
from backend.core.web.attempts import Access
from backend.feedback.models import RatingPhoto
from backend.identity.login import scanning
from backend.needs.models import NeedPhoto
from backend.resources.credentials.models import Credential
from tests.support.transactions import locks_of, taken_back
from tests.support.world import (
    API,
    COMMUNITY,
    DISTRICT,
    OTHER_SUBDISTRICT,
    Market,
    Person,
    World,
    ok,
)

DENIED = {401, 403, 404}

# v visitor, r resident (no stake), s the resident whose booking it is, l volunteer, p partner at
# this stall, c organiser of the community, o of its subdistrict, f of a foreign subdistrict,
# a admin of the district, u auditor of the district.
EVERYBODY = "vrslpcofau"
LOGGED_IN = "rslpcofau"
ROUTES: dict[str, tuple[str, str]] = {
    # route: (a key of BODIES or "", who passes)
    "POST /auth/wechat": ("login", EVERYBODY),
    "POST /auth/logout": ("", LOGGED_IN),
    "GET /me": ("", LOGGED_IN),
    "PUT /me": ("", LOGGED_IN),
    "DELETE /me": ("", LOGGED_IN),
    "GET /me/sessions": ("", LOGGED_IN),
    "DELETE /me/sessions/<uuid:session_id>": ("", "s"),
    "GET /me/export": ("", LOGGED_IN),
    "POST /me/phone": ("phone", LOGGED_IN),
    "GET /me/family": ("", LOGGED_IN),
    "POST /me/family": ("family", LOGGED_IN),
    "PUT /me/family/<uuid:resident_id>": ("family", "s"),
    "DELETE /me/family/<uuid:resident_id>": ("", "s"),
    "GET /me/code": ("", LOGGED_IN),
    "POST /me/consents": ("consent", LOGGED_IN),
    "DELETE /me/consents/<purpose>": ("", "s"),
    "GET /me/bookings": ("", LOGGED_IN),
    "GET /me/notices": ("", LOGGED_IN),
    "GET /me/notices/count": ("", LOGGED_IN),
    "POST /me/notices/read": ("read", LOGGED_IN),
    "GET /messages": ("", "cofau"),
    "GET /message-templates": ("", EVERYBODY),
    "GET /me/message-credits": ("", LOGGED_IN),
    "POST /me/message-credits": ("", LOGGED_IN),
    "GET /wechat/push": ("", ""),  # not configured here; whoever signs as WeChat
    "POST /wechat/push": ("", ""),
    "GET /me/attendances": ("", LOGGED_IN),
    "GET /me/ratings": ("", LOGGED_IN),
    "GET /console-logins/<code>": ("", "cofau"),
    "POST /console-logins/<code>/confirm": ("", "cofau"),
    "POST /residents/confirm-phone": ("resident_code", "lcofa"),
    "GET /regions": ("", EVERYBODY),
    "GET /catalogue": ("", EVERYBODY),
    "GET /rating-form": ("", EVERYBODY),
    "GET /organisations": ("", "cofau"),
    "GET /activities": ("", EVERYBODY),
    "POST /activities": ("activity", "coa"),
    "GET /activities/<uuid:activity_id>": ("", EVERYBODY),
    "PUT /activities/<uuid:activity_id>": ("", "coa"),
    "POST /activities/<uuid:activity_id>/submit": ("", "coa"),
    "POST /activities/<uuid:activity_id>/publish": ("", "oa"),
    "POST /activities/<uuid:activity_id>/return": ("reason", "oa"),
    "POST /activities/<uuid:activity_id>/open": ("", "coa"),
    "POST /activities/<uuid:activity_id>/undo-open": ("", "coa"),
    "POST /activities/<uuid:activity_id>/close": ("", "coa"),
    "POST /activities/<uuid:activity_id>/cancel": ("", "coa"),
    "POST /activities/<uuid:activity_id>/copy": ("copy", "coa"),
    "POST /activities/<uuid:activity_id>/stalls": ("stall", "coa"),
    "PUT /stalls/<uuid:stall_id>": ("", "coa"),
    "DELETE /stalls/<uuid:stall_id>": ("", "coa"),
    "POST /stalls/<uuid:stall_id>/offerings": ("offering", "coa"),
    "GET /offerings/<uuid:offering_id>": ("", EVERYBODY),
    "PUT /offerings/<uuid:offering_id>": ("", "coa"),
    "DELETE /offerings/<uuid:offering_id>": ("", "coa"),
    "POST /offerings/<uuid:offering_id>/slots": ("slots", "coa"),
    "PUT /slots/<uuid:slot_id>": ("", "coa"),
    "DELETE /slots/<uuid:slot_id>": ("", "coa"),
    "GET /activities/<uuid:activity_id>/code": ("", "lcoa"),
    "POST /activities/<uuid:activity_id>/code/revoke": ("", "coa"),
    "GET /activities/<uuid:activity_id>/code.png": ("", "lcoa"),
    "GET /market-codes/<scene>": ("", EVERYBODY),
    "GET /activities/<uuid:activity_id>/summary": ("", "lcoau"),
    "POST /activities/<uuid:activity_id>/scans": ("scan", "lcoa"),
    "POST /scans/<uuid:scan_id>/revert": ("reason", "lcoa"),
    "GET /activities/<uuid:activity_id>/attendances": ("", "lcoau"),
    "POST /activities/<uuid:activity_id>/residents/find": ("find", "lcoa"),
    "POST /offerings/<uuid:offering_id>/bookings": ("booking", LOGGED_IN),
    "POST /offerings/<uuid:offering_id>/tickets": ("", LOGGED_IN),
    "GET /offerings/<uuid:offering_id>/queue": ("", EVERYBODY),
    "GET /activities/<uuid:activity_id>/bookings": ("", "lcoa"),
    "GET /bookings/<uuid:booking_id>": ("", "slpcoa"),
    "POST /bookings/<uuid:booking_id>/cancel": ("", "slcoa"),
    "POST /bookings/<uuid:booking_id>/keep": ("", "s"),
    "POST /bookings/<uuid:booking_id>/rejoin": ("", "slpcoa"),
    "POST /bookings/<uuid:booking_id>/park": ("", "slpcoa"),
    "GET /stalls/<uuid:stall_id>/desk": ("", "lpcoa"),
    "POST /stalls/<uuid:stall_id>/call-next": ("press", "lpcoa"),
    "POST /bookings/<uuid:booking_id>/recall": ("", "lpcoa"),
    "POST /bookings/<uuid:booking_id>/start": ("", "lpcoa"),
    "POST /bookings/<uuid:booking_id>/finish": ("", "lpcoa"),
    "POST /bookings/<uuid:booking_id>/undo-finish": ("", "lpcoa"),
    "POST /bookings/<uuid:booking_id>/miss": ("", "lpcoa"),
    "POST /ratings": ("rating", LOGGED_IN),  # 409 for who has not been there
    "GET /ratings/<uuid:rating_id>": ("", "s"),
    "PUT /ratings/<uuid:rating_id>": ("rating_change", "s"),
    "PUT /ratings/<uuid:rating_id>/photos/<uuid:photo_id>": ("", "s"),
    "GET /ratings/<uuid:rating_id>/photos/<uuid:photo_id>": ("", "s"),
    "POST /ratings/<uuid:rating_id>/unsolved": ("unsolved", "s"),
    "GET /activities/<uuid:activity_id>/evaluation": ("", EVERYBODY),
    "GET /evaluations": ("", "cofau"),
    "GET /dashboard": ("", "cofau"),
    "GET /rectifications": ("", "cofau"),
    "GET /rectifications/<uuid:rectification_id>": ("", "coau"),
    "POST /rectifications/<uuid:rectification_id>/reply": ("reply", "coa"),
    "POST /rectifications/<uuid:rectification_id>/call-back": ("call_back", "coa"),
    "POST /rectifications/<uuid:rectification_id>/close": ("", "coa"),
    "POST /rectifications/<uuid:rectification_id>/contact": ("contact", "coa"),
    "POST /needs": ("need", LOGGED_IN),
    "GET /needs": ("", EVERYBODY),
    "GET /needs/similar": ("", EVERYBODY),
    "GET /me/needs": ("", LOGGED_IN),
    # Nobody has taken it on yet: it is for who raised it, and for the staff there.
    "GET /needs/<uuid:need_id>": ("", "scoau"),
    "PUT /needs/<uuid:need_id>/photos/<uuid:photo_id>": ("", "s"),
    "GET /needs/<uuid:need_id>/photos/<uuid:photo_id>": ("", "scoau"),
    "POST /needs/<uuid:need_id>/support": ("", "scoau"),
    "DELETE /needs/<uuid:need_id>/support": ("", "scoau"),
    "POST /needs/<uuid:need_id>/accept": ("", "coa"),
    "POST /needs/<uuid:need_id>/decline": ("ended", "coa"),
    "POST /needs/<uuid:need_id>/close-unsolved": ("ended", "coa"),
    "POST /needs/<uuid:need_id>/reopen": ("reason", "scoau"),
    "POST /needs/<uuid:need_id>/verdict": ("verdict", "scoau"),
    "GET /needs/<uuid:need_id>/voices": ("why", "c"),
    "POST /needs/<uuid:need_id>/voices/<uuid:voice_id>/contact": ("contact", "c"),
    "POST /needs/<uuid:need_id>/take-up": ("", "coa"),
    "POST /needs/<uuid:need_id>/merge": ("merge", "coa"),
    "POST /needs/<uuid:need_id>/unmerge": ("", "coa"),
    "POST /needs/<uuid:need_id>/plans": ("plan", "coa"),
    "DELETE /needs/<uuid:need_id>/plans/<uuid:offering_id>": ("", "coa"),
    "GET /resources": ("", "pcofau"),
    "POST /resources": ("resource", "pcoa"),
    # A draft that serves in the community: its partner's, and the clerks' there.
    "GET /resources/<uuid:resource_id>": ("", "pcoau"),
    "PUT /resources/<uuid:resource_id>": ("", "pcoa"),
    "POST /resources/<uuid:resource_id>/submit": ("", "pcoa"),
    "POST /resources/<uuid:resource_id>/approve": ("", "coa"),
    "POST /resources/<uuid:resource_id>/return": ("reason", "coa"),
    "POST /resources/<uuid:resource_id>/suspend": ("reason", "coa"),
    "POST /resources/<uuid:resource_id>/retire": ("", "pcoa"),
    # The organisation is based in the district.
    "GET /organisations/<uuid:organisation_id>/credentials": ("", "pau"),
    "POST /organisations/<uuid:organisation_id>/credentials": ("credential", "pa"),
    "GET /credentials/<uuid:credential_id>/document": ("", "pa"),
    "PUT /credentials/<uuid:credential_id>/document": ("", "pa"),
    "POST /credentials/<uuid:credential_id>/approve": ("", "a"),
    "POST /credentials/<uuid:credential_id>/reject": ("reason", "a"),
}


CREDENTIAL = {
    "kind": "medical_practice", "issuer": "武进区卫生健康局", "number": "PDY00001X32041217A",
    "valid_until": "2099-12-31",
}  # fmt: skip


class Stage:
    """A live market with one of everything, and one person for each letter."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.organisation = organisation = world.organisation()
        organiser = world.organiser()
        self.market: Market = world.live_market(organiser, mode="slots")
        ok(organiser.put(f"/stalls/{self.market.stall_id}", {"organisation_id": organisation}))
        self.people: dict[str, Person | None] = {
            "v": None,
            "r": world.person(),
            "s": world.person("陈建国"),
            "l": world.volunteer(),
            "p": world.staff(Role.PARTNER, organisation_id=organisation),
            "c": world.organiser(COMMUNITY),
            "o": organiser,
            "f": world.organiser(OTHER_SUBDISTRICT),
            "a": world.staff(Role.ADMIN, DISTRICT),
            "u": world.staff(Role.AUDITOR, DISTRICT),
        }
        subject = self.people["s"]
        assert subject is not None
        self.subject = subject
        self.ids = self._one_of_everything(subject)
        self.bodies = self._bodies()

    def _one_of_everything(self, subject: Person) -> dict[str, str]:
        market, volunteer = self.market, self.people["l"]
        assert volunteer is not None
        member = ok(subject.post("/me/family", {"name": "陈奶奶"}), 201)
        ok(subject.post("/me/consents", {"purpose": "privacy", "version": "2026-01"}), 201)
        ok(subject.post("/me/phone", {"phone": "13900001234"}))
        scan_id = str(uuid4())
        code = ok(subject.get("/me/code"))["code"]
        ok(
            volunteer.post(
                f"/activities/{market.id}/scans",
                {"id": scan_id, "source": "scan", "resident_code": code},
            ),
            201,
        )
        booked = self._booking(subject, volunteer)
        rating = ok(subject.post("/ratings", {"booking_id": booked, "score": 1}), 201)
        admin = self.people["a"]
        assert admin is not None
        (rectification,) = ok(admin.get("/rectifications"))["items"]
        photo = RatingPhoto(id=new_id(), rating_id=UUID(rating["id"]), content=b"a photo")
        raised = {"region_id": self.world.region_id(COMMUNITY), "title": "想学用手机"}
        need_id = ok(subject.post("/needs", raised), 201)["id"]
        with self.world.app.app_context(), transaction() as session:
            session.add_all([photo, NeedPhoto(id=photo.id, need_id=UUID(need_id), content=b"one")])
        waiting = ok(
            volunteer.post(f"/offerings/{self._second_offering()}/tickets",
                           {"resident_id": str(subject.resident_id)}), 201,
        )  # fmt: skip
        assert market.slot_id is not None
        return {
            "need_id": need_id,
            "voice_id": self._voice(need_id),
            "resource_id": ok(admin.post("/resources", self._resource()), 201)["id"],
            "organisation_id": self.organisation,
            "credential_id": self._credential(admin),
            "activity_id": market.id,
            "stall_id": market.stall_id,
            "offering_id": market.offering_id,
            "slot_id": market.slot_id,
            "booking_id": waiting["id"],
            "scan_id": scan_id,
            "rating_id": rating["id"],
            "photo_id": str(photo.id),
            "rectification_id": rectification["id"],
            "resident_id": member["id"],
            "session_id": ok(subject.get("/me/sessions"))["items"][0]["id"],
            "purpose": "privacy",
            "code": self._console_login(),
            "scene": ok(volunteer.get(f"/activities/{market.id}/code"))["scene"],
        }

    def _resource(self) -> dict[str, Any]:
        return {
            "organisation_id": self.organisation, "title": "义剪", "service_kind": "haircut",
            "people": 4, "stations": 3, "minutes_per_person": 12,
            "region_ids": [self.world.region_id(COMMUNITY)],
        }  # fmt: skip

    def _credential(self, admin: Person) -> str:
        """One with a document."""
        path = f"/organisations/{self.organisation}/credentials"
        made = str(ok(admin.post(path, CREDENTIAL), 201)["id"])
        with self.world.app.app_context(), transaction() as session:
            found = session.get_one(Credential, UUID(made))
            found.document, found.document_type = b"a scan", "image/jpeg"
        return made

    def _voice(self, need_id: str) -> str:
        clerk = self.people["c"]
        assert clerk is not None
        (voice,) = ok(clerk.get(f"/needs/{need_id}/voices", why="电话回访"))["items"]
        return str(voice["id"])

    def _console_login(self) -> str:
        with self.world.app.app_context(), transaction() as session:
            return scanning.ask(session, "Chrome · Windows").code

    def _second_offering(self) -> str:
        offering = self.world.offering(self.market.organiser, self.market.stall_id, title="磨刀",
                                       service_kind="knife")  # fmt: skip
        return str(offering["id"])

    def _booking(self, subject: Person, volunteer: Person) -> str:
        booking = ok(
            subject.post(f"/offerings/{self.market.offering_id}/bookings",
                         {"slot_id": self.market.slot_id}), 201,
        )  # fmt: skip
        ok(volunteer.post(f"/stalls/{self.market.stall_id}/call-next", {"press_id": str(new_id())}))
        ok(volunteer.post(f"/bookings/{booking['id']}/start"))
        ok(volunteer.post(f"/bookings/{booking['id']}/finish"))
        return str(booking["id"])

    def _bodies(self) -> dict[str, dict[str, Any]]:
        """Those that ROUTES names."""
        start = "2026-12-01T09:00:00+08:00"
        return {
            "": {},
            "login": {"code": "nobody"},
            "phone": {"phone": "13800005678"},
            "family": {"name": "李奶奶"},
            "consent": {"purpose": "phone", "version": "2026-01"},
            "read": {"all": True},
            "resident_code": {"resident_code": ok(self.subject.get("/me/code"))["code"]},
            "activity": {"programme": "market", "title": "集市", "venue": {"name": "广场"},
                         "region_id": self.world.region_id(COMMUNITY),
                         "starts_at": start, "ends_at": "2026-12-01T11:00:00+08:00"},
            "reason": {"reason": "请补充"},
            "verdict": {"verdict": "solved"},
            "copy": {"starts_at": start},
            "stall": {"number": "Z9", "name": "新摊位"},
            "offering": {"title": "义诊", "service_kind": "clinic", "mode": "open"},
            "slots": {"slots": [{"starts_at": start, "ends_at": "2026-12-01T10:00:00+08:00",
                                 "capacity": 2}]},
            "scan": {"id": str(uuid4()), "source": "search",
                     "resident_id": str(self.subject.resident_id)},
            "find": {"phone": "1234"},
            "booking": {"slot_id": self.market.slot_id},
            "press": {"press_id": str(uuid4())},
            "rating": {"activity_id": self.market.id, "score": 5},
            "rating_change": {"score": 2},
            "unsolved": {"words": "还是要等很久"},
            "reply": {"reply": "已与摊位沟通"},
            "call_back": {"note": "已电话回访", "satisfied": True},
            "contact": {"reason": "电话回访"},
            "need": {"region_id": self.world.region_id(COMMUNITY), "title": "磨剪刀"},
            "ended": {"reason_code": "not_ours", "reason": "请找物业"},
            "plan": {"offering_id": self.market.offering_id},
            "resource": self._resource(),
            "why": {"why": "上门了解"},
            "merge": {"into_id": self.ids["need_id"]},
            "credential": CREDENTIAL,
        }  # fmt: skip


@pytest.fixture(scope="module")
def stage(world: World) -> Stage:
    return Stage(world)


def api_routes(app: Flask) -> Iterator[str]:
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1"):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield f"{method} {rule.rule.removeprefix('/api/v1')}"


def test_every_view_declares_its_access(app: Flask) -> None:
    """Public is a declaration too: a view without one is a view that somebody forgot."""
    # flask-smorest serves the document itself.
    undeclared = {
        name
        for name, view in app.view_functions.items()
        if not isinstance(getattr(view, "access", None), Access | Permission)
    }
    assert undeclared == {"api-docs.openapi_json"}


def test_the_matrix_has_every_route(app: Flask) -> None:
    assert sorted(api_routes(app)) == sorted(ROUTES)


def test_every_role_passes_exactly_where_the_matrix_says(stage: Stage, outer: Connection) -> None:
    """And who is known and reaches for what is not theirs stands in the audit log. What is only
    read locks no row."""
    wrong, unkept = [], []
    for route, (body, passes) in ROUTES.items():
        method, rule = route.split(" ")
        path = rule
        for name, value in stage.ids.items():
            path = path.replace(f"<uuid:{name}>", value).replace(f"<{name}>", value)
        for letter, person in stage.people.items():
            with locks_of(outer) as locks:
                status, code, kept = _try(outer, stage, method, path, stage.bodies[body], person)
            if method == "GET" and locks:
                wrong.append(f"{letter} {route}: {locks}")
            if (status not in DENIED) != (letter in passes):
                wrong.append(f"{letter} {route}: {status}")
            reached = code == "forbidden" or (code == "not_found" and method != "GET")
            if kept != ([path] if reached and person is not None else []):
                unkept.append(f"{letter} {route}: {status} {kept}")
    assert (wrong, unkept) == ([], [])


def _try(
    outer: Connection,
    stage: Stage,
    method: str,
    path: str,
    body: dict[str, Any],
    person: Person | None,
) -> tuple[int, str | None, list[str]]:
    """Status and code of one request, whose effects are taken back; and what of it the audit log
    keeps as a refusal."""
    refused = text("SELECT details->>'path' FROM audit_entry WHERE action = 'refuse'")
    with taken_back(outer):
        json, query = (None, body) if method == "GET" else (body, None)
        if person is None:
            response = stage.world.http.open("/api/v1" + path, method=method, json=json,
                                              query_string=query)  # fmt: skip
        else:
            response = person.request(method, path, json=json, query_string=query)
        kept = [path.removeprefix(API) for path in outer.execute(refused).scalars()]
    code = (response.json or {}).get("code") if response.is_json else None
    # 401 of a failed login is not a question of access.
    return 200 if path == "/auth/wechat" else response.status_code, code, kept
