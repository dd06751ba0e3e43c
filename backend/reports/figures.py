"""What a period's reports count, by community, service kind and month.

The activities are those of the evaluation page (`feedback.evaluation.queries.evaluated`), and so
are the answers (`feedback.evaluation.trends`): a second way to count them would be a second truth.
An activity belongs to the month in which it begins.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.orm import Session

from backend.activities.models import Activity, ActivityRecord, Attendance, Offering, Programme
from backend.bookings.models import Booking, BookingState
from backend.core import clock
from backend.core.db import AnySelect
from backend.core.permissions import COMMUNITY_CODE_LENGTH, Actor, Grant, Role
from backend.feedback.evaluation.checklist import satisfied_share
from backend.feedback.evaluation.queries import EvaluationFilter, evaluated
from backend.feedback.evaluation.trends import counts_by, grouped_activities
from backend.feedback.models import Rating, Rectification, RectificationState
from backend.regions.models import Region

DIMENSIONS = ("region", "kind", "month")
WHOLE = ""


@dataclass(slots=True)
class Figures:
    """What was counted of one community, one service kind, one month, or all of it.

    服务人次 (visits) and 服务人数 (people) are never mixed: a visit is a person on a day at an
    activity, a person counts once however often they came. `served` are bookings that were
    served, by `served_people`.

    Attributes:
        scores: answers by level.
        opened: rectifications of these activities' bad ratings.
        closed_in_time: of those that are closed, by their deadline.
        recorded: activities whose organiser has written down volunteers, hours, funds.
        volunteer_minutes: of all volunteers together.
    """

    activities: int = 0
    visits: int = 0
    people: int = 0
    served: int = 0
    served_people: int = 0
    scores: Counter[int] = field(default_factory=Counter)
    opened: int = 0
    closed: int = 0
    closed_in_time: int = 0
    overdue: int = 0
    recorded: int = 0
    volunteers: int = 0
    volunteer_minutes: int = 0
    funds_yuan: Decimal = Decimal(0)

    @property
    def rated(self) -> int:
        return self.scores.total()

    @property
    def share(self) -> dict[str, float] | None:
        """Of 基本满意 or better, with Wilson's interval; None without answers."""
        return satisfied_share(self.scores)


Groups = Mapping[str, Figures]
"""Figures by a group's key: a region code, a service kind, a month."""


@dataclass(frozen=True, slots=True)
class PeriodFigures:
    """Attributes:
    whole: all of it; not a sum, for people who came to two communities count once.
    communities_reached: with at least one of the activities.
    """

    whole: Figures
    regions: Groups
    kinds: Groups
    months: Groups
    communities_reached: int
    communities: int


def reader_of(requester_id: UUID, region_code: str) -> Actor:
    """Who reads for a report: sees all of its region, and nothing beside it."""
    return Actor(requester_id, requester_id, grants=(Grant(Role.AUDITOR, region_code),))


def activities_of(
    session: Session, reader: Actor, first: date, last: date, programme: Programme | None = None
) -> Select[Any]:
    """The activities of a report: that began on these days, in Shanghai, both included.

    Args:
        programme: of this one alone.
    """
    since = clock.day_start(first)
    wanted = EvaluationFilter(programme=programme, since=since, until=clock.day_end(last))
    found = evaluated(session, reader, wanted)
    return found.where(Activity.starts_at >= since)


def figures_of(session: Session, found: Select[Any], region_code: str) -> PeriodFigures:
    """All of a period's figures, in eight statements however long it is."""
    counted: dict[str, dict[str, Figures]] = {
        name: defaultdict(Figures) for name in (*DIMENSIONS, WHOLE)
    }
    chosen = grouped_activities(found, COMMUNITY_CODE_LENGTH).cte("chosen")
    for statement in (
        _activities(chosen),
        _visits(chosen),
        _served(chosen),
        _rectifications(chosen),
    ):
        _add(session, statement, counted)
    for kind, activities in session.execute(_activities_by_kind(chosen)):
        counted["kind"][kind].activities = activities
    for name, groups in counts_by(session, found, COMMUNITY_CODE_LENGTH).items():
        for key, scores in groups.items():
            counted[name][key].scores = scores
    whole = counted[WHOLE][WHOLE]
    whole.scores = sum((group.scores for group in counted["month"].values()), Counter())
    reached = [code for code in counted["region"] if len(code) == COMMUNITY_CODE_LENGTH]
    return PeriodFigures(
        whole,
        counted["region"],
        counted["kind"],
        counted["month"],
        communities_reached=len(reached),
        communities=session.execute(_communities(region_code)).scalar_one(),
    )


def _communities(region_code: str) -> Select[Any]:
    return select(func.count()).where(
        Region.code.startswith(region_code), func.length(Region.code) == COMMUNITY_CODE_LENGTH
    )


# ---------------------------------------------------------------------------- statements


def _add(session: Session, statement: Select[Any], counted: dict[str, dict[str, Figures]]) -> None:
    """Put what a statement has counted into its groups."""
    for row in session.execute(statement).mappings():
        measures = dict(row)
        level = measures.pop("level")
        keys = {name: measures.pop(name) for name in DIMENSIONS if name in measures}
        # PostgreSQL tells by one bit each which columns a row is not grouped by.
        grouped = [name for bit, name in enumerate(reversed(keys)) if not level >> bit & 1]
        dimension = grouped[0] if grouped else WHOLE
        key = keys.get(dimension, WHOLE)
        if key is None:  # said of a visit as a whole: of no service kind
            continue
        group = counted[dimension][key]
        for name, n in measures.items():
            setattr(group, name, n if n is not None else getattr(group, name))


def _grouped(
    keys: Mapping[str, ColumnElement[Any]], measures: Iterable[ColumnElement[Any]]
) -> Select[Any]:
    """Measures by each of the keys, and over all."""
    columns = list(keys.values())
    sets = func.grouping_sets(*(tuple_(column) for column in columns), tuple_())
    labelled = [column.label(name) for name, column in keys.items()]
    level = func.grouping(*columns).label("level")
    return select(level, *labelled, *measures).group_by(sets)


def _keys(chosen: Any) -> dict[str, ColumnElement[Any]]:
    return {"region": chosen.c.region, "month": chosen.c.month}


def _activities(chosen: Any) -> Select[Any]:
    record = ActivityRecord
    measures = (
        func.count().label("activities"),
        func.count(record.activity_id).label("recorded"),
        func.sum(record.volunteers).label("volunteers"),
        func.sum(record.volunteer_minutes).label("volunteer_minutes"),
        func.sum(record.funds_yuan).label("funds_yuan"),
    )
    statement = _grouped(_keys(chosen), measures)
    return statement.select_from(chosen).outerjoin(record, record.activity_id == chosen.c.id)


def _visits(chosen: Any) -> Select[Any]:
    measures = (
        func.count().label("visits"),
        func.count(Attendance.resident_id.distinct()).label("people"),
    )
    return (
        _grouped(_keys(chosen), measures)
        .select_from(chosen)
        .join(Attendance, Attendance.activity_id == chosen.c.id)
        .where(Attendance.reverted_at.is_(None))
    )


def _served(chosen: Any) -> Select[Any]:
    measures = (
        func.count().label("served"),
        func.count(Booking.resident_id.distinct()).label("served_people"),
    )
    return (
        _grouped(_with_kind(chosen), measures)
        .select_from(chosen)
        .join(Booking, Booking.activity_id == chosen.c.id)
        .join(Offering, Offering.id == Booking.offering_id)
        .where(Booking.state == BookingState.SERVED)
    )


def _with_kind(chosen: Any) -> dict[str, ColumnElement[Any]]:
    kind = Offering.service_kind.expression
    return {"region": chosen.c.region, "kind": kind, "month": chosen.c.month}


def _rectifications(chosen: Any) -> Select[Any]:
    closed = Rectification.state == RectificationState.CLOSED
    in_time = Rectification.closed_at <= Rectification.due_at
    late = Rectification.due_at <= clock.now()
    measures = (
        func.count().label("opened"),
        func.count().filter(closed).label("closed"),
        func.count().filter(closed, in_time).label("closed_in_time"),
        func.count().filter(~closed, late).label("overdue"),
    )
    return (
        _grouped(_with_kind(chosen), measures)
        .select_from(chosen)
        .join(Rectification, Rectification.activity_id == chosen.c.id)
        .join(Rating, Rating.id == Rectification.rating_id)
        .outerjoin(Offering, Offering.id == Rating.offering_id)
    )


def _activities_by_kind(chosen: Any) -> AnySelect:
    """An activity offers several kinds, and counts with each."""
    return (
        select(Offering.service_kind, func.count(Offering.activity_id.distinct()))
        .join(chosen, chosen.c.id == Offering.activity_id)
        .group_by(Offering.service_kind)
    )
