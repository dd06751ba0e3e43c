"""Logging in to the console by a code on its screen, scanned in the mini-program."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core import clock, crypto
from backend.core.errors import AppError, NotFound
from backend.core.permissions import Actor
from backend.identity.login.console import record, start
from backend.identity.models import ConsoleLogin

CODE_LIVES = timedelta(minutes=3)
# What the QR says before its code, so that the mini-program knows what it has scanned.
QR_PREFIX = "wushe-login:"


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


def waiting_login(session: Session, actor: Actor, code: str, *, lock: bool = False) -> ConsoleLogin:
    """The login that a scanned code asks for, to be confirmed.

    Args:
        lock: whether it is now.

    Raises NotFound (404) for a code of nobody's, LoginCodeExpired (409).
    """
    statement = select(ConsoleLogin).where(ConsoleLogin.code_hash == crypto.hash_token(code))
    if lock:
        statement = statement.with_for_update()
    found = session.execute(statement).scalar_one_or_none()
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
    login = waiting_login(session, actor, code, lock=True)
    if login.confirmed_by is None:
        login.confirmed_by, login.confirmed_at = actor.user_id, clock.now()
        session.flush()
        record(session, actor.user_id, "confirm_console_login", login.id, {})


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
    login = _of_browser(session, browser_secret, lock=True)
    if login.confirmed_by is None:
        raise LoginCodeExpired
    login.used_at = clock.now()
    return start(session, login.confirmed_by, "scan")


def _of_browser(session: Session, browser_secret: str, *, lock: bool = False) -> ConsoleLogin:
    asked = crypto.hash_token(browser_secret)
    statement = select(ConsoleLogin).where(ConsoleLogin.browser_hash == asked)
    if lock:
        statement = statement.with_for_update()
    login = session.execute(statement).scalar_one_or_none()
    if login is None or login.used_at is not None or login.expires_at <= clock.now():
        raise LoginCodeExpired
    return login
