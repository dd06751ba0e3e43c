"""Numbers end with their day, whether or not somebody has come to say so.

Every read goes by this, and the job `bookings.end_days` writes it down: a job that is late does no
harm.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_
from sqlalchemy.sql.elements import SQLColumnExpression

from backend.activities.models import Activity
from backend.bookings.models import Booking, BookingState
from backend.core import clock

S = BookingState
# What becomes of a number when its day is over. Who was being served has been served: nobody has
# said when that ended, so the row has no `finished_at`.
AFTER_DAY = {
    S.CONFIRMED: S.NO_SHOW,
    S.ARRIVED: S.EXPIRED,
    S.CALLED: S.EXPIRED,
    S.MISSED: S.EXPIRED,
    S.PARKED: S.EXPIRED,
    S.SERVING: S.SERVED,
}


def after_day(state: BookingState, opened_at: datetime | None) -> BookingState:
    """What a state becomes when its day is over. Nobody has stayed away from a market that was
    never opened.

    Args:
        opened_at: when the activity was opened, if it was.
    """
    if state is S.CONFIRMED and opened_at is None:
        return S.EXPIRED
    return AFTER_DAY.get(state, state)


def valid_until(row: Any) -> datetime:
    """The instant with which the day of a number is over, of a row of `select_bookings`."""
    return clock.day_over_at(row.service_on, row.activity_starts_at, row.activity_ends_at)


def state_of(row: Any, ends_at: datetime) -> BookingState:
    """The state of a row of `select_bookings` at this moment.

    Args:
        ends_at: its `valid_until`.
    """
    state = BookingState(row.state)
    if clock.now() < ends_at:
        return state
    return after_day(state, row.activity_opened_at)


def day_over() -> ColumnElement[bool]:
    """Whether the day of a booking is over, as `valid_until` has it, in a statement that reads
    `Booking` and its `Activity`."""
    today = clock.today()
    return and_(
        Booking.service_on < today,
        or_(
            Activity.ends_at <= clock.day_start(today),
            Activity.ends_at - Activity.starts_at > clock.ONE_SITTING,
        ),
    )


def state_now() -> SQLColumnExpression[BookingState]:
    """As `state_of`, in a statement that reads `Booking` and its `Activity`."""
    over = day_over()
    never_opened = and_(over, Booking.state == S.CONFIRMED, Activity.opened_at.is_(None))
    return case(
        (never_opened, S.EXPIRED),
        *((and_(over, Booking.state == before), after) for before, after in AFTER_DAY.items()),
        else_=Booking.state,
    )
