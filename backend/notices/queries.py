"""Reads of the inbox."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.core.pagination import Page, paginate
from backend.core.permissions import Actor
from backend.identity.models import Resident
from backend.notices.models import Notice
from backend.notices.requests import MyNotices


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


def unread(session: Session, actor: Actor) -> int:
    """How many of the caller's notices they have not read."""
    statement = select(func.count()).where(
        Notice.user_id == actor.user_id, Notice.read_at.is_(None)
    )
    return session.execute(statement).scalar_one()


def export_notices(session: Session, resident_ids: list[UUID]) -> list[dict[str, Any]]:
    """What the accounts of these people were told, the oldest first."""
    accounts = select(Resident.user_id).where(Resident.id.in_(resident_ids))
    statement = select(Notice).where(Notice.user_id.in_(accounts)).order_by(Notice.id)
    return [
        {
            "at": notice.created_at,
            "title": notice.title,
            "text": notice.text,
            "read_at": notice.read_at,
        }
        for notice in session.execute(statement).scalars()
    ]
