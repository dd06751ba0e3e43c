"""Erasing people: their names, numbers and whatever was written about them; counts stay."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, false, or_, select
from sqlalchemy.orm import Session

from backend.core import audit, clock, idempotency
from backend.core.audit import AuditEntry
from backend.core.config import RETENTION
from backend.core.context import composed
from backend.core.crypto import PhoneVault, mask_phone
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.identity.models import (
    ConsoleLogin,
    ConsoleSession,
    LoginSession,
    PasswordAccount,
    PhoneState,
    Resident,
)
from backend.identity.names import masked_name
from backend.identity.questions import active_since
from backend.identity.signals import residents_forgotten, residents_removed


def erase_residents(session: Session, actor: Actor | None, people: list[Resident]) -> None:
    """Forget people everywhere: here, in what the features above keep of them (signal), and in the
    answers that staff were given about them.

    Args:
        actor: None for guests whose time is over.
    """
    ids = [person.id for person in people]
    idempotency.forget_naming(session, [word for person in people for word in _shown(person)])
    _forget_looked_up(session, ids)
    for person in people:
        forget(person)
        person.removed_at = clock.now()
    session.flush()
    residents_removed.send(session, actor=actor, resident_ids=ids)
    # Receivers of one signal come in no order.
    residents_forgotten.send(session, resident_ids=ids)


def forget(resident: Resident) -> None:
    """Empty a row of everything that says who it is."""
    resident.name = resident.relation = resident.note = None
    resident.birth_year = resident.region_id = None
    resident.phone_encrypted = resident.phone_hash = resident.phone_tail_hash = None
    resident.phone_state = PhoneState.NONE
    resident.special_needs_encrypted = None
    resident.guest_key = None
    resident.code_handle = new_id()


def erase_logins(session: Session, user_id: UUID) -> None:
    """Delete what lets somebody in, and where they were in: sessions say with what, and from
    where."""
    session.execute(delete(ConsoleLogin).where(ConsoleLogin.confirmed_by == user_id))
    for model in (PasswordAccount, ConsoleSession, LoginSession):
        session.execute(delete(model).where(model.user_id == user_id))


def erase_old_guests(session: Session, most: int) -> int:
    """Erase guests whose time is over: no visit and no booking since RETENTION.guest_days, and
    none to come. Returns how many.

    Args:
        most: at one time; the caller goes on while that many are found.
    """
    since = clock.today() - timedelta(days=RETENTION.guest_days)
    active = active_since(session, since).values()
    guests = session.execute(
        select(Resident)
        .where(
            Resident.user_id.is_(None),
            Resident.guardian_user_id.is_(None),
            Resident.removed_at.is_(None),
            Resident.created_at < clock.day_start(since),
            *(Resident.id.not_in(ids) for ids in active),
        )
        .order_by(Resident.id)
        .limit(most)
        # Who is being written in, found or merged just now is looked at the next time.
        .with_for_update(skip_locked=True)
    )
    people = list(guests.scalars())
    erase_residents(session, None, people)
    for guest in people:
        audit.record(session, None, "erase_guest", Resident.__tablename__, guest.id)
    return len(people)


def _shown(person: Resident) -> list[str]:
    """How somebody may stand in an answer: by id, by name and number, masked or not."""
    words = [str(person.id)]
    if person.name and len(person.name) > 1:
        words += [person.name, masked_name(person.name)]
    if person.phone_encrypted is not None:
        phone = composed(PhoneVault).decrypt(person.phone_encrypted)
        words += [phone, mask_phone(phone)]
    return words


def _forget_looked_up(session: Session, ids: list[UUID]) -> None:
    """Erase the reasons for which they were looked up, also among others."""
    found = AuditEntry.details["found"].contains
    audit.forget_reasons(
        session,
        AuditEntry.action == "look_up_resident",
        or_(false(), *(found([str(person_id)]) for person_id in ids)),
    )
