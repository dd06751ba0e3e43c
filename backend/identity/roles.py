"""Granting and taking back roles. Every change is audited."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, column, func, select, table
from sqlalchemy.orm import Session

from backend.core import audit, clock
from backend.core.errors import AppError
from backend.core.permissions import Actor, Role
from backend.identity.models import RoleAssignment, User
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
    title = "角色的范围不对:合伙人授权到单位,其他角色授权到地区"


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
    """Take a role back, from the next request on; False when the user does not have it."""
    session.get_one(User, user_id, with_for_update={"key_share": True})
    assignment = _find(session, user_id, role, scope)
    if assignment is None:
        return False
    _revoke(session, actor, assignment)
    return True


def revoke_all(session: Session, actor: Actor | None, user_id: UUID) -> None:
    """Take all of a user's roles back."""
    for assignment in active(session, user_id):
        _revoke(session, actor, assignment)


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


def _revoke(session: Session, actor: Actor | None, assignment: RoleAssignment) -> None:
    assignment.revoked_at = clock.now()
    session.flush()
    _record(session, actor, "revoke_role", assignment)


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
