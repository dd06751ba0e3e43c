"""Which reports wait for whoever has asked for them (core/todos.py)."""

from datetime import timedelta

from sqlalchemy import exists, select

from backend.core import clock
from backend.core.audit import AuditEntry
from backend.core.config import TODOS
from backend.core.db import AnySelect
from backend.core.permissions import Actor, Permission
from backend.core.todos import ToDos
from backend.reports.models import ReportRun, ReportState
from backend.reports.operations import DOWNLOADED
from backend.reports.runs import may_take


def _ready(actor: Actor) -> AnySelect:
    """Those that nobody has taken yet, as the log has it: each download is in it."""
    taken = exists().where(
        AuditEntry.object_type == ReportRun.__tablename__,
        AuditEntry.object_id == ReportRun.id,
        AuditEntry.action == DOWNLOADED,
    )
    return select(
        ReportRun.id, ReportRun.title.label("words"), ReportRun.made_at.label("at")
    ).where(
        ReportRun.requested_by == actor.user_id,
        ReportRun.state == ReportState.DONE,
        ReportRun.made_at > clock.now() - timedelta(days=TODOS.file_days),
        may_take(actor),
        ~taken,
    )


TODOS_OF_REPORTS = (
    ToDos(
        90, "做好了还没有下载的报表", Permission.REPORT_MAKE, "做好", _ready,
        ("report_pages.list_reports", "_anchor"),
    ),
)  # fmt: skip
