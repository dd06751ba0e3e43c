"""Residents' needs: raised, supported and taken back; read by others once a clerk has accepted
them; and nobody learns who asked (docs/rules/needs.md)."""

import logging
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Connection, select, text, update

from backend.core import clock
from backend.core.audit import AuditEntry
from backend.core.dates import day
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.core.permissions import Role
from backend.core.workdays import workdays_on
from backend.identity.people.texts import CommentState
from backend.identity.signals import residents_merged
from backend.needs.models import Need, NeedVoice
from backend.needs.texts import check_text
from backend.needs.web.schemas import NeedAnswer
from tests.support.desk import Desk
from tests.support.fair import waiting_jobs
from tests.support.world import (
    COMMUNITY,
    DISTRICT,
    OTHER_COMMUNITY,
    OTHER_SUBDISTRICT,
    Person,
    World,
    ok,
    refused,
)

RAISER = {"role": "raiser", "verdict": None}
WHY = {"reason_code": "not_ours", "reason": "请找物业"}


def raised(world: World, person: Person, **more: Any) -> dict[str, Any]:
    body = {"region_id": world.region_id(COMMUNITY), "title": "想学用手机挂号"} | more
    need: dict[str, Any] = ok(person.post("/needs", body), 201)
    return need


def checked(need: dict[str, Any], state: CommentState = CommentState.PASSED) -> None:
    """WeChat's check of its text has come to this."""
    with transaction() as session:
        session.execute(update(Need).values(text_state=state))
    assert need["id"]


def accepted(world: World, organiser: Person, person: Person, **more: Any) -> dict[str, Any]:
    need = raised(world, person, **more)
    checked(need)
    ok(organiser.post(f"/needs/{need['id']}/accept"))
    return need


def told(person: Person) -> list[str]:
    return [one["kind"] for one in ok(person.get("/me/notices"))["items"]]


def listed(person: Person) -> list[str]:
    return [one["id"] for one in ok(person.get("/needs"))["items"]]


def test_a_need_is_followed_by_whoever_raised_it_to_its_end(
    world: World, organiser: Person
) -> None:
    person, other = world.person(), world.person("李建国")
    need = raised(world, person, for_whom="family", suits=["weekend_morning"], details="一位")
    assert (need["state"], need["voices"], need["mine"]) == ("open", 1, RAISER)
    assert need["decide_by"] == workdays_on(clock.today(), 7).isoformat()
    assert waiting_jobs(world.app, "needs.check_text") == [{"need_id": need["id"]}]
    refused(other.get(f"/needs/{need['id']}"), 404, "not_found")
    ok(organiser.post(f"/needs/{need['id']}/accept"))
    refused(other.post(f"/needs/{need['id']}/support"), 404, "not_found")  # not checked yet
    checked(need)
    assert ok(other.post(f"/needs/{need['id']}/support"), 201)["voices"] == 2
    assert ok(other.post(f"/needs/{need['id']}/support"), 200)["voices"] == 2
    market = world.live_market(organiser)
    plan = {"offering_id": market.offering_id}
    for _ in range(2):
        ok(organiser.post(f"/needs/{need['id']}/plans", plan), 201)
    ok(organiser.delete(f"/needs/{need['id']}/plans/{market.offering_id}"), 204)
    ok(organiser.post(f"/needs/{need['id']}/plans", plan), 201)
    ok(organiser.post(f"/activities/{market.id}/close"))
    assert ok(other.get(f"/needs/{need['id']}"))["state"] == "served"
    why = {"reason_code": "no_resource_yet", "reason": "没有老师"}
    ended = ok(organiser.post(f"/needs/{need['id']}/close-unsolved", why))
    assert (ended["reason"], ended["turn_to"]) == (
        "没有老师", "有了这方面的资源，我们会再看这条需求。",
    )  # fmt: skip
    (mine,) = ok(person.get("/me/needs"))["items"]
    assert [step["what"] for step in mine["timeline"]][:2] == ["提出", "社区已受理"]
    assert mine["timeline"][-1]["reason"] == "没有老师"
    assert told(person) == [
        "need_unsolved", "need_served", "need_planned", "need_moved_off", "need_planned",
        "need_accepted",
    ]  # fmt: skip
    assert told(other) == told(person)[:-1]
    refused(world.person().post(f"/needs/{need['id']}/support"), 409, "need_over")


def test_when_and_where_is_told_once_it_is_public_and_whenever_it_changes(
    world: World, organiser: Person
) -> None:
    person = world.person()
    need, draft = accepted(world, organiser, person), world.draft(organiser)
    offering = world.offering(organiser, world.stall(organiser, draft["id"])["id"])
    ok(organiser.post(f"/needs/{need['id']}/plans", {"offering_id": offering["id"]}), 201)
    path = f"/activities/{draft['id']}"
    ok(organiser.post(f"{path}/publish"))
    later = datetime.fromisoformat(draft["starts_at"]) + timedelta(days=3)
    times = {"starts_at": later.isoformat(), "ends_at": (later + timedelta(hours=3)).isoformat()}
    ok(organiser.put(path, times))
    ok(organiser.put(path, {"venue": {"name": "文化宫", "address": "人民路 2 号"}}))
    place, time, public, hidden, _ = [
        f"{one['title']} {one['text']}" for one in ok(person.get("/me/notices"))["items"]
    ]
    assert "正在筹备" in hidden
    assert "已安排" in public
    assert "社区广场" in public
    assert "时间地点有变" in time
    assert day(clock.local_day(later)) in time
    assert "文化宫" in place


def test_support_is_taken_back_at_any_time(world: World, organiser: Person) -> None:
    person, other = world.person(), world.person("李建国")
    need = accepted(world, organiser, person)
    path = f"/needs/{need['id']}"
    ok(other.post(f"{path}/support"), 201)
    for _ in range(2):
        ok(other.delete(f"{path}/support"), 204)
    assert ok(other.get(path))["mine"] is None
    ok(person.delete(f"{path}/support"), 204)
    assert (ok(person.get(path))["voices"], ok(person.get(path))["state"]) == (0, "accepted")
    ok(other.post(f"{path}/support"), 201)
    assert ok(other.get(path))["voices"] == 1


def test_what_nobody_asks_for_any_more_is_withdrawn_before_it_is_looked_at(world: World) -> None:
    person = world.person()
    need = raised(world, person)
    ok(person.delete(f"/needs/{need['id']}/support"), 204)
    shown = ok(person.get(f"/needs/{need['id']}"))
    assert (shown["state"], shown["reason_code"]) == ("declined", "withdrawn")
    with transaction() as session:
        entries = session.execute(
            select(AuditEntry).where(AuditEntry.object_id == UUID(need["id"]))
        )
        (entry,) = entries.scalars()
    assert (entry.actor_user_id, entry.address, entry.request_id) == (None, None, None)


@pytest.mark.parametrize("state", [CommentState.PENDING, CommentState.REJECTED])
def test_a_text_that_has_not_passed_is_read_by_nobody_else(
    world: World, organiser: Person, state: CommentState
) -> None:
    need = accepted(world, organiser, world.person())
    assert need["id"] in listed(world.person())
    checked(need, state)
    assert need["id"] not in listed(world.person())
    assert need["id"] in listed(organiser)


def test_staff_write_one_down_for_others(world: World) -> None:
    volunteer, guest = world.volunteer(), world.person("赵大爷")
    need = raised(world, volunteer, source="market", resident_id=str(guest.resident_id))
    assert (need["source"], need["voices"], need["mine"]) == ("market", 1, None)
    assert raised(world, volunteer, source="hotline")["voices"] == 0
    assert ok(guest.get("/me/needs"))["items"][0]["id"] == need["id"]
    body = {"region_id": world.region_id(COMMUNITY), "title": "磨刀"}
    refused(world.person().post("/needs", body | {"source": "visit"}), 403, "forbidden")
    others = body | {"resident_id": str(guest.resident_id)}
    refused(world.person().post("/needs", others), 404, "not_found")
    away = world.volunteer(OTHER_SUBDISTRICT)
    refused(away.post("/needs", body | {"source": "visit"}), 403, "forbidden")
    member = ok(guest.post("/me/family", {"name": "赵奶奶"}), 201)
    assert raised(world, guest, resident_id=member["id"])["mine"] == RAISER


def test_the_next_level_sees_what_is_late(world: World, organiser: Person) -> None:
    need = raised(world, world.person(), title="晚了的需求")
    with transaction() as session:
        session.execute(update(Need).values(decide_by=clock.today() - timedelta(days=1)))
    late = ok(organiser.get("/needs", late="true"))["items"]
    assert [one["id"] for one in late] == [need["id"]]
    assert "超期没有受理的需求" in Desk(world, organiser).read("/console/")
    community = Desk(world, world.organiser(COMMUNITY))
    assert "超期没有受理的需求" not in community.read("/console/")


@pytest.mark.parametrize(
    ("day", "by"),
    [
        (date(2026, 9, 18), date(2026, 9, 29)),  # a Sunday is worked, Mid-Autumn is not
        (date(2026, 9, 30), date(2026, 10, 15)),  # National Day; a Saturday is worked
        (date(2030, 1, 4), date(2030, 1, 15)),  # not published yet: Monday to Friday
    ],
)
def test_working_days_are_the_state_councils(day: date, by: date) -> None:
    assert workdays_on(day, 7) == by


def test_nobody_learns_who_raised_a_need(
    world: World, app: Flask, outer: Connection, organiser: Person,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """Neither an answer, nor a page, a file, a line of the log, an argument of a job or an entry
    of the audit log has the name, number or id of who raised it."""
    person = world.person("欧阳若兰")
    ok(person.post("/me/phone", {"phone": "13977776666"}))
    before = set(outer.execute(text("SELECT id FROM audit_entry")).scalars())
    with caplog.at_level(logging.DEBUG):
        need = accepted(world, organiser, person)
        path = f"/needs/{need['id']}"
        seen: list[str] = []
        for reader in (organiser, world.person(), world.staff(Role.ADMIN, DISTRICT)):
            seen += [reader.get(one).get_data(as_text=True) for one in ("/needs", path)]
        desk = Desk(world, organiser)
        for page in ("/console/needs/", f"/console{path}", "/console/"):
            seen.append(desk.read(page))
        assert need["title"] in seen[0]
        clerk = world.organiser(COMMUNITY)
        (voice,) = ok(clerk.get(f"{path}/voices", why="上门了解"))["items"]
        assert (voice["name"], voice["phone"]) == ("欧**兰", "139****6666")
        number = ok(clerk.post(f"{path}/voices/{voice['id']}/contact", {"reason": "电话回访"}))
        assert number == {"phone": "13977776666", "phone_state": "typed"}
        ok(organiser.post(f"{path}/close-unsolved", WHY))
        seen.append(ok(organiser.get(path))["title"])
    entries = outer.execute(text("SELECT id, audit_entry::text AS words FROM audit_entry"))
    seen += [row.words for row in entries if row.id not in before]
    seen += list(outer.execute(text("SELECT args::text FROM procrastinate_jobs")).scalars())
    seen.append(str(outer.execute(text("SELECT * FROM need")).all()))
    seen.append(caplog.text)
    for secret in ("欧阳若兰", "13977776666", "6666", str(person.resident_id)):
        assert [one for one in seen if secret in one] == [], secret
    entries = outer.execute(
        text("SELECT actor_user_id FROM audit_entry WHERE object_id = :id"), {"id": need["id"]}
    )
    assert set(entries.scalars()) == {organiser.user_id, clerk.user_id}
    looks = [one["text"] for one in ok(person.get("/me/notices"))["items"]
             if one["kind"] == "looked_up"]  # fmt: skip
    assert ["电话号码" in one for one in looks] == [True, False]
    assert "上门了解" in looks[1]
    assert not {"resident_id", "created_by", "raiser"} & set(NeedAnswer().fields)


def test_the_link_is_cut_with_the_account_and_the_voice_counts(
    world: World, organiser: Person
) -> None:
    person = world.person()
    need = accepted(world, organiser, person)
    (mine,) = ok(person.get("/me/export"))["needs"]
    assert (mine["title"], mine["role"]) == (need["title"], "raiser")
    ok(person.delete("/me"), 204)
    assert ok(organiser.get(f"/needs/{need['id']}"))["voices"] == 1
    with transaction() as session:
        assert session.execute(select(NeedVoice.resident_id)).scalars().all() == [None]


def test_of_two_that_are_one_person_the_voices_are_joined(world: World, organiser: Person) -> None:
    person, guest = world.person(), world.person("李建国")
    need = accepted(world, organiser, guest)
    alone = accepted(world, organiser, guest, title="磨刀")
    ok(person.post(f"/needs/{need['id']}/support"), 201)
    ok(guest.delete(f"/needs/{need['id']}/support"), 204)
    with world.app.app_context(), transaction() as session:
        residents_merged.send(session, source_id=guest.resident_id, target_id=person.resident_id)
    assert ok(person.get(f"/needs/{need['id']}"))["mine"] == RAISER
    assert ok(person.get(f"/needs/{need['id']}"))["voices"] == 1
    assert ok(person.get(f"/needs/{alone['id']}"))["mine"] == RAISER


def test_what_is_not_there_is_refused_beside_its_field(world: World, organiser: Person) -> None:
    body = {"region_id": world.region_id(COMMUNITY), "title": "磨刀", "source": "visit"}
    nobody = body | {"resident_id": str(new_id())}
    assert (
        "resident_id"
        in refused(organiser.post("/needs", nobody), 422, "validation_failed")["errors"]
    )
    nowhere = body | {"region_id": str(new_id())}
    refused(organiser.post("/needs", nowhere), 422, "validation_failed")
    need = accepted(world, organiser, world.person())
    path = f"/needs/{need['id']}"
    foreign = world.live_market(
        world.organiser(OTHER_SUBDISTRICT), activity={"region": OTHER_COMMUNITY}
    )
    for offering_id in (str(new_id()), foreign.offering_id):
        plan = {"offering_id": offering_id}
        refused(organiser.post(f"{path}/plans", plan), 422, "validation_failed")
    here = world.live_market(organiser)
    away = organiser.delete(f"{path}/plans/{here.offering_id}")
    refused(away, 409, "illegal_transition")
    ok(organiser.post(f"{path}/plans", {"offering_id": here.offering_id}), 201)
    refused(organiser.delete(f"{path}/plans/{new_id()}"), 409, "not_planned")
    visitor = world.http.get(f"/api/v1{path}")
    assert (ok(visitor)["state"], ok(visitor)["mine"]) == ("planned", None)
    found = ok(world.http.get(f"/api/v1/needs?region_id={world.region_id(COMMUNITY)}&q=手机"))
    assert [one["id"] for one in found["items"]] == [need["id"]]


def test_the_check_asks_about_all_that_its_raiser_has_written(
    world: World, organiser: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[bool, str]] = []

    def ask(openid: str | None, words: str) -> tuple[CommentState, None]:
        asked.append((openid is not None, words))
        return CommentState.PASSED, None

    monkeypatch.setattr("backend.identity.people.texts.verdict_on", ask)
    need = raised(world, world.person(), title="磨剪刀", details="两把")
    for arguments in waiting_jobs(world.app, "needs.check_text"):
        with world.app.app_context():
            check_text(**arguments)
    assert asked == [(True, "磨剪刀\n两把")]
    ok(organiser.post(f"/needs/{need['id']}/accept"))
    assert need["id"] in listed(world.person())


def test_who_asks_is_shown_to_the_clerks_of_that_community_alone(
    world: World, organiser: Person
) -> None:
    """Each look has its reason, and is kept; who is looked at is told by whom and why."""
    person = world.person("欧阳若兰")
    need = raised(world, person)
    path = f"/needs/{need['id']}/voices"
    for other in (organiser, world.staff(Role.ADMIN, DISTRICT)):
        refused(other.get(path, why="上门了解"), 403, "forbidden")
    clerk = world.organiser(COMMUNITY)
    desk = Desk(world, clerk)
    refused(clerk.get(path), 422, "validation_failed")
    refused(clerk.get(path, why="找欧阳 13977776666"), 422, "validation_failed")
    page = f"/console/needs/{need['id']}"
    assert "谁在提" in desk.read(page)
    assert "欧**兰" not in desk.read(f"{page}/voices")
    seen = desk.send(f"{page}/voices", reason="上门了解").get_data(as_text=True)
    assert "欧**兰" in seen
    assert "没有留" in seen
    (voice,) = ok(clerk.get(path, why="上门了解"))["items"]
    contact = {"reason": "电话回访"}
    refused(clerk.post(f"{path}/{voice['id']}/contact", contact), 409, "voice_without_number")
    ok(person.post("/me/phone", {"phone": "13977776666"}))
    shown = desk.send(f"{page}/voices/{voice['id']}/contact", reason="电话回访")
    assert "13977776666" in shown.get_data(as_text=True)
    ok(person.delete(f"/needs/{need['id']}/support"), 204)
    assert ok(clerk.get(path, why="上门了解"))["items"] == []
    gone = desk.send(f"{page}/voices/{voice['id']}/contact", reason="电话回访")
    assert gone.status_code == 404
    with transaction() as session:
        entries = select(AuditEntry).where(AuditEntry.actor_user_id == clerk.user_id)
        kept = [(one.action, one.reason) for one in session.execute(entries).scalars()]
    assert kept.count(("see_voices", "上门了解")) == 3
    assert kept.count(("see_voice_number", "电话回访")) == 1
    assert told(person).count("looked_up") == 3
