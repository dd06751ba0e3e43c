"""Reads of what was told and what became of it: a fixed number of statements each."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from backend.activities.models import Activity
from backend.core import clock
from backend.core.db import AnyRow, AnySelect
from backend.core.pagination import Page, paginate
from backend.core.permissions import Actor, Permission
from backend.delivery.requests import Activities, Messages
from backend.identity.models import Resident
from backend.identity.names import masked_name
from backend.notices.messages.again import is_overtaken
from backend.notices.messages.models import Message, MessageCredit, MessageState
from backend.notices.models import Notice
from backend.regions.models import Region
from backend.regions.queries import within


def list_activities(session: Session, actor: Actor, asked: Activities) -> Page:
    """The caller's activities about which anybody was told anything, the last first: rows of
    `Activity`, `region_name` and `figures`."""
    statement = (
        select(Activity, Region.name.label("region_name"))
        .join(Region, Region.id == Activity.region_id)
        .where(
            within(_codes(session, actor, asked.region_id)),
            select(Notice.id).where(Notice.activity_id == Activity.id).exists(),
        )
    )
    page = paginate(
        session,
        statement,
        [(Activity.starts_at.expression, datetime), (Activity.id.expression, UUID)],
        cursor=asked.cursor,
        limit=asked.limit,
        key_of=lambda row: (row.Activity.starts_at, str(row.Activity.id)),
        descending=True,
        scalars=False,
    )
    found = _figures(session, [row.Activity.id for row in page.items])
    figures = {row.activity_id: row for row in found}
    rows = [
        {"activity": row.Activity, "region_name": row.region_name,
         "figures": figures[row.Activity.id]}
        for row in page.items
    ]  # fmt: skip
    return Page(rows, page.next_cursor)


def told_by_kind(session: Session, activity_id: UUID) -> Sequence[AnyRow]:
    """How many accounts were told of what about an activity, and how many have read it; and of the
    messages beside it how many ended how."""
    return _figures(session, [activity_id], by_kind=True)


def given_up(session: Session, activity_id: UUID) -> dict[str, int]:
    """Why messages about an activity were given up, and how many."""
    statement = (
        select(Message.reason, func.count())
        .join(Notice, Notice.id == Message.id)
        .where(Notice.activity_id == activity_id, Message.state == MessageState.GIVEN_UP)
        .group_by(Message.reason)
    )
    return {str(reason): count for reason, count in session.execute(statement)}


def list_messages(session: Session, actor: Actor, asked: Messages) -> Page:
    """The messages about the caller's activities, or one of them, the newest first."""
    page = paginate(
        session,
        _messages(actor, asked),
        [(Message.id.expression, UUID)],
        cursor=asked.cursor,
        limit=asked.limit,
        key_of=lambda row: (str(row.Message.id),),
        descending=True,
        scalars=False,
    )
    return Page([_detail(row) for row in page.items], page.next_cursor)


def _figures(
    session: Session, activity_ids: Iterable[UUID], *, by_kind: bool = False
) -> Sequence[AnyRow]:
    of = [Notice.activity_id, *([Notice.kind] if by_kind else [])]
    ended = [
        func.count().filter(Message.state == state).label(state.value) for state in MessageState
    ]
    statement = (
        select(
            *of,
            func.count(Notice.user_id.distinct()).label("accounts"),
            func.count().label("told"),
            func.count(Notice.read_at).label("read"),
            *ended,
        )
        .outerjoin(Message, Message.id == Notice.id)
        .where(Notice.activity_id.in_(list(activity_ids)))
        .group_by(*of)
        .order_by(func.min(Notice.created_at))
    )
    return session.execute(statement).all()


def _messages(actor: Actor, asked: Messages) -> AnySelect:
    credit = and_(
        MessageCredit.user_id == Message.user_id, MessageCredit.template == Message.template
    )
    statement = (
        select(
            Message,
            Notice,
            Resident.name.label("name"),
            func.coalesce(MessageCredit.remaining, 0).label("credit"),
            is_overtaken().label("is_overtaken"),
        )
        .join(Notice, Notice.id == Message.id)
        .join(Activity, Activity.id == Notice.activity_id)
        .join(Region, Region.id == Activity.region_id)
        .join(Resident, Resident.user_id == Message.user_id)
        .outerjoin(MessageCredit, credit)
        .where(within(actor.region_codes(Permission.ACTIVITY_SEE_DRAFT)))
    )
    if asked.activity_id is not None:
        statement = statement.where(Notice.activity_id == asked.activity_id)
    if asked.state is not None:
        statement = statement.where(Message.state == asked.state)
    return statement


def _detail(row: Any) -> dict[str, Any]:
    message, notice = row.Message, row.Notice
    ended_untold = message.state in (MessageState.REFUSED, MessageState.GIVEN_UP)
    holds = message.until > clock.now() and not row.is_overtaken
    return {
        "id": message.id,
        "activity_id": notice.activity_id,
        "kind": notice.kind,
        # Not its title, in which whole names stand: a family member's, whom staff see masked.
        "ticket": message.facts["ticket"],
        "name": masked_name(row.name),
        "state": message.state,
        "errcode": message.errcode,
        "reason": message.reason,
        "told_at": notice.created_at,
        "read_at": notice.read_at,
        "ended_at": message.ended_at,
        "may_resend": ended_untold and holds and row.credit > 0,
    }


def _codes(session: Session, actor: Actor, region_id: UUID | None) -> tuple[str, ...]:
    """The regions of which activities are shown; one that is not the caller's filters nothing."""
    mine = actor.region_codes(Permission.ACTIVITY_SEE_DRAFT)
    region = session.get(Region, region_id) if region_id is not None else None
    if region is not None and any(region.code.startswith(code) for code in mine):
        return (region.code,)
    return tuple(mine)
