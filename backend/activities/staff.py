"""Who does what at an activity: colleagues with a role in its region."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.activities.checks.edits import check_editable, record_edit
from backend.activities.checks.overlaps import colleagues_elsewhere
from backend.activities.models import Activity, Duty, Stall
from backend.activities.permissions import not_there
from backend.activities.requests import Assignment
from backend.core.errors import AppError, ValidationFailed, on_constraint
from backend.core.ids import new_id
from backend.core.permissions import Actor, Permission
from backend.identity.models import Resident
from backend.identity.names import own_name
from backend.identity.queries import Colleague, colleagues

# Whoever may check people in is on the staff of a market: volunteers, organisers, admins.
_ON_THE_SPOT = Permission.CHECKIN_SCAN


class AlreadyAssigned(AppError):
    status = 409
    code = "already_assigned"
    field = "user_id"
    title = "这位同事已有安排，请先移除再重新安排"


class AlsoElsewhere(AppError):
    status = 409
    code = "also_elsewhere"
    title = "这位同事同一时间在别处也有安排"


on_constraint("uq_duty_activity_id_user_id", AlreadyAssigned)


@dataclass(frozen=True, slots=True)
class Assigned:
    """A duty as it is shown.

    Attributes:
        elsewhere: other activities where the colleague has a duty at the same time, each in words.
    """

    id: UUID
    user_id: UUID
    name: str
    words: str
    stall: str | None
    elsewhere: list[str]


def people_to_choose(session: Session, activity: Activity) -> list[Colleague]:
    """Who may be assigned: those with a role on the spot, in the activity's region or above."""
    return colleagues(session, activity.region_code, _ON_THE_SPOT)


def assigned(session: Session, actor: Actor, activity: Activity) -> list[Assigned]:
    """Who has been assigned, in the order of assigning."""
    statement = (
        select(Duty, Resident.name, Stall.number, Stall.name.label("stall_name"))
        .outerjoin(Resident, Resident.user_id == Duty.user_id)
        .outerjoin(Stall, Stall.id == Duty.stall_id)
        .where(Duty.activity_id == activity.id)
        .order_by(Duty.id)
    )
    rows = session.execute(statement).all()
    elsewhere = colleagues_elsewhere(session, actor, activity, {row.Duty.user_id for row in rows})
    return [
        Assigned(
            duty.id, duty.user_id, own_name(name), duty.words,
            f"{number} 号 {stall_name}" if number else None,
            elsewhere.get(duty.user_id, []),
        )
        for duty, name, number, stall_name in rows
    ]  # fmt: skip


def name_of(session: Session, user_id: UUID | None) -> str:
    """A colleague's name."""
    name = session.execute(select(Resident.name).where(Resident.user_id == user_id)).scalar()
    return own_name(name)


def count_assigned(session: Session, activity_id: UUID) -> int:
    """How many have been assigned."""
    statement = select(func.count()).where(Duty.activity_id == activity_id)
    return session.execute(statement).scalar_one()


def assign(session: Session, actor: Actor, activity: Activity, wanted: Assignment) -> Duty:
    """Give a colleague a duty at a locked activity.

    Raises NotEditable, AlreadyAssigned (409), AlsoElsewhere (409) until that is confirmed,
    ValidationFailed (422) for somebody without a role there or another activity's stall.
    """
    check_editable(activity)
    if wanted.user_id not in {one.user_id for one in people_to_choose(session, activity)}:
        raise ValidationFailed(errors={"user_id": ["这位同事在该地区没有角色，请另选"]})
    if wanted.stall_id is not None:
        stall = session.get(Stall, wanted.stall_id)
        if stall is None or stall.activity_id != activity.id:
            raise ValidationFailed(errors={"stall_id": ["应为本活动的摊位"]})
    if wanted.confirmed != wanted.user_id:
        elsewhere = colleagues_elsewhere(session, actor, activity, [wanted.user_id])
        for words in elsewhere.values():
            raise AlsoElsewhere(f"{'、'.join(words)}。两处都要去吗？")
    duty = Duty(
        id=new_id(),
        activity_id=activity.id,
        user_id=wanted.user_id,
        stall_id=wanted.stall_id,
        words=wanted.words,
        assigned_by=actor.user_id,
    )
    session.add(duty)
    session.flush()
    record_edit(session, actor, activity, "assign", _details(duty))
    return duty


def unassign(session: Session, actor: Actor, activity: Activity, duty_id: UUID) -> None:
    """Take a duty away.

    Raises NotEditable (409), NotFound (404) for another activity's, or one that is gone.
    """
    check_editable(activity)
    duty = session.get(Duty, duty_id)
    if duty is None or duty.activity_id != activity.id:
        raise not_there(session, actor, "duty", duty_id)
    session.delete(duty)
    session.flush()
    record_edit(session, actor, activity, "unassign", _details(duty))


def _details(duty: Duty) -> dict[str, Any]:
    return {"duty_id": str(duty.id), "user_id": str(duty.user_id)}
