"""Sessions of the web console: begun, found by their token, ended.

A console session ends after 30 idle minutes, and after a working day in any case: the PC is in an
office, and others pass by. How one begins is in scanning.py and accounts.py.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from backend.core import audit, clock, crypto
from backend.core.audit import AuditEntry
from backend.core.config import SESSIONS
from backend.core.permissions import Actor, Permission, Role
from backend.core.request_context import current_address, current_device
from backend.identity.login.sessions import KEPT, actor_of, authentication
from backend.identity.models import ConsoleSession, Resident, User
from backend.identity.names import own_name
from backend.regions.models import Region

IDLE = timedelta(minutes=30)
LIFE = timedelta(hours=SESSIONS.console_hours)
TOUCH_AFTER = timedelta(minutes=1)
WAYS = {"scan": "扫码", "password": "密码", "demo": "演示登录"}
_AUTHENTICATE = authentication(ConsoleSession.__tablename__)


def authenticate(session: Session, token: str, *, in_use: bool = True) -> Actor | None:
    """Who a console session's token belongs to; None when it is unknown, revoked, idle too long or
    too old, or its account is blocked or closed.

    Args:
        in_use: whether a person asks. What an open page asks by itself does not count: the PC may
            have been left.
    """
    now = clock.now()
    row = _AUTHENTICATE.first(
        session,
        token_hash=crypto.hash_token(token),
        idle_since=now - IDLE,
        begun_since=now - LIFE,
    )
    if row is None:
        return None
    if in_use and now - row.last_used_at > TOUCH_AFTER:
        session.execute(
            update(ConsoleSession).where(ConsoleSession.id == row.id).values(last_used_at=now)
        )
    return actor_of(row)


@dataclass(frozen=True, slots=True)
class Who:
    """Whose console it is, as its header says it.

    Attributes:
        role: the one that reaches furthest; None where they have none in a region any more.
        more: how many other roles they have.
    """

    name: str
    role: Role | None
    place: str | None
    more: int


def who_is(session: Session, actor: Actor) -> Who:
    """Who is logged in."""
    regional = [grant for grant in actor.grants if grant.region_code is not None]
    widest = min(regional, key=lambda grant: len(grant.region_code or ""), default=None)
    place = select(Region.name).where(Region.code == (widest.region_code if widest else None))
    name, place_name = session.execute(
        select(Resident.name, place.scalar_subquery()).where(Resident.id == actor.resident_id)
    ).one()
    role = widest.role if widest else None
    return Who(own_name(name), role, place_name, len(actor.grants) - (1 if widest else 0))


def start(session: Session, user_id: UUID, how: str) -> str:
    """A new console session's token.

    Args:
        how: for the audit log and the owner: "scan", "password", "demo".
    """
    token = crypto.new_token()
    begun = ConsoleSession(
        user_id=user_id,
        token_hash=crypto.hash_token(token),
        address=current_address(),
        device=current_device(),
        how=how,
    )
    session.add(begun)
    session.flush()
    _end_oldest(session, user_id)
    record(session, user_id, "console_login", begun.id, {"how": how})
    return token


def login_before(session: Session, token: str) -> str | None:
    """When, from where and how the owner of this session logged in the time before, in words: a
    login that was not theirs is seen at the next one. None where this is the first."""
    owner = select(ConsoleSession.user_id).where(
        ConsoleSession.token_hash == crypto.hash_token(token)
    )
    entry = session.execute(
        select(AuditEntry)
        .where(
            AuditEntry.actor_user_id == owner.scalar_subquery(),
            AuditEntry.action == "console_login",
        )
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .offset(1)
        .limit(1)
    ).scalar_one_or_none()
    if entry is None:
        return None
    at = entry.at.astimezone(clock.SHANGHAI)
    where = f"网络地址 {entry.address}" if entry.address else "没有记下网络地址"
    how = WAYS.get(entry.details["how"], "其他方式")
    said = f"上次登录：{at.year} 年 {at.month} 月 {at.day} 日 {at:%H:%M}，{where}，方式：{how}"
    return f"{said}。不是您本人的话，请马上告诉管理员"


def _end_oldest(session: Session, user_id: UUID) -> None:
    """Of all sessions of one person the newest few go on."""
    newest = (
        select(ConsoleSession.id)
        .where(ConsoleSession.user_id == user_id, ConsoleSession.revoked_at.is_(None))
        .order_by(ConsoleSession.id.desc())
        .limit(KEPT)
    )
    # What another login of theirs is ending at this moment is left to it, as in sessions.py.
    older = (
        select(ConsoleSession.id)
        .where(ConsoleSession.user_id == user_id, ConsoleSession.id.not_in(newest))
        .with_for_update(skip_locked=True)
    )
    session.execute(
        delete(ConsoleSession)
        .where(ConsoleSession.id.in_(older))
        .execution_options(synchronize_session=False)
    )


def end(session: Session, actor: Actor) -> None:
    """End the caller's console session."""
    assert actor.session_id is not None
    session.execute(
        update(ConsoleSession)
        .where(ConsoleSession.id == actor.session_id, ConsoleSession.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )
    record(session, actor.user_id, "console_logout", actor.session_id, {})


def end_all(
    session: Session, actor: Actor | None, user_id: UUID, *, region_code: str | None
) -> int:
    """End all of somebody's console sessions; how many there were.

    Args:
        region_code: whose auditors see it.
    """
    ended = revoke_sessions(session, user_id)
    if ended:
        audit.record(
            session, actor, "end_console_sessions", User.__tablename__, user_id,
            region_code=region_code, details={"sessions": ended},
        )  # fmt: skip
    return ended


def end_others(session: Session, actor: Actor) -> int:
    """End the caller's console sessions but the one that asks; how many there were."""
    return revoke_sessions(session, actor.user_id, but=actor.session_id)


def revoke_sessions(session: Session, user_id: UUID, *, but: UUID | None = None) -> int:
    """End somebody's sessions, but one; how many there were."""
    result = session.execute(
        update(ConsoleSession)
        .where(
            ConsoleSession.user_id == user_id,
            ConsoleSession.revoked_at.is_(None),
            ConsoleSession.last_used_at > clock.now() - IDLE,
            ConsoleSession.id.is_distinct_from(but),
        )
        .values(revoked_at=clock.now())
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def may_enter(actor: Actor) -> bool:
    """Whether there is anything in the console for the caller."""
    return actor.may_anywhere(Permission.CONSOLE_USE)


def record(
    session: Session,
    user_id: UUID | None,
    action: str,
    object_id: UUID,
    details: dict[str, object],
) -> None:
    actor = Actor(user_id, user_id) if user_id else None
    audit.record(session, actor, action, ConsoleSession.__tablename__, object_id, details=details)
