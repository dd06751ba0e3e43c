"""Sign-ups at the same moment: nobody oversells, nobody holds a thing twice, nobody hears a 5xx."""

from collections import Counter
from typing import Any

import pytest
from werkzeug.test import TestResponse

from backend.core.config import BOOKINGS
from tests.concurrency.conftest import together
from tests.concurrency.outcomes import ACTIVE, BOOKED, FULL, bookings, outcome, outcomes
from tests.support.market_day import GUEST, MarketDay, another_phone
from tests.support.world import Person, World, ok


@pytest.fixture
def slots(committed_world: World) -> MarketDay:
    return MarketDay.begin(committed_world, mode="slots", capacity=20)


@pytest.fixture
def day(committed_world: World) -> MarketDay:
    return MarketDay.begin(committed_world)


def test_two_hundred_ask_for_twenty_places(slots: MarketDay) -> None:
    """20 bookings, 180 clean refusals; the numbers are 1 to 20."""
    people = [slots.world.person() for _ in range(200)]
    found = outcomes(200, lambda index: slots.sign_up(people[index]))
    assert found == {BOOKED: 20, FULL: 180}
    assert slots.taken() == (20, 20)
    numbers = slots.rows("SELECT number FROM booking WHERE activity_id = :id", id=slots.id)
    assert sorted(row.number for row in numbers) == list(range(1, 21))


@pytest.mark.parametrize("mode", ["queue", "slots"])
def test_one_resident_asks_several_times_at_once(committed_world: World, mode: str) -> None:
    """One booking; the others hear that they have it already."""
    day = MarketDay.begin(committed_world, mode=mode)
    person = committed_world.person()
    found = outcomes(8, lambda _: day.sign_up(another_phone(person)))
    assert found == {BOOKED: 1, "409 already_booked": 7}
    assert bookings(day) == 1


def test_the_same_key_several_times_at_once(slots: MarketDay) -> None:
    """Each hears the first answer; the work is done once."""
    person, path = slots.world.person(), f"/offerings/{slots.offering_id}/bookings"
    body = {"slot_id": slots.slot_id}
    answers = together(8, lambda _: another_phone(person).post(path, body, key="once"))
    assert {outcome(answer) for answer in answers} == {BOOKED}
    assert len({answer.data for answer in answers}) == 1
    assert slots.taken() == (1, 1)


def test_the_same_key_and_a_refusal(committed_world: World) -> None:
    """Twins who are both refused hear the same."""
    day = MarketDay.begin(committed_world, mode="slots", capacity=1)
    day.booked(committed_world.person())
    person, path = committed_world.person(), f"/offerings/{day.offering_id}/bookings"
    body = {"slot_id": day.slot_id}
    found = outcomes(8, lambda _: another_phone(person).post(path, body, key="once"))
    assert found == {FULL: 8}


def test_a_days_capacity_holds(committed_world: World) -> None:
    """Sign-ups and walk-ins of one service, together."""
    day = MarketDay.begin(committed_world)
    ok(day.organiser.put(f"/offerings/{day.offering_id}", {"capacity": 10}))
    people = [committed_world.person() for _ in range(24)]

    def ask(index: int) -> TestResponse:
        if index % 2:
            return day.sign_up(people[index])
        volunteer = another_phone(day.volunteer)
        return day.ticket(volunteer, resident_id=str(people[index].resident_id))

    assert outcomes(24, ask) == {BOOKED: 10, FULL: 14}
    assert bookings(day) == 10


def test_a_person_holds_so_many_on_a_day(day: MarketDay) -> None:
    """Asking for all services at once."""
    person = day.world.person()
    offerings = [day.offering() for _ in range(BOOKINGS.per_person_and_day + 4)]
    found = outcomes(
        len(offerings), lambda index: day.sign_up(another_phone(person), offerings[index])
    )
    assert found == {BOOKED: BOOKINGS.per_person_and_day, "409 cap_reached": 4}


def test_an_account_holds_so_many_for_its_family(day: MarketDay) -> None:
    """Asking for all of them at once."""
    person = day.world.person()
    members = [
        ok(person.post("/me/family", {"name": f"家人{index}"}), 201)["id"] for index in range(8)
    ]
    second = day.offering()
    wanted = [(member, offering) for member in members for offering in (None, second)]

    def ask(index: int) -> TestResponse:
        member, offering = wanted[index]
        return day.sign_up(another_phone(person), offering, resident_id=member)

    cap = BOOKINGS.per_proxy_and_day
    assert outcomes(len(wanted), ask) == {BOOKED: cap, "409 cap_reached": len(wanted) - cap}
    assert bookings(day) == cap


def test_one_guest_is_given_one_number(day: MarketDay) -> None:
    """Written in by several volunteers at once: one person, one number."""
    found = outcomes(8, lambda _: day.ticket(another_phone(day.volunteer), guest=GUEST))
    assert found == {BOOKED: 1, "409 already_booked": 7}


def test_each_number_is_given_once(day: MarketDay) -> None:
    people = [day.world.person() for _ in range(32)]

    def take(index: int) -> Any:
        volunteer = another_phone(day.volunteer)
        return ok(day.ticket(volunteer, resident_id=str(people[index].resident_id)), 201)["ticket"]

    assert sorted(together(32, take)) == [f"A{number:03}" for number in range(1, 33)]


def test_a_place_is_given_back_once(slots: MarketDay) -> None:
    person = slots.world.person()
    booking = slots.booked(person)
    slots.booked(slots.world.person())
    found = outcomes(8, lambda _: slots.act(booking, "cancel", another_phone(person)))
    assert found == {"200": 1, "409 illegal_transition": 7}
    assert slots.taken() == (1, 1)


def test_places_given_back_are_given_on(committed_world: World) -> None:
    """Ten cancel while twenty others ask for what comes free: never more than there are."""
    day = MarketDay.begin(committed_world, mode="slots", capacity=10)
    holders = [committed_world.person() for _ in range(10)]
    held = [day.booked(person) for person in holders]
    asking = [committed_world.person() for _ in range(20)]

    def act(index: int) -> TestResponse:
        if index < 10:
            return day.act(held[index], "cancel", holders[index])
        return day.sign_up(asking[index - 10])

    found = outcomes(30, act)
    assert found["200"] == 10
    assert found[BOOKED] + found[FULL] == 20
    taken = found[BOOKED]
    assert day.taken() == (taken, taken)
    assert bookings(day, ACTIVE) == taken <= 10


# ---------------------------------------------------------------------------- the organiser cuts


def _cut(day: MarketDay, path: str, capacity: int, people: list[Person]) -> Counter[str]:
    """The organiser cuts a capacity while people sign up."""

    def act(index: int) -> TestResponse:
        if index == len(people):
            return day.organiser.put(path, {"capacity": capacity})
        return day.sign_up(people[index])

    return outcomes(len(people) + 1, act)


@pytest.mark.parametrize("what", ["slot", "service", "service without a limit before"])
def test_a_cut_of_the_capacity_holds(committed_world: World, what: str) -> None:
    """Either it comes in time, and no more than it allows have a place; or it is refused, because
    more have one. Never is it answered with success and then gone past."""
    for _ in range(3):
        before = {"service": 12}.get(what)
        day = MarketDay.begin(committed_world, mode="slots", capacity=12)
        path = f"/slots/{day.slot_id}" if what == "slot" else f"/offerings/{day.offering_id}"
        if before:
            ok(day.organiser.put(path, {"capacity": before}))
        day.booked(committed_world.person())
        people = [committed_world.person() for _ in range(11)]
        found = _cut(day, path, 6, people)
        booked = 1 + found[BOOKED]
        assert set(found) <= {BOOKED, FULL, "200", "409 below_booked"}
        assert day.taken() == (booked, booked)
        assert booked == (6 if found["200"] else 12)


def test_a_service_is_deleted_or_booked(committed_world: World) -> None:
    """Not both: the one who comes second is told."""
    for _ in range(3):
        day = MarketDay.begin(committed_world, mode="slots")
        people = [committed_world.person() for _ in range(6)]

        def act(index: int, day: MarketDay = day, people: list[Person] = people) -> TestResponse:
            if index == 6:
                return day.organiser.delete(f"/offerings/{day.offering_id}")
            return day.sign_up(people[index])

        found = outcomes(7, act)
        assert found in ({BOOKED: 6, "409 in_use": 1}, {"404 not_found": 6, "204": 1}), found
