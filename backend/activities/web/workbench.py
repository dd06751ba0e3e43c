"""An activity's workbench: its facts, people, record and history, and its moves from draft to end.

Stalls and what they offer are in stalls.py, what is printed in prints.py.
"""

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from backend.activities import operations, queries, records, requests, staff
from backend.activities.checks import changes, edits, readiness
from backend.activities.checks.overlaps import overlaps
from backend.activities.days import days_early
from backend.activities.history.entries import FACTS, history_of
from backend.activities.lifecycle import actions, moves, times
from backend.activities.models import Activity, ActivityRecord, ActivityState, Programme, Venue
from backend.activities.permissions import Deleted, access_activity, access_activity_for_edit
from backend.activities.questions import needs_on, reaches, uncredited, unfinished
from backend.activities.stalls.common import stalls_of
from backend.activities.web import forms
from backend.activities.web.deleted import show_deleted
from backend.activities.web.moving import elsewhere_then, see_reach
from backend.activities.words import ask_to_close, few_of
from backend.core import clock
from backend.core.config import titles
from backend.core.errors import AppError, EditedMeanwhile
from backend.core.permissions import Actor, Permission
from backend.core.web import merging
from backend.core.web.flashes import tell
from backend.core.web.pages import SAVED, Pages
from backend.core.web.replies import next_step, render, see_other

# What the fields of 活动登记 are called.
_RECORD = {
    "volunteers": "志愿者人数", "hours": "服务总时长", "funds_yuan": "使用资金",
    "problems": "存在问题",
}  # fmt: skip
_OVER = (ActivityState.CLOSED, ActivityState.CANCELLED)
pages = Pages("workbench", __name__, url_prefix="/console/markets", template_folder="templates")
pages.register_error_handler(Deleted, show_deleted)


def access_workbench(session: Session, actor: Actor, activity_id: UUID) -> Activity:
    """The activity, for those who prepare it or look on; 404 or 403 for others, whatever everybody
    may see of it in the mini-program."""
    return access_activity(session, actor, activity_id, Permission.ACTIVITY_SEE_DRAFT)


def frame(actor: Actor, activity: Activity, tab: str, **values: Any) -> dict[str, Any]:
    """What every page of the workbench shows around its own.

    Args:
        tab: which of the workbench's pages is open.
        values: the page's own.
    """
    editable = activity.state not in _OVER
    may_edit = actor.may(Permission.ACTIVITY_EDIT, region_code=activity.region_code)
    return {
        "activity": activity,
        "tab": tab,
        "may_edit": may_edit and editable,
        "may_record": may_edit,
        "labels": FACTS,
        "changes": [],
        "typed": {},
        "problem": None,
    } | values


# ---------------------------------------------------------------------------- overview, moves


@pages.page("/<uuid:activity_id>", access=Permission.ACTIVITY_SEE_DRAFT)
def show(
    session: Session,
    actor: Actor,
    activity_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """An activity at a glance: what is missing, who is coming, what to do next."""
    activity = access_workbench(session, actor, activity_id)
    detail = queries.activity_detail(session, activity)
    people = staff.count_assigned(session, activity_id)
    unready = activity.state in (ActivityState.DRAFT, ActivityState.SUBMITTED)
    missing = [] if activity.state in _OVER else overlaps(session, actor, activity)
    open_moves = actions.open_moves(actor, activity)
    lacking = readiness.missing(detail, people, clock.now(), uncredited(session, activity))
    if unready:
        missing = readiness.by_weight([*lacking, *missing])
    return render(
        "activities/overview.html",
        **frame(
            actor, activity, "show", typed=typed or {}, problem=problem,
            detail=detail, people=people, missing=missing, unready=unready,
            blocked=any(one.blocks for one in missing), held=any(one.holds for one in missing),
            lacking=readiness.to_tend(lacking) if changes.announced(activity) else [],
            few_of=few_of,
            moves=open_moves,
            reaches=[] if unready else reaches(session, activity),
            affected=changes.affected_by(session, activity_id) if not unready else None,
            early=days_early(activity),
            closing=ask_to_close(unfinished(session, activity_id)) if "close" in open_moves else "",
        ),
    )  # fmt: skip


def _move(
    session: Session,
    actor: Actor,
    activity_id: UUID,
    action: str,
    reason: str | None = None,
) -> Response:
    move = next(move for move in actions.MOVES if move.action == action)
    activity = access_activity(session, actor, activity_id, move.permission)
    moves.move_activity(session, actor, activity, move.to, action=action, reason=reason)
    return see_other(".show", activity_id=activity_id)


@pages.form(
    "/<uuid:activity_id>/submit", access=Permission.ACTIVITY_SUBMIT, again=show, said="已提交审核"
)
def submit(session: Session, actor: Actor, activity_id: UUID) -> Response:
    """Submit a draft to those who publish."""
    return _move(session, actor, activity_id, "submit")


@pages.form(
    "/<uuid:activity_id>/publish", access=Permission.ACTIVITY_PUBLISH, again=show, said="已发布"
)
def publish(session: Session, actor: Actor, activity_id: UUID) -> Response:
    """Publish a draft, or one that was submitted."""
    return _move(session, actor, activity_id, "publish")


@pages.form("/<uuid:activity_id>/return", access=Permission.ACTIVITY_PUBLISH,
            body=forms.ReasonForm, again=show, said="已退回修改")  # fmt: skip
def send_back(session: Session, actor: Actor, body: dict[str, str], activity_id: UUID) -> Response:
    """Return a submitted activity to its draft, with a reason."""
    return _move(session, actor, activity_id, "return", body["reason"])


@pages.form(
    "/<uuid:activity_id>/open",
    access=Permission.ACTIVITY_RUN,
    again=show,
    said="活动已开始，可以签到、取号",
)
def open_activity(session: Session, actor: Actor, activity_id: UUID) -> Response:
    """Open a published activity."""
    return _move(session, actor, activity_id, "open")


@pages.form("/<uuid:activity_id>/undo-open", access=Permission.ACTIVITY_RUN, again=show,
            said="已撤销开始")  # fmt: skip
def undo_open(session: Session, actor: Actor, activity_id: UUID) -> Response:
    """Undo an opening; where somebody has come, it is named."""
    return _move(session, actor, activity_id, moves.UNDO_OPEN)


@pages.form(
    "/<uuid:activity_id>/close", access=Permission.ACTIVITY_RUN, again=show, said="活动已结束"
)
def close_activity(session: Session, actor: Actor, activity_id: UUID) -> Response:
    """Close a live activity."""
    return _move(session, actor, activity_id, "close")


@pages.page("/<uuid:activity_id>/cancel", access=Permission.ACTIVITY_CANCEL)
def ask_to_cancel(
    session: Session,
    actor: Actor,
    activity_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """Who is affected if the activity is cancelled."""
    activity = access_activity(session, actor, activity_id, Permission.ACTIVITY_CANCEL)
    allowed = "cancel" in actions.open_moves(actor, activity)
    return render(
        "activities/cancel.html",
        **frame(
            actor, activity, "show", typed=typed or {}, allowed=allowed,
            # Of one that is over the page itself says so; there is nothing to confirm anew.
            problem=problem if allowed else None,
            affected=changes.affected_by(session, activity_id),
            needs=needs_on(session, activity_id, None),
        ),
    )  # fmt: skip


@pages.form("/<uuid:activity_id>/cancel", access=Permission.ACTIVITY_CANCEL,
            body=forms.CancelForm, again=ask_to_cancel, said="活动已取消")  # fmt: skip
def cancel(session: Session, actor: Actor, body: dict[str, str], activity_id: UUID) -> Response:
    """Cancel an activity and every booking of it, as the sender has been shown them."""
    activity = access_activity(session, actor, activity_id, Permission.ACTIVITY_CANCEL)
    affected = changes.affected_by(session, activity_id)
    if affected.seen != body.get("seen"):
        raise changes.AffectedMeanwhile
    done = _move(session, actor, activity_id, "cancel", body["reason"])
    return see_reach(session, activity, affected) or done


# ---------------------------------------------------------------------------- facts


@pages.page("/<uuid:activity_id>/facts", access=Permission.ACTIVITY_SEE_DRAFT)
def facts(
    session: Session,
    actor: Actor,
    activity_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """The facts of an activity, to read or to change."""
    activity = access_workbench(session, actor, activity_id)
    now = changes.facts_of(activity, session.get_one(Venue, activity.venue_id))
    return render(
        "activities/facts.html",
        **frame(
            actor, activity, "facts", problem=problem, now=now,
            fields=titles("fields") if activity.programme is Programme.ACTION else {},
            **merging.opened(now, "version", activity.version, typed, problem),
        ),
    )  # fmt: skip


@pages.form("/<uuid:activity_id>/facts", access=Permission.ACTIVITY_EDIT,
            body=forms.FactsForm, again=facts)  # fmt: skip
def save_facts(session: Session, actor: Actor, body: dict[str, Any], activity_id: UUID) -> Response:
    """Save the facts; where people have planned by them, only after it was shown who is affected.

    Raises EditedMeanwhile (409) when somebody else has saved since the page was read.
    """
    activity = access_activity_for_edit(session, actor, activity_id)
    edits.check_editable(activity)
    version, seen, _ = body.pop("version"), body.pop("seen", None), body.pop(merging.BASE, None)
    if version != activity.version:
        raise EditedMeanwhile
    venue = session.get_one(Venue, activity.venue_id)
    found = changes.changes_of(changes.facts_of(activity, venue), body)
    edit = _edit(found, venue)
    affected = None
    if found and changes.announced(activity) and changes.concerns_people(found):
        affected = changes.affected_by(session, activity_id)
        if affected.seen != seen:
            operations.check_change(session, actor, activity, edit)
            return next_step(session, actor, ".confirm_facts", activity_id=activity_id)
    left = changes.left_behind(found, changes.facts_of(activity, venue))
    if found:
        operations.update_activity(session, actor, activity, edit)
    tell(SAVED)
    for words in filter(None, (readiness.doubt_of_number(activity.contact_phone), left)):
        tell(words, done=False)
    return see_reach(session, activity, affected) or see_other(".facts", activity_id=activity_id)


def _edit(found: list[changes.Change], venue: Venue) -> requests.ActivityEdit:
    """Changes as `update_activity` takes them; a venue is given whole."""
    values = {one.name: one.new for one in found if not one.name.startswith("venue_")}
    places = {one.name.removeprefix("venue_"): one.new for one in found if one.name not in values}
    if places:
        values["venue"] = replace(requests.NewVenue.of(venue), **places)
    return requests.ActivityEdit(**values)


@pages.page("/<uuid:activity_id>/facts/confirm", access=Permission.ACTIVITY_EDIT,
            asked=forms.FactsForm, again=facts)  # fmt: skip
def confirm_facts(session: Session, actor: Actor, body: dict[str, Any], activity_id: UUID) -> str:
    """Who is affected when the facts of an announced activity change."""
    activity = access_activity(session, actor, activity_id, Permission.ACTIVITY_EDIT)
    version, seen = body.pop("version"), body.pop("seen", None)
    base = merging.as_base(body.pop(merging.BASE, {}))
    if version != activity.version:
        raise EditedMeanwhile
    venue = session.get_one(Venue, activity.venue_id)
    found = changes.changes_of(changes.facts_of(activity, venue), body)
    edit = _edit(found, venue)
    along = times.goes_along(activity, edit)
    affected = changes.affected_by(session, activity_id)
    return render(
        "activities/confirm_facts.html",
        **frame(
            actor, activity, "facts", changes=found, affected=affected,
            along=times.count_slots(session, activity_id) if along else None,
            again=seen is not None and seen != affected.seen,
            elsewhere=elsewhere_then(session, actor, activity, edit),
            left=changes.left_behind(found, changes.facts_of(activity, venue)),
            values=body | {"version": version, merging.BASE: base, "seen": affected.seen},
        ),
    )  # fmt: skip


# ---------------------------------------------------------------------------- people


@pages.page("/<uuid:activity_id>/people", access=Permission.ACTIVITY_SEE_DRAFT)
def people(
    session: Session,
    actor: Actor,
    activity_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """Who does what."""
    activity = access_workbench(session, actor, activity_id)
    assigned = staff.assigned(session, actor, activity)
    busy = {one.user_id for one in assigned}
    context = frame(actor, activity, "people", typed=typed or {}, problem=problem)
    if context["may_edit"]:
        everybody = staff.people_to_choose(session, activity)
        context["choices"] = [one for one in everybody if one.user_id not in busy]
        context["stalls"] = stalls_of(session, activity_id)
    return render("activities/people.html", assigned=assigned, **context)


@pages.form("/<uuid:activity_id>/people", access=Permission.ACTIVITY_EDIT,
            body=forms.DutyForm, again=people, said="已安排")  # fmt: skip
def assign(
    session: Session, actor: Actor, body: requests.Assignment, activity_id: UUID
) -> Response:
    """Give a colleague a duty."""
    activity = access_activity_for_edit(session, actor, activity_id)
    staff.assign(session, actor, activity, body)
    return see_other(".people", activity_id=activity_id)


@pages.form("/<uuid:activity_id>/people/<uuid:duty_id>/remove", access=Permission.ACTIVITY_EDIT,
            page=".people", said="已移除")  # fmt: skip
def unassign(session: Session, actor: Actor, activity_id: UUID, duty_id: UUID) -> Response:
    """Take a duty away."""
    activity = access_activity_for_edit(session, actor, activity_id)
    staff.unassign(session, actor, activity, duty_id)
    return see_other(".people", activity_id=activity_id)


# ---------------------------------------------------------------------------- record, history


@pages.page("/<uuid:activity_id>/record", access=Permission.ACTIVITY_SEE_DRAFT)
def record(
    session: Session,
    actor: Actor,
    activity_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """活动登记: what is written down by hand, for the ledger."""
    activity = access_workbench(session, actor, activity_id)
    kept = session.get(ActivityRecord, activity_id)
    now = _record_of(kept)
    return render(
        "activities/record.html",
        **frame(
            actor, activity, "record", problem=problem, kept=kept, now=now, labels=_RECORD,
            begun=records.begun(activity),
            by=staff.name_of(session, kept.updated_by) if kept else None,
            **merging.opened(now, "version", kept.version if kept else 0, typed, problem),
        ),
    )  # fmt: skip


def _record_of(kept: ActivityRecord | None) -> dict[str, Any]:
    """A record as its form has it."""
    if kept is None:
        return dict.fromkeys(_RECORD)
    minutes = kept.volunteer_minutes
    return {
        "volunteers": kept.volunteers,
        "hours": None if minutes is None else f"{minutes / forms.MINUTES_AN_HOUR:g}",
        "funds_yuan": None if kept.funds_yuan is None else f"{kept.funds_yuan:f}",
        "problems": kept.problems,
    }


@pages.form("/<uuid:activity_id>/record", access=Permission.ACTIVITY_EDIT,
            body=forms.RecordForm, again=record)  # fmt: skip
def save_record(
    session: Session, actor: Actor, body: requests.RecordEdit, activity_id: UUID
) -> Response:
    """Write down what the ledger asks for."""
    activity = access_activity_for_edit(session, actor, activity_id)
    records.save_record(session, actor, activity, body)
    return see_other(".record", activity_id=activity_id)


@pages.page("/<uuid:activity_id>/history", access=Permission.ACTIVITY_SEE_DRAFT,
            query=forms.HistoryQuery)  # fmt: skip
def history(session: Session, actor: Actor, query: dict[str, Any], activity_id: UUID) -> str:
    """What has happened to an activity, in words."""
    activity = access_workbench(session, actor, activity_id)
    page = history_of(session, activity_id, **query)
    return render("activities/history.html", **frame(actor, activity, "history", page=page))
