"""What people answer who were moved: 「改期后还来」, or they cancel."""

from datetime import datetime
from uuid import UUID

from blinker import Signal
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.activities.models import Activity, Slot
from backend.bookings.errors import MovedAgain, NotMoved
from backend.bookings.models import Booking, BookingState
from backend.bookings.requests import Keep
from backend.core import audit, clock
from backend.core.permissions import Actor
from backend.core.states import lock

# (session, booking): the person of a booking that was moved has said whether they still come; who
# keeps no number of the activity does not.
moved_answered = Signal()


def keep(
    session: Session, actor: Actor, booking: Booking, shown: Keep, *, region_code: str
) -> None:
    """Whoever was moved still comes: there is nobody to tell any more. Said again, it stays so.

    Raises MovedAgain (409) where it is not at the time any more that they were shown, also when it
    is moved this moment; NotMoved (409) where there is nothing to answer.
    """
    was = _is_at(session, booking.id)
    lock(session, Booking, booking.id)
    if _is_at(session, booking.id) != was or shown.differs(booking.service_on, was):
        raise MovedAgain
    answered = booking.moved_from is None and booking.kept_at is not None
    if booking.state is not BookingState.CONFIRMED or (booking.moved_from is None and not answered):
        raise NotMoved
    if answered:
        return
    booking.moved_from, booking.kept_at = None, clock.now()
    session.flush()
    audit.record(
        session,
        actor,
        "keep",
        Booking.__tablename__,
        booking.id,
        region_code=region_code,
        from_state=booking.state,
        to_state=booking.state,
    )
    note_answer(session, booking)


def note_answer(session: Session, booking: Booking) -> None:
    """Tell the features above that the person of a booking which was moved has answered."""
    moved_answered.send(session, booking=booking)


def _is_at(session: Session, booking_id: UUID) -> datetime:
    """When a booking is, as it is written down this moment."""
    statement = (
        select(func.coalesce(Slot.starts_at, Activity.starts_at))
        .select_from(Booking)
        .join(Activity, Activity.id == Booking.activity_id)
        .outerjoin(Slot, Slot.id == Booking.slot_id)
        .where(Booking.id == booking_id)
    )
    return session.execute(statement).scalar_one()
