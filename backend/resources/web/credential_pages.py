"""The console's pages of credentials (资质)."""

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from backend.core import clock
from backend.core.config import CREDENTIALS, titles
from backend.core.errors import AppError, NotFound
from backend.core.pagination import MAX_LIMIT, Asked
from backend.core.permissions import Actor, Permission
from backend.core.web.pages import Pages
from backend.core.web.replies import document_response, render, see_other
from backend.core.web.sent import Upload
from backend.partners.models import Organisation
from backend.resources.credentials import operations, queries
from backend.resources.credentials.documents import made_safe
from backend.resources.credentials.kinds import REQUIRED
from backend.resources.credentials.permissions import access_credential, access_holder, may_access
from backend.resources.web import credential_schemas as schemas
from backend.resources.web.schemas import ResourceReason

pages = Pages("credentials", __name__, url_prefix="/console/credentials")


@pages.page("/of/<uuid:organisation_id>", access=Permission.RESOURCE_SEE)
def of_organisation(
    session: Session,
    actor: Actor,
    organisation_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """An organisation's credentials, and the form to hand one in."""
    organisation = access_holder(session, actor, organisation_id, Permission.RESOURCE_SEE)
    page = queries.credentials_of(session, organisation, Asked(limit=MAX_LIMIT))
    return render(
        "resources/credentials.html",
        organisation=organisation,
        credentials=[(one, queries.masked_number(one)) for one in page.items],
        required_by=_required_by(),
        today=clock.today(),
        may_add=may_access(session, actor, organisation_id, Permission.RESOURCE_EDIT),
        kinds=titles("credential_kinds"),
        most_megabytes=CREDENTIALS.most_bytes // 1_000_000,
        typed=typed or {},
        problem=problem,
    )


def _required_by() -> dict[str, list[str]]:
    """Of each kind of credential the kinds of service that require it, by name."""
    services = titles("service_kinds")
    found: dict[str, list[str]] = {kind: [] for kind in titles("credential_kinds")}
    for service, kind in REQUIRED.items():
        found[kind].append(services[service])
    return found


@pages.form("/of/<uuid:organisation_id>", access=Permission.RESOURCE_EDIT,
            body=schemas.CredentialForm, again=of_organisation,
            upload=Upload("document", CREDENTIALS.most_bytes),
            said="已登记，等待审核")  # fmt: skip
def hand_in(
    session: Session, actor: Actor, body: dict[str, Any], organisation_id: UUID
) -> Response:
    """Hand a credential in, with its document."""
    organisation = access_holder(session, actor, organisation_id, Permission.RESOURCE_EDIT)
    sent = body["document"]
    document = made_safe(sent.content) if sent is not None else None
    credential = operations.hand_in(session, actor, organisation, body["credential"])
    if document is not None:
        operations.put_document(session, credential, document)
    return see_other(".of_organisation", organisation_id=organisation_id)


@pages.page("/<uuid:credential_id>", access=Permission.RESOURCE_SEE)
def show(
    session: Session,
    actor: Actor,
    credential_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """A credential, and the decision on it."""
    one = access_credential(session, actor, credential_id, Permission.RESOURCE_SEE)
    return render(
        "resources/credential.html",
        one=one,
        number=queries.masked_number(one),
        organisation=session.get_one(Organisation, one.organisation_id),
        required_by=_required_by()[one.kind],
        today=clock.today(),
        may_read=may_access(session, actor, one.organisation_id, Permission.RESOURCE_EDIT),
        may_approve=may_access(session, actor, one.organisation_id, Permission.RESOURCE_APPROVE),
        kinds=titles("credential_kinds"),
        typed=typed or {},
        problem=problem,
    )


@pages.page("/<uuid:credential_id>/document", access=Permission.RESOURCE_EDIT)
def document(session: Session, actor: Actor, credential_id: UUID) -> Response:
    """The document as it is kept."""
    one = access_credential(session, actor, credential_id, Permission.RESOURCE_EDIT)
    if one.document is None or one.document_type is None:
        raise NotFound
    return document_response(one.document, one.document_type, "资质")


@pages.form("/<uuid:credential_id>/approve", access=Permission.RESOURCE_APPROVE, again=show,
            said="已通过")  # fmt: skip
def approve(session: Session, actor: Actor, credential_id: UUID) -> Response:
    """Say that it was looked at, and is right."""
    one = access_credential(session, actor, credential_id, Permission.RESOURCE_APPROVE, lock=True)
    operations.approve(session, actor, one)
    return see_other(".show", credential_id=credential_id)


@pages.form("/<uuid:credential_id>/reject", access=Permission.RESOURCE_APPROVE,
            body=ResourceReason, again=show, said="已记为不通过")  # fmt: skip
def reject(session: Session, actor: Actor, body: dict[str, str], credential_id: UUID) -> Response:
    """Say why it does not count."""
    one = access_credential(session, actor, credential_id, Permission.RESOURCE_APPROVE, lock=True)
    operations.reject(session, actor, one, body["reason"])
    return see_other(".show", credential_id=credential_id)
