"""Bookings with the names that their answers show, from wherever the booking's row comes."""

from typing import Any
from uuid import UUID

from sqlalchemy import FromClause, bindparam, column, func, select, table
from sqlalchemy.orm import Session

from backend.activities.models import Activity, Offering, Slot, Stall, Venue
from backend.bookings.models import Booking
from backend.core.db import AnySelect
from backend.core.db.statement import Statement
from backend.identity.models import Resident
from backend.identity.people.special_needs import shown_to_staff


def select_bookings(booking: FromClause = Booking.__table__) -> AnySelect:
    """Bookings with what their answer names; the stall is the one that has called, else the one
    that offers the service.

    Args:
        booking: where their rows come from, with the table's columns.
    """
    b = booking.c
    return (
        _select_at_stall(booking)
        .add_columns(
            Activity.title.label("activity_title"),
            Activity.state.label("activity_state"),
            Activity.starts_at.label("activity_starts_at"),
            Activity.ends_at.label("activity_ends_at"),
            Activity.opened_at.label("activity_opened_at"),
            Activity.closed_at.label("activity_closed_at"),
            Activity.cancel_reason.label("activity_cancel_reason"),
            Venue.name.label("venue_name"),
            Venue.address.label("venue_address"),
            Stall.number.label("stall_number"),
            Stall.name.label("stall_name"),
        )
        .join(Activity, Activity.id == b.activity_id)
        .join(Venue, Venue.id == Activity.venue_id)
        .join(Stall, Stall.id == func.coalesce(b.called_stall_id, Offering.stall_id))
    )


def _select_at_stall(booking: FromClause) -> AnySelect:
    """The part of `select_bookings` that is not the same for all whom a stall calls: whose they
    are, and of which service."""
    b = booking.c
    return (
        select(
            *b,
            Resident.name.label("resident_name"),
            Resident.user_id,
            Resident.guardian_user_id,
            shown_to_staff(),
            Offering.title.label("offering_title"),
            Offering.minutes_per_person,
            Slot.starts_at.label("slot_starts_at"),
            Slot.ends_at.label("slot_ends_at"),
        )
        .join_from(booking, Resident, Resident.id == b.resident_id)
        .join(Offering, Offering.id == b.offering_id)
        .outerjoin(Slot, Slot.id == b.slot_id)
    )


def written_bookings(cte: str, *, at_stall: bool = False) -> str:
    """SQL of `select_bookings` for the rows that another part of a statement has just written:
    they are not in the table yet.

    Args:
        cte: the part's name; it returns the table's columns.
        at_stall: without market and stall, for who has read those already.
    """
    columns = [column(one.name, one.type) for one in Booking.__table__.columns]
    select_from = _select_at_stall if at_stall else select_bookings
    return Statement.of(select_from(table(cte, *columns))).sql


_ONE = Statement.of(select_bookings().where(Booking.__table__.c.id == bindparam("booking_id")))


def read_booking(session: Session, booking_id: UUID) -> Any:
    """One row of `select_bookings`."""
    return _ONE.first(session, booking_id=booking_id)
