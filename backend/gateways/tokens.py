"""WeChat's access token: one fetch per expiry, whatever the number of threads and processes.

Kept in PostgreSQL, encrypted, because all web workers and job workers share it. Each process reads
it once, and again when it is due, or when WeChat refuses it: two thousand messages a minute need
one each. When it is missing or about to expire, one thread of one process fetches a
new one; the others wait for it a bounded time, or, while the old token is still good, don't wait
at all.

Who may fetch is written in the token's row, with an end: a lease. No connection is held while we
talk to WeChat, so neither a row lock nor an advisory one would do; and PgBouncer, which hands a
connection on after each transaction, knows no locks of a session (docs/adr/0021). A lease whose
process was killed ends by itself.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, Connection, Engine, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from backend.core import clock
from backend.core.crypto import PhoneVault
from backend.core.db import Base
from backend.gateways.deadline import Deadline
from backend.gateways.errors import WeChatError, WeChatTimeout

logger = logging.getLogger(__name__)

#: WeChat makes the next token when 300 s are left; for those both are good (stable_token).
RENEW_BEFORE = timedelta(minutes=5)
#: Should WeChat hand out a token with less than that, we don't fetch on every call.
RENEW_AT_MOST_EVERY = timedelta(seconds=30)
#: Longer than a call to WeChat may take. Two who fetch at once would do no harm: they get the same.
LEASE = timedelta(seconds=10)
#: How often one who waits for another process looks again, seconds.
_LOOK_EVERY_S = 0.05


class WeChatAccessToken(Base):
    """The current access token of a mini-program."""

    __tablename__ = "wechat_access_token"
    __table_args__ = (CheckConstraint("expires_at >= fetched_at", name="expires_after_fetch"),)

    appid: Mapped[str] = mapped_column(primary_key=True)
    # Encrypted; of any length, because WeChat asks for room for 512 characters or more. A plain
    # one, of a release that did not encrypt, counts as none.
    token: Mapped[str]
    expires_at: Mapped[datetime]
    fetched_at: Mapped[datetime]
    # Until when somebody has the right to fetch the next one, by the database's clock.
    renewing_until: Mapped[datetime | None]


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
        engine: of the application's database. The store takes a connection of its own from it
            for each statement, and never joins a caller's transaction.
        vault: encrypts the token at rest.
    """

    def __init__(self, engine: Engine, vault: PhoneVault) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._vault = vault
        # What was last read, by appid: it is good until it is due, or WeChat refuses it.
        self._known: dict[str, AccessToken] = {}
        # Threads of this process queue here, so that one of them at most asks the database again
        # and again.
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
        known = self._known.get(appid)
        if known is not None and not known.due(now):
            return known
        with self._engine.connect() as connection:
            known = self._read(connection, appid)
        if known is not None and not known.due(now):
            self._known[appid] = known
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
                    WeChatAccessToken.fetched_at == token.fetched_at,
                )
                .values(expires_at=WeChatAccessToken.fetched_at)
            )
        self._known.pop(token.appid, None)

    def _renew(self, appid: str, fetch: Callable[[], IssuedToken], *, wait_s: float) -> AccessToken:
        deadline = Deadline(wait_s)
        if not self._fetching.acquire(timeout=deadline.remaining()):
            raise WeChatTimeout(None, "another thread is still fetching the access token")
        try:
            while True:
                with self._engine.connect() as connection:
                    lease = _take_lease(connection, appid)
                    known = self._read(connection, appid)
                if known is not None and not known.due(clock.now()):
                    self._give_back(appid, lease)
                    return known  # the one we waited for has brought it
                if lease is not None:
                    return self._fetch(appid, fetch, lease)
                if deadline.passed:
                    raise WeChatTimeout(None, "another process is still fetching the access token")
                time.sleep(min(_LOOK_EVERY_S, deadline.remaining()))
        finally:
            self._fetching.release()

    def _fetch(self, appid: str, fetch: Callable[[], IssuedToken], lease: datetime) -> AccessToken:
        fetched_at = clock.now()  # before asking: err on the early side
        try:
            issued = fetch()
        except BaseException:
            self._give_back(appid, lease)
            raise
        token = AccessToken(
            appid=appid,
            value=issued.value,
            fetched_at=fetched_at,
            expires_at=fetched_at + timedelta(seconds=issued.lifetime_s),
        )
        self._keep(token)
        return token

    def _keep(self, token: AccessToken) -> None:
        with self._engine.connect() as connection:
            connection.execute(
                update(WeChatAccessToken)
                .where(WeChatAccessToken.appid == token.appid)
                .values(
                    token=self._vault.encrypt(token.value).decode(),
                    fetched_at=token.fetched_at,
                    expires_at=token.expires_at,
                    renewing_until=None,
                )
            )

    def _give_back(self, appid: str, lease: datetime | None) -> None:
        if lease is None:
            return
        with self._engine.connect() as connection:
            connection.execute(
                update(WeChatAccessToken)
                .where(WeChatAccessToken.appid == appid, WeChatAccessToken.renewing_until == lease)
                .values(renewing_until=None)
            )

    def _read(self, connection: Connection, appid: str) -> AccessToken | None:
        row = connection.execute(
            select(
                WeChatAccessToken.token, WeChatAccessToken.fetched_at, WeChatAccessToken.expires_at
            ).where(WeChatAccessToken.appid == appid)
        ).one_or_none()
        if row is None:
            return None
        kept, fetched_at, expires_at = row
        try:
            return AccessToken(appid, self._vault.decrypt(kept.encode()), fetched_at, expires_at)
        except ValueError:  # a plain one, or of a key that is gone: simply fetched anew
            return None


def _take_lease(connection: Connection, appid: str) -> datetime | None:
    """The right to fetch, by its end; None while somebody else has it."""
    now, ours = clock.now(), func.clock_timestamp() + LEASE
    held = WeChatAccessToken.renewing_until
    taken: datetime | None = connection.scalar(
        insert(WeChatAccessToken)
        .values(appid=appid, token="", fetched_at=now, expires_at=now, renewing_until=ours)
        .on_conflict_do_update(
            index_elements=[WeChatAccessToken.appid],
            set_={"renewing_until": ours},
            where=or_(held.is_(None), held <= func.clock_timestamp()),
        )
        .returning(held)
    )
    return taken
