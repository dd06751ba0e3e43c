"""Use cases around logging in to the web console: by a code scanned in the mini-program, or by
password and one-time code.

A console session ends after 30 idle minutes, and after a working day in any case: the PC is in an
office, and others pass by.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import argon2
import pyotp
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from backend.core import audit, clock, crypto, limits
from backend.core.audit import AuditEntry
from backend.core.config import SESSIONS, limit_rules
from backend.core.context import composed
from backend.core.crypto import PhoneVault
from backend.core.errors import AppError, NotFound, ValidationFailed, on_constraint
from backend.core.limits import TooManyRequests, in_words
from backend.core.permissions import Actor, Permission, Role
from backend.core.request_context import current_address, current_device
from backend.identity.login.passwords import weakness
from backend.identity.login.sessions import KEPT, actor_of, authentication
from backend.identity.models import (
    ConsoleLogin,
    ConsoleSession,
    PasswordAccount,
    Resident,
    User,
    UserState,
)
from backend.identity.names import own_name
from backend.regions.models import Region

log = logging.getLogger(__name__)

IDLE = timedelta(minutes=30)
LIFE = timedelta(hours=SESSIONS.console_hours)
TOUCH_AFTER = timedelta(minutes=1)
CODE_LIVES = timedelta(minutes=3)
# What the QR says before its code, so that the mini-program knows what it has scanned.
QR_PREFIX = "wushe-login:"
# The limits of wrong passwords: from one address, and of one user name from one address.
PASSWORD, PASSWORD_LOCK = "password", "password_lock"
TOTP_SECONDS = 30
WAYS = {"scan": "扫码", "password": "密码", "demo": "演示登录"}
# A clock may be a step ahead or behind.
_TOTP_STEPS = (-1, 0, 1)

_AUTHENTICATE = authentication(ConsoleSession.__tablename__)
_hasher = argon2.PasswordHasher()
# Checked where there is no such user, so that the answer takes as long. Written down: making one
# takes a tenth of a second of every start.
NOBODYS_HASH = (
    "$argon2id$v=19$m=65536,t=3,p=4$koS8U4E0tA/oEWrAcgNLlw"
    "$3KvYFM9RthzeBWUQVro+KkUaA2hcqk3ntw7JRCdwspU"
)


class LoginRefused(AppError):
    status = 422
    code = "login_refused"
    title = "用户名、密码或动态码不对"


class OldPasswordWrong(AppError):
    status = 422
    code = "old_password_wrong"
    title = "旧密码或动态码不对，密码没有改"


class AccountLocked(TooManyRequests):
    code = "account_locked"
    title = f"在这个网络上连续输错 {limit_rules(PASSWORD_LOCK).most} 次，暂时不能用密码登录"

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.detail = f"请等{in_words(seconds)}再试，或用小程序扫码登录"


class AccountUnknown(NotFound):
    code = "account_unknown"
    title = "没有这个用户名"


class AccountTaken(AppError):
    status = 409
    code = "account_taken"
    title = "用户名已被使用，或这位用户已经有用户名；要换密码请用 accounts reset"


on_constraint("uq_password_account_username", AccountTaken)
on_constraint("pk_password_account", AccountTaken)


class LoginCodeExpired(AppError):
    status = 409
    code = "login_code_expired"
    title = "二维码已过期，请在电脑上刷新后重新扫描"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A browser's request to be let in: what its QR says, and what only it knows."""

    code: str
    browser_secret: str
    expires_at: datetime


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
    _record(session, user_id, "console_login", begun.id, {"how": how})
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
    session.execute(
        delete(ConsoleSession)
        .where(ConsoleSession.user_id == user_id, ConsoleSession.id.not_in(newest))
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
    _record(session, actor.user_id, "console_logout", actor.session_id, {})


def end_all(
    session: Session, actor: Actor | None, user_id: UUID, *, region_code: str | None
) -> int:
    """End all of somebody's console sessions; how many there were.

    Args:
        region_code: whose auditors see it.
    """
    ended = _end_all(session, user_id)
    if ended:
        audit.record(
            session, actor, "end_console_sessions", User.__tablename__, user_id,
            region_code=region_code, details={"sessions": ended},
        )  # fmt: skip
    return ended


def end_others(session: Session, actor: Actor) -> int:
    """End the caller's console sessions but the one that asks; how many there were."""
    return _end_all(session, actor.user_id, but=actor.session_id)


def _end_all(session: Session, user_id: UUID, *, but: UUID | None = None) -> int:
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


# ---------------------------------------------------------------------------- by scanning


def ask(session: Session, browser: str) -> Waiting:
    """A browser asks to be let in.

    Args:
        browser: its name, shown to whoever confirms.
    """
    code, secret = crypto.new_token(), crypto.new_token()
    expires_at = clock.now() + CODE_LIVES
    session.add(
        ConsoleLogin(
            code_hash=crypto.hash_token(code),
            browser_hash=crypto.hash_token(secret),
            browser=browser,
            expires_at=expires_at,
        )
    )
    session.flush()
    return Waiting(code, secret, expires_at)


def waiting_login(session: Session, actor: Actor, code: str) -> ConsoleLogin:
    """The login that a scanned code asks for, to be confirmed.

    Raises NotFound (404) for a code of nobody's, LoginCodeExpired (409).
    """
    found = session.execute(
        select(ConsoleLogin)
        .where(ConsoleLogin.code_hash == crypto.hash_token(code))
        .with_for_update()
    ).scalar_one_or_none()
    if found is None:
        raise NotFound("这不是电脑登录的二维码")
    others = found.confirmed_by not in (None, actor.user_id)
    if found.expires_at <= clock.now() or found.used_at is not None or others:
        raise LoginCodeExpired
    return found


def confirm(session: Session, actor: Actor, code: str) -> None:
    """Let the browser that shows this code in, as the caller. Again is no harm.

    Raises as `waiting_login`.
    """
    login = waiting_login(session, actor, code)
    if login.confirmed_by is None:
        login.confirmed_by, login.confirmed_at = actor.user_id, clock.now()
        session.flush()
        _record(session, actor.user_id, "confirm_console_login", login.id, {})


def is_confirmed(session: Session, browser_secret: str) -> bool:
    """Whether the login that a browser asked for has been confirmed.

    Raises LoginCodeExpired (409) when it can no longer be.
    """
    login = _of_browser(session, browser_secret)
    return login.confirmed_by is not None


def enter(session: Session, browser_secret: str) -> str:
    """The token of the session that was confirmed for this browser; once.

    Raises LoginCodeExpired (409) where none was, or it was used before.
    """
    login = _of_browser(session, browser_secret)
    if login.confirmed_by is None:
        raise LoginCodeExpired
    login.used_at = clock.now()
    return start(session, login.confirmed_by, "scan")


def _of_browser(session: Session, browser_secret: str) -> ConsoleLogin:
    login = session.execute(
        select(ConsoleLogin)
        .where(ConsoleLogin.browser_hash == crypto.hash_token(browser_secret))
        .with_for_update()
    ).scalar_one_or_none()
    if login is None or login.used_at is not None or login.expires_at <= clock.now():
        raise LoginCodeExpired
    return login


# ---------------------------------------------------------------------------- by password


def create_account(session: Session, user_id: UUID, username: str, password: str) -> str:
    """Give a user a password login; answers the secret for their authenticator app, which is
    shown this once.

    Raises DBAPIError, answered as AccountTaken (409), when the name or the user has one.
    """
    secret = pyotp.random_base32()
    session.add(
        PasswordAccount(
            user_id=user_id,
            username=username,
            password_hash=_hasher.hash(password),
            totp_secret_encrypted=composed(PhoneVault).encrypt(secret),
        )
    )
    session.flush()
    _record(session, None, "create_password_account", user_id, {})
    return secret


def reset_account(session: Session, username: str, password: str) -> str:
    """Give a password login another password and another authenticator secret, which is answered,
    and end its user's console sessions.

    Raises AccountUnknown (404).
    """
    account = session.execute(
        select(PasswordAccount).where(PasswordAccount.username == username).with_for_update()
    ).scalar_one_or_none()
    if account is None:
        raise AccountUnknown
    secret = pyotp.random_base32()
    account.password_hash = _hasher.hash(password)
    account.totp_secret_encrypted = composed(PhoneVault).encrypt(secret)
    account.last_totp_step = 0
    _end_all(session, account.user_id)
    session.flush()
    _record(session, None, "reset_password_account", account.user_id, {})
    return secret


def setup_address(username: str, secret: str) -> str:
    """What an authenticator app scans: an otpauth:// address."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name="吾社集")


def log_in(session: Session, username: str, password: str, code: str) -> str | AppError:
    """The token of a new console session; or the refusal, which is answered, not raised: the
    failure must be counted, and what raises is rolled back.

    After five failures in a row a user name is locked for 15 minutes, whatever is typed, for the
    address that they came from: from another one its owner still gets in, so nobody can lock them
    out. A name that nobody has is treated the same.
    """
    pair = f"{username} {limits.here()}"
    # Counted before it is tried: of many tries at once none slips past the lock.
    spent = limits.spend(session, PASSWORD_LOCK, pair)
    if spent.wait:
        return AccountLocked(spent.wait)
    account = session.execute(
        select(PasswordAccount).where(PasswordAccount.username == username).with_for_update()
    ).scalar_one_or_none()
    fits = _password_fits(account.password_hash if account else NOBODYS_HASH, password)
    step = _totp_step(account, code, clock.now()) if account else None
    if account is None or not fits or step is None:
        return _failed(session, account, spent.used)
    user = session.get_one(User, account.user_id)
    if user.state is not UserState.ACTIVE:
        return LoginRefused()
    account.last_totp_step = step
    limits.forget(session, PASSWORD_LOCK, pair)
    token = start(session, account.user_id, "password")
    limits.give_back(session, PASSWORD, limits.here())
    return token


def username_of(session: Session, user_id: UUID) -> str | None:
    """The name that a user logs in with; None for who has no password."""
    return session.execute(
        select(PasswordAccount.username).where(PasswordAccount.user_id == user_id)
    ).scalar_one_or_none()


def change_password(
    session: Session, actor: Actor, old: str, code: str, new: str
) -> AppError | None:
    """Give the caller another password and end their other console sessions; or the refusal, which
    is answered, not raised: a wrong old password counts as one at the login does.

    The same change again, with the same code, does nothing.

    Raises AccountUnknown (404) for who has no password.
    """
    username = username_of(session, actor.user_id)
    if username is None:
        raise AccountUnknown
    weak = weakness(username, new)
    if weak is not None:
        limits.give_back(session, PASSWORD, limits.here())
        return ValidationFailed(errors={"new": [weak]})
    # Counts and rows are locked in the order of `log_in`.
    pair = f"{username} {limits.here()}"
    spent = limits.spend(session, PASSWORD_LOCK, pair)
    if spent.wait:
        return AccountLocked(spent.wait)
    account = session.execute(
        select(PasswordAccount).where(PasswordAccount.user_id == actor.user_id).with_for_update()
    ).scalar_one_or_none()
    if account is None:
        raise AccountUnknown
    step = _totp_step(account, code, clock.now())
    if step is not None and _password_fits(account.password_hash, old):
        account.password_hash, account.last_totp_step = _hasher.hash(new), step
        ended = end_others(session, actor)
        session.flush()
        _record(session, actor.user_id, "change_password", actor.user_id, {"ended": ended})
    elif not (_is_last_code(account, code) and _password_fits(account.password_hash, new)):
        _failed(session, account, spent.used)
        return OldPasswordWrong()
    limits.forget(session, PASSWORD_LOCK, pair)
    limits.give_back(session, PASSWORD, limits.here())
    return None


def _failed(session: Session, account: PasswordAccount | None, failures: int) -> AppError:
    """One more failure: a line in the log, which anybody may fill; the one that locks the account
    is for the auditor too."""
    user_id = account.user_id if account else None
    log.warning("console login failed", extra={"account": str(user_id), "failures": failures})
    if user_id is not None and failures == limit_rules(PASSWORD_LOCK).most:
        _record(session, None, "console_login_failed", user_id, {"failures": failures})
    return LoginRefused()


def _password_fits(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except argon2.exceptions.VerifyMismatchError:
        return False


def _totp_step(account: PasswordAccount, code: str, now: datetime) -> int | None:
    """The 30-second step that a code is of; None for a wrong one, or one used before."""
    totp = _totp(account)
    current = int(now.timestamp()) // TOTP_SECONDS
    for step in (current + offset for offset in _TOTP_STEPS):
        fits = pyotp.utils.strings_equal(totp.at(step * TOTP_SECONDS), code)
        if fits and step > account.last_totp_step:
            return step
    return None


def _is_last_code(account: PasswordAccount, code: str) -> bool:
    """Whether this is the code that was used last."""
    last = _totp(account).at(account.last_totp_step * TOTP_SECONDS)
    return pyotp.utils.strings_equal(last, code)


def _totp(account: PasswordAccount) -> pyotp.TOTP:
    return pyotp.TOTP(composed(PhoneVault).decrypt(account.totp_secret_encrypted))


def may_enter(actor: Actor) -> bool:
    """Whether there is anything in the console for the caller."""
    return actor.may_anywhere(Permission.CONSOLE_USE)


def _record(
    session: Session,
    user_id: UUID | None,
    action: str,
    object_id: UUID,
    details: dict[str, object],
) -> None:
    actor = Actor(user_id, user_id) if user_id else None
    audit.record(session, actor, action, ConsoleSession.__tablename__, object_id, details=details)
