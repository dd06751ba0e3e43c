"""Midnight comes while people press: each number ends once, and none holds up the next day."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from werkzeug.test import TestResponse

from backend.bookings.tasks import end_days
from tests.concurrency.conftest import together
from tests.concurrency.outcomes import ACTIVE, bookings, outcome
from tests.support.market_day import MarketDay, another_phone, at, shanghai
from tests.support.world import World, ok

ROUNDS = 2
MORNING, LAST_SECOND, MIDNIGHT = (
    shanghai(instant) for instant in ("2026-05-01 09:00", "2026-05-01 23:59:59", "2026-05-02 00:00")
)
DAY_ONE, DAY_TWO = "service_on = '2026-05-01'", "service_on = '2026-05-02'"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with at(MORNING) as frozen:
        yield frozen


def _evening(world: World, clock: time_machine.Traveller) -> tuple[MarketDay, list[str]]:
    """A market of three days in the last second of its first, with its stalls: at each somebody
    is called and somebody served, two more wait."""
    clock.move_to(MORNING)
    day = MarketDay.begin(world, activity={"hours": 56})
    stalls = [day.market.stall_id, day.stall(), day.stall()]
    ok(day.organiser.put(f"/offerings/{day.offering_id}", {"also_at_stall_ids": stalls[1:]}))
    for _ in range(8):
        day.number()
    for stall in stalls:
        day.acted(day.called(stall), "start")
        day.called(stall)
    clock.move_to(LAST_SECOND)
    return day, stalls


def _job(day: MarketDay) -> Callable[[], None]:
    def run() -> None:
        with day.app.app_context():
            end_days()

    return run


def _ended_once(day: MarketDay) -> None:
    assert bookings(day, f"{DAY_ONE} AND {ACTIVE}") == 0
    written = day.rows(
        "SELECT e.to_state, count(*), count(DISTINCT b.id) FROM audit_entry e"
        " JOIN booking b ON b.id = e.object_id"
        " WHERE b.activity_id = :id AND e.action = 'day_over' GROUP BY 1 ORDER BY 1",
        id=day.id,
    )
    assert [tuple(row) for row in written] == [("expired", 5, 5), ("served", 3, 3)]


def test_stalls_call_while_two_workers_end_the_day(
    committed_world: World, clock: time_machine.Traveller
) -> None:
    for _ in range(ROUNDS):
        day, stalls = _evening(committed_world, clock)
        clock.move_to(MIDNIGHT)
        for _number in range(4):
            day.number()
        phones = [another_phone(day.volunteer) for _ in range(2 * len(stalls))]
        presses = [
            lambda stall=stall, phone=phone, day=day: day.press(stall, phone)
            for stall, phone in zip(stalls * 2, phones, strict=True)
        ]
        answers = together(*presses, _job(day), _job(day))[: len(presses)]
        found = sorted(outcome(answer) for answer in answers)
        assert found == ["200"] * 3 + ["409 stall_busy"] * 3
        assert bookings(day, f"{DAY_TWO} AND state = 'called'") == 3
        _ended_once(day)


@pytest.mark.parametrize("end", ["close", "cancel"])
def test_a_market_ends_while_its_day_does(
    committed_world: World, clock: time_machine.Traveller, end: str
) -> None:
    """Who comes first makes no difference to what was yesterday."""
    for _ in range(ROUNDS):
        day, _stalls = _evening(committed_world, clock)
        clock.move_to(MIDNIGHT)
        day.number()

        def stop(day: MarketDay = day) -> TestResponse:
            return day.organiser.post(f"/activities/{day.id}/{end}")

        answers = together(stop, _job(day), _job(day))
        assert outcome(answers[0]) == "200"
        _ended_once(day)
        assert bookings(day, ACTIVE) == 0


def test_presses_that_come_in_over_midnight(
    committed_world: World, clock: time_machine.Traveller
) -> None:
    """Each is heard before the job, or told that it was too late; nothing comes back to life."""
    act_of = {"called": "start", "serving": "finish", "arrived": "park"}
    for _ in range(ROUNDS):
        day, stalls = _evening(committed_world, clock)
        numbers = day.rows("SELECT id, state FROM booking WHERE activity_id = :id", id=day.id)

        def act(index: int, day: MarketDay = day, numbers: list[Any] = numbers) -> TestResponse:
            number, phone = numbers[index], another_phone(day.volunteer)
            return day.act({"id": str(number.id)}, act_of[number.state], phone)

        def midnight(day: MarketDay = day) -> None:
            clock.move_to(MIDNIGHT)
            _job(day)()

        acts = [lambda index=index, act=act: act(index) for index in range(len(numbers))]
        presses = [lambda stall=stall, day=day: day.press(stall, another_phone(day.volunteer))
                   for stall in stalls]  # fmt: skip
        heard = {outcome(answer) for answer in together(midnight, *acts, *presses)[1:]}
        assert heard <= {
            "200", "204", "409 stall_busy", "409 number_over", "409 illegal_transition",
        }  # fmt: skip
        assert bookings(day, ACTIVE) == 0
        ended = day.rows(
            "SELECT max(n) FROM (SELECT count(*) AS n FROM audit_entry e"
            " JOIN booking b ON b.id = e.object_id"
            " WHERE b.activity_id = :id AND e.action = 'day_over' GROUP BY b.id) each",
            id=day.id,
        )
        assert ended[0][0] == 1
