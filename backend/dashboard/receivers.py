"""What the totals do when something happens to visits that is no new visit."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.activities.signals import arrival_reverted, visit_learned_late
from backend.dashboard import rollups
from backend.identity.signals import residents_merged


@arrival_reverted.connect
def recount_reverted(session: Session, *, activity_id: UUID, **_: Any) -> None:
    """A visit was taken back, however long ago it was."""
    rollups.note_stale(session, [activity_id])


@visit_learned_late.connect
def recount_ended(session: Session, *, activity_id: UUID) -> None:
    """What has been cancelled, or its checklist frozen, is counted no more by itself."""
    rollups.note_stale(session, [activity_id])


@residents_merged.connect
def recount_merged(session: Session, *, source_id: UUID, target_id: UUID) -> None:
    """Two people are one: where they came, there may be one fewer, and where both came, too."""
    rollups.note_residents(session, [source_id, target_id])
