"""How many ask for a need: distinct residents. One whose link was cut counts as one; and who of
them can be told something."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from backend.identity.models import Resident
from backend.needs.models import Need, NeedVoice

ACCOUNT = func.coalesce(Resident.user_id, Resident.guardian_user_id)


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
        .where(NeedVoice.need_id == need.id, reachable())
    )
    return session.execute(found.limit(1)).first() is not None


def count_voices(session: Session, need_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many ask for each of these needs."""
    statement = (
        select(NeedVoice.need_id, func.count().label("n"))
        .where(NeedVoice.need_id.in_(need_ids), NeedVoice.withdrawn_at.is_(None))
        .group_by(NeedVoice.need_id)
    )
    found = {row.need_id: row.n for row in session.execute(statement)}
    return {need_id: found.get(need_id, 0) for need_id in need_ids}
