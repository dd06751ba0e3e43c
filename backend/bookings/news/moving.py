"""Whoever has signed up goes along when an activity or a slot is moved: their number stands on the
day on which they are expected, or they would check in and never wait in line.

Each that is moved is audited and keeps when it was to be (`Booking.moved_from`), so that its
person, and who runs the activity, see who has to be told.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, insert, select
from sqlalchemy.orm import Session

from backend.activities.lifecycle.times import Times
from backend.activities.models import Activity, ActivityState, Offering, Slot
from backend.activities.signals import Change
from backend.bookings import places
from backend.bookings.errors import AlreadyHere, DayHeld
from backend.bookings.models import ACTIVE_STATES, Booking, BookingState
from backend.bookings.moves import Elsewhere, put_off
from backend.bookings.news import change_sentences, telling
from backend.core import clock
from backend.core.audit import AuditEntry, audit_values
from backend.core.permissions import Actor

S = BookingState


@dataclass(frozen=True, slots=True)
class _Row:
    """A booking, and when its slot begins now."""

    booking: Booking
    slot_starts_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Move:
    """A booking that has gone along: its state before, and when it was to be and is to be."""

    booking: Booking
    state: BookingState
    was_at: datetime
    is_at: datetime


def follow_activity(
    session: Session,
    actor: Actor | None,
    activity: Activity,
    before: Times,
    shift: timedelta,
    change: Change,
) -> None:
    """The locked activity has other times: its numbers go to the day of their slot; those without
    one by as many days as the activity, and in any case to a day of it.

    What has ended goes along too while the activity has not begun, so that all numbers of a
    service stay apart; of one that is on, what has ended is past.

    Raises DayHeld, DayFull (409) where several days become one.
    """
    first, last = activity.starts_at, activity.ends_at
    days = clock.local_day(first) - clock.local_day(before.starts_at) if shift else timedelta(0)
    which = [Booking.activity_id == activity.id]
    if activity.state is ActivityState.LIVE:
        which.append(Booking.state.in_(ACTIVE_STATES))
    rows = _locked(session, which)

    def day_of(row: _Row) -> date:
        at = row.slot_starts_at or clock.day_start(row.booking.service_on + days)
        return clock.day_within(at, first, last)

    def was_at(row: _Row) -> datetime:
        return row.slot_starts_at - shift if row.slot_starts_at else before.starts_at

    def is_at(row: _Row) -> datetime:
        return row.slot_starts_at or first

    states = {row.booking.id: row.booking.state for row in rows}
    _settle(session, rows, {row.booking.id: day_of(row) for row in rows})
    moves = []
    for row in rows:
        if row.booking.due_at is not None:
            row.booking.due_at += shift
        moves.append(_Move(row.booking, states[row.booking.id], was_at(row), is_at(row)))
    _tell(session, actor, activity, moves, change)
    if activity.starts_at == before.starts_at:
        telling.tell_end_moved(session, activity, before.ends_at, change)


def follow_slot(
    session: Session,
    actor: Actor | None,
    activity: Activity,
    slot: Slot,
    before: datetime,
    change: Change | None,
) -> None:
    """A locked slot begins at another instant: who has booked it is expected then.

    Raises AlreadyHere, DayHeld, DayFull (409) where it is another day's.
    """
    rows = _locked(session, [Booking.slot_id == slot.id, Booking.state.in_(ACTIVE_STATES)])
    day = clock.day_within(slot.starts_at, activity.starts_at, activity.ends_at)
    elsewhere = [row for row in rows if row.booking.service_on != day]
    if any(row.booking.state is not S.CONFIRMED for row in elsewhere):
        raise AlreadyHere
    _settle(session, rows, {row.booking.id: day for row in rows})
    for row in rows:
        if row.booking.due_at is not None:
            row.booking.due_at = slot.starts_at
    moves = [_Move(row.booking, row.booking.state, before, slot.starts_at) for row in rows]
    _tell(session, actor, activity, moves, change)


def _locked(session: Session, which: Sequence[ColumnElement[bool]]) -> list[_Row]:
    """Bookings with their slot's start, locked after the days that hold their places, by id."""
    places.lock_days(session, select(Booking.offering_id).where(*which))
    statement = (
        select(Booking, Slot.starts_at)
        .outerjoin(Slot, Slot.id == Booking.slot_id)
        .where(*which)
        .order_by(Booking.id)
        .with_for_update(of=Booking)
        .execution_options(populate_existing=True)
    )
    return [_Row(booking, starts_at) for booking, starts_at in session.execute(statement)]


def _settle(session: Session, rows: Iterable[_Row], days: Mapping[UUID, date]) -> None:
    """Give bookings the days that they now belong to, with their places. Whoever had come on
    another day is expected again. A number that is taken there is given anew."""
    moving: dict[UUID, list[Booking]] = defaultdict(list)
    for row in rows:
        if row.booking.service_on != days[row.booking.id]:
            moving[row.booking.offering_id].append(row.booking)
    for offering_id, bookings in moving.items():
        _settle_service(session, offering_id, bookings, days)
    session.flush()


def _settle_service(
    session: Session, offering_id: UUID, moving: Sequence[Booking], days: Mapping[UUID, date]
) -> None:
    ids = [booking.id for booking in moving]
    offering = session.get_one(Offering, offering_id)
    taken: dict[date, set[int]] = defaultdict(set)
    holders: set[tuple[date, UUID]] = set()
    staying = select(Booking.service_on, Booking.number, Booking.state, Booking.resident_id).where(
        Booking.offering_id == offering_id,
        Booking.service_on.in_(set(days.values())),
        Booking.id.not_in(ids),
    )
    for row in session.execute(staying):
        taken[row.service_on].add(row.number)
        if row.state in ACTIVE_STATES:
            holders.add((row.service_on, row.resident_id))
    more: dict[date, int] = defaultdict(int)
    going = []
    for booking in sorted(moving, key=lambda one: (one.service_on, one.number)):
        day = days[booking.id]
        number = booking.number
        if number in taken[day]:
            number = max(taken[day]) + 1
        taken[day].add(number)
        active = booking.state in ACTIVE_STATES
        if active and (day, booking.resident_id) in holders:
            raise DayHeld
        if active:
            holders.add((day, booking.resident_id))
        if booking.state is not S.CANCELLED:
            more[booking.service_on] -= 1
            more[day] += 1
        going.append(Elsewhere(booking, day, number, f"{offering.letter}{number:03}"))
    put_off(session, going)
    for day, n in sorted(more.items()):
        places.settle_day(session, offering, day, n, max(taken[day], default=0))


def _tell(
    session: Session,
    actor: Actor | None,
    activity: Activity,
    moves: Iterable[_Move],
    change: Change | None,
) -> None:
    """Note for whom another time holds than the one they know, audit each, and tell them."""
    entries = []
    told = {}
    for move in moves:
        booking = move.booking
        if move.was_at == move.is_at or booking.state is not S.CONFIRMED:
            continue
        known = booking.moved_from or move.was_at
        booking.moved_from = None if known == move.is_at else known
        booking.kept_at = None
        told[booking.id] = change_sentences.Move(known, move.was_at, move.is_at)
        states: dict[str, str] = {}
        if move.state is not S.CONFIRMED:
            states = {"from_state": move.state, "to_state": S.CONFIRMED}
        entries.append(
            audit_values(
                actor,
                "put_off",
                Booking.__tablename__,
                booking.id,
                region_code=activity.region_code,
                details={"from": move.was_at.isoformat(), "to": move.is_at.isoformat()},
                **states,
            )
        )
    session.flush()
    if entries:
        session.execute(insert(AuditEntry), entries)
    telling.tell_times_changed(session, told, change)
