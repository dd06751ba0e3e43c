"""Reads around a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, exists, func, literal, select
from sqlalchemy.orm import Session

from backend.core.context import composed
from backend.core.crypto import PhoneVault
from backend.core.db.statement import Statement
from backend.core.permissions import ROLE_PERMISSIONS, Actor, Permission, Role
from backend.identity.models import Consent, LoginSession, Resident, RoleAssignment, User, UserState
from backend.identity.names import own_name
from backend.identity.people import consents, family
from backend.identity.people.special_needs import opened
from backend.identity.phones import masked_phone
from backend.identity.questions import exported
from backend.identity.roles import organisations
from backend.regions.models import Region

CONSENT_COLUMNS = ("purpose", "version", "given_at", "withdrawn_at")
ROLE_COLUMNS = ("role", "granted_at", "revoked_at")
SESSION_COLUMNS = ("created_at", "last_used_at", "revoked_at", "address", "device")


_ME = Statement.of(
    select(
        User.id,
        User.elder_mode,
        Resident.id.label("resident_id"),
        Resident.name,
        Resident.birth_year,
        Resident.region_id,
        Resident.phone_encrypted,
        Resident.phone_state,
        Resident.special_needs_encrypted,
        exists()
        .where(RoleAssignment.user_id == User.id, RoleAssignment.revoked_at.is_(None))
        .label("has_roles"),
        exists()
        .where(Consent.user_id == User.id, Consent.withdrawn_at.is_(None))
        .label("has_consents"),
    )
    .join(Resident, Resident.user_id == User.id)
    .where(User.id == bindparam("user_id"))
)
_ROLES = Statement.of(
    select(
        RoleAssignment.role,
        func.coalesce(Region.id, organisations.c.id).label("id"),
        func.coalesce(Region.name, organisations.c.name).label("name"),
        Region.code,
        Region.level,
    )
    .select_from(RoleAssignment)
    .outerjoin(Region, Region.id == RoleAssignment.region_id)
    .outerjoin(organisations, organisations.c.id == RoleAssignment.organisation_id)
    .where(RoleAssignment.user_id == bindparam("user_id"), RoleAssignment.revoked_at.is_(None))
    .order_by(RoleAssignment.id)
)
_CONSENTS = Statement.of(consents.select_active_consents())


def me(session: Session, user_id: UUID) -> dict[str, Any]:
    """A user as `/me` answers them: profile, roles with scopes, preferences, consents. Every phone
    asks for it with its login, so these are hand-written statements."""
    row = _ME.first(session, user_id=user_id)
    return {
        "id": row.id,
        "resident_id": row.resident_id,
        "name": row.name,
        "display_name": own_name(row.name),
        "birth_year": row.birth_year,
        "region_id": row.region_id,
        "phone": masked_phone(row),
        "phone_state": row.phone_state,
        "special_needs": opened(row.special_needs_encrypted),
        # Most have no role, and who has just come has no consent: each login of a market's first
        # minute comes here.
        "roles": roles_of(session, user_id) if row.has_roles else [],
        "preferences": {"elder_mode": row.elder_mode},
        "consents": _CONSENTS.rows(session, user_id=user_id) if row.has_consents else [],
    }


def roles_of(session: Session, user_id: UUID) -> list[dict[str, Any]]:
    """A user's roles with the names of their scopes."""
    return [
        {
            "role": Role(row.role),
            "scope": {
                "type": "region" if row.code else "organisation",
                "id": str(row.id),
                "name": row.name,
                "code": row.code,
                "level": row.level,
            },
        }
        for row in _ROLES.rows(session, user_id=user_id)
    ]


def family_member(resident: Resident) -> dict[str, Any]:
    """A family member as their account sees them."""
    return {
        "id": resident.id,
        "name": resident.name,
        "display_name": own_name(resident.name),
        "relation": resident.relation,
        "birth_year": resident.birth_year,
        "phone": masked_phone(resident),
        "special_needs": opened(resident.special_needs_encrypted),
    }


def export(session: Session, actor: Actor) -> dict[str, Any]:
    """All that is stored about the caller and the family they act for (PIPL 45).

    Features above answer `exported` with a section each.
    """
    user = session.get_one(User, actor.user_id)
    people = [session.get_one(Resident, actor.resident_id), *family.list_family(session, actor)]
    ids = [person.id for person in people]
    return {
        "account": {
            "id": user.id,
            "wechat_openid": user.openid,
            "wechat_unionid": user.unionid,
            "created_at": user.created_at,
            "elder_mode": user.elder_mode,
        },
        "people": [_person(person) for person in people],
        "roles": roles_of(session, actor.user_id),
        "role_history": _rows(session, RoleAssignment, actor, ROLE_COLUMNS),
        "consents": _rows(session, Consent, actor, CONSENT_COLUMNS),
        "sessions": _rows(session, LoginSession, actor, SESSION_COLUMNS),
        **exported(session, ids),
    }


def _person(resident: Resident) -> dict[str, Any]:
    encrypted = resident.phone_encrypted
    return {
        "id": resident.id,
        "name": resident.name,
        "relation": resident.relation,
        "birth_year": resident.birth_year,
        "note": resident.note,
        "region_id": resident.region_id,
        # Their own data, to themselves: beside the call back's (feedback) the one answer with a
        # number in full.
        "phone": composed(PhoneVault).decrypt(encrypted) if encrypted else None,
        "phone_state": resident.phone_state,
        "special_needs": opened(resident.special_needs_encrypted),
        "created_at": resident.created_at,
    }


def _rows(
    session: Session,
    model: type[Consent | LoginSession | RoleAssignment],
    actor: Actor,
    names: Sequence[str],
) -> list[dict[str, Any]]:
    statement = (
        select(*(getattr(model, name) for name in names))
        .where(model.user_id == actor.user_id)
        .order_by(model.id)
    )
    return [dict(row) for row in session.execute(statement).mappings()]


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody on the staff, as other staff see them."""

    user_id: UUID
    name: str


def colleagues(session: Session, region_code: str, permission: Permission) -> list[Colleague]:
    """Who holds a permission in a region by a role there or above, in the order of their names."""
    roles = [role for role, granted in ROLE_PERMISSIONS.items() if permission in granted]
    statement = (
        select(User.id, Resident.name)
        .join(RoleAssignment, RoleAssignment.user_id == User.id)
        .join(Region, Region.id == RoleAssignment.region_id)
        .join(Resident, Resident.user_id == User.id)
        .where(
            RoleAssignment.revoked_at.is_(None),
            RoleAssignment.role.in_(roles),
            User.state == UserState.ACTIVE,
            literal(region_code).startswith(Region.code),
        )
        .distinct()
        .order_by(Resident.name, User.id)
    )
    return [Colleague(row.id, own_name(row.name)) for row in session.execute(statement)]
