"""The one way from state to state: one activity moved, or several together."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.activities.checks.changes import announced
from backend.activities.checks.readiness import check_publishable, check_ready
from backend.activities.codes.images import fetch_code_image
from backend.activities.days import days_early
from backend.activities.lifecycle.actions import MOVE_OF
from backend.activities.lifecycle.changing import begin_change
from backend.activities.models import ACTIVITY_TRANSITIONS, Activity, ActivityState, Attendance
from backend.activities.queries import activity_detail
from backend.activities.questions import numbers_begun, uncredited
from backend.activities.signals import Change, ChangeKind, activity_moved
from backend.activities.words import ACTIVITY_STATES, few_of, quoted
from backend.core import clock, jobs
from backend.core.errors import AppError, ValidationFailed
from backend.core.permissions import Actor
from backend.core.states import lock, transition

UNDO_OPEN = "undo_open"


class NotItsDay(AppError):
    """An activity that was opened before its day is not over either."""

    status = 409
    code = "not_its_day"
    title = "还没到活动的日子，不能结束；点错了「开始」请撤回，不办了请取消"


class PeopleHaveCome(AppError):
    """An activity that was opened, and is no mistake any more."""

    status = 409
    code = "people_have_come"
    title = "已经有人来过，不能撤回开始"


class SomeCannotMove(AppError):
    """Of several that were to move together, some can't."""

    status = 409
    code = "some_cannot_move"
    title = "有活动的状态不能做这项操作，所以一场都没有改"

    def __init__(self, hindered: Sequence[str]) -> None:
        super().__init__(few_of(hindered))


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

    Raises IllegalTransition, PeopleHaveCome for an opening that is to be undone, NotItsDay for one
    that is to be closed before its day, and NotReady for one that is to be submitted or published
    and can't be as it is (409).
    """
    move = MOVE_OF.get(action)
    table = {
        state: targets if move is None or move.leads_from(state) else {}
        for state, targets in ACTIVITY_TRANSITIONS.items()
    }
    change = None
    if to is ActivityState.CANCELLED:
        change = _begin_cancellation(session, actor, activity, reason)
    transition(
        session,
        actor,
        table,
        activity,
        to,
        action=action,
        region_code=activity.region_code,
        details={"reason": reason} if reason else None,
    )
    now = clock.now()
    if action == UNDO_OPEN:
        _check_nobody_came(session, activity)
        activity.opened_at = None
    if to is ActivityState.SUBMITTED:
        check_ready(activity_detail(session, activity), now)
    elif to is ActivityState.PUBLISHED and action != UNDO_OPEN:
        check_publishable(activity_detail(session, activity), now, uncredited(session, activity))
    if to is ActivityState.LIVE:
        activity.opened_at = now
    elif to is ActivityState.CLOSED:
        if days_early(activity):
            raise NotItsDay
        activity.closed_at = now
    elif to is ActivityState.CANCELLED:
        activity.cancelled_at = now
        activity.cancel_reason = reason
    # What was to be mended is for the organiser, not for the public.
    activity.return_reason = reason if to is ActivityState.DRAFT else None
    session.flush()
    if to is ActivityState.PUBLISHED:
        jobs.defer(session, fetch_code_image, activity_id=str(activity.id))
    activity_moved.send(session, actor=actor, activity=activity, state=to, change=change)
    return activity


def _begin_cancellation(
    session: Session, actor: Actor | None, activity: Activity, reason: str | None
) -> Change | None:
    """The change that a cancellation is of what was announced; None where nothing was."""
    lock(session, Activity, activity.id)
    if not announced(activity):
        return None
    words = reason or "没有写原因"
    return begin_change(session, actor, activity, ChangeKind.CANCELLED, words)


def _check_nobody_came(session: Session, activity: Activity) -> None:
    """Raises PeopleHaveCome (409), naming what has happened since a locked activity was opened."""
    visits = session.execute(
        select(func.count()).where(
            Attendance.activity_id == activity.id,
            Attendance.attended_at >= activity.opened_at,
            Attendance.reverted_at.is_(None),
        )
    ).scalar_one()
    numbers = numbers_begun(session, activity.id)
    happened = [f"{visits} 人签到"] if visits else []
    happened += [f"{numbers} 个号取过或叫过"] if numbers else []
    if happened:
        raise PeopleHaveCome(f"已有 {'、'.join(happened)}")


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
