"""Who is told what of their bookings, in the transaction of what happened (docs/rules/messages.md).

One account is told once of one thing, with all of its people and numbers that it is about; the
words are in sentences.py and change_sentences.py.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from backend.activities.models import Activity, ActivityState, Venue
from backend.activities.signals import Change
from backend.bookings.answers.rows import read_booking, select_bookings
from backend.bookings.days import day_over
from backend.bookings.models import ACTIVE_STATES, Booking, BookingState
from backend.bookings.news import change_sentences, sentences
from backend.bookings.news.wording import account_of
from backend.core import clock
from backend.core.permissions import Actor
from backend.notices.news import News
from backend.notices.operations import tell

S = BookingState
_OF_ONE = {
    S.CALLED: sentences.called,
    S.MISSED: sentences.passed_over,
    S.SERVED: sentences.rating_asked,
}


def tell_one(session: Session, compose: Callable[[Any], News], row: Any) -> None:
    """Tell the account of a booking, if it has one.

    Args:
        row: of `select_bookings`; None: of none.
    """
    _tell(session, [(compose, row)])


def tell_called(session: Session, row: Any) -> None:
    """The head of a line was called, and another has become near by it.

    Args:
        row: as `statements.call_next` answers it.
    """
    # Of the same service at the same stall: all else that is said of it is the same.
    of_near = {
        "id": row.near_id,
        "ticket": row.near_ticket,
        "resident_id": row.near_resident_id,
        "resident_name": row.near_name,
        "user_id": row.near_user_id,
        "guardian_user_id": row.near_guardian_id,
    }
    near = SimpleNamespace(**(vars(row) | of_near))
    _tell(session, [(sentences.called, row), (sentences.near, near)])


def tell_move(session: Session, booking_id: UUID, to: BookingState, near: Any) -> None:
    """A booking was moved by hand.

    Args:
        near: the number that has become near by it, if any.
    """
    told: list[tuple[Callable[[Any], News], Any]] = [(sentences.near, near)]
    if to in _OF_ONE:
        told.append((_OF_ONE[to], read_booking(session, booking_id)))
    _tell(session, told)


def tell_cancelled(session: Session, actor: Actor | None, booking_id: UUID) -> None:
    """A booking was cancelled by hand: whoever did not do it themselves is told."""
    row = read_booking(session, booking_id)
    if actor is None or actor.user_id != account_of(row):
        tell_one(session, sentences.cancelled_for, row)


def tell_merged(session: Session, cancelled: Booking, kept: Booking) -> None:
    """Of two numbers of one person one was cancelled; they are told by which they will be
    called."""
    row = read_booking(session, cancelled.id)
    tell_one(session, lambda row: sentences.merged(row, kept.ticket), row)


def tell_ended(session: Session, booking_ids: Sequence[UUID]) -> None:
    """Numbers of an activity have ended with their day, or with it: who was served is asked to
    rate that."""
    rows = _rows(session, booking_ids)
    served = [row for row in rows if row.state == S.SERVED]
    over = [row for row in rows if row.state != S.SERVED]
    tell(
        session,
        [
            *(sentences.rating_asked(row) for row in served if account_of(row)),
            *map(sentences.numbers_over, by_account(over)),
        ],
    )


def tell_activity_cancelled(
    session: Session, booking_ids: Sequence[UUID], change: Change | None
) -> None:
    """An activity was cancelled, and these bookings with it."""
    tell_all(session, booking_ids, lambda mine: change_sentences.activity_cancelled(mine, change))


def tell_service_dropped(session: Session, booking_ids: Sequence[UUID], change: Change) -> None:
    """A service is given no more, and these bookings of it were cancelled."""
    tell_all(session, booking_ids, lambda mine: change_sentences.service_dropped(mine, change))


def tell_times_changed(
    session: Session, moves: Mapping[UUID, change_sentences.Move], change: Change | None
) -> None:
    """Bookings, which are locked, are of another time.

    Args:
        moves: by booking.
    """
    tell_all(session, list(moves), lambda mine: change_sentences.times_changed(mine, moves, change))


def tell_place_changed(session: Session, activity_id: UUID, before: Venue, change: Change) -> None:
    """A locked activity is held elsewhere: whoever still comes is told.

    Args:
        before: where it was to be.
    """
    to_come = _to_come(session, activity_id, ~day_over())
    tell_all(session, to_come, lambda mine: change_sentences.place_changed(mine, before, change))


def tell_end_moved(session: Session, activity: Activity, before: datetime, change: Change) -> None:
    """A locked activity ends at another time than `before`, and begins as it did: whoever comes
    without an appointment, and is still to come, is told."""
    which = and_(Booking.slot_id.is_(None), Booking.state.in_(to_be_told(activity)), ~day_over())
    to_come = _to_come(session, activity.id, which)
    tell_all(session, to_come, lambda mine: change_sentences.end_moved(mine, before, change))


def to_be_told(activity: Activity) -> frozenset[BookingState]:
    """In which states bookings are to be told of other times. Who is being served is served to
    the end; of an activity that is on, whoever is here sees for themselves."""
    if activity.state is ActivityState.LIVE:
        return frozenset({S.CONFIRMED})
    return frozenset(ACTIVE_STATES) - {S.SERVING}


def on_tomorrow(session: Session) -> list[UUID]:
    """The announced activities that are on tomorrow."""
    tomorrow = clock.today() + timedelta(days=1)
    statement = select(Activity.id).where(
        Activity.state.in_((ActivityState.PUBLISHED, ActivityState.LIVE)),
        Activity.starts_at < clock.day_end(tomorrow),
        Activity.ends_at > clock.day_start(tomorrow),
    )
    return list(session.execute(statement.order_by(Activity.id)).scalars())


def tell_tomorrow(session: Session, activity_id: UUID) -> None:
    """Whoever is expected at an activity tomorrow is told so, once."""
    tomorrow = clock.today() + timedelta(days=1)
    expected = _to_come(session, activity_id, Booking.service_on == tomorrow)
    tell_all(session, expected, sentences.market_tomorrow)


def _to_come(session: Session, activity_id: UUID, which: ColumnElement[bool]) -> list[UUID]:
    """An activity's active bookings that nobody is being served of, locked against whoever cancels
    one now: they are told if, and only if, it still holds."""
    statement = (
        select(Booking.id)
        .join(Activity, Activity.id == Booking.activity_id)
        .where(
            Booking.activity_id == activity_id,
            Booking.state.in_(ACTIVE_STATES),
            Booking.state != S.SERVING,
            which,
        )
        .order_by(Booking.id)
        .with_for_update(read=True, of=Booking)
    )
    return list(session.execute(statement).scalars())


def tell_all(
    session: Session, booking_ids: Sequence[UUID], compose: Callable[[Sequence[Any]], News]
) -> None:
    """Tell each account once of those of these bookings that are its own or its family's."""
    tell(session, map(compose, by_account(_rows(session, booking_ids))))


def by_account(rows: Iterable[Any]) -> list[list[Any]]:
    """Bookings of each account together; those of guests are left out."""
    theirs: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        account = account_of(row)
        if account is not None:
            theirs[account].append(row)
    return list(theirs.values())


def _rows(session: Session, booking_ids: Sequence[UUID]) -> Sequence[Any]:
    if not booking_ids:
        return []
    statement = select_bookings().where(Booking.id.in_(booking_ids)).order_by(Booking.id)
    return session.execute(statement).all()


def _tell(session: Session, told: Sequence[tuple[Callable[[Any], News], Any]]) -> None:
    tell(session, [compose(row) for compose, row in told if row is not None and account_of(row)])
