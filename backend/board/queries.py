"""A market's day on the board: who has come, each service's line, what is at the desks."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from backend.activities.models import (
    Activity,
    ActivityState,
    Attendance,
    Desk,
    Offering,
    OfferingMode,
    Slot,
    Stall,
)
from backend.activities.queries import bookable
from backend.activities.words import ask_to_close, stall_order
from backend.board.alerts import left_open, stopped_finders, warned_of, whole_minutes
from backend.board.summary import places_by_offering, presence_of, states_by_offering
from backend.bookings.models import Booking, BookingState
from backend.bookings.queries import unfinished_of
from backend.checkin.models import Refusal, Scan, ScanDirection, Verdict
from backend.core import clock

ARRIVALS_EVERY = timedelta(minutes=30)
_AT_DESK = (BookingState.CALLED, BookingState.SERVING)


def board_of(session: Session, activity: Activity) -> dict[str, Any]:
    """A market's day so far: who has come, each service's line, appointments, what to see to.

    In a fixed number of statements: an open board asks for it every few seconds. Bookings are
    those of the day; visits and people those of the whole activity, which for a market is the same.
    """
    now = clock.now()
    on = clock.day_within(now, activity.starts_at, activity.ends_at)
    over_at = clock.day_over_at(on, activity.starts_at, activity.ends_at)
    slots = _slots(session, activity.id, over_at, now)
    called = _called_by_offering(now_at_desks(session, activity, now))
    states = states_by_offering(session, activity.id, on)
    services = [
        _service(row, states[key], slots[row.id], called[row.id], now)
        for key, row in places_by_offering(session, activity.id, on).items()
        if row.dropped_at is None or set(states[key]) - {BookingState.CANCELLED}
    ]
    stalls = _stalls_with_lines(session, activity.id, on)
    warnings = stopped_finders(session, activity.id, now)
    warnings += left_open(session, activity, on)
    warnings += warned_of(activity, services, slots, stalls, now)
    return {
        "state": activity.state,
        **presence_of(session, activity)._mapping,
        **{
            name: sum(service[name] for service in services)
            for name in ("booked", "waiting", "calling", "serving", "served", "parked", "missed")
        },
        "services": services,
        "closing": ask_to_close(unfinished_of(session, activity.id)),
        # After the end nobody can mend what was amiss.
        "warnings": warnings if activity.state is ActivityState.LIVE else [],
        "arrivals": _arrivals(session, activity, on, over_at, now),
        "scans": _scans(session, activity.id, clock.day_start(on), over_at),
    }


def _service(
    place: Any, states: Any, slots: Sequence[Any], called: Sequence[str], now: datetime
) -> dict[str, Any]:
    """One line of the board."""
    return {
        "id": place.id,
        "title": place.title,
        "mode": OfferingMode(place.mode),
        "stall_number": place.number,
        "stall_name": place.name,
        "booked": states[BookingState.CONFIRMED],
        "waiting": states[BookingState.ARRIVED],
        "calling": states[BookingState.CALLED],
        "called_tickets": called,
        "serving": states[BookingState.SERVING],
        "served": states[BookingState.SERVED],
        "parked": states[BookingState.PARKED],
        "missed": states[BookingState.MISSED],
        "mean_wait_minutes": None if place.wait is None else round(place.wait),
        "longest_wait_minutes": whole_minutes(place.waiting_since, now),
        "waiting_since": place.waiting_since,
        "free": sum(_free(slot) for slot in slots) if slots else None,
    }


def _free(slot: Any) -> int:
    free: int = bookable(slot.capacity, float(slot.walk_in_share)) - slot.taken
    return max(0, free)


def _slots(
    session: Session, activity_id: UUID, over_at: datetime, now: datetime
) -> dict[UUID, list[Any]]:
    """The appointment times that are not over of the day that ends at `over_at`, by service, with
    how many have booked each and how many of them have come."""
    rows = session.execute(
        select(
            Slot.offering_id,
            Slot.starts_at,
            Slot.capacity,
            Slot.taken,
            Offering.walk_in_share,
            func.count(Booking.id).filter(Booking.state != BookingState.CANCELLED).label("booked"),
            func.count(Booking.arrived_at)
            .filter(Booking.state != BookingState.CANCELLED)
            .label("came"),
        )
        .join(Offering, Offering.id == Slot.offering_id)
        .outerjoin(Booking, Booking.slot_id == Slot.id)
        .where(
            Offering.activity_id == activity_id,
            Offering.dropped_at.is_(None),
            Slot.ends_at > now,
            Slot.starts_at < over_at,
        )
        .group_by(Slot.id, Offering.id)
        .order_by(Slot.starts_at)
    )
    by_offering: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        by_offering[row.offering_id].append(row)
    return by_offering


def now_at_desks(session: Session, activity: Activity, now: datetime) -> Sequence[Any]:
    """The numbers that are called or served now, the one called last first."""
    on = clock.service_day(now, activity.starts_at, activity.ends_at)
    return session.execute(
        select(
            Booking.ticket,
            Booking.state,
            Booking.offering_id,
            Booking.called_stall_id,
            Booking.called_at,
            Booking.calls,
        )
        .where(
            Booking.activity_id == activity.id,
            Booking.service_on == on,
            Booking.state.in_(_AT_DESK),
        )
        .order_by(Booking.called_at.desc(), Booking.id)
    ).all()


def _called_by_offering(at_desks: Iterable[Any]) -> dict[UUID, list[str]]:
    called: dict[UUID, list[str]] = defaultdict(list)
    for row in at_desks:
        if row.state is BookingState.CALLED:
            called[row.offering_id].append(row.ticket)
    return called


def _stalls_with_lines(session: Session, activity_id: UUID, on: date) -> Sequence[Any]:
    """The stalls that call, each with the services whose lines it serves and whether it has
    called anybody on the day."""
    called = select(Booking.id).where(
        Booking.activity_id == activity_id,
        Booking.service_on == on,
        Booking.called_stall_id == Stall.id,
    )
    rows = session.execute(
        select(
            Stall.number,
            Stall.name,
            func.array_agg(Desk.offering_id).label("offering_ids"),
            called.exists().label("started"),
        )
        .join(Desk, Desk.stall_id == Stall.id)
        .join(Offering, Offering.id == Desk.offering_id)
        .where(Stall.activity_id == activity_id, Offering.mode != OfferingMode.OPEN)
        .group_by(Stall.id)
    )
    return sorted(rows, key=lambda row: stall_order(row.number))


def _arrivals(
    session: Session, activity: Activity, on: date, over_at: datetime, now: datetime
) -> list[tuple[datetime, int]]:
    """How many came in each half-hour of the day, those in which nobody came included: from the
    market's start, or the first arrival, until now or its end."""
    midnight = clock.day_start(on)
    begin = func.date_bin(ARRIVALS_EVERY, Attendance.attended_at, midnight).label("begin")
    rows = session.execute(
        select(begin, func.count().label("n"))
        .where(
            Attendance.activity_id == activity.id,
            Attendance.on_day >= on,
            Attendance.attended_at < over_at,
            Attendance.reverted_at.is_(None),
        )
        .group_by(begin)
    )
    came = {row.begin: row.n for row in rows}
    first = _half_hour(midnight, min([max(midnight, activity.starts_at), *came]))
    until = min(now, activity.ends_at, over_at) - timedelta(microseconds=1)
    last = max([until, *came])
    found = []
    while first <= last:
        found.append((first, came.get(first, 0)))
        first += ARRIVALS_EVERY
    return found


def _half_hour(midnight: datetime, instant: datetime) -> datetime:
    """The half-hour in which an instant lies."""
    return midnight + (instant - midnight) // ARRIVALS_EVERY * ARRIVALS_EVERY


def _scans(session: Session, activity_id: UUID, since: datetime, until: datetime) -> dict[str, Any]:
    """A day's scans that made no visit: entries `repeated`, and `refused` by reason, the most
    first."""
    rows = session.execute(
        select(Scan.derived_verdict, Scan.reason, func.count().label("n"))
        .where(
            Scan.activity_id == activity_id,
            Scan.received_at >= since,
            Scan.received_at < until,
            or_(
                Scan.derived_verdict == Verdict.REFUSED,
                and_(
                    Scan.derived_verdict == Verdict.ALREADY_CHECKED_IN,
                    Scan.direction == ScanDirection.ENTRY,
                ),
            ),
        )
        .group_by(Scan.derived_verdict, Scan.reason)
        .order_by(func.count().desc(), Scan.reason)
    ).all()
    refused: list[tuple[Refusal, int]] = [
        (row.reason, row.n) for row in rows if row.derived_verdict is Verdict.REFUSED
    ]
    repeated = sum(row.n for row in rows if row.derived_verdict is Verdict.ALREADY_CHECKED_IN)
    return {"repeated": repeated, "refused": refused}
