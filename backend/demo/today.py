"""The live market so far: some have come, some are served, some wait; so that its board, its
calling display and a stall's desk have something to show.

The features' operations play it now; afterwards its times are dated back into the last two hours.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.activities.models import Activity, Offering, OfferingMode, Stall
from backend.bookings import operations as bookings
from backend.bookings.line import calling
from backend.bookings.models import Booking
from backend.bookings.requests import CallNext, TakeNumber
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.demo import people
from backend.demo.history import VISITORS, Visit, check_in, date_back
from backend.notices.messages import credit
from backend.notices.messages.templates import TEMPLATES
from backend.partners.models import Organisation

_SO_FAR = timedelta(hours=2)
# As long as somebody takes from arrival to the end of their service in this demo, and longer.
_DONE_AFTER = timedelta(minutes=30)
# Of the stalls with numbers, this one has not begun: the board warns of it.
_IDLE_STALL = 1


def play(session: Session, now: datetime, activity: Activity, volunteer: Actor) -> None:
    """Let people have come to a market that has just been opened.

    Args:
        now: until when.
    """
    since = max(activity.starts_at, now - _SO_FAR)
    activity.opened_at = activity.starts_at
    visitors = [people.load_user(session, user, {}) for user in people.visitors(VISITORS)]
    for actor in visitors[::2]:  # who has tapped 「允许」
        credit.add_said(session, actor, dict.fromkeys(TEMPLATES, 2))
    every = (now - since) / VISITORS
    visits = [Visit(actor, since + index * every) for index, actor in enumerate(visitors)]
    lines: dict[UUID, list[Booking]] = defaultdict(list)
    stalls = _stalls_with_numbers(session, activity)
    for index, visit in enumerate(visits):
        check_in(session, activity, visit, volunteer)
        offering = stalls[index % len(stalls)]
        wanted = TakeNumber(visit.actor.resident_id)
        taken = bookings.take_number(session, volunteer, offering.id, wanted)
        lines[offering.id].append(_waiting_since(session, taken.id, visit.at))
    session.flush()
    for index, offering in enumerate(stalls):
        if index != _IDLE_STALL:
            _call(session, now, activity, offering, lines[offering.id], volunteer)


def _stalls_with_numbers(session: Session, activity: Activity) -> Sequence[Offering]:
    """Without those of ok:partner: whoever tries the demo out plays there, and finds no line."""
    statement = (
        select(Offering)
        .join(Stall, Stall.id == Offering.stall_id)
        .join(Organisation, Organisation.id == Stall.organisation_id)
        .where(
            Offering.activity_id == activity.id,
            Offering.mode != OfferingMode.OPEN,
            Organisation.name != people.PARTNER,
        )
        .order_by(Offering.letter)
    )
    return session.execute(statement).scalars().all()


def _waiting_since(session: Session, booking_id: UUID, at: datetime) -> Booking:
    booking = session.get_one(Booking, booking_id)
    booking.created_at = booking.arrived_at = booking.queued_at = at
    return booking


def _call(
    session: Session,
    now: datetime,
    activity: Activity,
    offering: Offering,
    line: Sequence[Booking],
    volunteer: Actor,
) -> None:
    """Serve those who came long enough ago, in the order of the line, and call the next."""
    for booking in line:
        calling.call_next(session, volunteer, offering.stall_id, CallNext(new_id()))
        session.refresh(booking)
        assert booking.arrived_at is not None
        arrived_at = booking.arrived_at
        if arrived_at > now - _DONE_AFTER:
            return
        calling.start(session, volunteer, booking, activity.region_code)
        calling.finish(session, volunteer, booking, activity.region_code)
        date_back(booking, arrived_at)
        session.flush()
