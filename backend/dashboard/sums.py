"""What is summed, over which activities: of the figures and of the lists that they open."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_
from sqlalchemy.orm import Session

from backend.activities.models import Activity, ActivityRecord, ActivityState
from backend.core.config import RATING
from backend.core.permissions import Actor
from backend.dashboard.models import ActivityTotal, ServiceTotal
from backend.dashboard.periods import Period
from backend.feedback.evaluation.intervals import wilson
from backend.feedback.evaluation.queries import EvaluationFilter, evaluated
from backend.regions.models import Region, RegionLevel


def activities_in(session: Session, actor: Actor, region: Region, period: Period) -> Select[Any]:
    """The activities that the figures are over, joined with their region, total and record."""
    wanted = EvaluationFilter(region_id=region.id)
    if period.start is not None:
        wanted = replace(wanted, since=period.start, until=period.end)
    return (
        evaluated(session, actor, wanted)
        .outerjoin(ActivityTotal, ActivityTotal.activity_id == Activity.id)
        .outerjoin(ActivityRecord, ActivityRecord.activity_id == Activity.id)
    )


def sum_of(column: Any) -> ColumnElement[Any]:
    return func.coalesce(func.sum(column), 0)


def or_zero(column: Any) -> ColumnElement[Any]:
    """What has no count yet, or nothing to count, adds nothing."""
    return func.coalesce(column, 0)


SUMS: tuple[ColumnElement[Any], ...] = (
    func.count().label("activities"),
    func.count().filter(Activity.state == ActivityState.LIVE).label("live"),
    sum_of(ActivityTotal.visits).label("visits"),
    sum_of(ActivityRecord.volunteer_minutes).label("volunteer_minutes"),
    sum_of(ActivityRecord.funds_yuan).label("funds_yuan"),
    func.count(ActivityRecord.activity_id).label("recorded"),
    func.count(Region.id.distinct())
    .filter(Region.level == RegionLevel.COMMUNITY)
    .label("communities_reached"),
)


def served(
    total: type[ActivityTotal] | type[ServiceTotal], of: Callable[[Any], ColumnElement[Any]]
) -> tuple[ColumnElement[Any], ...]:
    """What was served and how it was rated: of everything at an activity, or of a service kind."""
    return tuple(of(getattr(total, name)).label(name) for name in ("served", "rated", "satisfied"))


def satisfaction(row: Any) -> dict[str, Any]:
    """A row with the share of its satisfied answers in the place of their number."""
    values: dict[str, Any] = row._asdict()
    satisfied, rated = values.pop("satisfied"), values["rated"]
    return values | {
        "satisfied_share": asdict(wilson(satisfied, rated)) if rated else None,
        "small_sample": rated < RATING.publish_from,
    }


def did_something(total: type[ServiceTotal]) -> ColumnElement[bool]:
    return or_(total.served > 0, total.rated > 0)
