"""Reads of bookings: lists and counts."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, case, cast, extract, func, or_, select, tuple_
from sqlalchemy.orm import Session

from backend.activities.models import Activity, ActivityState, Offering, Slot
from backend.activities.questions import SignUps, Unfinished
from backend.bookings.answers.rows import select_bookings
from backend.bookings.answers.shown import booking_answers
from backend.bookings.days import day_over, state_now
from backend.bookings.models import ACTIVE_STATES, Booking, BookingOrigin, BookingState
from backend.bookings.requests import ActivityBookings, MyBookings
from backend.bookings.words import MyOrder
from backend.core.db import AnySelect
from backend.core.pagination import Asked, Page, paginate
from backend.core.permissions import Actor
from backend.identity.models import Resident
from backend.regions.models import Region
from backend.regions.queries import within


def my_bookings(session: Session, actor: Actor, asked: MyBookings) -> Page:
    """The caller's bookings and their family's: the last made first, or by when they are."""
    statement = select_bookings().where(
        or_(Resident.user_id == actor.user_id, Resident.guardian_user_id == actor.user_id),
        Resident.removed_at.is_(None),
    )
    if asked.state is not None:
        statement = statement.where(state_now() == asked.state)
    if asked.order is MyOrder.WHEN:
        page = _by_when(session, statement, asked)
        return Page(booking_answers(session, actor, page.items), page.next_cursor)
    page = paginate(
        session,
        statement,
        [(Booking.id.expression, UUID)],
        cursor=asked.cursor,
        limit=asked.limit,
        key_of=lambda row: (str(row.id),),
        descending=True,
        scalars=False,
    )
    return Page(booking_answers(session, actor, page.items), page.next_cursor)


def _by_when(session: Session, statement: AnySelect, asked: Asked) -> Page:
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
        cursor=asked.cursor,
        limit=asked.limit,
        key_of=lambda row: (row.over, row.on_day, row.from_second, str(row.id)),
        scalars=False,
    )


def activity_bookings(
    session: Session, actor: Actor, activity_id: UUID, asked: ActivityBookings
) -> Page:
    """An activity's bookings for its staff, in the order they were made."""
    statement = select_bookings().where(Booking.activity_id == activity_id)
    if asked.state is not None:
        statement = statement.where(state_now() == asked.state)
    if asked.offering_id is not None:
        statement = statement.where(Booking.offering_id == asked.offering_id)
    page = paginate(
        session,
        statement,
        [(Booking.id.expression, UUID)],
        cursor=asked.cursor,
        limit=asked.limit,
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
        # Also who has said since that they come: the booking is from before the move all the same.
        func.count()
        .filter(or_(Booking.moved_from.is_not(None), Booking.kept_at.is_not(None)))
        .label("moved"),
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


def unfinished_of(session: Session, activity_id: UUID) -> Unfinished:
    """The numbers of an activity that `moves.end_all` would find; one statement."""
    rows = session.execute(
        select(Booking.state, func.count().label("n"))
        .join(Activity, Activity.id == Booking.activity_id)
        .where(
            Booking.activity_id == activity_id,
            Booking.state.in_(ACTIVE_STATES),
            ~day_over(),
        )
        .group_by(Booking.state)
    )
    found = Counter({row.state: row.n for row in rows})
    return Unfinished(
        booked=found[BookingState.CONFIRMED],
        waiting=found[BookingState.ARRIVED],
        calling=found[BookingState.CALLED],
        parked=found[BookingState.PARKED],
        missed=found[BookingState.MISSED],
        serving=found[BookingState.SERVING],
    )


_NOT_BEGUN = (BookingState.CONFIRMED, BookingState.ARRIVED, BookingState.PARKED)


def count_begun(session: Session, activity_id: UUID) -> int:
    """How many numbers of an activity say that it has begun: given on the spot, or called."""
    begun = or_(Booking.origin == BookingOrigin.WALK_IN, Booking.state.not_in(_NOT_BEGUN))
    statement = select(func.count()).where(
        Booking.activity_id == activity_id, Booking.state != BookingState.CANCELLED, begun
    )
    return session.execute(statement).scalar_one()


def ever_numbered(session: Session, offering_ids: Collection[UUID]) -> set[UUID]:
    """For which of these services anybody has ever had a number, whatever became of it."""
    statement = select(Booking.offering_id).where(Booking.offering_id.in_(offering_ids)).distinct()
    return set(session.execute(statement).scalars())


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
            Booking.service_on,
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
        select(
            Booking.resident_id,
            Booking.id.label("booking_id"),
            Booking.ticket,
            Booking.state,
            Offering.id,
            Offering.title,
        )
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
                "booking_id": row.booking_id,
                "ticket": row.ticket,
                "state": row.state,
                "offering_id": row.id,
                "offering_title": row.title,
            }
        )
    return held
