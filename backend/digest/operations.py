"""Use cases of the digest: what it says, and that each robot says it once a day."""

from datetime import date
from uuid import UUID

from sqlalchemy import and_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from backend.core import clock
from backend.core.config import DIGEST
from backend.core.permissions import Actor, Grant, Role
from backend.core.todos import ToDos, counts_for
from backend.digest.models import Digest
from backend.regions.models import Region

_NOBODY = UUID(int=0)


def is_due() -> bool:
    """Whether it is the morning in which a digest is sent."""
    hour = clock.now().astimezone(clock.SHANGHAI)
    return DIGEST.from_minute <= hour.hour * 60 + hour.minute < DIGEST.until_minute


def text_of(session: Session, kinds: tuple[ToDos, ...]) -> str | None:
    """What waits in all regions, in counts; None where nothing does. It names nobody."""
    counts = counts_for(session, _whole_office(session), kinds)
    if not counts:
        return None
    today = clock.today()
    lines = [f"{kind.title}：{count} 件" for kind, count in counts]
    return "\n".join(
        [f"吾社集待办（{today.month}月{today.day}日）", *lines, "请在电脑上打开「待办」办理。"]
    )


def _whole_office(session: Session) -> Actor:
    """Who sees to all regions: nobody, for the topmost ones."""
    parent = aliased(Region)
    statement = (
        select(Region.code)
        .outerjoin(parent, parent.id == Region.parent_id)
        .where(parent.id.is_(None))
        .order_by(Region.code)
    )
    codes = session.execute(statement).scalars()
    grants = tuple(Grant(Role.ADMIN, region_code=code) for code in codes)
    return Actor(_NOBODY, _NOBODY, grants=grants)


def claim(session: Session, robot: str) -> bool:
    """Whether today's digest of a robot is to be sent now: it has not been, or the last try came
    to nothing and it was not tried too often. From then on nobody else sends it."""
    statement = (
        insert(Digest)
        .values(on_day=clock.today(), robot=robot, tries=1, failed=False)
        .on_conflict_do_update(
            index_elements=[Digest.on_day, Digest.robot],
            set_={"tries": Digest.tries + 1, "failed": False},
            where=and_(Digest.failed, Digest.tries < DIGEST.tries),
        )
        .returning(Digest.tries)
    )
    return session.execute(statement).first() is not None


def note_failed(session: Session, robot: str, on: date) -> None:
    """Keep that a try came to nothing, so that there can be another one."""
    session.execute(
        update(Digest).where(Digest.on_day == on, Digest.robot == robot).values(failed=True)
    )
