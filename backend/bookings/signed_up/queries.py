"""Reads of an activity's signed-up list: by service, by time, by number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.orm import Session, aliased

from backend.activities.models import Activity, ActivityState, Offering, Slot
from backend.bookings.days import state_now
from backend.bookings.models import ACTIVE_STATES, Booking, BookingState
from backend.core.db import AnySelect
from backend.core.errors import TooManyToExport
from backend.core.pagination import Asked, Page, paginate
from backend.identity.models import Resident
from backend.identity.names import masked_name
from backend.identity.people.special_needs import in_words, opened, shown_to_staff

MOST_AT_ONCE = 5000
_HOLDER = aliased(Resident)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted(Asked):
    """Which of an activity's bookings are wanted; None: whichever."""

    offering_id: UUID | None = None
    slot_id: UUID | None = None
    state: BookingState | None = None


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
        moved_from: when it was to be, where it was moved since and they have not answered.
        kept: whether they have said that they come at the new time.
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
    moved_from: datetime | None
    kept: bool

    @property
    def answer(self) -> str | None:
        """What they have said to the new time; None where it is still the old one, or nobody waits
        for an answer any more."""
        if self.state is BookingState.CANCELLED:
            return None
        if self.kept:
            return "改期后还来"
        return "改期，还没回答" if self.moved_from else None


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


def count_by_state(session: Session, activity: Activity, wanted: Wanted) -> dict[BookingState, int]:
    """How many of the bookings that a filter finds there are in each state; the filter's own state
    is passed over."""
    state: ColumnElement[BookingState] = state_now().label("state")
    found = _found(activity, wanted).with_only_columns(state, func.count().label("n"))
    return {BookingState(row.state): row.n for row in session.execute(found.group_by(state))}


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


def _to_come() -> ColumnElement[bool]:
    return and_(
        Activity.state.in_((ActivityState.PUBLISHED, ActivityState.LIVE)),
        state_now().in_(ACTIVE_STATES),
    )


def _found(activity: Activity, wanted: Wanted) -> Select[Any]:
    statement: Select[Any] = (
        select(Booking)
        .join(Activity, Activity.id == Booking.activity_id)
        .where(Booking.activity_id == activity.id)
    )
    if wanted.offering_id is not None:
        statement = statement.where(Booking.offering_id == wanted.offering_id)
    if wanted.slot_id is not None:
        statement = statement.where(Booking.slot_id == wanted.slot_id)
    return statement


def _lines(activity: Activity, wanted: Wanted) -> AnySelect:
    statement: AnySelect = (
        _found(activity, wanted)
        .with_only_columns(
            Booking.id,
            Booking.ticket,
            Booking.number,
            Booking.service_on,
            Booking.booked_by,
            Booking.moved_from,
            Booking.kept_at,
            state_now().label("state"),
            Offering.letter,
            Offering.title,
            Slot.starts_at,
            Slot.ends_at,
            _begins().label("begins"),
            Resident.name,
            Resident.user_id,
            Resident.guardian_user_id,
            Resident.relation,
            case((_to_come(), shown_to_staff())).label("needs"),
            _HOLDER.name.label("holder"),
        )
        .join(Offering, Offering.id == Booking.offering_id)
        .outerjoin(Slot, Slot.id == Booking.slot_id)
        .join(Resident, Resident.id == Booking.resident_id)
        .outerjoin(_HOLDER, _HOLDER.user_id == Resident.guardian_user_id)
    )
    return statement if wanted.state is None else statement.where(state_now() == wanted.state)


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
        row.moved_from,
        row.kept_at is not None,
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
