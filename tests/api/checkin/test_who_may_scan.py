"""Who may scan whom: oneself and one's family with the market's code; others as staff there."""

from typing import Any
from uuid import uuid4

import pytest

from backend.core.ids import new_id
from backend.core.permissions import Role
from tests.support.market_day import GUEST, MarketDay
from tests.support.world import DISTRICT, OTHER_SUBDISTRICT, World, ok, refused


def _family(person: Any, name: str = "王奶奶") -> str:
    return str(ok(person.post("/me/family", {"name": name}), 201)["id"])


def test_a_resident_checks_in_with_the_markets_code(day: MarketDay, world: World) -> None:
    """201; their own phone shows their own name in full."""
    person = world.person("王秀英")
    scan_id = str(uuid4())
    answer = ok(day.self_scan(person, id=scan_id), 201)
    assert answer["id"] == scan_id
    assert (answer["verdict"], answer["reason"]) == ("admitted", None)
    assert answer["resident"] == {"id": str(person.resident_id), "display_name": "王秀英"}
    assert answer["message"] == "王秀英 签到成功"
    assert answer["clock_drift_seconds"] is None


def test_a_resident_checks_their_family_in_too(day: MarketDay, world: World) -> None:
    """Grandma's visit is her own: the one who scans is not counted by it."""
    person = world.person()
    member_id = _family(person)
    answer = day.come(person, resident_id=member_id)
    assert answer["resident"] == {"id": member_id, "display_name": "王奶奶"}
    assert (day.summary()["visits"], day.summary()["people"]) == (1, 1)
    day.come(person)
    assert day.summary()["people"] == 2


def test_nobody_checks_in_other_peoples_residents(day: MarketDay, world: World) -> None:
    """404 whether that id exists or not, with the right code too; nothing is kept."""
    stranger, person = world.person(), world.person()
    theirs = _family(stranger)
    for resident_id in (str(stranger.resident_id), theirs, str(new_id())):
        refused(day.self_scan(person, resident_id=resident_id), 404, "not_found")
    assert day.rows("SELECT id FROM scan") == []


def test_a_removed_family_member_is_nobodys(day: MarketDay, world: World) -> None:
    person = world.person()
    member_id = _family(person)
    ok(person.delete(f"/me/family/{member_id}"), 204)
    refused(day.self_scan(person, resident_id=member_id), 404, "not_found")


@pytest.mark.parametrize("source", ["scan", "search", "paper", "proxy"])
def test_staff_of_the_place_scan_in_every_way(day: MarketDay, world: World, source: str) -> None:
    """By personal code, by a found person, or by writing somebody in; names are masked."""
    person = world.person("王秀英")
    code = ok(person.get("/me/code"))["code"]
    first = ok(day.scan(day.volunteer, source=source, resident_code=code), 201)
    assert first["resident"] == {
        "id": str(person.resident_id), "display_name": "王*英", "phone": None, "relation": None
    }  # fmt: skip
    assert first["message"] == "王*英 签到成功"
    found = world.person("李明")
    second = ok(day.scan(day.volunteer, source=source, resident_id=str(found.resident_id)), 201)
    assert second["resident"]["display_name"] == "李*"
    third = ok(day.scan(day.volunteer, source=source, guest=GUEST), 201)
    assert third["resident"]["display_name"] == "李*奶"
    kept = {row.source for row in day.rows("SELECT source FROM scan")}
    assert kept == {source}


@pytest.mark.parametrize("role", [Role.ORGANISER, Role.ADMIN])
def test_organisers_and_admins_scan_too(day: MarketDay, world: World, role: Role) -> None:
    staff = world.staff(role, DISTRICT)
    person = world.person()
    ok(day.scan(staff, source="search", resident_id=str(person.resident_id)), 201)


def test_those_without_a_role_there_scan_nobody_else(day: MarketDay, world: World) -> None:
    """403: residents, partners, auditors, and volunteers of another region."""
    person = world.person()
    code = ok(person.get("/me/code"))["code"]
    outsiders = [
        world.person(),
        world.volunteer(OTHER_SUBDISTRICT),
        world.organiser(OTHER_SUBDISTRICT),
        world.staff(Role.AUDITOR),
        world.staff(Role.PARTNER, organisation_id=world.organisation()),
    ]
    meant: list[dict[str, Any]] = [
        {"resident_code": code},
        {"resident_id": str(person.resident_id)},
        {"guest": GUEST},
    ]
    for outsider in outsiders:
        for body in meant:
            refused(day.scan(outsider, source="scan", **body), 403, "forbidden")
    assert day.rows("SELECT id FROM scan") == []
    assert day.rows("SELECT id FROM resident WHERE name = :name", name=GUEST["name"]) == []


def test_a_visitor_without_login_is_told_to_log_in(day: MarketDay, world: World) -> None:
    body = {"id": str(uuid4()), "source": "self", "code": day.code()}
    response = world.http.post(f"/api/v1/activities/{day.id}/scans", json=body)
    refused(response, 401, "not_logged_in")


def test_an_unknown_activity_is_not_found(day: MarketDay, world: World) -> None:
    person = world.person()
    body = {"id": str(uuid4()), "source": "self", "code": day.code()}
    refused(person.post(f"/activities/{new_id()}/scans", body), 404, "not_found")


@pytest.mark.parametrize("submitted", [False, True])
def test_what_is_not_announced_is_not_there(world: World, submitted: bool) -> None:
    """A draft is 404 to residents and to volunteers elsewhere; its own staff read `not_yet`."""
    organiser = world.organiser()
    draft = world.draft(organiser)
    code = ok(organiser.get(f"/activities/{draft['id']}/code"))["code"]
    if submitted:
        ok(organiser.post(f"/activities/{draft['id']}/submit"))
    path = f"/activities/{draft['id']}/scans"
    person = world.person()
    own = {"id": str(uuid4()), "source": "self", "code": code}
    refused(person.post(path, own), 404, "not_found")
    found = {"id": str(uuid4()), "source": "search", "resident_id": str(person.resident_id)}
    refused(world.volunteer(OTHER_SUBDISTRICT).post(path, found), 404, "not_found")
    answer = ok(organiser.post(path, found), 200)
    assert (answer["verdict"], answer["reason"]) == ("refused", "not_yet")


def test_a_found_person_must_exist(day: MarketDay, world: World) -> None:
    """422 for an id that is nobody's, or of somebody who has closed their account."""
    gone = world.person()
    ok(gone.delete("/me"), 204)
    for resident_id in (str(new_id()), str(gone.resident_id)):
        response = day.scan(day.volunteer, source="search", resident_id=resident_id)
        assert "resident_id" in refused(response, 422, "validation_failed")["errors"]


_SOMEBODY = str(uuid4())


@pytest.mark.parametrize(
    "body",
    [
        {"source": "self"},
        {"source": "self", "code": "x", "resident_code": "x"},
        {"source": "self", "code": "x", "guest": {"name": "李奶奶"}},
        {"source": "scan"},
        {"source": "scan", "code": "x"},
        {"source": "scan", "resident_code": "x", "code": "x"},
        {"source": "scan", "resident_code": "x", "resident_id": _SOMEBODY},
        {"source": "scan", "resident_id": _SOMEBODY, "guest": {"name": "李奶奶"}},
        {"source": "proxy", "guest": {"name": "李奶奶"}, "direction": "exit"},
    ],
)
def test_a_scan_says_in_one_way_who_is_meant(day: MarketDay, body: dict[str, Any]) -> None:
    refused(day.scan(day.volunteer, **body), 422, "validation_failed")
    assert day.rows("SELECT id FROM scan") == []
