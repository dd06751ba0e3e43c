"""What one stall's desk looks at while it calls: in one read, so that a phone can poll it."""

from collections import Counter
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import and_, extract, func, or_, select, text
from sqlalchemy.orm import Session

from backend.activities.models import Desk, Offering, OfferingMode
from backend.bookings.answers.rows import select_bookings
from backend.bookings.answers.shown import AT_DESK, desk_answers
from backend.bookings.line.calling import undoable_since
from backend.bookings.line.order import LINE_ORDER
from backend.bookings.models import Booking, BookingState
from backend.bookings.permissions import access_stall
from backend.core import clock
from backend.core.config import QUEUE
from backend.core.permissions import Actor, Permission

SHOWN_WAITING = 10
_STEPPED_OUT = (BookingState.MISSED, BookingState.PARKED)

_HEAD = text(
    f"""
    SELECT b.id
      FROM desk d
      JOIN booking b ON b.offering_id = d.offering_id
     WHERE d.stall_id = :stall_id AND b.service_on = :service_on AND b.state = 'arrived'
     ORDER BY {LINE_ORDER}
     LIMIT :shown
    """
)


def desk_of(session: Session, actor: Actor, stall_id: UUID) -> dict[str, Any]:
    """A stall with who is called, served and just finished there, the head of its line in the
    order in which it will be called, who has stepped out of it, and the day's counts.

    The line is that of every service the stall serves; who is called, served or has been served
    is this stall's own. Raises NotFound (404), Forbidden (403).
    """
    activity, stall = access_stall(session, actor, stall_id, Permission.QUEUE_CALL)
    on = clock.service_day(clock.now(), activity.starts_at, activity.ends_at)
    head = _head(session, stall_id, on)
    shown = {booking["id"]: booking for booking in _shown(session, actor, stall_id, on, head)}
    by_state = {
        state: [booking for booking in shown.values() if booking["state"] is state]
        for state in (*AT_DESK, BookingState.SERVED, *_STEPPED_OUT)
    }
    return {
        "stall": stall,
        "activity": activity,
        "offerings": _offerings(session, stall_id),
        "may_issue": actor.may(Permission.TICKET_ISSUE, region_code=activity.region_code),
        "calls_before_missed": QUEUE.calls_before_missed,
        "call_counts_after_seconds": QUEUE.call_counts_after_seconds,
        "calling": next(iter(by_state[BookingState.CALLED]), None),
        "serving": by_state[BookingState.SERVING],
        "finished": by_state[BookingState.SERVED],
        "waiting": [shown[booking_id] for booking_id in head],
        "missed": by_state[BookingState.MISSED],
        "parked": by_state[BookingState.PARKED],
        "counts": _counts(session, stall_id, on),
    }


def _head(session: Session, stall_id: UUID, on: date) -> list[UUID]:
    values = {"stall_id": stall_id, "service_on": on, "now": clock.now(), "shown": SHOWN_WAITING}
    return list(session.execute(_HEAD, values).scalars())


def _shown(
    session: Session, actor: Actor, stall_id: UUID, on: date, head: list[UUID]
) -> list[dict[str, Any]]:
    served_here = select(Desk.offering_id).where(Desk.stall_id == stall_id)
    statement = (
        select_bookings()
        .where(
            Booking.service_on == on,
            or_(
                Booking.id.in_(head),
                and_(
                    Booking.called_stall_id == stall_id,
                    or_(Booking.state.in_(AT_DESK), Booking.finished_at > undoable_since()),
                ),
                and_(Booking.offering_id.in_(served_here), Booking.state.in_(_STEPPED_OUT)),
            ),
        )
        .order_by(Booking.called_at, Booking.id)
    )
    return desk_answers(session, actor, session.execute(statement).all())


def _offerings(session: Session, stall_id: UUID) -> list[Any]:
    """The services that have a line."""
    statement = (
        select(Offering.id, Offering.title, Offering.letter, Offering.mode)
        .join(Desk, Desk.offering_id == Offering.id)
        .where(Desk.stall_id == stall_id, Offering.mode != OfferingMode.OPEN)
        .order_by(Offering.letter)
    )
    return list(session.execute(statement).all())


def _counts(session: Session, stall_id: UUID, on: date) -> dict[str, int | None]:
    here = or_(Booking.state != BookingState.SERVED, Booking.called_stall_id == stall_id)
    rows = session.execute(
        select(Booking.state, func.count().label("n"))
        .join(Desk, Desk.offering_id == Booking.offering_id)
        .where(Desk.stall_id == stall_id, Booking.service_on == on, here)
        .group_by(Booking.state)
    )
    counted: Counter[BookingState] = Counter({row.state: row.n for row in rows})
    return {
        "waiting": counted[BookingState.ARRIVED],
        "parked": counted[BookingState.PARKED],
        "missed": counted[BookingState.MISSED],
        "served": counted[BookingState.SERVED],
        "mean_wait_minutes": _mean_wait(session, stall_id, on),
    }


def _mean_wait(session: Session, stall_id: UUID, on: date) -> int | None:
    """Minutes from arrival to the first call, of those who were called here; None before the
    first."""
    wait = extract("epoch", Booking.first_called_at - Booking.arrived_at) / 60.0
    statement = (
        select(func.avg(wait))
        .join(Desk, Desk.offering_id == Booking.offering_id)
        .where(
            Desk.stall_id == stall_id,
            Booking.service_on == on,
            Booking.called_stall_id == stall_id,
        )
    )
    mean = session.execute(statement).scalar_one()
    return None if mean is None else round(mean)
