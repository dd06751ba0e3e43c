"""What needs answer when somebody asks about activities (backend/activities/signals.py)."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.activities.signals import uses_asked
from backend.needs.models import Need


@uses_asked.connect
def planned_for(session: Session, *, activity_ids: Collection[UUID]) -> set[UUID]:
    found = select(Need.activity_id).where(Need.activity_id.in_(activity_ids))
    return {one for one in session.execute(found).scalars() if one}
