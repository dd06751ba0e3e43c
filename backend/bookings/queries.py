"""Reads of bookings and lines."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, case, cast, extract, func, or_, select, tuple_
from sqlalchemy.orm import Session

from backend.activities.days import ratable_until
from backend.activities.models import Activity, ActivityState, Offering, Slot, Stall
from backend.activities.questions import SignUps
from backend.bookings.days import day_over, state_now, state_of, valid_until
from backend.bookings.details import read_booking, select_bookings
from backend.bookings.estimates import Minutes, estimate_wait
from backend.bookings.line import LINE_ORDER
from backend.bookings.models import ACTIVE_STATES, Booking, BookingOrigin, BookingState
from backend.bookings.statements import gone
from backend.core import clock
from backend.core.config import QUEUE
from backend.core.db import AnySelect
from backend.core.pagination import Page, paginate
from backend.core.permissions import Actor
from backend.core.statement import Statement
from backend.identity.models import Resident
from backend.identity.names import masked_name, own_name
from backend.regions.models import Region
from backend.regions.queries import within

# What is answered as it is read.
_PLAIN = (
    "id", "activity_id", "activity_title", "offering_id", "offering_title", "slot_id",
    "slot_starts_at", "slot_ends_at", "service_on", "due_at", "ticket", "urgent", "calls",
    "rejoined", "moved_from", "created_at", "arrived_at", "called_at", "started_at", "finished_at",
)  # fmt: skip


def booking_detail(session: Session, actor: Actor, booking_id: UUID) -> dict[str, Any]:
    """One booking as its person, or the staff, see it."""
    return booking_answer(session, actor, read_booking(session, booking_id))


def booking_answer(session: Session, actor: Actor, row: Any) -> dict[str, Any]:
    """A row of `select_bookings` as its person, or the staff, see it."""
    (answer,) = booking_answers(session, actor, [row])
    return answer


class MyOrder(StrEnum):
    """In what order one's own bookings are listed."""

    MADE = "made"
    WHEN = "when"


def my_bookings(session: Session, actor: Actor, query: dict[str, Any]) -> Page:
    """The caller's bookings and their family's: the last made first, or by when they are."""
    statement = select_bookings().where(
        or_(Resident.user_id == actor.user_id, Resident.guardian_user_id == actor.user_id),
        Resident.removed_at.is_(None),
    )
    if "state" in query:
        statement = statement.where(state_now() == query["state"])
    if query["order"] is MyOrder.WHEN:
        page = _by_when(session, statement, query)
        return Page(booking_answers(session, actor, page.items), page.next_cursor)
    page = paginate(
        session,
        statement,
        [(Booking.id.expression, UUID)],
        cursor=query.get("cursor"),
        limit=query["limit"],
        key_of=lambda row: (str(row.id),),
        descending=True,
        scalars=False,
    )
    return Page(booking_answers(session, actor, page.items), page.next_cursor)


def _by_when(session: Session, statement: AnySelect, query: dict[str, Any]) -> Page:
    """A page of bookings: what is to come, the soonest first; then what is over, the last first."""
    sign = case((day_over(), -1), else_=1)
    starts_at = func.coalesce(Slot.starts_at, Activity.starts_at)
    columns = (
        case((day_over(), 1), else_=0).label("over"),
        (sign * (Booking.service_on - date(1970, 1, 1))).label("on_day"),
        (sign * cast(extract("epoch", starts_at), BigInteger)).label("from_second"),
    )
    return paginate(
        session,
        statement.add_columns(*columns),
        [*((column.element, int) for column in columns), (Booking.id.expression, UUID)],
        cursor=query.get("cursor"),
        limit=query["limit"],
        key_of=lambda row: (row.over, row.on_day, row.from_second, str(row.id)),
        scalars=False,
    )


def activity_bookings(
    session: Session, actor: Actor, activity_id: UUID, query: dict[str, Any]
) -> Page:
    """An activity's bookings for its staff, in the order they were made."""
    statement = select_bookings().where(Booking.activity_id == activity_id)
    if "state" in query:
        statement = statement.where(state_now() == query["state"])
    if "offering_id" in query:
        statement = statement.where(Booking.offering_id == query["offering_id"])
    page = paginate(
        session,
        statement,
        [(Booking.id.expression, UUID)],
        cursor=query.get("cursor"),
        limit=query["limit"],
        key_of=lambda row: (str(row.id),),
        scalars=False,
    )
    return Page(booking_answers(session, actor, page.items), page.next_cursor)


def standing_sign_ups(
    session: Session, activity_id: UUID, offering_id: UUID | None, slot_id: UUID | None
) -> SignUps:
    """The bookings of an activity that still stand, or those of one service or slot of it; one
    statement."""
    places = (Booking.offering_id, Booking.slot_id)
    statement = select(
        *places,
        func.grouping(Booking.offering_id).label("total"),
        func.count().label("bookings"),
        func.count(Booking.resident_id.distinct()).label("people"),
        func.count(Booking.resident_id.distinct())
        .filter(Booking.state != BookingState.CONFIRMED)
        .label("arrived"),
        func.count().filter(Booking.moved_from.is_not(None)).label("moved"),
    )
    statement = statement.join(Activity, Activity.id == Booking.activity_id).where(
        Booking.activity_id == activity_id,
        Booking.state.in_(ACTIVE_STATES),
        # What is announced may still be put off, and its numbers stand again (days.py).
        or_(~day_over(), Activity.state == ActivityState.PUBLISHED),
    )
    if offering_id is not None:
        statement = statement.where(Booking.offering_id == offering_id)
    if slot_id is not None:
        statement = statement.where(Booking.slot_id == slot_id)
    rows = session.execute(statement.group_by(func.grouping_sets(tuple_(*places), tuple_()))).all()
    (total,) = [row for row in rows if row.total]
    return SignUps(
        total.bookings,
        total.people,
        total.arrived,
        total.moved,
        {(row.offering_id, row.slot_id): row.bookings for row in rows if not row.total},
    )


_NOT_BEGUN = (BookingState.CONFIRMED, BookingState.ARRIVED, BookingState.PARKED)


def count_begun(session: Session, activity_id: UUID) -> int:
    """How many numbers of an activity say that it has begun: given on the spot, or called."""
    begun = or_(Booking.origin == BookingOrigin.WALK_IN, Booking.state.not_in(_NOT_BEGUN))
    statement = select(func.count()).where(
        Booking.activity_id == activity_id, Booking.state != BookingState.CANCELLED, begun
    )
    return session.execute(statement).scalar_one()


def booking_answers(session: Session, actor: Actor, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Rows of `select_bookings` as their person, or the staff, see them."""
    states = {row.id: state_of(row) for row in rows}
    waiting = [row for row in rows if states[row.id] is BookingState.ARRIVED]
    places = _places(session, waiting)
    offering_ids = {row.offering_id for row in waiting}
    paces = {offering_id: read_pace(session, offering_id) for offering_id in offering_ids}
    answers = []
    for row in rows:
        own = actor.user_id in (row.user_id, row.guardian_user_id)
        place = places.get(row.id)
        shown = own_name(row.resident_name) if own else masked_name(row.resident_name)
        answers.append(
            {name: getattr(row, name) for name in _PLAIN}
            | {
                "state": states[row.id],
                "valid_until": valid_until(row),
                "ratable_until": ratable_until(row.activity_ends_at, row.activity_closed_at),
                "activity_state": ActivityState(row.activity_state),
                "activity_open": _is_open(row),
                "origin": BookingOrigin(row.origin),
                "resident": {"id": row.resident_id, "display_name": shown},
                "stall": {"number": row.stall_number, "name": row.stall_name},
                "ahead": place and place.ahead,
                "estimate_minutes": place
                and _estimate(
                    place.ahead, paces[row.offering_id], row.minutes_per_person, row.due_at
                ),
                "left": bool(place and place.gone),
            }
        )
    return answers


def _is_open(row: Any) -> bool:
    """Whether the activity is on, so that somebody can take a new number there."""
    live = ActivityState(row.activity_state) is ActivityState.LIVE
    return live and not clock.days_over(clock.now(), row.activity_starts_at, row.activity_ends_at)


_PLACES = Statement(
    f"""
    SELECT id, ahead, {gone("line")} AS gone
      FROM (SELECT b.id, b.activity_id, b.resident_id, b.service_on, b.arrived_at,
                   row_number() OVER (PARTITION BY b.offering_id, b.service_on
                                            ORDER BY {LINE_ORDER}) - 1 AS ahead
              FROM booking b
             WHERE b.state = 'arrived'
               AND (b.offering_id, b.service_on) IN
                   (SELECT * FROM unnest(CAST(:offerings AS uuid[]), CAST(:days AS date[])))
           ) line
     WHERE id = ANY(:ids)
    """
)


def _places(session: Session, waiting: Sequence[Any]) -> dict[UUID, Any]:
    """Of each of these numbers how many wait before it (`ahead`), and whether its person has left
    (`gone`)."""
    if not waiting:
        return {}
    lines = {(booking.offering_id, booking.service_on) for booking in waiting}
    rows = _PLACES.rows(
        session,
        offerings=[offering_id for offering_id, _ in lines],
        days=[day for _, day in lines],
        ids=[booking.id for booking in waiting],
        now=clock.now(),
    )
    return {row.id: row for row in rows}


_PACE_COLUMNS = """
    (SELECT array_agg(extract(epoch FROM finished_at - started_at)::float / 60)
       FROM (SELECT started_at, finished_at FROM booking
              WHERE offering_id = o.id AND state = 'served' AND finished_at IS NOT NULL
              ORDER BY finished_at DESC LIMIT :sample) recent) AS minutes,
    (SELECT count(DISTINCT called_stall_id) FROM booking
      WHERE offering_id = o.id AND service_on >= :yesterday AND called_at > :open_since) AS desks
    """
_PACE = Statement(f"SELECT {_PACE_COLUMNS} FROM (SELECT CAST(:offering_id AS uuid) AS id) o")
# `ahead`: those whom somebody who joins the line now waits for; early appointments come after.
_LINES = Statement(
    f"""
    SELECT o.id, o.minutes_per_person,
           line.waiting, line.ahead, {_PACE_COLUMNS}
      FROM offering o, LATERAL (
          SELECT count(*) AS waiting,
                 count(*) FILTER (WHERE due_at IS NULL OR due_at <= :now) AS ahead
            FROM booking
           WHERE offering_id = o.id AND service_on = :service_on AND state = 'arrived'
      ) line
     WHERE o.activity_id = :activity_id AND o.mode <> 'open'
    """
)


def read_pace(session: Session, offering_id: UUID) -> tuple[list[float], int]:
    """How long the services last finished took, in minutes, and how many desks are open."""
    return _pace(_PACE.first(session, offering_id=offering_id, **_pace_values()))


def _pace_values() -> dict[str, Any]:
    return {
        "sample": QUEUE.estimate_sample,
        # The day's own where the market runs through midnight.
        "yesterday": clock.today() - timedelta(days=1),
        "open_since": clock.now() - timedelta(minutes=QUEUE.open_desk_minutes),
    }


def _pace(row: Any) -> tuple[list[float], int]:
    return row.minutes or [], max(1, row.desks)


def _estimate(
    ahead: int,
    pace: tuple[list[float], int],
    usual_minutes: int,
    due_at: datetime | None = None,
) -> Minutes:
    minutes, desks = pace
    due_in = (due_at - clock.now()) / timedelta(minutes=1) if due_at else 0.0
    return estimate_wait(ahead, minutes, usual_minutes, desks, due_in)


def lines_of(session: Session, activity: Activity) -> dict[UUID, dict[str, Any]]:
    """How long today's lines of an activity are for somebody who joins them now, by offering; one
    statement however many there are."""
    today = clock.service_day(clock.now(), activity.starts_at, activity.ends_at)
    values = {"activity_id": activity.id, "service_on": today, "now": clock.now()} | _pace_values()
    return {
        row.id: {
            "waiting": row.waiting,
            "estimate_minutes": _estimate(row.ahead, _pace(row), row.minutes_per_person),
        }
        for row in _LINES.rows(session, **values)
    }


def queue_of(session: Session, offering: Offering) -> dict[str, Any]:
    """A line as its screen shows it: numbers and stalls, no names. Who waited on an earlier day of
    a longer activity is not in today's line."""
    now = clock.now()
    starts_at, ends_at = session.execute(
        select(Activity.starts_at, Activity.ends_at).where(Activity.id == offering.activity_id)
    ).one()
    rows = session.execute(
        select(Booking.ticket, Booking.called_at, Booking.calls, Booking.state, Booking.due_at,
               Stall.number, Stall.name)
        .outerjoin(Stall, Stall.id == Booking.called_stall_id)
        .where(
            Booking.offering_id == offering.id,
            Booking.service_on == clock.service_day(now, starts_at, ends_at),
            Booking.state.in_((BookingState.ARRIVED, BookingState.CALLED)),
        )
        .order_by(Booking.called_at.desc(), Booking.id)
    ).all()  # fmt: skip
    by_state: dict[BookingState, list[Any]] = defaultdict(list)
    for row in rows:
        by_state[row.state].append(row)
    waiting = by_state[BookingState.ARRIVED]
    # Early appointments come after whoever joins the line now.
    ahead = [row for row in waiting if row.due_at is None or row.due_at <= now]
    return {
        "offering_id": offering.id,
        "calling": [
            {
                "ticket": row.ticket,
                "stall": {"number": row.number, "name": row.name},
                "called_at": row.called_at,
                "calls": row.calls,
            }
            for row in by_state[BookingState.CALLED]
        ],
        "waiting": len(waiting),
        "estimate_minutes": _estimate(
            len(ahead), read_pace(session, offering.id), offering.minutes_per_person
        ),
    }


def export_bookings(session: Session, resident_ids: list[UUID]) -> list[dict[str, Any]]:
    """The bookings of these people, for their export."""
    statement = (
        select(
            Booking.id,
            Booking.resident_id,
            Activity.title.label("activity"),
            Offering.title.label("service"),
            Booking.ticket,
            Booking.state,
            Booking.created_at,
            Booking.arrived_at,
            Booking.called_at,
            Booking.started_at,
            Booking.finished_at,
        )
        .join(Activity, Activity.id == Booking.activity_id)
        .join(Offering, Offering.id == Booking.offering_id)
        .where(Booking.resident_id.in_(resident_ids))
        .order_by(Booking.id)
    )
    return [dict(row) for row in session.execute(statement).mappings()]


def count_bookings(
    session: Session, resident_ids: list[UUID], region_codes: Iterable[str]
) -> dict[UUID, int]:
    """How many bookings and numbers these people have had at activities in some regions, whatever
    became of them; who never had one is left out."""
    statement = (
        select(Booking.resident_id, func.count().label("n"))
        .join(Activity, Activity.id == Booking.activity_id)
        .join(Region, Region.id == Activity.region_id)
        .where(Booking.resident_id.in_(resident_ids), within(region_codes))
        .group_by(Booking.resident_id)
    )
    return {row.resident_id: row.n for row in session.execute(statement)}


# What somebody has been given, and what became of it, for whoever stands before them.
_HELD = (*ACTIVE_STATES, BookingState.SERVED)


def tickets_of(
    session: Session, activity_id: UUID, day: date, resident_ids: list[UUID]
) -> dict[UUID, dict[str, Any]]:
    """The numbers of these people at an activity on its day, in the order in which they were
    given; who has none is left out."""
    statement = (
        select(Booking.resident_id, Booking.ticket, Booking.state, Offering.id, Offering.title)
        .join(Offering, Offering.id == Booking.offering_id)
        .where(
            Booking.activity_id == activity_id,
            Booking.resident_id.in_(resident_ids),
            Booking.service_on == day,
            Booking.state.in_(_HELD),
        )
        .order_by(Booking.id)
    )
    held: dict[UUID, dict[str, Any]] = defaultdict(lambda: {"tickets": []})
    for row in session.execute(statement):
        held[row.resident_id]["tickets"].append(
            {
                "ticket": row.ticket,
                "state": row.state,
                "offering_id": row.id,
                "offering_title": row.title,
            }
        )
    return held
