"""One's own logins, at desks and on phones: to see, and to end those that are not one's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core import audit, clock
from backend.core.permissions import Actor
from backend.identity.login import console, sessions
from backend.identity.models import ConsoleSession, LoginSession
from backend.identity.permissions import S, access_own_session

PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Device:
    """A session that lets somebody in.

    Attributes:
        how: "scan", "password", "demo" at a desk, "phone" in the mini-program; None where it was
            not noted, as with device and address.
        last_used_at: noted each minute at a desk, once a day on a phone.
        current: whether it is the one that asks.
    """

    id: UUID
    how: str | None
    device: str | None
    address: str | None
    created_at: datetime
    last_used_at: datetime
    current: bool


def own(session: Session, actor: Actor) -> list[Device]:
    """The caller's sessions, the one that asks first, then the last used."""
    me = actor.user_id
    desks = _alive(session, me, ConsoleSession, console.IDLE, console.LIFE)
    phones = _alive(session, me, LoginSession, sessions.IDLE, sessions.LIFE)
    found = [_device(actor, one, one.how) for one in desks]
    found += [_device(actor, one, PHONE) for one in phones]
    return sorted(found, key=lambda one: (one.current, one.last_used_at, one.id), reverse=True)


def _device(actor: Actor, one: ConsoleSession | LoginSession, how: str | None) -> Device:
    return Device(
        one.id, how, one.device, one.address, one.created_at, one.last_used_at,
        one.id == actor.session_id,
    )  # fmt: skip


def _alive(
    session: Session, user_id: UUID, model: type[S], idle: timedelta, life: timedelta
) -> Sequence[S]:
    now = clock.now()
    asked = select(model).where(
        model.user_id == user_id,
        model.revoked_at.is_(None),
        model.last_used_at > now - idle,
        model.created_at > now - life,
    )
    return session.execute(asked).scalars().all()


def end(session: Session, actor: Actor, session_id: UUID) -> None:
    """End one of the caller's sessions. Again is no harm.

    Raises NotFound (404) for anybody else's.
    """
    one = access_own_session(session, actor, session_id)
    if one.revoked_at is None:
        one.revoked_at = clock.now()
        audit.record(session, actor, "end_own_session", one.__tablename__, one.id)


def end_others(session: Session, actor: Actor) -> int:
    """End all of the caller's sessions but the one that asks; how many there were."""
    assert actor.session_id is not None
    ended = console.end_others(session, actor) + sessions.end_others(session, actor)
    if ended:
        audit.record(
            session, actor, "end_other_sessions", ConsoleSession.__tablename__, actor.session_id,
            details={"sessions": ended},
        )  # fmt: skip
    return ended
