"""Reads of an activity's signed-up list: by service, by time, by number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, aliased

from backend.activities.models import Activity, Offering, Slot
from backend.bookings.days import state_now
from backend.bookings.models import Booking, BookingState
from backend.bookings.signed_up.filters import (
    CHOICES,
    Answered,
    CancelledBy,
    Whom,
    answered,
    cancelled_by,
    condition,
    needs,
)
from backend.core.db import AnySelect
from backend.core.errors import TooManyToExport
from backend.core.pagination import Asked, Page, paginate
from backend.identity.models import Resident
from backend.identity.names import masked_name
from backend.identity.people.special_needs import in_words, opened

MOST_AT_ONCE = 5000
_HOLDER = aliased(Resident)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted(Asked):
    """Which of an activity's bookings are wanted; None: whichever."""

    offering_id: UUID | None = None
    slot_id: UUID | None = None
    state: BookingState | None = None
    answer: Answered | None = None
    whom: Whom | None = None

    def chosen(self, *, but: str | None = None) -> list[ColumnElement[bool]]:
        """What the filters ask for, but for that of one name."""
        asked = {name: getattr(self, name) for name in CHOICES if name != but}
        return [condition(name, value) for name, value in asked.items() if value is not None]


@dataclass(frozen=True, slots=True)
class SignedUp:
    """A line of the list.

    Attributes:
        starts_at, ends_at: of the slot; None for a number of the day.
        name: masked.
        person: whose it is: with an account, of somebody's family, or a guest.
        by: who has booked.
        needs: what the person has said that they need, in words; empty where nothing, and where
            nobody need know any more: it was cancelled, is over, or the activity is.
        cancelled_by: who cancelled it; None where it stands, or became one with another.
        moved_from: when it was to be, where it was moved since and they have not answered.
        answer: what they have said to the new time.
    """

    booking_id: UUID
    ticket: str
    service: str
    on: date
    starts_at: datetime | None
    ends_at: datetime | None
    name: str
    person: str
    by: str
    needs: str
    state: BookingState
    cancelled_by: CancelledBy | None
    moved_from: datetime | None
    answer: Answered | None


def list_signed_up(session: Session, activity: Activity, wanted: Wanted) -> Page:
    """A page of the list."""
    page = paginate(
        session,
        _lines(activity, wanted),
        [
            (Offering.letter.expression, str),
            (Booking.service_on.expression, date),
            (_begins(), datetime),
            (Booking.number.expression, int),
            (Booking.id.expression, UUID),
        ],
        cursor=wanted.cursor,
        limit=wanted.limit,
        key_of=lambda row: (row.letter, row.service_on, row.begins, row.number, str(row.id)),
        scalars=False,
    )
    return Page([_line(row) for row in page.items], page.next_cursor)


def all_signed_up(session: Session, activity: Activity, wanted: Wanted) -> list[SignedUp]:
    """All that a filter finds, as `list_signed_up` has it: to print, or as a file.

    Raises TooManyToExport (422).
    """
    order = (Offering.letter, Booking.service_on, _begins(), Booking.number, Booking.id)
    statement = _lines(activity, wanted).order_by(*order).limit(MOST_AT_ONCE + 1)
    rows = session.execute(statement).all()
    if len(rows) > MOST_AT_ONCE:
        raise TooManyToExport(f"一次最多 {MOST_AT_ONCE} 条，请按服务分开")
    return [_line(row) for row in rows]


def count_choices(
    session: Session, activity: Activity, wanted: Wanted
) -> dict[str, dict[StrEnum, int]]:
    """By filter and each of its choices: how many bookings that would find, the other filters as
    they are. One statement."""
    choices = [(name, value) for name, values in CHOICES.items() for value in values]
    columns = [
        func.count().filter(condition(name, value), *wanted.chosen(but=name))
        for name, value in choices
    ]
    row = session.execute(_found(activity, wanted).with_only_columns(*columns)).one()
    counts: dict[str, dict[StrEnum, int]] = {name: {} for name in CHOICES}
    for (name, value), n in zip(choices, row, strict=True):
        counts[name][value] = n
    return counts


def services_of(session: Session, activity_id: UUID) -> Sequence[Offering]:
    """An activity's services, in the order of the list."""
    statement = (
        select(Offering).where(Offering.activity_id == activity_id).order_by(Offering.letter)
    )
    return session.execute(statement).scalars().all()


def slots_of(session: Session, offering_id: UUID) -> Sequence[Slot]:
    """A service's times."""
    statement = select(Slot).where(Slot.offering_id == offering_id).order_by(Slot.starts_at)
    return session.execute(statement).scalars().all()


def _begins() -> ColumnElement[datetime]:
    """Who has no time of their own comes after those who have."""
    return func.coalesce(Slot.starts_at, Activity.ends_at)


def _found(activity: Activity, wanted: Wanted) -> Select[Any]:
    statement: Select[Any] = (
        select(Booking)
        .join(Activity, Activity.id == Booking.activity_id)
        .join(Resident, Resident.id == Booking.resident_id)
        .where(Booking.activity_id == activity.id)
    )
    if wanted.offering_id is not None:
        statement = statement.where(Booking.offering_id == wanted.offering_id)
    if wanted.slot_id is not None:
        statement = statement.where(Booking.slot_id == wanted.slot_id)
    return statement


def _lines(activity: Activity, wanted: Wanted) -> AnySelect:
    return (
        _found(activity, wanted)
        .with_only_columns(
            Booking.id,
            Booking.ticket,
            Booking.number,
            Booking.service_on,
            Booking.booked_by,
            Booking.moved_from,
            state_now().label("state"),
            answered().label("answer"),
            cancelled_by().label("cancelled_by"),
            Offering.letter,
            Offering.title,
            Slot.starts_at,
            Slot.ends_at,
            _begins().label("begins"),
            Resident.name,
            Resident.user_id,
            Resident.guardian_user_id,
            Resident.relation,
            needs().label("needs"),
            _HOLDER.name.label("holder"),
        )
        .join(Offering, Offering.id == Booking.offering_id)
        .outerjoin(Slot, Slot.id == Booking.slot_id)
        .outerjoin(_HOLDER, _HOLDER.user_id == Resident.guardian_user_id)
        .where(*wanted.chosen())
    )


def _line(row: Any) -> SignedUp:
    return SignedUp(
        row.id,
        row.ticket,
        row.title,
        row.service_on,
        row.starts_at,
        row.ends_at,
        masked_name(row.name),
        _person(row),
        _booked_by(row),
        in_words(opened(row.needs)),
        BookingState(row.state),
        CancelledBy(row.cancelled_by) if row.cancelled_by else None,
        row.moved_from,
        Answered(row.answer) if row.answer else None,
    )


def _person(row: Any) -> str:
    if row.user_id is not None:
        return "有账号"
    return f"家人（{row.relation}）" if row.relation else "家人" if row.guardian_user_id else "来宾"


def _booked_by(row: Any) -> str:
    if row.booked_by == row.user_id:
        return "本人"
    if row.booked_by == row.guardian_user_id:
        return f"{masked_name(row.holder)}代办"
    return "现场工作人员"
