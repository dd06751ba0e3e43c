"""Use cases of a booking: sign up, take a number, cancel; what arrivals and closing do to it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Select, func, insert, select, union, update
from sqlalchemy.orm import Session

from backend.activities.days import counts_from
from backend.activities.models import (
    Activity,
    ActivityState,
    Attendance,
    Offering,
    OfferingMode,
    ServiceDay,
    Slot,
)
from backend.activities.permissions import ANNOUNCED
from backend.bookings import statements
from backend.bookings.days import AFTER_DAY, after_day, day_over
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
    BOOKING_TRANSITIONS,
    Booking,
    BookingOrigin,
    BookingState,
)
from backend.bookings.moves import move
from backend.core import audit, clock, limits
from backend.core.audit import AuditEntry, audit_values
from backend.core.config import BOOKINGS, QUEUE, limit_rules
from backend.core.db import AnyRow
from backend.core.errors import Forbidden, NotFound, ValidationFailed
from backend.core.ids import new_id
from backend.core.limits import TooManyRequests
from backend.core.permissions import Actor, Permission
from backend.core.request_context import current_address, current_request_id
from backend.core.states import check_transition
from backend.identity import guests
from backend.identity.models import Resident
from backend.identity.standing import Occasion

S = BookingState
_LIMITED = timedelta(seconds=limit_rules("sign_up").seconds)
_OPEN_STATES = frozenset({ActivityState.PUBLISHED, ActivityState.LIVE})


def sign_up(session: Session, actor: Actor, offering_id: UUID, body: dict[str, Any]) -> AnyRow:
    """Book a place in advance, for oneself or a family member; answers the booking as
    `select_bookings` has it.

    One transaction takes the place and the number (statements.py). A person who has checked in
    already waits from this moment on.

    Raises NotFound (404), ValidationFailed (422) for a slot that is not the offering's, the
    refusals of errors.py (409), and TooManyRequests (429).
    """
    resident_id = body.get("resident_id", actor.resident_id)
    proxy = resident_id != actor.resident_id
    if proxy:
        _lock_proxy(session, actor)
    context = statements.read_context(session, offering_id, resident_id, body.get("slot_id"))
    if context is None or context.state not in ANNOUNCED:
        raise NotFound
    if actor.user_id not in (context.user_id, context.guardian_user_id):
        raise NotFound
    _check_sign_up(context, body.get("slot_id"))
    service_on = _service_on(context)
    if proxy:
        _check_proxy_cap(session, actor, service_on)
    return _book(
        session, actor, offering_id, context, service_on, BookingOrigin.SIGN_UP, action="sign_up"
    )


def take_number(session: Session, actor: Actor, offering_id: UUID, body: dict[str, Any]) -> AnyRow:
    """A walk-in number: given by a volunteer to anybody, or taken by a resident who has checked
    in; answers the booking as `select_bookings` has it.

    Args:
        body: `resident_id` or `guest`; nothing for oneself. `urgent` needs a volunteer and a
            `reason`, which is kept in the audit log.

    Raises as `sign_up`, NotCheckedIn and MarketNotOpen (409), NumberKnown and NameKnown (409) where
    a guest may be somebody else, Forbidden (403).
    """
    resident_id = body.get("resident_id", actor.resident_id)
    if "guest" in body:
        resident_id = _write_in(session, actor, offering_id, body["guest"])
    context = statements.read_context(session, offering_id, resident_id, None)
    if context is None or context.state not in ANNOUNCED:
        raise NotFound
    staff = actor.may(Permission.TICKET_ISSUE, region_code=context.region_code)
    if not staff:
        if body["urgent"]:
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
        urgent=body["urgent"],
        reason=body.get("reason"),
        must_be_present=not staff,
    )


def _check_open(market: AnyRow) -> None:
    over = clock.days_over(clock.now(), market.starts_at, market.ends_at)
    if market.state != ActivityState.LIVE or over:
        raise MarketNotOpen
    if clock.now() < counts_from(market):
        # Opened before its day: numbers are that day's.
        raise MarketNotOpen(f"{clock.local_day(market.starts_at):%-m月%-d日}当天才能取号")


def _write_in(session: Session, actor: Actor, offering_id: UUID, guest: dict[str, Any]) -> UUID:
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


def _check_sign_up(context: AnyRow, slot_id: UUID | None) -> None:
    now = clock.now()
    if context.mode == OfferingMode.OPEN:
        raise SignUpNotNeeded
    if context.mode == OfferingMode.SLOTS and slot_id is None:
        raise ValidationFailed(errors={"slot_id": ["请选择一个时段"]})
    if slot_id is not None and context.slot_id is None:
        raise ValidationFailed(errors={"slot_id": ["没有这个时段"]})
    if context.state not in _OPEN_STATES:
        raise SignUpClosed
    last = context.slot_ends_at or context.ends_at
    closes = min(context.sign_up_closes_at or last, last)
    if now >= closes or (context.sign_up_opens_at and now < context.sign_up_opens_at):
        raise SignUpClosed
    _check_age(context)


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
    booked: AnyRow = statements.book(
        session,
        {
            "id": new_id(),
            "audit_id": new_id(),
            "now": now,
            # Who is here today does not wait for an appointment of another day. A day may have
            # begun before midnight.
            "present_on": [service_on, clock.today()] if is_today else [],
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
            "keeps_until": slot_starts_at + _grace() if slot_starts_at else None,
            "walk_in_share": context.walk_in_share,
            "cap": context.daily_cap_per_person,
            "cap_a_day": BOOKINGS.per_person_and_day,
            "limit": limits.most("sign_up"),
            "limited_since": now - _LIMITED if origin is BookingOrigin.SIGN_UP else now,
        },
    )
    if booked.id is None:
        raise _refusal(session, booked, context, must_be_present, now)
    return booked


def _grace() -> timedelta:
    return timedelta(minutes=QUEUE.appointment_grace_minutes)


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
        return NotCheckedIn()
    if result.limited_by is not None:
        return TooManyRequests.until(result.limited_by + _LIMITED, now)
    slot = session.get(Slot, context.slot_id) if context.slot_id else None
    if slot is not None and slot.starts_at != context.slot_starts_at:
        return SlotMoved()
    return SlotFull()


def cancel(session: Session, actor: Actor | None, booking: Booking, *, region_code: str) -> None:
    """Cancel a booking and free its place.

    Raises IllegalTransition (409) when it is being served or over.
    """
    _lock_places(session, [booking])
    _cancel(session, actor, booking, "cancel", region_code)


def _cancel(
    session: Session,
    actor: Actor | None,
    booking: Booking,
    action: str,
    region_code: str,
    **changes: Any,
) -> None:
    """Cancel one booking whose places are locked."""
    move(session, actor, booking, BookingState.CANCELLED, action=action, region_code=region_code,
         **changes)  # fmt: skip
    _free_place(session, booking.offering_id, booking.service_on, booking.slot_id)


def _lock_places(session: Session, bookings: Sequence[Any]) -> None:
    """Lock what holds the bookings' places, before the bookings themselves: slot → service day
    → booking, each in the order of its key."""
    slot_ids = {booking.slot_id for booking in bookings if booking.slot_id}
    session.execute(
        select(Slot.id).where(Slot.id.in_(slot_ids)).order_by(Slot.id).with_for_update()
    )
    offering_ids = {booking.offering_id for booking in bookings}
    session.execute(
        select(ServiceDay.on_day)
        .where(ServiceDay.offering_id.in_(offering_ids))
        .order_by(ServiceDay.offering_id, ServiceDay.on_day)
        .with_for_update()
    )


def _free_place(session: Session, offering_id: UUID, on_day: Any, slot_id: UUID | None) -> None:
    if slot_id is not None:
        session.execute(update(Slot).where(Slot.id == slot_id).values(taken=Slot.taken - 1))
    session.execute(
        update(ServiceDay)
        .where(ServiceDay.offering_id == offering_id, ServiceDay.on_day == on_day)
        .values(taken=ServiceDay.taken - 1)
    )


def cancel_all_of(session: Session, actor: Actor | None, resident_ids: list[UUID]) -> None:
    """Cancel what these people hold and has not begun: they are being erased."""
    mine = Booking.resident_id.in_(resident_ids), ~day_over()
    for booking, region_code in _locked(session, *mine):
        if _cancellable(booking):
            _cancel(session, actor, booking, "cancel", region_code)


def _locked(session: Session, *whose: ColumnElement[bool]) -> list[tuple[Booking, str]]:
    """These bookings with their region, locked with their places and read afresh, by id."""
    statement = (
        select(Booking, Activity.region_code)
        .join(Activity, Activity.id == Booking.activity_id)
        .where(*whose)
        .order_by(Booking.id)
    )
    found = [(row.Booking, row.region_code) for row in session.execute(statement)]
    _lock_places(session, [booking for booking, _ in found])
    for booking, _ in found:
        session.refresh(booking, with_for_update=True)
    return found


def _cancellable(booking: Booking) -> bool:
    return BookingState.CANCELLED in BOOKING_TRANSITIONS[booking.state]


def mark_arrived(
    session: Session,
    actor: Actor | None,
    activity_id: UUID,
    resident_id: UUID,
    at: datetime,
    service_on: Any,
) -> None:
    """Somebody has checked in, at an instant: what they had signed up for that day waits from
    then on.

    An appointment reached within its grace keeps its time; a later one waits as a walk-in. We may
    learn of it late: what waits already then waits from then on, and who was taken for absent
    when the market ended had only not been served.
    """
    arrived = statements.arrive(session, activity_id, resident_id, service_on, at, _grace())
    for before, after in ((S.CONFIRMED, S.ARRIVED), (S.NO_SHOW, S.EXPIRED)):
        moved = [booking.id for booking in arrived if booking.was == before]
        _note(session, actor, activity_id, moved, "arrive", before, after)


def unmark_arrived(
    session: Session, actor: Actor, activity_id: UUID, resident_id: UUID, service_on: Any
) -> None:
    """The check-in was undone: that day's appointments that still wait are expected again."""
    waiting = _of_day(activity_id, resident_id, service_on, BookingState.ARRIVED)
    reverted = _move_in_order(
        session,
        waiting.where(Booking.origin == BookingOrigin.SIGN_UP),
        state=BookingState.CONFIRMED,
        arrived_at=None,
        queued_at=None,
        due_at=None,
    )
    _note(session, actor, activity_id, reverted, "undo_arrival", S.ARRIVED, S.CONFIRMED)


def _of_day(
    activity_id: UUID, resident_id: UUID, service_on: Any, state: BookingState
) -> Select[UUID]:
    return select(Booking.id).where(
        Booking.activity_id == activity_id,
        Booking.resident_id == resident_id,
        Booking.service_on == service_on,
        Booking.state == state,
    )


def _move_in_order(session: Session, which: Select[UUID], **values: Any) -> list[UUID]:
    """Change several bookings in one statement that locks them by id, as everybody does who
    locks several; answers their ids."""
    statement = (
        update(Booking)
        .where(Booking.id.in_(which.order_by(Booking.id).with_for_update()))
        .values(**values)
        .returning(Booking.id)
        .execution_options(synchronize_session=False)
    )
    return list(session.execute(statement).scalars())


# What its end makes of a day's numbers, its close does but for who is being served.
_AT_CLOSE = {before: after for before, after in AFTER_DAY.items() if before is not S.SERVING}


def end_all(session: Session, actor: Actor | None, activity_id: UUID, to: ActivityState) -> None:
    """The activity, which the caller has locked, is over or cancelled: so is what was booked. Who
    is being served is served to the end. Cancelled bookings free their places. Those of earlier
    days have ended with their day, also where nobody has written that down yet.

    All are locked before the first is moved: a number that was just coming back into the line
    would be overlooked by one statement for each state.
    """
    cancelled = to is ActivityState.CANCELLED
    of_activity = Booking.activity_id == activity_id
    open_ones = (of_activity, Booking.state.in_(_AT_CLOSE))
    if cancelled:
        places = select(Booking.slot_id, Booking.offering_id).where(*open_ones).distinct()
        _lock_places(session, session.execute(places).all())
    active = select(Booking.id).where(of_activity, Booking.state.in_(ACTIVE_STATES))
    session.execute(active.order_by(Booking.id).with_for_update())
    end_past_days(session, activity_id)
    if cancelled:
        _free_all(session, open_ones)
    for before, at_close in _AT_CLOSE.items():
        after = BookingState.CANCELLED if cancelled else at_close
        ended = session.execute(
            update(Booking)
            .where(Booking.activity_id == activity_id, Booking.state == before)
            .values(state=after)
            .returning(Booking.id)
            .execution_options(synchronize_session=False)
        ).scalars()
        _note(session, actor, activity_id, list(ended), f"activity_{to.value}", before, after)


def with_past_numbers(session: Session) -> list[UUID]:
    """The activities that have numbers of a day that is over and was not ended. One that is only
    announced is left: it may still be put off to another day.

    Reads the partial index of active bookings, however many bookings there have been.
    """
    statement = (
        select(Booking.activity_id)
        .join(Activity, Activity.id == Booking.activity_id)
        .where(
            Booking.state.in_(ACTIVE_STATES),
            day_over(),
            Activity.state != ActivityState.PUBLISHED,
        )
        .distinct()
        .order_by(Booking.activity_id)
    )
    return list(session.execute(statement).scalars())


def end_past_days(session: Session, activity_id: UUID, most: int | None = None) -> int:
    """End the numbers of an activity's days that are over (days.py), in an order of locks as
    everybody has who locks several; answers how many.

    Args:
        most: end the oldest so many; None: all.
    """
    past = session.execute(
        select(Booking.id, Booking.state, Activity.opened_at)
        .join(Activity, Activity.id == Booking.activity_id)
        .where(Booking.activity_id == activity_id, Booking.state.in_(ACTIVE_STATES), day_over())
        .order_by(Booking.id)
        .limit(most)
        .with_for_update(of=Booking)
    ).all()
    moves: dict[tuple[BookingState, BookingState], list[UUID]] = defaultdict(list)
    for row in past:
        moves[row.state, after_day(row.state, row.opened_at)].append(row.id)
    for (before, after), booking_ids in moves.items():
        session.execute(
            update(Booking)
            .where(Booking.id.in_(booking_ids))
            .values(state=after)
            .execution_options(synchronize_session=False)
        )
        _note(session, None, activity_id, booking_ids, "day_over", before, after)
    return len(past)


def _free_all(session: Session, which: Sequence[ColumnElement[bool]]) -> None:
    """Free the places of bookings that are about to be cancelled."""
    by_slot = (
        select(Booking.slot_id, func.count().label("n"))
        .where(*which)
        .group_by(Booking.slot_id)
        .subquery()
    )
    session.execute(
        update(Slot).where(Slot.id == by_slot.c.slot_id).values(taken=Slot.taken - by_slot.c.n)
    )
    by_day = (
        select(Booking.offering_id, Booking.service_on, func.count().label("n"))
        .where(*which)
        .group_by(Booking.offering_id, Booking.service_on)
        .subquery()
    )
    session.execute(
        update(ServiceDay)
        .where(
            ServiceDay.offering_id == by_day.c.offering_id,
            ServiceDay.on_day == by_day.c.service_on,
        )
        .values(taken=ServiceDay.taken - by_day.c.n)
    )


def _note(
    session: Session,
    actor: Actor | None,
    activity_id: UUID,
    booking_ids: list[UUID],
    action: str,
    before: BookingState,
    after: BookingState,
) -> None:
    """Audit one move of several bookings, which the caller has made in one statement."""
    check_transition(BOOKING_TRANSITIONS, before, after)
    if not booking_ids:
        return
    region_code = session.execute(
        select(Activity.region_code).where(Activity.id == activity_id)
    ).scalar_one()
    session.execute(
        insert(AuditEntry),
        [
            audit_values(
                actor,
                action,
                "booking",
                booking_id,
                region_code=region_code,
                from_state=before,
                to_state=after,
            )
            for booking_id in booking_ids
        ],
    )


def merge(session: Session, source_id: UUID, target_id: UUID) -> None:
    """A guest's bookings become the resident's.

    Where both hold one service on one day, one is cancelled, for there is one ticket for each
    person, service and day: the guest's, or the resident's while the guest is being served.
    """
    found = _locked(session, Booking.resident_id.in_((source_id, target_id)))
    held = {
        (booking.offering_id, booking.service_on): booking
        for booking, _ in found
        if booking.resident_id == target_id and booking.state in ACTIVE_STATES
    }
    moved = 0
    for booking, region_code in found:
        if booking.resident_id != source_id:
            continue
        key = (booking.offering_id, booking.service_on)
        twin = held.get(key) if booking.state in ACTIVE_STATES else None
        if twin is not None and _cancellable(booking):
            _cancel(session, None, booking, "merge", region_code, resident_id=target_id)
        else:
            if twin is not None:
                if not _cancellable(twin):
                    # Both are being served this moment: the guest's stays the guest's.
                    continue
                _cancel(session, None, twin, "merge", region_code)
            booking.resident_id = target_id
            session.flush()
        moved += 1
    if moved:
        audit.record(
            session,
            None,
            "merge_bookings",
            "resident",
            target_id,
            details={"from": str(source_id), "count": moved},
        )
