"""WeChat's access token: one fetch per expiry, whatever the number of threads and processes.

Kept in PostgreSQL, because all web workers and job workers share it. Reading a valid token
takes no lock. When it is missing or about to expire, one thread of one process fetches a
new one under an advisory lock; the others wait for it a bounded time, or, while the old
token is still good, don't wait at all.

The lock is a session-level advisory lock on an autocommit connection of its own, so that
no transaction is open while we talk to WeChat: a row lock would need one.
"""

import hashlib
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from psycopg.errors import LockNotAvailable
from sqlalchemy import CheckConstraint, Connection, Engine, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Mapped, mapped_column

from backend.core import clock
from backend.core.db import Base
from backend.gateways.deadline import Deadline
from backend.gateways.errors import WeChatError, WeChatTimeout

logger = logging.getLogger(__name__)

#: WeChat makes the next token when 300 s are left; for those both are good (stable_token).
RENEW_BEFORE = timedelta(minutes=5)
#: Should WeChat hand out a token with less than that, we don't fetch on every call.
RENEW_AT_MOST_EVERY = timedelta(seconds=30)


class WeChatAccessToken(Base):
    """The current access token of a mini-program."""

    __tablename__ = "wechat_access_token"
    __table_args__ = (CheckConstraint("expires_at >= fetched_at", name="expires_after_fetch"),)

    appid: Mapped[str] = mapped_column(primary_key=True)
    token: Mapped[str]  # text: WeChat asks for room for 512 characters or more
    expires_at: Mapped[datetime]
    fetched_at: Mapped[datetime]


@dataclass(frozen=True)
class IssuedToken:
    """What WeChat answers: a token and its lifetime in seconds from when we asked."""

    value: str = field(repr=False)
    lifetime_s: int


@dataclass(frozen=True)
class AccessToken:
    """A token as kept. `fetched_at` tells two fetches apart that brought the same token."""

    appid: str
    value: str = field(repr=False)
    fetched_at: datetime
    expires_at: datetime

    def usable(self, now: datetime) -> bool:
        return now < self.expires_at

    def due(self, now: datetime) -> bool:
        """Whether it is time for the next one."""
        if not self.usable(now):
            return True
        return (
            self.expires_at - now <= RENEW_BEFORE and now - self.fetched_at >= RENEW_AT_MOST_EVERY
        )


class AccessTokenStore:
    """Keeps the token; may be used from any number of threads and processes.

    Args:
        engine: of the application's database. The store takes connections of its own from
            it, one at a time for a fetch, and never joins a caller's transaction.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        # Threads of this process queue here, so that at most one database connection of
        # the process waits for the advisory lock.
        self._fetching = threading.Lock()

    def get(self, appid: str, fetch: Callable[[], IssuedToken], *, wait_s: float) -> AccessToken:
        """A good token, fetched with `fetch` when it is time.

        Args:
            appid: whose token.
            fetch: asks WeChat; run by one thread of one process at a time, with no
                transaction open.
            wait_s: seconds to wait for someone else's fetch.

        Raises:
            WeChatTimeout: someone else has been fetching for `wait_s`.
            WeChatError: whatever `fetch` raised, unless the old token is still good.
            sqlalchemy.exc.OperationalError: the database is away.
        """
        now = clock.now()
        with self._engine.connect() as connection:
            known = _read(connection, appid)
        if known is not None and not known.due(now):
            return known
        old = known if known is not None and known.usable(now) else None
        try:
            return self._renew(appid, fetch, wait_s=0 if old else wait_s)
        except WeChatError as error:
            if old is None:
                raise
            logger.warning("access token not renewed, the old one still holds: %s", error)
            return old

    def mark_bad(self, token: AccessToken) -> None:
        """WeChat has refused this token: the next `get` fetches.

        Says so for this fetch of it only: when ten threads are refused with the same token,
        the first one's new fetch is not thrown away by the other nine.
        """
        with self._engine.connect() as connection:
            connection.execute(
                update(WeChatAccessToken)
                .where(
                    WeChatAccessToken.appid == token.appid,
                    WeChatAccessToken.token == token.value,
                    WeChatAccessToken.fetched_at == token.fetched_at,
                )
                .values(expires_at=WeChatAccessToken.fetched_at)
            )

    def _renew(self, appid: str, fetch: Callable[[], IssuedToken], *, wait_s: float) -> AccessToken:
        with self._sole_fetcher(appid, Deadline(wait_s)) as connection:
            known = _read(connection, appid)
            if known is not None and not known.due(clock.now()):
                return known  # the one we waited for has brought it
            fetched_at = clock.now()  # before asking: err on the early side
            issued = fetch()
            return _write(
                connection,
                AccessToken(
                    appid=appid,
                    value=issued.value,
                    fetched_at=fetched_at,
                    expires_at=fetched_at + timedelta(seconds=issued.lifetime_s),
                ),
            )

    @contextmanager
    def _sole_fetcher(self, appid: str, deadline: Deadline) -> Iterator[Connection]:
        """Hold the right to fetch, in this process and among processes."""
        if not self._fetching.acquire(timeout=deadline.remaining()):
            raise WeChatTimeout(None, "another thread is still fetching the access token")
        try:
            with self._engine.connect() as connection:
                # Closed for good at the end instead of going back to the pool: so neither
                # the lock nor lock_timeout can outlive this block, whatever happens in it.
                connection.detach()
                _lock(connection, appid, deadline.remaining())
                yield connection
        finally:
            self._fetching.release()


def _lock(connection: Connection, appid: str, wait_s: float) -> None:
    """Take the advisory lock of an appid, waiting at most `wait_s` seconds."""
    digest = hashlib.sha256(f"wechat_access_token:{appid}".encode()).digest()
    key = int.from_bytes(digest[:8], signed=True)
    milliseconds = max(1, int(wait_s * 1000))  # 0 would mean: for ever
    connection.execute(
        text("SELECT set_config('lock_timeout', :wait, false)"), {"wait": f"{milliseconds}ms"}
    )
    try:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": key})
    except OperationalError as error:
        if not isinstance(error.orig, LockNotAvailable):
            raise
        raise WeChatTimeout(None, "another process is still fetching the access token") from None


def _read(connection: Connection, appid: str) -> AccessToken | None:
    row = connection.execute(
        select(
            WeChatAccessToken.token, WeChatAccessToken.fetched_at, WeChatAccessToken.expires_at
        ).where(WeChatAccessToken.appid == appid)
    ).one_or_none()
    return None if row is None else AccessToken(appid, *row)


def _write(connection: Connection, token: AccessToken) -> AccessToken:
    values = {
        "token": token.value,
        "fetched_at": token.fetched_at,
        "expires_at": token.expires_at,
    }
    connection.execute(
        insert(WeChatAccessToken)
        .values(appid=token.appid, **values)
        .on_conflict_do_update(index_elements=[WeChatAccessToken.appid], set_=values)
    )
    return token
