"""When each resource is free in a month, and where it is busy."""

from calendar import monthrange
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.activities.models import Activity, ActivityState, Stall
from backend.core import clock
from backend.core.pagination import Asked, Page
from backend.core.permissions import Actor, Permission
from backend.resources import queries
from backend.resources.models import Resource
from backend.resources.requests import ResourcesAsked


class Free(StrEnum):
    """What a resource is on a day."""

    FREE = "free"
    BUSY = "busy"  # its organisation has a stall
    OFF = "off"  # it does not come on that day
    FULL = "full"  # it has as many markets in the month as it takes
    LATE = "late"  # it must be asked earlier


@dataclass(frozen=True, slots=True)
class Market:
    """Where an organisation has a stall.

    Attributes:
        title: None where the caller may not open it: of plans elsewhere nobody is told.
    """

    id: UUID
    title: str | None


@dataclass(frozen=True, slots=True)
class Day:
    on: date
    free: Free
    markets: Sequence[Market]


@dataclass(frozen=True, slots=True)
class Line:
    """A resource's month."""

    resource: Resource
    organisation_name: str
    days: Sequence[Day]


def days_of_month(on: date) -> list[date]:
    """All days of the month that a day is in."""
    length = monthrange(on.year, on.month)[1]
    return [on.replace(day=number + 1) for number in range(length)]


def month_of(
    session: Session, actor: Actor, wanted: ResourcesAsked, on: date, asked: Asked
) -> Page:
    """A page of the resources that the caller sees, as `Line`s of the month of a day. Two
    statements."""
    page = queries.list_resources(session, actor, wanted, asked)
    days = days_of_month(on)
    holders = {row.Resource.organisation_id for row in page.items}
    markets = _markets(session, actor, holders, days)
    lines = [
        Line(
            row.Resource,
            row.organisation_name,
            _line(row.Resource, days, markets.get(row.Resource.organisation_id, {})),
        )
        for row in page.items
    ]
    return Page(lines, page.next_cursor)


def _line(
    resource: Resource, days: Sequence[date], markets: Mapping[date, Sequence[Market]]
) -> list[Day]:
    taken = len({market.id for of_day in markets.values() for market in of_day})
    most = resource.most_per_month
    full = most is not None and taken >= most
    earliest = clock.today() + timedelta(days=resource.lead_days)
    return [
        Day(day, _free(resource, day, day in markets, full, earliest), markets.get(day, ()))
        for day in days
    ]


def _free(resource: Resource, day: date, busy: bool, full: bool, earliest: date) -> Free:
    if busy:
        return Free.BUSY
    if day in resource.days_off or (
        resource.weekdays and day.isoweekday() not in resource.weekdays
    ):
        return Free.OFF
    if day < earliest:
        return Free.LATE
    return Free.FULL if full else Free.FREE


def _markets(
    session: Session, actor: Actor, holders: Collection[UUID], days: Sequence[date]
) -> dict[UUID | None, dict[date, list[Market]]]:
    """Where organisations have stalls on these days, by organisation and day."""
    found: dict[UUID | None, dict[date, list[Market]]] = {}
    statement = (
        select(Stall.organisation_id, Activity)
        .join(Activity, Activity.id == Stall.activity_id)
        .where(
            Stall.organisation_id.in_(holders),
            Stall.dropped_at.is_(None),
            Activity.state != ActivityState.CANCELLED,
            Activity.starts_at < clock.day_end(days[-1]),
            Activity.ends_at > clock.day_start(days[0]),
        )
        .distinct()
        .order_by(Activity.starts_at, Activity.id)
    )
    for organisation_id, activity in session.execute(statement):
        last = clock.local_day(activity.ends_at - timedelta(microseconds=1))
        first = clock.local_day(activity.starts_at)
        opens = actor.may(Permission.ACTIVITY_SEE_DRAFT, region_code=activity.region_code)
        market = Market(activity.id, activity.title if opens else None)
        for day in days:
            if first <= day <= last:
                found.setdefault(organisation_id, {}).setdefault(day, []).append(market)
    return found
