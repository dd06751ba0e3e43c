"""Use cases of credentials: handed in with their document, approved or rejected."""

from sqlalchemy.orm import Session

from backend.core import audit, clock
from backend.core.config import titles
from backend.core.context import composed
from backend.core.crypto import PhoneVault
from backend.core.dates import day
from backend.core.errors import AppError, ValidationFailed
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.core.states import transition
from backend.core.text import sentence
from backend.notices.models import NoticeKind
from backend.partners.models import Organisation
from backend.resources.credentials.models import (
    CREDENTIAL_TRANSITIONS,
    Credential,
    CredentialState,
)
from backend.resources.credentials.requests import Document, NewCredential
from backend.resources.telling import tell_partners


class CredentialDecided(AppError):
    status = 409
    code = "credential_decided"
    title = "这份资质已经审核过，要换请重新登记一份"


def hand_in(
    session: Session, actor: Actor, organisation: Organisation, new: NewCredential
) -> Credential:
    """An organisation's credential, to be approved.

    Raises ValidationFailed (422) for one that is over.
    """
    if new.valid_until < clock.today():
        raise ValidationFailed(errors={"valid_until": ["已经过期，请登记还有效的"]})
    credential = Credential(
        id=new_id(),
        organisation_id=organisation.id,
        kind=new.kind,
        issuer=new.issuer,
        number_encrypted=composed(PhoneVault).encrypt(new.number),
        valid_until=new.valid_until,
        handed_in_by=actor.user_id,
    )
    session.add(credential)
    session.flush()
    session.refresh(credential)
    audit.record(
        session,
        actor,
        "hand_in_credential",
        Credential.__tablename__,
        credential.id,
        region_code=credential.region_code,
        to_state=credential.state,
    )
    return credential


def put_document(session: Session, credential: Credential, document: Document) -> None:
    """Keep the document of a locked credential; another one takes its place until it is decided.

    Raises CredentialDecided (409): what somebody has approved is what they have looked at.
    """
    if credential.state is not CredentialState.SUBMITTED:
        raise CredentialDecided
    credential.document, credential.document_type = document.content, document.mimetype
    session.flush()


def approve(session: Session, actor: Actor, credential: Credential) -> None:
    """Say that it was looked at, and is right.

    Raises IllegalTransition (409), as `reject`, when its state has no such move.
    """
    _move(session, actor, credential, CredentialState.APPROVED, "approve_credential")
    credential.approved_by = actor.user_id
    session.flush()
    _tell(session, credential, "已通过", f"有效期到{day(credential.valid_until)}。")


def reject(session: Session, actor: Actor, credential: Credential, reason: str) -> None:
    """Say why it does not count, or not any more."""
    _move(session, actor, credential, CredentialState.REJECTED, "reject_credential", reason)
    credential.reason = reason
    session.flush()
    _tell(session, credential, "没有通过", f"请重新登记一份。原因：{sentence(reason)}")


def _tell(session: Session, credential: Credential, became: str, text: str) -> None:
    name = titles("credential_kinds")[credential.kind]
    tell_partners(
        session,
        credential.organisation_id,
        NoticeKind.CREDENTIAL_DECIDED,
        f"资质{became}：{name}",
        text,
    )


def _move(
    session: Session,
    actor: Actor,
    credential: Credential,
    to: CredentialState,
    action: str,
    reason: str | None = None,
) -> None:
    transition(
        session,
        actor,
        CREDENTIAL_TRANSITIONS,
        credential,
        to,
        action=action,
        region_code=credential.region_code,
        details={"reason": reason} if reason else None,
    )
