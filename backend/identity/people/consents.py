"""Use cases of consents: given to one version of a purpose, withdrawn; and what is kept only while
one stands."""

from uuid import UUID

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from backend.core import clock
from backend.core.config import load
from backend.core.errors import AppError, NotFound, ValidationFailed
from backend.core.given import Given, Unset
from backend.core.permissions import Actor
from backend.identity.models import Consent, Resident
from backend.identity.people import special_needs
from backend.identity.people.locks import lock_user
from backend.identity.requests import SpecialNeeds


class ConsentRequired(AppError):
    status = 409
    code = "consent_required"
    title = "请先阅读并同意相关说明"


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
    """Withdraw a consent; the row stays, with its time. What was kept by it goes.

    Raises NotFound (404) when there is none to withdraw.
    """
    lock_user(session, actor.user_id)
    current = [c for c in active_consents(session, actor.user_id) if c.purpose == purpose]
    if not current:
        raise NotFound
    for consent in current:
        consent.withdrawn_at = clock.now()
    session.flush()
    if purpose == special_needs.PURPOSE:
        special_needs.erase(session, actor)


def require_consent(session: Session, actor: Actor, purpose: str, sentence: str) -> None:
    """Raises ConsentRequired (409) with the sentence where the caller has not agreed, not any
    more, or to an older text."""
    current = purpose, load("consents")[purpose]["version"]
    agreed = active_consents(session, actor.user_id)
    if current not in {(consent.purpose, consent.version) for consent in agreed}:
        raise ConsentRequired(sentence, extra={"purpose": purpose})


def keep_special_needs(
    session: Session, actor: Actor, person: Resident, needs: Given[SpecialNeeds | None]
) -> None:
    """Keep what the caller says that they, or somebody of their family, need; what is not given
    stays. The person is locked: a withdrawal at the same moment comes before or after.

    Raises ConsentRequired (409).
    """
    if isinstance(needs, Unset):
        return
    if needs is not None:
        sentence = "请先同意使用特殊需求信息，再填写"
        require_consent(session, actor, special_needs.PURPOSE, sentence)
    person.special_needs_encrypted = special_needs.sealed(needs)
