"""Whether somebody may do something in a region."""

from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.errors import Forbidden, ValidationFailed
from backend.core.permissions import Actor, Permission
from backend.regions.models import Region


def check_region(session: Session, actor: Actor, region_id: UUID, permission: Permission) -> Region:
    """The region named in a body, if the caller has `permission` there.

    Raises ValidationFailed (422) when there is no such region, Forbidden (403).
    """
    region = session.get(Region, region_id)
    if region is None:
        raise ValidationFailed(errors={"region_id": ["没有这个地区"]})
    if not actor.may(permission, region_code=region.code):
        raise Forbidden
    return region
