"""The day's figures of one activity, in a fixed number of statements."""

from collections import Counter, defaultdict
from typing import Any
from uuid import UUID

from sqlalchemy import extract, func, select
from sqlalchemy.orm import Session

from backend.activities.models import Activity, Attendance, Offering, Stall
from backend.bookings.models import Booking, BookingState
from backend.feedback.checklist import shown_to_public, shown_to_staff
from backend.feedback.queries import content_now

_RATING_FIGURES = ("rated", "score", "satisfied_share", "hidden", "small_sample")


def summary_of(session: Session, activity: Activity, *, ratings_in_full: bool) -> dict[str, Any]:
    """What has happened at an activity so far.

    服务人次 (visits) and 服务人数 (people) are never mixed: a visit is a person on a day, a person
    counts once however many days they came.

    Args:
        ratings_in_full: for who may see every figure; else those on few answers are hidden, as
            they are in the evaluation.
    """
    presence = session.execute(
        select(
            func.count().label("visits"),
            func.count(Attendance.resident_id.distinct()).label("people"),
            func.count().filter(Attendance.left_at.is_(None)).label("inside_now"),
        ).where(Attendance.activity_id == activity.id, Attendance.reverted_at.is_(None))
    ).one()
    states = _states_by_offering(session, activity.id)
    places = _places_by_offering(session, activity.id)
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


def _states_by_offering(session: Session, activity_id: UUID) -> dict[str, Counter[BookingState]]:
    counted: dict[str, Counter[BookingState]] = defaultdict(Counter)
    rows = session.execute(
        select(Booking.offering_id, Booking.state, func.count().label("n"))
        .where(Booking.activity_id == activity_id)
        .group_by(Booking.offering_id, Booking.state)
    )
    for row in rows:
        counted[str(row.offering_id)][row.state] += row.n
    return counted


def _places_by_offering(session: Session, activity_id: UUID) -> dict[str, Any]:
    """Stall and mean wait, from arrival to the first call, of each service; by its id."""
    wait = extract("epoch", Booking.first_called_at - Booking.arrived_at)
    rows = session.execute(
        select(Offering.id, Stall.number, Stall.name, func.avg(wait / 60.0).label("wait"))
        .join(Stall, Stall.id == Offering.stall_id)
        .outerjoin(Booking, Booking.offering_id == Offering.id)
        .where(Offering.activity_id == activity_id)
        .group_by(Offering.id, Stall.id)
    )
    return {str(row.id): row for row in rows}


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
