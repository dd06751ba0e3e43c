"""Use cases of organisers: draft, prepare, publish, run."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Interval, func, literal, select, update
from sqlalchemy.orm import Session

from backend.activities import codes
from backend.activities.images import FETCHED_FOR, fetch_code_image
from backend.activities.models import (
    ACTIVITY_TRANSITIONS,
    LONGEST_ACTIVITY,
    Activity,
    ActivityState,
    MarketCode,
    Offering,
    Programme,
    Slot,
    Venue,
)
from backend.activities.moves import MOVE_OF
from backend.activities.queries import activity_detail
from backend.activities.readiness import check_ready
from backend.activities.signals import activity_moved
from backend.activities.words import ACTIVITY_STATES, quoted
from backend.core import audit, clock, jobs
from backend.core.errors import AppError, EditedMeanwhile, ValidationFailed
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.core.states import transition

NOT_ANNOUNCED = frozenset({ActivityState.DRAFT, ActivityState.SUBMITTED})
# Beyond any date that an activity may have.
_FAR = timedelta(days=36_525)
# How many are named in a sentence.
_NAMED = 5
_EDITABLE = frozenset(
    {ActivityState.DRAFT, ActivityState.SUBMITTED, ActivityState.PUBLISHED, ActivityState.LIVE}
)


class NotEditable(AppError):
    status = 409
    code = "not_editable"
    title = "活动已结束或取消,不能再修改"


class AlreadyAnnounced(AppError):
    status = 409
    code = "already_announced"
    title = "活动已经发布,改时间请到活动页:那里会先列出受影响的人"


class SomeCannotMove(AppError):
    """Of several that were to move together, some can't."""

    status = 409
    code = "some_cannot_move"
    title = "有活动的状态不能做这项操作,所以一场都没有改"

    def __init__(self, hindered: Sequence[str]) -> None:
        more = f"等 {len(hindered)} 场" if len(hindered) > _NAMED else ""
        super().__init__("、".join(hindered[:_NAMED]) + more)


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
    check_slots_within(session, activity)
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
        activity.cancelled_at = now
        activity.cancel_reason = reason
    # What was to be mended is for the organiser, not for the public.
    activity.return_reason = reason if to is ActivityState.DRAFT else None
    session.flush()
    if to is ActivityState.PUBLISHED:
        jobs.defer(session, fetch_code_image, activity_id=str(activity.id))
    activity_moved.send(session, actor=actor, activity=activity, state=to)
    return activity


def revoke_code(session: Session, actor: Actor, activity: Activity) -> MarketCode:
    """Make every printed code of the activity worthless, and give it a new one, whose image is
    fetched at once where people may come.

    Raises NoCode (404).
    """
    current = codes.current_code(session, activity.id)
    current.revoked_at = clock.now()
    session.flush()
    replaced = codes.new_code(session, activity.id)
    audit.record(
        session,
        actor,
        "revoke_code",
        Activity.__tablename__,
        activity.id,
        region_code=activity.region_code,
        details={"revoked": str(current.id), "replaced_by": str(replaced.id)},
    )
    if activity.state in FETCHED_FOR:
        jobs.defer(session, fetch_code_image, activity_id=str(activity.id))
    return replaced


def reschedule(
    session: Session, actor: Actor, activity: Activity, starts_at: datetime, version: int
) -> Activity:
    """Move a locked draft to another time, with all that has a time in it: its end, its slots and
    its services' sign-up windows, all by the same distance.

    Only what nobody can have signed up for is moved so lightly; what has been announced is
    changed on its own page, which shows who is affected.

    Args:
        starts_at: its new beginning.
        version: as its editor has read it.

    Raises AlreadyAnnounced, EditedMeanwhile (409), ValidationFailed (422).
    """
    if activity.state not in NOT_ANNOUNCED:
        raise AlreadyAnnounced
    if version != activity.version:
        raise EditedMeanwhile(extra={"version": activity.version})
    if starts_at < clock.now():
        raise ValidationFailed(errors={"starts_at": ["不能改到已经过去的时间"]})
    shift = starts_at - activity.starts_at
    before = activity.starts_at
    activity.starts_at += shift
    activity.ends_at += shift
    activity.version += 1
    session.flush()
    _shift_services(session, activity.id, shift)
    session.refresh(activity)
    times = {"from": before.isoformat(), "to": activity.starts_at.isoformat()}
    record_edit(session, actor, activity, "reschedule", times)
    return activity


def _shift_services(session: Session, activity_id: UUID, shift: timedelta) -> None:
    """Move slots and sign-up windows. Slots go far away first and then come back: moved by their
    own length they would meet one another on the way, and a service has one slot at a time."""
    mine = select(Offering.id).where(Offering.activity_id == activity_id)
    for step in (shift + _FAR, -_FAR):
        distance = literal(step, Interval())
        session.execute(
            update(Slot)
            .where(Slot.offering_id.in_(mine))
            .values(starts_at=Slot.starts_at + distance, ends_at=Slot.ends_at + distance),
            execution_options={"synchronize_session": False},
        )
    distance = literal(shift, Interval())
    session.execute(
        update(Offering)
        .where(Offering.activity_id == activity_id)
        .values(
            sign_up_opens_at=Offering.sign_up_opens_at + distance,
            sign_up_closes_at=Offering.sign_up_closes_at + distance,
        ),
        execution_options={"synchronize_session": False},
    )


def move_all(
    session: Session,
    actor: Actor,
    activities: Sequence[Activity],
    action: str,
    reason: str | None = None,
) -> None:
    """Submit, publish or return several locked activities: all of them or none. Half of a list
    that has gone through would have to be found again by hand.

    Args:
        action: of moves.MOVES.
        reason: of a return.

    Raises SomeCannotMove (409), naming those that hinder; ValidationFailed (422) for a return
    without a reason.
    """
    move = MOVE_OF[action]
    if move.to is ActivityState.DRAFT and not reason:
        raise ValidationFailed(errors={"reason": ["请写明退回原因"]})
    hindered = []
    for activity in activities:
        if move.to not in ACTIVITY_TRANSITIONS[activity.state]:
            hindered.append(f"{quoted(activity.title)}{ACTIVITY_STATES[activity.state]}")
            continue
        try:
            move_activity(session, actor, activity, move.to, action=action, reason=reason)
        except AppError as refusal:
            hindered.append(f"{quoted(activity.title)}{refusal.detail or refusal.title}")
    if hindered:
        raise SomeCannotMove(hindered)


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


def check_slots_within(session: Session, activity: Activity) -> None:
    """Raises ValidationFailed (422) when a slot lies outside of its activity's time."""
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
