"""Whom changes have reached: computed from what was read, answered and ticked off."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from backend.activities.models import Activity, Offering, Slot
from backend.activities.questions import Reach
from backend.activities.signals import ChangeKind
from backend.bookings.models import Booking, BookingState
from backend.core import clock
from backend.core.dates import period
from backend.identity.models import Resident
from backend.identity.names import masked_name, own_name
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
    # Has cancelled since: need not be told.
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Contact:
    """Those of a change who are reached together: an account with its family, or a guest.

    Attributes:
        addressee_id: one of them; stands for all.
        names: masked.
        numbers: what they have signed up for, in words.
        account: whether there is an inbox.
        sent: whether a message stands in it.
        phone: whether there is a number to call.
        seen: stands for the tick as it is now, in the form that changes it.
    """

    addressee_id: UUID
    names: str
    people: int
    numbers: Sequence[str]
    account: bool
    sent: bool
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


def _read_of(change_id: UUID) -> Any:
    """Which accounts were told of a change in their inbox, and when they read it."""
    return (
        select(Notice.user_id, func.max(Notice.read_at).label("read_at"))
        .where(Notice.cause_id == change_id)
        .group_by(Notice.user_id)
        .subquery()
    )


def _gone() -> ColumnElement[bool]:
    """Whether an addressee keeps nothing any more of what a change of those who come is about."""
    stands = select(Booking.id).where(
        Booking.activity_id == ActivityChange.activity_id,
        Booking.resident_id == Addressee.resident_id,
        Booking.state != BookingState.CANCELLED,
        or_(
            ActivityChange.offering_id.is_(None),
            Booking.offering_id == ActivityChange.offering_id,
        ),
        or_(ActivityChange.slot_id.is_(None), Booking.slot_id == ActivityChange.slot_id),
    )
    return and_(
        ActivityChange.kind.in_(OF_THOSE_WHO_COME),
        ~stands.correlate(ActivityChange, Addressee).exists(),
    )


def _counts(session: Session, activity_id: UUID) -> dict[UUID, tuple[int, int]]:
    """By change of an activity: how many people have to know of it, and how many of them do."""
    read = select(Notice.id).where(
        Notice.cause_id == Addressee.change_id,
        Notice.user_id == account_of(),
        Notice.read_at.is_not(None),
    )
    reached = or_(
        Addressee.answer.is_not(None),
        Addressee.call == Call.TOLD,
        read.correlate(Addressee, Resident).exists(),
    )
    statement = (
        select(
            Addressee.change_id, func.count().label("n"), func.count().filter(reached).label("m")
        )
        .join(ActivityChange, ActivityChange.id == Addressee.change_id)
        .join(Resident, Resident.id == Addressee.resident_id)
        .where(ActivityChange.activity_id == activity_id, ~_gone())
        .group_by(Addressee.change_id)
    )
    return {row.change_id: (row.n, row.m) for row in session.execute(statement)}


def begun(change: ActivityChange, activity: Activity) -> bool:
    """Whether it is too late to tell anybody: the activity has begun; of one that was on already,
    it is over."""
    begins = min(activity.starts_at, activity.opened_at or activity.starts_at)
    return clock.now() >= (begins if change.at < begins else activity.ends_at)


def _overtaken(change: ActivityChange, later: Sequence[ActivityChange]) -> bool:
    """Whether a later change says all that this one said."""
    return any(
        one.kind is ChangeKind.CANCELLED
        or (one.kind is change.kind and one.slot_id in (None, change.slot_id))
        for one in later
        if one.id > change.id and change.kind in (ChangeKind.MOVED, ChangeKind.PLACE)
    )


def reaches(session: Session, activity: Activity) -> list[Reach]:
    """The changes of an activity, the newest first, with whom they have reached. Two statements."""
    statement = (
        select(ActivityChange)
        .where(ActivityChange.activity_id == activity.id)
        .order_by(ActivityChange.id.desc())
    )
    every = session.execute(statement).scalars().all()
    counts = _counts(session, activity.id) if every else {}
    return [_reach(change, activity, every, *counts.get(change.id, (0, 0))) for change in every]


def _reach(
    change: ActivityChange,
    activity: Activity,
    every: Sequence[ActivityChange],
    people: int,
    reached: int,
) -> Reach:
    over = (
        change.kind is ChangeKind.ANNOUNCEMENT
        or begun(change, activity)
        or _overtaken(change, every)
    )
    return Reach(
        change.id,
        CHANGE_KINDS[change.kind],
        change.words,
        change.at,
        people,
        reached,
        reached < people and not over,
    )


def contacts_of(session: Session, change: ActivityChange) -> list[Contact]:
    """Whom a change concerns, those who were not reached first."""
    read = _read_of(change.id)
    statement = (
        select(
            Addressee,
            Resident.name,
            account_of().label("account"),
            or_(Resident.phone_encrypted.is_not(None), _HOLDER.phone_encrypted.is_not(None)).label(
                "phone"
            ),
            read.c.read_at,
            read.c.user_id.is_not(None).label("sent"),
            _CALLER.name.label("caller"),
            _gone().label("gone"),
        )
        .join(ActivityChange, ActivityChange.id == Addressee.change_id)
        .join(Resident, Resident.id == Addressee.resident_id)
        .outerjoin(_HOLDER, _HOLDER.user_id == account_of())
        .outerjoin(read, read.c.user_id == account_of())
        .outerjoin(_CALLER, _CALLER.user_id == Addressee.called_by)
        .where(Addressee.change_id == change.id)
        .order_by(Addressee.id)
    )
    together: dict[UUID, list[Any]] = defaultdict(list)
    for row in session.execute(statement):
        together[row.account or row.Addressee.id].append(row)
    numbers = _numbers_of(session, change)
    found = [_contact(rows, numbers) for rows in together.values()]
    return sorted(found, key=lambda one: one.by is not By.NOTHING)


def _contact(rows: Sequence[Any], numbers: dict[UUID, list[str]]) -> Contact:
    coming = [row for row in rows if not row.gone]
    people = coming or rows
    first = people[0]
    ticked: Addressee = first.Addressee
    return Contact(
        ticked.id,
        "、".join(masked_name(row.name) for row in people),
        len(people),
        [words for row in people for words in numbers[row.Addressee.resident_id]],
        first.account is not None,
        first.sent,
        any(row.phone for row in people),
        _by(people) if coming else By.GONE,
        first.read_at,
        ticked.call,
        ticked.called_at,
        own_name(first.caller) if ticked.call else "",
        next((row.Addressee.answer for row in people if row.Addressee.answer), None),
    )


def _by(people: Sequence[Any]) -> By:
    """By what all of these were reached."""
    if all(row.Addressee.answer for row in people):
        return By.ANSWER
    if people[0].read_at:
        return By.READ
    told = all(row.Addressee.answer or row.Addressee.call is Call.TOLD for row in people)
    return By.CALL if told else By.NOTHING


def _numbers_of(session: Session, change: ActivityChange) -> dict[UUID, list[str]]:
    """What the people of a change have, or had, of the activity."""
    which = [Booking.activity_id == change.activity_id, Addressee.change_id == change.id]
    if change.kind in OF_THOSE_WHO_COME:
        which.append(Booking.state != BookingState.CANCELLED)
    if change.offering_id is not None:
        which.append(Booking.offering_id == change.offering_id)
    statement = (
        select(Booking.resident_id, Booking.ticket, Offering.title, Slot.starts_at, Slot.ends_at)
        .join(Addressee, Addressee.resident_id == Booking.resident_id)
        .join(Offering, Offering.id == Booking.offering_id)
        .outerjoin(Slot, Slot.id == Booking.slot_id)
        .where(*which)
        .order_by(Booking.id)
    )
    numbers: dict[UUID, list[str]] = defaultdict(list)
    for row in session.execute(statement):
        when = f"，{period(row.starts_at, row.ends_at)}" if row.starts_at else ""
        numbers[row.resident_id].append(f"{row.ticket} {row.title}{when}")
    return numbers


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
