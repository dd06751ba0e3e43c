"""What the brand has come to: a region's figures in a period, and the lists they are counted from.

Everything is a figure over one set of activities, that of the evaluations' list
(feedback.queries.evaluated): those that have begun, in the region, overlapping the period. Sums
come from the totals (rollups.py); nothing here reads a visit.
"""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Interval,
    Select,
    and_,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import Session, aliased

from backend.activities.days import day_has_come
from backend.activities.models import Activity, ActivityRecord, ActivityState, Programme
from backend.core import clock
from backend.core.config import DASHBOARD, RATING, titles
from backend.core.errors import NotFound
from backend.core.pagination import paginate
from backend.core.permissions import Actor, Permission
from backend.dashboard.models import ActivityTotal, PeopleTotal, RollupRun, ServiceTotal
from backend.dashboard.periods import Period, month_of, months_back
from backend.feedback.checklist import EvaluationVerdict
from backend.feedback.intervals import wilson
from backend.feedback.queries import EvaluationFilter, evaluated
from backend.needs.models import Need, NeedState
from backend.regions.models import CODE_LENGTHS, Region, RegionLevel

_ZONE = "Asia/Shanghai"
SEE = Permission.EVALUATION_SEE_ALL
_DISTRICT_LENGTH = next(n for n, level in CODE_LENGTHS.items() if level is RegionLevel.DISTRICT)
# What the trend shows: the months of a year, and so many before others.
_MONTHS = 12
_MONTHS_OF_ALL = 24


class LastMarket(StrEnum):
    """How long ago a community had its last market (config/rules.toml, dashboard)."""

    RECENT = "recent"
    A_WHILE = "a_while"
    LONG_AGO = "long_ago"
    NEVER = "never"


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


# ---------------------------------------------------------------------------- sums


def _sum(column: Any) -> ColumnElement[Any]:
    return func.coalesce(func.sum(column), 0)


def _or_zero(column: Any) -> ColumnElement[Any]:
    """What has no count yet, or nothing to count, adds nothing."""
    return func.coalesce(column, 0)


_SUMS: tuple[ColumnElement[Any], ...] = (
    func.count().label("activities"),
    func.count().filter(Activity.state == ActivityState.LIVE).label("live"),
    _sum(ActivityTotal.visits).label("visits"),
    _sum(ActivityRecord.volunteer_minutes).label("volunteer_minutes"),
    _sum(ActivityRecord.funds_yuan).label("funds_yuan"),
    func.count(ActivityRecord.activity_id).label("recorded"),
    func.count(Region.id.distinct())
    .filter(Region.level == RegionLevel.COMMUNITY)
    .label("communities_reached"),
)


def _served(
    total: type[ActivityTotal] | type[ServiceTotal], of: Callable[[Any], ColumnElement[Any]]
) -> tuple[ColumnElement[Any], ...]:
    """What was served and how it was rated: of everything at an activity, or of a service kind."""
    return tuple(of(getattr(total, name)).label(name) for name in ("served", "rated", "satisfied"))


def _totals(session: Session, found: Select[Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The sums over all, and of each programme, in the programmes' own order."""
    columns = Activity.programme, *_SUMS, *_served(ActivityTotal, _sum)
    statement = found.with_only_columns(*columns).group_by(
        func.grouping_sets(tuple_(), Activity.programme)
    )
    rows = {row.programme: _satisfaction(row) for row in session.execute(statement)}
    whole = rows.pop(None)
    del whole["programme"]
    return whole, [rows[programme] for programme in Programme if programme in rows]


def _satisfaction(row: Any) -> dict[str, Any]:
    """A row with the share of its satisfied answers in the place of their number."""
    values: dict[str, Any] = row._asdict()
    satisfied, rated = values.pop("satisfied"), values["rated"]
    return values | {
        "satisfied_share": asdict(wilson(satisfied, rated)) if rated else None,
        "small_sample": rated < RATING.publish_from,
    }


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
            _sum(ActivityTotal.visits).label("visits"),
            _sum(ActivityTotal.rated).label("rated"),
            _sum(ActivityTotal.satisfied).label("satisfied"),
        )
        .join(months, true())
        .group_by(key)
    )
    rows = {row.month: _satisfaction(row) for row in session.execute(statement)}
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
            *_served(ServiceTotal, _sum),
        )
        .join(ServiceTotal, ServiceTotal.activity_id == Activity.id)
        .where(_did_something(ServiceTotal))
        .group_by(ServiceTotal.service_kind)
    )
    rows = {row.service_kind: _satisfaction(row) for row in session.execute(statement)}
    return [
        rows[kind] | {"title": title} for kind, title in titles("service_kinds").items()
        if kind in rows
    ]  # fmt: skip


def _did_something(total: type[ServiceTotal]) -> ColumnElement[bool]:
    return or_(total.served > 0, total.rated > 0)


def _needs(session: Session, region: Region, period: Period) -> dict[str, Any]:
    """The needs raised in the period, by where they stand now."""
    statement = (
        select(Need.state, func.count().label("n"))
        .join(Region, Region.id == Need.region_id)
        .where(Region.code.startswith(region.code))
        .group_by(Need.state)
    )
    if period.first is not None:
        statement = statement.where(Need.raised_on.between(period.first, period.last))
    counts = {row.state: row.n for row in session.execute(statement)}
    return {
        "raised": sum(counts.values()),
        "solved": counts.get(NeedState.EVALUATED, 0),
        "closed_unsolved": counts.get(NeedState.CLOSED_UNSOLVED, 0),
        "declined": counts.get(NeedState.DECLINED, 0),
    }


# ---------------------------------------------------------------------------- lists


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
            _sum(ActivityTotal.visits).label("visits"),
            _sum(ActivityTotal.rated).label("rated"),
            _sum(ActivityTotal.satisfied).label("satisfied"),
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
                _or_zero(held.c[name]).label(name)
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
    return [_community(_satisfaction(row), today) for row in session.execute(statement)]


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
    _or_zero(ActivityTotal.visits).label("visits"),
    _or_zero(ActivityTotal.people).label("people"),
    ActivityRecord.volunteer_minutes,
    ActivityRecord.funds_yuan,
)


def list_counted(
    session: Session,
    actor: Actor,
    region: Region,
    period: Period,
    query: dict[str, Any],
) -> dict[str, Any]:
    """A page of the activities that the figures are over, the latest first, each with what it
    adds to them; and the sums over all that the filter finds.

    Args:
        query: of `programme`, `kind`, `recorded`, `cursor`, `limit`. With a service kind only
            activities where it was served or rated, and `served`, `rated` and the share are of
            that kind.
    """
    found = _filtered(activities_in(session, actor, region, period), query)
    total = ServiceTotal if "kind" in query else ActivityTotal
    page = paginate(
        session,
        found.with_only_columns(*_ACTIVITY, *_served(total, _or_zero)),
        [(Activity.starts_at.expression, datetime), (Activity.id.expression, UUID)],
        cursor=query.get("cursor"),
        limit=query["limit"],
        key_of=lambda row: (row.starts_at, str(row.activity_id)),
        descending=True,
        scalars=False,
    )
    sums = session.execute(found.with_only_columns(*_SUMS, *_served(total, _sum))).one()
    return {
        "items": [_satisfaction(row) for row in page.items],
        "next_cursor": page.next_cursor,
        "totals": _satisfaction(sums),
    }


def _filtered(found: Select[Any], query: dict[str, Any]) -> Select[Any]:
    if "programme" in query:
        found = found.where(Activity.programme == query["programme"])
    if query.get("recorded"):
        found = found.where(ActivityRecord.activity_id.is_not(None))
    if "kind" in query:
        found = found.join(
            ServiceTotal,
            and_(
                ServiceTotal.activity_id == Activity.id,
                ServiceTotal.service_kind == query["kind"],
                _did_something(ServiceTotal),
            ),
        )
    return found
