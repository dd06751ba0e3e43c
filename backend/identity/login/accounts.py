"""Logging in to the console by password and one-time code; and the accounts for it."""

import logging
from datetime import datetime
from uuid import UUID

import argon2
import pyotp
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core import clock, limits
from backend.core.config import limit_rules
from backend.core.context import composed
from backend.core.crypto import PhoneVault
from backend.core.errors import AppError, NotFound, ValidationFailed, on_constraint
from backend.core.limits import TooManyRequests, in_words
from backend.core.permissions import Actor
from backend.identity.login.console import end_others, record, revoke_sessions, start
from backend.identity.login.passwords import weakness
from backend.identity.models import PasswordAccount, User, UserState

log = logging.getLogger(__name__)
# The limits of wrong passwords: from one address, and of one user name from one address.
PASSWORD, PASSWORD_LOCK = "password", "password_lock"
TOTP_SECONDS = 30
# A clock may be a step ahead or behind.
_TOTP_STEPS = (-1, 0, 1)
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
    record(session, None, "create_password_account", user_id, {})
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
    revoke_sessions(session, account.user_id)
    session.flush()
    record(session, None, "reset_password_account", account.user_id, {})
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
        record(session, actor.user_id, "change_password", actor.user_id, {"ended": ended})
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
        record(session, None, "console_login_failed", user_id, {"failures": failures})
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
