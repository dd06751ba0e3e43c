"""Use cases of organisers: an import taken back, as long as nobody has touched what it made.

What it made is cancelled and leaves the lists. It is not deleted: to delete a stall or an activity
the database looks through all visits and numbers there are, for each of two hundred markets anew.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from backend.activities.lifecycle.moves import move_activity
from backend.activities.models import Activity, ActivityState, ImportedRow, ScheduleImport
from backend.activities.permissions import access_activities
from backend.activities.questions import planned_for
from backend.activities.words import ACTIVITY_STATES, few_of, quoted
from backend.core import audit, clock
from backend.core.audit import AuditEntry
from backend.core.errors import AppError
from backend.core.permissions import Actor, Permission


class ImportTouched(AppError):
    """Of what an import has made, somebody has changed or used some."""

    status = 409
    code = "import_touched"
    title = "导入以后已经有人动过，不能撤销"

    def __init__(self, touched: Sequence[str]) -> None:
        super().__init__(few_of(touched))


def touched_of(session: Session, ids: Collection[UUID]) -> str:
    """What keeps an import from being undone, as the refusal would name it; nothing where it can
    be.

    Args:
        ids: of all that it has made.
    """
    if not ids:
        return ""
    made = session.execute(select(Activity).where(Activity.id.in_(ids))).scalars().all()
    return few_of(_touched(session, made))


def undo(session: Session, actor: Actor, kept: ScheduleImport) -> int:
    """Take back all that a locked import has made, and say how much that was: all of it or nothing.
    Its file stays, and can be imported again. Undone once more it makes no difference.

    Raises ImportTouched (409), naming what somebody has changed or used; Forbidden (403).
    """
    rows = select(ImportedRow.activity_id).where(ImportedRow.import_id == kept.id)
    ids = session.execute(rows).scalars()
    made = access_activities(session, actor, ids, Permission.ACTIVITY_EDIT, lock=True)
    touched = _touched(session, made)
    if touched:
        raise ImportTouched(touched)
    for activity in made:
        activity.withdrawn_at = clock.now()
        move_activity(session, actor, activity, ActivityState.CANCELLED, action="withdraw")
    session.execute(delete(ImportedRow).where(ImportedRow.import_id == kept.id))
    kept.done_at = kept.made = kept.rows_left = None
    session.flush()
    if made:
        audit.record(
            session, actor, "undo_import", ScheduleImport.__tablename__, kept.id,
            details={"count": len(made)},
        )  # fmt: skip
    return len(made)


def _touched(session: Session, made: Sequence[Activity]) -> list[str]:
    """Those that are no longer as the import has made them, each with what has become of it. That
    nobody has done anything to an activity or to what it offers, the audit log knows."""
    ids = {activity.id for activity in made}
    changed = set(
        session.execute(
            select(AuditEntry.object_id).where(
                AuditEntry.object_type == Activity.__tablename__,
                AuditEntry.object_id.in_(ids),
                AuditEntry.action != "create",
            )
        ).scalars()
    )
    used = _used(session, ids)
    touched = []
    for activity in sorted(made, key=lambda one: (one.starts_at, one.id)):
        words = None
        if activity.state is not ActivityState.DRAFT:
            words = ACTIVITY_STATES[activity.state]
        elif activity.id in changed:
            words = "改过"
        elif activity.id in used:
            words = "排了需求"
        if words:
            day = clock.local_day(activity.starts_at)
            touched.append(f"{quoted(activity.title)}（{day.month}月{day.day}日）{words}")
    return touched


def _used(session: Session, ids: Collection[UUID]) -> set[UUID]:
    return set().union(*planned_for(session, ids).values())
