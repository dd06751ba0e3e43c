"""Which files of a schedule wait for whoever has uploaded them (core/todos.py)."""

from datetime import timedelta

from sqlalchemy import case, func, or_, select

from backend.activities.models import ScheduleImport
from backend.core import clock
from backend.core.config import TODOS
from backend.core.db import AnySelect
from backend.core.permissions import Actor, Permission
from backend.core.todos import ToDos


def _unfinished(actor: Actor) -> AnySelect:
    """Of which nothing has become an activity yet, or not all: some rows wait to be put right. What
    somebody has left out was meant so."""
    left = ScheduleImport.rows_left
    return select(
        ScheduleImport.id,
        case(
            (left > 0, func.format("%s：还有 %s 行没有导入", ScheduleImport.file_name, left)),
            else_=ScheduleImport.file_name,
        ).label("words"),
        ScheduleImport.created_at.label("at"),
    ).where(
        ScheduleImport.user_id == actor.user_id,
        or_(ScheduleImport.done_at.is_(None), left > 0),
        ScheduleImport.created_at > clock.now() - timedelta(days=TODOS.file_days),
    )


TODOS_OF_SCHEDULE = (
    ToDos(
        80, "上传了还没有导入的排期", Permission.ACTIVITY_EDIT, "上传", _unfinished,
        ("schedule.show_import", "import_id"),
    ),
)  # fmt: skip
