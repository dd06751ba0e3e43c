"""Who has signed up waits from the moment they check in."""

from datetime import datetime

import pytest

from tests.support.market_day import MarketDay, at, minutes, shanghai
from tests.support.world import World, ok

START = shanghai("2026-05-01 09:00")
SECOND = minutes(1 / 60)


def _due(day: MarketDay) -> list[datetime | None]:
    return [row.due_at for row in day.rows("SELECT due_at FROM booking ORDER BY number")]


def test_a_check_in_makes_all_of_the_day_wait(slots: MarketDay, world: World) -> None:
    """Of this market and day; another market's stay as they are."""
    person, other = world.person(), MarketDay.begin(world)
    queue = slots.offering()
    bookings = [slots.booked(person), slots.booked(person, queue)]
    elsewhere = other.booked(person)
    visit = slots.come(person)["attendance"]
    for booking in bookings:
        arrived = slots.booking(booking)
        assert (arrived["state"], arrived["ahead"]) == ("arrived", 0)
        assert arrived["arrived_at"] == visit["attended_at"]
        assert slots.moves(booking)[-1] == ("arrive", "confirmed", "arrived")
    assert other.booking(elsewhere)["state"] == "confirmed"
    entries = slots.rows("SELECT region_code, actor_user_id FROM audit_entry"
                         " WHERE action = 'arrive'")  # fmt: skip
    assert {(entry.region_code, entry.actor_user_id) for entry in entries} == {
        ("320412100001", person.user_id)
    }


@pytest.mark.parametrize(("late", "kept"), [(-30, True), (0, True), (10, True), (10.1, False)])
def test_an_appointment_is_kept_for_ten_minutes(world: World, late: float, kept: bool) -> None:
    """Within its grace it keeps its time; later it waits as a walk-in."""
    with at(START - minutes(60)) as clock:
        day = MarketDay.begin(world, mode="slots", starts_at=START)
        person = world.person()
        day.booked(person)
        clock.move_to(START + minutes(late))
        day.come(person)
    assert _due(day) == [START if kept else None]


@pytest.mark.parametrize(("late", "kept"), [(-30, True), (10, True), (10.1, False)])
def test_who_is_here_already_waits_at_once(world: World, late: float, kept: bool) -> None:
    """Signing up on the spot, before the slot, within its grace, and after."""
    with at(START - minutes(60)) as clock:
        day = MarketDay.begin(world, mode="slots", starts_at=START)
        person = world.person()
        day.come(person)
        clock.move_to(START + minutes(late))
        booking = day.booked(person)
    assert booking["state"] == "arrived"
    assert datetime.fromisoformat(booking["arrived_at"]) == START + minutes(late)
    assert _due(day) == [START if kept else None]
    assert day.moves(booking) == [("sign_up", None, "arrived")]


def test_tomorrows_appointment_does_not_wait_today(world: World) -> None:
    """Being here today says nothing of tomorrow: the number is expected, not in the line, and
    checking in tomorrow puts it there."""
    with at(START) as clock:
        day = MarketDay.begin(world, mode="slots", activity={"hours": 36}, starts_at=START)
        tomorrow = day.slot(START + minutes(24 * 60))
        person, late = world.person(), world.person()
        before = day.booked(person, slot_id=tomorrow)
        day.come(person)
        day.come(late)
        after = day.booked(late, slot_id=tomorrow)
        assert [day.booking(each)["state"] for each in (before, after)] == ["confirmed"] * 2
        clock.shift(minutes(24 * 60))
        day.come(late)
        assert day.booking(after)["state"] == "arrived"
        assert day.booking(before)["state"] == "confirmed"


def test_who_comes_hours_before_waits_for_the_market(world: World) -> None:
    """A market that was opened early in the morning of its day admits."""
    with at(START - minutes(8 * 60)):
        day = MarketDay.begin(world, mode="slots", starts_at=START)
        person, spontaneous = world.person(), world.person()
        booking = day.booked(person)
        day.come(person)
        assert day.booking(booking)["state"] == "arrived"
        day.come(spontaneous)
        assert day.booked(spontaneous)["state"] == "arrived"


def test_only_the_persons_own_bookings_move(day: MarketDay, world: World) -> None:
    person = world.person()
    member_id = ok(person.post("/me/family", {"name": "王奶奶"}), 201)["id"]
    mine, theirs = day.booked(person), day.booked(person, resident_id=member_id)
    day.come(person, resident_id=member_id)
    assert day.booking(theirs)["state"] == "arrived"
    assert day.booking(mine)["state"] == "confirmed"


def test_a_cancelled_booking_does_not_come_back(day: MarketDay, world: World) -> None:
    person = world.person()
    booking = day.booked(person)
    ok(day.act(booking, "cancel", person))
    day.come(person)
    assert day.booking(booking)["state"] == "cancelled"
