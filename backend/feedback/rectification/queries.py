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
from backend.feedback.models import Rating, Rectification, RectificationState
from backend.identity.models import Resident
from backend.identity.names import own_name
from backend.regions.models import Region
from backend.regions.queries import within

_owner = aliased(Resident)

_RECTIFICATION: tuple[Any, ...] = (
    Rectification,
    _owner.name.label("owner_name"),
    Rating.score,
    Rating.items,
    Rating.tags,
    Rating.comment,
    Rating.comment_state,
    Rating.offering_id,
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
    return _rectification(actor, session.execute(statement).one())


@dataclass(frozen=True, slots=True, kw_only=True)
class RectificationFilter:
    """Which rectifications are wanted; None: whichever.

    Attributes:
        open: not closed yet, or closed.
        overdue: not closed and past its deadline, or not.
        mine: only those that the caller sees to.
    """

    state: RectificationState | None = None
    activity_id: UUID | None = None
    open: bool | None = None
    overdue: bool | None = None
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
    may_handle = actor.may(Permission.RECTIFICATION_HANDLE, region_code=row.code)
    return columns | {
        "overdue": found.state is not RectificationState.CLOSED and found.due_at <= clock.now(),
        "activity_title": row.activity_title,
        "owner_name": own_name(row.owner_name) if found.owner_user_id else None,
        "region_name": row.region_name,
        "offering_id": row.offering_id,
        "offering_title": row.offering_title,
        "score": row.score,
        "items": row.items,
        "tags": row.tags,
        "comment": readable_comment(row.comment, row.comment_state, may_handle=may_handle),
        "comment_state": row.comment_state,
    }
