"""Which files of a schedule wait for whoever has uploaded them (core/todos.py)."""

from datetime import timedelta

from sqlalchemy import select

from backend.activities.models import ScheduleImport
from backend.core import clock
from backend.core.config import TODOS
from backend.core.db import AnySelect
from backend.core.permissions import Actor, Permission
from backend.core.todos import ToDos


def _unfinished(actor: Actor) -> AnySelect:
    """Of which nothing has become an activity yet. Rows that were left out of one that was imported
    may have been meant so."""
    return select(
        ScheduleImport.id,
        ScheduleImport.file_name.label("words"),
        ScheduleImport.created_at.label("at"),
    ).where(
        ScheduleImport.user_id == actor.user_id,
        ScheduleImport.done_at.is_(None),
        ScheduleImport.created_at > clock.now() - timedelta(days=TODOS.file_days),
    )


TODOS_OF_SCHEDULE = (
    ToDos(
        80, "上传了还没有导入的排期", Permission.ACTIVITY_EDIT, "上传", _unfinished,
        ("schedule.show_import", "import_id"),
    ),
)  # fmt: skip
