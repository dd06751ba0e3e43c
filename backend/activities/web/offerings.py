"""Services on the workbench: added, changed, deleted."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from backend.activities import operations, queries
from backend.activities.checks import changes
from backend.activities.models import Activity, Desk, Offering, OfferingMode, Stall
from backend.activities.permissions import (
    access_offering,
    access_offering_for_edit,
    access_stall_for_edit,
)
from backend.activities.questions import needs_on, numbered
from backend.activities.requests import NewOffering
from backend.activities.stalls import offerings
from backend.activities.stalls.common import stalls_of
from backend.activities.web import forms
from backend.activities.web.forms import Sent
from backend.activities.web.moving import see_reach
from backend.activities.web.stalls import EDIT, check_seen, pages, stall_to_edit
from backend.activities.web.workbench import access_workbench, frame
from backend.core import clock
from backend.core.config import titles
from backend.core.errors import AppError
from backend.core.permissions import Actor, Permission
from backend.core.web import merging
from backend.core.web.flashes import tell
from backend.core.web.replies import render, see_other

_OFFERING = {
    "title": "服务名称", "service_kind": "服务类别", "mode": "服务方式",
    "minutes_per_person": "每人约几分钟", "capacity": "每天最多服务人数",
    "walk_in_percent": "留给现场的比例", "daily_cap_per_person": "每人每天可办几次",
    "min_age": "最小年龄", "sign_up_opens_at": "开始报名", "sign_up_closes_at": "截止报名",
}  # fmt: skip


def _fingerprint_of_offering(session: Session, offering: Offering) -> str:
    """Of a service with the stalls that serve its queue: its form changes both."""
    desks = operations.rows_of(session, Desk, Desk.offering_id == offering.id)
    return changes.fingerprint(
        changes.fingerprint_of(offering), [str(desk.stall_id) for desk in desks]
    )


@pages.page("/stalls/<uuid:stall_id>/offerings/new", access=Permission.ACTIVITY_EDIT)
def new_offering(
    session: Session,
    actor: Actor,
    stall_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """The form of a new service."""
    activity, stall = stall_to_edit(session, actor, stall_id)
    usual = {"mode": "queue", "walk_in_percent": 0, "daily_cap_per_person": 1}
    others = _others(session, activity, stall.id)
    return render(
        "activities/offering_new.html",
        **frame(
            actor, activity, "stalls", problem=problem, stall=stall, others=others,
            typed=_as_typed(typed, others) or usual, kinds=titles("service_kinds"),
        ),
    )  # fmt: skip


def _others(session: Session, activity: Activity, stall_id: UUID) -> list[Stall]:
    return [stall for stall in stalls_of(session, activity.id) if stall.id != stall_id]


@pages.form("/stalls/<uuid:stall_id>/offerings", access=EDIT, body=forms.OfferingForm,
            again=new_offering, said="已增加服务")  # fmt: skip
def add_offering(
    session: Session, actor: Actor, body: Sent[NewOffering], stall_id: UUID
) -> Response:
    """Add a service to a stall; one by slots goes on to its slots."""
    activity, stall = access_stall_for_edit(session, actor, stall_id)
    offering = offerings.add_offering(session, actor, activity, stall, body.what)
    if changes.announced(activity) and offering.mode is OfferingMode.SLOTS:
        tell("已增加服务。活动已经公布，居民现在看到它「时段还没有定」；加了时段才能预约")
    return see_other(".show_offering", offering_id=offering.id)


@pages.page("/offerings/<uuid:offering_id>", access=Permission.ACTIVITY_SEE_DRAFT)
def show_offering(
    session: Session,
    actor: Actor,
    offering_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """A service, to change it, and its slots with what is taken."""
    activity, offering = offering_to_edit(session, actor, offering_id)
    detail = queries.offering_detail(session, offering_id)
    shown = detail | {"walk_in_percent": f"{float(offering.walk_in_share) * 100:g}"}
    others = _others(session, activity, offering.stall_id)
    now = {name: shown[name] for name in _OFFERING} | _boxes(shown["also_at_stall_ids"], others)
    seen = _fingerprint_of_offering(session, offering)
    joined = {_box(stall): f"{stall.number} 号也叫号" for stall in others}
    return render(
        "activities/offering.html",
        **frame(
            actor, activity, "stalls", problem=problem, offering=detail, others=others,
            kinds=titles("service_kinds"), labels=_OFFERING | joined,
            stall=session.get_one(Stall, offering.stall_id), read_at=clock.now(),
            **merging.opened(now, "seen", seen, _as_typed(typed, others), problem),
        ),
    )  # fmt: skip


def _box(stall: Stall) -> str:
    return f"also:{stall.id}"


def _boxes(chosen: Iterable[Any], others: Sequence[Stall]) -> dict[str, str]:
    """The stalls that may serve a queue too, each a field of its own: of two who tick different
    ones neither's tick is lost."""
    ids = set(map(str, chosen))
    return {_box(stall): "1" if str(stall.id) in ids else "" for stall in others}


def _as_typed(typed: Any, others: Sequence[Stall]) -> dict[str, str]:
    """A service's form as it was sent, its ticks as `_boxes`; empty where none was."""
    return flat(typed) | _boxes(typed.getlist("also_at_stall_ids"), others) if typed else {}


def offering_to_edit(
    session: Session, actor: Actor, offering_id: UUID
) -> tuple[Activity, Offering]:
    offering = access_offering(session, actor, offering_id)
    return access_workbench(session, actor, offering.activity_id), offering


@pages.form("/offerings/<uuid:offering_id>", access=EDIT, body=forms.OfferingForm,
            again=show_offering)  # fmt: skip
def save_offering(
    session: Session, actor: Actor, body: Sent[NewOffering], offering_id: UUID
) -> Response:
    """Change a service; the mode of one that is announced stays."""
    activity, offering = access_offering_for_edit(session, actor, offering_id)
    check_seen(_fingerprint_of_offering(session, offering), body.seen)
    offerings.update_offering(session, actor, activity, offering, body.what)
    return see_other(".show_offering", offering_id=offering_id)


@pages.page("/offerings/<uuid:offering_id>/delete", access=Permission.ACTIVITY_EDIT)
def ask_to_delete_offering(
    session: Session,
    actor: Actor,
    offering_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """Who is affected if the service is deleted."""
    activity, offering = offering_to_edit(session, actor, offering_id)
    affected = changes.affected_by(session, activity.id, offering_id)
    return render(
        "activities/delete_offering.html",
        **frame(
            actor, activity, "stalls", problem=problem, offering=offering, affected=affected,
            typed=typed or {},
            # What nobody ever had a number of is deleted, and its needs stay with the activity.
            needs=needs_on(session, activity.id, numbered(session, [offering_id])),
            seen=changes.fingerprint(changes.fingerprint_of(offering), affected.seen),
        ),
    )  # fmt: skip


@pages.form("/offerings/<uuid:offering_id>/delete", access=EDIT, body=forms.DropForm,
            again=ask_to_delete_offering, said="服务已删除")  # fmt: skip
def delete_offering(
    session: Session, actor: Actor, body: dict[str, str], offering_id: UUID
) -> Response:
    """Take a service away with all that was booked of it, as the sender has been shown it."""
    activity, offering = access_offering_for_edit(session, actor, offering_id)
    affected = changes.affected_by(session, activity.id, offering_id)
    if body.get("seen") != changes.fingerprint(changes.fingerprint_of(offering), affected.seen):
        raise changes.AffectedMeanwhile
    offerings.drop_offering(session, actor, activity, offering, body.get("reason") or "")
    stalls = see_other(".list_stalls", activity_id=activity.id)
    return see_reach(session, activity, affected) or stalls


def flat(typed: Any) -> dict[str, str]:
    return dict(typed.items()) if typed else {}
