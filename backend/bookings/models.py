"""Bookings and tickets: one table, one queue."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core import clock
from backend.core.db import Base
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.states import Other, Who, by


class BookingState(StrEnum):
    CONFIRMED = "confirmed"  # signed up, not here yet
    ARRIVED = "arrived"  # here and waiting
    CALLED = "called"
    SERVING = "serving"
    SERVED = "served"
    MISSED = "missed"  # called several times, did not come
    PARKED = "parked"  # stepped aside, keeps the place
    NO_SHOW = "no_show"  # never came
    CANCELLED = "cancelled"
    EXPIRED = "expired"  # here, but the market or its day ended first; or it was never opened


S = BookingState
_DESK = by(Permission.QUEUE_CALL)
_DESK_OR_PERSON = by(Permission.QUEUE_CALL, Other.PERSON)
_CANCEL = by(
    Permission.TICKET_ISSUE, Other.PERSON, Other.SYSTEM, note="activity cancelled, service dropped"
)
_ENDED = by(Other.SYSTEM, note="activity closed, its day over")

# docs/states.md is made from this table.
BOOKING_TRANSITIONS: dict[BookingState, dict[BookingState, Who]] = {
    S.CONFIRMED: {
        S.ARRIVED: by(Other.SYSTEM, note="check-in"),
        S.CANCELLED: _CANCEL,
        S.NO_SHOW: _ENDED,
        S.EXPIRED: by(Other.SYSTEM, note="its day over, the activity never opened"),
    },
    S.ARRIVED: {
        S.CALLED: _DESK,
        S.PARKED: _DESK_OR_PERSON,
        S.CONFIRMED: by(Other.SYSTEM, note="check-in undone; put off to another day"),
        S.CANCELLED: _CANCEL,
        S.EXPIRED: _ENDED,
    },
    S.CALLED: {
        S.SERVING: _DESK,
        S.MISSED: by(Permission.QUEUE_CALL, note="after the configured number of calls"),
        S.PARKED: _DESK_OR_PERSON,
        S.CANCELLED: _CANCEL,
        S.EXPIRED: _ENDED,
    },
    S.SERVING: {S.SERVED: by(Permission.QUEUE_CALL, Other.SYSTEM, note="its day over")},
    S.MISSED: {
        S.ARRIVED: by(Permission.QUEUE_CALL, Other.PERSON, note="once"),
        S.CANCELLED: _CANCEL,
        S.EXPIRED: _ENDED,
    },
    S.PARKED: {
        S.ARRIVED: _DESK_OR_PERSON,
        S.CONFIRMED: by(Other.SYSTEM, note="put off to another day"),
        S.CANCELLED: _CANCEL,
        S.EXPIRED: _ENDED,
    },
    S.SERVED: {S.SERVING: by(Permission.QUEUE_CALL, note="soon after: finish undone")},
    S.NO_SHOW: {S.EXPIRED: by(Other.SYSTEM, note="a check-in made in time was uploaded later")},
    S.CANCELLED: {},
    S.EXPIRED: {},
}
# A person holds at most one of these for a service and day.
ACTIVE_STATES = (S.CONFIRMED, S.ARRIVED, S.CALLED, S.SERVING, S.MISSED, S.PARKED)
_ACTIVE_SQL = text("state IN (" + ", ".join(f"'{state.value}'" for state in ACTIVE_STATES) + ")")


class BookingOrigin(StrEnum):
    SIGN_UP = "sign_up"
    WALK_IN = "walk_in"


class Booking(Base):
    __tablename__ = "booking"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activity.id"))
    offering_id: Mapped[UUID] = mapped_column(ForeignKey("offering.id"))
    slot_id: Mapped[UUID | None] = mapped_column(ForeignKey("slot.id"), index=True)
    resident_id: Mapped[UUID] = mapped_column(ForeignKey("resident.id"))
    booked_by: Mapped[UUID]
    origin: Mapped[BookingOrigin]
    service_on: Mapped[date]
    # When it was to be before its activity or slot was moved: whoever holds it has to be told.
    moved_from: Mapped[datetime | None]
    # When they said that they come all the same; until it is moved again.
    kept_at: Mapped[datetime | None]
    number: Mapped[int]
    ticket: Mapped[str]
    state: Mapped[BookingState]
    urgent: Mapped[bool] = mapped_column(default=False)
    # An appointment kept: its slot's start. None for walk-ins, and for those who came past the
    # grace and so became one.
    due_at: Mapped[datetime | None]
    # Place in the line: the arrival, moved only when a missed number comes back. For who is here
    # when the number is given, that instant as the service's day has it (service_day.numbered_at).
    queued_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    arrived_at: Mapped[datetime | None]
    first_called_at: Mapped[datetime | None]
    called_at: Mapped[datetime | None]
    calls: Mapped[int] = mapped_column(default=0)
    called_stall_id: Mapped[UUID | None] = mapped_column(ForeignKey("stall.id"))
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    rejoined: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        UniqueConstraint("offering_id", "service_on", "number"),
        Index(
            "uq_booking_active",
            "offering_id",
            "service_on",
            "resident_id",
            unique=True,
            postgresql_where=_ACTIVE_SQL,
        ),
        Index(
            "uq_booking_slot_active",
            "slot_id",
            "resident_id",
            unique=True,
            postgresql_where=_ACTIVE_SQL,
        ),
        Index(
            "uq_booking_called_stall",
            "called_stall_id",
            "service_on",
            unique=True,
            postgresql_where=text("state = 'called'"),
        ),
        Index(
            "ix_booking_waiting",
            "offering_id",
            "service_on",
            postgresql_where=text("state = 'arrived'"),
        ),
        Index(
            "ix_booking_finished",
            "offering_id",
            "finished_at",
            postgresql_where=text("state = 'served'"),
        ),
        Index("ix_booking_activity", "activity_id", "state"),
        Index("ix_booking_resident", "resident_id", "id"),
        CheckConstraint("(state = 'called') <= (called_stall_id IS NOT NULL)", name="called_by"),
    )
