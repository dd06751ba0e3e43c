"""Reads of rectifications."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, not_, select
from sqlalchemy.orm import Session, aliased

from backend.activities.models import Activity, Offering
from backend.core import clock
from backend.core.pagination import Page, paginate
from backend.core.permissions import Actor, Permission
from backend.feedback.comments import readable_comment
from backend.feedback.models import (
    Rating,
    Rectification,
    RectificationRound,
    RectificationState,
)
from backend.identity.models import Resident
from backend.identity.names import own_name
from backend.regions.models import Region
from backend.regions.queries import within

_owner = aliased(Resident)

# The resident's last word on it is 「还没解决」, and nobody has closed it since.
_REOPENED = and_(
    Rectification.reopened_at.is_not(None), Rectification.state != RectificationState.CLOSED
)
_RECTIFICATION: tuple[Any, ...] = (
    Rectification,
    _REOPENED.label("reopened"),
    _owner.name.label("owner_name"),
    Rating.score,
    Rating.items,
    Rating.tags,
    Rating.comment,
    Rating.comment_state,
    Rating.offering_id,
    Rating.may_call,
    Activity.title.label("activity_title"),
    Offering.title.label("offering_title"),
    Region.code,
    Region.name.label("region_name"),
)


def _rectifications() -> Select[Any]:
    return (
        select(*_RECTIFICATION)
        .join(Rating, Rating.id == Rectification.rating_id)
        .join(Activity, Activity.id == Rectification.activity_id)
        .join(Region, Region.id == Activity.region_id)
        .outerjoin(Offering, Offering.id == Rating.offering_id)
        .outerjoin(_owner, _owner.user_id == Rectification.owner_user_id)
    )


def rectification_detail(session: Session, actor: Actor, rectification_id: UUID) -> dict[str, Any]:
    """A rectification as staff see it: all of the complaint, nothing of who made it."""
    statement = _rectifications().where(Rectification.id == rectification_id)
    row = session.execute(statement).one()
    ended = select(RectificationRound).where(
        RectificationRound.rectification_id == rectification_id
    )
    rounds = session.execute(ended.order_by(RectificationRound.id)).scalars()
    may_handle = _may_handle(actor, row)
    return _rectification(actor, row) | {"rounds": [_round(one, may_handle) for one in rounds]}


@dataclass(frozen=True, slots=True, kw_only=True)
class RectificationFilter:
    """Which rectifications are wanted; None: whichever.

    Attributes:
        open: not closed yet, or closed.
        overdue: not closed and past its deadline, or not.
        reopened: the resident has said that it was not solved, and it is not closed again.
        mine: only those that the caller sees to.
    """

    state: RectificationState | None = None
    activity_id: UUID | None = None
    open: bool | None = None
    overdue: bool | None = None
    reopened: bool = False
    mine: bool = False


def list_rectifications(
    session: Session,
    actor: Actor,
    wanted: RectificationFilter,
    *,
    limit: int,
    cursor: str | None = None,
) -> Page:
    """A page of rectifications in the caller's regions, the nearest deadline first."""
    statement = _rectifications().where(within(actor.region_codes(Permission.RECTIFICATION_SEE)))
    if wanted.state is not None:
        statement = statement.where(Rectification.state == wanted.state)
    if wanted.activity_id is not None:
        statement = statement.where(Rectification.activity_id == wanted.activity_id)
    if wanted.reopened:
        statement = statement.where(_REOPENED)
    if wanted.mine:
        statement = statement.where(Rectification.owner_user_id == actor.user_id)
    if wanted.open is not None:
        closed = Rectification.state == RectificationState.CLOSED
        statement = statement.where(not_(closed) if wanted.open else closed)
    if wanted.overdue is not None:
        overdue = and_(
            Rectification.state != RectificationState.CLOSED,
            Rectification.due_at <= clock.now(),
        )
        statement = statement.where(overdue if wanted.overdue else not_(overdue))
    page = paginate(
        session,
        statement,
        [(Rectification.due_at.expression, datetime), (Rectification.id.expression, UUID)],
        cursor=cursor,
        limit=limit,
        key_of=lambda row: (row.Rectification.due_at, str(row.Rectification.id)),
        scalars=False,
    )
    return Page([_rectification(actor, row) for row in page.items], page.next_cursor)


def _rectification(actor: Actor, row: Any) -> dict[str, Any]:
    found: Rectification = row.Rectification
    columns = {
        column.key: getattr(found, column.key)
        for column in Rectification.__table__.columns
        if column.key != "rating_id"
    }
    return columns | {
        "overdue": found.state is not RectificationState.CLOSED and found.due_at <= clock.now(),
        "reopened": row.reopened,
        "activity_title": row.activity_title,
        "owner_name": own_name(row.owner_name) if found.owner_user_id else None,
        "region_name": row.region_name,
        "offering_id": row.offering_id,
        "offering_title": row.offering_title,
        "score": row.score,
        "items": row.items,
        "tags": row.tags,
        "comment": readable_comment(
            row.comment, row.comment_state, may_handle=_may_handle(actor, row)
        ),
        "comment_state": row.comment_state,
        "may_call": row.may_call,
    }


def _round(ended: RectificationRound, may_handle: bool) -> dict[str, Any]:
    columns = {
        column.key: getattr(ended, column.key)
        for column in RectificationRound.__table__.columns
        if column.key not in ("id", "rectification_id")
    }
    words = readable_comment(ended.words, ended.words_state, may_handle=may_handle)
    return columns | {"words": words}


def _may_handle(actor: Actor, row: Any) -> bool:
    return actor.may(Permission.RECTIFICATION_HANDLE, region_code=row.code)
