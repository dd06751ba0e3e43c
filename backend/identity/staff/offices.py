"""With what office a member of the staff does something, as those it concerns are told: no name."""

from sqlalchemy.orm import Session

from backend.core.permissions import Actor, Permission
from backend.identity.words import ROLES
from backend.regions.queries import region_names


def office_of(session: Session, actor: Actor, permission: Permission, region_code: str) -> str:
    """湖塘镇的组织者: of the roles that allow something in a region, the highest.

    Args:
        region_code: where the caller's `permission` has been checked.
    """
    grants = [grant for grant in actor.grants if grant.allows(permission, region_code, None)]
    held = min(grants, key=lambda grant: len(grant.region_code or ""))
    assert held.region_code is not None
    (place,) = region_names(session, [held.region_code]).values()
    return f"{place}的{ROLES[held.role]}"
