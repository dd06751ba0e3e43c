"""What becomes of notices when something happens to people, and what is answered about them."""

from uuid import UUID

from sqlalchemy import Uuid, cast, delete, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from backend.core.permissions import Actor, Role
from backend.identity.models import Resident
from backend.identity.questions import exported
from backend.identity.signals import people_looked_up, residents_forgotten, role_changed
from backend.notices import queries
from backend.notices.about_people import LookUp, tell_looked_up, tell_role
from backend.notices.messages.models import MessageCredit
from backend.notices.models import Notice, NoticeKind


@residents_forgotten.connect
def forget(session: Session, *, resident_ids: list[UUID]) -> None:
    """With a person goes what was said about them, with an account its whole inbox and what it may
    be sent. A message goes with its notice (its foreign key)."""
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
    # After the messages that went with them: who sends locks a message first, then its credit.
    session.execute(
        delete(MessageCredit)
        .where(MessageCredit.user_id.in_(accounts))
        .execution_options(synchronize_session=False)
    )


@role_changed.connect
def role(
    session: Session, *, actor: Actor | None, user_id: UUID, role: Role, place: str, given: bool
) -> None:
    """Whoever closes their account gives their roles back themselves."""
    if actor is None or actor.user_id != user_id:
        kind = NoticeKind.ROLE_GIVEN if given else NoticeKind.ROLE_TAKEN
        tell_role(session, user_id, kind, role, place)


@people_looked_up.connect
def looked_up(
    session: Session, *, actor: Actor, resident_ids: list[UUID], by: str, office: str, reason: str
) -> None:
    # Who closes their account just now is waited for: nothing is told to a closed one.
    people = select(Resident.id).where(Resident.id.in_(resident_ids)).order_by(Resident.id)
    session.execute(people.with_for_update(read=True)).all()
    look = LookUp(office=office, did=f"按{by}查询了{{who}}的登记信息", reason=reason)
    tell_looked_up(session, actor, resident_ids, look)


exported.answered("notices")(queries.export_notices)
exported.answered("message_credits")(queries.export_credits)
