"""Counting the dashboard's totals: what is due, an activity's figures, a region's people.

The totals follow the rows they are counted from, never the other way round. An activity that can
still change (it runs, or its ratings are open) is counted at every run; of all others a note
(`StaleActivity`), left in the transaction of the change, says that they are to be counted anew;
and what the activity itself has become since (its state, place, time) is compared. Whatever has
happened, after the next run the totals are what a recount gives.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.activities.models import Activity, ActivityState, Attendance, Offering
from backend.core import clock
from backend.core.config import RATING
from backend.core.ids import new_id
from backend.dashboard.models import (
    ActivityTotal,
    PeopleTotal,
    RollupRun,
    ServiceTotal,
    StaleActivity,
)
from backend.dashboard.periods import Period, periods_touched
from backend.feedback.evaluation.counting import tallies
from backend.feedback.models import EvaluationChecklist
from backend.regions.models import CODE_LENGTHS, Region

# An activity that was opened early admits people; none opens earlier than this.
_EARLY = timedelta(days=1)
# A year's people are counted anew at most this often: that is the one count that reads them all.
LONG_COUNT_EVERY = timedelta(minutes=10)
_COUNTS_FOR_PEOPLE = (ActivityState.PUBLISHED, ActivityState.LIVE, ActivityState.CLOSED)
_ENDED = (ActivityState.LIVE, ActivityState.CLOSED)

# One count at a time in a database: the second waits for the first one's step, then does its own.
# Sent as a decimal number: PostgreSQL 15 knows no 0x.
_ADVISORY_LOCK = 0x726F6C6C757073
_LOCK = text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
# Reading years of visits takes longer than a request may.
_PATIENCE = text(
    "SELECT set_config('lock_timeout', '60s', true), set_config('statement_timeout', '10min', true)"
)


class Cell(NamedTuple):
    """One count of people: a region, and the key of a period."""

    region_id: UUID
    code: str
    period: str


def begin(session: Session) -> None:
    """Begin a step of counting; no other is under way until its transaction ends."""
    session.execute(_PATIENCE)
    session.execute(_LOCK)


def note_stale(session: Session, activity_ids: Iterable[UUID]) -> None:
    """Have these activities counted anew, though nothing that can still happen to them would."""
    rows = [{"id": new_id(), "activity_id": activity_id} for activity_id in activity_ids]
    if rows:
        session.execute(insert(StaleActivity), rows)


def note_residents(session: Session, resident_ids: Iterable[UUID]) -> None:
    """Have all activities counted anew that these people came to."""
    came = select(Attendance.activity_id).where(Attendance.resident_id.in_(list(resident_ids)))
    note_stale(session, session.execute(came.distinct()).scalars())


# ---------------------------------------------------------------------------- what is due


def due_activities(session: Session) -> list[UUID]:
    """The activities to be counted now, in the order of their ids."""
    statement = (
        select(Activity.id)
        .outerjoin(EvaluationChecklist, EvaluationChecklist.activity_id == Activity.id)
        .outerjoin(ActivityTotal, ActivityTotal.activity_id == Activity.id)
        .where(
            or_(
                and_(
                    _under_way(),
                    or_(
                        EvaluationChecklist.activity_id.is_(None),
                        ActivityTotal.activity_id.is_(None),
                    ),
                ),
                _became_another(),
                Activity.id.in_(select(StaleActivity.activity_id)),
            )
        )
        .order_by(Activity.id)
    )
    return list(session.execute(statement).scalars())


def _under_way() -> ColumnElement[bool]:
    soon = Activity.starts_at < clock.now() + _EARLY
    return or_(Activity.state.in_(_ENDED), and_(Activity.state == ActivityState.PUBLISHED, soon))


def _became_another() -> ColumnElement[bool]:
    frozen = EvaluationChecklist.activity_id.is_not(None)
    return or_(
        ActivityTotal.state != Activity.state,
        ActivityTotal.region_id != Activity.region_id,
        ActivityTotal.starts_at != Activity.starts_at,
        ActivityTotal.ends_at != Activity.ends_at,
        ActivityTotal.frozen != frozen,
    )


def due_cells(session: Session, long_count_every: timedelta = LONG_COUNT_EVERY) -> list[Cell]:
    """The counts of people to be made now: of months always, of years and of everything when
    they were not made for a while."""
    statement = (
        select(Region.id, Region.code, PeopleTotal.period)
        .join(Region, Region.id == PeopleTotal.region_id)
        .where(
            PeopleTotal.stale,
            or_(
                func.length(PeopleTotal.period) == len("2026-11"),
                PeopleTotal.counted_at.is_(None),
                PeopleTotal.counted_at <= clock.now() - long_count_every,
            ),
        )
        .order_by(PeopleTotal.period, Region.code)
    )
    return [Cell(*row) for row in session.execute(statement)]


# ---------------------------------------------------------------------------- activities


@dataclass(slots=True)
class _Counted:
    """What ratings and served bookings come to, of an activity or of one service kind."""

    served: int = 0
    scores: Counter[int] = field(default_factory=Counter)

    def add(self, served: int, scores: Mapping[int, int]) -> None:
        self.served += served
        self.scores.update(scores)

    def columns(self) -> dict[str, int]:
        good = sum(n for level, n in self.scores.items() if level >= RATING.satisfied_score)
        return {"served": self.served, "rated": self.scores.total(), "satisfied": good}


@dataclass(slots=True)
class _Evaluated:
    """An activity's evaluation as a whole, and by service kind."""

    whole: _Counted = field(default_factory=_Counted)
    kinds: defaultdict[str, _Counted] = field(default_factory=lambda: defaultdict(_Counted))


def recount(session: Session, activity_ids: Sequence[UUID]) -> None:
    """Count some activities and keep the totals; whose people are not what they were any more,
    is noted.

    The notes go first: what is committed after them is noted anew, and counted next time.
    """
    noted = set(
        session.execute(
            delete(StaleActivity)
            .where(StaleActivity.activity_id.in_(activity_ids))
            .returning(StaleActivity.activity_id)
        ).scalars()
    )
    before = {row.activity_id: row for row in session.execute(_totals_of(activity_ids))}
    rows = _counted_now(session, activity_ids)
    changed = [row for row in rows if row["activity_id"] in noted or _other_people(before, row)]
    _keep(session, rows)
    places = [(row["region_id"], row["starts_at"], row["ends_at"]) for row in changed]
    places += [
        (old.region_id, old.starts_at, old.ends_at)
        for row in changed
        if (old := before.get(row["activity_id"])) is not None
    ]
    _mark_cells(session, places)


def _totals_of(activity_ids: Sequence[UUID]) -> Any:
    columns = ActivityTotal.__table__.columns
    return select(*columns).where(ActivityTotal.activity_id.in_(activity_ids))


_MATTERS_FOR_PEOPLE = ("visits", "people", "state", "region_id", "starts_at", "ends_at")


def _other_people(before: Mapping[UUID, Any], row: dict[str, Any]) -> bool:
    old = before.get(row["activity_id"])
    if old is None:
        return bool(row["visits"])
    return any(getattr(old, name) != row[name] for name in _MATTERS_FOR_PEOPLE)


def _counted_now(session: Session, activity_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """A row of ActivityTotal for each, and under `kinds` its rows of ServiceTotal."""
    facts = session.execute(
        select(
            Activity.id.label("activity_id"),
            Activity.region_id,
            Activity.starts_at,
            Activity.ends_at,
            Activity.state,
            EvaluationChecklist.content,
        )
        .outerjoin(EvaluationChecklist, EvaluationChecklist.activity_id == Activity.id)
        .where(Activity.id.in_(activity_ids))
        .order_by(Activity.id)
    ).all()
    visits = _visits(session, activity_ids)
    evaluated = _evaluated_live(session, [row.activity_id for row in facts if not row.content])
    counted = []
    for row in facts:
        found = _evaluated_frozen(row.content) if row.content else evaluated[row.activity_id]
        values = row._asdict()
        values["frozen"] = values.pop("content") is not None
        values["visits"], values["people"] = visits.get(row.activity_id, (0, 0))
        values["kinds"] = [
            {"activity_id": row.activity_id, "service_kind": kind} | kept.columns()
            for kind, kept in found.kinds.items()
        ]
        counted.append(values | found.whole.columns())
    return counted


def _visits(session: Session, activity_ids: Sequence[UUID]) -> dict[UUID, tuple[int, int]]:
    """Visits that stand, and people, of each activity that has any."""
    statement = (
        select(
            Attendance.activity_id,
            func.count().label("visits"),
            func.count(Attendance.resident_id.distinct()).label("people"),
        )
        .where(Attendance.activity_id.in_(activity_ids), Attendance.reverted_at.is_(None))
        .group_by(Attendance.activity_id)
    )
    return {row.activity_id: (row.visits, row.people) for row in session.execute(statement)}


def _evaluated_live(session: Session, activity_ids: Sequence[UUID]) -> dict[UUID, _Evaluated]:
    """As the evaluations stand now (feedback.queries says what counts)."""
    offerings = session.execute(
        select(Offering.id, Offering.activity_id, Offering.service_kind).where(
            Offering.activity_id.in_(activity_ids)
        )
    ).all()
    found = tallies(session, activity_ids)
    evaluated = {activity_id: _Evaluated() for activity_id in activity_ids}
    for activity_id, tally in found.items():
        evaluated[activity_id].whole.served = tally.served.total()
        for scores in tally.scores.values():
            evaluated[activity_id].whole.scores.update(scores)
    for offering in offerings:
        tally = found[offering.activity_id]
        kind = evaluated[offering.activity_id].kinds[offering.service_kind]
        kind.add(tally.served[offering.id], tally.scores_of(offering.id))
    return evaluated


def _evaluated_frozen(content: dict[str, Any]) -> _Evaluated:
    """As the checklist was frozen: what has been published stays."""
    evaluated = _Evaluated()
    evaluated.whole.add(content["served"], _scores(content["distribution"]))
    for offering in content["offerings"]:
        kind = evaluated.kinds[offering["service_kind"]]
        kind.add(offering["served"], _scores(offering["distribution"]))
    return evaluated


def _scores(distribution: Mapping[str, int]) -> dict[int, int]:
    return {int(level): n for level, n in distribution.items()}


def _keep(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    now = clock.now()
    kinds = [kind for row in rows for kind in row["kinds"]]
    totals = [
        {name: value for name, value in row.items() if name != "kinds"} | {"counted_at": now}
        for row in rows
    ]
    ids = [row["activity_id"] for row in rows]
    if not ids:
        return
    statement = insert(ActivityTotal)
    replaced = {
        column.name: statement.excluded[column.name]
        for column in ActivityTotal.__table__.columns
        if not column.primary_key
    }
    session.execute(
        statement.on_conflict_do_update(index_elements=["activity_id"], set_=replaced), totals
    )
    session.execute(delete(ServiceTotal).where(ServiceTotal.activity_id.in_(ids)))
    if kinds:
        session.execute(insert(ServiceTotal), kinds)


# ---------------------------------------------------------------------------- people


def _mark_cells(session: Session, places: Iterable[tuple[UUID, datetime, datetime]]) -> None:
    """Note that people are to be counted anew where and when these activities are."""
    places = list(places)
    if not places:
        return
    there = select(Region.id, Region.code).where(Region.id.in_({place[0] for place in places}))
    codes = {row.id: row.code for row in session.execute(there)}
    above = {code[:length] for code in codes.values() for length in CODE_LENGTHS}
    known = select(Region.code, Region.id).where(Region.code.in_(above))
    ids = {row.code: row.id for row in session.execute(known)}
    cells = {
        (ids[prefix], period)
        for region_id, starts_at, ends_at in places
        for prefix in {codes[region_id][:length] for length in CODE_LENGTHS}
        if prefix in ids
        for period in periods_touched(starts_at, ends_at)
    }
    statement = insert(PeopleTotal).on_conflict_do_update(
        index_elements=["region_id", "period"], set_={"stale": True}
    )
    rows = [
        {"region_id": region_id, "period": period, "stale": True}
        for region_id, period in sorted(cells)
    ]
    session.execute(statement, rows)


def recount_people(session: Session, cell: Cell) -> None:
    """Count the people of a region in a period: the one count that reads the visits themselves.

    An activity is in a period when it overlaps it, as in the console's lists.
    """
    period = Period.of(cell.period)
    came = (
        select(Attendance.resident_id)
        .join(Activity, Activity.id == Attendance.activity_id)
        .join(Region, Region.id == Activity.region_id)
        .where(
            Attendance.reverted_at.is_(None),
            Activity.state.in_(_COUNTS_FOR_PEOPLE),
            Region.code.startswith(cell.code),
        )
    )
    if period.start is not None and period.end is not None:
        came = came.where(Activity.ends_at > period.start, Activity.starts_at < period.end)
    people = select(func.count()).select_from(came.distinct().subquery())
    session.execute(
        update(PeopleTotal)
        .where(PeopleTotal.region_id == cell.region_id, PeopleTotal.period == cell.period)
        .values(people=people.scalar_subquery(), stale=False, counted_at=clock.now())
    )


def note_run(session: Session) -> None:
    """Note that everything that was due has been counted."""
    values = {"refreshed_at": clock.now()}
    statement = insert(RollupRun).values(id=1, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))
