"""Those whom changes concern, household by household; and the call list of an activity, which has
each household once, whatever has changed (docs/adr/0034)."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from backend.activities.models import Activity, Offering, Slot
from backend.activities.signals import ChangeKind
from backend.bookings.models import Booking, BookingState
from backend.core.dates import period
from backend.identity.models import Resident
from backend.identity.names import masked_name, own_name
from backend.notices.messages.models import Message
from backend.notices.models import Notice
from backend.outreach.models import ActivityChange, Addressee, Answer, Call
from backend.outreach.queries import (
    OF_THOSE_WHO_COME,
    By,
    account_of,
    begun,
    changes_of,
    overtaken_by,
    reached_by,
)
from backend.outreach.words import CHANGE_KINDS

_HOLDER, _CALLER = aliased(Resident), aliased(Resident)


@dataclass(frozen=True, slots=True)
class Contact:
    """Those who are reached together and stand alike: of an account with its family those who know
    of a change, those who don't, and those who have given up; or a guest.

    Attributes:
        addressee_id: one of them; stands for all.
        names: masked.
        asked_for: their names in full: for who opens the number, to ask for them.
        carer: who acts for them and is not one of them, masked; empty where nobody does.
        numbers: what they have signed up for, in words.
        told: what they are to be told: of each change what it was, in words.
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
    carer: str
    numbers: Sequence[str]
    told: Sequence[str]
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


# One person whom a change concerned, with all that is known of reaching them; and the change.
_Row = tuple[Any, ActivityChange]


def contacts_of(session: Session, change: ActivityChange) -> list[Contact]:
    """Whom a change concerns, in the order in which they were kept."""
    people = _people_of(session, [change])
    return _together(session, people, lambda row: (_household(row), row.by))


def call_list(
    session: Session, activity: Activity, change: ActivityChange, at: UUID | None = None
) -> list[Contact]:
    """Whoever has to be told of anything of an activity, and in time: each household once, with all
    that it has to be told. None where a later change says all that this one has said.

    Args:
        change: an open one, whose page shows the list: its people come first, as it has them.
        at: an addressee who stays in sight, though they were just ticked off.
    """
    others = [one for one in open_changes(session, activity) if one.id != change.id]
    wanted = or_(reached_by() == By.NOTHING.value, Addressee.id == at)
    people = _people_of(session, [change, *others], wanted)
    own = any(of.id == change.id for _, of in people)
    if not own and overtaken_by(session, change) is not None:
        return []
    return _together(session, people, _household)


def says_more(change: ActivityChange, people: Sequence[Contact]) -> bool:
    """Whether somebody on a list has to be told of more than a change, or of another."""
    return any(list(one.told) != [_in_words(change)] for one in people)


def _in_words(change: ActivityChange) -> str:
    return f"{CHANGE_KINDS[change.kind]}：{change.words}"


def open_changes(session: Session, activity: Activity) -> list[ActivityChange]:
    """The changes of an activity of which somebody can still be told, the newest first."""
    return [
        one
        for one in changes_of(session, activity.id)
        if one.kind is not ChangeKind.ANNOUNCEMENT and not begun(one, activity)
    ]


def _household(row: Any) -> Any:
    return row.account or row.Addressee.resident_id


def _together(session: Session, people: Sequence[_Row], by: Callable[[Any], Any]) -> list[Contact]:
    """People of changes, put together."""
    groups: dict[Any, list[_Row]] = defaultdict(list)
    for row, change in people:
        groups[by(row)].append((row, change))
    changes = {change.id: change for _, change in people}
    numbers = {key: _numbers_of(session, change) for key, change in changes.items()}
    return [_contact(rows, numbers) for rows in groups.values()]


def _people_of(
    session: Session, changes: Sequence[ActivityChange], *which: ColumnElement[bool]
) -> list[_Row]:
    """Each person whom changes concern, change by change."""
    ids = [change.id for change in changes]
    told = _told_of(ids)
    mine = and_(told.c.user_id == account_of(), told.c.cause_id == Addressee.change_id)
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
            _HOLDER.id.label("holder_id"),
            _HOLDER.name.label("holder"),
            reached_by().label("by"),
        )
        .join(ActivityChange, ActivityChange.id == Addressee.change_id)
        .join(Resident, Resident.id == Addressee.resident_id)
        .outerjoin(_HOLDER, _HOLDER.user_id == account_of())
        .outerjoin(told, mine)
        .outerjoin(Message, Message.id == told.c.id)
        .outerjoin(_CALLER, _CALLER.user_id == Addressee.called_by)
        .where(Addressee.change_id.in_(ids), *which)
        .order_by(Addressee.id)
    )
    by_change = defaultdict(list)
    for row in session.execute(statement):
        by_change[row.Addressee.change_id].append(row)
    return [(row, change) for change in changes for row in by_change[change.id]]


def _told_of(change_ids: Collection[UUID]) -> Any:
    """What each account was told of each change in its inbox: of several the one that it has read,
    else the last."""
    return (
        select(Notice.id, Notice.user_id, Notice.cause_id, Notice.read_at)
        .ext(distinct_on(Notice.cause_id, Notice.user_id))
        .where(Notice.cause_id.in_(change_ids))
        .order_by(
            Notice.cause_id, Notice.user_id, Notice.read_at.desc().nulls_last(), Notice.id.desc()
        )
        .subquery()
    )


def _contact(rows: Sequence[_Row], numbers: dict[UUID, dict[UUID, list[str]]]) -> Contact:
    first = rows[0][0]
    ticked: Addressee = first.Addressee
    people: dict[UUID, Any] = {}
    held: list[str] = []
    for row, change in rows:
        people.setdefault(row.Addressee.resident_id, row)
        held += numbers[change.id][row.Addressee.resident_id]
    told = [_in_words(change) for _, change in rows]
    return Contact(
        ticked.id,
        list(people),
        "、".join(masked_name(row.name) for row in people.values()),
        "、".join(own_name(row.name) for row in people.values()),
        len(people),
        masked_name(first.holder) if first.holder_id and first.holder_id not in people else "",
        list(dict.fromkeys(held)),
        list(dict.fromkeys(told)),
        first.account is not None,
        first.sent,
        first.Message,
        any(row.phone for row in people.values()),
        By(first.by),
        first.read_at,
        ticked.call,
        ticked.called_at,
        own_name(first.caller) if ticked.call else "",
        next((row.Addressee.answer for row, _ in rows if row.Addressee.answer), None),
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
