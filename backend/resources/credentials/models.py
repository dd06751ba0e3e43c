"""Credentials: who has issued what to an organisation, until when, and who has looked at it."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, select
from sqlalchemy.orm import Mapped, column_property, mapped_column

from backend.core import clock
from backend.core.db import Base
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.states import Who, by
from backend.partners.models import Organisation
from backend.regions.models import Region


class CredentialState(StrEnum):
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"


_REJECTED = by(Permission.RESOURCE_APPROVE, note="with a reason")
# Who may move a credential where; docs/states.md is made from this table.
CREDENTIAL_TRANSITIONS: dict[CredentialState, dict[CredentialState, Who]] = {
    CredentialState.SUBMITTED: {
        CredentialState.APPROVED: by(Permission.RESOURCE_APPROVE),
        CredentialState.REJECTED: _REJECTED,
    },
    CredentialState.APPROVED: {CredentialState.REJECTED: _REJECTED},
    CredentialState.REJECTED: {},
}


class Credential(Base):
    """Never changed but by the decision on it: one that is renewed is handed in anew."""

    __tablename__ = "credential"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    # A key of config/credential_kinds.toml.
    kind: Mapped[str]
    issuer: Mapped[str]
    number_encrypted: Mapped[bytes]
    # The last day on which it is valid.
    valid_until: Mapped[date]
    # Of a picture or a PDF, as it was made safe (documents.py); read only where it is asked for.
    document: Mapped[bytes | None] = mapped_column(deferred=True)
    document_type: Mapped[str | None]
    state: Mapped[CredentialState] = mapped_column(default=CredentialState.SUBMITTED)
    reason: Mapped[str | None]
    handed_in_by: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    handed_in_at: Mapped[datetime] = mapped_column(default=clock.now)
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    # How many days before its end its people were told last; None: not yet.
    told_days: Mapped[int | None] = mapped_column(SmallInteger)
    # Of where its organisation is based: roles are compared with it.
    region_code: Mapped[str] = column_property(
        select(Region.code)
        .join(Organisation, Organisation.region_id == Region.id)
        .where(Organisation.id == organisation_id)
        .correlate_except(Region, Organisation)
        .scalar_subquery()
    )

    __table_args__ = (
        Index("ix_credential_organisation", "organisation_id", "handed_in_at", "id"),
        Index("ix_credential_valid_until", "state", "valid_until"),
        CheckConstraint("(document IS NULL) = (document_type IS NULL)", name="document"),
    )
