"""The workbench's stalls and their plan; what they offer is in offerings.py, when in slots.py."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.activities import queries
from backend.activities.checks import changes
from backend.activities.checks.overlaps import organisations_elsewhere
from backend.activities.models import Activity, Offering, Stall
from backend.activities.permissions import (
    Deleted,
    access_activity_for_edit,
    access_stall_for_edit,
    not_there,
)
from backend.activities.questions import needs_on, numbered
from backend.activities.requests import NewStall
from backend.activities.stalls import operations as stalls
from backend.activities.stalls import plan
from backend.activities.stalls.common import stalls_of
from backend.activities.web import forms
from backend.activities.web.deleted import show_deleted
from backend.activities.web.forms import Sent
from backend.activities.web.moving import see_reach
from backend.activities.web.workbench import access_workbench, frame
from backend.core.errors import AppError, EditedMeanwhile
from backend.core.permissions import Actor, Permission
from backend.core.web import merging
from backend.core.web.pages import Pages
from backend.core.web.replies import render, see_other
from backend.partners.queries import organisations_to_choose

pages = Pages("stalls", __name__, url_prefix="/console/markets", template_folder="templates")
EDIT = Permission.ACTIVITY_EDIT
pages.register_error_handler(Deleted, show_deleted)
# What the fields of the forms are called, where somebody else has changed them meanwhile.
_STALL = {
    "number": "摊位号", "name": "摊位名称", "organisation_id": "服务单位", "row": "第几排",
    "column": "第几位", "note": "位置补充",
}  # fmt: skip


class PlanMoved(EditedMeanwhile):
    code = "plan_moved"
    title = "同事，或您自己在另一个页面，刚才动过平面图，这次没有移动。下面是现在的位置，请再移一次"


def check_seen(now: str, seen: str | None) -> None:
    """Raises EditedMeanwhile (409) when a row is not as the sender has seen it.

    Args:
        now: the row's fingerprint.
    """
    if seen != now:
        raise EditedMeanwhile


@pages.page("/<uuid:activity_id>/stalls", access=Permission.ACTIVITY_SEE_DRAFT)
def list_stalls(
    session: Session,
    actor: Actor,
    activity_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """The stalls on their plan, and what they offer."""
    activity = access_workbench(session, actor, activity_id)
    detail = queries.activity_detail(session, activity)
    context = frame(actor, activity, "stalls", typed=typed or {}, problem=problem)
    if context["may_edit"]:
        context["organisations"] = organisations_to_choose(session)
    rows = stalls_of(session, activity_id)
    return render(
        "activities/stalls.html",
        detail=detail,
        plan=plan.plan_of(rows),
        plan_seen=_seen_of(rows),
        stalls={stall.id: stall for stall in rows},
        elsewhere=organisations_elsewhere(session, actor, activity),
        most=plan.MOST,
        **context,
    )


def _seen_of(rows: Sequence[Stall]) -> str:
    """Stands for who stands where."""
    return changes.fingerprint(sorted((str(stall.id), plan.spot_of(stall)) for stall in rows))


@pages.form("/<uuid:activity_id>/stalls", access=EDIT, body=forms.StallForm,
            again=list_stalls, said="已增加摊位")  # fmt: skip
def add_stall(session: Session, actor: Actor, body: Sent[NewStall], activity_id: UUID) -> Response:
    """Add a stall."""
    activity = access_activity_for_edit(session, actor, activity_id)
    stalls.add_stall(session, actor, activity, body.what)
    return see_other(".list_stalls", activity_id=activity_id)


@pages.form("/<uuid:activity_id>/stalls/arrange", access=EDIT, again=list_stalls, said="已排好位置")
def arrange(session: Session, actor: Actor, activity_id: UUID) -> Response:
    """Put the stalls without a spot on the plan."""
    activity = access_activity_for_edit(session, actor, activity_id)
    stalls.arrange_stalls(session, actor, activity)
    return see_other(".list_stalls", activity_id=activity_id)


def stall_to_edit(session: Session, actor: Actor, stall_id: UUID) -> tuple[Activity, Stall]:
    stall = session.get(Stall, stall_id)
    if stall is None or stall.dropped_at is not None:
        raise not_there(session, actor, "stall", stall_id)
    return access_workbench(session, actor, stall.activity_id), stall


@pages.page("/stalls/<uuid:stall_id>", access=Permission.ACTIVITY_SEE_DRAFT)
def show_stall(
    session: Session,
    actor: Actor,
    stall_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """A stall, to change it."""
    activity, stall = stall_to_edit(session, actor, stall_id)
    now = {
        "number": stall.number, "name": stall.name, "organisation_id": stall.organisation_id,
        "row": stall.spot_row, "column": stall.spot_column, "note": stall.place_note or "",
    }  # fmt: skip
    return render(
        "activities/stall.html",
        **frame(
            actor, activity, "stalls", problem=problem, stall=stall, labels=_STALL,
            detail=queries.stall_detail(session, stall_id), most=plan.MOST,
            organisations=organisations_to_choose(session),
            **merging.opened(now, "seen", changes.fingerprint_of(stall), typed, problem),
        ),
    )  # fmt: skip


@pages.form("/stalls/<uuid:stall_id>", access=EDIT, body=forms.StallForm, again=show_stall)
def save_stall(session: Session, actor: Actor, body: Sent[NewStall], stall_id: UUID) -> Response:
    """Change a stall."""
    activity, stall = access_stall_for_edit(session, actor, stall_id)
    check_seen(changes.fingerprint_of(stall), body.seen)
    stalls.update_stall(session, actor, activity, stall, body.what)
    return see_other(".list_stalls", activity_id=activity.id)


def show_where(
    session: Session,
    actor: Actor,
    stall_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """The plan as it now is, where somebody has moved a stall meanwhile; else the stall that could
    not be put there."""
    if isinstance(problem, PlanMoved):
        activity, _ = stall_to_edit(session, actor, stall_id)
        return str(list_stalls(session, actor, activity.id, problem=problem))
    return str(show_stall(session, actor, stall_id, typed, problem))


@pages.form("/stalls/<uuid:stall_id>/place", access=EDIT, body=forms.PlaceForm,
            again=show_where, page=".show_stall", said="已放好")  # fmt: skip
def place(session: Session, actor: Actor, body: dict[str, Any], stall_id: UUID) -> Response:
    """Put a stall on the plan, or take it off; whoever stands there changes places with it.

    Raises PlanMoved (409) when that may be somebody else than its sender has seen.
    """
    activity, stall = access_stall_for_edit(session, actor, stall_id)
    if body["plan"] != _seen_of(stalls_of(session, activity.id)):
        raise PlanMoved
    row, column = body.get("row"), body.get("column")
    spot = plan.Spot(row, column) if row is not None and column is not None else None
    stalls.place_stall(session, actor, activity, stall, spot)
    return see_other(".list_stalls", activity_id=activity.id)


@pages.page("/stalls/<uuid:stall_id>/delete", access=EDIT)
def ask_to_delete_stall(
    session: Session,
    actor: Actor,
    stall_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """Who is affected if the stall goes with its services."""
    activity, stall = stall_to_edit(session, actor, stall_id)
    affected = changes.affected_at_stall(session, activity.id, stall_id)
    services = [one["id"] for one in queries.stall_detail(session, stall_id)["offerings"]]
    return render(
        "activities/delete_stall.html",
        **frame(
            actor, activity, "stalls", problem=problem, stall=stall,
            services=len(services), typed=typed or {},
            needs=needs_on(session, activity.id, numbered(session, services)),
            affected=affected, seen=_seen_to_go(session, stall, affected),
        ),
    )  # fmt: skip


def _seen_to_go(session: Session, stall: Stall, affected: changes.Affected) -> str:
    """Stands for a stall with its services and those who are affected if it goes."""
    services = select(Offering).where(Offering.stall_id == stall.id, Offering.dropped_at.is_(None))
    rows = session.execute(services.order_by(Offering.id)).scalars()
    return changes.fingerprint(
        changes.fingerprint_of(stall), [changes.fingerprint_of(row) for row in rows], affected.seen
    )


@pages.form("/stalls/<uuid:stall_id>/delete", access=EDIT, body=forms.DropForm,
            again=ask_to_delete_stall, said="摊位已删除")  # fmt: skip
def delete_stall(session: Session, actor: Actor, body: dict[str, str], stall_id: UUID) -> Response:
    """Take a stall away with its services and all that was booked of them, as the sender has been
    shown it."""
    activity, stall = access_stall_for_edit(session, actor, stall_id)
    affected = changes.affected_at_stall(session, activity.id, stall.id)
    if body.get("seen") != _seen_to_go(session, stall, affected):
        raise changes.AffectedMeanwhile
    stalls.drop_stall(session, actor, activity, stall, body.get("reason") or "")
    everything = see_other(".list_stalls", activity_id=activity.id)
    return see_reach(session, activity, affected) or everything
