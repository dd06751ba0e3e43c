"""Whom changes have reached: computed from what was read, answered and ticked off."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from backend.activities.models import Activity, Offering, Slot
from backend.activities.questions import Reach
from backend.activities.signals import ChangeKind
from backend.bookings.models import Booking, BookingState
from backend.core import clock
from backend.core.dates import period
from backend.identity.models import Resident
from backend.identity.names import masked_name, own_name
from backend.notices.messages.models import Message
from backend.notices.models import Notice
from backend.outreach.models import (
    ActivityChange,
    Addressee,
    Announcement,
    AnnouncementState,
    Answer,
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


@dataclass(frozen=True, slots=True)
class Contact:
    """Those of a change who are reached together and stand alike: of an account with its family
    those who know, those who don't, and those who have given up; or a guest.

    Attributes:
        addressee_id: one of them; stands for all.
        names: masked.
        asked_for: their names in full: for who opens the number, to ask for them.
        numbers: what they have signed up for, in words.
        account: whether there is an inbox.
        sent: whether a message stands in it.
        message: WeChat's beside it; None where none was owed.
        phone: whether there is a number to call.
        seen: stands for the tick as it is now, in the form that changes it.
    """

    addressee_id: UUID
    resident_ids: Sequence[UUID]
    names: str
    asked_for: str
    people: int
    numbers: Sequence[str]
    account: bool
    sent: bool
    message: Message | None
    phone: bool
    by: By
    read_at: datetime | None
    call: Call | None
    called_at: datetime | None
    called_by: str
    answer: Answer | None

    @property
    def seen(self) -> str:
        return seen_of(self.called_at)


def seen_of(called_at: datetime | None) -> str:
    """Stands for a tick, or for none."""
    return called_at.isoformat() if called_at else "none"


def _told_of(change_id: UUID) -> Any:
    """What each account was told of a change in its inbox: of several the one that it has read,
    else the last."""
    return (
        select(Notice.id, Notice.user_id, Notice.read_at)
        .ext(distinct_on(Notice.user_id))
        .where(Notice.cause_id == change_id)
        .order_by(Notice.user_id, Notice.read_at.desc().nulls_last(), Notice.id.desc())
        .subquery()
    )


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
    over = change.kind is ChangeKind.ANNOUNCEMENT or begun(change, activity)
    return Reach(
        change.id,
        CHANGE_KINDS[change.kind],
        change.words,
        change.at,
        people,
        reached,
        0 if over else to_tell,
    )


def contacts_of(session: Session, change: ActivityChange) -> list[Contact]:
    """Whom a change concerns, in the order in which they were kept."""
    told = _told_of(change.id)
    statement = (
        select(
            Addressee,
            Message,
            Resident.name,
            account_of().label("account"),
            or_(Resident.phone_encrypted.is_not(None), _HOLDER.phone_encrypted.is_not(None)).label(
                "phone"
            ),
            told.c.read_at,
            told.c.id.is_not(None).label("sent"),
            _CALLER.name.label("caller"),
            reached_by().label("by"),
        )
        .join(ActivityChange, ActivityChange.id == Addressee.change_id)
        .join(Resident, Resident.id == Addressee.resident_id)
        .outerjoin(_HOLDER, _HOLDER.user_id == account_of())
        .outerjoin(told, told.c.user_id == account_of())
        .outerjoin(Message, Message.id == told.c.id)
        .outerjoin(_CALLER, _CALLER.user_id == Addressee.called_by)
        .where(Addressee.change_id == change.id)
        .order_by(Addressee.id)
    )
    together: dict[tuple[UUID, By], list[Any]] = defaultdict(list)
    for row in session.execute(statement):
        together[row.account or row.Addressee.id, By(row.by)].append(row)
    numbers = _numbers_of(session, change)
    return [_contact(rows, by, numbers) for (_, by), rows in together.items()]


def _contact(people: Sequence[Any], by: By, numbers: dict[UUID, list[str]]) -> Contact:
    first = people[0]
    ticked: Addressee = first.Addressee
    return Contact(
        ticked.id,
        [row.Addressee.resident_id for row in people],
        "、".join(masked_name(row.name) for row in people),
        "、".join(own_name(row.name) for row in people),
        len(people),
        [words for row in people for words in numbers[row.Addressee.resident_id]],
        first.account is not None,
        first.sent,
        first.Message,
        any(row.phone for row in people),
        by,
        first.read_at,
        ticked.call,
        ticked.called_at,
        own_name(first.caller) if ticked.call else "",
        next((row.Addressee.answer for row in people if row.Addressee.answer), None),
    )


def _numbers_of(session: Session, change: ActivityChange) -> dict[UUID, list[str]]:
    """What the people of a change have of the activity; of who has nothing any more, what they
    had."""
    which = [Booking.activity_id == change.activity_id, Addressee.change_id == change.id]
    if change.offering_id is not None:
        which.append(Booking.offering_id == change.offering_id)
    if change.slots_stay:
        which.append(Booking.slot_id.is_(None))
    statement = (
        select(
            Booking.resident_id,
            Booking.state,
            Booking.ticket,
            Offering.title,
            Slot.starts_at,
            Slot.ends_at,
        )
        .join(Addressee, Addressee.resident_id == Booking.resident_id)
        .join(Offering, Offering.id == Booking.offering_id)
        .outerjoin(Slot, Slot.id == Booking.slot_id)
        .where(*which)
        .order_by(Booking.id)
    )
    numbers: dict[UUID, list[str]] = defaultdict(list)
    given_up: dict[UUID, list[str]] = defaultdict(list)
    for row in session.execute(statement):
        stands = row.state is not BookingState.CANCELLED or change.kind not in OF_THOSE_WHO_COME
        when = f"，{period(row.starts_at, row.ends_at)}" if row.starts_at else ""
        (numbers if stands else given_up)[row.resident_id].append(f"{row.ticket} {row.title}{when}")
    return defaultdict(list, given_up | numbers)


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
