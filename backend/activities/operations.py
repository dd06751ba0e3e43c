"""Use cases of organisers: draft, prepare, publish, run, copy."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.activities import codes
from backend.activities.images import fetch_code_image
from backend.activities.models import (
    ACTIVITY_TRANSITIONS,
    Activity,
    ActivityState,
    Desk,
    Offering,
    OfferingMode,
    Programme,
    ServiceDay,
    Slot,
    Stall,
    Venue,
)
from backend.activities.signals import activity_moved
from backend.core import audit, clock, jobs
from backend.core.config import load
from backend.core.errors import AppError, InUse, ValidationFailed, on_constraint
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.core.states import transition
from backend.partners.models import Organisation

LONGEST_ACTIVITY = timedelta(days=31)
MOST_STALLS = 60
MOST_OFFERINGS_A_STALL = 20
MOST_SLOTS = 300
_EDITABLE = frozenset(
    {ActivityState.DRAFT, ActivityState.SUBMITTED, ActivityState.PUBLISHED, ActivityState.LIVE}
)
_NOT_ANNOUNCED = frozenset({ActivityState.DRAFT, ActivityState.SUBMITTED})


class NotEditable(AppError):
    status = 409
    code = "not_editable"
    title = "活动已结束或取消,不能再修改"


class EditedMeanwhile(AppError):
    status = 409
    code = "edited_meanwhile"
    title = "有人刚刚修改过,请刷新后再改,您的修改尚未保存"


class StallNumberTaken(AppError):
    status = 409
    code = "stall_number_taken"
    title = "这个摊位号已经用了,请换一个"


class SlotTaken(AppError):
    status = 409
    code = "slot_exists"
    title = "这个时间已经有时段了"


class BelowBooked(AppError):
    status = 409
    code = "below_booked"
    title = "已有更多人报名,名额不能改得这么少"


class ModeFixed(AppError):
    status = 409
    code = "mode_fixed"
    title = "活动发布后不能改变服务方式,请新建一项服务"


class TooMany(AppError):
    status = 409
    code = "too_many"
    title = "数量已到上限"


on_constraint("uq_stall_activity_id_number", StallNumberTaken)
on_constraint("uq_slot_offering_id_starts_at", SlotTaken)


# ---------------------------------------------------------------------------- activities


def create_activity(session: Session, actor: Actor | None, values: dict[str, Any]) -> Activity:
    """A draft with its check-in code.

    Raises ValidationFailed (422) for times or fields that don't fit together.
    """
    columns = dict(values)
    venue = _new_venue(session, columns.pop("venue"))
    activity = Activity(
        id=new_id(),
        venue_id=venue.id,
        created_by=actor.user_id if actor else None,
        state=ActivityState.DRAFT,
        **columns,
    )
    _check_activity(activity)
    session.add(activity)
    session.flush()
    codes.new_code(session, activity.id)
    session.refresh(activity)
    audit.record(
        session,
        actor,
        "create",
        Activity.__tablename__,
        activity.id,
        region_code=activity.region_code,
        to_state=ActivityState.DRAFT,
    )
    return activity


def update_activity(
    session: Session, actor: Actor, activity: Activity, values: dict[str, Any]
) -> Activity:
    """Change a locked activity; what is not named stays.

    Raises NotEditable (409) when it is over, EditedMeanwhile (409) when `version` is given and
    somebody else has changed it since, ValidationFailed (422).
    """
    _check_editable(activity)
    columns = dict(values)
    version = columns.pop("version", activity.version)
    if version != activity.version:
        raise EditedMeanwhile(extra={"version": activity.version})
    if "programme" in columns and columns["programme"] is not activity.programme:
        raise ValidationFailed(errors={"programme": ["活动类型不能更改"]})
    if "venue" in columns:
        activity.venue_id = _new_venue(session, columns.pop("venue")).id
    for name, value in columns.items():
        setattr(activity, name, value)
    activity.version += 1
    _check_activity(activity)
    _check_slots_within(session, activity)
    session.flush()
    session.refresh(activity)
    _record_edit(session, actor, activity, "edit", {"fields": sorted(values)})
    return activity


def move_activity(
    session: Session,
    actor: Actor | None,
    activity: Activity,
    to: ActivityState,
    *,
    action: str,
    reason: str | None = None,
) -> Activity:
    """Move an activity through its state table, audit it, and tell the features above.

    Args:
        action: the verb for the audit log.
        reason: of a return or a cancellation; shown to those it concerns.

    Raises IllegalTransition (409).
    """
    transition(
        session,
        actor,
        ACTIVITY_TRANSITIONS,
        activity,
        to,
        action=action,
        region_code=activity.region_code,
        details={"reason": reason} if reason else None,
    )
    now = clock.now()
    if to is ActivityState.LIVE:
        activity.opened_at = now
    elif to is ActivityState.CLOSED:
        activity.closed_at = now
    elif to is ActivityState.CANCELLED:
        activity.cancel_reason = reason
    # What was to be mended is for the organiser, not for the public.
    activity.return_reason = reason if to is ActivityState.DRAFT else None
    session.flush()
    if to is ActivityState.PUBLISHED:
        jobs.defer(session, fetch_code_image, activity_id=str(activity.id))
    activity_moved.send(session, actor=actor, activity=activity, state=to)
    return activity


def copy_activity(
    session: Session, actor: Actor, source: Activity, starts_at: datetime, region_id: UUID
) -> Activity:
    """A draft like `source` at another time, perhaps in another region, with its stalls,
    offerings and slots, all moved by the same distance."""
    shift = starts_at - source.starts_at
    venue = session.get_one(Venue, source.venue_id)
    copied = create_activity(
        session,
        actor,
        {
            name: getattr(source, name)
            for name in (
                "programme", "title", "description", "organiser_name", "contact_phone",
                "checkin_opens_minutes", "code_rotates_seconds", "field", "kind",
            )
        }
        | {
            "region_id": region_id,
            "venue": _columns(venue),
            "starts_at": starts_at,
            "ends_at": source.ends_at + shift,
            "copied_from_id": source.id,
        },
    )  # fmt: skip
    stall_ids: dict[UUID, UUID] = {}
    for stall in _of(session, Stall, Stall.activity_id == source.id):
        twin = Stall(**_columns(stall) | {"id": new_id(), "activity_id": copied.id})
        stall_ids[stall.id] = twin.id
        session.add(twin)
    session.flush()
    for offering in _of(session, Offering, Offering.activity_id == source.id):
        _copy_offering(session, offering, copied.id, stall_ids, shift)
    session.flush()
    return copied


def _copy_offering(
    session: Session,
    offering: Offering,
    activity_id: UUID,
    stall_ids: dict[UUID, UUID],
    shift: timedelta,
) -> None:
    twin = Offering(
        **_columns(offering)
        | {
            "id": new_id(),
            "activity_id": activity_id,
            "stall_id": stall_ids[offering.stall_id],
            "sign_up_opens_at": _shifted(offering.sign_up_opens_at, shift),
            "sign_up_closes_at": _shifted(offering.sign_up_closes_at, shift),
        }
    )
    session.add(twin)
    session.flush()
    for desk in _of(session, Desk, Desk.offering_id == offering.id):
        session.add(Desk(offering_id=twin.id, stall_id=stall_ids[desk.stall_id]))
    for slot in _of(session, Slot, Slot.offering_id == offering.id):
        session.add(
            Slot(
                offering_id=twin.id,
                starts_at=slot.starts_at + shift,
                ends_at=slot.ends_at + shift,
                capacity=slot.capacity,
                taken=0,
            )
        )


def _shifted(instant: datetime | None, shift: timedelta) -> datetime | None:
    return instant + shift if instant else None


def _columns(row: Any) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns
            if column.key != "id"}  # fmt: skip


def _of(session: Session, model: Any, condition: Any) -> list[Any]:
    order = list(model.__table__.primary_key.columns)
    return list(session.execute(select(model).where(condition).order_by(*order)).scalars())


def _new_venue(session: Session, values: dict[str, Any]) -> Venue:
    venue = Venue(**values)
    session.add(venue)
    session.flush()
    return venue


def _check_activity(activity: Activity) -> None:
    errors: dict[str, list[str]] = {}
    if activity.ends_at <= activity.starts_at:
        errors["ends_at"] = ["结束时间应晚于开始时间"]
    elif activity.ends_at - activity.starts_at > LONGEST_ACTIVITY:
        errors["ends_at"] = [f"活动最长 {LONGEST_ACTIVITY.days} 天"]
    if activity.field is not None and activity.programme is not Programme.ACTION:
        errors["field"] = ["只有「吾社行」活动有服务领域"]
    if activity.kind is not None and activity.programme is not Programme.EXCHANGE:
        errors["kind"] = ["只有「吾社汇」活动有类别"]
    if errors:
        raise ValidationFailed(errors=errors)


def _check_slots_within(session: Session, activity: Activity) -> None:
    statement = (
        select(func.min(Slot.starts_at), func.max(Slot.ends_at))
        .join(Offering, Offering.id == Slot.offering_id)
        .where(Offering.activity_id == activity.id)
    )
    first, last = session.execute(statement).one()
    if first is not None and (first < activity.starts_at or last > activity.ends_at):
        raise ValidationFailed(errors={"starts_at": ["有时段落在新的活动时间之外,请先调整时段"]})


def _check_editable(activity: Activity) -> None:
    if activity.state not in _EDITABLE:
        raise NotEditable


def _record_edit(
    session: Session, actor: Actor, activity: Activity, action: str, details: dict[str, Any]
) -> None:
    audit.record(
        session,
        actor,
        action,
        Activity.__tablename__,
        activity.id,
        region_code=activity.region_code,
        details=details,
    )


# ---------------------------------------------------------------------------- stalls


def add_stall(session: Session, actor: Actor, activity: Activity, values: dict[str, Any]) -> Stall:
    """A stall of a locked activity.

    Raises NotEditable, StallNumberTaken, TooMany (409), ValidationFailed (422).
    """
    _check_editable(activity)
    stalls = _of(session, Stall, Stall.activity_id == activity.id)
    if len(stalls) >= MOST_STALLS:
        raise TooMany(f"一场活动最多 {MOST_STALLS} 个摊位")
    _check_stall(session, stalls, values)
    stall = Stall(id=new_id(), activity_id=activity.id, **values)
    session.add(stall)
    session.flush()
    _record_edit(session, actor, activity, "add_stall", {"stall_id": str(stall.id)})
    return stall


def update_stall(
    session: Session, actor: Actor, activity: Activity, stall: Stall, values: dict[str, Any]
) -> Stall:
    """Change a stall; what is not named stays. Raises as `add_stall`."""
    _check_editable(activity)
    others = [s for s in _of(session, Stall, Stall.activity_id == activity.id) if s is not stall]
    _check_stall(session, others, values)
    for name, value in values.items():
        setattr(stall, name, value)
    session.flush()
    _record_edit(session, actor, activity, "edit_stall", {"stall_id": str(stall.id)})
    return stall


def delete_stall(session: Session, actor: Actor, activity: Activity, stall: Stall) -> None:
    """Delete a stall with its offerings.

    Raises InUse (409) when somebody has signed up for one of them.
    """
    _check_editable(activity)
    for offering in _of(session, Offering, Offering.stall_id == stall.id):
        delete_offering(session, actor, activity, offering)
    for desk in _of(session, Desk, Desk.stall_id == stall.id):
        session.delete(desk)
    session.delete(stall)
    session.flush()
    _record_edit(session, actor, activity, "delete_stall", {"stall_id": str(stall.id)})


def _check_stall(session: Session, others: list[Stall], values: dict[str, Any]) -> None:
    if values.get("number") in {other.number for other in others}:
        raise StallNumberTaken
    organisation_id = values.get("organisation_id")
    if organisation_id is not None and session.get(Organisation, organisation_id) is None:
        raise ValidationFailed(errors={"organisation_id": ["没有这个单位"]})


# ---------------------------------------------------------------------------- offerings


def add_offering(
    session: Session, actor: Actor, activity: Activity, stall: Stall, values: dict[str, Any]
) -> Offering:
    """A service at a stall of a locked activity; it gets the activity's next letter.

    Raises NotEditable, TooMany (409), ValidationFailed (422).
    """
    _check_editable(activity)
    offerings = _of(session, Offering, Offering.activity_id == activity.id)
    if len([o for o in offerings if o.stall_id == stall.id]) >= MOST_OFFERINGS_A_STALL:
        raise TooMany(f"一个摊位最多 {MOST_OFFERINGS_A_STALL} 项服务")
    columns = dict(values)
    shared = columns.pop("also_at_stall_ids", [])
    columns.setdefault(
        "minutes_per_person", int(load("service_kinds")[columns["service_kind"]]["minutes"])
    )
    offering = Offering(
        id=new_id(),
        activity_id=activity.id,
        stall_id=stall.id,
        letter=_next_letter({offering.letter for offering in offerings}),
        **columns,
    )
    _check_offering(offering)
    session.add(offering)
    session.flush()
    _set_desks(session, offering, shared)
    _record_edit(session, actor, activity, "add_offering", {"offering_id": str(offering.id)})
    return offering


def update_offering(
    session: Session, actor: Actor, activity: Activity, offering: Offering, values: dict[str, Any]
) -> Offering:
    """Change an offering; what is not named stays.

    Raises NotEditable, ModeFixed, BelowBooked (409), ValidationFailed (422).
    """
    _check_editable(activity)
    columns = dict(values)
    if columns.get("mode", offering.mode) is not offering.mode:
        if activity.state not in _NOT_ANNOUNCED:
            raise ModeFixed
        if _of(session, Slot, Slot.offering_id == offering.id):
            raise ModeFixed("请先删除时段")
    if "also_at_stall_ids" in columns:
        _set_desks(session, offering, columns.pop("also_at_stall_ids"))
    _check_capacity_cut(session, offering, columns.get("capacity"))
    for name, value in columns.items():
        setattr(offering, name, value)
    _check_offering(offering)
    session.flush()
    session.refresh(offering)
    _record_edit(session, actor, activity, "edit_offering", {"offering_id": str(offering.id)})
    return offering


def delete_offering(session: Session, actor: Actor, activity: Activity, offering: Offering) -> None:
    """Delete an offering with its slots.

    Raises InUse (409) when somebody has signed up: the booking's foreign key holds it.
    """
    _check_editable(activity)
    session.delete(offering)
    session.flush()
    _record_edit(session, actor, activity, "delete_offering", {"offering_id": str(offering.id)})


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


def _set_desks(session: Session, offering: Offering, stall_ids: list[UUID]) -> None:
    wanted = {offering.stall_id, *stall_ids}
    stalls = select(Stall.id).where(Stall.activity_id == offering.activity_id, Stall.id.in_(wanted))
    if set(session.execute(stalls).scalars()) != wanted:
        raise ValidationFailed(errors={"also_at_stall_ids": ["应为本活动的摊位"]})
    for desk in _of(session, Desk, Desk.offering_id == offering.id):
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
    slots: list[dict[str, Any]],
) -> None:
    """Appointment times of an offering, within the activity's time; all or none.

    Raises NotEditable, SlotTaken, TooMany (409), ValidationFailed (422).
    """
    _check_editable(activity)
    if offering.mode is not OfferingMode.SLOTS:
        raise ValidationFailed(errors={"mode": ["只有预约制的服务有时段"]})
    existing = {slot.starts_at for slot in _of(session, Slot, Slot.offering_id == offering.id)}
    if len(existing) + len(slots) > MOST_SLOTS:
        raise TooMany(f"一项服务最多 {MOST_SLOTS} 个时段")
    errors = {
        str(index): found
        for index, slot in enumerate(slots)
        if (found := _slot_errors(activity, slot["starts_at"], slot["ends_at"]))
    }
    if errors:
        raise ValidationFailed(errors={"slots": errors})
    starts = [slot["starts_at"] for slot in slots]
    if len(set(starts)) < len(starts) or existing & set(starts):
        raise SlotTaken
    session.add_all(Slot(offering_id=offering.id, taken=0, **slot) for slot in slots)
    session.flush()
    _record_edit(
        session,
        actor,
        activity,
        "add_slots",
        {"offering_id": str(offering.id), "count": len(slots)},
    )


def generate_slots(
    first: datetime, last: datetime, minutes: int, capacity: int
) -> list[dict[str, Any]]:
    """Slots of `minutes` each from `first`, as many as end by `last`.

    Raises ValidationFailed (422) when none fits, or too many do.
    """
    length = timedelta(minutes=minutes)
    count = (last - first) // length
    if not 1 <= count <= MOST_SLOTS:
        raise ValidationFailed(errors={"to": [f"这段时间应能分成 1 到 {MOST_SLOTS} 个时段"]})
    return [
        {
            "starts_at": first + index * length,
            "ends_at": first + (index + 1) * length,
            "capacity": capacity,
        }
        for index in range(count)
    ]


def update_slot(
    session: Session, actor: Actor, activity: Activity, slot_id: UUID, values: dict[str, Any]
) -> Slot:
    """Change a slot; what is not named stays.

    Raises NotEditable, SlotTaken, BelowBooked (409), ValidationFailed (422).
    """
    _check_editable(activity)
    slot = session.get_one(Slot, slot_id, with_for_update=True, populate_existing=True)
    starts_at = values.get("starts_at", slot.starts_at)
    ends_at = values.get("ends_at", slot.ends_at)
    errors = _slot_errors(activity, starts_at, ends_at)
    if errors:
        raise ValidationFailed(errors=errors)
    if values.get("capacity", slot.capacity) < slot.taken:
        raise BelowBooked(extra={"taken": slot.taken})
    for name, value in values.items():
        setattr(slot, name, value)
    session.flush()
    _record_edit(session, actor, activity, "edit_slot", {"slot_id": str(slot.id)})
    return slot


def delete_slot(session: Session, actor: Actor, activity: Activity, slot_id: UUID) -> None:
    """Delete a slot.

    Raises InUse (409) when somebody has booked it.
    """
    _check_editable(activity)
    slot = session.get_one(Slot, slot_id, with_for_update=True, populate_existing=True)
    if slot.taken:
        raise InUse
    session.delete(slot)
    session.flush()
    _record_edit(session, actor, activity, "delete_slot", {"slot_id": str(slot_id)})


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
