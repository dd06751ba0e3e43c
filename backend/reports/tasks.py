"""Jobs: making a report, and deleting those whose time is over."""

from contextlib import suppress
from functools import partial
from uuid import UUID

from backend.core import clock
from backend.core.config import REPORTS
from backend.core.db import transaction
from backend.core.errors import AppError
from backend.core.jobs import GivenUp, job
from backend.reports import operations
from backend.reports.making import NoteProgress, Order, maker_of
from backend.reports.models import ReportRun, ReportState
from backend.reports.operations import Superseded


# The report counts its own attempts; one more run finds that the last worker died as well.
@job("reports.make", retry=REPORTS.attempts)
def make_report(run_id: str) -> None:
    """Make a report. A second run of the same job finds it made, and does nothing; one whose
    report was deleted or given to another attempt meanwhile drops what it has made."""
    with transaction() as session:
        run = operations.begin(session, UUID(run_id))
    if run is None:
        return
    if run.state is ReportState.FAILED:
        raise GivenUp("each worker that made it died")
    with suppress(Superseded):
        _attempt(run)


def _attempt(run: ReportRun) -> None:
    """Make it, or say why not.

    Raises Superseded, GivenUp, and what another attempt may not meet again.
    """
    try:
        _make(run)
    except Superseded:
        raise
    except AppError as refusal:
        with transaction() as session:
            operations.fail(session, run.id, run.attempt, refusal.detail or refusal.title)
    except Exception as error:
        # A fault of ours, or the database is away: another attempt, by another worker perhaps.
        with transaction() as session:
            again = operations.put_back(session, run.id, run.attempt)
        if again:
            raise
        raise GivenUp from error


def _make(run: ReportRun) -> None:
    content = _build(run, partial(_note, run))
    with transaction() as session:
        operations.finish(session, run.id, run.attempt, content)


def _build(run: ReportRun, note: NoteProgress) -> bytes:
    order = Order(
        run.parameters,
        run.title,
        run.region_code,
        run.requested_by,
        run.requested_at,
        clock.now(),
    )
    return maker_of(run.kind)(order, note)


def _note(run: ReportRun, done: int, total: int) -> None:
    with transaction() as session:
        operations.note_progress(session, run.id, run.attempt, done, total)


@job("reports.tend", cron="*/5 * * * *")
def tend_reports() -> None:
    """Delete what is over."""
    with transaction() as session:
        operations.expire_reports(session)
