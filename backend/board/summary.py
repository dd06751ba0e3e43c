"""The day's figures of one activity, in a fixed number of statements."""

from collections import Counter, defaultdict
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, extract, func, select, text
from sqlalchemy.orm import Session

from backend.activities.models import Activity, Attendance, Offering, Stall
from backend.activities.words import stall_order
from backend.bookings.days import state_now
from backend.bookings.models import Booking, BookingState
from backend.core import clock
from backend.feedback.evaluation.checklist import shown_to_public, shown_to_staff
from backend.feedback.evaluation.queries import content_now

_RATING_FIGURES = ("rated", "score", "satisfied_share", "hidden", "small_sample")


def summary_of(session: Session, activity: Activity, *, ratings_in_full: bool) -> dict[str, Any]:
    """What has happened at an activity so far.

    服务人次 (visits) and 服务人数 (people) are never mixed: a visit is a person on a day, a person
    counts once however many days they came.

    Args:
        ratings_in_full: for who may see every figure; else those on few answers are hidden, as
            they are in the evaluation.
    """
    presence = presence_of(session, activity)
    states = states_by_offering(session, activity.id)
    places = places_by_offering(session, activity.id)
    shown = shown_to_staff if ratings_in_full else shown_to_public
    content = shown(content_now(session, activity.id))
    return {
        "activity_id": activity.id,
        "state": activity.state,
        **presence._mapping,
        "offerings": [
            _offering(offering, states[offering["offering_id"]], places[offering["offering_id"]])
            for offering in content["offerings"]
        ],
    }


def presence_of(session: Session, activity: Activity) -> Any:
    """How many have come: `visits`, `people`, and `inside_now`, who are still there today."""
    today = clock.day_within(clock.now(), activity.starts_at, activity.ends_at)
    # A day that runs through midnight has visits of two, also of one person.
    inside = Attendance.left_at.is_(None), Attendance.on_day >= today
    people = func.count(Attendance.resident_id.distinct())
    return session.execute(
        select(
            func.count().label("visits"),
            people.label("people"),
            people.filter(*inside).label("inside_now"),
        ).where(Attendance.activity_id == activity.id, Attendance.reverted_at.is_(None))
    ).one()


def states_by_offering(
    session: Session, activity_id: UUID, on: date | None = None
) -> dict[str, Counter[BookingState]]:
    """How many bookings of each service, by its id, are in each state at this moment.

    Args:
        on: of this day alone; None: of all days.
    """
    counted: dict[str, Counter[BookingState]] = defaultdict(Counter)
    rows: Any = session.execute(
        select(Booking.offering_id, state_now().label("state_now"), func.count().label("n"))
        .join(Activity, Activity.id == Booking.activity_id)
        .where(Booking.activity_id == activity_id, *_of_day(on))
        .group_by(Booking.offering_id, text("state_now"))
    )
    for row in rows:
        counted[str(row.offering_id)][BookingState(row.state_now)] += row.n
    return counted


def places_by_offering(
    session: Session, activity_id: UUID, on: date | None = None
) -> dict[str, Any]:
    """Each service, by its id, with its stall and its waits, in the stalls' order.

    `wait` is the mean from arrival to the first call, in minutes. `waiting_since` is the instant
    from which the one who waits longest does so: with an appointment, from its time on, since
    who comes early has chosen to.

    Args:
        on: bookings of this day alone; None: of all days.
    """
    wait = extract("epoch", Booking.first_called_at - Booking.arrived_at)
    since = func.min(func.greatest(Booking.arrived_at, Booking.due_at))
    rows = session.execute(
        select(
            Offering.id,
            Offering.title,
            Offering.mode,
            Offering.letter,
            Offering.dropped_at,
            Stall.number,
            Stall.name,
            func.avg(wait / 60.0).label("wait"),
            since.filter(state_now() == BookingState.ARRIVED).label("waiting_since"),
        )
        .join(Activity, Activity.id == Offering.activity_id)
        .join(Stall, Stall.id == Offering.stall_id)
        .outerjoin(Booking, and_(Booking.offering_id == Offering.id, *_of_day(on)))
        .where(Offering.activity_id == activity_id)
        .group_by(Offering.id, Stall.id)
        .order_by(Offering.letter)
    )
    ordered = sorted(rows, key=lambda row: stall_order(row.number))
    return {str(row.id): row for row in ordered}


def _of_day(on: date | None) -> tuple[ColumnElement[bool], ...]:
    return () if on is None else (Booking.service_on == on,)


def _offering(
    evaluated: dict[str, Any], states: Counter[BookingState], place: Any
) -> dict[str, Any]:
    return {
        "offering_id": evaluated["offering_id"],
        "title": evaluated["title"],
        "service_kind": evaluated["service_kind"],
        "stall": {"number": place.number, "name": place.name},
        "mean_wait_minutes": None if place.wait is None else round(place.wait),
        "booked": states[BookingState.CONFIRMED],
        "waiting": states[BookingState.ARRIVED],
        "calling": states[BookingState.CALLED],
        "serving": states[BookingState.SERVING],
        "served": states[BookingState.SERVED],
        "missed": states[BookingState.MISSED],
        "parked": states[BookingState.PARKED],
        "no_show": states[BookingState.NO_SHOW],
        "cancelled": states[BookingState.CANCELLED],
        "expired": states[BookingState.EXPIRED],
        "rating": {name: evaluated[name] for name in _RATING_FIGURES},
    }
