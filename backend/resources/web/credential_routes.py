"""Credentials of organisations: handed in with their document, and the decision on them."""

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from backend.core.config import CREDENTIALS
from backend.core.db import transaction
from backend.core.errors import NotFound
from backend.core.limits import Limit
from backend.core.pagination import Asked, Page
from backend.core.permissions import Actor, Permission
from backend.core.web.api import Blueprint
from backend.core.web.lists import ListQuery
from backend.core.web.replies import document_response
from backend.core.web.sent import sent_file
from backend.resources.credentials import operations, queries
from backend.resources.credentials.documents import DocumentTooLarge, made_safe
from backend.resources.credentials.models import Credential
from backend.resources.credentials.permissions import access_credential, access_holder
from backend.resources.credentials.requests import NewCredential
from backend.resources.web import credential_schemas as schemas
from backend.resources.web.schemas import ResourceReason

blp = Blueprint("credentials_api", __name__, url_prefix="/api/v1", description="资质")
# A picture or a PDF: the answer says which.
ANY_FILE = "*/*"


def _shown(credential: Credential) -> dict[str, Any]:
    names = ("id", "organisation_id", "kind", "issuer", "valid_until", "state", "reason")
    return {name: getattr(credential, name) for name in names} | {
        "number": queries.masked_number(credential),
        "document": credential.document_type is not None,
    }


@blp.get("/organisations/<uuid:organisation_id>/credentials", access=Permission.RESOURCE_SEE,
         query=ListQuery, answer=schemas.CredentialAnswer, page=True)  # fmt: skip
def list_credentials(session: Session, actor: Actor, query: Asked, organisation_id: UUID) -> Page:
    """An organisation's credentials, the last handed in first."""
    organisation = access_holder(session, actor, organisation_id, Permission.RESOURCE_SEE)
    page = queries.credentials_of(session, organisation, query)
    return Page([_shown(credential) for credential in page.items], page.next_cursor)


@blp.post("/organisations/<uuid:organisation_id>/credentials", access=Permission.RESOURCE_EDIT,
          status=201, body=schemas.CredentialRequest,
          answer=schemas.CredentialAnswer)  # fmt: skip
def hand_in(
    session: Session, actor: Actor, body: NewCredential, organisation_id: UUID
) -> dict[str, Any]:
    """Hand a credential in, to be approved; its document follows (`PUT …/document`)."""
    organisation = access_holder(session, actor, organisation_id, Permission.RESOURCE_EDIT)
    return _shown(operations.hand_in(session, actor, organisation, body))


@blp.put("/credentials/<uuid:credential_id>/document", access=Permission.RESOURCE_EDIT, raw=True,
         in_transaction=False, answer=schemas.CredentialAnswer,
         limit=Limit("photos"))  # fmt: skip
def put_document(actor: Actor, credential_id: UUID) -> dict[str, Any]:
    """The body is the document itself: a photo (JPEG, PNG or WebP) or a PDF."""
    with transaction() as session:
        access_credential(session, actor, credential_id, Permission.RESOURCE_EDIT)
    # While it is looked at nobody waits for a connection.
    document = made_safe(sent_file(CREDENTIALS.most_bytes, DocumentTooLarge))
    with transaction() as session:
        credential = access_credential(
            session, actor, credential_id, Permission.RESOURCE_EDIT, lock=True
        )
        operations.put_document(session, credential, document)
        return _shown(credential)


@blp.get("/credentials/<uuid:credential_id>/document", access=Permission.RESOURCE_EDIT,
         content_type=ANY_FILE)  # fmt: skip
def get_document(session: Session, actor: Actor, credential_id: UUID) -> Response:
    """The document as it is kept: a picture or a PDF."""
    credential = access_credential(session, actor, credential_id, Permission.RESOURCE_EDIT)
    if credential.document is None or credential.document_type is None:
        raise NotFound
    return document_response(credential.document, credential.document_type, "资质")


@blp.post("/credentials/<uuid:credential_id>/approve", access=Permission.RESOURCE_APPROVE,
          answer=schemas.CredentialAnswer)  # fmt: skip
def approve(
    session: Session, actor: Actor, _body: dict[str, Any], credential_id: UUID
) -> dict[str, Any]:
    """Say that it was looked at, and is right."""
    credential = access_credential(
        session, actor, credential_id, Permission.RESOURCE_APPROVE, lock=True
    )
    operations.approve(session, actor, credential)
    return _shown(credential)


@blp.post("/credentials/<uuid:credential_id>/reject", access=Permission.RESOURCE_APPROVE,
          body=ResourceReason, answer=schemas.CredentialAnswer)  # fmt: skip
def reject(
    session: Session, actor: Actor, body: dict[str, str], credential_id: UUID
) -> dict[str, Any]:
    """Say why it does not count, or not any more."""
    credential = access_credential(
        session, actor, credential_id, Permission.RESOURCE_APPROVE, lock=True
    )
    operations.reject(session, actor, credential, body["reason"])
    return _shown(credential)
