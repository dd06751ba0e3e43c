"""Login sessions: opaque bearer tokens, stored hashed, revocable, 30 days idle, 90 days at most."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from backend.core import clock, crypto
from backend.core.config import SESSIONS
from backend.core.db.statement import Statement
from backend.core.ids import new_id
from backend.core.permissions import Actor, Grant, Role
from backend.core.request_context import current_address, current_device
from backend.identity.models import LoginSession

IDLE = timedelta(days=30)
# However much it is used: the phone logs in again by itself.
LIFE = timedelta(days=SESSIONS.phone_days)
# `last_used_at` is moved once a day: a write for each request would cost more than it tells.
TOUCH_AFTER = timedelta(days=1)
# Of one person's sessions the newest go on, the older end: nobody has more phones.
KEPT = 10


def asking(columns: str, *, table: str = LoginSession.__tablename__, joins: str = "") -> Statement:
    """What somebody's token is asked for, with whether it holds, in one statement (`asked`).

    Args:
        columns: SQL of what is asked of `s`, the session, and `u`, its account.
        table: of sessions, with `token_hash`, `created_at`, `last_used_at` and `revoked_at`.
    """
    return Statement(
        f"""
        SELECT {columns}
          FROM {table} s
          JOIN user_account u ON u.id = s.user_id AND u.state = 'active'
          {joins}
         WHERE s.token_hash = :token_hash AND s.revoked_at IS NULL
           AND s.last_used_at > :idle_since AND s.created_at > :begun_since
        """
    )


def authentication(table: str) -> Statement:
    """Who a token belongs to, in one statement: session, account, own resident row and roles. It
    runs before every request.

    Args:
        table: as for `asking`.
    """
    return asking(
        """
        s.id, s.last_used_at, s.user_id, r.id AS resident_id,
        (SELECT json_agg(json_build_array(a.role, g.code, a.organisation_id))
           FROM role_assignment a LEFT JOIN region g ON g.id = a.region_id
          WHERE a.user_id = s.user_id AND a.revoked_at IS NULL) AS grants
        """,
        table=table,
        joins="JOIN resident r ON r.user_id = s.user_id",
    )


_AUTHENTICATE = authentication(LoginSession.__tablename__)

# What a login of the same person at the same moment holds is passed over: it is being ended by that
# one, and two that wait for one another's rows would be a deadlock.
_CREATE = Statement(
    f"""
    WITH older AS (
        DELETE FROM login_session
         WHERE id IN (SELECT id FROM login_session
                       WHERE id IN (SELECT id FROM login_session WHERE user_id = :user_id
                                     ORDER BY revoked_at IS NULL DESC, id DESC OFFSET {KEPT - 1})
                         FOR UPDATE SKIP LOCKED)
    )
    INSERT INTO login_session (id, user_id, token_hash, created_at, last_used_at, address, device)
    VALUES (:id, :user_id, :token_hash, :now, :now, :address, :device)
    """
)


def create(session: Session, user_id: UUID) -> tuple[str, datetime]:
    """A new session's token and the instant at which it ends if it is not used."""
    token, now = crypto.new_token(), clock.now()
    _CREATE.rows(
        session, id=new_id(), user_id=user_id, token_hash=crypto.hash_token(token), now=now,
        address=current_address(), device=current_device(),
    )  # fmt: skip
    return token, now + IDLE


def asked(session: Session, statement: Statement, token: str) -> Any:
    """What a statement of `asking` finds for a phone's token; None when that is unknown, revoked,
    idle too long or too old, or its account is blocked or closed. The session does not count as
    used by it."""
    now = clock.now()
    return statement.first(
        session,
        token_hash=crypto.hash_token(token),
        idle_since=now - IDLE,
        begun_since=now - LIFE,
    )


def authenticate(session: Session, token: str) -> Actor | None:
    """Who a bearer token belongs to; None for one that does not hold (`asked`)."""
    now = clock.now()
    row = asked(session, _AUTHENTICATE, token)
    if row is None:
        return None
    if now - row.last_used_at > TOUCH_AFTER:
        session.execute(
            update(LoginSession).where(LoginSession.id == row.id).values(last_used_at=now)
        )
    return actor_of(row)


def actor_of(row: Any) -> Actor:
    """The actor of a session's row: its `id`, `user_id`, `resident_id` and `grants`."""
    grants = tuple(
        Grant(Role(role), code, UUID(organisation) if organisation else None)
        for role, code, organisation in row.grants or ()
    )
    return Actor(row.user_id, row.resident_id, row.id, grants)


def revoke(session: Session, session_id: UUID) -> None:
    """End one session; its token is worth nothing from the next request on."""
    session.execute(
        update(LoginSession)
        .where(LoginSession.id == session_id, LoginSession.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )


def end_others(session: Session, actor: Actor) -> int:
    """End the caller's sessions but the one that asks; how many there were."""
    result = session.execute(
        update(LoginSession)
        .where(
            LoginSession.user_id == actor.user_id,
            LoginSession.revoked_at.is_(None),
            LoginSession.last_used_at > clock.now() - IDLE,
            LoginSession.id.is_distinct_from(actor.session_id),
        )
        .values(revoked_at=clock.now())
    )
    return int(result.rowcount)  # type: ignore[attr-defined]
