"""Use cases of services at stalls, each in one of three modes."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.activities.checks.edits import (
    NOT_ANNOUNCED,
    check_editable,
    record_edit,
    staying_credited,
)
from backend.activities.lifecycle.changing import begin_change
from backend.activities.models import Activity, Desk, Offering, ServiceDay, Slot, Stall
from backend.activities.operations import rows_of
from backend.activities.questions import numbered
from backend.activities.requests import NewOffering, OfferingEdit
from backend.activities.signals import ChangeKind, offering_dropped
from backend.activities.stalls.common import BelowBooked, TooMany, audited
from backend.activities.words import quoted
from backend.core import audit, clock
from backend.core.config import load
from backend.core.errors import AppError, ValidationFailed
from backend.core.given import UNSET, given, or_else, put
from backend.core.ids import new_id
from backend.core.permissions import Actor

MOST_OFFERINGS_A_STALL = 20


class ModeFixed(AppError):
    status = 409
    code = "mode_fixed"
    field = "mode"
    title = "活动发布后不能改变服务方式，请新建一项服务"


def add_offering(
    session: Session, actor: Actor, activity: Activity, stall: Stall, new: NewOffering
) -> Offering:
    """A service at a stall of a locked activity; it gets the activity's next letter.

    Raises NotEditable, TooMany, StaysPublished (409), ValidationFailed (422).
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
    with staying_credited(session, activity):
        session.add(offering)
        session.flush()
        _set_desks(session, offering, or_else(new.also_at_stall_ids, ()))
    record_edit(session, actor, activity, "add_offering", {"offering_id": str(offering.id)})
    return offering


def update_offering(
    session: Session, actor: Actor, activity: Activity, offering: Offering, edit: OfferingEdit
) -> Offering:
    """Change an offering; what is not named stays.

    Raises NotEditable, ModeFixed, BelowBooked, StaysPublished (409), ValidationFailed (422).
    """
    check_editable(activity)
    if or_else(edit.mode, offering.mode) is not offering.mode:
        if activity.state not in NOT_ANNOUNCED:
            raise ModeFixed
        if rows_of(session, Slot, Slot.offering_id == offering.id):
            raise ModeFixed("请先删除时段")
    before = audited(activity, offering)
    with staying_credited(session, activity):
        if edit.also_at_stall_ids is not UNSET:
            _set_desks(session, offering, edit.also_at_stall_ids)
        _check_capacity_cut(session, offering, or_else(edit.capacity, None))
        put(offering, edit, but=("also_at_stall_ids",))
        _check_offering(offering)
        session.flush()
    session.refresh(offering)
    changed = audit.changes(before, audited(activity, offering))
    which = {"offering_id": str(offering.id), "letter": offering.letter}
    record_edit(session, actor, activity, "edit_offering", which | changed)
    return offering


def delete_offering(session: Session, actor: Actor, activity: Activity, offering: Offering) -> None:
    """Delete an offering with its slots.

    Raises InUse (409) when somebody has signed up: the booking's foreign key holds it.
    """
    check_editable(activity)
    slots = rows_of(session, Slot, Slot.offering_id == offering.id)
    which = {
        "offering_id": str(offering.id),
        "letter": offering.letter,
        "slot_ids": [str(slot.id) for slot in slots],
    }
    was = audit.as_it_was(
        audited(activity, offering) | {"letter": audit.Known(offering.letter)} | _times_of(slots)
    )
    session.delete(offering)
    session.flush()
    record_edit(session, actor, activity, "delete_offering", which | was)


def drop_offering(
    session: Session, actor: Actor, activity: Activity, offering: Offering, reason: str = ""
) -> None:
    """Take a service out of an activity whoever has signed up for it: what they hold is cancelled,
    and they are told. One that nobody ever had a number of is deleted.

    Args:
        reason: why, as those who are told read it; "" where none is given.

    Raises NotEditable (409), and what the receivers of `offering_dropped` raise.
    """
    check_editable(activity)
    if not numbered(session, [offering.id]):
        delete_offering(session, actor, activity, offering)
        return
    change = begin_change(
        session,
        actor,
        activity,
        ChangeKind.SERVICE_DROPPED,
        f"{quoted(offering.title)}不办了" + (f"：{reason}" if reason else ""),
        reason=reason,
        offering_id=offering.id,
    )
    slots = rows_of(session, Slot, Slot.offering_id == offering.id)
    which = {
        "offering_id": str(offering.id),
        "letter": offering.letter,
        "slot_ids": [str(slot.id) for slot in slots],
    } | ({"reason": reason} if reason else {})
    offering.dropped_at = clock.now()
    for desk in rows_of(session, Desk, Desk.offering_id == offering.id):
        session.delete(desk)
    session.flush()
    offering_dropped.send(session, actor=actor, activity=activity, offering=offering, change=change)
    record_edit(session, actor, activity, "drop_offering", which)


def _times_of(slots: Sequence[Slot]) -> dict[str, Any]:
    """How many slots go along with a service, from when to when; empty where it has none."""
    if not slots:
        return {}
    first, last = min(slot.starts_at for slot in slots), max(slot.ends_at for slot in slots)
    return {"slots": len(slots), "slots_from": first, "slots_to": last}


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
