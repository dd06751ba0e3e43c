"""Resources (list two): what organisations offer, and the decision on it."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.pagination import Asked, Page
from backend.core.permissions import Actor, Permission
from backend.core.web.api import Blueprint
from backend.partners.models import Organisation
from backend.resources import operations, queries
from backend.resources.models import Resource
from backend.resources.permissions import access_resource
from backend.resources.requests import NewResource, ResourceEdit, ResourcesAsked
from backend.resources.web import schemas

blp = Blueprint("resources_api", __name__, url_prefix="/api/v1", description="资源清单")


def _shown(session: Session, resource: Resource) -> dict[str, Any]:
    name = session.get_one(Organisation, resource.organisation_id).name
    return _answer(resource, name)


def _answer(resource: Resource, organisation_name: str) -> dict[str, Any]:
    values = {column.key: getattr(resource, column.key) for column in Resource.__table__.columns}
    return values | {"organisation_name": organisation_name}


@blp.get("/resources", access=Permission.RESOURCE_SEE, query=schemas.ResourcesQuery,
         answer=schemas.ResourceAnswer, page=True)  # fmt: skip
def list_resources(session: Session, actor: Actor, query: tuple[ResourcesAsked, Asked]) -> Page:
    """Of a partner its organisation's; of staff those that may serve in their regions."""
    page = queries.list_resources(session, actor, *query)
    items = [_answer(row.Resource, row.organisation_name) for row in page.items]
    return Page(items, page.next_cursor)


@blp.post("/resources", access=Permission.RESOURCE_EDIT, status=201,
          body=schemas.ResourceRequest, answer=schemas.ResourceAnswer)  # fmt: skip
def draft(session: Session, actor: Actor, body: NewResource) -> dict[str, Any]:
    """Draft a resource."""
    return _shown(session, operations.draft(session, actor, body))


@blp.get("/resources/<uuid:resource_id>", access=Permission.RESOURCE_SEE,
         answer=schemas.ResourceAnswer)  # fmt: skip
def get_resource(session: Session, actor: Actor, resource_id: UUID) -> dict[str, Any]:
    """A resource."""
    return _shown(session, access_resource(session, actor, resource_id, Permission.RESOURCE_SEE))


@blp.put("/resources/<uuid:resource_id>", access=Permission.RESOURCE_EDIT,
         body=schemas.ResourceChange, answer=schemas.ResourceAnswer)  # fmt: skip
def change(session: Session, actor: Actor, body: ResourceEdit, resource_id: UUID) -> dict[str, Any]:
    """Change a resource; a partner that changes what was approved hands it in again."""
    resource = _to_edit(session, actor, resource_id)
    operations.change(session, actor, resource, body)
    return _shown(session, resource)


@blp.post("/resources/<uuid:resource_id>/submit", access=Permission.RESOURCE_EDIT,
          answer=schemas.ResourceAnswer)  # fmt: skip
def submit(
    session: Session, actor: Actor, _body: dict[str, Any], resource_id: UUID
) -> dict[str, Any]:
    """Hand it in, to be approved."""
    resource = _to_edit(session, actor, resource_id)
    operations.submit(session, actor, resource)
    return _shown(session, resource)


@blp.post("/resources/<uuid:resource_id>/approve", access=Permission.RESOURCE_APPROVE,
          answer=schemas.ResourceAnswer)  # fmt: skip
def approve(
    session: Session, actor: Actor, _body: dict[str, Any], resource_id: UUID
) -> dict[str, Any]:
    """Let it be planned with; again, where it was suspended."""
    resource = _to_decide(session, actor, resource_id)
    operations.approve(session, actor, resource)
    return _shown(session, resource)


@blp.post("/resources/<uuid:resource_id>/return", access=Permission.RESOURCE_APPROVE,
          body=schemas.ResourceReason, answer=schemas.ResourceAnswer)  # fmt: skip
def send_back(
    session: Session, actor: Actor, body: dict[str, str], resource_id: UUID
) -> dict[str, Any]:
    """Return it to who handed it in, with a reason."""
    resource = _to_decide(session, actor, resource_id)
    operations.send_back(session, actor, resource, body["reason"])
    return _shown(session, resource)


@blp.post("/resources/<uuid:resource_id>/suspend", access=Permission.RESOURCE_APPROVE,
          body=schemas.ResourceReason, answer=schemas.ResourceAnswer)  # fmt: skip
def suspend(
    session: Session, actor: Actor, body: dict[str, str], resource_id: UUID
) -> dict[str, Any]:
    """Plan with it no more for now, with a reason."""
    resource = _to_decide(session, actor, resource_id)
    operations.suspend(session, actor, resource, body["reason"])
    return _shown(session, resource)


@blp.post("/resources/<uuid:resource_id>/retire", access=Permission.RESOURCE_EDIT,
          answer=schemas.ResourceAnswer)  # fmt: skip
def retire(
    session: Session, actor: Actor, _body: dict[str, Any], resource_id: UUID
) -> dict[str, Any]:
    """Give it up for good."""
    resource = _to_edit(session, actor, resource_id)
    operations.retire(session, actor, resource)
    return _shown(session, resource)


def _to_edit(session: Session, actor: Actor, resource_id: UUID) -> Resource:
    return access_resource(session, actor, resource_id, Permission.RESOURCE_EDIT, lock=True)


def _to_decide(session: Session, actor: Actor, resource_id: UUID) -> Resource:
    return access_resource(session, actor, resource_id, Permission.RESOURCE_APPROVE, lock=True)
