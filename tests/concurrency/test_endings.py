"""A market ends while people press: nothing active remains, no place stays taken, no 5xx."""

from collections import Counter
from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from tests.concurrency.outcomes import ACTIVE, bookings, outcomes
from tests.support.market_day import MarketDay, another_phone
from tests.support.world import World

ROUNDS = 3
ENDS = pytest.mark.parametrize("end", ["close", "cancel"])


def _end(day: MarketDay, end: str) -> Callable[[], TestResponse]:
    return lambda: day.organiser.post(f"/activities/{day.id}/{end}")


def _is_over(day: MarketDay, found: Counter[str]) -> None:
    """Nobody heard of a fault of ours, and nothing active remains."""
    assert not [code for code in found if code.startswith("5")], found
    assert bookings(day, ACTIVE) == 0, found
    kept = bookings(day, "state <> 'cancelled'")
    days = day.rows(
        "SELECT coalesce(sum(taken), 0) FROM service_day d JOIN offering o ON o.id = d.offering_id"
        " WHERE o.activity_id = :id",
        id=day.id,
    )
    assert days[0][0] == kept


@ENDS
def test_while_people_sign_up_and_take_numbers(committed_world: World, end: str) -> None:
    for _ in range(ROUNDS):
        day = MarketDay.begin(committed_world, mode="slots")
        day.booked(committed_world.person())
        people = [committed_world.person() for _ in range(10)]

        def ask(index: int, day: MarketDay = day, people: list = people) -> TestResponse:  # type: ignore[type-arg]
            if index % 2:
                return day.sign_up(people[index])
            resident_id = str(people[index].resident_id)
            return day.ticket(another_phone(day.volunteer), resident_id=resident_id)

        asking = [lambda index=index, ask=ask: ask(index) for index in range(10)]
        found = outcomes(*asking, _end(day, end))
        assert set(found) <= {"200", "201", "409 sign_up_closed", "409 market_not_open"}
        assert found["200"] == 1
        _is_over(day, found)


@ENDS
def test_while_stalls_call(committed_world: World, end: str) -> None:
    for _ in range(ROUNDS):
        day = MarketDay.begin(committed_world)
        stalls = [day.stall() for _ in range(6)]
        day.organiser.put(f"/offerings/{day.offering_id}", {"also_at_stall_ids": stalls})
        for _number in range(8):
            day.number()
        phones = [another_phone(day.volunteer) for _ in stalls]
        presses = [
            lambda stall=stall, phone=phone, day=day: day.press(stall, phone)
            for stall, phone in zip(stalls, phones, strict=True)
        ]
        found = outcomes(*presses, _end(day, end))
        assert set(found) <= {"200", "204", "409 market_not_open"}
        _is_over(day, found)


@ENDS
def test_while_numbers_come_back_into_the_line(committed_world: World, end: str) -> None:
    """Parked and missed ones that rejoin go against the order in which the states are ended."""
    for _ in range(ROUNDS):
        day = MarketDay.begin(committed_world)
        numbers = [day.number() for _ in range(6)]
        for number in numbers[:3]:
            day.acted(number, "park")
        for number in numbers[3:]:
            day.called()
            day.acted(number, "recall", "recall", "miss")
        phones = [another_phone(day.volunteer) for _ in numbers]
        acts = [
            lambda number=number, phone=phone, day=day: day.act(number, "rejoin", phone)
            for number, phone in zip(numbers, phones, strict=True)
        ]
        found = outcomes(*acts, _end(day, end))
        assert set(found) <= {"200", "409 illegal_transition"}
        _is_over(day, found)


@ENDS
def test_while_people_check_in_and_are_taken_back(committed_world: World, end: str) -> None:
    """Arrivals and undone arrivals of people who hold several bookings each."""
    for _ in range(ROUNDS):
        day = MarketDay.begin(committed_world)
        offerings = [None, *(day.offering() for _ in range(2))]
        people = [committed_world.person() for _ in range(6)]
        for person in people:
            for offering in offerings:
                day.booked(person, offering)
        scans = [day.come(person) for person in people[:3]]
        code = day.code()
        phones = [another_phone(day.volunteer) for _ in scans]
        acts = [
            *(
                lambda scan=scan, phone=phone, day=day: day.revert(scan["id"], phone)
                for scan, phone in zip(scans, phones, strict=True)
            ),
            *(
                lambda person=person, day=day, code=code: day.self_scan(person, code=code)
                for person in people[3:]
            ),
        ]
        found = outcomes(*acts, _end(day, end))
        assert set(found) <= {"200", "201"}
        _is_over(day, found)


@ENDS
def test_while_people_cancel_and_go(committed_world: World, end: str) -> None:
    """Places are given back by one of the two, not by both."""
    for _ in range(ROUNDS):
        day = MarketDay.begin(committed_world, mode="slots", capacity=10)
        people = [committed_world.person() for _ in range(6)]
        booked = [day.booked(person) for person in people]
        acts = [
            *(
                lambda person=person, booking=booking, day=day: day.act(booking, "cancel", person)
                for person, booking in zip(people[:4], booked, strict=False)
            ),
            *(lambda person=person: person.delete("/me") for person in people[4:]),
        ]
        found = outcomes(*acts, _end(day, end))
        assert set(found) <= {"200", "204", "409 illegal_transition"}
        _is_over(day, found)
        slot_taken, day_taken = day.taken()
        assert slot_taken == day_taken == bookings(day, "state <> 'cancelled'")


@ENDS
def test_once(committed_world: World, end: str) -> None:
    """Two organisers end it at once."""
    day = MarketDay.begin(committed_world)
    day.number()
    phones = [another_phone(day.organiser) for _ in range(4)]
    found = outcomes(4, lambda index: phones[index].post(f"/activities/{day.id}/{end}"))
    assert found == {"200": 1, "409 illegal_transition": 3}
    _is_over(day, found)
