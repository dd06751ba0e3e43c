"""The console's pages that move an activity to another time."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from backend.activities.checks import changes, edits
from backend.activities.checks.overlaps import overlaps
from backend.activities.checks.readiness import Missing
from backend.activities.days import doubtful_time
from backend.activities.lifecycle import times
from backend.activities.models import Activity
from backend.activities.permissions import access_activity, access_activity_for_edit
from backend.activities.questions import reaches
from backend.activities.requests import ActivityEdit
from backend.activities.web import schemas
from backend.activities.words import quoted
from backend.core import clock
from backend.core.errors import AppError
from backend.core.permissions import Actor, Permission
from backend.core.web.flashes import tell
from backend.core.web.pages import Pages
from backend.core.web.replies import next_step, render, see_other

# Their address is the schedule's, from which they are reached.
pages = Pages("moving", __name__, url_prefix="/console/schedule", template_folder="templates")


@pages.page("/<uuid:activity_id>/move", access=Permission.ACTIVITY_EDIT)
def move_form(
    session: Session,
    actor: Actor,
    activity_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """The form that moves an activity that has not begun to another time."""
    activity = access_activity(session, actor, activity_id, Permission.ACTIVITY_EDIT)
    return render(
        "activities/move.html",
        activity=activity,
        movable=activity.state in edits.NOT_BEGUN,
        announced=changes.announced(activity),
        a_day_later=activity.starts_at + timedelta(days=1),
        typed=typed or {},
        problem=problem,
    )


@pages.form("/<uuid:activity_id>/move", access=Permission.ACTIVITY_EDIT,
            body=schemas.MoveForm, again=move_form)  # fmt: skip
def move(session: Session, actor: Actor, body: dict[str, Any], activity_id: UUID) -> Response:
    """Move an activity to another time: from the form, or a draft dragged in the calendar. One
    that is announced is moved only after it was shown who is affected."""
    activity = access_activity_for_edit(session, actor, activity_id)
    starts_at, version, seen = body["starts_at"], body["version"], body.get("seen")
    affected = None
    if changes.announced(activity):
        affected = changes.affected_by(session, activity_id)
        if affected.seen != seen:
            times.check_reschedule(activity, starts_at, version)
            return next_step(session, actor, ".confirm_move", activity_id=activity_id)
    times.reschedule(session, actor, activity, starts_at, version)
    tell(f"{quoted(activity.title)}已改期，时段和报名时间一起移动了")
    if words := doubtful_time(activity.starts_at, clock.now()):
        tell(f"开始时间 {words}", done=False)
    return see_reach(session, activity, affected) or see_other(
        "schedule.calendar", **{"from": clock.local_day(activity.starts_at).isoformat()}
    )


def see_reach(
    session: Session, activity: Activity, affected: changes.Affected | None
) -> Response | None:
    """The way to the call list of an activity that has just been changed: to the page of the newest
    change of which somebody is to be told. None where nobody is.

    Args:
        affected: as its sender was shown them; None where nobody was asked.
    """
    if affected is None or not affected.bookings:
        return None
    newest = next((one for one in reaches(session, activity) if one.to_tell), None)
    if newest is None:
        return None
    return see_other("outreach.show_change", change_id=newest.change_id)


def elsewhere_then(
    session: Session, actor: Actor, activity: Activity, edit: ActivityEdit
) -> list[Missing]:
    """Who would be expected elsewhere at an activity's new time; nobody where that stays."""
    now = times.Times.of(activity)
    then = now.edited(edit)
    at = then.starts_at, then.ends_at
    return overlaps(session, actor, activity, at) if then != now else []


@pages.page("/<uuid:activity_id>/move/confirm", access=Permission.ACTIVITY_EDIT,
            asked=schemas.MoveForm, again=move_form)  # fmt: skip
def confirm_move(session: Session, actor: Actor, body: dict[str, Any], activity_id: UUID) -> str:
    """Who is affected when an announced activity is moved."""
    activity = access_activity(session, actor, activity_id, Permission.ACTIVITY_EDIT)
    starts_at = body["starts_at"]
    times.check_reschedule(activity, starts_at, body["version"])
    affected = changes.affected_by(session, activity_id)
    ends_at = starts_at + (activity.ends_at - activity.starts_at)
    return render(
        "activities/confirm_move.html",
        activity=activity,
        starts_at=starts_at,
        ends_at=ends_at,
        doubtful=doubtful_time(starts_at, clock.now()),
        elsewhere=overlaps(session, actor, activity, (starts_at, ends_at)),
        slots=times.count_slots(session, activity.id),
        affected=affected,
        again=body.get("seen", affected.seen) != affected.seen,
        values={name: body[name] for name in ("starts_at", "version")} | {"seen": affected.seen},
    )
