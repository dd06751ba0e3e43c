"""Use cases of organisers: what a market offers, that is stalls, their services and the slots."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from backend.activities.checks.edits import (
    NOT_ANNOUNCED,
    check_editable,
    record_edit,
    staying_publishable,
)
from backend.activities.models import (
    Activity,
    Desk,
    Offering,
    OfferingMode,
    ServiceDay,
    Slot,
    Stall,
)
from backend.activities.operations import rows_of
from backend.activities.requests import (
    NewOffering,
    NewSlot,
    NewStall,
    OfferingEdit,
    SlotEdit,
    SlotPattern,
    StallEdit,
)
from backend.activities.signals import slot_moved
from backend.activities.stalls.plan import Spot, free_spots, plan_of, read_place, spot_of, spots_of
from backend.activities.words import stall_order
from backend.core import audit, clock
from backend.core.config import load
from backend.core.errors import AppError, InUse, ValidationFailed, on_constraint
from backend.core.given import UNSET, given, or_else, put
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.core.text import compared_number
from backend.partners.models import Organisation

# What no form changes; whom a stall belongs to, and on which stall a service stands, are ids.
_NOT_EDITED = frozenset(
    {"id", "activity_id", "offering_id", "stall_id", "letter", "taken", "place"}
)
# On signs, numbers and the plan.
_READ_BY_ALL = frozenset({"name", "title", "place_note"})
MOST_STALLS = 60
MOST_OFFERINGS_A_STALL = 20
MOST_SLOTS = 300


class StallNumberTaken(AppError):
    status = 409
    code = "stall_number_taken"
    field = "number"
    title = "这个摊位号已经用了，请换一个"


class SpotTaken(AppError):
    status = 409
    code = "spot_taken"
    field = "row"
    title = "这个位置刚刚有了别的摊位，请换一个"


class SlotTaken(AppError):
    status = 409
    code = "slot_exists"
    field = "starts_at"
    title = "这个时间已经有时段了"


class SlotsOverlap(AppError):
    status = 409
    code = "slots_overlap"
    field = "starts_at"
    title = "同一项服务的时段不能重叠"


class BelowBooked(AppError):
    status = 409
    code = "below_booked"
    field = "capacity"
    title = "已有更多人报名，名额不能改得这么少"


class ModeFixed(AppError):
    status = 409
    code = "mode_fixed"
    field = "mode"
    title = "活动发布后不能改变服务方式，请新建一项服务"


class TooMany(AppError):
    status = 409
    code = "too_many"
    title = "数量已到上限"


on_constraint("uq_stall_activity_id_number", StallNumberTaken)
on_constraint("uq_stall_spot", SpotTaken)
on_constraint("uq_slot_offering_id_starts_at", SlotTaken)


def _audited(activity: Activity, row: Stall | Offering | Slot) -> dict[str, Any]:
    """A row as the audit log compares it: an organiser's columns, with what names no person, and
    what everybody reads of an announced activity, told from what somebody has typed."""
    keys = {column.key for column in row.__table__.columns} - _NOT_EDITED
    values = {key: getattr(row, key) for key in sorted(keys)}
    if activity.state not in NOT_ANNOUNCED:
        values = audit.published(values, _READ_BY_ALL)
    return {
        key: audit.Known(value) if _names_nobody(key, value) else value
        for key, value in values.items()
    }


def _names_nobody(key: str, value: Any) -> bool:
    """Whether a text is one of config/'s keys, or a stall's number (docs/adr/0024)."""
    if not isinstance(value, str) or isinstance(value, StrEnum):
        return False
    return key in ("service_kind", "number")


def _which(stall: Stall) -> dict[str, Any]:
    """Which stall an entry is about; its number still says so when it is deleted."""
    return {"stall_id": str(stall.id), "number": stall.number}


# ---------------------------------------------------------------------------- stalls


def add_stall(session: Session, actor: Actor, activity: Activity, new: NewStall) -> Stall:
    """A stall of a locked activity.

    Raises NotEditable, StallNumberTaken, TooMany (409), ValidationFailed (422).
    """
    check_editable(activity)
    stalls = rows_of(session, Stall, Stall.activity_id == activity.id)
    if len(stalls) >= MOST_STALLS:
        raise TooMany(f"一场活动最多 {MOST_STALLS} 个摊位")
    _check_stall(session, stalls, new)
    stall = Stall(id=new_id(), activity_id=activity.id, **given(new))
    session.add(stall)
    session.flush()
    record_edit(session, actor, activity, "add_stall", _which(stall))
    return stall


def update_stall(
    session: Session, actor: Actor, activity: Activity, stall: Stall, edit: StallEdit
) -> Stall:
    """Change a stall; what is not named stays. Raises as `add_stall`."""
    check_editable(activity)
    stalls = rows_of(session, Stall, Stall.activity_id == activity.id)
    others = [other for other in stalls if other is not stall]
    _check_stall(session, others, edit, number_now=stall.number)
    before = _audited(activity, stall)
    put(stall, edit)
    session.flush()
    changed = audit.changes(before, _audited(activity, stall))
    record_edit(session, actor, activity, "edit_stall", _which(stall) | changed)
    return stall


def delete_stall(session: Session, actor: Actor, activity: Activity, stall: Stall) -> None:
    """Delete a stall with its offerings.

    Raises InUse (409) when somebody has signed up for one of them, StaysPublished (409) for the
    last one of an announced market.
    """
    check_editable(activity)
    with staying_publishable(session, activity):
        for offering in rows_of(session, Offering, Offering.stall_id == stall.id):
            delete_offering(session, actor, activity, offering)
        for desk in rows_of(session, Desk, Desk.stall_id == stall.id):
            session.delete(desk)
        session.delete(stall)
        session.flush()
    record_edit(session, actor, activity, "delete_stall", _which(stall))


def place_stall(
    session: Session, actor: Actor, activity: Activity, stall: Stall, spot: Spot | None
) -> None:
    """Put a stall on the plan; the one that stands there changes places with it.

    Args:
        spot: within the plan, as PlaceForm loads it; None takes it off.

    Raises NotEditable (409).
    """
    check_editable(activity)
    stalls = rows_of(session, Stall, Stall.activity_id == activity.id)
    before, standing = spot_of(stall), spots_of(stalls).get(spot) if spot is not None else None
    if standing is not None and standing is not stall:
        moved = [(standing, _audited(activity, standing)), (stall, _audited(activity, stall))]
        _put(session, standing, None)
        _put(session, stall, spot)
        _put(session, standing, before)
    else:
        moved = [(stall, _audited(activity, stall))]
        _put(session, stall, spot)
    for one, was in moved:
        changed = audit.changes(was, _audited(activity, one))
        record_edit(session, actor, activity, "place_stall", _which(one) | changed)


def _put(session: Session, stall: Stall, spot: Spot | None) -> None:
    stall.spot_row, stall.spot_column = spot or (None, None)
    if spot is not None:
        # Of two that had been written to one spot, the second's words are no note.
        _, stall.place_note = read_place(stall.place_note)
    session.flush()


def arrange_stalls(session: Session, actor: Actor, activity: Activity) -> int:
    """Put the stalls that are not on the plan on its free spots, by their numbers; answers how
    many there were.

    Raises NotEditable (409).
    """
    check_editable(activity)
    stalls = rows_of(session, Stall, Stall.activity_id == activity.id)
    stalls.sort(key=lambda stall: stall_order(stall.number))
    off = plan_of(stalls).off
    for stall, spot in zip(off, free_spots(stalls), strict=False):
        _put(session, stall, spot)
    if off:
        record_edit(session, actor, activity, "arrange_stalls", {"count": len(off)})
    return len(off)


def _check_stall(
    session: Session, others: list[Stall], edit: StallEdit, number_now: str | None = None
) -> None:
    number = or_else(edit.number, number_now)
    # One that stays is not judged anew: older markets may have 1 and 01.
    if number is not None and number != number_now:
        for other in others:
            if compared_number(other.number) == compared_number(number):
                unlike = "" if other.number == number else f"，{number} 和它分不清"
                raise StallNumberTaken(f"已有 {other.number} 号摊位{unlike}")
    spot = or_else(edit.spot_row, None), or_else(edit.spot_column, None)
    for other in others:
        if None not in spot and (other.spot_row, other.spot_column) == spot:
            raise ValidationFailed(errors={"row": [f"这里已有 {other.number} 号摊位"]})
    organisation_id = or_else(edit.organisation_id, None)
    if organisation_id is not None and session.get(Organisation, organisation_id) is None:
        raise ValidationFailed(errors={"organisation_id": ["没有这个单位"]})


# ---------------------------------------------------------------------------- offerings


def add_offering(
    session: Session, actor: Actor, activity: Activity, stall: Stall, new: NewOffering
) -> Offering:
    """A service at a stall of a locked activity; it gets the activity's next letter.

    Raises NotEditable, TooMany (409), ValidationFailed (422).
    """
    check_editable(activity)
    offerings = rows_of(session, Offering, Offering.activity_id == activity.id)
    if len([o for o in offerings if o.stall_id == stall.id]) >= MOST_OFFERINGS_A_STALL:
        raise TooMany(f"一个摊位最多 {MOST_OFFERINGS_A_STALL} 项服务")
    usual = int(load("service_kinds")[new.service_kind]["minutes"])
    offering = Offering(
        id=new_id(),
        activity_id=activity.id,
        stall_id=stall.id,
        letter=_next_letter({offering.letter for offering in offerings}),
        minutes_per_person=or_else(new.minutes_per_person, usual),
        **given(new, but=("minutes_per_person", "also_at_stall_ids")),
    )
    _check_offering(offering)
    session.add(offering)
    session.flush()
    _set_desks(session, offering, or_else(new.also_at_stall_ids, ()))
    record_edit(session, actor, activity, "add_offering", {"offering_id": str(offering.id)})
    return offering


def update_offering(
    session: Session, actor: Actor, activity: Activity, offering: Offering, edit: OfferingEdit
) -> Offering:
    """Change an offering; what is not named stays.

    Raises NotEditable, ModeFixed, BelowBooked (409), ValidationFailed (422).
    """
    check_editable(activity)
    if or_else(edit.mode, offering.mode) is not offering.mode:
        if activity.state not in NOT_ANNOUNCED:
            raise ModeFixed
        if rows_of(session, Slot, Slot.offering_id == offering.id):
            raise ModeFixed("请先删除时段")
    before = _audited(activity, offering)
    if edit.also_at_stall_ids is not UNSET:
        _set_desks(session, offering, edit.also_at_stall_ids)
    _check_capacity_cut(session, offering, or_else(edit.capacity, None))
    put(offering, edit, but=("also_at_stall_ids",))
    _check_offering(offering)
    session.flush()
    session.refresh(offering)
    changed = audit.changes(before, _audited(activity, offering))
    which = {"offering_id": str(offering.id), "letter": offering.letter}
    record_edit(session, actor, activity, "edit_offering", which | changed)
    return offering


def delete_offering(session: Session, actor: Actor, activity: Activity, offering: Offering) -> None:
    """Delete an offering with its slots.

    Raises InUse (409) when somebody has signed up: the booking's foreign key holds it.
    """
    check_editable(activity)
    session.delete(offering)
    session.flush()
    which = {"offering_id": str(offering.id), "letter": offering.letter}
    record_edit(session, actor, activity, "delete_offering", which)


def _next_letter(used: set[str]) -> str:
    """A, B … Z, AA, AB … ZZ: the first that is free.

    Raises TooMany (409) when none is.
    """
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    candidates: list[str] = [*alphabet, *(a + b for a in alphabet for b in alphabet)]
    free = [letter for letter in candidates if letter not in used]
    if not free:
        raise TooMany(f"一场活动最多 {len(candidates)} 项服务")
    return free[0]


def _check_offering(offering: Offering) -> None:
    opens, closes = offering.sign_up_opens_at, offering.sign_up_closes_at
    if opens is not None and closes is not None and closes <= opens:
        raise ValidationFailed(errors={"sign_up_closes_at": ["报名截止应晚于报名开始"]})


def _set_desks(session: Session, offering: Offering, stall_ids: Iterable[UUID]) -> None:
    wanted = {offering.stall_id, *stall_ids}
    stalls = select(Stall.id).where(Stall.activity_id == offering.activity_id, Stall.id.in_(wanted))
    if set(session.execute(stalls).scalars()) != wanted:
        raise ValidationFailed(errors={"also_at_stall_ids": ["应为本活动的摊位"]})
    for desk in rows_of(session, Desk, Desk.offering_id == offering.id):
        if desk.stall_id in wanted:
            wanted.remove(desk.stall_id)
        else:
            session.delete(desk)
    session.add_all(Desk(offering_id=offering.id, stall_id=stall_id) for stall_id in wanted)
    session.flush()


def _check_capacity_cut(session: Session, offering: Offering, capacity: int | None) -> None:
    """Refuse a capacity below what is taken. The day's rows are locked, so that nobody signs up
    between the check and the change."""
    if capacity is None:
        return
    days = select(ServiceDay).where(ServiceDay.offering_id == offering.id).with_for_update()
    if any(day.taken > capacity for day in session.execute(days).scalars()):
        raise BelowBooked


# ---------------------------------------------------------------------------- slots


def add_slots(
    session: Session,
    actor: Actor,
    activity: Activity,
    offering: Offering,
    slots: Sequence[NewSlot],
) -> None:
    """Appointment times of an offering, within the activity's time and one after the other; all
    or none.

    Raises NotEditable, SlotTaken, SlotsOverlap, TooMany (409), ValidationFailed (422).
    """
    check_editable(activity)
    if offering.mode is not OfferingMode.SLOTS:
        raise ValidationFailed(errors={"mode": ["只有预约制的服务有时段"]})
    existing = rows_of(session, Slot, Slot.offering_id == offering.id)
    if len(existing) + len(slots) > MOST_SLOTS:
        raise TooMany(f"一项服务最多 {MOST_SLOTS} 个时段")
    errors = {
        str(index): found
        for index, slot in enumerate(slots)
        if (found := _slot_errors(activity, slot.starts_at, slot.ends_at))
    }
    if errors:
        raise ValidationFailed(errors={"slots": errors})
    check_apart(_times_of(slots), _times_of(existing))
    session.add_all(Slot(offering_id=offering.id, taken=0, **given(slot)) for slot in slots)
    session.flush()
    record_edit(
        session,
        actor,
        activity,
        "add_slots",
        {"offering_id": str(offering.id), "count": len(slots)},
    )


Times = tuple[datetime, datetime]


def check_apart(new: Iterable[Times], standing: Iterable[Times] = ()) -> None:
    """Refuse slots of one service that overlap: whoever comes at 9:30 would wait for those of 9:00.

    The activity's lock, which everybody holds who changes slots, keeps two at once apart. There is
    no exclusion constraint behind it: it would need btree_gist, which not every server has, and
    slots from before the rule overlap, with people booked in both. For the same reason only pairs
    with a new one are looked at.

    Args:
        new: from when to when each of those is that are to be.
        standing: of those that are there already.

    Raises SlotTaken (409) for two that begin together, SlotsOverlap (409).
    """
    every = sorted([(*times, True) for times in new] + [(*times, False) for times in standing])
    last = None
    for slot in every:
        starts_at, ends_at, is_new = slot
        if last is not None and starts_at < last[1] and (is_new or last[2]):
            if starts_at == last[0]:
                raise SlotTaken
            raise SlotsOverlap(f"{_hours(*last[:2])}和 {_hours(starts_at, ends_at)}的时段重叠")
        if last is None or ends_at > last[1]:
            last = slot


def _times_of(slots: Iterable[Slot | NewSlot]) -> list[Times]:
    return [(slot.starts_at, slot.ends_at) for slot in slots]


def _hours(starts_at: datetime, ends_at: datetime) -> str:
    from_, to = (at.astimezone(clock.SHANGHAI) for at in (starts_at, ends_at))
    return f"{from_:%H:%M}–{to:%H:%M} "


def generate_slots(pattern: SlotPattern) -> tuple[NewSlot, ...]:
    """Slots of a pattern, as many as end by its last moment.

    Raises ValidationFailed (422) when none fits, or too many do.
    """
    length = timedelta(minutes=pattern.minutes)
    count = (pattern.last - pattern.first) // length
    if not 1 <= count <= MOST_SLOTS:
        raise ValidationFailed(errors={"to": [f"这段时间应能分成 1 到 {MOST_SLOTS} 个时段"]})
    return tuple(
        NewSlot(
            starts_at=pattern.first + index * length,
            ends_at=pattern.first + (index + 1) * length,
            capacity=pattern.capacity,
        )
        for index in range(count)
    )


def update_slot(
    session: Session, actor: Actor, activity: Activity, slot_id: UUID, edit: SlotEdit
) -> Slot:
    """Change a slot; what is not named stays.

    Raises as check_slot, and as the receivers of `slot_moved`.
    """
    slot = session.get_one(Slot, slot_id, with_for_update=True, populate_existing=True)
    check_slot(session, activity, slot, edit)
    before, was = slot.starts_at, _audited(activity, slot)
    put(slot, edit)
    session.flush()
    if slot.starts_at != before:
        slot_moved.send(session, actor=actor, activity=activity, slot=slot, before=before)
    changed = audit.changes(was, _audited(activity, slot))
    record_edit(session, actor, activity, "edit_slot", {"slot_id": str(slot.id)} | changed)
    return slot


def check_slot(session: Session, activity: Activity, slot: Slot, edit: SlotEdit) -> None:
    """Whether a slot can be changed so; what is not named stays.

    Raises NotEditable, SlotTaken, SlotsOverlap, BelowBooked (409), ValidationFailed (422).
    """
    check_editable(activity)
    starts_at = or_else(edit.starts_at, slot.starts_at)
    ends_at = or_else(edit.ends_at, slot.ends_at)
    errors = _slot_errors(activity, starts_at, ends_at)
    if errors:
        raise ValidationFailed(errors=errors)
    if (starts_at, ends_at) != (slot.starts_at, slot.ends_at):
        others = and_(Slot.offering_id == slot.offering_id, Slot.id != slot.id)
        check_apart([(starts_at, ends_at)], _times_of(rows_of(session, Slot, others)))
    if or_else(edit.capacity, slot.capacity) < slot.taken:
        raise BelowBooked(f"这个时段有 {slot.taken} 人报名", extra={"taken": slot.taken})


def delete_slot(session: Session, actor: Actor, activity: Activity, slot_id: UUID) -> None:
    """Delete a slot.

    Raises InUse (409) when somebody has booked it, StaysPublished (409) for the last one of a
    service that is announced.
    """
    check_editable(activity)
    slot = session.get_one(Slot, slot_id, with_for_update=True, populate_existing=True)
    if slot.taken:
        raise InUse(f"这个时段有 {slot.taken} 人报名")
    with staying_publishable(session, activity):
        session.delete(slot)
        session.flush()
    which = {"slot_id": str(slot_id), "offering_id": str(slot.offering_id)}
    record_edit(session, actor, activity, "delete_slot", which)


def _slot_errors(
    activity: Activity, starts_at: datetime, ends_at: datetime
) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if ends_at <= starts_at:
        errors["ends_at"] = ["结束时间应晚于开始时间"]
    if starts_at < activity.starts_at:
        errors["starts_at"] = ["早于活动开始时间"]
    if ends_at > activity.ends_at:
        errors.setdefault("ends_at", []).append("晚于活动结束时间")
    return errors
