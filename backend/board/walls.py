"""Links to walls: made, looked up by their secret, taken back."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from backend.activities.models import Activity
from backend.board.models import WallLink
from backend.core import audit, clock, crypto
from backend.core.errors import NotFound
from backend.core.permissions import Actor, Grant, Permission, Role
from backend.identity.models import Resident
from backend.regions.models import Region
from backend.regions.queries import within

# 192 bits: nobody comes upon one.
_SECRET_BYTES = 24
# A market's wall says who came for so long after its end.
_AFTER_END = timedelta(hours=12)


def make_link(
    session: Session,
    actor: Actor,
    *,
    activity: Activity | None = None,
    region: Region | None = None,
    calendar: bool = False,
) -> str:
    """A link to a market's or a region's wall, which the caller may make; answers its secret,
    which is kept nowhere.

    Args:
        activity, region: one of them.
        calendar: to the region's calendar, and not to its wall.
    """
    token = secrets.token_urlsafe(_SECRET_BYTES)
    link = WallLink(
        token_hash=crypto.hash_token(token),
        activity_id=activity.id if activity else None,
        region_id=region.id if region else None,
        calendar=calendar,
        created_by=actor.user_id,
    )
    session.add(link)
    session.flush()
    code = activity.region_code if activity else region.code if region else None
    _note(session, actor, "make_wall_link", link, code)
    return token


def revoke_link(session: Session, actor: Actor, link_id: UUID) -> WallLink:
    """Take a link back, at once and for good, and answer it; a second time changes nothing.

    Raises NotFound (404) for one of another's region.
    """
    link = session.get(WallLink, link_id, with_for_update=True, populate_existing=True)
    code = _region_code(session, link) if link else None
    if link is None or not actor.may(Permission.ACTIVITY_RUN, region_code=code):
        raise NotFound
    if link.revoked_at is None:
        link.revoked_at = clock.now()
        session.flush()
        _note(session, actor, "revoke_wall_link", link, code)
    return link


def find_link(session: Session, token: str, *, calendar: bool = False) -> WallLink:
    """The link with this secret, while it holds: a market's ends half a day after it.

    Args:
        calendar: whether it has to lead to a calendar; to a wall otherwise.

    Raises NotFound (404).
    """
    statement = (
        select(WallLink, Activity.ends_at)
        .outerjoin(Activity, Activity.id == WallLink.activity_id)
        .where(
            WallLink.token_hash == crypto.hash_token(token),
            WallLink.revoked_at.is_(None),
            WallLink.calendar.is_(calendar),
        )
    )
    row = session.execute(statement).one_or_none()
    if row is None or (row.ends_at is not None and clock.now() >= row.ends_at + _AFTER_END):
        raise NotFound("这个链接已经收回，或者已经到期；请向组织者要一个新的")
    link: WallLink = row.WallLink
    return link


def region_of(session: Session, link: WallLink) -> Region:
    """The region whose wall a link shows."""
    return session.get_one(Region, link.region_id)


def onlooker(session: Session, link: WallLink) -> Actor:
    """Who looks at a region's wall by a link: nobody, who sees that region's figures alone."""
    grants = (Grant(Role.AUDITOR, region_code=region_of(session, link).code),)
    return Actor(link.created_by, link.created_by, grants=grants)


def wall_in_words(market: Any, place: Any) -> ColumnElement[str]:
    """现场：花园社区公益集市；总览：湖塘镇；日历：湖塘镇

    Args:
        market, place: Activity and Region, outer joined to a link by what it shows.
    """
    kind = case((WallLink.calendar, "日历："), else_="总览：")
    return func.coalesce("现场：" + market.title, kind + place.name)


def standing_links(session: Session, codes: Sequence[str]) -> Sequence[Any]:
    """The links that hold in some regions, the newest first: `WallLink`, what it shows in words,
    and the name of who made it, None where that account is closed."""
    place = aliased(Region)
    statement = (
        select(
            WallLink, wall_in_words(Activity, place).label("shows"), Resident.name.label("made_by")
        )
        .outerjoin(Resident, Resident.user_id == WallLink.created_by)
        .outerjoin(Activity, Activity.id == WallLink.activity_id)
        .outerjoin(place, place.id == WallLink.region_id)
        .join(Region, Region.id == func.coalesce(WallLink.region_id, Activity.region_id))
        .where(
            within(codes),
            WallLink.revoked_at.is_(None),
            or_(WallLink.activity_id.is_(None), Activity.ends_at > clock.now() - _AFTER_END),
        )
        .order_by(WallLink.id.desc())
    )
    return session.execute(statement).all()


def _region_code(session: Session, link: WallLink) -> str:
    if link.region_id is not None:
        return session.get_one(Region, link.region_id).code
    return session.get_one(Activity, link.activity_id).region_code


def _note(session: Session, actor: Actor, action: str, link: WallLink, code: str | None) -> None:
    audit.record(session, actor, action, WallLink.__tablename__, link.id, region_code=code)
