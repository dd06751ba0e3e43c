"""What is counted of activities for their evaluation, in one statement whatever their number."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from backend.activities.models import Attendance
from backend.bookings.models import Booking, BookingState
from backend.core import clock
from backend.feedback.evaluation.checklist import NO_ANSWER, REOPENED, Progress, Tally
from backend.feedback.models import Rating, Rectification, RectificationState
from backend.feedback.queries import stands
from backend.needs.models import Need, NeedPlan, NeedVerdict, NeedVoice


def tallies(session: Session, activity_ids: Sequence[UUID]) -> dict[UUID, Tally]:
    """What is to be counted of some activities, in one statement whatever their size."""
    found = {activity_id: Tally() for activity_id in activity_ids}
    for row in session.execute(_counts(activity_ids)):
        _add(found[row.activity_id], row)
    return found


def _add(tally: Tally, row: Any) -> None:
    match row.kind:
        case "served":
            tally.served[row.offering_id] = row.n
        case "attended":
            tally.attended = row.n
        case "score":
            tally.scores.setdefault(row.offering_id, Counter())[row.level] = row.n
        case "item":
            tally.items.setdefault(row.key, Counter())[row.level] = row.n
        case "rectification":
            tally.rectifications[row.key] = row.n
        case "need":
            tally.needs[row.key] = row.n
        case "asked":
            tally.asked[row.key] = row.n


def _counts(activity_ids: Sequence[UUID]) -> CompoundSelect[Any]:
    rated = Rating.activity_id.in_(activity_ids), stands()
    answer = func.jsonb_each_text(Rating.items).table_valued("key", "value", joins_implicitly=True)
    level = cast(answer.c.value, Integer)
    progress = case(
        (Rectification.state == RectificationState.CLOSED, Progress.CLOSED.value),
        (Rectification.due_at <= clock.now(), Progress.OVERDUE.value),
        else_=Progress.OPEN.value,
    )
    served = (Booking.activity_id.in_(activity_ids), Booking.state == BookingState.SERVED)
    came = (Attendance.activity_id.in_(activity_ids), Attendance.reverted_at.is_(None))
    planned, asked = _planned(activity_ids)
    return union_all(
        _group("served", Booking, served, offering_id=Booking.offering_id),
        _group("attended", Attendance, came),
        _group("score", Rating, rated, offering_id=Rating.offering_id, level=Rating.score),
        _group("item", Rating, rated, key=answer.c.key, level=level),
        _group(
            "rectification",
            Rectification,
            (Rectification.activity_id.in_(activity_ids),),
            key=progress,
        ),
        _group("need", planned, (), key=planned.state),
        _group("asked", asked, (), key=asked.answer),
    )


def _planned(activity_ids: Sequence[UUID]) -> tuple[Any, Any]:
    """The needs that activities were to serve, each once for however many services; and those who
    were asked about it, of the last round that was served there. A need that was gone through
    again since is counted where it was served, as that."""
    last = (
        select(NeedPlan.activity_id, NeedPlan.need_id, func.max(NeedPlan.round).label("round"))
        .where(NeedPlan.activity_id.in_(activity_ids), NeedPlan.ended_at.is_(None))
        .group_by(NeedPlan.activity_id, NeedPlan.need_id)
        .subquery()
    )
    state = case((last.c.round < Need.round, REOPENED), else_=cast(Need.state, Text))
    needs = select(last.c.activity_id, state.label("state")).join(Need, Need.id == last.c.need_id)
    # Those, too, who ask for one that is dealt with as the same.
    member = aliased(Need)
    answer = func.coalesce(cast(NeedVerdict.verdict, Text), NO_ANSWER)
    asked = (
        select(last.c.activity_id, answer.label("answer"))
        .join(member, or_(member.id == last.c.need_id, member.merged_into == last.c.need_id))
        .join(NeedVoice, NeedVoice.need_id == member.id)
        .join(
            NeedVerdict,
            and_(NeedVerdict.voice_id == NeedVoice.id, NeedVerdict.round == last.c.round),
        )
    )
    return needs.subquery().c, asked.subquery().c


def _group(
    kind: str,
    table: Any,
    conditions: Iterable[ColumnElement[bool]],
    *,
    offering_id: Any = None,
    key: Any = None,
    level: Any = None,
) -> Select[Any]:
    """How many rows of a table there are by activity and by what else is given."""
    columns = [
        table.activity_id.label("activity_id"),
        or_nothing(offering_id, Uuid).label("offering_id"),
        or_nothing(key, Text).label("key"),
        or_nothing(level, Integer).label("level"),
    ]
    counted = select(*columns).where(*conditions).subquery()
    by = list(counted.c)
    return select(literal(kind).label("kind"), *by, func.count().label("n")).group_by(*by)


def or_nothing(column: Any, kind: Any) -> Any:
    return cast(null(), kind) if column is None else column
