"""Who may see and take a report."""

from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.errors import NotFound
from backend.core.permissions import Actor
from backend.reports.models import ReportRun, permission_for


def access_report(session: Session, actor: Actor, run_id: UUID) -> ReportRun:
    """The report, if the caller may see what it is of: whoever asked for it too, as long as they
    may.

    Raises NotFound (404) otherwise.
    """
    run = session.get(ReportRun, run_id)
    if run is None or not actor.may(permission_for(run.kind), region_code=run.region_code):
        raise NotFound
    return run
