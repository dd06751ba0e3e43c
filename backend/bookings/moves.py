"""The one function that moves a booking through its state table."""

from typing import Any

from sqlalchemy.orm import Session

from backend.bookings.models import BOOKING_TRANSITIONS, Booking, BookingState
from backend.core import audit
from backend.core.permissions import Actor
from backend.core.states import IllegalTransition, check_transition, lock


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
