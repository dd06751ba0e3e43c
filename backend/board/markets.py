"""Which markets have a board on a day, with their first figures."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from backend.activities.days import day_has_come
from backend.activities.models import LONGEST_ACTIVITY, Activity, ActivityState, Attendance, Venue
from backend.bookings.days import day_over
from backend.bookings.models import Booking, BookingState
from backend.core import clock
from backend.core.pagination import Asked, Page, paginate
from backend.core.permissions import Actor, Permission
from backend.regions.models import Region
from backend.regions.queries import within

_SHOWN = (ActivityState.PUBLISHED, ActivityState.LIVE, ActivityState.CLOSED)


def activities_of_day(
    session: Session, actor: Actor, on: date, region_code: str | None, asked: Asked
) -> Page:
    """What takes place on a day in the caller's regions, the live ones first, each with its visits
    and how many wait. Today's list also has what is still live from an earlier day: somebody has
    forgotten to close it.

    Args:
        region_code: only this region and what is below it; None: all of the caller's.
    """
    live_first = case((Activity.state == ActivityState.LIVE, 0), else_=1)
    # The second bound follows from the others; it lets the index on the start find the day.
    in_day = and_(
        Activity.starts_at < clock.day_end(on),
        Activity.starts_at > clock.day_start(on) - LONGEST_ACTIVITY,
        Activity.ends_at > clock.day_start(on),
    )
    left_open = and_(Activity.state == ActivityState.LIVE, day_has_come())
    shown = or_(in_day, left_open) if on == clock.today() else in_day
    statement = (
        select(
            Activity.id,
            Activity.title,
            Activity.programme,
            Activity.state,
            Activity.starts_at,
            Activity.ends_at,
            Region.name.label("region_name"),
            Venue.name.label("venue_name"),
            live_first.label("rank"),
        )
        .join(Region, Region.id == Activity.region_id)
        .join(Venue, Venue.id == Activity.venue_id)
        .where(
            within(actor.region_codes(Permission.ACTIVITY_SUMMARY)),
            within([region_code or ""]),
            Activity.state.in_(_SHOWN),
            shown,
        )
    )
    page = paginate(
        session,
        statement,
        [
            (live_first, int),
            (Activity.starts_at.expression, datetime),
            (Activity.id.expression, UUID),
        ],
        cursor=asked.cursor,
        limit=asked.limit,
        key_of=lambda row: (row.rank, row.starts_at, str(row.id)),
        scalars=False,
    )
    counts = _counts_of(session, [row.id for row in page.items])
    return Page([row._asdict() | counts[row.id] for row in page.items], page.next_cursor)


def _counts_of(session: Session, activity_ids: list[UUID]) -> dict[UUID, dict[str, int]]:
    """Visits, and how many wait, of each of these; in one statement."""
    visits = (
        select(func.count())
        .where(Attendance.activity_id == Activity.id, Attendance.reverted_at.is_(None))
        .scalar_subquery()
    )
    waiting = (
        select(func.count())
        .where(
            Booking.activity_id == Activity.id,
            Booking.state == BookingState.ARRIVED,
            ~day_over(),
        )
        .scalar_subquery()
    )
    rows = session.execute(
        select(Activity.id, visits.label("visits"), waiting.label("waiting")).where(
            Activity.id.in_(activity_ids)
        )
    )
    return {row.id: {"visits": row.visits, "waiting": row.waiting} for row in rows}
