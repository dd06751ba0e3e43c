"""At the desk: call again, start, finish, pass over, set aside, bring back."""

from datetime import UTC, datetime
from typing import Any

import pytest

from backend.core.config import QUEUE
from backend.core.permissions import Role
from tests.support.market_day import MarketDay, at, minutes, shanghai
from tests.support.world import OTHER_SUBDISTRICT, World, ok, refused

START = shanghai("2026-05-01 09:00")
CALLS = QUEUE.calls_before_missed


def _missed(day: MarketDay) -> Any:
    """A number that was called often enough and passed over."""
    number = day.number()
    assert day.called()["id"] == number["id"]
    return day.acted(number, *["recall"] * (CALLS - 1), "miss")


def test_wait_way_and_service_are_kept_apart(world: World) -> None:
    """Arrival, first call, last call, start and end, each an instant of its own."""
    with at(START) as clock:
        day = MarketDay.begin(world)
        number = day.number()
        clock.shift(60)
        day.called()
        clock.shift(60)
        day.acted(number, "recall")
        clock.shift(60)
        started = day.acted(number, "start")
        assert started["state"] == "serving"
        clock.shift(60)
        served = day.acted(number, "finish")
    times = [served[name] for name in ("arrived_at", "called_at", "started_at", "finished_at")]
    assert [datetime.fromisoformat(time) for time in times] == [
        START, START + minutes(2), START + minutes(3), START + minutes(4)
    ]  # fmt: skip
    assert served["state"] == "served"
    assert day.rows("SELECT first_called_at FROM booking")[0][0] == START + minutes(1)
    assert day.moves(number) == [
        ("take_number", None, "arrived"),
        ("call", "arrived", "called"),
        ("recall", "called", "called"),
        ("start", "called", "serving"),
        ("finish", "serving", "served"),
    ]


def test_a_number_is_missed_after_three_calls(day: MarketDay) -> None:
    number = day.number()
    day.called()
    for calls in range(1, CALLS):
        problem = refused(day.act(number, "miss"), 409, "call_again_first")
        assert problem["calls"] == calls
        assert str(CALLS - calls) in problem["detail"]
        assert day.acted(number, "recall")["calls"] == calls + 1
    assert ok(day.act(number, "miss"))["state"] == "missed"
    assert day.moves(number)[-1] == ("miss", "called", "missed")
    assert day.press().status_code == 204


def test_calls_soon_after_one_another_are_one(world: World) -> None:
    """Nobody can come within three seconds: the number can't be passed over after them."""
    with at(START) as clock:
        day = MarketDay.begin(world)
        number = day.number()
        day.called()
        for _ in range(CALLS):
            clock.shift(1)
            assert ok(day.act(number, "recall"))["calls"] == 1
        refused(day.act(number, "miss"), 409, "call_again_first")
        assert day.booking(number)["called_at"] == START.astimezone(UTC).isoformat()
        # Not counted from the last press, or a patient one would never count.
        clock.shift(QUEUE.call_counts_after_seconds - CALLS)
        assert ok(day.act(number, "recall"))["calls"] == 2
    assert [move[0] for move in day.moves(number)].count("recall") == 1


def test_it_may_be_called_more_often(day: MarketDay) -> None:
    number = day.number()
    day.called()
    day.acted(number, *["recall"] * CALLS, "miss")


def test_the_audit_counts_the_calls(day: MarketDay) -> None:
    number = day.number()
    day.called()
    day.acted(number, "recall")
    (entry,) = day.rows("SELECT details, region_code FROM audit_entry WHERE action = 'recall'")
    assert (entry.details, bool(entry.region_code)) == ({"calls": 2}, True)


def test_a_missed_number_comes_back_once(day: MarketDay) -> None:
    number = _missed(day)
    back = day.acted(number, "rejoin")
    assert (back["state"], back["rejoined"]) == ("arrived", True)
    assert day.moves(number)[-1] == ("rejoin", "missed", "arrived")
    assert day.called()["calls"] == 1
    day.acted(number, *["recall"] * (CALLS - 1), "miss")
    refused(day.act(number, "rejoin"), 409, "already_rejoined")
    assert day.booking(number)["state"] == "missed"


def test_the_resident_comes_back_or_steps_aside_themselves(day: MarketDay, world: World) -> None:
    person = world.person()
    day.come(person)
    number = ok(day.ticket(person), 201)
    for action, state in (("park", "parked"), ("rejoin", "arrived"), ("cancel", "cancelled")):
        assert ok(day.act(number, action, person))["state"] == state
    other = ok(day.ticket(person), 201)
    day.called()
    day.acted(other, *["recall"] * (CALLS - 1), "miss")
    assert ok(day.act(other, "rejoin", person))["state"] == "arrived"


def test_a_parked_number_may_come_back_any_time(day: MarketDay) -> None:
    number = day.number()
    for _ in range(3):
        day.acted(number, "park")
        back = day.acted(number, "rejoin")
        assert (back["state"], back["rejoined"]) == ("arrived", False)


def test_a_called_number_may_be_set_aside(day: MarketDay) -> None:
    """And frees the stall."""
    first, second = day.number(), day.number()
    day.called()
    day.acted(first, "park")
    assert day.called()["id"] == second["id"]


@pytest.mark.parametrize("action", ["recall", "start", "finish", "undo-finish", "miss"])
def test_the_desks_acts_are_not_the_residents(day: MarketDay, world: World, action: str) -> None:
    """403 for oneself; for others 404: whose number that is, is not their business."""
    person = world.person()
    number = day.number(resident_id=str(person.resident_id))
    day.called()
    refused(day.act(number, action, person), 403, "forbidden")
    refused(day.act(number, action, world.person()), 403, "forbidden")
    refused(day.act(number, action, world.volunteer(OTHER_SUBDISTRICT)), 404, "not_found")
    foreign = world.staff(Role.PARTNER, organisation_id=world.organisation())
    refused(day.act(number, action, foreign), 404, "not_found")
    assert day.booking(number)["state"] == "called"


@pytest.mark.parametrize("action", ["park", "rejoin", "cancel"])
def test_the_residents_acts_are_not_other_residents(
    day: MarketDay, world: World, action: str
) -> None:
    number = day.number()
    for somebody in (world.person(), world.volunteer(OTHER_SUBDISTRICT)):
        refused(day.act(number, action, somebody), 404, "not_found")
    assert day.booking(number)["state"] == "arrived"


def test_a_partner_does_not_cancel(day: MarketDay, world: World) -> None:
    """It calls and serves at its stall; whose number is void is not its to say."""
    mine = world.organisation()
    line = day.offering(day.stall(organisation_id=mine))
    number = day.number(line)
    partner = world.staff(Role.PARTNER, organisation_id=mine)
    refused(day.act(number, "cancel", partner), 403, "forbidden")
    ok(day.act(number, "park", partner))


def test_one_who_is_being_served_is_served_to_the_end(day: MarketDay) -> None:
    """Also after the market has been closed."""
    number = day.number()
    day.called()
    day.acted(number, "start")
    for action in ("cancel", "park", "miss", "recall", "start", "rejoin"):
        refused(day.act(number, action), 409, "illegal_transition")
    day.close()
    assert day.acted(number, "finish")["state"] == "served"


def _served(day: MarketDay) -> Any:
    number = day.number()
    day.called()
    return day.acted(number, "start", "finish")


def test_a_finish_can_be_undone(day: MarketDay) -> None:
    """The wrong person was finished: they are being served on, and no other figure moves."""
    number = _served(day)
    back = day.acted(number, "undo-finish")
    assert (back["state"], back["finished_at"]) == ("serving", None)
    assert back["started_at"] == number["started_at"]
    assert day.moves(number)[-1] == ("undo_finish", "served", "serving")
    refused(day.act(number, "undo-finish"), 409, "illegal_transition")
    assert day.acted(number, "finish")["state"] == "served"


def test_a_finish_can_be_undone_for_a_minute(day: MarketDay) -> None:
    number = _served(day)
    day.let_pass(number, "finished_at", QUEUE.undo_finish_seconds)
    refused(day.act(number, "undo-finish"), 409, "undo_over")
    assert day.booking(number)["state"] == "served"


def test_a_finish_is_undone_also_after_the_market_was_closed(day: MarketDay) -> None:
    number = _served(day)
    day.close()
    day.acted(number, "undo-finish", "finish")


def test_who_has_taken_another_number_is_not_served_on(world: World) -> None:
    """One active number for each person and service."""
    day = MarketDay.begin(world, daily_cap_per_person=2)
    number = _served(day)
    day.number(resident_id=number["resident"]["id"])
    refused(day.act(number, "undo-finish"), 409, "already_booked")


def test_finishing_again_finishes_nobody_else(day: MarketDay) -> None:
    """The second press says whom it means, and that one is served already."""
    number, other = _served(day), day.number()
    day.called()
    day.acted(other, "start")
    refused(day.act(number, "finish"), 409, "illegal_transition")
    assert day.booking(other)["state"] == "serving"
