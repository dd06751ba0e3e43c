"""How many ask for a need, or for one that was merged into it: distinct residents. One whose link
was cut counts as one; and who of them can be told something."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, Subquery, and_, func, or_, select
from sqlalchemy.orm import QueryableAttribute, Session, aliased

from backend.identity.models import Resident
from backend.needs.models import Need, NeedVoice

ACCOUNT = func.coalesce(Resident.user_id, Resident.guardian_user_id)


def of_group(need_id: UUID | QueryableAttribute[UUID]) -> ColumnElement[bool]:
    """Whether a voice asks for a need, or for one that was merged into it."""
    member = aliased(Need)
    return NeedVoice.need_id.in_(
        select(member.id).where(or_(member.id == need_id, member.merged_into == need_id))
    )


def groups(need_ids: Collection[UUID]) -> Subquery:
    """Of each of these needs the needs whose voices are its own: `head`, `member`."""
    merged = select(Need.merged_into, Need.id).where(Need.merged_into.in_(need_ids))
    alone = select(Need.id.label("head"), Need.id.label("member")).where(Need.id.in_(need_ids))
    return alone.union_all(merged).subquery()


def reachable() -> ColumnElement[bool]:
    """Whether a voice stands and somebody's account can be told: of who has none, nobody's; of a
    family member, their guardian's. For a statement that joins Resident."""
    return and_(
        NeedVoice.withdrawn_at.is_(None), ACCOUNT.is_not(None), Resident.removed_at.is_(None)
    )


def may_be_asked(session: Session, need: Need) -> bool:
    """Whether anybody can be asked what became of a need."""
    found = (
        select(NeedVoice.id)
        .join(Resident, Resident.id == NeedVoice.resident_id)
        .where(of_group(need.id), reachable())
    )
    return session.execute(found.limit(1)).first() is not None


def count_voices(session: Session, need_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many ask for each of these needs."""
    group = groups(need_ids)
    person = func.coalesce(NeedVoice.resident_id, NeedVoice.counts_as, NeedVoice.id)
    statement = (
        select(group.c.head, func.count(person.distinct()).label("n"))
        .join(NeedVoice, NeedVoice.need_id == group.c.member)
        .where(NeedVoice.withdrawn_at.is_(None))
        .group_by(group.c.head)
    )
    found = {row.head: row.n for row in session.execute(statement)}
    return {need_id: found.get(need_id, 0) for need_id in need_ids}
