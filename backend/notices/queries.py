"""Reads of the inbox."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core.pagination import Page, paginate
from backend.core.permissions import Actor
from backend.identity.login import sessions
from backend.identity.models import Resident
from backend.notices.messages.models import Message, MessageCredit
from backend.notices.models import Notice
from backend.notices.requests import MyNotices
from backend.notices.statements import UNREAD


def my_notices(session: Session, actor: Actor, asked: MyNotices) -> Page:
    """The caller's notices, the newest first."""
    statement = select(Notice).where(Notice.user_id == actor.user_id)
    if asked.unread:
        statement = statement.where(Notice.read_at.is_(None))
    return paginate(
        session,
        statement,
        [(Notice.id.expression, UUID)],
        cursor=asked.cursor,
        limit=asked.limit,
        key_of=lambda notice: (str(notice.id),),
        descending=True,
    )


def unread(session: Session, token: str) -> int | None:
    """How many of their notices the owner of a phone's token has not read; None where the token is
    nobody's. One statement: ten thousand phones ask this twice a minute."""
    row = sessions.asked(session, UNREAD, token)
    return None if row is None else int(row.unread)


def export_notices(session: Session, resident_ids: list[UUID]) -> list[dict[str, Any]]:
    """What the accounts of these people were told, the oldest first, and what became of WeChat's
    message beside it."""
    accounts = select(Resident.user_id).where(Resident.id.in_(resident_ids))
    statement = (
        select(Notice, Message.state)
        .outerjoin(Message, Message.id == Notice.id)
        .where(Notice.user_id.in_(accounts))
        .order_by(Notice.id)
    )
    return [
        {
            "at": notice.created_at,
            "title": notice.title,
            "text": notice.text,
            "read_at": notice.read_at,
            "message": state,
        }
        for notice, state in session.execute(statement)
    ]


def export_credits(session: Session, resident_ids: list[UUID]) -> list[dict[str, Any]]:
    """How many messages the accounts of these people may still be sent, by template."""
    accounts = select(Resident.user_id).where(Resident.id.in_(resident_ids))
    statement = (
        select(MessageCredit)
        .where(MessageCredit.user_id.in_(accounts))
        .order_by(MessageCredit.template)
    )
    return [
        {"template": credit.template, "left": credit.remaining}
        for credit in session.execute(statement).scalars()
    ]
