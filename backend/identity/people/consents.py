"""Use cases of consents: given to one version of a purpose, withdrawn."""

from uuid import UUID

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from backend.core import clock
from backend.core.config import load
from backend.core.errors import NotFound, ValidationFailed
from backend.core.permissions import Actor
from backend.identity.models import Consent
from backend.identity.people.locks import lock_user


def active_consents(session: Session, user_id: UUID) -> list[Consent]:
    """The consents a user has given and not withdrawn."""
    return list(session.execute(select_active_consents(), {"user_id": user_id}).scalars())


def select_active_consents() -> Select[Consent]:
    """The same, as a statement with the parameter `user_id`."""
    return (
        select(Consent)
        .where(Consent.user_id == bindparam("user_id"), Consent.withdrawn_at.is_(None))
        .order_by(Consent.id)
    )


def give_consent(session: Session, actor: Actor, purpose: str, version: str) -> Consent:
    """Keep a consent to one version of a purpose; a newer version replaces the older one.

    Raises ValidationFailed (422) for a version that is not the current one.
    """
    if version != load("consents")[purpose]["version"]:
        raise ValidationFailed(errors={"version": ["说明已更新，请重新阅读后同意"]})
    lock_user(session, actor.user_id)
    current = [c for c in active_consents(session, actor.user_id) if c.purpose == purpose]
    if current and current[0].version == version:
        return current[0]
    for consent in current:
        consent.withdrawn_at = clock.now()
    session.flush()
    consent = Consent(user_id=actor.user_id, purpose=purpose, version=version)
    session.add(consent)
    session.flush()
    return consent


def withdraw_consent(session: Session, actor: Actor, purpose: str) -> None:
    """Withdraw a consent; the row stays, with its time.

    Raises NotFound (404) when there is none to withdraw.
    """
    lock_user(session, actor.user_id)
    current = [c for c in active_consents(session, actor.user_id) if c.purpose == purpose]
    if not current:
        raise NotFound
    for consent in current:
        consent.withdrawn_at = clock.now()
    session.flush()
