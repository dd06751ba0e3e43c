"""How much one person, and one account for its family, may hold on one day."""

from typing import Any

from backend.core.config import BOOKINGS
from tests.support.market_day import MarketDay, at, minutes, shanghai
from tests.support.world import Person, World, ok, refused


def _family(person: Person, count: int) -> list[str]:
    return [
        ok(person.post("/me/family", {"name": f"家人{index}"}), 201)["id"] for index in range(count)
    ]


def _served(day: MarketDay, booking: dict[str, Any]) -> None:
    ok(day.press(booking_id=booking["id"], reason="测试"))
    day.acted(booking, "start", "finish")


def test_a_service_is_given_once_a_day(day: MarketDay, world: World) -> None:
    """Who has been served does not come again, by sign-up or walk-in."""
    person = world.person()
    booking = day.number(resident_id=str(person.resident_id))
    _served(day, booking)
    assert "1" in refused(day.sign_up(person), 409, "cap_reached")["detail"]
    again = day.ticket(day.volunteer, resident_id=str(person.resident_id))
    refused(again, 409, "cap_reached")


def test_the_organiser_may_allow_more(world: World) -> None:
    day = MarketDay.begin(world, daily_cap_per_person=2)
    resident_id = str(world.person().resident_id)
    for _ in range(2):
        _served(day, day.number(resident_id=resident_id))
    refused(day.ticket(day.volunteer, resident_id=resident_id), 409, "cap_reached")


def test_what_was_cancelled_does_not_count(day: MarketDay, world: World) -> None:
    """A place given back can be asked for again, by the same person too."""
    person = world.person()
    ok(day.act(day.booked(person), "cancel", person))
    day.booked(person)


def test_another_day_counts_for_itself(world: World) -> None:
    with at(shanghai("2026-05-01 09:00")) as clock:
        day = MarketDay.begin(world, activity={"hours": 36})
        resident_id = str(world.person().resident_id)
        _served(day, day.number(resident_id=resident_id))
        clock.shift(minutes(24 * 60))
        day.number(resident_id=resident_id)


def test_a_person_holds_so_many_on_a_day(day: MarketDay, world: World) -> None:
    """Over all services and markets; what is over makes room."""
    person, other = world.person(), MarketDay.begin(world)
    resident_id = str(person.resident_id)
    offerings = [day.offering() for _ in range(BOOKINGS.per_person_and_day - 1)]
    bookings = [day.booked(person, offering) for offering in offerings]
    other.booked(person)
    problem = refused(day.sign_up(person), 409, "cap_reached")
    assert str(BOOKINGS.per_person_and_day) in problem["detail"]
    refused(day.ticket(day.volunteer, resident_id=resident_id), 409, "cap_reached")
    ok(day.act(bookings[0], "cancel", person))
    day.booked(person)


def test_an_account_holds_so_many_for_its_family(day: MarketDay, world: World) -> None:
    """Its own do not count, and each member's own caps hold besides."""
    person = world.person()
    members = _family(person, 4)
    offerings = [day.offering() for _ in range(3)]
    made = [
        day.booked(person, offering, resident_id=member)
        for member in members
        for offering in offerings
    ]
    assert len(made) == BOOKINGS.per_proxy_and_day
    problem = refused(day.sign_up(person, resident_id=members[0]), 409, "cap_reached")
    assert str(BOOKINGS.per_proxy_and_day) in problem["detail"]
    day.booked(person)
    ok(day.act(made[0], "cancel", person))
    day.booked(person, resident_id=members[0])


def test_another_familys_bookings_are_theirs(day: MarketDay, world: World) -> None:
    for _ in range(2):
        person = world.person()
        for member in _family(person, 7):
            day.booked(person, resident_id=member)
