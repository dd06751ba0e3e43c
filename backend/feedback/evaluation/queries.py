"""Reads of evaluations: one activity's, the list, and the sums over it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from backend.activities.days import day_has_come
from backend.activities.models import Activity, ActivityState, Attendance, Offering, Programme
from backend.bookings.models import Booking, BookingState
from backend.core import clock
from backend.core.config import RATING
from backend.core.errors import ValidationFailed
from backend.core.pagination import paginate
from backend.core.permissions import Actor, Permission
from backend.feedback.evaluation import checklist
from backend.feedback.evaluation.checklist import EvaluationState, ServedOffering
from backend.feedback.evaluation.counting import or_nothing, tallies
from backend.feedback.models import EvaluationChecklist, Rating
from backend.feedback.queries import stands
from backend.regions.models import Region
from backend.regions.queries import within


def evaluation_of(session: Session, activity: Activity, *, in_full: bool) -> dict[str, Any]:
    """An activity's checklist: as it was frozen, but for its needs, or as it stands now.

    Args:
        in_full: for who may see every figure; else those on few answers are hidden.
    """
    frozen = session.get(EvaluationChecklist, activity.id)
    if frozen is None:
        content = content_now(session, activity.id)
    else:
        # Those who asked for what it was to serve are asked, and answer, for weeks after.
        now = tallies(session, [activity.id])[activity.id]
        content = frozen.content | {"needs": checklist.need_counts(now)}
    shown = checklist.shown_to_staff if in_full else checklist.shown_to_public
    return shown(content) | {
        "activity_id": activity.id,
        "state": EvaluationState.FROZEN if frozen else EvaluationState.LIVE,
        "frozen_at": frozen.frozen_at if frozen else None,
    }


def content_now(session: Session, activity_id: UUID) -> dict[str, Any]:
    """An activity's checklist in full as it stands now, in two statements."""
    offerings = session.execute(
        select(Offering.id, Offering.title, Offering.service_kind)
        .where(Offering.activity_id == activity_id)
        .order_by(func.length(Offering.letter), Offering.letter)
    )
    tally = tallies(session, [activity_id])[activity_id]
    return checklist.checklist(tally, [ServedOffering(*row) for row in offerings])


# The parts of a checklist that a list of them shows.
_IN_LIST = ("served", "rated", "response_rate", "satisfied_share", "verdict")
_ON = (ActivityState.PUBLISHED, ActivityState.LIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationFilter:
    """Which activities with an evaluation are wanted; None: whichever.

    Attributes:
        region_id: a region, with all below it.
        since, until: what ends after the one and begins before the other.
    """

    region_id: UUID | None = None
    programme: Programme | None = None
    since: datetime | None = None
    until: datetime | None = None


EVERY = EvaluationFilter()


def list_evaluations(
    session: Session, actor: Actor, wanted: EvaluationFilter, *, limit: int, cursor: str | None
) -> dict[str, Any]:
    """A page of evaluations in the caller's regions, the latest activity first, with totals over
    all that the filter finds. Never sorted by a mean: a rank of few answers is chance.

    Live and closed activities are listed, published ones once somebody has come.
    """
    found = evaluated(session, actor, wanted)
    page = paginate(
        session,
        found,
        [(Activity.starts_at.expression, datetime), (Activity.id.expression, UUID)],
        cursor=cursor,
        limit=limit,
        key_of=lambda row: (row.starts_at, str(row.activity_id)),
        descending=True,
        scalars=False,
    )
    items = []
    for row, content in zip(page.items, contents_of(session, page.items), strict=True):
        items.append(
            row._asdict()
            | {name: content[name] for name in _IN_LIST}
            | {
                "state": EvaluationState.FROZEN if row.content else EvaluationState.LIVE,
                "small_sample": content["rated"] < RATING.publish_from,
            }
        )
    return {"items": items, "next_cursor": page.next_cursor, "totals": _totals(session, found)}


def contents_of(session: Session, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """The checklists, without their offerings, of rows that `evaluated` has selected: as they
    were frozen, or as they stand now; one statement for all of them."""
    live = tallies(session, [row.activity_id for row in rows if row.content is None])
    return [row.content or checklist.checklist(live[row.activity_id], ()) for row in rows]


def evaluated(session: Session, actor: Actor, wanted: EvaluationFilter = EVERY) -> Select[Any]:
    """The activities with an evaluation that the filter finds in the caller's regions.

    Raises ValidationFailed (422) for a region that does not exist.
    """
    statement = (
        select(
            Activity.id.label("activity_id"),
            Activity.title,
            Activity.programme,
            Activity.starts_at,
            Activity.state.label("activity_state"),
            Activity.region_id,
            Region.name.label("region_name"),
            EvaluationChecklist.content,
        )
        .join(Region, Region.id == Activity.region_id)
        .outerjoin(EvaluationChecklist, EvaluationChecklist.activity_id == Activity.id)
        .where(within(actor.region_codes(Permission.EVALUATION_SEE_ALL)), _has_begun())
    )
    if wanted.region_id is not None:
        region = session.get(Region, wanted.region_id)
        if region is None:
            raise ValidationFailed(errors={"region_id": ["没有这个地区"]})
        statement = statement.where(Region.code.startswith(region.code))
    if wanted.programme is not None:
        statement = statement.where(Activity.programme == wanted.programme)
    if wanted.since is not None:
        statement = statement.where(Activity.ends_at > wanted.since)
    if wanted.until is not None:
        statement = statement.where(Activity.starts_at < wanted.until)
    return statement


# How long before its start a published activity admits people at most (checkin_opens_minutes).
_EARLIEST = timedelta(days=1)


def _has_begun() -> ColumnElement[bool]:
    came = select(true()).where(
        Attendance.activity_id == Activity.id, Attendance.reverted_at.is_(None)
    )
    served = select(true()).where(
        Booking.activity_id == Activity.id, Booking.state == BookingState.SERVED
    )
    return or_(
        Activity.state == ActivityState.CLOSED,
        # One that was opened before its day has not begun.
        and_(Activity.state == ActivityState.LIVE, day_has_come()),
        and_(
            Activity.state.in_(_ON),
            Activity.starts_at < clock.now() + _EARLIEST,
            or_(_any(came), _any(served)),
        ),
    )


def _any(rows: Select[Any]) -> ColumnElement[bool]:
    """Whether there is a row. With EXISTS beside an OR, PostgreSQL reads the whole table into a
    hash once many activities are asked for; a value of one row it looks up in the index."""
    return rows.limit(1).scalar_subquery().is_(True)


def _totals(session: Session, found: Select[Any]) -> dict[str, Any]:
    """Sums over all activities found, in one statement: of the frozen ones from their
    checklists, so that years of them cost little, of the others from the rows themselves."""
    chosen = found.with_only_columns(Activity.id, EvaluationChecklist.content).cte("chosen")
    live = select(chosen.c.id).where(chosen.c.content.is_(None))
    content = chosen.c.content
    levels = func.jsonb_each_text(content["distribution"]).table_valued(
        "key", "value", joins_implicitly=True
    )
    visits_rated = content["visits"]["rated"].as_integer()
    served = Booking.state == BookingState.SERVED, Booking.activity_id.in_(live)
    rated = Rating.activity_id.in_(live), stands()
    parts = union_all(
        _part("activities", func.count()).select_from(chosen),
        _part("served", func.count()).select_from(Booking).where(*served),
        _part("served", func.sum(content["served"].as_integer())).select_from(chosen),
        _part("served_rated", func.count())
        .select_from(Rating)
        .where(*rated, Rating.booking_id.is_not(None)),
        _part("served_rated", func.sum(content["rated"].as_integer() - visits_rated)).select_from(
            chosen
        ),
        _part("score", func.count(), Rating.score).where(*rated).group_by(Rating.score),
        _part("score", func.sum(cast(levels.c.value, Integer)), cast(levels.c.key, Integer))
        .select_from(chosen)
        .join(levels, true())
        .group_by(levels.c.key),
    )
    sums: Counter[str] = Counter()
    scores: Counter[int] = Counter()
    for kind, level, n in session.execute(parts):
        if kind == "score":
            scores[level] += int(n)
        else:
            sums[kind] += int(n or 0)
    return {
        "activities": sums["activities"],
        "served": sums["served"],
        "rated": scores.total(),
        "response_rate": sums["served_rated"] / sums["served"] if sums["served"] else None,
        "satisfied_share": checklist.satisfied_share(scores),
    }


def _part(kind: str, n: Any, level: Any = None) -> Select[Any]:
    return select(literal(kind), or_nothing(level, Integer), cast(n, BigInteger))
