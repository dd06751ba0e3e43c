"""How often somebody may do something (config/rules.toml, [limits]; docs/adr/0023).

Each write declares its limit (core/web/api.py, pages.py). It is counted before the work, in a
short transaction of its own: so a try that is refused counts too, no counter stays locked while
the work is done, and all processes of all machines see the same. The paths on which forty people
wait in line count in their process's memory instead and pay no statement for it: there a person
gets as much again from each process.

A window begins with the first try and ends some seconds later; what comes beyond is refused until
then. Where the limit `renews`, each try that is let through begins the window anew: that is a lock.
"""

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from threading import Lock
from typing import Any, Self

from sqlalchemy import delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from backend.core import clock
from backend.core.config import LimitRules, limit_rules
from backend.core.context import composed
from backend.core.db import Base
from backend.core.db.statement import Statement
from backend.core.errors import AppError
from backend.core.permissions import Actor
from backend.core.request_context import current_address, current_request_id

log = logging.getLogger(__name__)

# Whoever has one address of an IPv6 network like this has them all.
_IPV6_HOME = 64
_NOWHERE = "nowhere"
# Of two requests at once the one that asked the clock later may count first; and servers' clocks
# differ. A window that ends further off than so many of its lengths can't be right.
_TOLERANCE = 2
# Commands and jobs do many people's work.
_COMMAND = 1_000_000

# Told the session, the actor and the path's values when somebody first reaches a limit.
Reached = Callable[[Session, Actor | None, Mapping[str, Any]], None]


class TooManyRequests(AppError):
    status = 429
    code = "too_many_requests"
    title = "操作太频繁，请稍后再试"

    def __init__(self, seconds: int, *, shared: bool = False) -> None:
        """
        Args:
            seconds: until the next try can succeed.
            shared: whether other people's tries were counted too.
        """
        why = "同一网络下的操作太多" if shared else "您刚才操作得太多"
        super().__init__(f"{why}，请等{in_words(seconds)}再试")
        self.retry_after = seconds

    @classmethod
    def until(cls, end: datetime, now: datetime) -> Self:
        return cls(_seconds(now, end))


def pause(seconds: int) -> timedelta:
    """A time that has to pass between two acts of people; shorter where hours pass in minutes
    (LIMITS_TIMES)."""
    return timedelta(seconds=seconds) / composed(Limits).times


def in_words(seconds: int) -> str:
    """A time to wait, rounded up: 「40 秒」，「3 分钟」，「1 小时 5 分钟」."""
    if seconds < 60:
        return f" {seconds} 秒"
    hours, minutes = divmod(ceil(seconds / 60), 60)
    return (f" {hours} 小时" if hours else "") + (f" {minutes} 分钟" if minutes else "")


@dataclass(frozen=True, slots=True)
class Limit:
    """An endpoint's limit.

    Args:
        name: of its section in [limits] of config/rules.toml. Endpoints that name the same one
            share it.
        in_process: count in the process's memory (the hot paths).
        done_only: a try that is refused for what was typed (422) is taken back; lest floods of
            those be free, it is one of CHANGES instead.
        reached: called in the counting transaction, once in a window, with whom it stops.

    Raises KeyError for a name without a section.
    """

    name: str
    in_process: bool = False
    done_only: bool = False
    reached: Reached | None = None
    rules: LimitRules = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rules", limit_rules(self.name))


@dataclass(frozen=True, slots=True)
class Unlimited:
    """An endpoint without a limit, with the reason for it."""

    why: str


# What an endpoint has that declares none.
CHANGES = Limit("changes")


class LimitUse(Base):
    """How often one key was used in its present window. Unlogged: after a crash of the database
    everybody begins anew."""

    __tablename__ = "limit_use"

    # A hash: of addresses and typed names no more is kept than to know them again.
    key: Mapped[bytes] = mapped_column(primary_key=True)
    used: Mapped[int]
    until: Mapped[datetime]

    __table_args__ = {"prefixes": ["UNLOGGED"]}  # noqa: RUF012 - SQLAlchemy's own name


# A window that ends too late to have begun by now is of a clock that has been put right since.
_OVER = "(l.until <= :now OR l.until > :latest)"
# One row for each key. One more than `most` is counted, so that the first refusal is known as
# such; after it nothing is written until the window ends.
_SPEND = Statement(
    f"""
    INSERT INTO limit_use AS l (key, used, until) VALUES (:key, 1, :until)
        ON CONFLICT (key) DO UPDATE
           SET used = CASE WHEN {_OVER} THEN 1 ELSE l.used + 1 END,
               until = CASE WHEN {_OVER} OR (:renews AND l.used < :most) THEN :until
                            ELSE l.until END
         WHERE {_OVER} OR l.used <= :most
    RETURNING used, until
    """
)
_UNTIL = Statement("SELECT until FROM limit_use WHERE key = :key")
_GIVE_BACK = Statement("UPDATE limit_use SET used = used - 1 WHERE key = :key AND used > 0")
_FORGET = Statement("DELETE FROM limit_use WHERE key = :key")


@dataclass(frozen=True, slots=True)
class Spent:
    """What became of one try.

    Attributes:
        used: how many tries the window has, this one included.
        wait: seconds until the next one can succeed; 0 where this one is let through.
        first: whether it is the first that is refused.
    """

    used: int
    wait: int
    first: bool = False


class Limits:
    """The limits at work in one process.

    Args:
        times: how many times the configured limits apply: 1, but for load tests.
    """

    def __init__(self, times: int = 1) -> None:
        self.times = times
        self._here: Counter[tuple[str, str]] = Counter()
        self._ends: dict[str, datetime] = {}
        self._held: dict[tuple[str, str], datetime] = {}
        self._lock = Lock()

    def spend(self, session: Session, name: str, who: str, *, staff: bool = False) -> Spent:
        """Count one try of somebody's.

        Args:
            who: whom it is counted for; with the name it makes the key.
            staff: whether they hold a role.
        """
        rules, now, key = limit_rules(name), clock.now(), _key(name, who)
        most = rules.for_staff(staff) * self.times
        row = _SPEND.first(
            session,
            key=key,
            most=most,
            renews=rules.renews,
            now=now,
            until=now + timedelta(seconds=rules.seconds),
            latest=now + _TOLERANCE * timedelta(seconds=rules.seconds),
        )
        if row is None:
            standing = _UNTIL.first(session, key=key)
            return Spent(most + 1, _seconds(now, standing.until if standing else now))
        refused = row.used > most
        return Spent(row.used, _seconds(now, row.until) if refused else 0, first=refused)

    def spend_here(self, name: str, who: str, *, staff: bool) -> Spent:
        """The same, counted in this process alone. Everybody's window ends at one time, and is
        forgotten with it: so the memory holds no more people than come in one. Where a wider
        limit holds somebody (`hold_here`), its end is the time to wait."""
        rules, now = limit_rules(name), clock.now()
        most, length = rules.for_staff(staff) * self.times, timedelta(seconds=rules.seconds)
        with self._lock:
            if not now < self._ends.get(name, now) <= now + _TOLERANCE * length:
                self._ends[name] = now + length
                self._here = Counter({k: n for k, n in self._here.items() if k[0] != name})
                self._held = {k: end for k, end in self._held.items() if end > now}
            self._here[name, who] += 1
            used = self._here[name, who]
            end = max(self._ends[name], self._held.get((name, who), now))
        wait = _seconds(now, end) if used > most else 0
        return Spent(used, wait, first=used == most + 1)

    def hold_here(self, name: str, who: str, seconds: int) -> None:
        """Keep in mind that somebody's tries will be refused for so long."""
        with self._lock:
            self._held[name, who] = clock.now() + timedelta(seconds=seconds)


def count_request(
    session: Session, limit: Limit, actor: Actor | None, path: Mapping[str, Any]
) -> TooManyRequests | None:
    """Count one request; the refusal is answered, not raised: what raises is rolled back.

    Args:
        path: the values in the request's path, for who is told.
    """
    who, staff = _whose(limit.rules, actor), bool(actor and actor.grants)
    spent = composed(Limits).spend(session, limit.name, who, staff=staff)
    if spent.first and limit.reached is not None:
        limit.reached(session, actor, path)
    return _refusal(limit, spent, shared=actor is None or limit.rules.by == "address")


def check_here(limit: Limit, actor: Actor) -> None:
    """Count one request of a hot path.

    Raises TooManyRequests (429).
    """
    spent = composed(Limits).spend_here(limit.name, str(actor.user_id), staff=bool(actor.grants))
    refusal = _refusal(limit, spent, shared=False)
    if refusal is not None:
        raise refusal


def hold_here(limit: Limit | Unlimited, actor: Actor | None, refusal: TooManyRequests) -> None:
    """A wider limit than a hot path's own refuses: whoever tries on, until even the path's own is
    reached, is still told the time that they have to wait for the wider one."""
    if isinstance(limit, Limit) and limit.in_process and actor is not None:
        composed(Limits).hold_here(limit.name, str(actor.user_id), refusal.retry_after or 0)


def take_back(session: Session, limit: Limit, actor: Actor | None) -> TooManyRequests | None:
    """A try that came to nothing was none: it is counted as any other change instead. The refusal
    is answered, as by `count_request`."""
    give_back(session, limit.name, _whose(limit.rules, actor))
    return count_request(session, CHANGES, actor, {})


def _refusal(limit: Limit, spent: Spent, *, shared: bool) -> TooManyRequests | None:
    if not spent.wait:
        return None
    if spent.first:
        log.warning("limit reached", extra={"limit": limit.name})
    return TooManyRequests(spent.wait, shared=shared)


def most(name: str) -> int:
    """How often, for what the rows tell without being counted (bookings/statements.py)."""
    times = composed(Limits).times if current_request_id() else _COMMAND
    return limit_rules(name).most * times


def spend(session: Session, name: str, who: str) -> Spent:
    """Count a try that no declaration can: of a user name that was typed, of somebody whom
    WeChat has named. In the caller's transaction."""
    return composed(Limits).spend(session, name, who)


def check(session: Session, name: str, who: str) -> None:
    """The same, where only what is done counts: a refused try is rolled back with its count. Of
    requests alone.

    Raises TooManyRequests (429).
    """
    if current_request_id() is None:
        return
    spent = spend(session, name, who)
    if spent.wait:
        raise TooManyRequests(spent.wait)


def give_back(session: Session, name: str, who: str) -> None:
    """Take one try back: it was a good one, and only bad ones are limited."""
    _GIVE_BACK.rows(session, key=_key(name, who))


def forget(session: Session, name: str, who: str) -> None:
    """Begin anew."""
    _FORGET.rows(session, key=_key(name, who))


def sweep(session: Session) -> int:
    """Delete windows that are over; returns how many."""
    result = session.execute(delete(LimitUse).where(LimitUse.until <= clock.now()))
    return int(result.rowcount)  # type: ignore[attr-defined]


def here() -> str:
    """Whose address the request comes from, as it is counted: of IPv6 the network."""
    address = current_address()
    try:
        ip = ip_address(address or "")
    except ValueError:
        return _NOWHERE
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is None:
        return str(ip_network((ip, _IPV6_HOME), strict=False))
    return str(getattr(ip, "ipv4_mapped", None) or ip)


def _whose(rules: LimitRules, actor: Actor | None) -> str:
    """A visitor is counted by address wherever they are."""
    return str(actor.user_id) if actor is not None and rules.by == "person" else here()


def _key(name: str, who: str) -> bytes:
    return hashlib.blake2b(f"{name} {who}".encode(), digest_size=16).digest()


def _seconds(now: datetime, until: datetime) -> int:
    return max(1, ceil((until - now).total_seconds()))
