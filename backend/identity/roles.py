"""Granting and taking back roles. Every change is audited.

Whichever way a role ends, an admin remains in each region that has one, and who has lost the last
role that opens the console is logged out of it.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, column, func, literal, select, table
from sqlalchemy.orm import Session

from backend.core import audit, clock
from backend.core.errors import AppError
from backend.core.permissions import ROLE_PERMISSIONS, Actor, Permission, Role
from backend.identity.login import console
from backend.identity.models import RoleAssignment, User, UserState
from backend.identity.signals import role_changed
from backend.regions.models import Region

# Of the layer above; only where it is based is read, because that is where its partners are.
organisations = table("organisation", column("id"), column("name"), column("region_id"))


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a role holds: exactly one of a region and an organisation."""

    region_id: UUID | None = None
    organisation_id: UUID | None = None


class WrongScope(AppError):
    status = 422
    code = "wrong_scope"
    title = "角色的范围不对：合伙人授权到单位，其他角色授权到地区"


class LastAdmin(AppError):
    status = 409
    code = "last_admin"
    title = "这是该地区最后一位管理员，请先设另一位管理员"


def grant(
    session: Session,
    actor: Actor | None,
    user_id: UUID,
    role: Role,
    scope: Scope,
) -> bool:
    """Give a user a role in a region or an organisation; False when they have it already.

    Raises WrongScope (422): a partner's scope is an organisation, every other role's a region.
    """
    if (role is Role.PARTNER) != (scope.organisation_id is not None):
        raise WrongScope
    session.get_one(User, user_id, with_for_update={"key_share": True})
    if _find(session, user_id, role, scope) is not None:
        return False
    assignment = RoleAssignment(
        user_id=user_id,
        role=role,
        region_id=scope.region_id,
        organisation_id=scope.organisation_id,
    )
    session.add(assignment)
    session.flush()
    _record(session, actor, "grant_role", assignment)
    return True


def revoke(
    session: Session,
    actor: Actor | None,
    user_id: UUID,
    role: Role,
    scope: Scope,
) -> bool:
    """Take a role back, from the next request on; False when the user does not have it.

    Raises LastAdmin (409).
    """
    session.get_one(User, user_id, with_for_update={"key_share": True})
    assignment = _find(session, user_id, role, scope)
    if assignment is None:
        return False
    _revoke(session, actor, user_id, [assignment])
    return True


def revoke_all(session: Session, actor: Actor | None, user_id: UUID) -> None:
    """Take all of a user's roles back, who is locked.

    Raises LastAdmin (409).
    """
    _revoke(session, actor, user_id, active(session, user_id))


def active(session: Session, user_id: UUID) -> list[RoleAssignment]:
    """A user's roles, in the order they were given."""
    statement = (
        select(RoleAssignment)
        .where(RoleAssignment.user_id == user_id, RoleAssignment.revoked_at.is_(None))
        .order_by(RoleAssignment.id)
    )
    return list(session.execute(statement).scalars())


def region_code_of(session: Session, scope: Scope) -> str | None:
    """The code of the region where a scope lies: an organisation's is where it is based. None
    where there is no such region or organisation."""
    based = select(organisations.c.region_id).where(organisations.c.id == scope.organisation_id)
    region_id = func.coalesce(scope.region_id, based.scalar_subquery())
    return session.execute(select(Region.code).where(Region.id == region_id)).scalar_one_or_none()


def place_of_role() -> ColumnElement[UUID]:
    """The id of the region that a row of RoleAssignment lies in, for statements that read it: its
    own, or the one where its organisation is based."""
    based = (
        select(organisations.c.region_id)
        .where(organisations.c.id == RoleAssignment.organisation_id)
        .correlate(RoleAssignment)
    )
    return func.coalesce(RoleAssignment.region_id, based.scalar_subquery())


def _find(session: Session, user_id: UUID, role: Role, scope: Scope) -> RoleAssignment | None:
    for assignment in active(session, user_id):
        if assignment.role is role and scope == Scope(
            assignment.region_id, assignment.organisation_id
        ):
            return assignment
    return None


def _revoke(
    session: Session, actor: Actor | None, user_id: UUID, ended: list[RoleAssignment]
) -> None:
    for assignment in ended:
        if assignment.role is Role.ADMIN:
            _check_admin_remains(session, assignment, {one.id for one in ended})
    for assignment in ended:
        assignment.revoked_at = clock.now()
        session.flush()
        _record(session, actor, "revoke_role", assignment)
    if ended and not _opens_console(session, user_id):
        place = Scope(ended[0].region_id, ended[0].organisation_id)
        console.end_all(session, actor, user_id, region_code=region_code_of(session, place))


def _check_admin_remains(session: Session, assignment: RoleAssignment, ended: set[UUID]) -> None:
    """Whether an admin of this region, or of one above, remains without those that end.

    Their roles are locked: of two admins who end each other's or their own at once, the second
    finds the first's word, and is told.
    """
    standing = session.execute(
        select(RoleAssignment.id)
        .join(Region, Region.id == RoleAssignment.region_id)
        .join(User, User.id == RoleAssignment.user_id)
        .where(
            RoleAssignment.role == Role.ADMIN,
            RoleAssignment.revoked_at.is_(None),
            User.state == UserState.ACTIVE,
            literal(region_code_of(session, Scope(assignment.region_id))).startswith(Region.code),
        )
        .order_by(RoleAssignment.id)
        .with_for_update(of=RoleAssignment)
    ).scalars()
    admins = set(standing)
    # Whose account is blocked is none already.
    if assignment.id in admins and not admins - ended:
        raise LastAdmin


def _opens_console(session: Session, user_id: UUID) -> bool:
    return any(
        Permission.CONSOLE_USE in ROLE_PERMISSIONS[assignment.role]
        for assignment in active(session, user_id)
    )


def _record(session: Session, actor: Actor | None, action: str, assignment: RoleAssignment) -> None:
    granted = assignment.role.value
    audit.record(
        session,
        actor,
        action,
        User.__tablename__,
        assignment.user_id,
        region_code=region_code_of(
            session, Scope(assignment.region_id, assignment.organisation_id)
        ),
        from_state=granted if action == "revoke_role" else None,
        to_state=granted if action == "grant_role" else None,
        details={
            "region_id": str(assignment.region_id) if assignment.region_id else None,
            "organisation_id": (
                str(assignment.organisation_id) if assignment.organisation_id else None
            ),
        },
    )
    role_changed.send(
        session,
        actor=actor,
        user_id=assignment.user_id,
        role=assignment.role,
        place=_name_of_place(session, assignment),
        given=action == "grant_role",
    )


def _name_of_place(session: Session, assignment: RoleAssignment) -> str:
    name = (
        select(Region.name).where(Region.id == assignment.region_id)
        if assignment.region_id
        else select(organisations.c.name).where(organisations.c.id == assignment.organisation_id)
    )
    return str(session.execute(name).scalar_one())
