"""How many ask for a need: distinct residents. One whose link was cut counts as one."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.needs.models import NeedVoice


def count_voices(session: Session, need_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many ask for each of these needs."""
    statement = (
        select(NeedVoice.need_id, func.count().label("n"))
        .where(NeedVoice.need_id.in_(need_ids), NeedVoice.withdrawn_at.is_(None))
        .group_by(NeedVoice.need_id)
    )
    found = {row.need_id: row.n for row in session.execute(statement)}
    return {need_id: found.get(need_id, 0) for need_id in need_ids}
