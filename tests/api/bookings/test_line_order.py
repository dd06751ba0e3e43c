"""Who is called first: the urgent, then appointments whose time has come, then walk-ins by
arrival, then appointments that are still early; a late appointment is a walk-in."""

from typing import Any

from backend.core.config import QUEUE
from tests.support.market_day import MarketDay, at, minutes, shanghai
from tests.support.world import World, ok

START = shanghai("2026-05-01 09:00")


def test_the_order_of_the_line(world: World) -> None:
    """And `ahead` says the same before anybody is called."""
    with at(START - minutes(60)) as clock:
        day = MarketDay.begin(world, mode="slots", starts_at=START)
        early_slot = day.slot(START + minutes(60))
        people = {name: world.person(name) for name in ("晚到", "准时", "太早")}
        bookings = {
            "晚到": day.booked(people["晚到"]),
            "准时": day.booked(people["准时"]),
            "太早": day.booked(people["太早"], slot_id=early_slot),
        }
        clock.move_to(START)
        day.come(people["太早"])
        clock.shift(60)
        bookings["先来"] = day.number()
        clock.shift(60)
        day.come(people["准时"])
        clock.move_to(START + minutes(QUEUE.appointment_grace_minutes + 1))
        day.come(people["晚到"])
        clock.shift(60)
        bookings["后来"] = day.number()
        clock.shift(60)
        bookings["急"] = day.number(urgent=True, reason="头晕")
        order = ["急", "准时", "先来", "晚到", "后来", "太早"]
        assert [day.booking(bookings[name])["ahead"] for name in order] == list(range(6))
        assert day.serve_all() == [bookings[name]["ticket"] for name in order]


def test_an_early_appointment_knows_its_time_and_holds_nobody_up(world: World) -> None:
    """The desk offers it when nobody else waits; who comes now does not wait for it."""
    with at(START - minutes(93)) as clock:
        day = MarketDay.begin(world, mode="slots", starts_at=START, minutes_per_person=8,
                              activity={"checkin_opens_minutes": 120})  # fmt: skip
        person = world.person()
        booking = day.booked(person)
        day.come(person)
        early = day.booking(booking)
        assert (early["ahead"], early["due_at"]) == (0, early["slot_starts_at"])
        assert early["estimate_minutes"] == {"low": 0, "high": 103}
        desk = ok(day.volunteer.get(f"/stalls/{day.market.stall_id}/desk"))
        assert [one["due_at"] for one in desk["waiting"]] == [early["due_at"]]
        alone = {"low": 0, "high": 10}
        line = ok(person.get(f"/offerings/{day.offering_id}/queue"))
        assert (line["waiting"], line["estimate_minutes"]) == (0, alone)
        (stall,) = ok(person.get(f"/activities/{day.id}"))["stalls"]
        shown = stall["offerings"][0]["line"]
        assert (shown["waiting"], shown["estimate_minutes"]) == (0, alone)
        walk_in = day.number()
        assert (walk_in["ahead"], walk_in["estimate_minutes"]) == (0, alone)
        late = world.person()
        booked = day.booked(late)
        clock.move_to(START + minutes(QUEUE.appointment_grace_minutes + 1))
        day.come(late)
        assert day.booking(booked)["due_at"] is None


def test_an_appointment_overtakes_when_its_time_comes(world: World) -> None:
    """Early it waits behind all walk-ins; at its minute it goes before them."""
    with at(START - minutes(10)) as clock:
        day = MarketDay.begin(world, mode="slots", starts_at=START)
        person = world.person()
        early = day.booked(person)
        day.come(person)
        walk_in = day.number()
        assert (day.booking(early)["ahead"], day.booking(walk_in)["ahead"]) == (1, 0)
        clock.move_to(START)
        assert (day.booking(early)["ahead"], day.booking(walk_in)["ahead"]) == (0, 1)
        assert day.called()["ticket"] == early["ticket"]


def test_due_appointments_by_their_time_then_by_arrival(world: World) -> None:
    with at(START - minutes(60)) as clock:
        day = MarketDay.begin(world, mode="slots", starts_at=START)
        second = day.slot(START + minutes(30))
        people = [world.person() for _ in range(3)]
        later = day.booked(people[0], slot_id=second)
        sooner = [day.booked(person) for person in people[1:]]
        clock.move_to(START)
        for person in people:
            clock.shift(1)
            day.come(person)
        clock.move_to(START + minutes(30))
        assert day.serve_all() == [sooner[0]["ticket"], sooner[1]["ticket"], later["ticket"]]


def test_the_urgent_by_arrival(day: MarketDay) -> None:
    usual = day.number()
    urgent = [day.number(urgent=True, reason="头晕") for _ in range(2)]
    assert day.serve_all() == [urgent[0]["ticket"], urgent[1]["ticket"], usual["ticket"]]


def test_who_is_only_expected_is_not_called(day: MarketDay, world: World) -> None:
    day.booked(world.person())
    assert day.press().status_code == 204


def test_yesterdays_line_is_not_called_today(world: World) -> None:
    """Nor shown: of a market over two days each has its own line."""
    with at(START) as clock:
        day = MarketDay.begin(world, activity={"hours": 36})
        left_over = day.number()
        clock.shift(minutes(24 * 60))
        assert day.press().status_code == 204
        assert ok(day.organiser.get(f"/offerings/{day.offering_id}/queue"))["waiting"] == 0
        today = day.number()
        assert day.booking(today)["ahead"] == 0
        assert day.called()["id"] == today["id"]
        assert day.booking(left_over)["state"] == "expired"


# ---------------------------------------------------------------------------- back into the line


def _miss(day: MarketDay, booking: dict[str, Any]) -> None:
    assert day.called()["id"] == booking["id"]
    day.acted(booking, *["recall"] * (QUEUE.calls_before_missed - 1), "miss")


def test_a_missed_number_comes_back_behind_three(world: World) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world)
        numbers = []
        for _ in range(6):
            clock.shift(1)
            numbers.append(day.number())
        _miss(day, numbers[0])
        clock.shift(1)
        day.acted(numbers[0], "rejoin")
        assert day.booking(numbers[0])["ahead"] == QUEUE.rejoin_behind == 3
        order = [1, 2, 3, 0, 4, 5]
        assert day.serve_all() == [numbers[index]["ticket"] for index in order]


def test_it_comes_back_at_the_end_of_a_short_line(world: World) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world)
        numbers = [day.number() for _ in range(3)]
        _miss(day, numbers[0])
        clock.shift(1)
        day.acted(numbers[0], "rejoin")
        assert day.booking(numbers[0])["ahead"] == 2


def test_a_walk_in_comes_back_before_those_who_are_early(world: World) -> None:
    """The early ones wait behind every walk-in; one of them among the first three must not pull
    a missed number ahead of those who came after it was called."""
    with at(START - minutes(60)) as clock:
        day = MarketDay.begin(world, mode="slots", starts_at=START + minutes(60))
        early = [world.person() for _ in range(3)]
        for person in early:
            day.booked(person)
            day.come(person)
        clock.move_to(START)
        missed = day.number()
        clock.shift(1)
        waiting = day.number()
        _miss(day, missed)
        clock.shift(1)
        day.acted(missed, "rejoin")
        assert day.booking(waiting)["ahead"] == 0
        assert day.booking(missed)["ahead"] == 1


def test_behind_three_who_come_before_every_walk_in_it_is_the_first_of_those(
    world: World,
) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world)
        missed = day.number()
        _miss(day, missed)
        clock.shift(1)
        walk_in = day.number()
        for _ in range(3):
            day.number(urgent=True, reason="头晕")
        day.acted(missed, "rejoin")
        assert day.booking(missed)["ahead"] == 3
        assert day.booking(walk_in)["ahead"] == 4


def test_a_missed_appointment_comes_back_as_a_walk_in(world: World) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world, mode="slots", starts_at=START)
        people = [world.person() for _ in range(2)]
        bookings = [day.booked(person) for person in people]
        for person in people:
            clock.shift(1)
            day.come(person)
        _miss(day, bookings[0])
        clock.shift(1)
        walk_in = day.number()
        clock.shift(1)
        day.acted(bookings[0], "rejoin")
        order = (bookings[1], walk_in, bookings[0])
        assert [day.booking(each)["ahead"] for each in order] == [0, 1, 2]


def test_an_urgent_number_comes_back_among_the_urgent(world: World) -> None:
    """Behind those before whom it was called, before everybody who is not urgent."""
    with at(START) as clock:
        day = MarketDay.begin(world)
        urgent = []
        for _ in range(5):
            clock.shift(1)
            urgent.append(day.number(urgent=True, reason="头晕"))
        usual = day.number()
        _miss(day, urgent[0])
        clock.shift(1)
        day.acted(urgent[0], "rejoin")
        assert day.booking(urgent[0])["ahead"] == 3
        assert day.booking(usual)["ahead"] == 5


def test_the_last_urgent_number_does_not_fall_behind_walk_ins(world: World) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world)
        urgent = day.number(urgent=True, reason="头晕")
        for _ in range(3):
            clock.shift(1)
            day.number()
        _miss(day, urgent)
        day.acted(urgent, "rejoin")
        assert day.booking(urgent)["ahead"] == 0


def test_a_parked_number_keeps_its_place(world: World) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world)
        first = day.number()
        clock.shift(1)
        second = day.number()
        day.acted(first, "park")
        assert day.booking(second)["ahead"] == 0
        clock.shift(60)
        day.acted(first, "rejoin")
        assert (day.booking(first)["ahead"], day.booking(second)["ahead"]) == (0, 1)


def test_a_parked_appointment_keeps_its_time(world: World) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world, mode="slots", starts_at=START)
        person = world.person()
        walk_in = day.number()
        clock.shift(60)
        booking = day.booked(person)
        day.come(person)
        day.acted(booking, "park", "rejoin")
        assert (day.booking(booking)["ahead"], day.booking(walk_in)["ahead"]) == (0, 1)
