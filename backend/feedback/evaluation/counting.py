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
    case,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from backend.activities.models import Attendance
from backend.bookings.models import Booking, BookingState
from backend.core import clock
from backend.feedback.evaluation.checklist import Progress, Tally
from backend.feedback.models import Rating, Rectification, RectificationState
from backend.feedback.queries import stands
from backend.needs.models import Need, NeedPlan


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
    # Those of the round in which a need is: one is counted once, for however many services.
    planned = (
        select(NeedPlan.activity_id, NeedPlan.need_id, Need.state)
        .join(Need, Need.id == NeedPlan.need_id)
        .where(
            NeedPlan.activity_id.in_(activity_ids),
            NeedPlan.ended_at.is_(None),
            NeedPlan.round == Need.round,
        )
        .distinct()
        .subquery()
        .c
    )
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
        _group("need", planned, (), key=cast(planned.state, Text)),
    )


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
