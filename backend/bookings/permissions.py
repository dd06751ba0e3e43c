"""Who may see a booking, and who may do what with it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, aliased

from backend.activities.models import Activity, Offering, Stall
from backend.activities.permissions import access_activity
from backend.bookings.errors import NumberOver
from backend.bookings.models import BOOKING_TRANSITIONS, Booking, BookingState
from backend.core import clock
from backend.core.errors import Forbidden, NotFound
from backend.core.permissions import Actor, Permission
from backend.core.states import Other, permission_to
from backend.identity.models import Resident

S = BookingState
_CallingStall = aliased(Stall)
# Made once: to put it together takes longer than to run it.
_FOUND = (
    select(
        Booking,
        Activity.region_code,
        Activity.starts_at,
        Activity.ends_at,
        Stall.organisation_id,
        _CallingStall.organisation_id.label("calling_organisation_id"),
        Resident.user_id,
        Resident.guardian_user_id,
    )
    .join(Activity, Activity.id == Booking.activity_id)
    .join(Offering, Offering.id == Booking.offering_id)
    .join(Stall, Stall.id == Offering.stall_id)
    .outerjoin(_CallingStall, _CallingStall.id == Booking.called_stall_id)
    .join(Resident, Resident.id == Booking.resident_id)
    .where(Booking.id == bindparam("booking_id"))
)


@dataclass(frozen=True, slots=True)
class AccessedBooking:
    """A booking with the region it is in, and whether it is the caller's own or family's."""

    booking: Booking
    region_code: str
    own: bool


def access_booking(
    session: Session,
    actor: Actor,
    booking_id: UUID,
    permission: Permission | None = None,
    *,
    or_own: bool = False,
) -> AccessedBooking:
    """A booking of the caller's, of their family, or of the people they serve.

    Args:
        permission: what a member of staff must hold: in the region, or for the organisation of
            the stall that offers the service or has called the number.
        or_own: the person themselves may do it too.

    Raises NotFound (404) when it may not be seen, Forbidden (403) when it may, but not that;
    NumberOver (409) when there is nothing more to do with it, since its day is over.
    """
    row = session.execute(_FOUND, {"booking_id": booking_id}).one_or_none()
    if row is None:
        raise NotFound
    own = actor.user_id in (row.user_id, row.guardian_user_id)
    found = AccessedBooking(row.Booking, row.region_code, own)

    def staff_may(wanted: Permission) -> bool:
        return any(
            actor.may(wanted, region_code=row.region_code, organisation_id=organisation_id)
            for organisation_id in {row.organisation_id, row.calling_organisation_id}
        )

    if not own and not staff_may(Permission.BOOKING_SEE):
        raise NotFound
    if permission is not None and not (own and or_own) and not staff_may(permission):
        raise Forbidden
    if permission is not None and clock.now() >= clock.day_over_at(
        row.Booking.service_on, row.starts_at, row.ends_at
    ):
        raise NumberOver
    return found


def access_own_booking(session: Session, actor: Actor, booking_id: UUID) -> AccessedBooking:
    """A booking of the caller's or of their family, whose day is not over.

    Raises as `access_booking`; Forbidden (403) for who may see it and it is not theirs.
    """
    found = access_booking(session, actor, booking_id, Permission.TICKET_ISSUE, or_own=True)
    if not found.own:
        raise Forbidden
    return found


# Whom the state table lets move a booking by hand: what staff must hold, and whether it is for the
# person too.
_BY_HAND = {
    to: (
        permission_to(BOOKING_TRANSITIONS, to),
        any(
            to in ways and Other.PERSON in ways[to].others for ways in BOOKING_TRANSITIONS.values()
        ),
    )
    for to in (S.ARRIVED, S.CALLED, S.SERVING, S.SERVED, S.MISSED, S.PARKED, S.CANCELLED)
}


def access_to_move(
    session: Session, actor: Actor, booking_id: UUID, to: BookingState
) -> AccessedBooking:
    """A booking, for who may move it to a state.

    Raises as `access_booking`.
    """
    permission, own = _BY_HAND[to]
    return access_booking(session, actor, booking_id, permission, or_own=own)


def may_call(actor: Actor, *, region_code: str, organisation_id: UUID) -> bool:
    """Whether somebody may call numbers at a stall: of a region, of an organisation."""
    permission, _ = _BY_HAND[S.CALLED]
    return actor.may(permission, region_code=region_code, organisation_id=organisation_id)


def access_stall(
    session: Session, actor: Actor, stall_id: UUID, permission: Permission
) -> tuple[Activity, Stall]:
    """A stall with its activity, for who holds `permission` in the region or for the stall's
    organisation.

    Raises NotFound (404) when its activity may not be seen, Forbidden (403) when it may, but not
    that.
    """
    stall = session.get(Stall, stall_id)
    if stall is None:
        raise NotFound
    activity = access_activity(session, actor, stall.activity_id)
    if not actor.may(
        permission, region_code=activity.region_code, organisation_id=stall.organisation_id
    ):
        raise Forbidden
    return activity, stall
