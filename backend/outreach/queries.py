"""Whom changes have reached: computed from what was read, answered and ticked off."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from backend.activities.models import Activity
from backend.activities.questions import Reach
from backend.activities.signals import ChangeKind
from backend.bookings.models import Booking, BookingState
from backend.core import clock
from backend.identity.models import Resident
from backend.identity.names import own_name
from backend.notices.models import Notice
from backend.outreach.models import (
    ActivityChange,
    Addressee,
    Announcement,
    AnnouncementState,
    Call,
)
from backend.outreach.words import CHANGE_KINDS

# Whoever has cancelled since need not be told of these any more.
OF_THOSE_WHO_COME = frozenset({ChangeKind.MOVED, ChangeKind.PLACE, ChangeKind.ANNOUNCEMENT})
_HOLDER, _CALLER = aliased(Resident), aliased(Resident)
_LATER, _ENDED = aliased(ActivityChange), aliased(Addressee)


def account_of(person: Any = Resident) -> ColumnElement[UUID | None]:
    """Who is told for a person: their own account, or that of who acts for them; a guest has
    none."""
    return func.coalesce(person.user_id, person.guardian_user_id)


class By(StrEnum):
    """What somebody was reached by, the surest first."""

    ANSWER = "answer"
    READ = "read"
    CALL = "call"
    NOTHING = "nothing"
    # Not by this change, but a later one says all of it to them: need not be told of this.
    LATER = "later"
    # Has given up what they had: need not be told.
    GONE = "gone"


_KNOW = (By.ANSWER.value, By.READ.value, By.CALL.value)


def concerns(slot_id: ColumnElement[UUID | None]) -> ColumnElement[bool]:
    """Whether a change of an activity is about what is held at a slot, or (null) without one."""
    return and_(
        or_(ActivityChange.slot_id.is_(None), ActivityChange.slot_id == slot_id),
        or_(~ActivityChange.slots_stay, slot_id.is_(None)),
    )


def _has_nothing() -> ColumnElement[bool]:
    """Whether an addressee keeps nothing any more of what a change of those who come is about."""
    stands = select(Booking.id).where(
        Booking.activity_id == ActivityChange.activity_id,
        Booking.resident_id == Addressee.resident_id,
        Booking.state != BookingState.CANCELLED,
        or_(
            ActivityChange.offering_id.is_(None),
            Booking.offering_id == ActivityChange.offering_id,
        ),
        concerns(Booking.slot_id.expression),
    )
    return and_(
        ActivityChange.kind.in_(OF_THOSE_WHO_COME),
        ~stands.correlate(ActivityChange, Addressee).exists(),
    )


def _ended_by(*kinds: ChangeKind) -> ColumnElement[bool]:
    """Whether an addressee still held something when a later change of these kinds ended it."""
    ended = (
        select(_ENDED.id)
        .join(_LATER, _LATER.id == _ENDED.change_id)
        .where(
            _LATER.activity_id == ActivityChange.activity_id,
            _LATER.id > ActivityChange.id,
            _LATER.kind.in_(kinds),
            _ENDED.resident_id == Addressee.resident_id,
        )
    )
    return ended.correlate(ActivityChange, Addressee).exists()


def _says_all() -> ColumnElement[bool]:
    """Whether `_LATER` says to an addressee all that their change has said: the activity is
    cancelled, or it is of another time, or at another place, and that concerns them too."""
    told = select(_ENDED.id).where(
        _ENDED.change_id == _LATER.id, _ENDED.resident_id == Addressee.resident_id
    )
    # Of a time at which slots stay, who has an appointment too is told nothing of that.
    appointed = select(Booking.id).where(
        Booking.activity_id == ActivityChange.activity_id,
        Booking.resident_id == Addressee.resident_id,
        Booking.slot_id.is_not(None),
        Booking.state != BookingState.CANCELLED,
    )
    as_much = ~appointed.correlate(ActivityChange, Addressee).exists()
    again = and_(
        _LATER.kind == ActivityChange.kind,
        or_(_LATER.slot_id.is_(None), _LATER.slot_id == ActivityChange.slot_id),
        or_(~_LATER.slots_stay, ActivityChange.slots_stay, as_much),
        told.correlate(_LATER, Addressee).exists(),
    )
    return and_(
        ActivityChange.kind.in_((ChangeKind.MOVED, ChangeKind.PLACE)),
        _LATER.activity_id == ActivityChange.activity_id,
        _LATER.id > ActivityChange.id,
        or_(_LATER.kind == ChangeKind.CANCELLED, again),
    )


def reached_by() -> ColumnElement[str]:
    """By what an addressee was reached: every list and every count asks this, of each person.

    Only who has given up themselves is taken off: what the office ended later has been told all the
    same until then.
    """
    read = select(Notice.id).where(
        Notice.cause_id == Addressee.change_id,
        Notice.user_id == account_of(),
        Notice.read_at.is_not(None),
    )
    overtaken = select(_LATER.id).where(_says_all()).correlate(ActivityChange, Addressee)
    by_office = _ended_by(ChangeKind.CANCELLED, ChangeKind.SERVICE_DROPPED)
    return case(
        (and_(_has_nothing(), ~by_office), By.GONE.value),
        (Addressee.answer.is_not(None), By.ANSWER.value),
        (read.correlate(Addressee, Resident).exists(), By.READ.value),
        (Addressee.call == Call.TOLD, By.CALL.value),
        # Of the activity that goes on, they are called about the service that was dropped.
        (and_(_has_nothing(), ~_ended_by(ChangeKind.CANCELLED)), By.GONE.value),
        (overtaken.exists(), By.LATER.value),
        else_=By.NOTHING.value,
    )


def _counts(session: Session, activity_id: UUID) -> dict[UUID, tuple[int, int, int]]:
    """By change of an activity: how many people have to know of it, how many of them do, and how
    many would have to be told."""
    by = reached_by()
    statement = (
        select(
            Addressee.change_id,
            func.count().filter(by != By.GONE.value).label("n"),
            func.count().filter(by.in_(_KNOW)).label("m"),
            func.count().filter(by == By.NOTHING.value).label("to_tell"),
        )
        .join(ActivityChange, ActivityChange.id == Addressee.change_id)
        .join(Resident, Resident.id == Addressee.resident_id)
        .where(ActivityChange.activity_id == activity_id)
        .group_by(Addressee.change_id)
    )
    return {row.change_id: (row.n, row.m, row.to_tell) for row in session.execute(statement)}


def begun(change: ActivityChange, activity: Activity) -> bool:
    """Whether it is too late to tell anybody: the activity has begun; of one that was on already,
    it is over."""
    begins = min(activity.starts_at, activity.opened_at or activity.starts_at)
    return clock.now() >= (begins if change.at < begins else activity.ends_at)


def overtaken_by(session: Session, change: ActivityChange) -> ActivityChange | None:
    """The last change that says all that this one has said, to whom it concerns too."""
    statement = (
        select(_LATER)
        .select_from(ActivityChange)
        .join(Addressee, Addressee.change_id == ActivityChange.id)
        .join(_LATER, _says_all())
        .where(ActivityChange.id == change.id)
        .order_by(_LATER.id.desc())
        .limit(1)
    )
    return session.execute(statement).scalar()


def changes_of(session: Session, activity_id: UUID) -> Sequence[ActivityChange]:
    """The changes of an activity, the newest first."""
    statement = (
        select(ActivityChange)
        .where(ActivityChange.activity_id == activity_id)
        .order_by(ActivityChange.id.desc())
    )
    return session.execute(statement).scalars().all()


def reaches(session: Session, activity: Activity) -> list[Reach]:
    """The changes of an activity, the newest first, with whom they have reached. Two statements."""
    every = changes_of(session, activity.id)
    counts = _counts(session, activity.id) if every else {}
    return [_reach(change, activity, *counts.get(change.id, (0, 0, 0))) for change in every]


def _reach(
    change: ActivityChange, activity: Activity, people: int, reached: int, to_tell: int
) -> Reach:
    announced = change.kind is ChangeKind.ANNOUNCEMENT
    over = announced or begun(change, activity)
    return Reach(
        change.id,
        CHANGE_KINDS[change.kind],
        announced,
        change.words,
        change.at,
        people,
        reached,
        0 if over else to_tell,
    )


@dataclass(frozen=True, slots=True)
class Written:
    """An announcement that is not on its way: still checked, held or refused.

    Attributes:
        who: who wrote it.
    """

    row: Announcement
    who: str


def waiting_announcements(session: Session, activity_id: UUID) -> list[Written]:
    """The announcements of an activity that were not sent, the newest first."""
    statement = (
        select(Announcement, Resident.name)
        .outerjoin(Resident, Resident.user_id == Announcement.written_by)
        .where(
            Announcement.activity_id == activity_id,
            Announcement.state != AnnouncementState.SENT,
        )
        .order_by(Announcement.id.desc())
    )
    return [Written(row.Announcement, own_name(row.name)) for row in session.execute(statement)]
