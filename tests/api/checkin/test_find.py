"""A volunteer finds a person without their code: by phone, its last four digits, or whole name.
The fewest fields, masked, and each look-up is in the audit log."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from backend.core.permissions import Role
from tests.support.market_day import GUEST, MarketDay
from tests.support.world import OTHER_SUBDISTRICT, Person, World, ok, refused


def _find(day: MarketDay, by: Person | None = None, **body: Any) -> TestResponse:
    return (by or day.volunteer).post(f"/activities/{day.id}/residents/find", body)


def _found(day: MarketDay, **body: Any) -> list[dict[str, Any]]:
    return list(ok(_find(day, **body))["items"])


def test_by_the_last_four_digits(day: MarketDay) -> None:
    guest = day.write_in(**GUEST)["resident"]
    day.write_in(name="别人", phone="13900002222")
    assert _found(day, phone="1111") == [
        {"id": guest["id"], "display_name": "李*奶", "phone": "138****1111"}
    ]
    assert _found(day, phone="3333") == []


def test_by_the_whole_number(day: MarketDay) -> None:
    """Another number with the same tail is somebody else."""
    guest = day.write_in(**GUEST)["resident"]
    day.write_in(name="别人", phone="13900001111")
    assert [person["id"] for person in _found(day, phone=GUEST["phone"])] == [guest["id"]]
    assert len(_found(day, phone="1111")) == 2


def test_by_the_whole_name_only(day: MarketDay, world: World) -> None:
    """A part of a name would read out the district, a letter at a time."""
    person = world.person("王秀英")
    assert _found(day, name="王秀英") == [
        {"id": str(person.resident_id), "display_name": "王*英", "phone": None}
    ]
    for part in ("王", "秀英", "王秀", "王%", "王__", "%"):
        assert _found(day, name=part) == []


def test_a_family_member_is_found_too(day: MarketDay, world: World) -> None:
    member = {"name": "王奶奶", "phone": "13700003333"}
    member_id = ok(world.person().post("/me/family", member), 201)["id"]
    assert [person["id"] for person in _found(day, phone="3333")] == [member_id]


def test_who_has_gone_is_not_found(day: MarketDay, world: World) -> None:
    person = world.person("王秀英")
    ok(person.post("/me/phone", {"phone": "13700004444"}))
    ok(person.delete("/me"), 204)
    assert _found(day, name="王秀英") == []
    assert _found(day, phone="4444") == []


def test_ten_at_most(day: MarketDay) -> None:
    for _ in range(12):
        day.write_in(name="李奶奶")
    answer = ok(_find(day, name="李奶奶"))
    assert len(answer["items"]) == 10
    assert answer["next_cursor"] is None


def test_the_found_can_be_checked_in(day: MarketDay, world: World) -> None:
    world.person("王秀英")
    (person,) = _found(day, name="王秀英")
    assert day.admit(person["id"])["resident"]["display_name"] == person["display_name"]


def test_each_look_up_is_audited_without_names(day: MarketDay, world: World) -> None:
    person = world.person("王秀英")
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
        {"name": "王" * 31},
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
