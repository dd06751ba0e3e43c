"""An activity's other times: what has a time in it goes along."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Interval, case, func, literal, select, update
from sqlalchemy.orm import Session

from backend.activities.checks.edits import (
    NOT_ANNOUNCED,
    NOT_BEGUN,
    audited_facts,
    check_activity,
    check_editable,
    record_edit,
)
from backend.activities.lifecycle.changing import begin_change
from backend.activities.models import Activity, ActivityState, Attendance, Offering, Slot
from backend.activities.requests import ActivityEdit
from backend.activities.signals import ChangeKind, times_changed
from backend.core import audit, clock
from backend.core.dates import moment, period
from backend.core.errors import AppError, EditedMeanwhile, ValidationFailed
from backend.core.given import or_else
from backend.core.permissions import Actor

# Beyond any date that an activity may have.
_FAR = timedelta(days=36_525)


class AlreadyBegun(AppError):
    status = 409
    code = "already_begun"
    title = "活动已经开始，不能再改期"


@dataclass(frozen=True, slots=True)
class Times:
    """When an activity begins and ends."""

    starts_at: datetime
    ends_at: datetime

    @classmethod
    def of(cls, activity: Activity) -> "Times":
        return cls(activity.starts_at, activity.ends_at)

    def edited(self, edit: ActivityEdit) -> "Times":
        """What these are after a change."""
        return Times(or_else(edit.starts_at, self.starts_at), or_else(edit.ends_at, self.ends_at))

    def moved_by(self, other: "Times") -> timedelta:
        """By how much the whole has moved to become `other`; nothing where its length changes."""
        shift = other.starts_at - self.starts_at
        return shift if other.ends_at - self.ends_at == shift else timedelta(0)

    @property
    def words(self) -> str:
        """As people read them."""
        return period(self.starts_at, self.ends_at)

    def changed_to(self, after: "Times") -> str:
        """What has changed, in words: of another end alone no more than that."""
        if after.starts_at == self.starts_at:
            return f"结束时间从 {moment(self.ends_at)} 改到 {moment(after.ends_at)}，开始时间不变"
        return f"从 {self.words} 改到 {after.words}"


def set_times(session: Session, actor: Actor, activity: Activity, after: Times) -> None:
    """Give a locked activity other times. Moved as a whole, all that has a time in it goes along:
    slots, its services' sign-up windows, and who has signed up.

    Of one that is announced the row is locked against sign-ups and check-ins: who is under way
    is waited for and goes along, who comes later reads the new times.

    Raises AlreadyBegun (409) for another day of one that is on, ValidationFailed (422) where it
    would be moved into the past, and what the receivers of `times_changed` raise.
    """
    before = Times.of(activity)
    if after == before:
        return
    day, was = clock.local_day(after.starts_at), clock.local_day(before.starts_at)
    live = activity.state is ActivityState.LIVE
    if live and day != was:
        raise AlreadyBegun("只能改当天的时间。还没有人来过的，先「撤回开始」再改期")
    shift = timedelta(0) if live else before.moved_by(after)
    public = activity.state not in NOT_ANNOUNCED
    if public and shift and after.starts_at < clock.now():
        raise ValidationFailed(errors={"starts_at": ["不能改到已经过去的时间"]})
    change = None
    if public:
        words = before.changed_to(after)
        change = begin_change(
            session, actor, activity, ChangeKind.MOVED, words, slots_stay=not shift
        )
    activity.starts_at, activity.ends_at = after.starts_at, after.ends_at
    check_activity(activity)
    session.flush()
    if shift:
        _shift_services(session, activity.id, shift, keep_open=public)
    if change is not None:
        if day > was:
            _take_back_visits(session, activity)
        times_changed.send(
            session, actor=actor, activity=activity, before=before, shift=shift, change=change
        )


def goes_along(activity: Activity, edit: ActivityEdit) -> bool:
    """Whether a change moves the activity as a whole, and so all in it."""
    before = Times.of(activity)
    live = activity.state is ActivityState.LIVE
    return not live and bool(before.moved_by(before.edited(edit)))


def _take_back_visits(session: Session, activity: Activity) -> None:
    """Who had come before the activity was put off has not been at it: nothing counts before its
    day."""
    session.execute(
        update(Attendance)
        .where(
            Attendance.activity_id == activity.id,
            Attendance.on_day < clock.local_day(_opens_at(activity)),
            Attendance.reverted_at.is_(None),
        )
        .values(reverted_at=clock.now()),
        execution_options={"synchronize_session": False},
    )


def _opens_at(activity: Activity) -> datetime:
    """From when on people are checked in, unless somebody opens the activity before."""
    return activity.starts_at - timedelta(minutes=activity.checkin_opens_minutes)


def reschedule(
    session: Session, actor: Actor, activity: Activity, starts_at: datetime, version: int
) -> Activity:
    """Move a locked activity that has not begun to another time, with all that has a time in it:
    its end, its slots, its services' sign-up windows and who has signed up, all by the same
    distance.

    Args:
        starts_at: its new beginning.
        version: as its editor has read it.

    Raises as `check_reschedule`, and as the receivers of `times_changed`.
    """
    check_reschedule(activity, starts_at, version)
    before, was = activity.starts_at, audited_facts(session, activity)
    set_times(session, actor, activity, Times(starts_at, activity.ends_at + (starts_at - before)))
    activity.version += 1
    session.flush()
    session.refresh(activity)
    times = {"from": before.isoformat(), "to": activity.starts_at.isoformat()}
    changed = audit.changes(was, audited_facts(session, activity))
    record_edit(session, actor, activity, "reschedule", times | changed)
    return activity


def check_reschedule(activity: Activity, starts_at: datetime, version: int) -> None:
    """Whether an activity can be moved so.

    Raises NotEditable, AlreadyBegun, EditedMeanwhile (409), ValidationFailed (422).
    """
    check_editable(activity)
    if activity.state not in NOT_BEGUN:
        raise AlreadyBegun
    if version != activity.version:
        raise EditedMeanwhile(extra={"version": activity.version})
    if starts_at == activity.starts_at:
        raise ValidationFailed(errors={"starts_at": ["和现在的时间一样，没有要改的"]})
    if starts_at < clock.now():
        raise ValidationFailed(errors={"starts_at": ["不能改到已经过去的时间"]})


def count_slots(session: Session, activity_id: UUID) -> int:
    """How many appointment times an activity's services have."""
    statement = select(func.count()).select_from(Slot).join(Offering)
    given = Offering.activity_id == activity_id, Offering.dropped_at.is_(None)
    return session.execute(statement.where(*given)).scalar_one()


def _shift_services(
    session: Session, activity_id: UUID, shift: timedelta, *, keep_open: bool
) -> None:
    """Move slots and sign-up windows. Slots go far away first and then come back: moved by their
    own length they would meet one another on the way, and a service has one slot at a time.

    Args:
        keep_open: whether people go on signing up where they already do.
    """
    mine = select(Offering.id).where(Offering.activity_id == activity_id)
    # In order, as everybody has who locks several.
    slots = select(Slot.id).where(Slot.offering_id.in_(mine))
    session.execute(slots.order_by(Slot.id).with_for_update())
    for step in (shift + _FAR, -_FAR):
        distance = literal(step, Interval())
        session.execute(
            update(Slot)
            .where(Slot.offering_id.in_(mine))
            .values(starts_at=Slot.starts_at + distance, ends_at=Slot.ends_at + distance),
            execution_options={"synchronize_session": False},
        )
    distance = literal(shift, Interval())
    opens: Any = Offering.sign_up_opens_at + distance
    if keep_open:
        open_now = Offering.sign_up_opens_at <= clock.now()
        opens = case((open_now, func.least(Offering.sign_up_opens_at, opens)), else_=opens)
    session.execute(
        update(Offering)
        .where(Offering.activity_id == activity_id)
        .values(
            sign_up_opens_at=opens,
            sign_up_closes_at=Offering.sign_up_closes_at + distance,
        ),
        execution_options={"synchronize_session": False},
    )
