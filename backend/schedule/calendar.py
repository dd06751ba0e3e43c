"""Reads of the schedule: the activities of one's regions, as a list, by day, and all of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, and_, cast, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from backend.activities.models import LONGEST_ACTIVITY, Activity, ActivityState, Programme, Venue
from backend.activities.requests import NewVenue
from backend.core import clock
from backend.core.db import AnySelect
from backend.core.errors import TooManyToExport
from backend.core.pagination import Page, paginate
from backend.core.search import has_words
from backend.regions.models import Region, RegionLevel
from backend.regions.queries import within

# What a calendar asks for at once: six weeks, and some.
LONGEST_RANGE = timedelta(days=62)
MOST_EXPORTED = 5000
_COLUMNS = (
    Activity.id,
    Activity.programme,
    Activity.title,
    Activity.state,
    Activity.version,
    Activity.region_id,
    Region.name.label("region_name"),
    Region.code.label("region_code"),
    Activity.starts_at,
    Activity.ends_at,
    Activity.organiser_name,
    Activity.contact_phone,
    Activity.field,
    Activity.kind,
    Activity.return_reason,
    Venue.name.label("venue_name"),
    Venue.address,
)


_BY_BEGINNING: list[tuple[ColumnElement[Any], type]] = [
    (Activity.starts_at.expression, datetime),
    (Activity.id.expression, UUID),
]


def _place_of(row: Any) -> tuple[datetime, str]:
    return row.starts_at, str(row.id)


@dataclass(frozen=True, slots=True)
class DayEvents:
    """A day of the calendar: its first activities, and how many there are.

    Attributes:
        shown: rows, the earliest first.
        total: of the day, shown or not.
    """

    shown: Sequence[Any]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which activities of a schedule are wanted; None: whichever.

    Attributes:
        since, until: what ends after the one and begins before the other.
        words: of the title or the venue.
    """

    programme: Programme | None = None
    state: ActivityState | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: str | None = None


def scheduled(codes: Collection[str], filters: Filters) -> AnySelect:
    """The activities of these regions, in every state, that meet the filters.

    Args:
        codes: of the regions looked at.
    """
    return (
        select(*_COLUMNS)
        .join(Region, Region.id == Activity.region_id)
        .join(Venue, Venue.id == Activity.venue_id)
        .where(within(codes), Activity.withdrawn_at.is_(None), *_conditions(filters))
    )


def _conditions(filters: Filters) -> Iterable[ColumnElement[bool]]:
    if filters.programme is not None:
        yield Activity.programme == filters.programme
    if filters.state is not None:
        yield Activity.state == filters.state
    if filters.since is not None:
        # The second for the index, which knows beginnings: none is longer than that.
        yield Activity.ends_at > filters.since
        yield Activity.starts_at > filters.since - LONGEST_ACTIVITY
    if filters.until is not None:
        yield Activity.starts_at < filters.until
    if filters.words is not None:
        yield from has_words(filters.words, Activity.title, Venue.name)


def list_schedule(
    session: Session, codes: Collection[str], filters: Filters, *, limit: int, cursor: str | None
) -> Page:
    """A page of the schedule, by beginning."""
    return paginate(
        session,
        scheduled(codes, filters),
        _BY_BEGINNING,
        cursor=cursor,
        limit=limit,
        key_of=_place_of,
        scalars=False,
    )


def days_of(
    session: Session, codes: Collection[str], filters: Filters, most: int
) -> dict[date, DayEvents]:
    """The schedule by the day on which things begin, at most so many of each: a month of 2,000
    activities is as little to send and to draw as one of 20.

    Args:
        filters: with `since` and `until`, no further apart than LONGEST_RANGE.
        most: how many of a day are wanted.
    """
    day = cast(func.timezone(clock.SHANGHAI.key, Activity.starts_at), Date)
    numbered = (
        scheduled(codes, filters)
        .add_columns(
            day.label("day"),
            func.row_number()
            .over(partition_by=day, order_by=(Activity.starts_at, Activity.id))
            .label("place"),
            func.count().over(partition_by=day).label("total"),
        )
        .subquery()
    )
    statement = (
        select(numbered)
        .where(numbered.c.place <= most)
        .order_by(numbered.c.starts_at, numbered.c.id)
    )
    rows: dict[date, list[Any]] = defaultdict(list)
    for row in session.execute(statement):
        rows[row.day].append(row)
    return {day: DayEvents(shown, shown[0].total) for day, shown in rows.items()}


def export_rows(session: Session, codes: Collection[str], filters: Filters) -> Sequence[Any]:
    """All of the schedule that meets the filters, by beginning; communities with the name of their
    town: two of a district may be called the same.

    Raises TooManyToExport (422).
    """
    town = aliased(Region)
    statement = (
        scheduled(codes, filters)
        .outerjoin(town, and_(town.id == Region.parent_id, Region.level == RegionLevel.COMMUNITY))
        .add_columns(town.name.label("town_name"))
        .order_by(Activity.starts_at, Activity.id)
        .limit(MOST_EXPORTED + 1)
    )
    rows = session.execute(statement).all()
    if len(rows) > MOST_EXPORTED:
        raise TooManyToExport(f"一次最多 {MOST_EXPORTED} 场")
    return rows


def taking_place(
    session: Session, region_ids: Collection[UUID], days: Collection[date]
) -> dict[tuple[UUID, date], list[Any]]:
    """What is planned in these regions on these days already, by region and day on which it
    begins; what was cancelled left out."""
    if not region_ids or not days:
        return {}
    day = cast(func.timezone(clock.SHANGHAI.key, Activity.starts_at), Date)
    statement = (
        select(
            Activity.id, Activity.region_id, Activity.programme, Activity.title,
            Activity.starts_at, Activity.ends_at, day.label("day"),
        )
        .where(
            Activity.region_id.in_(region_ids),
            Activity.state != ActivityState.CANCELLED,
            Activity.starts_at >= clock.day_start(min(days)),
            Activity.starts_at < clock.day_end(max(days)),
        )
        .order_by(Activity.starts_at, Activity.id)
    )  # fmt: skip
    found: dict[tuple[UUID, date], list[Any]] = defaultdict(list)
    for row in session.execute(statement):
        found[row.region_id, row.day].append(row)
    return found


def usual_venues(session: Session, region_ids: Collection[UUID]) -> dict[UUID, NewVenue]:
    """Where each of these regions' last activity took place, or is to; what was cancelled was
    nowhere. Regions without one are left out."""
    statement = (
        select(
            Activity.region_id,
            Venue.name, Venue.address, Venue.latitude, Venue.longitude, Venue.wheelchair,
        )
        .join(Venue, Venue.id == Activity.venue_id)
        .where(Activity.region_id.in_(region_ids), Activity.state != ActivityState.CANCELLED)
        .ext(distinct_on(Activity.region_id))
        .order_by(Activity.region_id, Activity.starts_at.desc())
    )  # fmt: skip
    return {row.region_id: NewVenue.of(row) for row in session.execute(statement)}


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where an activity takes place: the names of its region and its venue."""

    region: str
    venue: str


def whereabouts(session: Session, ids: Collection[UUID]) -> dict[UUID, Whereabouts]:
    """Where these activities take place, by their ids."""
    statement = (
        select(Activity.id, Region.name.label("region"), Venue.name.label("venue"))
        .join(Region, Region.id == Activity.region_id)
        .join(Venue, Venue.id == Activity.venue_id)
        .where(Activity.id.in_(ids))
    )
    return {row.id: Whereabouts(row.region, row.venue) for row in session.execute(statement)}


def to_copy_from(
    session: Session,
    codes: Collection[str],
    *,
    words: str | None = None,
    limit: int,
    cursor: str | None = None,
) -> Page:
    """A page of the activities of these regions that can be copied, the latest first, perhaps with
    these words in their title or venue."""
    return paginate(
        session,
        scheduled(codes, Filters(words=words)).where(Activity.state != ActivityState.CANCELLED),
        _BY_BEGINNING,
        cursor=cursor,
        limit=limit,
        key_of=_place_of,
        descending=True,
        scalars=False,
    )
