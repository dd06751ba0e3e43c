"""Reads of one's own ratings; which ratings count."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, literal, or_, select
from sqlalchemy.orm import Session, aliased

from backend.activities.days import ratable_until
from backend.activities.models import Activity, Attendance, Offering
from backend.core.pagination import Asked, Page, paginate
from backend.core.permissions import Actor
from backend.feedback.models import Rating
from backend.feedback.operations import editable_until
from backend.feedback.photos import photos_of
from backend.feedback.rectification.complaints import complaints_of
from backend.identity.models import Resident
from backend.identity.names import own_name

_OWN_RATING: tuple[Any, ...] = (
    Rating,
    Activity.title.label("activity_title"),
    Activity.ends_at,
    Activity.closed_at,
    Offering.title.label("offering_title"),
    Resident.name,
)


def _own_ratings() -> Select[Any]:
    return (
        select(*_OWN_RATING)
        .join(Activity, Activity.id == Rating.activity_id)
        .join(Resident, Resident.id == Rating.resident_id)
        .outerjoin(Offering, Offering.id == Rating.offering_id)
    )


def rating_detail(session: Session, rating_id: UUID) -> dict[str, Any]:
    """A rating as the one who gave it sees it."""
    row = session.execute(_own_ratings().where(Rating.id == rating_id)).one()
    (rating,) = _own_ratings_of(session, [row])
    return rating


def list_own_ratings(session: Session, actor: Actor, asked: Asked) -> Page:
    """The ratings that the caller gave, for themselves and their family, newest first."""
    people = select(Resident.id).where(
        or_(Resident.user_id == actor.user_id, Resident.guardian_user_id == actor.user_id)
    )
    page = paginate(
        session,
        _own_ratings().where(Rating.resident_id.in_(people), Rating.rated_by == actor.user_id),
        [(Rating.id.expression, UUID)],
        cursor=asked.cursor,
        limit=asked.limit,
        key_of=lambda row: (str(row.Rating.id),),
        descending=True,
        scalars=False,
    )
    return Page(_own_ratings_of(session, page.items), page.next_cursor)


def _own_ratings_of(session: Session, rows: Sequence[Any]) -> list[dict[str, Any]]:
    ids = [row.Rating.id for row in rows]
    complaints, photos = complaints_of(session, ids), photos_of(session, ids)
    return [
        _own_rating(row)
        | {"complaint": complaints.get(row.Rating.id), "photos": photos[row.Rating.id]}
        for row in rows
    ]


def _own_rating(row: Any) -> dict[str, Any]:
    rating: Rating = row.Rating
    columns = {column.key: getattr(rating, column.key) for column in Rating.__table__.columns}
    return columns | {
        "activity_title": row.activity_title,
        "offering_title": row.offering_title,
        "resident": {"id": rating.resident_id, "display_name": own_name(row.name)},
        "editable_until": editable_until(
            rating.created_at, ratable_until(row.ends_at, row.closed_at)
        ),
    }


def stands() -> ColumnElement[bool]:
    """Whether a rating counts: one of a service does; one of a visit, while a visit of that
    person to that activity on that day stands, also where it was scanned anew."""
    visit, standing = aliased(Attendance), aliased(Attendance)
    # One row of the unique index for each rating; as a join, a table that has grown since it was
    # last analysed was read whole for each.
    day = (
        select(visit.on_day)
        .where(visit.id == Rating.attendance_id)
        .correlate(Rating)
        .scalar_subquery()
    )
    visit_stands = select(literal(1)).where(
        standing.activity_id == Rating.activity_id,
        standing.resident_id == Rating.resident_id,
        standing.on_day == day,
        standing.reverted_at.is_(None),
    )
    return or_(Rating.booking_id.is_not(None), visit_stands.exists())
