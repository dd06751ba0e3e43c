"""A volunteer finds a person without their code: by phone, its last four digits, or whole name.
The fewest fields, masked, and each look-up is in the audit log."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import Connection, select, text
from werkzeug.test import TestResponse

from backend.core import clock
from backend.core.config import limit_rules
from backend.core.permissions import Role
from backend.identity.models import Resident
from backend.identity.names import masked_name, name_key_of
from tests.support.desk import Desk
from tests.support.limits import set_limit
from tests.support.market_day import GUEST, MarketDay
from tests.support.world import (
    COMMUNITY,
    OTHER_COMMUNITY,
    OTHER_SUBDISTRICT,
    Person,
    World,
    ok,
    refused,
)


def _find(day: MarketDay, by: Person | None = None, **body: Any) -> TestResponse:
    return (by or day.volunteer).post(f"/activities/{day.id}/residents/find", body)


def _found(day: MarketDay, **body: Any) -> list[dict[str, Any]]:
    return list(ok(_find(day, **body))["items"])


def _neighbour(world: World, name: str, community: str = COMMUNITY) -> Person:
    """Somebody who lives there."""
    return world.person(name, region_id=UUID(world.region_id(community)))


def test_by_the_last_four_digits(day: MarketDay) -> None:
    guest = day.write_in(**GUEST)["resident"]
    day.write_in(name="别人", phone="13900002222")
    (found,) = _found(day, phone="1111")
    assert (found["id"], found["display_name"], found["phone"]) == (
        guest["id"], "李*奶", "138****1111"
    )  # fmt: skip
    assert _found(day, phone="3333") == []


def test_who_is_not_listed_is_counted_and_the_newest_come_first(
    day: MarketDay, world: World
) -> None:
    """Twelve of one tail: who registered just now stands here, and is not to be written in."""
    tail = "7788"
    guests = [
        day.write_in(name=f"王{n}", phone=f"138000{n}{tail}")["resident"]["id"] for n in range(9)
    ]
    neighbours = [_neighbour(world, f"李{n}") for n in range(3)]
    for n, neighbour in enumerate(neighbours):
        ok(neighbour.post("/me/phone", {"phone": f"139000{n}{tail}"}))
    answer = ok(_find(day, phone=tail))
    newest = str(neighbours[-1].resident_id)
    assert [one["id"] for one in answer["items"]] == [*reversed(guests), newest]
    assert answer["more"] == 2
    one = ok(_find(day, phone="138 0000 7788"))
    assert ([found["id"] for found in one["items"]], one["more"]) == ([guests[0]], 0)


@pytest.mark.parametrize("name", ["阿依古丽 买买提", "阿依古丽•买买提", "阿依古丽买买提"])
def test_a_name_is_found_however_its_parts_are_held_together(day: MarketDay, name: str) -> None:
    guest = day.write_in(name="阿依古丽·买买提")["resident"]
    assert [person["id"] for person in _found(day, name=name)] == [guest["id"]]


def test_a_name_is_found_by_its_index(outer: Connection) -> None:
    """The district has a hundred thousand of them."""
    found = select(Resident.id).where(name_key_of(Resident.name) == "王秀英")
    sql = found.compile(outer.engine, compile_kwargs={"literal_binds": True})
    outer.execute(text("SET LOCAL enable_seqscan = off"))
    plan = "\n".join(outer.execute(text(f"EXPLAIN {sql}")).scalars())
    assert "ix_resident_name_key" in plan


def test_by_the_whole_number(day: MarketDay) -> None:
    """Another number with the same tail is somebody else."""
    guest = day.write_in(**GUEST)["resident"]
    day.write_in(name="别人", phone="13900001111")
    assert [person["id"] for person in _found(day, phone=GUEST["phone"])] == [guest["id"]]
    assert len(_found(day, phone="1111")) == 2


def test_by_the_whole_name_only(day: MarketDay, world: World) -> None:
    """A part of a name would read out the district, a letter at a time."""
    person = _neighbour(world, "王秀英")
    assert _found(day, name="王秀英") == [
        {"id": str(person.resident_id), "display_name": "王*英", "phone": None, "relation": None,
         "checked_in_at": None, "left_at": None, "tickets": []}
    ]  # fmt: skip
    for part in ("王", "秀英", "王秀", "王%", "王__", "%"):
        assert _found(day, name=part) == []


def test_a_family_member_is_found_too(day: MarketDay, world: World) -> None:
    member = {"name": "王奶奶", "phone": "13700003333"}
    member_id = ok(_neighbour(world, "王强").post("/me/family", member), 201)["id"]
    assert [person["id"] for person in _found(day, phone="3333")] == [member_id]


def test_the_found_tell_who_is_in_already_and_whose_they_are(day: MarketDay, world: World) -> None:
    """Two of one name are told apart, and nobody is done twice."""
    mother, neighbour = _neighbour(world, "王秀英"), _neighbour(world, "张三")
    child = ok(mother.post("/me/family", {"name": "张三", "relation": "儿子"}), 201)["id"]
    visit = day.come(mother, resident_id=child)
    number = day.number(resident_id=child)
    booked = day.booked(neighbour, day.offering())
    found = {one["id"]: one for one in _found(day, name="张三")}
    theirs, other = found[child], found[str(neighbour.resident_id)]
    assert theirs["relation"] == "王*英的儿子"
    assert theirs["checked_in_at"] == visit["attendance"]["attended_at"]
    assert [one["ticket"] for one in theirs["tickets"]] == [number["ticket"]]
    assert (other["relation"], other["checked_in_at"]) == (None, None)
    assert [(one["ticket"], one["state"]) for one in other["tickets"]] == [
        (booked["ticket"], "confirmed")
    ]
    ok(day.scan(day.volunteer, source="search", resident_id=child, direction="exit"))
    found = {one["id"]: one for one in _found(day, name="张三")}
    assert found[child]["left_at"]


def test_who_has_gone_is_not_found(day: MarketDay, world: World) -> None:
    person = _neighbour(world, "王秀英")
    ok(person.post("/me/phone", {"phone": "13700004444"}))
    ok(person.delete("/me"), 204)
    assert _found(day, name="王秀英") == []
    assert _found(day, phone="4444") == []


def test_a_wrong_tail_says_what_is_right_and_is_no_search(
    day: MarketDay, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limit(monkeypatch, "find", most=2)
    for wrong in ("123", "12345", "1381234567", "a234"):
        problem = refused(_find(day, phone=wrong), 422, "validation_failed")
        assert problem["errors"] == {"phone": ["应为手机号后四位，或完整的 11 位手机号"]}
    for _ in range(2):
        ok(_find(day, phone="1234"))
    refused(_find(day, phone="1234"), 429, "too_many_requests")


def test_ten_at_most(day: MarketDay) -> None:
    for _ in range(12):
        day.write_in(name="李奶奶", another=True)
    answer = ok(_find(day, name="李奶奶"))
    assert len(answer["items"]) == 10
    assert answer["next_cursor"] is None


def test_the_found_can_be_checked_in(day: MarketDay, world: World) -> None:
    _neighbour(world, "王秀英")
    (person,) = _found(day, name="王秀英")
    assert day.admit(person["id"])["resident"]["display_name"] == person["display_name"]


def test_each_look_up_is_audited_without_names(day: MarketDay, world: World) -> None:
    person = _neighbour(world, "王秀英")
    _found(day, name="王秀英")
    _found(day, phone="1234")
    entries = day.rows("SELECT * FROM audit_entry WHERE action = 'find_residents' ORDER BY id")
    assert [entry.details for entry in entries] == [
        {"by": "name", "found": [str(person.resident_id)]},
        {"by": "phone", "found": []},
    ]
    assert {entry.actor_user_id for entry in entries} == {day.volunteer.user_id}
    assert {str(entry.object_id) for entry in entries} == {day.id}
    assert all(entry.region_code for entry in entries)


def test_a_number_never_stands_in_an_address(day: MarketDay) -> None:
    """POST only: an address ends up in logs."""
    response = day.volunteer.get(f"/activities/{day.id}/residents/find", phone="1111")
    refused(response, 405, "method_not_allowed")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"phone": "1111", "name": "李奶奶"},
        {"phone": "111"},
        {"phone": "11111"},
        {"phone": "一二三四"},
        {"phone": "23800001111"},
        {"phone": 1111},
        {"phone": None},
        {"name": ""},
        {"name": "王" * 51},
    ],
)
def test_one_thing_to_look_for(day: MarketDay, body: dict[str, Any]) -> None:
    refused(_find(day, **body), 422, "validation_failed")
    assert day.rows("SELECT id FROM audit_entry WHERE action = 'find_residents'") == []


def test_who_may_look(day: MarketDay, world: World) -> None:
    outsiders = [
        world.person(),
        world.volunteer(OTHER_SUBDISTRICT),
        world.staff(Role.AUDITOR),
        world.staff(Role.PARTNER, organisation_id=world.organisation()),
    ]
    for outsider in outsiders:
        refused(_find(day, outsider, name="王秀英"), 403, "forbidden")
    ok(_find(day, day.organiser, name="王秀英"))


# ---------------------------------------------------------------------------- not the district


def test_by_tail_or_name_only_who_has_to_do_with_the_place(day: MarketDay, world: World) -> None:
    """Ten thousand tails are soon tried: who has no tie to the subdistrict is not found by them,
    but by the whole number, which one is told."""
    stranger = _neighbour(world, "赵一鸣", OTHER_COMMUNITY)
    ok(stranger.post("/me/phone", {"phone": "13700005555"}))
    assert _found(day, phone="5555") == _found(day, name="赵一鸣") == []
    assert [one["display_name"] for one in _found(day, phone="13700005555")] == ["赵*鸣"]


def test_who_has_signed_up_or_been_there_is_found(day: MarketDay, world: World) -> None:
    signed_up, came = world.person("孙一"), world.person("孙二")
    for tail, person in (("6661", signed_up), ("6662", came)):
        ok(person.post("/me/phone", {"phone": f"1370000{tail}"}))
        assert _found(day, phone=tail) == []
    ok(signed_up.post(f"/offerings/{day.offering_id}/bookings"), 201)
    assert len(_found(day, phone="6661")) == 1
    day.come(came)
    assert len(_found(day, phone="6662")) == 1


def test_who_was_there_comes_before_who_lives_there(day: MarketDay, world: World) -> None:
    """Ten are shown: not ten who never come, before the one at the desk."""
    for _ in range(10):
        _neighbour(world, "钱多多")
    here = world.person("钱多多")
    day.come(here)
    assert _found(day, name="钱多多")[0]["id"] == str(here.resident_id)


def test_only_while_people_are_checked_in(day: MarketDay, world: World) -> None:
    """Nobody at a desk needs it before or after; whoever looks then looks for something else."""
    _neighbour(world, "王秀英")
    organiser = day.organiser
    draft = world.ready(organiser, starts_at=clock.now() + timedelta(days=3))
    ok(organiser.post(f"/activities/{draft['id']}/publish"))
    path, body = f"/activities/{draft['id']}/residents/find", {"name": "王秀英"}
    refused(day.volunteer.post(path, body), 409, "find_closed")
    with time_machine.travel(clock.now() + timedelta(days=3), tick=False):
        assert len(ok(day.volunteer.post(path, body))["items"]) == 1
    ok(organiser.post(f"/activities/{draft['id']}/cancel", {}))
    refused(day.volunteer.post(path, body), 409, "find_closed")
    day.close()
    refused(_find(day, name="王秀英"), 409, "find_closed")


def test_a_busy_day_stays_below_the_limit() -> None:
    """Somebody without a code every twenty seconds, for a whole hour, some of them twice."""
    assert limit_rules("find").most >= 3600 / 20 * 1.5


def test_whoever_looks_for_too_many_is_stopped_and_the_organiser_sees_it(
    day: MarketDay, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limit(monkeypatch, "find", most=3)
    with time_machine.travel(clock.now(), tick=False) as now:
        for tail in range(3):
            ok(_find(day, phone=f"{tail:04}"))
        board = Desk(world, day.organiser).read(f"/console/board/{day.id}")
        assert "查找太多" not in board
        for _ in range(2):
            answer = _find(day, phone="1234")
            refused(answer, 429, "too_many_requests")
        assert answer.headers["Retry-After"] == "3600"
        entries = day.rows("SELECT * FROM audit_entry WHERE action = 'find_limit_reached'")
        assert [(one.actor_user_id, str(one.object_id)) for one in entries] == [
            (day.volunteer.user_id, day.id)
        ], "once an hour, whatever they try"
        board = Desk(world, day.organiser).read(f"/console/board/{day.id}")
        assert "查找太多" in board
        assert masked_name(day.volunteer.name) in board
        ok(_find(day, world.volunteer(), phone="1234"))
        now.shift(timedelta(hours=1))
        ok(_find(day, phone="1234"))


def test_nobody_writes_to_another_places_board(
    day: MarketDay, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limit(monkeypatch, "find", most=3)
    foreigner = world.volunteer(OTHER_SUBDISTRICT)
    for _ in range(3):
        refused(_find(day, foreigner, phone="1234"), 403, "forbidden")
    refused(_find(day, foreigner, phone="1234"), 429, "too_many_requests")
    assert day.rows("SELECT id FROM audit_entry WHERE action = 'find_limit_reached'") == []
