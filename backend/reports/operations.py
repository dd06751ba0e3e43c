"""Use cases: to ask for a report, to make it step by step, to take it, to delete it.

A report is made by a job that runs at least once. Each attempt has a number, and only the latest
may write: a worker that was given up and comes back later finds its attempt over.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.core import audit, clock, jobs
from backend.core.config import REPORTS
from backend.core.db import RunAgain
from backend.core.errors import AppError, Forbidden
from backend.core.idempotency import fingerprint
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.core.states import lock, transition
from backend.reports.models import (
    OPEN_STATES,
    REPORT_TRANSITIONS,
    ReportFile,
    ReportKind,
    ReportRun,
    ReportState,
)

# The verb of the audit log for a file that was taken.
DOWNLOADED = "download_report"
GIVEN_UP = "试了几次都没有做成。请缩小时间或地区再做一份；还是不行，请联系管理员"


class TooManyReports(AppError):
    status = 409
    code = "too_many_reports"
    title = "您有好几份报表正在制作，请等它们做好再做新的"


class ReportNotReady(AppError):
    status = 409
    code = "report_not_ready"
    title = "这份报表还没有做好，或已经删除，请回到列表查看"


class Superseded(Exception):
    """Another attempt has taken this report over, or it was deleted: there is nothing to do."""


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What somebody asks for.

    Attributes:
        parameters: JSON values, by which the worker makes it.
        title: what the list and the file are called.
        region_code: the region that it is of; the caller's permission there was checked.
    """

    kind: ReportKind
    parameters: dict[str, Any]
    title: str
    region_code: str
    reason: str


def request_report(session: Session, actor: Actor, asked: ReportRequest) -> tuple[ReportRun, bool]:
    """Queue a report; answers it, and whether it is new: one of the same content that waits or is
    being made already is the one.

    The caller defers its job, in the same transaction, where it is new.

    Raises TooManyReports (409), or JobsStandStill where waiting would not help.
    """
    content = fingerprint(asked.kind.value, asked.region_code, asked.parameters)
    mine = [ReportRun.requested_by == actor.user_id, ReportRun.state.in_(OPEN_STATES)]
    known = session.execute(
        select(ReportRun).where(*mine, ReportRun.content_hash == content)
    ).scalar_one_or_none()
    if known is not None:
        return known, False
    count = select(func.count()).select_from(ReportRun).where(*mine)
    if session.execute(count).scalar_one() >= REPORTS.open_per_person:
        if jobs.stand_still(session):
            raise jobs.JobsStandStill("您已有好几份在排队，这一份没有提交")
        raise TooManyReports
    values = {
        "id": new_id(),
        "kind": asked.kind,
        "parameters": asked.parameters,
        "content_hash": content,
        "title": asked.title,
        "region_code": asked.region_code,
        "requested_by": actor.user_id,
        "requested_at": clock.now(),
        "reason": asked.reason,
        "state": ReportState.QUEUED,
        "attempt": 0,
        "done": 0,
        "heard_at": clock.now(),
    }
    added = session.execute(
        insert(ReportRun).values(**values).on_conflict_do_nothing().returning(ReportRun.id)
    ).scalar_one_or_none()
    if added is None:  # a twin was faster: the second run finds its report
        raise RunAgain
    run = session.get_one(ReportRun, added)
    audit.record(
        session,
        actor,
        "request_report",
        ReportRun.__tablename__,
        run.id,
        region_code=run.region_code,
        to_state=run.state,
        details={"kind": run.kind.value, "title": run.title, "reason": run.reason},
    )
    return run, True


# ---------------------------------------------------------------------------- making


def begin(session: Session, run_id: UUID) -> ReportRun | None:
    """Take a report on; None where there is nothing to do any more: it is made, or was deleted.

    One that is being made is taken over: the queue runs a report's job again only after its
    worker has died. Should that one be alive after all, its attempt is over (Superseded). Where
    this would be one attempt too many, it comes back as given up: FAILED.
    """
    run = lock(session, ReportRun, run_id)
    if run.state is ReportState.RUNNING and not _put_back(session, run):
        return run
    if run.state is not ReportState.QUEUED:
        return None
    _move(session, None, run, ReportState.RUNNING, "make_report")
    run.attempt += 1
    run.heard_at, run.done, run.total = clock.now(), 0, None
    session.flush()
    return run


def note_progress(session: Session, run_id: UUID, attempt: int, done: int, total: int) -> None:
    """Say how far an attempt has come; a sign of life too.

    Raises Superseded when it is not this attempt's any more.
    """
    statement = (
        update(ReportRun)
        .where(*_of_attempt(run_id, attempt))
        .values(done=done, total=total, heard_at=clock.now())
        .returning(ReportRun.id)
    )
    if session.execute(statement).scalar_one_or_none() is None:
        raise Superseded


def _of_attempt(run_id: UUID, attempt: int) -> tuple[Any, ...]:
    return (
        ReportRun.id == run_id,
        ReportRun.attempt == attempt,
        ReportRun.state == ReportState.RUNNING,
    )


def finish(session: Session, run_id: UUID, attempt: int, content: bytes) -> None:
    """Keep what an attempt has made.

    Raises Superseded when it is not this attempt's any more.
    """
    run = _own(session, run_id, attempt)
    now = clock.now()
    run.made_at, run.expires_at = now, now + timedelta(days=REPORTS.keep_days)
    run.size, run.done = len(content), run.total or 0
    session.flush()
    session.add(ReportFile(report_run_id=run.id, content=content))
    _move(session, None, run, ReportState.DONE, "finish_report", {"bytes": len(content)})


def fail(session: Session, run_id: UUID, attempt: int, error: str) -> None:
    """Give a report up for a reason that trying again does not change.

    Args:
        error: why, and what to do: a sentence that can be shown.

    Raises Superseded when it is not this attempt's any more.
    """
    _fail(session, _own(session, run_id, attempt), error)


def put_back(session: Session, run_id: UUID, attempt: int) -> bool:
    """After an attempt has broken down: queue the report again, whether it is worth another
    attempt; otherwise give it up.

    Raises Superseded when it is not this attempt's any more.
    """
    return _put_back(session, _own(session, run_id, attempt))


def _own(session: Session, run_id: UUID, attempt: int) -> ReportRun:
    run = lock(session, ReportRun, run_id)
    if run.state is not ReportState.RUNNING or run.attempt != attempt:
        raise Superseded
    return run


def _put_back(session: Session, run: ReportRun) -> bool:
    if run.attempt >= REPORTS.attempts:
        _fail(session, run, GIVEN_UP)
        return False
    _move(session, None, run, ReportState.QUEUED, "put_back_report")
    run.heard_at = clock.now()
    session.flush()
    return True


def _fail(session: Session, run: ReportRun, error: str) -> None:
    run.error, run.expires_at = error, clock.now() + timedelta(days=REPORTS.keep_days)
    session.flush()
    _move(session, None, run, ReportState.FAILED, "fail_report")


# ---------------------------------------------------------------------------- taking, deleting


def take(session: Session, actor: Actor, run: ReportRun) -> bytes:
    """The file of a report, for download; audited with the reason it was asked for.

    Raises ReportNotReady (409) where there is none.
    """
    content = session.execute(
        select(ReportFile.content).where(ReportFile.report_run_id == run.id)
    ).scalar_one_or_none()
    if content is None:
        raise ReportNotReady
    audit.record(
        session,
        actor,
        DOWNLOADED,
        ReportRun.__tablename__,
        run.id,
        region_code=run.region_code,
        details={"kind": run.kind.value, "title": run.title, "reason": run.reason},
    )
    return content


def delete_report(session: Session, actor: Actor, run: ReportRun) -> None:
    """Delete a report's file, or take back one that waits or is being made.

    Raises Forbidden (403) for who has not asked for it, IllegalTransition (409) where it is
    deleted already.
    """
    if run.requested_by != actor.user_id:
        raise Forbidden("只有做这份报表的人可以删除")
    _expire(session, actor, run, "delete_report")


def expire_reports(session: Session) -> int:
    """Delete the files of those whose time is over; how many there were."""
    due = (
        select(ReportRun)
        .where(ReportRun.expires_at <= clock.now(), ReportRun.state != ReportState.EXPIRED)
        .order_by(ReportRun.id)
        .with_for_update(skip_locked=True)
    )
    over = session.execute(due).scalars().all()
    for run in over:
        _expire(session, None, run, "expire_report")
    return len(over)


def _expire(session: Session, actor: Actor | None, run: ReportRun, action: str) -> None:
    _move(session, actor, run, ReportState.EXPIRED, action)
    run.expires_at = clock.now()
    session.flush()
    session.execute(delete(ReportFile).where(ReportFile.report_run_id == run.id))


def _move(
    session: Session,
    actor: Actor | None,
    run: ReportRun,
    to: ReportState,
    action: str,
    details: audit.Details | None = None,
) -> None:
    transition(
        session,
        actor,
        REPORT_TRANSITIONS,
        run,
        to,
        action=action,
        region_code=run.region_code,
        details=details,
    )
