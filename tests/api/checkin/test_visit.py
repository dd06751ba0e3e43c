"""What follows from scans: one visit for each person, activity and day; going out and coming
back; guests; facts that nobody can rewrite."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.support.market_day import GUEST, MarketDay, at, minutes, shanghai
from tests.support.world import Person, World, ok, refused

START = shanghai("2026-05-01 09:00")


def _presence(day: MarketDay) -> tuple[int, int, int]:
    """(visits, people, inside now)"""
    summary = day.summary()
    return summary["visits"], summary["people"], summary["inside_now"]


def test_the_second_scan_is_told_when_and_where_the_first_was(world: World) -> None:
    """200 `already_checked_in` with the first time and device, whoever scans."""
    with at(START) as clock:
        day = MarketDay.begin(world)
        person = world.person("王秀英")
        first = day.come(person, device_id="own-phone")
        clock.shift(minutes(5))
        second = ok(
            day.scan(day.volunteer, source="search", resident_id=str(person.resident_id),
                     device_id="gate-2"), 200
        )  # fmt: skip
        assert _presence(day) == (1, 1, 1)
    assert second["verdict"] == "already_checked_in"
    assert second["attendance"] == first["attendance"]
    assert second["attendance"]["device_id"] == "own-phone"
    assert datetime.fromisoformat(second["attendance"]["attended_at"]) == START
    assert second["message"] == "王*英 09:00 已签到"
    kept = day.rows("SELECT derived_verdict, attendance_id FROM scan ORDER BY received_at")
    assert [row.derived_verdict for row in kept] == ["admitted", "already_checked_in"]
    assert {str(row.attendance_id) for row in kept} == {first["attendance"]["id"]}


def test_visits_to_two_markets_are_two(day: MarketDay, world: World) -> None:
    person, other = world.person(), MarketDay.begin(world)
    day.come(person)
    other.come(person)


def test_out_and_in_again_is_one_visit(world: World) -> None:
    """An exit is 200: it makes no visit. Coming back ends it."""
    with at(START) as clock:
        day = MarketDay.begin(world)
        person = world.person("王秀英")
        visit = day.come(person)["attendance"]
        clock.shift(minutes(30))
        left = ok(day.self_scan(person, direction="exit"), 200)
        assert (left["verdict"], left["attendance"]["id"]) == ("admitted", visit["id"])
        assert left["message"] == "王秀英 已签退"
        assert _presence(day) == (1, 1, 0)
        (listed,) = ok(day.volunteer.get(f"/activities/{day.id}/attendances"))["items"]
        assert datetime.fromisoformat(listed["left_at"]) == START + minutes(30)
        clock.shift(minutes(30))
        scan_id = str(uuid4())
        back = ok(day.self_scan(person, id=scan_id), 200)
        assert (back["verdict"], back["attendance"]) == ("already_checked_in", visit)
        assert (back["returned"], back["message"]) == (True, "王秀英 欢迎回来")
        assert _presence(day) == (1, 1, 1)
        assert ok(day.self_scan(person, id=scan_id), 200) == back, "the first answer again"
        clock.shift(minutes(1))
        again = ok(day.self_scan(person), 200)
        assert (again["returned"], again["message"]) == (False, "王秀英 09:00 已签到")


def test_leaving_twice_is_leaving_once(world: World) -> None:
    """The second is told when it was; undoing the first brings the person back."""
    with at(START) as clock:
        day = MarketDay.begin(world)
        person = world.person("王秀英")
        day.come(person)
        clock.shift(minutes(10))
        first = ok(day.self_scan(person, direction="exit"))
        clock.shift(minutes(10))
        second = ok(day.self_scan(person, direction="exit"), 200)
        assert (second["verdict"], second["reason"]) == ("already_checked_in", None)
        assert second["message"] == "王秀英 09:10 已经签退过了"
        assert datetime.fromisoformat(second["attendance"]["left_at"]) == START + minutes(10)
        ((left_at,),) = day.rows("SELECT left_at FROM attendance")
        assert left_at == START + minutes(10)
        refused(day.revert(second["id"]), 409, "not_revertible")
        ok(day.revert(first["id"]), 201)
        assert _presence(day) == (1, 1, 1)


def test_a_volunteer_scans_the_exit_too(day: MarketDay, world: World) -> None:
    person = world.person()
    visit = day.admit(person.resident_id)["attendance"]
    code = ok(person.get("/me/code"))["code"]
    left = ok(day.scan(day.volunteer, source="scan", resident_code=code, direction="exit"))
    assert left["attendance"]["id"] == visit["id"]
    assert _presence(day)[2] == 0


def test_a_guest_with_the_same_phone_and_name_is_the_same_person(day: MarketDay) -> None:
    first = day.write_in(**GUEST)
    second = ok(day.scan(day.volunteer, source="proxy", guest=GUEST), 200)
    assert second["verdict"] == "already_checked_in"
    assert second["resident"] == first["resident"]
    assert _presence(day) == (1, 1, 1)


def test_a_guest_of_the_family_shares_the_phone_not_the_person(day: MarketDay) -> None:
    """A couple with one number are two people; whom the volunteer undoes is told apart."""
    first = day.write_in(**GUEST)
    second = day.write_in(**(GUEST | {"name": "张爷爷", "another": True}))
    assert first["resident"]["id"] != second["resident"]["id"]
    assert second["resident"]["phone"] == "138****1111"
    assert _presence(day) == (2, 2, 2)


def test_a_guest_without_a_phone_is_new_each_time(day: MarketDay) -> None:
    """Only the volunteer tells two of them apart, so nobody is swallowed."""
    ids = {day.write_in(name="李奶奶", another=True)["resident"]["id"] for _ in range(2)}
    assert len(ids) == 2
    nameless = ok(day.scan(day.volunteer, source="proxy", guest={}), 201)
    assert nameless["resident"]["display_name"] == "居民"
    assert nameless["message"] == "居民 签到成功"


def test_a_guest_needs_no_name_where_there_is_a_phone(day: MarketDay) -> None:
    first = day.write_in(phone="13800002222")
    again = ok(day.scan(day.volunteer, source="proxy", guest={"phone": "13800002222"}), 200)
    assert again["resident"] == first["resident"]


@pytest.mark.parametrize(
    ("seconds", "flagged"), [(0, None), (120, None), (121, 121), (-120, None), (-121, -121)]
)
def test_a_wrong_clock_is_flagged_not_punished(
    world: World, seconds: int, flagged: int | None
) -> None:
    """More than two minutes off, either way; the visit has the server's time."""
    with at(START):
        day = MarketDay.begin(world)
        phone = START - minutes(seconds / 60)
        times = {"scanned_at": phone.isoformat(), "sent_at": phone.isoformat()}
        answer = day.come(world.person(), **times)
    assert answer["clock_drift_seconds"] == flagged
    assert datetime.fromisoformat(answer["attendance"]["attended_at"]) == START
    ((scanned_at, received_at),) = day.rows("SELECT scanned_at, received_at FROM scan")
    assert (scanned_at, received_at) == (phone, START)


def test_a_scan_without_a_time_was_made_now(world: World) -> None:
    with at(START):
        day = MarketDay.begin(world)
        day.come(world.person())
    ((scanned_at,),) = day.rows("SELECT scanned_at FROM scan")
    assert scanned_at == START


def test_each_scan_names_its_operator(day: MarketDay, world: World) -> None:
    def operator(person: Person, scan: dict[str, Any]) -> bool:
        ((kept,),) = day.rows("SELECT operator_user_id FROM scan WHERE id = :id", id=scan["id"])
        return bool(kept == person.user_id)

    person = world.person()
    assert operator(person, day.come(person))
    assert operator(day.volunteer, day.admit(world.person().resident_id))
