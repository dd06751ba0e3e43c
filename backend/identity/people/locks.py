"""Accounts and their people, locked and read afresh."""

from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.errors import NotLoggedIn
from backend.core.permissions import Actor
from backend.identity.models import Resident, User, UserState


def lock_user(session: Session, user_id: UUID) -> User:
    """The caller's account, locked and read afresh.

    Raises NotLoggedIn (401) when it has been closed or blocked since the request began: nothing
    personal may be written to it any more.
    """
    user = session.get_one(
        User, user_id, with_for_update={"key_share": True}, populate_existing=True
    )
    if user.state is not UserState.ACTIVE:
        raise NotLoggedIn
    return user


def lock_own_resident(session: Session, actor: Actor) -> Resident:
    """The caller's own resident row, locked and read afresh. Raises as `lock_user`."""
    resident = session.get_one(
        Resident,
        actor.resident_id,
        with_for_update={"key_share": True},
        populate_existing=True,
    )
    if resident.removed_at is not None:
        raise NotLoggedIn
    return resident
