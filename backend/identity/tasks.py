"""Housekeeping by the clock; a second run finds nothing left to do."""

import logging
from datetime import timedelta

from sqlalchemy import delete

from backend.core import audit, clock, idempotency, limits
from backend.core.config import RETENTION
from backend.core.db import transaction
from backend.core.jobs import job
from backend.identity.login import console, sessions
from backend.identity.models import ConsoleLogin, ConsoleSession, LoginSession
from backend.identity.people import erasure

log = logging.getLogger(__name__)


_AT_ONCE = 500


@job("identity.erase_guests", cron="41 * * * *")
def erase_guests() -> None:
    """Erase guests whose time is over, some at a time; and reasons in the audit log."""
    erased = _AT_ONCE
    while erased == _AT_ONCE:
        with transaction() as session:
            erased = erasure.erase_old_guests(session, _AT_ONCE)
    with transaction() as session:
        audit.purge_reasons(session, clock.now() - timedelta(days=RETENTION.reason_days))


@job("identity.purge", cron="17 * * * *")
def purge() -> None:
    """Delete answers kept for repeats, sessions that have been idle too long to be used, and counts
    of limits whose time is over."""
    with transaction() as session:
        now = clock.now()
        answers = idempotency.purge(session)
        dead = session.execute(
            delete(LoginSession).where(
                (LoginSession.last_used_at < now - sessions.IDLE)
                | (LoginSession.created_at < now - sessions.LIFE)
            )
        )
        session.execute(
            delete(ConsoleSession).where(
                (ConsoleSession.last_used_at < now - console.IDLE)
                | (ConsoleSession.created_at < now - console.LIFE)
            )
        )
        session.execute(delete(ConsoleLogin).where(ConsoleLogin.expires_at < now))
        limits.sweep(session)
        log.info(
            "purged",
            extra={"answers": answers, "sessions": dead.rowcount},  # type: ignore[attr-defined]
        )
