"""What the brand has come to: a region's figures in a period, and the lists they are counted from.

Everything is a figure over one set of activities, that of the evaluations' list
(feedback.queries.evaluated): those that have begun, in the region, overlapping the period. Sums
come from the totals (rollups.py); nothing here reads a visit.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Interval, Select, and_, func, literal, select, true, tuple_
from sqlalchemy.orm import Session

from backend.activities.models import Activity, Programme
from backend.core import clock
from backend.core.config import DASHBOARD, titles
from backend.core.errors import NotFound
from backend.core.permissions import Actor, Permission
from backend.dashboard.models import ActivityTotal, PeopleTotal, RollupRun, ServiceTotal
from backend.dashboard.periods import Period, month_of, months_back
from backend.dashboard.sums import SUMS, activities_in, did_something, satisfaction, served, sum_of
from backend.needs.models import Need, NeedState
from backend.needs.verdicts.counting import is_solved
from backend.regions.models import Region, RegionLevel

_ZONE = "Asia/Shanghai"
SEE = Permission.EVALUATION_SEE_ALL
# What the trend shows: the months of a year, and so many before others.
_MONTHS = 12
_MONTHS_OF_ALL = 24


def access_region(session: Session, actor: Actor, region_id: UUID | None) -> Region:
    """The region whose dashboard is asked for; None for the topmost of the caller's.

    Raises NotFound (404) for one in which the caller may not see it.
    """
    codes = actor.region_codes(SEE)
    if region_id is None:
        top = min(codes, key=lambda code: (len(code), code), default=None)
        found = select(Region).where(Region.code == top)
        region = session.execute(found).scalar_one_or_none()
    else:
        region = session.get(Region, region_id)
    if region is None or not actor.may(SEE, region_code=region.code):
        raise NotFound
    return region


def dashboard(session: Session, actor: Actor, region: Region, period: Period) -> dict[str, Any]:
    """A region's figures in a period, in a statement for each block."""
    found = activities_in(session, actor, region, period)
    totals, programmes = _totals(session, found)
    facts = _facts(session, region, period)
    return {
        "region": region,
        "period": period,
        "refreshed_at": facts.refreshed_at,
        "late": is_late(facts.refreshed_at),
        "totals": totals
        | {
            "people": _people(facts),
            "people_counted_at": facts.counted_at,
            "communities": facts.communities,
        },
        "programmes": programmes,
        "months": _months(session, actor, region, period),
        "service_kinds": _kinds(session, found),
        "needs": _needs(session, region, period),
    }


def is_late(refreshed_at: datetime | None) -> bool:
    """Whether the totals are older than they ever are while their job runs; or were never made."""
    longest = timedelta(minutes=DASHBOARD.late_minutes)
    return refreshed_at is None or clock.now() - refreshed_at > longest


def freshness(session: Session) -> dict[str, Any]:
    """Of when the totals are, and whether that is too long ago, as in `dashboard`."""
    found = session.execute(select(RollupRun.refreshed_at)).scalar_one_or_none()
    return {"refreshed_at": found, "late": is_late(found)}


def _totals(session: Session, found: Select[Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The sums over all, and of each programme, in the programmes' own order."""
    columns = Activity.programme, *SUMS, *served(ActivityTotal, sum_of)
    statement = found.with_only_columns(*columns).group_by(
        func.grouping_sets(tuple_(), Activity.programme)
    )
    rows = {row.programme: satisfaction(row) for row in session.execute(statement)}
    whole = rows.pop(None)
    del whole["programme"]
    return whole, [rows[programme] for programme in Programme if programme in rows]


def _facts(session: Session, region: Region, period: Period) -> Any:
    """The people, when they were counted, when everything was, and how many communities there
    are, in one statement."""
    cell = and_(PeopleTotal.region_id == region.id, PeopleTotal.period == period.key)
    communities = select(func.count()).where(
        Region.code.startswith(region.code), Region.level == RegionLevel.COMMUNITY
    )
    return session.execute(
        select(
            select(PeopleTotal.people).where(cell).scalar_subquery().label("people"),
            select(PeopleTotal.period).where(cell).exists().label("has_cell"),
            select(PeopleTotal.counted_at).where(cell).scalar_subquery().label("counted_at"),
            select(RollupRun.refreshed_at).scalar_subquery().label("refreshed_at"),
            communities.scalar_subquery().label("communities"),
        )
    ).one()


def _people(facts: Any) -> int | None:
    """None while they are still to be counted; 0 where nobody ever came: that has no count."""
    people: int | None = facts.people
    return people if facts.has_cell or facts.refreshed_at is None else 0


def _months(session: Session, actor: Actor, region: Region, period: Period) -> list[dict[str, Any]]:
    """The trend: a year's months until now, else the last ones. Each month's figures are those of
    its own dashboard: what lasts into the next month counts in both."""
    shown = _months_shown(period)
    whole = Period(period.key, shown[0].first, shown[-1].last)
    instant_before = literal(timedelta(microseconds=1), Interval())
    months = (
        func.generate_series(
            func.date_trunc("month", func.timezone(_ZONE, Activity.starts_at)),
            func.timezone(_ZONE, Activity.ends_at - instant_before),
            func.make_interval(0, 1),
        )
        .table_valued("month")
        .render_derived()
    )
    key = func.to_char(months.c.month, "YYYY-MM")
    statement = (
        activities_in(session, actor, region, whole)
        .with_only_columns(
            key.label("month"),
            func.count().label("activities"),
            sum_of(ActivityTotal.visits).label("visits"),
            sum_of(ActivityTotal.rated).label("rated"),
            sum_of(ActivityTotal.satisfied).label("satisfied"),
        )
        .join(months, true())
        .group_by(key)
    )
    rows = {row.month: satisfaction(row) for row in session.execute(statement)}
    return [
        rows.get(month.key, _NOTHING | {"month": month.key}) | {"title": month.title}
        for month in shown
    ]


_NOTHING: dict[str, Any] = {
    "activities": 0, "visits": 0, "rated": 0, "satisfied_share": None, "small_sample": True,
}  # fmt: skip


def _months_shown(period: Period) -> list[Period]:
    today = clock.today()
    if period.first is None:
        return months_back(today, _MONTHS_OF_ALL)
    if period.is_month:
        return months_back(period.first, _MONTHS)
    last = period.last if period.last is not None and period.last < today else today
    months = months_back(last, _MONTHS)
    # A year that has not begun has no months yet: it shows its first.
    return [month for month in months if month.first and month.first >= period.first] or [
        month_of(period.first)
    ]


def _kinds(session: Session, found: Select[Any]) -> list[dict[str, Any]]:
    """The service kinds that were served or rated, in the order of the configuration: an order
    by their shares would be a ranking."""
    statement = (
        found.with_only_columns(
            ServiceTotal.service_kind,
            func.count().label("activities"),
            *served(ServiceTotal, sum_of),
        )
        .join(ServiceTotal, ServiceTotal.activity_id == Activity.id)
        .where(did_something(ServiceTotal))
        .group_by(ServiceTotal.service_kind)
    )
    rows = {row.service_kind: satisfaction(row) for row in session.execute(statement)}
    return [
        rows[kind] | {"title": title} for kind, title in titles("service_kinds").items()
        if kind in rows
    ]  # fmt: skip


def _needs(session: Session, region: Region, period: Period) -> dict[str, Any]:
    """The needs raised in the period, by where they stand now; those that are dealt with as one
    are one."""
    statement = (
        select(
            Need.state,
            func.count().label("n"),
            func.count().filter(is_solved()).label("solved"),
        )
        .join(Region, Region.id == Need.region_id)
        .where(Region.code.startswith(region.code), Need.merged_into.is_(None))
        .group_by(Need.state)
    )
    if period.first is not None:
        statement = statement.where(Need.raised_on.between(period.first, period.last))
    rows = session.execute(statement).all()
    counts = {row.state: row.n for row in rows}
    return {
        "raised": sum(counts.values()),
        "evaluated": counts.get(NeedState.EVALUATED, 0),
        "solved": sum(row.solved for row in rows),
        "closed_unsolved": counts.get(NeedState.CLOSED_UNSOLVED, 0),
        "declined": counts.get(NeedState.DECLINED, 0),
    }
