"""What becomes of notices when something happens to people, and what is answered about them."""

from uuid import UUID

from sqlalchemy import Uuid, cast, delete, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from backend.core.permissions import Actor
from backend.identity.models import Resident
from backend.identity.questions import exported
from backend.identity.signals import residents_removed
from backend.notices import queries
from backend.notices.models import Notice


@residents_removed.connect
def forget(session: Session, *, actor: Actor | None, resident_ids: list[UUID]) -> None:
    """With a person goes what was said about them, with an account its whole inbox."""
    accounts = select(Resident.user_id).where(
        Resident.id.in_(resident_ids), Resident.user_id.is_not(None)
    )
    about = Notice.resident_ids.overlap(cast(resident_ids, ARRAY(Uuid)))
    guardians = select(Resident.guardian_user_id).where(Resident.id.in_(resident_ids))
    session.execute(
        delete(Notice)
        .where(or_(Notice.user_id.in_(accounts), Notice.user_id.in_(guardians) & about))
        .execution_options(synchronize_session=False)
    )


exported.answered("notices")(queries.export_notices)
