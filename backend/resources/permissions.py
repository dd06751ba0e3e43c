"""Who may see a resource, and who may change it.

A partner's people keep their organisation's. Clerks keep, and decide on, those that serve in their
own regions alone; whose regions are larger is decided on above. What was approved is seen by all
whose regions it may serve.
"""

from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, func, literal, or_, select
from sqlalchemy.orm import Session

from backend.core.errors import Forbidden, NotFound, ValidationFailed
from backend.core.permissions import Actor, Permission
from backend.partners.models import Organisation
from backend.regions.models import Region
from backend.resources.models import Resource, ResourceState

# What is, or was, there to be planned with.
OFFERED = (ResourceState.APPROVED, ResourceState.SUSPENDED)


def access_resource(
    session: Session, actor: Actor, resource_id: UUID, permission: Permission, *, lock: bool = False
) -> Resource:
    """The resource, if the caller may see it and has `permission` for it.

    Args:
        lock: FOR UPDATE, read afresh.

    Raises NotFound (404) for what the caller may not see, Forbidden (403) for what they may.
    """
    statement = select(Resource).where(Resource.id == resource_id, seen_by(actor))
    if lock:
        statement = statement.with_for_update(of=Resource).execution_options(populate_existing=True)
    resource = session.execute(statement).scalar_one_or_none()
    if resource is None:
        raise NotFound
    if not may(actor, resource, permission):
        raise Forbidden
    return resource


def may(actor: Actor, resource: Resource, permission: Permission) -> bool:
    """Whether the caller may do that with a resource."""
    if permission is Permission.RESOURCE_SEE:
        # Whoever has it before them, through `seen_by`, sees it.
        return actor.may_anywhere(permission)
    return actor.may(
        permission, region_code=resource.region_code, organisation_id=resource.organisation_id
    )


def seen_by(actor: Actor) -> ColumnElement[bool]:
    """Whether the caller sees a resource."""
    codes = actor.region_codes(Permission.RESOURCE_SEE)
    return or_(
        Resource.organisation_id.in_(own_organisations(actor)),
        or_(false(), *(Resource.region_code.startswith(code) for code in codes)),
        and_(Resource.state.in_(OFFERED), or_(false(), *(serves(code) for code in codes))),
    )


def own_organisations(actor: Actor) -> list[UUID]:
    """The organisations whose resources the caller keeps as one of their people."""
    return [
        grant.organisation_id
        for grant in actor.grants
        if grant.organisation_id is not None
        and grant.allows(Permission.RESOURCE_EDIT, None, grant.organisation_id)
    ]


def serves(region_code: str) -> ColumnElement[bool]:
    """Whether a resource may serve in a region, or somewhere below it."""
    overlaps = or_(
        Region.code.startswith(region_code), literal(region_code).startswith(Region.code)
    )
    return or_(
        func.cardinality(Resource.region_ids) == 0,
        exists().where(Region.id == Resource.region_ids.any_(), overlaps),
    )


def check_organisation(session: Session, organisation_id: UUID) -> Organisation:
    """The organisation that a body names.

    Raises ValidationFailed (422) where there is none.
    """
    organisation = session.get(Organisation, organisation_id)
    if organisation is None:
        raise ValidationFailed(errors={"organisation_id": ["没有这个单位"]})
    return organisation
