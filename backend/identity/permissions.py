"""Who may act for whom."""

from typing import TypeVar
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from backend.core.errors import NotFound
from backend.core.permissions import Actor, Permission
from backend.identity.models import ConsoleSession, LoginSession, Resident, RoleAssignment
from backend.identity.people.lookups import was_found
from backend.identity.roles import place_of_role
from backend.regions.models import Region
from backend.regions.queries import within

S = TypeVar("S", ConsoleSession, LoginSession)


def access_own_resident(
    session: Session, actor: Actor, resident_id: UUID | None = None, *, lock: bool = False
) -> Resident:
    """The caller's own resident row, or one of a family member they act for.

    Args:
        resident_id: None means the caller's own.
        lock: lock the row, so that two requests of one person come one after the other.

    Raises NotFound (404) for anybody else's: whether that id exists is not the caller's business.
    """
    statement = select(Resident).where(
        Resident.id == (resident_id or actor.resident_id),
        Resident.removed_at.is_(None),
        or_(Resident.user_id == actor.user_id, Resident.guardian_user_id == actor.user_id),
    )
    if lock:
        # NO KEY: other rows that refer to this person can still be written meanwhile.
        statement = statement.with_for_update(key_share=True)
    resident = session.execute(statement).scalar_one_or_none()
    if resident is None:
        raise NotFound
    return resident


def access_family_member(session: Session, actor: Actor, resident_id: UUID) -> Resident:
    """A family member the caller acts for, locked; 404 for anybody else, the caller included."""
    resident = access_own_resident(session, actor, resident_id, lock=True)
    if resident.guardian_user_id is None:
        raise NotFound
    return resident


def access_own_session(
    session: Session, actor: Actor, session_id: UUID
) -> ConsoleSession | LoginSession:
    """One of the caller's own sessions, locked. Raises NotFound (404) for anybody else's."""
    found = _own(session, actor, ConsoleSession, session_id) or _own(
        session, actor, LoginSession, session_id
    )
    if found is None:
        raise NotFound
    return found


def _own(session: Session, actor: Actor, model: type[S], session_id: UUID) -> S | None:
    asked = select(model).where(model.id == session_id, model.user_id == actor.user_id)
    return session.execute(asked.with_for_update()).scalar_one_or_none()


def access_colleague(session: Session, actor: Actor, user_id: UUID) -> Resident:
    """Somebody on the staff as a person: who has, or had, a role in the caller's regions, or whom
    the caller has just found to give them one.

    What may be done about each of their roles is judged role by role (staff.py).

    Raises NotFound (404) for anybody else.
    """
    person = session.execute(
        select(Resident).where(Resident.user_id == user_id)
    ).scalar_one_or_none()
    if person is None or not (
        _on_staff(session, actor, user_id) or was_found(session, actor, person.id)
    ):
        raise NotFound
    return person


def _on_staff(session: Session, actor: Actor, user_id: UUID) -> bool:
    statement = (
        select(RoleAssignment.id)
        .join(Region, Region.id == place_of_role())
        .where(
            RoleAssignment.user_id == user_id,
            within(actor.region_codes(Permission.STAFF_SEE)),
        )
    )
    return session.execute(statement.limit(1)).first() is not None
