"""What use cases and lists of bookings take, as the schemas of web/ make it. None: not given."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from backend.bookings.models import BookingState
from backend.bookings.words import MyOrder
from backend.core.pagination import Asked
from backend.identity.people.guests import NewGuest


@dataclass(frozen=True, slots=True)
class SignUp:
    """A place in advance.

    Attributes:
        slot_id: where the service is by slots.
        resident_id: a family member; None for oneself.
    """

    slot_id: UUID | None = None
    resident_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class TakeNumber:
    """A walk-in number, for one of `resident_id` and `guest`, or for oneself.

    Attributes:
        urgent: needs a volunteer and a `reason`, which is kept in the audit log.
    """

    resident_id: UUID | None = None
    guest: NewGuest | None = None
    urgent: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Keep:
    """「改期后还来」, as the phone showed the booking when it was pressed."""

    service_on: date | None = None
    slot_starts_at: datetime | None = None

    def differs(self, service_on: date, starts_at: datetime) -> bool:
        """Whether the booking is at another time than was shown."""
        return (self.service_on or service_on, self.slot_starts_at or starts_at) != (
            service_on,
            starts_at,
        )


@dataclass(frozen=True, slots=True)
class CallNext:
    """A press on 叫号.

    Attributes:
        press_id: of this press, so that one sent twice calls once.
        booking_id, reason: call this one out of order, and why; both are kept in the audit log.
        although_left: the booking that is to be called even if its person has left.
    """

    press_id: UUID
    booking_id: UUID | None = None
    reason: str | None = None
    although_left: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MyBookings(Asked):
    """Which of one's own and one's family's bookings are asked for."""

    state: BookingState | None = None
    order: MyOrder = MyOrder.MADE


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityBookings(Asked):
    """Which of an activity's bookings are asked for."""

    state: BookingState | None = None
    offering_id: UUID | None = None
