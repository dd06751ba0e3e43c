"""Use cases of who manages the staff: to give roles, to take them back, to end console logins.

An admin does it within their own region, never beyond their own scope and level: nobody gives
what they don't hold themselves, nor takes from a colleague who holds more.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core.errors import AppError, Forbidden, NotFound, ValidationFailed
from backend.core.permissions import (
    OF_ONE_REGION,
    ROLE_PERMISSIONS,
    Actor,
    Grant,
    Permission,
    Role,
)
from backend.identity import roles
from backend.identity.login import console
from backend.identity.models import RoleAssignment, User, UserState
from backend.identity.roles import Scope
from backend.regions.models import Region


class RoleHeldAlready(AppError):
    status = 409
    code = "role_held_already"
    title = "这位同事已经有这个角色，没有改动"


class RoleTakenBackAlready(AppError):
    status = 409
    code = "role_taken_back_already"
    title = "这个角色刚刚已被收回，没有改动"


class OwnAdminRole(AppError):
    status = 409
    code = "own_admin_role"
    title = "不能收回自己的管理员角色，请另一位管理员办理"


class AccountOver(AppError):
    status = 409
    code = "account_over"
    title = "这个账户已注销或停用，不能授予角色"


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role that somebody has, with the region that it lies in."""

    row: RoleAssignment
    region_code: str

    @property
    def grant(self) -> Grant:
        return _grant_of(self.row.role, self.row.organisation_id, self.region_code)


def give(session: Session, actor: Actor, user_id: UUID, role: Role, scope: Scope) -> None:
    """Give somebody a role.

    Args:
        user_id: through `access_colleague`.
        scope: an organisation for a partner, a region for every other role.

    Raises ValidationFailed (422) for a place that does not exist, Forbidden (403) beyond the
    caller's own scope or level, WrongScope (422), AccountOver and RoleHeldAlready (409).
    """
    code = roles.region_code_of(session, scope)
    if code is None:
        raise ValidationFailed(errors={"region_id": ["没有这个地区或单位"]})
    _check_level(actor, _grant_of(role, scope.organisation_id, code), code)
    user = session.get_one(User, user_id, with_for_update={"key_share": True})
    if user.state is not UserState.ACTIVE:
        raise AccountOver
    if not roles.grant(session, actor, user_id, role, scope):
        raise RoleHeldAlready


def take_back(session: Session, actor: Actor, user_id: UUID, assignment_id: UUID) -> None:
    """Take a role back, from the next request on.

    Raises NotFound (404) for a role that is not this user's, Forbidden (403) beyond the caller's
    own scope or level, OwnAdminRole, LastAdmin and RoleTakenBackAlready (409).
    """
    session.get_one(User, user_id, with_for_update={"key_share": True})
    assignment = session.get(RoleAssignment, assignment_id)
    if assignment is None or assignment.user_id != user_id:
        raise NotFound
    scope = Scope(assignment.region_id, assignment.organisation_id)
    code = roles.region_code_of(session, scope)
    assert code is not None
    _check_level(actor, HeldRole(assignment, code).grant, code)
    if assignment.role is Role.ADMIN and user_id == actor.user_id:
        raise OwnAdminRole
    if not roles.revoke(session, actor, user_id, assignment.role, scope):
        raise RoleTakenBackAlready


def end_console_sessions(session: Session, actor: Actor, user_id: UUID) -> int:
    """Log a colleague out of every browser; how many there were.

    Raises Forbidden (403) when they hold a role beyond the caller's own scope or level.
    """
    held = held_roles(session, user_id)
    for one in held:
        _check_level(actor, one.grant, one.region_code)
    code = min((one.region_code for one in held), key=len, default=None)
    return console.end_all(session, actor, user_id, region_code=code)


def held_roles(session: Session, user_id: UUID) -> list[HeldRole]:
    """A user's roles, in the order they were given."""
    statement = (
        select(RoleAssignment, Region.code)
        .join(Region, Region.id == roles.place_of_role())
        .where(RoleAssignment.user_id == user_id, RoleAssignment.revoked_at.is_(None))
        .order_by(RoleAssignment.id)
    )
    return [HeldRole(row.RoleAssignment, row.code) for row in session.execute(statement)]


def _grant_of(role: Role, organisation_id: UUID | None, code: str) -> Grant:
    if organisation_id is not None:
        return Grant(role, organisation_id=organisation_id)
    return Grant(role, code)


def _check_level(actor: Actor, grant: Grant, code: str) -> None:
    """Whether the caller manages roles in a region, and holds there all that a grant allows; but
    for what is of that region's own clerks alone, which nobody above them holds.

    Raises Forbidden (403).
    """
    if not actor.may(Permission.ROLE_GRANT, region_code=code):
        raise Forbidden("只能管理您负责地区内的角色")
    beyond = (
        permission
        for permission in ROLE_PERMISSIONS[grant.role] - OF_ONE_REGION
        if grant.allows(permission, code, grant.organisation_id)
        and not actor.may(permission, region_code=code)
    )
    if any(beyond):
        raise Forbidden("不能管理比您权限更高的角色")
