"""Reports that somebody has asked for: made by the worker, kept for a while, taken from a list."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core import clock
from backend.core.db import Base
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.states import Other, Who, by


class ReportKind(StrEnum):
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    LEDGER = "ledger"
    BRIEF = "brief"
    AUDIT = "audit"


class ReportState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"  # its file is gone: its time was over, or somebody has deleted it


_WORKER = by(Other.SYSTEM, note="its worker")
_WITHDRAWN = by(Other.ASKER)
_OVER = by(Other.ASKER, Other.SYSTEM, note="its time is over")
# docs/states.md is made from this table.
REPORT_TRANSITIONS: dict[ReportState, dict[ReportState, Who]] = {
    ReportState.QUEUED: {
        ReportState.RUNNING: _WORKER,
        ReportState.EXPIRED: _WITHDRAWN,
    },
    ReportState.RUNNING: {
        ReportState.DONE: _WORKER,
        ReportState.FAILED: _WORKER,
        ReportState.QUEUED: by(Other.SYSTEM, note="its worker broke down"),
        ReportState.EXPIRED: _WITHDRAWN,
    },
    ReportState.DONE: {ReportState.EXPIRED: _OVER},
    ReportState.FAILED: {ReportState.EXPIRED: _OVER},
    ReportState.EXPIRED: {},
}
# A person has at most one like this of the same content; a second one is the first.
OPEN_STATES = (ReportState.QUEUED, ReportState.RUNNING)
_OPEN_SQL = text("state IN (" + ", ".join(f"'{state.value}'" for state in OPEN_STATES) + ")")


def permission_for(kind: ReportKind) -> Permission:
    """What one needs in a report's region to ask for it and to take it."""
    return Permission.AUDIT_SEE if kind is ReportKind.AUDIT else Permission.REPORT_MAKE


class ReportRun(Base):
    """One report: what it is of, how far it has come."""

    __tablename__ = "report_run"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[ReportKind]
    # What it is of, as JSON: days, an activity, filters.
    parameters: Mapped[dict[str, Any]]
    # Of kind, region and parameters: two with the same one are the same report.
    content_hash: Mapped[bytes]
    # What the list and the file are called.
    title: Mapped[str]
    # The region that it is of: who may see that, may take it.
    region_code: Mapped[str]
    requested_by: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    requested_at: Mapped[datetime] = mapped_column(default=clock.now)
    reason: Mapped[str]
    state: Mapped[ReportState] = mapped_column(default=ReportState.QUEUED)
    # Which attempt works on it; one that was given up can't write any more.
    attempt: Mapped[int] = mapped_column(default=0)
    # When it was queued, or its worker was last heard of: one that does not get on says so.
    heard_at: Mapped[datetime | None]
    done: Mapped[int] = mapped_column(default=0)
    # None until it is known how much there is to do.
    total: Mapped[int | None]
    # Why it could not be made, and what to do: a sentence that can be shown.
    error: Mapped[str | None]
    size: Mapped[int | None]
    made_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("(state = 'done') <= (made_at IS NOT NULL)", name="made"),
        CheckConstraint("(state = 'failed') <= (error IS NOT NULL)", name="error"),
        CheckConstraint("done >= 0", name="done"),
        Index("ix_report_run_requested_by", "requested_by", "id"),
        Index("ix_report_run_expires_at", "expires_at"),
        Index(
            "uq_report_run_open",
            "requested_by",
            "content_hash",
            unique=True,
            postgresql_where=_OPEN_SQL,
        ),
    )


class ReportFile(Base):
    """A report's file. Web and worker share the database and nothing else, so it is kept there;
    beside its run, so that lists do not read it."""

    __tablename__ = "report_file"

    report_run_id: Mapped[UUID] = mapped_column(ForeignKey("report_run.id"), primary_key=True)
    content: Mapped[bytes]
