"""活动登记: what an organiser writes down of an activity that has begun, for the ledger."""

from sqlalchemy.orm import Session

from backend.activities.checks.edits import record_edit
from backend.activities.days import days_early
from backend.activities.models import Activity, ActivityRecord
from backend.activities.requests import RecordEdit
from backend.core import audit, clock
from backend.core.errors import AppError, EditedMeanwhile
from backend.core.given import given, put
from backend.core.permissions import Actor


class NotBegun(AppError):
    status = 409
    code = "not_begun"
    title = "活动开始后才能登记"


def begun(activity: Activity) -> bool:
    """Whether there is something to write down: the activity has been opened, and its day
    has come."""
    return activity.opened_at is not None and not days_early(activity)


def save_record(
    session: Session, actor: Actor, activity: Activity, edit: RecordEdit
) -> ActivityRecord:
    """Write down, or change what was written, of a locked activity; also after it is closed.

    Raises NotBegun, EditedMeanwhile (409).
    """
    if not begun(activity):
        raise NotBegun
    record = session.get(ActivityRecord, activity.id)
    if (record.version if record else 0) != edit.version:
        raise EditedMeanwhile
    if record is None:
        record = ActivityRecord(activity_id=activity.id, version=0)
        session.add(record)
    values = given(edit, but=("version",))
    changed = sorted(name for name, value in values.items() if getattr(record, name) != value)
    before = {name: getattr(record, name) for name in values}
    put(record, edit, but=("version",))
    record.version = edit.version + 1
    record.updated_at, record.updated_by = clock.now(), actor.user_id
    session.flush()
    details = {"fields": changed} | audit.changes(before, values)
    record_edit(session, actor, activity, "write_record", details)
    return record
