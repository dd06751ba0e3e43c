"""Use cases around logging in to the web console: by a code scanned in the mini-program, or by
password and one-time code.

A console session ends after 30 idle minutes: the PC is in an office, and others pass by.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import argon2
import pyotp
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend.core import audit, clock, crypto
from backend.core.context import composed
from backend.core.crypto import PhoneVault
from backend.core.errors import AppError, NotFound, on_constraint
from backend.core.permissions import Actor, Permission
from backend.identity.models import ConsoleLogin, ConsoleSession, PasswordAccount, User, UserState
from backend.identity.sessions import actor_of, authentication

IDLE = timedelta(minutes=30)
TOUCH_AFTER = timedelta(minutes=1)
CODE_LIVES = timedelta(minutes=3)
# What the QR says before its code, so that the mini-program knows what it has scanned.
QR_PREFIX = "wushe-login:"
MOST_FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)
TOTP_SECONDS = 30
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


class AccountLocked(AppError):
    status = 422
    code = "account_locked"
    title = "连续输错 5 次,账户已锁定 15 分钟,请稍后再试"


class AccountUnknown(NotFound):
    code = "account_unknown"
    title = "没有这个用户名"


class AccountTaken(AppError):
    status = 409
    code = "account_taken"
    title = "用户名已被使用,或这位用户已经有用户名;要换密码请用 accounts reset"


on_constraint("uq_password_account_username", AccountTaken)
on_constraint("pk_password_account", AccountTaken)


class LoginCodeExpired(AppError):
    status = 409
    code = "login_code_expired"
    title = "二维码已过期,请在电脑上刷新后重新扫描"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A browser's request to be let in: what its QR says, and what only it knows."""

    code: str
    browser_secret: str
    expires_at: datetime


def authenticate(session: Session, token: str, *, in_use: bool = True) -> Actor | None:
    """Who a console session's token belongs to; None when it is unknown, revoked, idle too long,
    or its account is blocked or closed.

    Args:
        in_use: whether a person asks. What an open page asks by itself does not count: the PC may
            have been left.
    """
    now = clock.now()
    row = _AUTHENTICATE.first(session, token_hash=crypto.hash_token(token), idle_since=now - IDLE)
    if row is None:
        return None
    if in_use and now - row.last_used_at > TOUCH_AFTER:
        session.execute(
            update(ConsoleSession).where(ConsoleSession.id == row.id).values(last_used_at=now)
        )
    return actor_of(row)


def start(session: Session, user_id: UUID, how: str) -> str:
    """A new console session's token.

    Args:
        how: for the audit log: "scan", "password".
    """
    token = crypto.new_token()
    begun = ConsoleSession(user_id=user_id, token_hash=crypto.hash_token(token))
    session.add(begun)
    session.flush()
    _record(session, user_id, "console_login", begun.id, {"how": how})
    return token


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


def _end_all(session: Session, user_id: UUID) -> int:
    result = session.execute(
        update(ConsoleSession)
        .where(
            ConsoleSession.user_id == user_id,
            ConsoleSession.revoked_at.is_(None),
            ConsoleSession.last_used_at > clock.now() - IDLE,
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
    """Give a password login another password and another authenticator secret, which is answered;
    lift its lock, and end its user's console sessions.

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
    account.last_totp_step, account.failures, account.locked_until = 0, 0, None
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

    After five failures in a row the account is locked for 15 minutes, whatever is typed.
    """
    account = session.execute(
        select(PasswordAccount).where(PasswordAccount.username == username).with_for_update()
    ).scalar_one_or_none()
    if account is None:
        _password_fits(NOBODYS_HASH, password)
        return LoginRefused()
    now = clock.now()
    if account.locked_until is not None and now < account.locked_until:
        return AccountLocked()
    step = _totp_step(account, code, now)
    if not _password_fits(account.password_hash, password) or step is None:
        return _failed(session, account, now)
    user = session.get_one(User, account.user_id)
    if user.state is not UserState.ACTIVE:
        return LoginRefused()
    account.failures, account.locked_until, account.last_totp_step = 0, None, step
    return start(session, account.user_id, "password")


def _failed(session: Session, account: PasswordAccount, now: datetime) -> AppError:
    account.failures += 1
    _record(session, None, "console_login_failed", account.user_id, {"failures": account.failures})
    if account.failures < MOST_FAILURES:
        return LoginRefused()
    account.failures, account.locked_until = 0, now + LOCKED_FOR
    return AccountLocked()


def _password_fits(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except argon2.exceptions.VerifyMismatchError:
        return False


def _totp_step(account: PasswordAccount, code: str, now: datetime) -> int | None:
    """The 30-second step that a code is of; None for a wrong one, or one used before."""
    totp = pyotp.TOTP(composed(PhoneVault).decrypt(account.totp_secret_encrypted))
    current = int(now.timestamp()) // TOTP_SECONDS
    for step in (current + offset for offset in _TOTP_STEPS):
        fits = pyotp.utils.strings_equal(totp.at(step * TOTP_SECONDS), code)
        if fits and step > account.last_totp_step:
            return step
    return None


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
