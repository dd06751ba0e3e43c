"""Reads of ratings, evaluations and rectifications: a fixed number of statements each."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
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
    not_,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from backend.activities.days import day_has_come, ratable_until
from backend.activities.models import Activity, ActivityState, Attendance, Offering, Programme
from backend.bookings.models import Booking, BookingState
from backend.core import clock
from backend.core.config import RATING
from backend.core.errors import ValidationFailed
from backend.core.pagination import Page, paginate
from backend.core.permissions import Actor, Permission
from backend.feedback.comments import readable_comment
from backend.feedback.evaluation import checklist
from backend.feedback.evaluation.checklist import EvaluationState, Progress, ServedOffering, Tally
from backend.feedback.models import (
    EvaluationChecklist,
    Rating,
    Rectification,
    RectificationState,
)
from backend.feedback.operations import editable_until
from backend.identity.models import Resident
from backend.identity.names import own_name
from backend.needs.models import Need
from backend.regions.models import Region
from backend.regions.queries import within

# ---------------------------------------------------------------------------- one's own ratings

_OWN_RATING: tuple[Any, ...] = (
    Rating,
    Activity.title.label("activity_title"),
    Activity.ends_at,
    Activity.closed_at,
    Offering.title.label("offering_title"),
    Resident.name,
)


def _own_ratings() -> Select[Any]:
    return (
        select(*_OWN_RATING)
        .join(Activity, Activity.id == Rating.activity_id)
        .join(Resident, Resident.id == Rating.resident_id)
        .outerjoin(Offering, Offering.id == Rating.offering_id)
    )


def rating_detail(session: Session, rating_id: UUID) -> dict[str, Any]:
    """A rating as the one who gave it sees it."""
    return _own_rating(session.execute(_own_ratings().where(Rating.id == rating_id)).one())


def list_own_ratings(
    session: Session, actor: Actor, *, limit: int, cursor: str | None = None
) -> Page:
    """The ratings that the caller gave, for themselves and their family, newest first."""
    people = select(Resident.id).where(
        or_(Resident.user_id == actor.user_id, Resident.guardian_user_id == actor.user_id)
    )
    page = paginate(
        session,
        _own_ratings().where(Rating.resident_id.in_(people), Rating.rated_by == actor.user_id),
        [(Rating.id.expression, UUID)],
        cursor=cursor,
        limit=limit,
        key_of=lambda row: (str(row.Rating.id),),
        descending=True,
        scalars=False,
    )
    return Page([_own_rating(row) for row in page.items], page.next_cursor)


def _own_rating(row: Any) -> dict[str, Any]:
    rating: Rating = row.Rating
    columns = {column.key: getattr(rating, column.key) for column in Rating.__table__.columns}
    return columns | {
        "activity_title": row.activity_title,
        "offering_title": row.offering_title,
        "resident": {"id": rating.resident_id, "display_name": own_name(row.name)},
        "editable_until": editable_until(
            rating.created_at, ratable_until(row.ends_at, row.closed_at)
        ),
    }


# ---------------------------------------------------------------------------- counting


def stands() -> ColumnElement[bool]:
    """Whether a rating counts: one of a service does; one of a visit, while a visit of that
    person to that activity on that day stands, also where it was scanned anew."""
    visit, standing = aliased(Attendance), aliased(Attendance)
    # One row of the unique index for each rating; as a join, a table that has grown since it was
    # last analysed was read whole for each.
    day = (
        select(visit.on_day)
        .where(visit.id == Rating.attendance_id)
        .correlate(Rating)
        .scalar_subquery()
    )
    visit_stands = select(literal(1)).where(
        standing.activity_id == Rating.activity_id,
        standing.resident_id == Rating.resident_id,
        standing.on_day == day,
        standing.reverted_at.is_(None),
    )
    return or_(Rating.booking_id.is_not(None), visit_stands.exists())


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
        _group("need", Need, (Need.activity_id.in_(activity_ids),), key=cast(Need.state, Text)),
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
        _or_nothing(offering_id, Uuid).label("offering_id"),
        _or_nothing(key, Text).label("key"),
        _or_nothing(level, Integer).label("level"),
    ]
    counted = select(*columns).where(*conditions).subquery()
    by = list(counted.c)
    return select(literal(kind).label("kind"), *by, func.count().label("n")).group_by(*by)


def _or_nothing(column: Any, kind: Any) -> Any:
    return cast(null(), kind) if column is None else column


# ---------------------------------------------------------------------------- evaluation


def evaluation_of(session: Session, activity: Activity, *, in_full: bool) -> dict[str, Any]:
    """An activity's checklist: as it was frozen, or as it stands now.

    Args:
        in_full: for who may see every figure; else those on few answers are hidden.
    """
    frozen = session.get(EvaluationChecklist, activity.id)
    content = frozen.content if frozen else content_now(session, activity.id)
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
    return select(literal(kind), _or_nothing(level, Integer), cast(n, BigInteger))


# ---------------------------------------------------------------------------- rectification

_owner = aliased(Resident)
_RECTIFICATION: tuple[Any, ...] = (
    Rectification,
    _owner.name.label("owner_name"),
    Rating.score,
    Rating.items,
    Rating.tags,
    Rating.comment,
    Rating.comment_state,
    Rating.offering_id,
    Activity.title.label("activity_title"),
    Offering.title.label("offering_title"),
    Region.code,
    Region.name.label("region_name"),
)


def _rectifications() -> Select[Any]:
    return (
        select(*_RECTIFICATION)
        .join(Rating, Rating.id == Rectification.rating_id)
        .join(Activity, Activity.id == Rectification.activity_id)
        .join(Region, Region.id == Activity.region_id)
        .outerjoin(Offering, Offering.id == Rating.offering_id)
        .outerjoin(_owner, _owner.user_id == Rectification.owner_user_id)
    )


def rectification_detail(session: Session, actor: Actor, rectification_id: UUID) -> dict[str, Any]:
    """A rectification as staff see it: all of the complaint, nothing of who made it."""
    statement = _rectifications().where(Rectification.id == rectification_id)
    return _rectification(actor, session.execute(statement).one())


@dataclass(frozen=True, slots=True, kw_only=True)
class RectificationFilter:
    """Which rectifications are wanted; None: whichever.

    Attributes:
        open: not closed yet, or closed.
        overdue: not closed and past its deadline, or not.
        mine: only those that the caller sees to.
    """

    state: RectificationState | None = None
    activity_id: UUID | None = None
    open: bool | None = None
    overdue: bool | None = None
    mine: bool = False


def list_rectifications(
    session: Session,
    actor: Actor,
    wanted: RectificationFilter,
    *,
    limit: int,
    cursor: str | None = None,
) -> Page:
    """A page of rectifications in the caller's regions, the nearest deadline first."""
    statement = _rectifications().where(within(actor.region_codes(Permission.RECTIFICATION_SEE)))
    if wanted.state is not None:
        statement = statement.where(Rectification.state == wanted.state)
    if wanted.activity_id is not None:
        statement = statement.where(Rectification.activity_id == wanted.activity_id)
    if wanted.mine:
        statement = statement.where(Rectification.owner_user_id == actor.user_id)
    if wanted.open is not None:
        closed = Rectification.state == RectificationState.CLOSED
        statement = statement.where(not_(closed) if wanted.open else closed)
    if wanted.overdue is not None:
        overdue = and_(
            Rectification.state != RectificationState.CLOSED,
            Rectification.due_at <= clock.now(),
        )
        statement = statement.where(overdue if wanted.overdue else not_(overdue))
    page = paginate(
        session,
        statement,
        [(Rectification.due_at.expression, datetime), (Rectification.id.expression, UUID)],
        cursor=cursor,
        limit=limit,
        key_of=lambda row: (row.Rectification.due_at, str(row.Rectification.id)),
        scalars=False,
    )
    return Page([_rectification(actor, row) for row in page.items], page.next_cursor)


def _rectification(actor: Actor, row: Any) -> dict[str, Any]:
    found: Rectification = row.Rectification
    columns = {
        column.key: getattr(found, column.key)
        for column in Rectification.__table__.columns
        if column.key != "rating_id"
    }
    may_handle = actor.may(Permission.RECTIFICATION_HANDLE, region_code=row.code)
    return columns | {
        "overdue": found.state is not RectificationState.CLOSED and found.due_at <= clock.now(),
        "activity_title": row.activity_title,
        "owner_name": own_name(row.owner_name) if found.owner_user_id else None,
        "region_name": row.region_name,
        "offering_id": row.offering_id,
        "offering_title": row.offering_title,
        "score": row.score,
        "items": row.items,
        "tags": row.tags,
        "comment": readable_comment(row.comment, row.comment_state, may_handle=may_handle),
        "comment_state": row.comment_state,
    }
