"""Asking for a report, with the job that makes it."""

from sqlalchemy.orm import Session

from backend.core.jobs import defer
from backend.core.permissions import Actor
from backend.reports.models import ReportRun
from backend.reports.operations import ReportRequest, request_report
from backend.reports.tasks import make_report


def queue(session: Session, actor: Actor, asked: ReportRequest) -> ReportRun:
    """Ask for a report; one of the same content that is being made already is the one.

    Raises TooManyReports, JobsStandStill (409).
    """
    run, is_new = request_report(session, actor, asked)
    if is_new:
        defer(session, make_report, run_id=str(run.id))
    return run
