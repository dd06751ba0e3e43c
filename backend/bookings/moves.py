"""The one door to a booking's state: one moved by hand, and several that something else has moved.

Nobody else writes `booking.state` (tests/architecture/test_doors.py); the fast statements that do
(statements.py) are run from here, and those of a new booking from places.py. Every move is in the
state table, leaves an audit entry in its own transaction, and tells whom it concerns
(news/telling.py); of a cancelled one, whoever cancels knows whom.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.orm import Session

from backend.activities.models import Activity, ActivityState, Offering
from backend.activities.signals import Change
from backend.bookings import places, statements
from backend.bookings.days import AFTER_DAY, after_day, day_over
from backend.bookings.errors import BeingServed
from backend.bookings.line.order import next_near
from backend.bookings.models import (
    ACTIVE_STATES,
    BOOKING_TRANSITIONS,
    Booking,
    BookingOrigin,
    BookingState,
)
from backend.bookings.news import sentences, telling
from backend.core import audit, clock
from backend.core.audit import AuditEntry, audit_values
from backend.core.config import QUEUE
from backend.core.db import AnyRow
from backend.core.permissions import Actor
from backend.core.states import IllegalTransition, check_transition, lock

S = BookingState
# Whoever was here is expected again.
_EXPECTED_AGAIN = {
    "state": S.CONFIRMED,
    "arrived_at": None,
    "queued_at": None,
    "due_at": None,
}
# Here, and not yet called: before the activity is opened nobody is further.
_HERE = frozenset({S.ARRIVED, S.PARKED})
# Beyond any day that a number may have.
_FAR = timedelta(days=36_525)


def move(
    session: Session,
    actor: Actor | None,
    booking: Booking,
    to: BookingState,
    *,
    action: str,
    region_code: str,
    only_from: BookingState | None = None,
    details: dict[str, Any] | None = None,
    **changes: Any,
) -> None:
    """Move a booking to another state, with what changes along, in the caller's transaction.

    The row is locked and read afresh first, so of two simultaneous requests the second meets the
    state that the first has left. It is then written once: PostgreSQL checks every foreign key
    again, and so locks activity and slot, when a transaction updates a row that it has updated
    already. Behind the booking's lock that is the wrong order, and a deadlock with whoever ends
    the activity or cancels.

    Args:
        action: the verb for the audit log.
        only_from: where the table knows several ways to a state, the one that this is.
        changes: columns that change with the state.

    Raises IllegalTransition (409) when the table does not allow the move.
    """
    lock(session, Booking, booking.id)
    before = booking.state
    if only_from is not None and before is not only_from:
        raise IllegalTransition(extra={"from": before.value, "to": to.value})
    check_transition(BOOKING_TRANSITIONS, before, to)
    near = next_near(session, booking) if before is S.ARRIVED else None
    for name, value in changes.items():
        setattr(booking, name, value)
    booking.state = to
    session.flush()
    audit.record(
        session,
        actor,
        action,
        Booking.__tablename__,
        booking.id,
        region_code=region_code,
        from_state=before,
        to_state=to,
        details=details,
    )
    telling.tell_move(session, booking.id, to, near)


def cancel(
    session: Session,
    actor: Actor | None,
    booking: Booking,
    *,
    region_code: str,
    action: str = "cancel",
    **changes: Any,
) -> None:
    """Cancel one booking, whose places the caller has locked (`places.lock`), and free its place.

    Raises IllegalTransition (409) when it is being served or over.
    """
    move(session, actor, booking, S.CANCELLED, action=action, region_code=region_code,
         **changes)  # fmt: skip
    places.free(session, booking)


def is_cancellable(booking: Booking) -> bool:
    """Whether a booking has neither begun nor ended."""
    return S.CANCELLED in BOOKING_TRANSITIONS[booking.state]


def call_head(session: Session, stall: AnyRow, values: statements.Call) -> AnyRow:
    """Call the head of a stall's line, with its audit entry: `statements.call_next`."""
    called: AnyRow = statements.call_next(session, stall, values)
    if called.id is not None:
        telling.tell_called(session, called)
    return called


def mark_arrived(
    session: Session,
    actor: Actor | None,
    activity_id: UUID,
    resident_id: UUID,
    at: datetime,
    service_on: date,
) -> None:
    """Somebody has checked in, at an instant: what they had signed up for that day waits from
    then on.

    An appointment reached within its grace keeps its time; a later one waits as a walk-in. We may
    learn of it late: what waits already then waits from then on, and who was taken for absent
    when the market ended had only not been served.
    """
    arrived = statements.arrive(session, activity_id, resident_id, service_on, at, grace())
    for before, after in ((S.CONFIRMED, S.ARRIVED), (S.NO_SHOW, S.EXPIRED)):
        moved = [booking.id for booking in arrived if booking.was == before]
        _note(session, actor, activity_id, moved, "arrive", before, after)


def grace() -> timedelta:
    """Appointments reached this long after their time, or sooner, are kept."""
    return timedelta(minutes=QUEUE.appointment_grace_minutes)


def unmark_arrived(
    session: Session, actor: Actor, activity_id: UUID, resident_id: UUID, service_on: date
) -> None:
    """The check-in was undone: that day's appointments that still wait are expected again."""
    waiting = select(Booking).where(
        Booking.activity_id == activity_id,
        Booking.resident_id == resident_id,
        Booking.service_on == service_on,
        Booking.state == S.ARRIVED,
        Booking.origin == BookingOrigin.SIGN_UP,
    )
    # Locked by id, as everybody does who locks several.
    locked = session.execute(waiting.order_by(Booking.id).with_for_update()).scalars().all()
    near = [next_near(session, booking) for booking in locked]
    which = Booking.id.in_([booking.id for booking in locked])
    reverted = _write(session, [which], **_EXPECTED_AGAIN)
    _note(session, actor, activity_id, reverted, "undo_arrival", S.ARRIVED, S.CONFIRMED)
    for row in near:
        telling.tell_one(session, sentences.near, row)


# What its end makes of a day's numbers, its close does but for who is being served.
_AT_CLOSE = {before: after for before, after in AFTER_DAY.items() if before is not S.SERVING}


def end_all(
    session: Session,
    actor: Actor | None,
    activity_id: UUID,
    to: ActivityState,
    change: Change | None,
) -> None:
    """The activity, which the caller has locked, is over or cancelled: so is what was booked. Who
    is being served is served to the end. Cancelled bookings free their places. Those of earlier
    days have ended with their day, also where nobody has written that down yet.

    All are locked before the first is moved: a number that was just coming back into the line
    would be overlooked by one statement for each state.

    Args:
        change: what a cancellation is of what was announced.
    """
    cancelled = to is ActivityState.CANCELLED
    of_activity = Booking.activity_id == activity_id
    open_ones = (of_activity, Booking.state.in_(_AT_CLOSE))
    if cancelled:
        held = select(Booking.slot_id, Booking.offering_id).where(*open_ones).distinct()
        places.lock(session, session.execute(held).all())
    active = select(Booking.id).where(of_activity, Booking.state.in_(ACTIVE_STATES))
    session.execute(active.order_by(Booking.id).with_for_update())
    end_past_days(session, activity_id)
    if cancelled:
        places.free_all(session, open_ones)
    all_ended = []
    for before, at_close in _AT_CLOSE.items():
        after = S.CANCELLED if cancelled else at_close
        ended = _write(session, [of_activity, Booking.state == before], state=after)
        _note(session, actor, activity_id, ended, f"activity_{to.value}", before, after)
        all_ended += ended
    if cancelled:
        telling.tell_activity_cancelled(session, all_ended, change)
    else:
        telling.tell_ended(session, all_ended)


def cancel_service(
    session: Session,
    actor: Actor | None,
    activity: Activity,
    offering: Offering,
    change: Change,
) -> None:
    """A service of a locked activity is given no more: what was booked of it is cancelled, and its
    people are told. All are locked before the first is moved, as in `end_all`. Those of earlier
    days have ended with their day.

    Raises BeingServed (409) while somebody is.
    """
    of_service = [Booking.offering_id == offering.id]
    if activity.state is ActivityState.LIVE:
        today = clock.service_day(clock.now(), activity.starts_at, activity.ends_at)
        of_service.append(Booking.service_on >= today)
    open_ones = (*of_service, Booking.state.in_(_AT_CLOSE))
    held = select(Booking.slot_id, Booking.offering_id).where(*open_ones).distinct()
    places.lock(session, session.execute(held).all())
    active = select(Booking.state).where(*of_service, Booking.state.in_(ACTIVE_STATES))
    states = session.execute(active.order_by(Booking.id).with_for_update()).scalars().all()
    if S.SERVING in states:
        raise BeingServed
    places.free_all(session, open_ones)
    cancelled = []
    for before in _AT_CLOSE:
        ended = _write(session, [*of_service, Booking.state == before], state=S.CANCELLED)
        _note(session, actor, activity.id, ended, "service_dropped", before, S.CANCELLED)
        cancelled += ended
    telling.tell_service_dropped(session, cancelled, change)


def with_past_numbers(session: Session) -> list[UUID]:
    """The activities that have numbers of a day that is over and was not ended. One that is only
    announced is left: it may still be put off to another day.

    Reads the partial index of active bookings, however many bookings there have been.
    """
    statement = (
        select(Booking.activity_id)
        .join(Activity, Activity.id == Booking.activity_id)
        .where(
            Booking.state.in_(ACTIVE_STATES),
            day_over(),
            Activity.state != ActivityState.PUBLISHED,
        )
        .distinct()
        .order_by(Booking.activity_id)
    )
    return list(session.execute(statement).scalars())


def end_past_days(session: Session, activity_id: UUID, most: int | None = None) -> int:
    """End the numbers of an activity's days that are over (days.py), in an order of locks as
    everybody has who locks several; answers how many.

    Args:
        most: end the oldest so many; None: all.
    """
    past = session.execute(
        select(Booking.id, Booking.state, Activity.opened_at)
        .join(Activity, Activity.id == Booking.activity_id)
        .where(Booking.activity_id == activity_id, Booking.state.in_(ACTIVE_STATES), day_over())
        .order_by(Booking.id)
        .limit(most)
        .with_for_update(of=Booking)
    ).all()
    moves: dict[tuple[BookingState, BookingState], list[UUID]] = defaultdict(list)
    for row in past:
        moves[row.state, after_day(row.state, row.opened_at)].append(row.id)
    for (before, after), booking_ids in moves.items():
        _write(session, [Booking.id.in_(booking_ids)], state=after)
        _note(session, None, activity_id, booking_ids, "day_over", before, after)
    telling.tell_ended(session, [row.id for row in past])
    return len(past)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A locked booking that goes to another day: its number there, and the ticket that says it."""

    booking: Booking
    day: date
    number: int
    ticket: str


def put_off(session: Session, going: Sequence[Elsewhere]) -> None:
    """Let locked bookings be of other days. Whoever had come on another day is expected again; who
    has to be told is news/moving.py's, with the audit entries."""
    ids = [one.booking.id for one in going]
    # All go far away first: moved by a day they would meet one another's numbers on the way.
    _write(session, [Booking.id.in_(ids)], service_on=Booking.service_on + _FAR)
    session.execute(update(Booking), [_values_of(one) for one in going])
    session.execute(
        select(Booking).where(Booking.id.in_(ids)).execution_options(populate_existing=True)
    ).all()


def _values_of(one: Elsewhere) -> dict[str, Any]:
    kept: dict[str, Any] = {name: getattr(one.booking, name) for name in _EXPECTED_AGAIN}
    if one.booking.state in _HERE:
        check_transition(BOOKING_TRANSITIONS, one.booking.state, S.CONFIRMED)
        kept = _EXPECTED_AGAIN
    return {
        "id": one.booking.id,
        "service_on": one.day,
        "number": one.number,
        "ticket": one.ticket,
    } | kept


def _write(session: Session, which: Sequence[ColumnElement[bool]], **values: Any) -> list[UUID]:
    """Change several bookings, which are locked or are being locked by it, in one statement;
    answers their ids."""
    statement = (
        update(Booking)
        .where(*which)
        .values(**values)
        .returning(Booking.id)
        .execution_options(synchronize_session=False)
    )
    return list(session.execute(statement).scalars())


def _note(
    session: Session,
    actor: Actor | None,
    activity_id: UUID,
    booking_ids: list[UUID],
    action: str,
    before: BookingState,
    after: BookingState,
) -> None:
    """Audit one move of several bookings, which was made in one statement."""
    check_transition(BOOKING_TRANSITIONS, before, after)
    if not booking_ids:
        return
    region_code = session.execute(
        select(Activity.region_code).where(Activity.id == activity_id)
    ).scalar_one()
    session.execute(
        insert(AuditEntry),
        [
            audit_values(
                actor,
                action,
                "booking",
                booking_id,
                region_code=region_code,
                from_state=before,
                to_state=after,
            )
            for booking_id in booking_ids
        ],
    )
