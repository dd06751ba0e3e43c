"""Each move of a booking, legal and illegal, as its table says; nothing else moves it."""

from itertools import product
from typing import Any

import pytest

from backend.bookings.models import BOOKING_TRANSITIONS, BookingState
from backend.core.config import QUEUE
from backend.core.states import Other
from tests.support.market_day import MarketDay
from tests.support.world import Person, World, ok, refused

S = BookingState
MISS = ["recall"] * (QUEUE.calls_before_missed - 1) + ["miss"]
# How a walk-in number gets into a state, after it was given.
WAYS: dict[BookingState, list[str]] = {
    S.ARRIVED: [],
    S.CALLED: ["call"],
    S.SERVING: ["call", "start"],
    S.SERVED: ["call", "start", "finish"],
    S.MISSED: ["call", *MISS],
    S.PARKED: ["park"],
    S.CANCELLED: ["cancel"],
}
# What each act asks for. `recall` leads to no other state: it wants `called`.
ACTS: dict[str, BookingState] = {
    "call": S.CALLED,
    "start": S.SERVING,
    "finish": S.SERVED,
    "undo-finish": S.SERVING,
    "miss": S.MISSED,
    "park": S.PARKED,
    "rejoin": S.ARRIVED,
    "cancel": S.CANCELLED,
}


def _act(day: MarketDay, booking: dict[str, Any], act: str) -> Any:
    if act == "call":
        return day.press(booking_id=booking["id"], reason="测试")
    return day.act(booking, act)


def _acted(day: MarketDay, booking: dict[str, Any], act: str) -> None:
    if act == "call":
        ok(_act(day, booking, act))
    else:
        day.acted(booking, act)


def _in_state(day: MarketDay, state: BookingState) -> tuple[dict[str, Any], Person]:
    """A booking in a state, reached by legal acts alone, and its person."""
    person = day.world.person()
    if state in (S.CONFIRMED, S.NO_SHOW, S.EXPIRED):
        if state is S.EXPIRED:
            day.come(person)
        booking = day.booked(person)
        if state is not S.CONFIRMED:
            day.close()
    else:
        booking = day.number(resident_id=str(person.resident_id))
        for act in WAYS[state]:
            _acted(day, booking, act)
    assert day.booking(booking)["state"] == state
    return booking, person


LEGAL = {
    (before, act)
    for before, act in product(S, ACTS)
    if ACTS[act] in BOOKING_TRANSITIONS[before]
    # From confirmed only a check-in leads to arrived: nobody comes "back" from home. Who was called
    # is begun with, not taken up again; who was served the other way round.
    and (before, act)
    not in ((S.CONFIRMED, "rejoin"), (S.CALLED, "undo-finish"), (S.SERVED, "start"))
}
OVER = (S.NO_SHOW, S.EXPIRED)  # of a closed market, where nobody can be called anyway


@pytest.mark.parametrize(("before", "act"), sorted(LEGAL))
def test_a_legal_move_is_made_and_audited(day: MarketDay, before: BookingState, act: str) -> None:
    booking, _ = _in_state(day, before)
    if act == "miss":
        day.acted(booking, *MISS[:-1])
    ok(_act(day, booking, act))
    assert day.booking(booking)["state"] == ACTS[act]
    assert day.moves(booking)[-1] == (act.replace("-", "_"), before, ACTS[act])


@pytest.mark.parametrize(
    ("before", "act"),
    sorted(set(product(S, ACTS)) - LEGAL - {(state, "call") for state in OVER}),
)
def test_an_illegal_move_is_refused_and_leaves_no_trace(
    day: MarketDay, before: BookingState, act: str
) -> None:
    booking, _ = _in_state(day, before)
    audited = day.moves(booking)
    row = day.rows("SELECT * FROM booking")
    problem = refused(_act(day, booking, act), 409, "illegal_transition")
    assert (problem["from"], problem["to"]) == (before, ACTS[act])
    assert day.rows("SELECT * FROM booking") == row
    assert day.moves(booking) == audited


@pytest.mark.parametrize("before", [state for state in S if state is not S.CALLED])
def test_only_a_called_number_is_called_again(day: MarketDay, before: BookingState) -> None:
    booking, _ = _in_state(day, before)
    refused(day.act(booking, "recall"), 409, "illegal_transition")


@pytest.mark.parametrize("before", [state for state in S if state not in OVER])
@pytest.mark.parametrize("end", ["close", "cancel"])
def test_the_end_of_the_market_ends_what_is_open(
    day: MarketDay, world: World, before: BookingState, end: str
) -> None:
    """Through the table: a sign-up is a no-show, what waited expires; cancelled with a cancelled
    market; who is being served is served; what is over stays as it is."""
    booking, _ = _in_state(day, before)
    at_close = {S.CONFIRMED: S.NO_SHOW}.get(before, S.EXPIRED)
    wanted = at_close if end == "close" else S.CANCELLED
    moves = wanted in BOOKING_TRANSITIONS[before]
    getattr(day, end)()
    assert day.booking(booking)["state"] == (wanted if moves else before)
    if moves:
        action = "activity_closed" if end == "close" else "activity_cancelled"
        assert day.moves(booking)[-1] == (action, before, wanted)
        (entry,) = day.rows(
            "SELECT region_code, actor_user_id FROM audit_entry WHERE action = :action",
            action=action,
        )
        assert entry.region_code
        assert entry.actor_user_id == day.organiser.user_id


def test_every_state_can_be_reached_and_every_move_is_somebodys() -> None:
    """The table has no state without a way in, and no move that none of these tests makes."""
    reached = {to for moves in BOOKING_TRANSITIONS.values() for to in moves}
    assert reached | {S.CONFIRMED} == set(S)
    system = {S.ARRIVED, S.CONFIRMED, S.NO_SHOW, S.EXPIRED}
    for before, moves in BOOKING_TRANSITIONS.items():
        for to, who in moves.items():
            made = any((before, act) in LEGAL and ACTS[act] is to for act in ACTS)
            assert made or (to in system and Other.SYSTEM in who.others), (before, to)


@pytest.mark.parametrize("to", sorted(set(ACTS.values())))
def test_a_move_by_hand_is_of_one_permission_and_the_persons_always_or_never(
    to: BookingState,
) -> None:
    """So that who may is known before the booking's row is locked, whatever its state then is."""
    ways = [moves[to] for moves in BOOKING_TRANSITIONS.values() if to in moves]
    by_hand = [who for who in ways if who.permission]
    assert len({(who.permission, Other.PERSON in who.others) for who in by_hand}) == 1
