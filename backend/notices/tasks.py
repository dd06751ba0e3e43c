"""Jobs of the inbox, and of the messages beside it."""

from datetime import timedelta

from sqlalchemy import delete, select

from backend.core import clock, jobs
from backend.core.config import MESSAGES, RETENTION
from backend.core.db import transaction
from backend.core.ids import first_id_of
from backend.core.jobs import job
from backend.notices.messages import sending
from backend.notices.messages.models import WeChatPush
from backend.notices.models import Notice

# In one transaction: a day's notices of a busy district are some ten thousand.
BATCH = 5000


@job("notices.purge", cron="41 * * * *")
def purge() -> None:
    """Delete notices whose time is over, and the marks of WeChat's events that are not repeated
    any more."""
    before = clock.now() - timedelta(days=RETENTION.notice_days)
    deleted = BATCH
    while deleted == BATCH:
        old = select(Notice.id).where(Notice.id < first_id_of(before)).limit(BATCH)
        with transaction() as session:
            deleted = session.execute(delete(Notice).where(Notice.id.in_(old))).rowcount  # type: ignore[attr-defined]
    repeated_since = clock.now() - timedelta(days=MESSAGES.push_days)
    with transaction() as session:
        session.execute(delete(WeChatPush).where(WeChatPush.received_at < repeated_since))


@job("notices.send", cron="* * * * *")
def send() -> None:
    """Send the messages that are due: asked for by who tells, and each minute for those whose time
    comes by the clock."""
    due = sending.tidy()
    if due:
        jobs.side_by_side(sending.send_due, min(due, MESSAGES.at_once))
