"""Use cases of the inbox: tell people, and let them have read it."""

from collections.abc import Iterable
from datetime import datetime

import orjson
from sqlalchemy import update
from sqlalchemy.orm import Session

from backend.core import clock, jobs
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.notices.messages.owing import owing
from backend.notices.models import Notice
from backend.notices.news import News
from backend.notices.requests import Read
from backend.notices.statements import TELL
from backend.notices.tasks import send


def tell(session: Session, news: Iterable[News]) -> None:
    """Write what people are to know into their inboxes, in the caller's transaction: it is told if
    and only if what it tells of has happened. Costs one statement, however many are told; and one
    more where a message is owed beside it, for the worker to send it now.

    Args:
        news: of one account in the order in which it is to be read.
    """
    now = clock.now()
    # In one order for all, so that two that tell the same people once never wait for one another.
    rows = [_row(one, now) for one in sorted(news, key=lambda one: one.user_id)]
    if rows:
        owed = TELL.rows(session, news=orjson.dumps(rows).decode(), now=now)
        if any(message.due_at <= now for message in owed):
            jobs.defer(session, send)


def _row(news: News, now: datetime) -> dict[str, object]:
    return owing(news, now) | {
        "id": new_id(),
        "user_id": news.user_id,
        "kind": news.kind,
        "title": news.title,
        "text": news.text,
        "page": news.page,
        "activity_id": news.activity_id,
        "cause_id": news.cause_id,
        "resident_ids": news.resident_ids,
        "once": news.once,
    }


def mark_read(session: Session, actor: Actor, read: Read) -> None:
    """The caller has read these of their notices, or all. What is somebody else's, or was read
    before, stays as it is."""
    statement = update(Notice).where(Notice.user_id == actor.user_id, Notice.read_at.is_(None))
    if not read.all:
        statement = statement.where(Notice.id.in_(read.ids))
    session.execute(
        statement.values(read_at=clock.now()).execution_options(synchronize_session=False)
    )
