"""What needs answer when somebody asks about activities (backend/activities/questions.py)."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.activities.questions import planned_for
from backend.needs.models import Need


@planned_for.answered("needs")
def needs_planned_for(session: Session, activity_ids: Collection[UUID]) -> set[UUID]:
    found = select(Need.activity_id).where(Need.activity_id.in_(activity_ids))
    return {one for one in session.execute(found).scalars() if one}
