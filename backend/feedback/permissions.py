"""Who may rate what, and who handles what a bad rating sets going."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from backend.activities.models import Activity, Attendance
from backend.activities.permissions import access_activity
from backend.bookings.days import state_now
from backend.bookings.models import Booking, BookingState
from backend.core.errors import Forbidden, NotFound
from backend.core.permissions import Actor, Permission
from backend.feedback.models import Rating, Rectification
from backend.identity.models import Resident
from backend.identity.permissions import access_own_resident
from backend.regions.models import Region


@dataclass(frozen=True, slots=True)
class Subject:
    """What is rated: a service (a booking) or a visit (an attendance); neither, where the person
    has not been served or has not come.

    Attributes:
        on_day: the visit's day; one rating a day, whichever scan it was derived from.
    """

    activity_id: UUID
    resident_id: UUID
    offering_id: UUID | None = None
    booking_id: UUID | None = None
    attendance_id: UUID | None = None
    on_day: date | None = None

    @property
    def delivered(self) -> bool:
        return self.booking_id is not None or self.attendance_id is not None


def access_service(session: Session, actor: Actor, booking_id: UUID) -> Subject:
    """The service that a booking led to, if it is the caller's own or a family member's.

    Raises NotFound (404) for anybody else's.
    """
    booking: Any = session.execute(
        select(
            Booking.activity_id,
            Booking.offering_id,
            Booking.resident_id,
            state_now().label("state"),
        )
        .join(Activity, Activity.id == Booking.activity_id)
        .join(Resident, Resident.id == Booking.resident_id)
        .where(
            Booking.id == booking_id,
            Resident.removed_at.is_(None),
            or_(Resident.user_id == actor.user_id, Resident.guardian_user_id == actor.user_id),
        )
    ).one_or_none()
    if booking is None:
        raise NotFound
    served = booking.state == BookingState.SERVED
    return Subject(
        booking.activity_id,
        booking.resident_id,
        offering_id=booking.offering_id,
        booking_id=booking_id if served else None,
    )


def access_visit(
    session: Session, actor: Actor, activity_id: UUID, resident_id: UUID | None
) -> Subject:
    """The last visit that stands, of the caller or a family member, to an activity.

    The last one alone, so that somebody who presses twice after two days does not rate both.

    Raises NotFound (404) for an activity that the caller may not see, or somebody else's id.
    """
    access_activity(session, actor, activity_id)
    resident = access_own_resident(session, actor, resident_id)
    visit = session.execute(
        select(Attendance.id, Attendance.on_day)
        .where(
            Attendance.activity_id == activity_id,
            Attendance.resident_id == resident.id,
            Attendance.reverted_at.is_(None),
        )
        .order_by(Attendance.on_day.desc())
        .limit(1)
    ).one_or_none()
    if visit is None:
        return Subject(activity_id, resident.id)
    return Subject(activity_id, resident.id, attendance_id=visit.id, on_day=visit.on_day)


def access_own_rating(session: Session, actor: Actor, rating_id: UUID) -> Rating:
    """A rating that the caller gave, for themselves or for whom they act; 404 for anybody else's,
    staff included."""
    rating = session.execute(
        select(Rating)
        .join(Resident, Resident.id == Rating.resident_id)
        .where(
            Rating.id == rating_id,
            Rating.rated_by == actor.user_id,
            Resident.removed_at.is_(None),
            or_(Resident.user_id == actor.user_id, Resident.guardian_user_id == actor.user_id),
        )
    ).scalar_one_or_none()
    if rating is None:
        raise NotFound
    return rating


@dataclass(frozen=True, slots=True)
class RegionalRectification:
    """A rectification with the code of its activity's region, which roles are compared with."""

    row: Rectification
    region_code: str


def access_rectification(
    session: Session, actor: Actor, rectification_id: UUID, permission: Permission
) -> RegionalRectification:
    """The rectification, if the caller may see it and has `permission` in its region.

    Raises NotFound (404) outside the caller's regions, Forbidden (403) within them.
    """
    found = session.execute(
        select(Rectification, Region.code)
        .join(Activity, Activity.id == Rectification.activity_id)
        .join(Region, Region.id == Activity.region_id)
        .where(Rectification.id == rectification_id)
    ).one_or_none()
    if found is None or not actor.may(Permission.RECTIFICATION_SEE, region_code=found.code):
        raise NotFound
    if not actor.may(permission, region_code=found.code):
        raise Forbidden
    return RegionalRectification(found.Rectification, found.code)
