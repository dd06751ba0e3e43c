"""Use cases of appointment times: single ones, and many of one pattern."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_
from sqlalchemy.orm import Session

from backend.activities.checks.changes import announced
from backend.activities.checks.edits import check_editable, record_edit, staying_publishable
from backend.activities.lifecycle.changing import begin_change
from backend.activities.models import Activity, Offering, OfferingMode, Slot
from backend.activities.operations import rows_of
from backend.activities.requests import NewSlot, SlotEdit, SlotPattern
from backend.activities.signals import Change, ChangeKind, slot_moved
from backend.activities.stalls.common import BelowBooked, TooMany, audited
from backend.activities.words import quoted
from backend.core import audit, clock
from backend.core.dates import period
from backend.core.errors import AppError, InUse, ValidationFailed, on_constraint
from backend.core.given import given, or_else, put
from backend.core.permissions import Actor

MOST_SLOTS = 300


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


on_constraint("uq_slot_offering_id_starts_at", SlotTaken)


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
    change = _begin_move(session, actor, activity, slot_id, edit)
    slot = session.get_one(Slot, slot_id, with_for_update=True, populate_existing=True)
    check_slot(session, activity, slot, edit)
    before, was = slot.starts_at, audited(activity, slot)
    put(slot, edit)
    session.flush()
    if slot.starts_at != before:
        slot_moved.send(
            session, actor=actor, activity=activity, slot=slot, before=before, change=change
        )
    changed = audit.changes(was, audited(activity, slot))
    record_edit(session, actor, activity, "edit_slot", _which(slot) | changed)
    return slot


def _begin_move(
    session: Session, actor: Actor, activity: Activity, slot_id: UUID, edit: SlotEdit
) -> Change | None:
    """The change that another beginning of a slot is of what was announced; None where it is none.
    Before the slot is locked, whose time only those change who hold the activity: its lock comes
    first."""
    slot = session.get_one(Slot, slot_id, populate_existing=True)
    starts_at = or_else(edit.starts_at, slot.starts_at)
    if not announced(activity) or starts_at == slot.starts_at:
        return None
    offering = session.get_one(Offering, slot.offering_id)
    was = period(slot.starts_at, slot.ends_at)
    words = (
        f"{quoted(offering.title)}的时段从 {was} 改到"
        f" {period(starts_at, or_else(edit.ends_at, slot.ends_at))}"
    )
    return begin_change(
        session, actor, activity, ChangeKind.MOVED, words, offering_id=offering.id, slot_id=slot_id
    )


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
    offering = session.get_one(Offering, slot.offering_id)
    service = audited(activity, offering)["title"]
    was = audit.as_it_was(audited(activity, slot) | {"service": service})
    with staying_publishable(session, activity):
        session.delete(slot)
        session.flush()
    record_edit(session, actor, activity, "delete_slot", _which(slot) | was)


def _which(slot: Slot) -> dict[str, Any]:
    """Which slot an entry is about; its time still says so when it goes with its service."""
    return {
        "slot_id": str(slot.id),
        "offering_id": str(slot.offering_id),
        "slot_at": slot.starts_at.isoformat(),
    }


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
