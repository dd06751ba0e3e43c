"""Numbers run per market day and service: A001, A002 …, and a gap is never filled."""

from tests.support.market_day import MarketDay, at, minutes, shanghai
from tests.support.world import World, ok, refused


def test_numbers_run_in_the_order_they_were_given(day: MarketDay, world: World) -> None:
    """Sign-ups and walk-ins share them."""
    tickets = [
        day.booked(world.person())["ticket"],
        day.number()["ticket"],
        day.booked(world.person())["ticket"],
    ]
    assert tickets == ["A001", "A002", "A003"]


def test_each_service_has_its_own_letter_and_numbers(day: MarketDay, world: World) -> None:
    second = day.offering(title="义诊")
    assert day.number()["ticket"] == "A001"
    assert day.number(second)["ticket"] == "B001"
    assert day.number(second)["ticket"] == "B002"
    other = MarketDay.begin(world)
    assert other.number()["ticket"] == "A001"


def test_a_gap_is_never_filled(day: MarketDay, world: World) -> None:
    """A ticket that somebody still holds in their hand must not become another's."""
    first, last = day.number(), day.number()
    ok(day.act(first, "cancel"))
    ok(day.act(last, "cancel"))
    assert day.number()["ticket"] == "A003"


def test_a_refused_attempt_uses_no_number(slots: MarketDay, world: World) -> None:
    person = world.person()
    assert slots.booked(person)["ticket"] == "A001"
    refused(slots.sign_up(person), 409, "already_booked")
    assert slots.booked(world.person())["ticket"] == "A002"
    slots.booked(world.person())
    refused(slots.sign_up(world.person()), 409, "slot_full")
    assert slots.number()["ticket"] == "A004"


def test_each_day_begins_anew(world: World) -> None:
    with at(shanghai("2026-05-01 23:50")) as clock:
        day = MarketDay.begin(world, activity={"hours": 24})
        today = day.number()
        clock.shift(minutes(9))
        assert day.number()["ticket"] == "A002"
        clock.shift(minutes(1))
        tomorrow = day.number()
    assert (today["ticket"], today["service_on"]) == ("A001", "2026-05-01")
    assert (tomorrow["ticket"], tomorrow["service_on"]) == ("A001", "2026-05-02")


def test_the_thousandth_has_four_digits(day: MarketDay) -> None:
    day.number()
    with_gap = "UPDATE service_day SET last_number = 998 RETURNING last_number"
    day.rows(with_gap)
    assert [day.number()["ticket"] for _ in range(2)] == ["A999", "A1000"]
