"""The workbench's stalls: where they stand, what they offer, and when."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from backend.activities import operations, queries
from backend.activities.checks import changes
from backend.activities.checks.overlaps import organisations_elsewhere
from backend.activities.models import Activity, Desk, Offering, OfferingMode, Slot, Stall
from backend.activities.permissions import (
    access_activity_for_edit,
    access_offering,
    access_offering_for_edit,
    access_slot_for_edit,
    access_stall_for_edit,
)
from backend.activities.requests import NewOffering, NewSlot, NewStall, SlotPattern
from backend.activities.stalls import offerings, plan
from backend.activities.stalls import operations as stalls
from backend.activities.stalls import slots as slot_times
from backend.activities.web import forms
from backend.activities.web.forms import Sent
from backend.activities.web.workbench import access_workbench, frame, stalls_of
from backend.core import clock
from backend.core.config import titles
from backend.core.errors import AppError, EditedMeanwhile, NotFound, ValidationFailed
from backend.core.given import given
from backend.core.permissions import Actor, Permission
from backend.core.web import merging
from backend.core.web.pages import Pages, next_step, render, see_other, tell
from backend.partners.queries import organisations_to_choose

pages = Pages("stalls", __name__, url_prefix="/console/markets", template_folder="templates")
_EDIT = Permission.ACTIVITY_EDIT
# What the fields of the forms are called, where somebody else has changed them meanwhile.
_STALL = {
    "number": "摊位号", "name": "摊位名称", "organisation_id": "服务单位", "row": "第几排",
    "column": "第几位", "note": "位置补充",
}  # fmt: skip
_OFFERING = {
    "title": "服务名称", "service_kind": "服务类别", "mode": "服务方式",
    "minutes_per_person": "每人约几分钟", "capacity": "每天最多服务人数",
    "walk_in_percent": "留给现场的比例", "daily_cap_per_person": "每人每天可办几次",
    "min_age": "最小年龄", "sign_up_opens_at": "开始报名", "sign_up_closes_at": "截止报名",
}  # fmt: skip
_SLOT = {"starts_at": "开始", "ends_at": "结束", "capacity": "名额"}


def _check_seen(now: str, seen: str | None) -> None:
    """Raises EditedMeanwhile (409) when a row is not as the sender has seen it.

    Args:
        now: the row's fingerprint.
    """
    if seen != now:
        raise EditedMeanwhile


def _fingerprint_of_offering(session: Session, offering: Offering) -> str:
    """Of a service with the stalls that serve its queue: its form changes both."""
    desks = operations.rows_of(session, Desk, Desk.offering_id == offering.id)
    return changes.fingerprint(
        changes.fingerprint_of(offering), [str(desk.stall_id) for desk in desks]
    )


# ---------------------------------------------------------------------------- stalls


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
        stalls={stall.id: stall for stall in rows},
        elsewhere=organisations_elsewhere(session, actor, activity),
        most=plan.MOST,
        **context,
    )


@pages.form("/<uuid:activity_id>/stalls", access=_EDIT, body=forms.StallForm,
            again=list_stalls, said="已增加摊位")  # fmt: skip
def add_stall(session: Session, actor: Actor, body: Sent[NewStall], activity_id: UUID) -> Response:
    """Add a stall."""
    activity = access_activity_for_edit(session, actor, activity_id)
    stalls.add_stall(session, actor, activity, body.what)
    return see_other(".list_stalls", activity_id=activity_id)


@pages.form(
    "/<uuid:activity_id>/stalls/arrange", access=_EDIT, again=list_stalls, said="已排好位置"
)
def arrange(session: Session, actor: Actor, activity_id: UUID) -> Response:
    """Put the stalls without a spot on the plan."""
    activity = access_activity_for_edit(session, actor, activity_id)
    stalls.arrange_stalls(session, actor, activity)
    return see_other(".list_stalls", activity_id=activity_id)


def _access_stall(session: Session, actor: Actor, stall_id: UUID) -> tuple[Activity, Stall]:
    stall = session.get(Stall, stall_id)
    if stall is None:
        raise NotFound
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
    activity, stall = _access_stall(session, actor, stall_id)
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


@pages.form("/stalls/<uuid:stall_id>", access=_EDIT, body=forms.StallForm, again=show_stall)
def save_stall(session: Session, actor: Actor, body: Sent[NewStall], stall_id: UUID) -> Response:
    """Change a stall."""
    activity, stall = access_stall_for_edit(session, actor, stall_id)
    _check_seen(changes.fingerprint_of(stall), body.seen)
    stalls.update_stall(session, actor, activity, stall, body.what)
    return see_other(".list_stalls", activity_id=activity.id)


@pages.form("/stalls/<uuid:stall_id>/place", access=_EDIT, body=forms.PlaceForm,
            again=show_stall, said="已放好")  # fmt: skip
def place(session: Session, actor: Actor, body: dict[str, Any], stall_id: UUID) -> Response:
    """Put a stall on the plan, or take it off."""
    activity, stall = access_stall_for_edit(session, actor, stall_id)
    row, column = body.get("row"), body.get("column")
    spot = plan.Spot(row, column) if row is not None and column is not None else None
    stalls.place_stall(session, actor, activity, stall, spot)
    return see_other(".list_stalls", activity_id=activity.id)


@pages.form("/stalls/<uuid:stall_id>/delete", access=_EDIT, again=show_stall, said="摊位已删除")
def delete_stall(session: Session, actor: Actor, stall_id: UUID) -> Response:
    """Delete a stall that nobody has signed up at."""
    activity, stall = access_stall_for_edit(session, actor, stall_id)
    stalls.delete_stall(session, actor, activity, stall)
    return see_other(".list_stalls", activity_id=activity.id)


# ---------------------------------------------------------------------------- offerings


@pages.page("/stalls/<uuid:stall_id>/offerings/new", access=Permission.ACTIVITY_EDIT)
def new_offering(
    session: Session,
    actor: Actor,
    stall_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """The form of a new service."""
    activity, stall = _access_stall(session, actor, stall_id)
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


@pages.form("/stalls/<uuid:stall_id>/offerings", access=_EDIT, body=forms.OfferingForm,
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
    activity, offering = _access_offering(session, actor, offering_id)
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
    return _flat(typed) | _boxes(typed.getlist("also_at_stall_ids"), others) if typed else {}


def _access_offering(
    session: Session, actor: Actor, offering_id: UUID
) -> tuple[Activity, Offering]:
    offering = access_offering(session, actor, offering_id)
    return access_workbench(session, actor, offering.activity_id), offering


@pages.form("/offerings/<uuid:offering_id>", access=_EDIT, body=forms.OfferingForm,
            again=show_offering)  # fmt: skip
def save_offering(
    session: Session, actor: Actor, body: Sent[NewOffering], offering_id: UUID
) -> Response:
    """Change a service; the mode of one that is announced stays."""
    activity, offering = access_offering_for_edit(session, actor, offering_id)
    _check_seen(_fingerprint_of_offering(session, offering), body.seen)
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
    activity, offering = _access_offering(session, actor, offering_id)
    affected = changes.affected_by(session, activity.id, offering_id)
    return render(
        "activities/delete_offering.html",
        **frame(
            actor, activity, "stalls", problem=problem, offering=offering, affected=affected,
            seen=changes.fingerprint(changes.fingerprint_of(offering), affected.seen),
        ),
    )  # fmt: skip


@pages.form("/offerings/<uuid:offering_id>/delete", access=_EDIT, body=forms.ConfirmForm,
            again=ask_to_delete_offering, said="服务已删除")  # fmt: skip
def delete_offering(
    session: Session, actor: Actor, body: dict[str, str], offering_id: UUID
) -> Response:
    """Delete a service that nobody has signed up for, as the sender has been shown it."""
    activity, offering = access_offering_for_edit(session, actor, offering_id)
    affected = changes.affected_by(session, activity.id, offering_id)
    if body.get("seen") != changes.fingerprint(changes.fingerprint_of(offering), affected.seen):
        raise changes.AffectedMeanwhile
    offerings.delete_offering(session, actor, activity, offering)
    return see_other(".list_stalls", activity_id=activity.id)


# ---------------------------------------------------------------------------- slots


@pages.page("/offerings/<uuid:offering_id>/slots/new", access=Permission.ACTIVITY_EDIT)
def new_slots(
    session: Session,
    actor: Actor,
    offering_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """The forms of new slots: many by a pattern, or one."""
    activity, offering = _access_offering(session, actor, offering_id)
    usual = {"from": activity.starts_at, "to": activity.ends_at, "minutes": 30, "places": 5}
    return render(
        "activities/slots_new.html",
        **frame(
            actor, activity, "stalls", typed=usual | _flat(typed), problem=problem,
            offering=offering,
        ),
    )  # fmt: skip


def _flat(typed: Any) -> dict[str, str]:
    return dict(typed.items()) if typed else {}


@pages.form("/offerings/<uuid:offering_id>/slots/pattern", access=_EDIT,
            body=forms.PatternForm, again=new_slots, said="已生成时段")  # fmt: skip
def generate_slots(
    session: Session, actor: Actor, body: SlotPattern, offering_id: UUID
) -> Response:
    """Add slots one after the other."""
    beside = {"starts_at": "from", "ends_at": "to"}
    return _add_slots(session, actor, offering_id, slot_times.generate_slots(body), beside)


@pages.form("/offerings/<uuid:offering_id>/slots", access=_EDIT, body=forms.SlotForm,
            again=new_slots, said="已增加时段")  # fmt: skip
def add_slot(session: Session, actor: Actor, body: Sent[NewSlot], offering_id: UUID) -> Response:
    """Add one slot."""
    beside = {"starts_at": "starts_at", "ends_at": "ends_at"}
    return _add_slots(session, actor, offering_id, [body.what], beside)


def _add_slots(
    session: Session,
    actor: Actor,
    offering_id: UUID,
    made: Sequence[NewSlot],
    beside: dict[str, str],
) -> Response:
    """Add slots; a refusal of one is told beside the form's field that it comes from."""
    activity, offering = access_offering_for_edit(session, actor, offering_id)
    try:
        slot_times.add_slots(session, actor, activity, offering, made)
    except ValidationFailed as refusal:
        refused = (refusal.errors or {}).get("slots")
        if refused is None:
            raise
        errors = {beside[name]: words for one in refused.values() for name, words in one.items()}
        raise ValidationFailed(errors=errors) from None
    return see_other(".show_offering", offering_id=offering_id)


def _access_slot(session: Session, actor: Actor, slot_id: UUID) -> tuple[Activity, Offering, Slot]:
    slot = session.get(Slot, slot_id)
    if slot is None:
        raise NotFound
    activity, offering = _access_offering(session, actor, slot.offering_id)
    return activity, offering, slot


@pages.page("/slots/<uuid:slot_id>", access=Permission.ACTIVITY_EDIT)
def show_slot(
    session: Session,
    actor: Actor,
    slot_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """A slot, to change it."""
    activity, offering, slot = _access_slot(session, actor, slot_id)
    now = {name: getattr(slot, name) for name in _SLOT}
    return render(
        "activities/slot.html",
        **frame(
            actor, activity, "stalls", problem=problem, offering=offering, slot=slot, labels=_SLOT,
            **merging.opened(now, "seen", changes.fingerprint_of(slot), typed, problem),
        ),
    )  # fmt: skip


@pages.form("/slots/<uuid:slot_id>", access=_EDIT, body=forms.SlotForm, again=show_slot)
def save_slot(session: Session, actor: Actor, body: Sent[NewSlot], slot_id: UUID) -> Response:
    """Change a slot; where people have booked it, only after it was shown how many."""
    activity, slot = access_slot_for_edit(session, actor, slot_id)
    _check_seen(changes.fingerprint_of(slot), body.seen)
    values, confirmed = given(body.what), body.confirmed
    found = changes.changes_of({name: getattr(slot, name) for name in values}, values)
    if changes.announced(activity) and _worse(found):
        affected = changes.affected_by(session, activity.id, slot.offering_id, slot_id)
        if affected.seen != confirmed:
            slot_times.check_slot(session, activity, slot, body.what)
            return next_step(session, actor, ".confirm_slot", slot_id=slot_id)
    if found:
        slot_times.update_slot(session, actor, activity, slot_id, body.what)
    return see_other(".show_offering", offering_id=slot.offering_id)


@pages.page("/slots/<uuid:slot_id>/confirm", access=Permission.ACTIVITY_EDIT,
            asked=forms.SlotForm, again=show_slot)  # fmt: skip
def confirm_slot(session: Session, actor: Actor, body: Sent[NewSlot], slot_id: UUID) -> str:
    """Who is affected when a slot of an announced activity changes."""
    activity, offering, slot = _access_slot(session, actor, slot_id)
    _check_seen(changes.fingerprint_of(slot), body.seen)
    values = given(body.what)
    affected = changes.affected_by(session, activity.id, offering.id, slot_id)
    return render(
        "activities/confirm_slot.html",
        **frame(
            actor, activity, "stalls", affected=affected, slot=slot,
            changes=changes.changes_of({name: getattr(slot, name) for name in values}, values),
            again=body.confirmed is not None and body.confirmed != affected.seen,
            values=values | {
                "seen": body.seen, merging.BASE: merging.as_base(body.base),
                "confirmed": affected.seen,
            },
        ),
    )  # fmt: skip


def _worse(found: list[changes.Change]) -> bool:
    """Whether somebody who has planned by a slot could mind: another time, or fewer places."""
    return any(one.name != "capacity" or one.new < one.old for one in found)


@pages.page("/slots/<uuid:slot_id>/delete", access=Permission.ACTIVITY_EDIT)
def ask_to_delete_slot(
    session: Session,
    actor: Actor,
    slot_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """Who is affected if the slot is deleted."""
    activity, offering, slot = _access_slot(session, actor, slot_id)
    affected = changes.affected_by(session, activity.id, offering.id, slot_id)
    return render(
        "activities/delete_slot.html",
        **frame(
            actor, activity, "stalls", problem=problem, offering=offering, slot=slot,
            affected=affected, seen=changes.fingerprint(changes.fingerprint_of(slot), slot.taken),
        ),
    )  # fmt: skip


@pages.form("/slots/<uuid:slot_id>/delete", access=_EDIT, body=forms.ConfirmForm,
            again=ask_to_delete_slot, said="时段已删除")  # fmt: skip
def delete_slot(session: Session, actor: Actor, body: dict[str, str], slot_id: UUID) -> Response:
    """Delete a slot that nobody has booked, as the sender has been shown it."""
    activity, slot = access_slot_for_edit(session, actor, slot_id)
    if body.get("seen") != changes.fingerprint(changes.fingerprint_of(slot), slot.taken):
        raise changes.AffectedMeanwhile
    offering_id = slot.offering_id
    slot_times.delete_slot(session, actor, activity, slot_id)
    return see_other(".show_offering", offering_id=offering_id)
