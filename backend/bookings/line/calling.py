"""Use cases at a stall's desk: call, call again, start, finish, pass over, set aside, rejoin."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.activities.models import ActivityState, Desk
from backend.activities.permissions import ANNOUNCED
from backend.bookings import statements
from backend.bookings.answers.rows import read_booking
from backend.bookings.errors import (
    AlreadyRejoined,
    CallAgainFirst,
    MarketNotOpen,
    NumberOver,
    PersonLeft,
    StallBusy,
    UndoOver,
)
from backend.bookings.line.order import LINE_ORDER
from backend.bookings.models import Booking, BookingState
from backend.bookings.moves import call_head, move
from backend.bookings.news import sentences, telling
from backend.bookings.permissions import may_call
from backend.bookings.requests import CallNext
from backend.core import audit, clock, limits
from backend.core.config import MESSAGES, QUEUE
from backend.core.db import AnyRow
from backend.core.errors import Forbidden, NotFound
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.core.request_context import current_address, current_request_id
from backend.core.states import IllegalTransition, lock


def call_next(session: Session, actor: Actor, stall_id: UUID, press: CallNext) -> AnyRow | None:
    """Call the head of the stall's line; answers the booking as `select_bookings` has it, None when
    nobody waits.

    Raises NotFound (404), Forbidden (403), MarketNotOpen (409), NumberOver (409) for one of an
    earlier day, StallBusy (409) while the stall has a called number of today that has neither come
    nor been passed over, PersonLeft (409) where the caller has to say first whether to call
    somebody who has signed out.
    """
    stall = statements.lock_stall(session, stall_id)
    if stall is None:
        raise NotFound
    if not may_call(actor, region_code=stall.region_code, organisation_id=stall.organisation_id):
        raise Forbidden if stall.activity_state in ANNOUNCED else NotFound
    now, (starts_at, ends_at) = clock.now(), (stall.activity_starts_at, stall.activity_ends_at)
    if stall.activity_state != ActivityState.LIVE or clock.days_over(now, starts_at, ends_at):
        raise MarketNotOpen
    if press.booking_id is not None:
        _call_this(session, actor, stall, press.booking_id, press)
        called: AnyRow = read_booking(session, press.booking_id)
        return called
    result = call_head(
        session,
        stall,
        {
            "stall_id": stall_id,
            "service_on": clock.day_within(now, starts_at, ends_at),
            "now": now,
            "although_left": press.although_left,
            "audit_id": new_id(),
            "actor_user_id": actor.user_id,
            "request_id": current_request_id(),
            "address": current_address(),
            "region_code": stall.region_code,
            "details": orjson.dumps({"stall_id": str(stall_id)}).decode(),
            "near": MESSAGES.near,
        },
    )
    if result.busy is not None:
        raise StallBusy(f"{result.busy} 还没有处理", extra={"ticket": result.busy})
    if result.head_id is None:
        return None
    if result.id is None:
        left = read_booking(session, result.head_id)
        raise PersonLeft(left.id, left.ticket, left.resident_name)
    return result


def _call_this(
    session: Session,
    actor: Actor,
    stall: AnyRow,
    booking_id: UUID,
    press: CallNext,
) -> None:
    """Call one that is not the head. The unique index refuses a second called number."""
    booking = session.get(Booking, booking_id)
    if booking is None or session.get(Desk, (booking.offering_id, stall.stall_id)) is None:
        raise NotFound
    lock(session, Booking, booking.id)
    now = clock.now()
    ends_at = stall.activity_ends_at
    if now >= clock.day_over_at(booking.service_on, stall.activity_starts_at, ends_at):
        raise NumberOver
    left = (
        None if press.although_left == booking.id else statements.who_has_left(session, booking.id)
    )
    if left is not None:
        raise PersonLeft(left.id, left.ticket, left.name)
    move(
        session,
        actor,
        booking,
        BookingState.CALLED,
        action="call",
        region_code=stall.region_code,
        details={"out_of_order": True, "reason": press.reason, "stall_id": str(stall.stall_id)},
        called_stall_id=stall.stall_id,
        called_at=now,
        first_called_at=booking.first_called_at or now,
        calls=1,
    )


def recall(session: Session, actor: Actor, booking: Booking, region_code: str) -> None:
    """Call a called number again. Soon after the last call this is still that one: it counts, and
    is heard, only when people have had time to come.

    Raises IllegalTransition (409) when it is not called any more.
    """
    locked = lock(session, Booking, booking.id)
    if locked.state is not BookingState.CALLED:
        raise IllegalTransition(extra={"from": locked.state.value, "to": "called"})
    now = clock.now()
    assert locked.called_at is not None
    if now < locked.called_at + limits.pause(QUEUE.call_counts_after_seconds):
        return
    locked.calls += 1
    locked.called_at = now
    session.flush()
    audit.record(
        session,
        actor,
        "recall",
        Booking.__tablename__,
        booking.id,
        region_code=region_code,
        from_state=BookingState.CALLED,
        to_state=BookingState.CALLED,
        details={"calls": locked.calls},
    )
    telling.tell_one(session, sentences.called, read_booking(session, booking.id))


def start(session: Session, actor: Actor, booking: Booking, region_code: str) -> None:
    """The person has come to the desk."""
    move(session, actor, booking, BookingState.SERVING, action="start", region_code=region_code,
         only_from=BookingState.CALLED, started_at=clock.now())  # fmt: skip


def finish(session: Session, actor: Actor, booking: Booking, region_code: str) -> None:
    """The service has been given; it can be rated."""
    move(session, actor, booking, BookingState.SERVED, action="finish", region_code=region_code,
         finished_at=clock.now())  # fmt: skip


def undo_finish(session: Session, actor: Actor, booking: Booking, region_code: str) -> None:
    """Somebody was finished who is still being served: they are served on.

    Raises UndoOver (409) when that was too long ago.
    """
    locked = lock(session, Booking, booking.id)
    if locked.state is BookingState.SERVED and not _just_finished(locked):
        raise UndoOver
    move(session, actor, booking, BookingState.SERVING, action="undo_finish",
         region_code=region_code, only_from=BookingState.SERVED, finished_at=None)  # fmt: skip


def _just_finished(booking: Booking) -> bool:
    return booking.finished_at is not None and booking.finished_at > undoable_since()


def undoable_since() -> datetime:
    """Who was finished after this instant can be served on."""
    return clock.now() - timedelta(seconds=QUEUE.undo_finish_seconds)


def miss(session: Session, actor: Actor, booking: Booking, region_code: str) -> None:
    """Pass over a number that did not come after the configured number of calls.

    Calls soon after one another have counted once. Raises CallAgainFirst (409) before that.
    """
    locked = lock(session, Booking, booking.id)
    if locked.state is BookingState.CALLED and locked.calls < QUEUE.calls_before_missed:
        left = QUEUE.calls_before_missed - locked.calls
        raise CallAgainFirst(f"还需再叫 {left} 次", extra={"calls": locked.calls})
    move(session, actor, booking, BookingState.MISSED, action="miss", region_code=region_code)


def park(session: Session, actor: Actor, booking: Booking, region_code: str) -> None:
    """Set a number aside; it keeps its place."""
    move(session, actor, booking, BookingState.PARKED, action="park", region_code=region_code)


def rejoin(session: Session, actor: Actor, booking: Booking, region_code: str) -> None:
    """Back into the line: a parked number to its old place, a missed one once, some behind the
    head.

    Raises AlreadyRejoined (409) for a number that was missed a second time, IllegalTransition
    (409) for any that has not left the line: only checking in puts a sign-up into it.
    """
    locked = lock(session, Booking, booking.id)
    if locked.state not in (BookingState.MISSED, BookingState.PARKED):
        raise IllegalTransition(extra={"from": locked.state.value, "to": "arrived"})
    changes: dict[str, Any] = {}
    if locked.state is BookingState.MISSED:
        if locked.rejoined:
            raise AlreadyRejoined
        place = _place_behind_head(session, locked)
        changes = {"due_at": None, "queued_at": place, "rejoined": True}
    move(session, actor, booking, BookingState.ARRIVED, action="rejoin", region_code=region_code,
         **changes)  # fmt: skip


# `part` of the line: urgent ones and appointments whose time has come, walk-ins, early ones.
_LINE = text(
    f"""
    SELECT b.queued_at,
           CASE WHEN b.urgent THEN 0 WHEN b.due_at IS NULL THEN 2
                WHEN b.due_at <= :now THEN 1 ELSE 3 END AS part
      FROM booking b
     WHERE b.offering_id = :offering_id AND b.service_on = :service_on AND b.state = 'arrived'
     ORDER BY {LINE_ORDER}
     LIMIT :behind
    """
)
_URGENT, _WALK_IN = 0, 2


def _place_behind_head(session: Session, booking: Booking) -> datetime:
    """The arrival that puts a number behind the line's first N, within its part of the line.

    Behind N others where that many wait; at the end of its part where that is over before; and by
    its first arrival where N or more wait of whom each comes before its part anyway.
    """
    now = clock.now()
    line = session.execute(
        _LINE,
        {
            "offering_id": booking.offering_id,
            "service_on": booking.service_on,
            "now": now,
            "behind": QUEUE.rejoin_behind,
        },
    ).all()
    part = _URGENT if booking.urgent else _WALK_IN
    if len(line) < QUEUE.rejoin_behind or line[-1].part > part:
        return now
    place: datetime = line[-1].queued_at + timedelta(microseconds=1)
    if line[-1].part < part:
        assert booking.queued_at is not None
        place = booking.queued_at
    return place
