"""A circuit breaker: a service that hangs is asked seldom, so that it costs little.

*Closed*: calls go through; after `threshold` faults in a row it opens. *Open*: calls are
refused at once. *Half open*, `recovery_s` later: a single trial call goes through, while
the others are still refused; its success closes the breaker, its fault opens it again.

A call that was let through before the state last changed has nothing to say any more: a
straggler of the bad minutes must neither open a breaker that has just closed nor decide
another call's trial. Hence the generation number.
"""

import threading
import time
from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")


class BreakerOpen(Exception):
    """Refused without a try, because the last tries failed."""


class BreakerState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitBreaker:
    """Guards one service; may be used from any number of threads.

    Args:
        faults: exceptions that say the service did not answer.
        answers: exceptions that are an answer all the same (a refusal proves it is alive).
            `faults` are looked at first. Anything else says nothing about the service.
        threshold: faults in a row that open the breaker.
        recovery_s: seconds from opening to the next trial.
        clock: seconds from any fixed start, never going back.
    """

    def __init__(
        self,
        *,
        faults: type[Exception],
        answers: type[Exception],
        threshold: int = 3,
        recovery_s: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._faults = faults
        self._answers = answers
        self._threshold = threshold
        self._recovery_s = recovery_s
        self._clock = clock
        self._lock = threading.Lock()
        self._generation = 0
        self._state = BreakerState.CLOSED
        self._faults_in_a_row = 0
        self._opened_at = 0.0
        self._trial_running = False

    @property
    def state(self) -> BreakerState:
        """The state as last decided; an open breaker half-opens only when it is called."""
        with self._lock:
            return self._state

    def call(self, operation: Callable[[], T]) -> T:
        """Run `operation`, unless the breaker is open.

        Raises:
            BreakerOpen: `operation` was not run.
            Exception: whatever `operation` raised.
        """
        generation = self._admit()
        try:
            result = operation()
        except self._faults:
            self._settle(generation, answered=False)
            raise
        except self._answers:
            self._settle(generation, answered=True)
            raise
        except BaseException:
            self._settle(generation, answered=None)
            raise
        self._settle(generation, answered=True)
        return result

    def _admit(self) -> int:
        """Let a call through, or raise BreakerOpen. Returns the generation it belongs to."""
        with self._lock:
            rested = self._clock() - self._opened_at >= self._recovery_s
            if self._state is BreakerState.OPEN and rested:
                self._enter(BreakerState.HALF_OPEN)
            if self._state is BreakerState.OPEN or self._trial_running:
                raise BreakerOpen
            self._trial_running = self._state is BreakerState.HALF_OPEN
            return self._generation

    def _settle(self, generation: int, *, answered: bool | None) -> None:
        """Take in how a call ended: answered, not answered, or nothing to say (None)."""
        with self._lock:
            if generation != self._generation:
                return
            self._trial_running = False
            if answered is None:
                return
            if answered:
                self._faults_in_a_row = 0
                if self._state is BreakerState.HALF_OPEN:
                    self._enter(BreakerState.CLOSED)
                return
            self._faults_in_a_row += 1
            if self._state is BreakerState.HALF_OPEN or self._faults_in_a_row >= self._threshold:
                self._opened_at = self._clock()
                self._enter(BreakerState.OPEN)

    def _enter(self, state: BreakerState) -> None:
        self._state = state
        self._generation += 1
        self._faults_in_a_row = 0
        self._trial_running = False
