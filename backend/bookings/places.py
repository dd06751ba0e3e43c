"""The one door to places: of a slot (`slot.taken`) and of a service's day (`service_day`).

Nobody else writes either (tests/architecture/test_doors.py). They are locked before the bookings
that hold them: slot → service day → booking, each in the order of its key.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from backend.activities.models import Offering, ServiceDay, Slot
from backend.bookings import statements
from backend.bookings.errors import DayFull
from backend.bookings.models import Booking
from backend.core.db import AnyRow


def take(session: Session, values: statements.Place) -> AnyRow:
    """Take a place and the day's next number, and write the booking that has them, all or nothing:
    `statements.book`."""
    booked: AnyRow = statements.book(session, values)
    return booked


def lock(session: Session, bookings: Sequence[Any]) -> None:
    """Lock what holds the places of these bookings, before the bookings themselves."""
    slot_ids = {booking.slot_id for booking in bookings if booking.slot_id}
    session.execute(
        select(Slot.id).where(Slot.id.in_(slot_ids)).order_by(Slot.id).with_for_update()
    )
    lock_days(session, {booking.offering_id for booking in bookings})


def lock_days(session: Session, offering_ids: set[Any] | Select[Any]) -> None:
    """Lock the days of these services."""
    session.execute(
        select(ServiceDay.on_day)
        .where(ServiceDay.offering_id.in_(offering_ids))
        .order_by(ServiceDay.offering_id, ServiceDay.on_day)
        .with_for_update()
    )


def free(session: Session, booking: Booking) -> None:
    """Free the place of a booking that has been cancelled."""
    if booking.slot_id is not None:
        session.execute(update(Slot).where(Slot.id == booking.slot_id).values(taken=Slot.taken - 1))
    session.execute(
        update(ServiceDay)
        .where(
            ServiceDay.offering_id == booking.offering_id,
            ServiceDay.on_day == booking.service_on,
        )
        .values(taken=ServiceDay.taken - 1)
    )


def free_all(session: Session, which: Sequence[ColumnElement[bool]]) -> None:
    """Free the places of bookings that are about to be cancelled."""
    by_slot = (
        select(Booking.slot_id, func.count().label("n"))
        .where(*which)
        .group_by(Booking.slot_id)
        .subquery()
    )
    session.execute(
        update(Slot).where(Slot.id == by_slot.c.slot_id).values(taken=Slot.taken - by_slot.c.n)
    )
    by_day = (
        select(Booking.offering_id, Booking.service_on, func.count().label("n"))
        .where(*which)
        .group_by(Booking.offering_id, Booking.service_on)
        .subquery()
    )
    session.execute(
        update(ServiceDay)
        .where(
            ServiceDay.offering_id == by_day.c.offering_id,
            ServiceDay.on_day == by_day.c.service_on,
        )
        .values(taken=ServiceDay.taken - by_day.c.n)
    )


def settle_day(
    session: Session, offering: Offering, day: date, more: int, last_number: int
) -> None:
    """A service's day has so many more places taken, and has given numbers up to this one: those
    of bookings that have come from, or gone to, another day.

    Raises DayFull (409) where it has not so many.
    """
    statement = upsert(ServiceDay).values(
        offering_id=offering.id, on_day=day, last_number=last_number, taken=max(more, 0)
    )
    now_taken = session.execute(
        statement.on_conflict_do_update(
            index_elements=["offering_id", "on_day"],
            set_={
                "taken": ServiceDay.taken + more,
                "last_number": func.greatest(
                    ServiceDay.last_number, statement.excluded.last_number
                ),
            },
        ).returning(ServiceDay.taken)
    ).scalar_one()
    if more > 0 and offering.capacity is not None and now_taken > offering.capacity:
        raise DayFull
