"""What the dashboard's figures open: the communities, and the activities that were counted."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session, aliased

from backend.activities.days import day_has_come
from backend.activities.models import Activity, ActivityRecord, ActivityState, Programme
from backend.core import clock
from backend.core.config import DASHBOARD, RATING
from backend.core.pagination import paginate
from backend.core.permissions import Actor
from backend.dashboard.models import ActivityTotal, ServiceTotal
from backend.dashboard.periods import Period
from backend.dashboard.requests import Counted
from backend.dashboard.sums import (
    SUMS,
    activities_in,
    did_something,
    or_zero,
    satisfaction,
    served,
    sum_of,
)
from backend.feedback.evaluation.checklist import EvaluationVerdict
from backend.regions.models import CODE_LENGTHS, Region, RegionLevel

_DISTRICT_LENGTH = next(n for n, level in CODE_LENGTHS.items() if level is RegionLevel.DISTRICT)


class LastMarket(StrEnum):
    """How long ago a community had its last market (config/rules.toml, dashboard)."""

    RECENT = "recent"
    A_WHILE = "a_while"
    LONG_AGO = "long_ago"
    NEVER = "never"


def communities(
    session: Session, actor: Actor, region: Region, period: Period
) -> list[dict[str, Any]]:
    """The communities of a region, in the order of their codes, each under its town: what took
    place there in the period, and when the last market was, whenever that was.

    Answers none above a district: a province has tens of thousands, which nobody looks over.
    """
    if len(region.code) < _DISTRICT_LENGTH:
        return []
    held = (
        activities_in(session, actor, region, period)
        .with_only_columns(
            Activity.region_id,
            func.count().label("activities"),
            sum_of(ActivityTotal.visits).label("visits"),
            sum_of(ActivityTotal.rated).label("rated"),
            sum_of(ActivityTotal.satisfied).label("satisfied"),
        )
        .group_by(Activity.region_id)
        .subquery()
    )
    markets = (
        select(Activity.region_id, func.max(Activity.starts_at).label("last_market_at"))
        .where(
            Activity.programme == Programme.MARKET,
            Activity.state.in_((ActivityState.LIVE, ActivityState.CLOSED)),
            day_has_come(),
        )
        .group_by(Activity.region_id)
        .subquery()
    )
    town = aliased(Region)
    statement = (
        select(
            Region.id.label("region_id"),
            Region.name,
            town.id.label("town_id"),
            town.name.label("town"),
            *(
                or_zero(held.c[name]).label(name)
                for name in ("activities", "visits", "rated", "satisfied")
            ),
            markets.c.last_market_at,
        )
        .outerjoin(town, town.id == Region.parent_id)
        .outerjoin(held, held.c.region_id == Region.id)
        .outerjoin(markets, markets.c.region_id == Region.id)
        .where(Region.code.startswith(region.code), Region.level == RegionLevel.COMMUNITY)
        .order_by(Region.code)
    )
    today = clock.today()
    return [_community(satisfaction(row), today) for row in session.execute(statement)]


def _community(row: dict[str, Any], today: date) -> dict[str, Any]:
    last = row["last_market_at"]
    days = (today - clock.local_day(last)).days if last else None
    return row | {
        "days_since": days,
        "last_market": _how_long_ago(days),
        "verdict": _verdict(row["satisfied_share"], row["small_sample"]),
    }


def _how_long_ago(days: int | None) -> LastMarket:
    if days is None:
        return LastMarket.NEVER
    if days <= DASHBOARD.recent_days:
        return LastMarket.RECENT
    return LastMarket.A_WHILE if days <= DASHBOARD.long_ago_days else LastMarket.LONG_AGO


def _verdict(share: dict[str, float] | None, few: bool) -> EvaluationVerdict | None:
    """Whether a share reaches the bureau's standard; None where nobody rated."""
    if share is None:
        return None
    if few:
        return EvaluationVerdict.INSUFFICIENT_DATA
    met = share["value"] >= RATING.target_share
    return EvaluationVerdict.MET if met else EvaluationVerdict.TO_IMPROVE


_ACTIVITY: tuple[Any, ...] = (
    Activity.id.label("activity_id"),
    Activity.title,
    Activity.programme,
    Activity.state,
    Activity.starts_at,
    Activity.ends_at,
    Region.name.label("region_name"),
    or_zero(ActivityTotal.visits).label("visits"),
    or_zero(ActivityTotal.people).label("people"),
    ActivityRecord.volunteer_minutes,
    ActivityRecord.funds_yuan,
)


def list_counted(
    session: Session, actor: Actor, region: Region, period: Period, asked: Counted
) -> dict[str, Any]:
    """A page of the activities that the figures are over, the latest first, each with what it
    adds to them; and the sums over all that the filter finds. With a service kind `served`, `rated`
    and the share are of that kind.
    """
    found = _filtered(activities_in(session, actor, region, period), asked)
    total = ActivityTotal if asked.kind is None else ServiceTotal
    page = paginate(
        session,
        found.with_only_columns(*_ACTIVITY, *served(total, or_zero)),
        [(Activity.starts_at.expression, datetime), (Activity.id.expression, UUID)],
        cursor=asked.cursor,
        limit=asked.limit,
        key_of=lambda row: (row.starts_at, str(row.activity_id)),
        descending=True,
        scalars=False,
    )
    sums = session.execute(found.with_only_columns(*SUMS, *served(total, sum_of))).one()
    return {
        "items": [satisfaction(row) for row in page.items],
        "next_cursor": page.next_cursor,
        "totals": satisfaction(sums),
    }


def _filtered(found: Select[Any], asked: Counted) -> Select[Any]:
    if asked.programme is not None:
        found = found.where(Activity.programme == asked.programme)
    if asked.recorded:
        found = found.where(ActivityRecord.activity_id.is_not(None))
    if asked.kind is not None:
        found = found.join(
            ServiceTotal,
            and_(
                ServiceTotal.activity_id == Activity.id,
                ServiceTotal.service_kind == asked.kind,
                did_something(ServiceTotal),
            ),
        )
    return found
