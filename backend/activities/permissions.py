"""Who may see an activity and its parts, and what they may do with them."""

from collections.abc import Iterable
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from backend.activities.models import Activity, ActivityState, Offering, Slot, Stall
from backend.core import clock
from backend.core.audit import AuditEntry
from backend.core.config import RETENTION
from backend.core.errors import Forbidden, NotFound
from backend.core.permissions import Actor, Permission, may

Row = TypeVar("Row", Stall, Offering, Slot)

# What everybody may see once it has been announced; a cancelled one too, by its id, so that
# those who had signed up can read why.
ANNOUNCED = frozenset(
    {
        ActivityState.PUBLISHED,
        ActivityState.LIVE,
        ActivityState.CLOSED,
        ActivityState.CANCELLED,
    }
)
# What is missing is looked for among what was deleted: its kind, and how it is said.
_PARTS = {"stall": "摊位", "offering": "服务", "slot": "时段", "duty": "人员安排"}
_DELETIONS = {
    "stall": ("delete_stall",), "offering": ("delete_offering", "drop_offering"),
    "slot": ("delete_slot", "delete_offering", "drop_offering"), "duty": ("unassign",),
}  # fmt: skip


class Deleted(NotFound):
    """A part of an activity that is gone since somebody opened its page: nobody has reached for
    what is another's.

    Args:
        activity_id: where it was.
        kind: stall, offering, slot or duty.
    """

    def __init__(self, activity_id: UUID, kind: str) -> None:
        self.title = f"这个{_PARTS[kind]}已被删除"  # type: ignore[misc]
        super().__init__()
        self.activity_id, self.kind = activity_id, kind


def not_there(session: Session, actor: Actor | None, kind: str, part_id: UUID) -> NotFound:
    """Why a part of an activity is not there: deleted, for those who may know of it, and not so
    long ago that no page or link to it is left. The log is read no further back.

    Args:
        kind: stall, offering, slot or duty.
    """
    if actor is None or not actor.may_anywhere(Permission.ACTIVITY_SEE_DRAFT):
        return NotFound()
    named = AuditEntry.details[f"{kind}_id"].as_string() == str(part_id)
    along = AuditEntry.details["slot_ids"].contains([str(part_id)])
    statement = select(AuditEntry.object_id, AuditEntry.region_code).where(
        AuditEntry.object_type == Activity.__tablename__,
        AuditEntry.action.in_(_DELETIONS[kind]),
        AuditEntry.at > clock.now() - timedelta(days=RETENTION.deleted_days),
        or_(named, along) if kind == "slot" else named,
    )
    for deletion in session.execute(statement):
        if actor.may(Permission.ACTIVITY_SEE_DRAFT, region_code=deletion.region_code):
            return Deleted(deletion.object_id, kind)
    return NotFound()


def access_activity(
    session: Session, actor: Actor | None, activity_id: UUID, permission: Permission | None = None
) -> Activity:
    """The activity, if the caller may see it and has `permission` in its region.

    Raises NotFound (404) when it may not be seen, Forbidden (403) when it may, but not that.
    """
    activity = session.get(Activity, activity_id)
    if activity is None or not _visible(actor, activity):
        raise NotFound
    if permission is not None and not may(actor, permission, region_code=activity.region_code):
        raise Forbidden
    return activity


def access_activity_for_edit(session: Session, actor: Actor, activity_id: UUID) -> Activity:
    """The activity, locked, if the caller may edit it.

    The lock lets sign-ups and check-ins pass; other editors wait.
    """
    access_activity(session, actor, activity_id, Permission.ACTIVITY_EDIT)
    statement = (
        select(Activity)
        .where(Activity.id == activity_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return session.execute(statement).scalar_one()


def access_activities(
    session: Session,
    actor: Actor,
    ids: Iterable[UUID],
    permission: Permission,
    *,
    lock: bool = False,
) -> list[Activity]:
    """Several activities at once, by their ids, if the caller has `permission` for each of them.

    Args:
        lock: whether they are to be changed. They are locked in the order of their ids, so that
            two who have chosen the same ones wait for each other and do not meet crosswise.

    Raises NotFound (404) when one of them may not be seen, Forbidden (403).
    """
    wanted = set(ids)
    statement = select(Activity).where(Activity.id.in_(wanted)).order_by(Activity.id)
    if lock:
        statement = statement.with_for_update(of=Activity).execution_options(populate_existing=True)
    found = list(session.execute(statement).scalars())
    if len(found) < len(wanted) or not all(_visible(actor, activity) for activity in found):
        raise NotFound
    if not all(actor.may(permission, region_code=one.region_code) for one in found):
        raise Forbidden
    return found


def access_offering(session: Session, actor: Actor | None, offering_id: UUID) -> Offering:
    """The offering, if the caller may see its activity."""
    offering = session.get(Offering, offering_id)
    if offering is None or offering.dropped_at is not None:
        raise not_there(session, actor, "offering", offering_id)
    access_activity(session, actor, offering.activity_id)
    return offering


def access_stall_for_edit(session: Session, actor: Actor, stall_id: UUID) -> tuple[Activity, Stall]:
    """The stall with its activity, which is locked; 404 when somebody has just deleted it."""
    stall = session.get(Stall, stall_id)
    if stall is None:
        raise not_there(session, actor, "stall", stall_id)
    activity = access_activity_for_edit(session, actor, stall.activity_id)
    return activity, _afresh(session, actor, Stall, stall_id)


def access_offering_for_edit(
    session: Session, actor: Actor, offering_id: UUID
) -> tuple[Activity, Offering]:
    """The offering with its activity, which is locked; 404 when somebody has just deleted it."""
    offering = session.get(Offering, offering_id)
    if offering is None:
        raise not_there(session, actor, "offering", offering_id)
    activity = access_activity_for_edit(session, actor, offering.activity_id)
    return activity, _afresh(session, actor, Offering, offering_id)


def access_slot_for_edit(session: Session, actor: Actor, slot_id: UUID) -> tuple[Activity, Slot]:
    """The slot with its activity, which is locked; 404 when somebody has just deleted it."""
    slot = session.get(Slot, slot_id)
    if slot is None:
        raise not_there(session, actor, "slot", slot_id)
    activity, _ = access_offering_for_edit(session, actor, slot.offering_id)
    return activity, _afresh(session, actor, Slot, slot_id)


def _afresh(session: Session, actor: Actor, model: type[Row], row_id: UUID) -> Row:
    """A row read again under its activity's lock: what was read before may be out of date."""
    row = session.get(model, row_id, populate_existing=True)
    if row is None or getattr(row, "dropped_at", None) is not None:
        raise not_there(session, actor, model.__tablename__, row_id)
    return row


def _visible(actor: Actor | None, activity: Activity) -> bool:
    return activity.state in ANNOUNCED or may(
        actor, Permission.ACTIVITY_SEE_DRAFT, region_code=activity.region_code
    )
