"""Jobs of the inbox."""

from datetime import timedelta

from sqlalchemy import delete, select

from backend.core import clock
from backend.core.config import RETENTION
from backend.core.db import transaction
from backend.core.jobs import job
from backend.notices.models import Notice

# In one transaction: a day's notices of a busy district are some ten thousand.
BATCH = 5000


@job("notices.purge", cron="41 * * * *")
def purge() -> None:
    """Delete notices whose time is over."""
    before = clock.now() - timedelta(days=RETENTION.notice_days)
    deleted = BATCH
    while deleted == BATCH:
        old = select(Notice.id).where(Notice.created_at < before).limit(BATCH)
        with transaction() as session:
            deleted = session.execute(delete(Notice).where(Notice.id.in_(old))).rowcount  # type: ignore[attr-defined]
