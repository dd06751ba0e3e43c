"""Appointment times on the workbench: made by a pattern or singly, changed, deleted."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from backend.activities.checks import changes
from backend.activities.models import Activity, Offering, Slot
from backend.activities.permissions import (
    access_offering_for_edit,
    access_slot_for_edit,
    not_there,
)
from backend.activities.requests import NewSlot, SlotPattern
from backend.activities.stalls import slots as slot_times
from backend.activities.web import forms
from backend.activities.web.forms import Sent
from backend.activities.web.offerings import flat, offering_to_edit
from backend.activities.web.stalls import EDIT, check_seen, pages
from backend.activities.web.workbench import frame
from backend.core.errors import AppError, ValidationFailed
from backend.core.given import given
from backend.core.permissions import Actor, Permission
from backend.core.web import merging
from backend.core.web.replies import next_step, render, see_other

_SLOT = {"starts_at": "开始", "ends_at": "结束", "capacity": "名额"}


@pages.page("/offerings/<uuid:offering_id>/slots/new", access=Permission.ACTIVITY_EDIT)
def new_slots(
    session: Session,
    actor: Actor,
    offering_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """The forms of new slots: many by a pattern, or one."""
    activity, offering = offering_to_edit(session, actor, offering_id)
    usual = {"from": activity.starts_at, "to": activity.ends_at, "minutes": 30, "places": 5}
    return render(
        "activities/slots_new.html",
        **frame(
            actor, activity, "stalls", typed=usual | flat(typed), problem=problem,
            offering=offering,
        ),
    )  # fmt: skip


@pages.form("/offerings/<uuid:offering_id>/slots/pattern", access=EDIT,
            body=forms.PatternForm, again=new_slots, said="已生成时段")  # fmt: skip
def generate_slots(
    session: Session, actor: Actor, body: SlotPattern, offering_id: UUID
) -> Response:
    """Add slots one after the other."""
    beside = {"starts_at": "from", "ends_at": "to"}
    return _add_slots(session, actor, offering_id, slot_times.generate_slots(body), beside)


@pages.form("/offerings/<uuid:offering_id>/slots", access=EDIT, body=forms.SlotForm,
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
        raise not_there(session, actor, "slot", slot_id)
    activity, offering = offering_to_edit(session, actor, slot.offering_id)
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


@pages.form("/slots/<uuid:slot_id>", access=EDIT, body=forms.SlotForm, again=show_slot)
def save_slot(session: Session, actor: Actor, body: Sent[NewSlot], slot_id: UUID) -> Response:
    """Change a slot; where people have booked it, only after it was shown how many."""
    activity, slot = access_slot_for_edit(session, actor, slot_id)
    check_seen(changes.fingerprint_of(slot), body.seen)
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
    check_seen(changes.fingerprint_of(slot), body.seen)
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


@pages.form("/slots/<uuid:slot_id>/delete", access=EDIT, body=forms.ConfirmForm,
            again=ask_to_delete_slot, said="时段已删除")  # fmt: skip
def delete_slot(session: Session, actor: Actor, body: dict[str, str], slot_id: UUID) -> Response:
    """Delete a slot that nobody has booked, as the sender has been shown it."""
    activity, slot = access_slot_for_edit(session, actor, slot_id)
    if body.get("seen") != changes.fingerprint(changes.fingerprint_of(slot), slot.taken):
        raise changes.AffectedMeanwhile
    offering_id = slot.offering_id
    slot_times.delete_slot(session, actor, activity, slot_id)
    return see_other(".show_offering", offering_id=offering_id)
