"""Reads of credentials."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from backend.core.context import composed
from backend.core.crypto import PhoneVault, mask_number
from backend.core.pagination import Asked, Page, paginate
from backend.partners.models import Organisation
from backend.resources.credentials.kinds import REQUIRED
from backend.resources.credentials.models import Credential, CredentialState
from backend.resources.models import Resource, ResourceState


def credentials_of(session: Session, organisation: Organisation, asked: Asked) -> Page:
    """A page of an organisation's credentials, the last handed in first."""
    return paginate(
        session,
        select(Credential).where(Credential.organisation_id == organisation.id),
        [(Credential.handed_in_at.expression, datetime), (Credential.id.expression, UUID)],
        cursor=asked.cursor,
        limit=asked.limit,
        key_of=lambda credential: (credential.handed_in_at, str(credential.id)),
        descending=True,
    )


def masked_number(credential: Credential) -> str:
    """A credential's number as it is shown: its end."""
    return mask_number(composed(PhoneVault).decrypt(credential.number_encrypted))


def held_on(session: Session, holders: Collection[UUID], day: date) -> set[tuple[UUID, str]]:
    """Which of these organisations hold which kinds on a day."""
    statement = select(Credential.organisation_id, Credential.kind).where(
        Credential.organisation_id.in_(holders), valid_on(day)
    )
    return {(row.organisation_id, row.kind) for row in session.execute(statement)}


def valid_on(day: date) -> ColumnElement[bool]:
    """Whether a credential counts on a day."""
    return and_(Credential.state == CredentialState.APPROVED, Credential.valid_until >= day)


def renewed() -> ColumnElement[bool]:
    """Whether there is another of the kind that is valid longer."""
    other = aliased(Credential)
    return exists().where(
        other.organisation_id == Credential.organisation_id,
        other.kind == Credential.kind,
        other.state == CredentialState.APPROVED,
        other.valid_until > Credential.valid_until,
    )


def unheld_on(day: date) -> ColumnElement[bool]:
    """Whether a resource that can be planned with lacks what its kind requires on a day."""
    lacks = (
        and_(
            Resource.service_kind == service,
            ~exists().where(
                Credential.organisation_id == Resource.organisation_id,
                Credential.kind == kind,
                valid_on(day),
            ),
        )
        for service, kind in REQUIRED.items()
    )
    return and_(Resource.state == ResourceState.APPROVED, or_(*lacks))
