"""Desks that press at the same moment: no number twice, none lost."""

from itertools import chain
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from backend.core.config import QUEUE
from tests.concurrency.conftest import together
from tests.concurrency.outcomes import outcome, outcomes
from tests.support.market_day import MarketDay, another_phone
from tests.support.world import World, ok

ROUNDS = 4


@pytest.fixture
def day(committed_world: World) -> MarketDay:
    return MarketDay.begin(committed_world)


def _calls(day: MarketDay) -> int:
    """How often somebody of this market was called, by the audit log."""
    count = (
        "SELECT count(*) FROM audit_entry e JOIN booking b ON b.id = e.object_id"
        " WHERE e.action = 'call' AND b.activity_id = :id"
    )
    return int(day.rows(count, id=day.id)[0][0])


def test_eight_stalls_drain_one_line(day: MarketDay) -> None:
    """Each calls, starts and finishes until nobody waits: every number once."""
    stalls = [day.market.stall_id, *(day.stall() for _ in range(7))]
    ok(day.organiser.put(f"/offerings/{day.offering_id}", {"also_at_stall_ids": stalls[1:]}))
    tickets = [day.number()["ticket"] for _ in range(48)]

    def drain(index: int) -> list[str]:
        volunteer, served = another_phone(day.volunteer), []
        while (response := day.press(stalls[index], volunteer)).status_code == 200:
            booking = ok(response)
            served.append(booking["ticket"])
            for act in ("start", "finish"):
                ok(day.act(booking, act, volunteer))
        assert response.status_code == 204, response.get_data(as_text=True)
        return served

    served = together(8, drain)
    assert sorted(chain(*served)) == sorted(tickets)
    states = day.rows("SELECT DISTINCT state FROM booking WHERE activity_id = :id", id=day.id)
    assert [row.state for row in states] == ["served"]
    assert _calls(day) == 48


def test_one_press_that_arrives_eight_times(day: MarketDay) -> None:
    """A phone on a bad network sends it again and again: one number."""
    numbers = [day.number() for _ in range(8)]
    press = str(uuid4())
    answers = together(8, lambda _: day.press(by=another_phone(day.volunteer), press_id=press))
    assert {(answer.status_code, answer.data) for answer in answers} == {(200, answers[0].data)}
    assert answers[0].json["id"] == numbers[0]["id"]
    assert _calls(day) == 1


def test_eight_presses_at_one_stall(day: MarketDay) -> None:
    """Eight people at one desk press at once: one number, the others hear that it is called."""
    for _ in range(8):
        day.number()
    found = outcomes(8, lambda _: day.press(by=another_phone(day.volunteer)))
    assert found == {"200": 1, "409 stall_busy": 7}
    assert _calls(day) == 1


def test_one_number_is_called_out_of_order_by_one_stall(day: MarketDay) -> None:
    stalls = [day.market.stall_id, *(day.stall() for _ in range(5))]
    ok(day.organiser.put(f"/offerings/{day.offering_id}", {"also_at_stall_ids": stalls[1:]}))
    wanted = day.number()

    def call(index: int) -> TestResponse:
        by = another_phone(day.volunteer)
        return day.press(stalls[index], by, booking_id=wanted["id"], reason="急用")

    assert outcomes(6, call) == {"200": 1, "409 illegal_transition": 5}


def test_out_of_order_and_the_head_at_one_stall(day: MarketDay) -> None:
    """Two ways to press at one desk: still one called number."""
    for _ in range(ROUNDS):
        numbers = [day.number() for _ in range(2)]
        by = another_phone(day.volunteer)
        found = outcomes(
            day.press,
            lambda by=by, n=numbers: day.press(by=by, booking_id=n[1]["id"], reason="急用"),
        )
        assert found == {"200": 1, "409 stall_busy": 1}
        (called,) = day.rows(
            "SELECT id FROM booking WHERE state = 'called' AND activity_id = :id", id=day.id
        )
        day.acted({"id": str(called.id)}, "start", "finish")
        day.serve_all()


def test_a_cancellation_and_a_call(committed_world: World) -> None:
    """Called and then cancelled, or cancelled and then nobody: never both answered and lost."""
    for _ in range(ROUNDS):
        day = MarketDay.begin(committed_world, mode="slots")
        person = committed_world.person()
        booking = day.booked(person)
        day.come(person)
        cancelled, called = together(
            lambda day=day, person=person, booking=booking: day.act(booking, "cancel", person),
            lambda day=day: day.press(),
        )
        assert outcome(cancelled) == "200"
        assert outcome(called) in ("200", "204")
        assert day.booking(booking)["state"] == "cancelled"
        assert day.taken() == (0, 0)


def test_a_cancellation_and_a_start(committed_world: World) -> None:
    """One of the two is refused; the place goes with the booking."""
    for _ in range(ROUNDS):
        day = MarketDay.begin(committed_world, mode="slots")
        person = committed_world.person()
        booking = day.booked(person)
        day.come(person)
        day.called()
        found = outcomes(
            lambda day=day, person=person, booking=booking: day.act(booking, "cancel", person),
            lambda day=day, booking=booking: day.act(booking, "start"),
        )
        assert found == {"200": 1, "409 illegal_transition": 1}
        state = day.booking(booking)["state"]
        assert (state, day.taken()) in (("cancelled", (0, 0)), ("serving", (1, 1)))


def test_a_number_comes_back_once(day: MarketDay) -> None:
    """Pressed by the resident and the desk at once; a second time it would be refused."""
    number = day.number()
    day.called()
    day.acted(number, "recall", "recall", "miss")
    found = outcomes(6, lambda _: day.act(number, "rejoin", another_phone(day.volunteer)))
    assert found["200"] == 1
    assert set(found) == {"200", "409 illegal_transition"}
    assert day.booking(number)["rejoined"]


def test_calls_at_once_are_one_call(day: MarketDay) -> None:
    number = day.number()
    day.called()
    day.let_pass(number, "called_at", QUEUE.call_counts_after_seconds)
    found = outcomes(6, lambda _: day.act(number, "recall", another_phone(day.volunteer)))
    assert found == {"200": 6}
    assert day.booking(number)["calls"] == 2


def test_a_finish_is_undone_once(day: MarketDay) -> None:
    number = day.number()
    day.called()
    day.acted(number, "start", "finish")
    found = outcomes(6, lambda _: day.act(number, "undo-finish", another_phone(day.volunteer)))
    assert found == {"200": 1, "409 illegal_transition": 5}
    assert day.booking(number)["state"] == "serving"
