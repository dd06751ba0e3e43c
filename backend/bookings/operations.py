"""Use cases of a booking: sign up, take a number, cancel."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import func, select, union
from sqlalchemy.orm import Session

from backend.activities.days import counts_from
from backend.activities.models import (
    Activity,
    ActivityState,
    Attendance,
    Offering,
    OfferingMode,
    Slot,
)
from backend.activities.permissions import ANNOUNCED
from backend.bookings import moves, places, statements
from backend.bookings.errors import (
    AlreadyBooked,
    CapReached,
    MarketNotOpen,
    NotCheckedIn,
    NotEligible,
    SignUpClosed,
    SignUpNotNeeded,
    SlotFull,
    SlotMoved,
)
from backend.bookings.models import (
    ACTIVE_STATES,
    Booking,
    BookingOrigin,
)
from backend.bookings.news import answer, sentences, telling
from backend.bookings.requests import SignUp, TakeNumber
from backend.core import clock, limits
from backend.core.config import BOOKINGS, limit_rules
from backend.core.db import AnyRow
from backend.core.errors import Forbidden, NotFound, ValidationFailed
from backend.core.ids import new_id
from backend.core.limits import TooManyRequests
from backend.core.permissions import Actor, Permission
from backend.core.request_context import current_address, current_request_id
from backend.identity.models import Resident
from backend.identity.people import guests
from backend.identity.people.standing import Occasion

_LIMITED = timedelta(seconds=limit_rules("sign_up").seconds)
_OPEN_STATES = frozenset({ActivityState.PUBLISHED, ActivityState.LIVE})


def sign_up(session: Session, actor: Actor, offering_id: UUID, wanted: SignUp) -> AnyRow:
    """Book a place in advance, for oneself or a family member; answers the booking as
    `select_bookings` has it.

    One transaction takes the place and the number (statements.py). A person who has checked in
    already waits from this moment on.

    Raises NotFound (404), ValidationFailed (422) for a slot that is not the offering's, the
    refusals of errors.py (409), and TooManyRequests (429).
    """
    resident_id = wanted.resident_id or actor.resident_id
    proxy = resident_id != actor.resident_id
    if proxy:
        _lock_proxy(session, actor)
    context = statements.read_context(session, offering_id, resident_id, wanted.slot_id)
    if context is None or context.state not in ANNOUNCED:
        raise NotFound
    if actor.user_id not in (context.user_id, context.guardian_user_id):
        raise NotFound
    _check_sign_up(session, offering_id, context, wanted.slot_id)
    service_on = _service_on(context)
    if proxy:
        _check_proxy_cap(session, actor, service_on)
    return _book(
        session, actor, offering_id, context, service_on, BookingOrigin.SIGN_UP, action="sign_up"
    )


def take_number(session: Session, actor: Actor, offering_id: UUID, wanted: TakeNumber) -> AnyRow:
    """A walk-in number: given by a volunteer to anybody, or taken by a resident who has checked
    in; answers the booking as `select_bookings` has it.

    Raises as `sign_up`, NotCheckedIn and MarketNotOpen (409), NumberKnown and NameKnown (409) where
    a guest may be somebody else, Forbidden (403).
    """
    resident_id = wanted.resident_id or actor.resident_id
    if wanted.guest is not None:
        resident_id = _write_in(session, actor, offering_id, wanted.guest)
    context = statements.read_context(session, offering_id, resident_id, None)
    if context is None or context.state not in ANNOUNCED:
        raise NotFound
    staff = actor.may(Permission.TICKET_ISSUE, region_code=context.region_code)
    if not staff:
        if wanted.urgent:
            raise Forbidden
        if actor.user_id not in (context.user_id, context.guardian_user_id):
            raise NotFound
    if context.mode == OfferingMode.OPEN:
        raise SignUpNotNeeded
    _check_open(context)
    _check_age(context)
    return _book(
        session,
        actor,
        offering_id,
        context,
        _service_on(context),
        BookingOrigin.WALK_IN,
        action="take_number",
        urgent=wanted.urgent,
        reason=wanted.reason,
        must_be_present=not staff,
    )


def _check_open(market: AnyRow) -> None:
    over = clock.days_over(clock.now(), market.starts_at, market.ends_at)
    if market.state != ActivityState.LIVE or over:
        raise MarketNotOpen
    if clock.now() < counts_from(market):
        # Opened before its day: numbers are that day's.
        raise MarketNotOpen(f"{clock.local_day(market.starts_at):%-m月%-d日}当天才能取号")


def _write_in(session: Session, actor: Actor, offering_id: UUID, guest: guests.NewGuest) -> UUID:
    """Who comes without a phone of their own: a new guest, or somebody who is known. Whose number
    it is learns only who works at an open market."""
    market = session.execute(
        select(Activity.id, Activity.state, Activity.starts_at, Activity.ends_at,
               Activity.checkin_opens_minutes, Activity.region_code)
        .join(Offering, Offering.activity_id == Activity.id)
        .where(Offering.id == offering_id)
    ).one_or_none()  # fmt: skip
    if not actor.may_anywhere(Permission.TICKET_ISSUE):
        raise Forbidden
    if market is None or market.state not in ANNOUNCED:
        raise NotFound
    if not actor.may(Permission.TICKET_ISSUE, region_code=market.region_code):
        raise Forbidden
    _check_open(market)
    came = select(Attendance.resident_id).where(
        Attendance.activity_id == market.id, Attendance.reverted_at.is_(None)
    )
    booked = select(Booking.resident_id).where(
        Booking.offering_id == offering_id, Booking.state.in_(ACTIVE_STATES)
    )
    day = clock.day_within(clock.now(), market.starts_at, market.ends_at)
    place = guests.Place(Occasion(market.id, day), union(came, booked), market.region_code)
    return guests.write_in(session, actor, guest, place)


def _lock_proxy(session: Session, actor: Actor) -> None:
    """Family bookings of one account come one after the other, so that their cap holds."""
    session.execute(
        select(Resident.id).where(Resident.id == actor.resident_id).with_for_update(key_share=True)
    )


def _check_sign_up(
    session: Session, offering_id: UUID, context: AnyRow, slot_id: UUID | None
) -> None:
    now = clock.now()
    if context.mode == OfferingMode.OPEN:
        raise SignUpNotNeeded
    if context.mode == OfferingMode.SLOTS and slot_id is None:
        raise ValidationFailed(errors={"slot_id": ["请选择一个时段"]})
    if slot_id is not None and context.slot_id is None:
        raise ValidationFailed(errors={"slot_id": ["没有这个时段"]})
    if context.state not in _OPEN_STATES:
        raise SignUpClosed
    if context.slot_ends_at is not None and now >= context.slot_ends_at:
        raise _slot_over(session, offering_id, now)
    last = context.slot_ends_at or context.ends_at
    closes = min(context.sign_up_closes_at or last, last)
    if now >= closes or (context.sign_up_opens_at and now < context.sign_up_opens_at):
        raise SignUpClosed
    _check_age(context)


def _slot_over(session: Session, offering_id: UUID, now: datetime) -> SignUpClosed:
    """A slot was chosen that has ended meanwhile: is there another to choose?"""
    free = select(Slot.id).where(
        Slot.offering_id == offering_id, Slot.ends_at > now, Slot.taken < Slot.capacity
    )
    another = session.execute(select(free.exists())).scalar_one()
    next_words = "请选后面的" if another else "后面没有能约的时段了"
    return SignUpClosed(f"这个时段已经过了，{next_words}", extra={"slot_over": True})


def _check_age(context: AnyRow) -> None:
    """By the year of birth, which is all we keep."""
    if context.min_age is None:
        return
    if context.birth_year is None:
        raise NotEligible(f"这项服务面向 {context.min_age} 岁以上，请先填写出生年份")
    if clock.today().year - context.birth_year < context.min_age:
        raise NotEligible(f"这项服务面向 {context.min_age} 岁以上")


def _check_proxy_cap(session: Session, actor: Actor, service_on: Any) -> None:
    made = session.execute(
        select(func.count())
        .select_from(Booking)
        .join(Resident, Resident.id == Booking.resident_id)
        .where(
            Resident.guardian_user_id == actor.user_id,
            Booking.service_on == service_on,
            Booking.state.in_(ACTIVE_STATES),
        )
    ).scalar_one()
    if made >= BOOKINGS.per_proxy_and_day:
        raise CapReached(f"一天最多为家人报名 {BOOKINGS.per_proxy_and_day} 项")


def _service_on(context: AnyRow) -> Any:
    """The day the service is given: the slot's, or today within the activity's days."""
    at = context.slot_starts_at or clock.now()
    return clock.day_within(at, context.starts_at, context.ends_at)


def _book(
    session: Session,
    actor: Actor,
    offering_id: UUID,
    context: AnyRow,
    service_on: Any,
    origin: BookingOrigin,
    *,
    action: str,
    urgent: bool = False,
    reason: str | None = None,
    must_be_present: bool = False,
) -> AnyRow:
    now = clock.now()
    is_today = service_on == clock.day_within(now, context.starts_at, context.ends_at)
    slot_starts_at: datetime | None = context.slot_starts_at
    booked = places.take(
        session,
        {
            "id": new_id(),
            "audit_id": new_id(),
            "now": now,
            # Who is here today does not wait for an appointment of another day. A day may have
            # begun before midnight.
            "is_today": is_today,
            "today": clock.today(),
            "request_id": current_request_id(),
            "address": current_address(),
            "action": action,
            "details": orjson.dumps({"reason": reason} if reason else {}).decode(),
            "region_code": context.region_code,
            "activity_id": context.activity_id,
            "offering_id": offering_id,
            "slot_id": context.slot_id,
            "resident_id": context.resident_id,
            "booked_by": actor.user_id,
            "origin": origin.value,
            "service_on": service_on,
            "letter": context.letter,
            "urgent": urgent,
            "walk_in": origin is BookingOrigin.WALK_IN,
            "must_be_present": must_be_present,
            "slot_starts_at": slot_starts_at,
            "keeps_until": slot_starts_at + moves.grace() if slot_starts_at else None,
            "walk_in_share": context.walk_in_share,
            "cap": context.daily_cap_per_person,
            "cap_a_day": BOOKINGS.per_person_and_day,
            "limit": limits.most("sign_up"),
            "limited_since": now - _LIMITED if origin is BookingOrigin.SIGN_UP else now,
        },
    )
    if booked.id is None:
        raise _refusal(session, booked, context, must_be_present, now)
    telling.tell_one(session, sentences.booked, booked)
    return booked


def _refusal(
    session: Session, result: AnyRow, context: AnyRow, must_be_present: bool, now: datetime
) -> Exception:
    """Why nothing was booked: the first that applies."""
    if result.held:
        return AlreadyBooked()
    if result.used >= context.daily_cap_per_person:
        return CapReached(f"这项服务每人每天最多 {context.daily_cap_per_person} 次")
    if result.held_today >= BOOKINGS.per_person_and_day:
        return CapReached(f"每人每天最多报名 {BOOKINGS.per_person_and_day} 项")
    if must_be_present and not result.present:
        return _absent(session, context, _service_on(context))
    if result.limited_by is not None:
        return TooManyRequests.until(result.limited_by + _LIMITED, now)
    slot = session.get(Slot, context.slot_id) if context.slot_id else None
    if slot is not None and slot.starts_at != context.slot_starts_at:
        return SlotMoved()
    return SlotFull()


def _absent(session: Session, context: AnyRow, service_on: date) -> NotCheckedIn:
    """Who has signed out is told so: they remember to have checked in."""
    left_at = session.execute(
        select(func.max(Attendance.left_at)).where(
            Attendance.activity_id == context.activity_id,
            Attendance.resident_id == context.resident_id,
            Attendance.on_day.in_((service_on, clock.today())),
            Attendance.reverted_at.is_(None),
        )
    ).scalar_one()
    if left_at is None:
        return NotCheckedIn()
    at = f"{left_at.astimezone(clock.SHANGHAI):%H:%M}"
    return NotCheckedIn(f"{at} 已经签退了，请先在现场扫码签到，再取号")


def cancel(session: Session, actor: Actor | None, booking: Booking, *, region_code: str) -> None:
    """Cancel a booking and free its place.

    Raises IllegalTransition (409) when it is being served or over.
    """
    places.lock(session, [booking])
    moves.cancel(session, actor, booking, region_code=region_code)
    telling.tell_cancelled(session, actor, booking.id)
    # Who was moved has answered by it, also who had said before that they come.
    if booking.moved_from is not None or booking.kept_at is not None:
        answer.note_answer(session, booking)
