"""How a call is made: behind its circuit breaker, in line, within its time, tried twice at most.

One breaker for each operation, so that a hanging text check doesn't keep people from logging in;
one bulkhead for all of them, with a line before it: everybody logs in in a market's first minute
(docs/adr/0016). A call as a whole ends within `WeChatConfig.deadline_s`, whatever happens; at most
half of it is spent in line for a place.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import requests
from prometheus_client import Counter, Gauge, Histogram

from backend.core.db import transaction_is_open
from backend.core.monitoring.metrics import REGISTRY, SECONDS
from backend.gateways.breaker import BreakerOpen, BreakerState, CircuitBreaker
from backend.gateways.bulkhead import Bulkhead, BulkheadFull, TurnedAway
from backend.gateways.config import WeChatConfig
from backend.gateways.deadline import Deadline
from backend.gateways.errors import (
    WeChatBusy,
    WeChatCodeInvalid,
    WeChatError,
    WeChatNotAsked,
    WeChatTimeout,
    WeChatUnavailable,
    WeChatUnreachable,
)
from backend.gateways.link import BUSY, TOKEN_REFUSED, Link

logger = logging.getLogger(__name__)
T = TypeVar("T")

# What web's processes show at /metrics.
CALLS = Counter(
    "wushe_wechat_calls",
    "Calls by how they ended: answered, refused (code_invalid, user_blocked, refused), no answer"
    " (timeout, unreachable, unavailable), or not asked (busy: the line was full or too slow;"
    " not_asked: the breaker was open).",
    ("operation", "outcome"),
    registry=REGISTRY,
)
CALL_SECONDS = Histogram(
    "wushe_wechat_call_seconds",
    "Seconds that a call took, with its turn in line.",
    ("operation",),
    buckets=SECONDS,
    registry=REGISTRY,
)
TURN_SECONDS = Histogram(
    "wushe_wechat_turn_seconds",
    "Seconds that a call waited in line before it began.",
    buckets=SECONDS,
    registry=REGISTRY,
)
UNDER_WAY = Gauge(
    "wushe_wechat_under_way",
    "Calls under way or in line.",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
BREAKERS = Gauge(
    "wushe_wechat_breakers_open",
    "Processes that have given up asking for this, and try again every few seconds.",
    ("operation",),
    registry=REGISTRY,
    multiprocess_mode="livesum",
)


class Calls:
    """All calls of a process, for all its threads.

    Args:
        config: see WeChatConfig.
        operations: what is called, each behind a breaker of its own.
        breaker_clock: seconds from any fixed start, for the circuit breakers.
    """

    def __init__(
        self, config: WeChatConfig, operations: Sequence[str], breaker_clock: Callable[[], float]
    ) -> None:
        self._config = config
        self._bulkhead = Bulkhead(config.max_concurrent_calls, config.max_waiting_calls, "wechat")
        self._breakers = {
            operation: CircuitBreaker(
                faults=WeChatUnreachable,
                answers=WeChatError,
                clock=breaker_clock,
                opened=partial(self._bulkhead.turn_away, operation),
            )
            for operation in operations
        }
        # requests.Session is not promised to be thread-safe. All calls are made by the
        # bulkhead's few threads, so a session each costs few connections and stays warm.
        self._links = threading.local()
        self._sessions: list[requests.Session] = []

    def make(
        self, operation: str, attempt: Callable[[Link, Deadline], T], *, once: bool = False
    ) -> T:
        """Run a call, with at most one retry, behind its breaker and the bulkhead.

        Args:
            once: whether it must not be done twice: it is not tried again where WeChat may have
                done it already.

        Raises RuntimeError inside a transaction: it would hold one of the few connections, and
        whatever it has locked, for as long as WeChat likes.
        """
        if transaction_is_open():
            raise RuntimeError("no call to WeChat inside a transaction")
        began = time.monotonic()
        outcome = "fault"
        try:
            with UNDER_WAY.track_inprogress():
                answer = self._asked(operation, partial(_with_one_retry, attempt, once))
            outcome = "answered"
            return answer
        except WeChatError as error:
            outcome = error.outcome
            raise
        finally:
            CALLS.labels(operation, outcome).inc()
            CALL_SECONDS.labels(operation).observe(time.monotonic() - began)
            is_open = self._breakers[operation].state is not BreakerState.CLOSED
            BREAKERS.labels(operation).set(is_open)

    def _asked(self, operation: str, attempt: Callable[[Link, Deadline], T]) -> T:
        """Run a call; log, and raise as WeChatError, whatever kept it from an answer."""
        try:
            return self._in_turn(operation, attempt, Deadline(self._config.deadline_s))
        except BulkheadFull:
            error: WeChatError = WeChatBusy("too many calls under way")
        except (BreakerOpen, TurnedAway):
            error = WeChatNotAsked("not asked: it has not been answering")
        except WeChatError as refusal:
            error = refusal
        # A wrong code is the user's everyday; the rest is for whoever runs this.
        level = logging.INFO if isinstance(error, WeChatCodeInvalid) else logging.WARNING
        logger.log(
            level, "wechat %s: %s", operation, error, extra={"wechat_errcode": error.errcode}
        )
        raise error

    def _in_turn(
        self, operation: str, attempt: Callable[[Link, Deadline], T], deadline: Deadline
    ) -> T:
        admission = self._breakers[operation].admit()
        in_line_since = time.monotonic()

        def begin() -> T:
            TURN_SECONDS.observe(time.monotonic() - in_line_since)
            return admission.run(lambda: attempt(self._link(), deadline))

        try:
            # The breaker hears of a call's end in the thread that made it, before that thread
            # makes the next: so who waits when it opens isn't sent after the others.
            return self._bulkhead.run(
                begin,
                kind=operation,
                turn_s=self._config.turn_s,
                wait_s=deadline.remaining(),
                pointless=lambda: not admission.stands,
            )
        except (BulkheadFull, TurnedAway):
            admission.hand_back()
            raise
        except TimeoutError:
            admission.give_up()
            raise WeChatTimeout(None, f"{operation} took too long") from None

    def close(self) -> None:
        """Take no more calls and close the connections."""
        self._bulkhead.close()
        for session in self._sessions:
            session.close()

    def _link(self) -> Link:
        """This thread's link, made on first use."""
        link: Link | None = getattr(self._links, "link", None)
        if link is None:
            link = self._links.link = Link(self._config)
            self._sessions.append(link.session)
        return link


def _with_one_retry(
    attempt: Callable[[Link, Deadline], T], once: bool, link: Link, deadline: Deadline
) -> T:
    """Try, and once more where that makes sense: WeChat was busy, has refused the access
    token, or the connection broke (a kept one that the server closed just then)."""
    try:
        return attempt(link, deadline)
    except WeChatTimeout:
        raise
    except WeChatUnreachable as error:
        if once and error.maybe_done:
            raise
    except WeChatUnavailable as error:
        if error.errcode != BUSY and error.errcode not in TOKEN_REFUSED:
            raise
    return attempt(link, deadline)
