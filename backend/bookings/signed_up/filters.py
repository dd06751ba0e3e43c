"""What the signed-up list is filtered by, beside service and time; and what it says of who was
moved, and of who cancelled."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_, select

from backend.activities.models import Activity, ActivityState
from backend.bookings.days import state_now
from backend.bookings.models import ACTIVE_STATES, Booking, BookingState
from backend.core.audit import AuditEntry
from backend.identity.models import Resident
from backend.identity.people.special_needs import shown_to_staff


class Answered(StrEnum):
    """What somebody who was moved has said to it."""

    COMING = "coming"
    OPEN = "open"
    NOT_COMING = "not_coming"


class Whom(StrEnum):
    """Whom somebody wants to see alone."""

    NEEDS = "needs"
    FAMILY = "family"


class CancelledBy(StrEnum):
    """Who, or what, has cancelled a booking."""

    PERSON = "person"
    FAMILY = "family"
    STAFF = "staff"
    ACTIVITY = "activity"
    SERVICE = "service"


_BY_HAND = (CancelledBy.PERSON, CancelledBy.FAMILY, CancelledBy.STAFF)


def cancelled_by() -> ColumnElement[str | None]:
    """Who cancelled a booking, as the audit entry of that move has it; None where it stands, or
    where two numbers of one person became one. In a statement that reads `Resident`."""
    who = AuditEntry.actor_user_id
    # A whole that was cancelled and a number that was merged have verbs of their own.
    by = case(
        (AuditEntry.action == "activity_cancelled", CancelledBy.ACTIVITY.value),
        (AuditEntry.action == "service_dropped", CancelledBy.SERVICE.value),
        (AuditEntry.action != "cancel", None),
        (who == Resident.user_id, CancelledBy.PERSON.value),
        (who == Resident.guardian_user_id, CancelledBy.FAMILY.value),
        (who.is_not(None), CancelledBy.STAFF.value),
    )
    move = select(by).where(
        AuditEntry.object_type == Booking.__tablename__,
        AuditEntry.object_id == Booking.id,
        AuditEntry.to_state == BookingState.CANCELLED.value,
    )
    one = move.limit(1).correlate(Booking, Resident).scalar_subquery()
    return case((Booking.state == BookingState.CANCELLED, one))


def answered() -> ColumnElement[str | None]:
    """What somebody has said to the new time; None where it is still the old one, or nobody waits
    for an answer any more."""
    moved = or_(Booking.moved_from.is_not(None), Booking.kept_at.is_not(None))
    gave_up = and_(moved, cancelled_by().in_([by.value for by in _BY_HAND]))
    return case(
        (Booking.state == BookingState.CANCELLED, case((gave_up, Answered.NOT_COMING.value))),
        (Booking.kept_at.is_not(None), Answered.COMING.value),
        (
            and_(Booking.moved_from.is_not(None), state_now() == BookingState.CONFIRMED),
            Answered.OPEN.value,
        ),
    )


def needs() -> ColumnElement[bytes | None]:
    """What somebody needs, as it is kept: while what they signed up for is to come."""
    to_come = and_(
        Activity.state.in_((ActivityState.PUBLISHED, ActivityState.LIVE)),
        state_now().in_(ACTIVE_STATES),
    )
    return case((to_come, shown_to_staff()))


def _whom(whom: Whom) -> ColumnElement[bool]:
    if whom is Whom.NEEDS:
        return needs().is_not(None)
    return Resident.guardian_user_id.is_not(None)


# The filters by name, with what each may be, and whom that finds.
CHOICES: dict[str, type[StrEnum]] = {"state": BookingState, "answer": Answered, "whom": Whom}
_FINDS: dict[str, Callable[[Any], ColumnElement[bool]]] = {
    "state": lambda state: state_now() == state,
    "answer": lambda answer: answered() == answer.value,
    "whom": _whom,
}


def condition(name: str, value: StrEnum) -> ColumnElement[bool]:
    """Whom one choice of a filter finds."""
    return _FINDS[name](value)
