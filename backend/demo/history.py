"""A market of some days ago: who came, what they were served, and how they rated it.

The features' operations play it now; afterwards its times are dated back to the day.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from backend.activities import records
from backend.activities.models import (
    Activity,
    ActivityState,
    Offering,
    OfferingMode,
    ServiceDay,
)
from backend.activities.requests import RecordEdit
from backend.bookings import operations as bookings
from backend.bookings.answers.rows import read_booking
from backend.bookings.line import calling
from backend.bookings.models import Booking
from backend.bookings.news import sentences, telling
from backend.bookings.requests import CallNext, TakeNumber
from backend.checkin import statements
from backend.checkin.judge import Moment
from backend.checkin.models import ScanSource
from backend.core import clock, idempotency
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.demo import markets, people
from backend.feedback import operations as feedback
from backend.feedback.permissions import access_service, access_visit
from backend.feedback.requests import NewRating
from backend.notices.models import Notice, NoticeKind

VISITORS = 32
_ARRIVAL_EVERY = timedelta(minutes=11)
_WAIT, _WAY, _SERVICE = timedelta(minutes=6), timedelta(minutes=1), timedelta(minutes=8)
_DEVICE = "demo"
# Given in turn by those who rate: mostly content, one of them not, as it is.
_SCORES = (5, 5, 4, 5, 4, 5, 3, 5, 4, 5, 5, 2, 4, 5)
_RATERS_OF_FIVE = 4  # of five people, how many rate
# What the organiser wrote down afterwards.
_RECORD = RecordEdit(
    version=0,
    volunteers=12,
    volunteer_minutes=2880,
    funds_yuan=Decimal("1860.00"),
    problems="下午理发排队较长，椅子不够。",
)


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who comes, and when."""

    actor: Actor
    at: datetime


def play(
    session: Session, now: datetime, actors: dict[str, Actor], organisations: list[UUID]
) -> None:
    """Make the market of some days ago with all that came of it, and close it.

    Args:
        actors: the demo's users by login; ok:resident was there too, was served, and has not
            rated it yet.
        organisations: ids, in the order of people.ORGANISATIONS.
    """
    hours = markets.day_hours(clock.local_day(now) + timedelta(days=markets.PAST.days))
    organiser = actors["organiser"]
    activity = markets.make(session, organiser, markets.PAST, hours, organisations)
    markets.move(session, organiser, activity, ActivityState.LIVE)
    # While it is played, it is still on: numbers are given and called within its days alone.
    activity.ends_at = clock.day_end(clock.local_day(now) + timedelta(days=1))
    visitors = [people.load_user(session, user, {}) for user in people.visitors(VISITORS)]
    visits = [
        Visit(actor, hours[0] + index * _ARRIVAL_EVERY)
        for index, actor in enumerate([*visitors, actors["resident"]])
    ]
    for visit in visits:
        check_in(session, activity, visit, actors["volunteer"])
    served = _serve(session, activity, visits, actors["volunteer"])
    markets.move(session, organiser, activity, ActivityState.CLOSED)
    activity.ends_at = hours[1]
    activity.opened_at, activity.closed_at = hours
    _date_back_days(session, activity, clock.local_day(hours[0]))
    session.flush()
    _date_back_notices(session, activity, served.values())
    records.save_record(session, organiser, activity, _RECORD)
    for index, visit in enumerate(visits[:-1]):
        if index % 5 < _RATERS_OF_FIVE:
            _rate(session, activity, visit.actor, served.get(visit.actor.user_id), index)


def check_in(session: Session, activity: Activity, visit: Visit, volunteer: Actor) -> None:
    """Let the volunteer scan somebody who has come."""
    scan_id = new_id()
    statements.admit(
        session,
        scan_id=scan_id,
        activity_id=activity.id,
        resident_id=visit.actor.resident_id,
        operator_user_id=volunteer.user_id,
        source=ScanSource.SCAN.value,
        device_id=_DEVICE,
        moment=Moment(visit.at, None, visit.at, visit.at),
        request_hash=idempotency.fingerprint(_DEVICE, str(scan_id)),
    )


def _serve(
    session: Session, activity: Activity, visits: list[Visit], volunteer: Actor
) -> dict[UUID, UUID]:
    """Everybody takes a number at the next of the stalls that have numbers, and is served.

    Answers the booking of each user.
    """
    with_numbers = select(Offering.id, Offering.stall_id).where(
        Offering.activity_id == activity.id, Offering.mode != OfferingMode.OPEN
    )
    offerings = session.execute(with_numbers.order_by(Offering.letter)).all()
    served = {}
    for index, visit in enumerate(visits):
        offering = offerings[index % len(offerings)]
        wanted = TakeNumber(visit.actor.resident_id)
        taken = bookings.take_number(session, volunteer, offering.id, wanted)
        calling.call_next(session, volunteer, offering.stall_id, CallNext(new_id()))
        booking = session.get_one(Booking, taken.id)
        calling.start(session, volunteer, booking, activity.region_code)
        calling.finish(session, volunteer, booking, activity.region_code)
        date_back(booking, visit.at)
        served[visit.actor.user_id] = booking.id
    session.flush()
    return served


def _date_back_days(session: Session, activity: Activity, day: date) -> None:
    """Let the numbers that were given just now be those of a day."""
    mine = select(Offering.id).where(Offering.activity_id == activity.id)
    session.execute(
        update(Booking).where(Booking.activity_id == activity.id).values(service_on=day)
    )
    session.execute(
        update(ServiceDay)
        .where(ServiceDay.offering_id.in_(mine))
        .values(on_day=day)
        .execution_options(synchronize_session=False)
    )


def _date_back_notices(session: Session, activity: Activity, served: Iterable[UUID]) -> None:
    """Let people have read on the day what they were told at the market; they are still asked to
    rate it, until when that day has it."""
    told = Notice.activity_id == activity.id
    session.execute(delete(Notice).where(told, Notice.kind == NoticeKind.RATING_ASKED))
    session.execute(
        update(Notice)
        .where(told)
        .values(created_at=activity.opened_at, read_at=activity.closed_at)
        .execution_options(synchronize_session=False)
    )
    for booking_id in served:
        telling.tell_one(session, sentences.rating_asked, read_booking(session, booking_id))


def date_back(booking: Booking, at: datetime) -> None:
    """Let a booking that was served just now have begun at `at`."""
    booking.created_at = booking.arrived_at = booking.queued_at = at
    booking.first_called_at = booking.called_at = at + _WAIT
    booking.started_at = at + _WAIT + _WAY
    booking.finished_at = at + _WAIT + _WAY + _SERVICE


def _rate(
    session: Session, activity: Activity, actor: Actor, booking_id: UUID | None, index: int
) -> None:
    """Every fourth rates the visit as a whole, the others the service."""
    score = _SCORES[index % len(_SCORES)]
    rating = NewRating(
        score=score,
        items={"attitude": score, "skill": score, "waiting": max(3, score - 1)},
        tags=["warm", "convenient"] if score >= 4 else ["slow"],
    )
    if booking_id is None or index % 4 == 3:
        subject = access_visit(session, actor, activity.id, None)
    else:
        subject = access_service(session, actor, booking_id)
    feedback.rate(session, actor, subject, rating)
