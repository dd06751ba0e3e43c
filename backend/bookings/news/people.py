"""What becomes of people's bookings when they are erased, or turn out to be somebody we know."""

from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from backend.activities.models import Activity
from backend.bookings import moves, places
from backend.bookings.days import day_over
from backend.bookings.models import ACTIVE_STATES, Booking
from backend.bookings.news import telling
from backend.core import audit
from backend.core.permissions import Actor


def cancel_all_of(session: Session, actor: Actor | None, resident_ids: list[UUID]) -> None:
    """Cancel what these people hold and has not begun: they are being erased."""
    mine = Booking.resident_id.in_(resident_ids), ~day_over()
    for booking, region_code in _locked(session, *mine):
        if moves.is_cancellable(booking):
            moves.cancel(session, actor, booking, region_code=region_code)


def _locked(session: Session, *whose: ColumnElement[bool]) -> list[tuple[Booking, str]]:
    """These bookings with their region, locked with their places and read afresh, by id."""
    statement = (
        select(Booking, Activity.region_code)
        .join(Activity, Activity.id == Booking.activity_id)
        .where(*whose)
        .order_by(Booking.id)
    )
    found = [(row.Booking, row.region_code) for row in session.execute(statement)]
    places.lock(session, [booking for booking, _ in found])
    for booking, _ in found:
        session.refresh(booking, with_for_update=True)
    return found


def merge(session: Session, source_id: UUID, target_id: UUID) -> None:
    """A guest's bookings become the resident's.

    Where both hold one service on one day, one is cancelled, for there is one ticket for each
    person, service and day: the guest's, or the resident's while the guest is being served.
    """
    found = _locked(session, Booking.resident_id.in_((source_id, target_id)))
    held = {
        (booking.offering_id, booking.service_on): booking
        for booking, _ in found
        if booking.resident_id == target_id and booking.state in ACTIVE_STATES
    }
    moved = 0
    for booking, region_code in found:
        if booking.resident_id != source_id:
            continue
        key = (booking.offering_id, booking.service_on)
        twin = held.get(key) if booking.state in ACTIVE_STATES else None
        if twin is not None and moves.is_cancellable(booking):
            moves.cancel(session, None, booking, region_code=region_code, action="merge",
                         resident_id=target_id)  # fmt: skip
            telling.tell_merged(session, booking, twin)
        else:
            if twin is not None:
                if not moves.is_cancellable(twin):
                    # Both are being served this moment: the guest's stays the guest's.
                    continue
                moves.cancel(session, None, twin, region_code=region_code, action="merge")
                telling.tell_merged(session, twin, booking)
            booking.resident_id = target_id
            session.flush()
        moved += 1
    if moved:
        audit.record(
            session,
            None,
            "merge_bookings",
            "resident",
            target_id,
            details={"from": str(source_id), "count": moved},
        )
