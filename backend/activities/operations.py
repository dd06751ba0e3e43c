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
    Programme,
    Slot,
    Stall,
    Venue,
)
from backend.activities.queries import activity_detail
from backend.activities.readiness import check_ready
from backend.activities.signals import activity_moved
from backend.core import audit, clock, jobs
from backend.core.errors import AppError, ValidationFailed
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.core.states import transition

LONGEST_ACTIVITY = timedelta(days=31)
_EDITABLE = frozenset(
    {ActivityState.DRAFT, ActivityState.SUBMITTED, ActivityState.PUBLISHED, ActivityState.LIVE}
)


class NotEditable(AppError):
    status = 409
    code = "not_editable"
    title = "活动已结束或取消,不能再修改"


class EditedMeanwhile(AppError):
    status = 409
    code = "edited_meanwhile"
    title = "有人刚刚修改过,请刷新后再改,您的修改尚未保存"


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
    check_editable(activity)
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
    record_edit(session, actor, activity, "edit", {"fields": sorted(values)})
    return activity


def check_change(
    session: Session, actor: Actor, activity: Activity, values: dict[str, Any]
) -> None:
    """Raises what `update_activity` would, and changes nothing: whoever is asked to confirm a
    change must not be refused afterwards."""
    trial = session.begin_nested()
    try:
        update_activity(session, actor, activity, values)
    finally:
        trial.rollback()
    session.refresh(activity)


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

    Raises IllegalTransition (409), NotReady (409) for one that is to be submitted and can't be
    announced as it is. Whoever publishes sees the same list, and decides.
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
    if to is ActivityState.SUBMITTED:
        check_ready(activity_detail(session, activity), now)
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
    for stall in rows_of(session, Stall, Stall.activity_id == source.id):
        twin = Stall(**_columns(stall) | {"id": new_id(), "activity_id": copied.id})
        stall_ids[stall.id] = twin.id
        session.add(twin)
    session.flush()
    for offering in rows_of(session, Offering, Offering.activity_id == source.id):
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
    for desk in rows_of(session, Desk, Desk.offering_id == offering.id):
        session.add(Desk(offering_id=twin.id, stall_id=stall_ids[desk.stall_id]))
    for slot in rows_of(session, Slot, Slot.offering_id == offering.id):
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


def rows_of(session: Session, model: Any, condition: Any) -> list[Any]:
    """A model's rows that meet a condition, in the order of their keys."""
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


def check_editable(activity: Activity) -> None:
    """Raises NotEditable (409) for an activity that is over or cancelled."""
    if activity.state not in _EDITABLE:
        raise NotEditable


def record_edit(
    session: Session, actor: Actor, activity: Activity, action: str, details: dict[str, Any]
) -> None:
    """Audit a change of an activity, or of what it offers."""
    audit.record(
        session,
        actor,
        action,
        Activity.__tablename__,
        activity.id,
        region_code=activity.region_code,
        details=details,
    )
