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
        opened: called, in the thread of the call that failed, each time it has opened: whoever
            waits to make a call can be told at once.
    """

    def __init__(
        self,
        *,
        faults: type[Exception],
        answers: type[Exception],
        threshold: int = 3,
        recovery_s: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
        opened: Callable[[], None] = lambda: None,
    ) -> None:
        self._opened = opened
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
        return self.admit().run(operation)

    def admit(self) -> "Admission":
        """Let a call through, which need not begin at once; raise BreakerOpen if none may be."""
        with self._lock:
            rested = self._clock() - self._opened_at >= self._recovery_s
            if self._state is BreakerState.OPEN and rested:
                self._enter(BreakerState.HALF_OPEN)
            if self._state is BreakerState.OPEN or self._trial_running:
                raise BreakerOpen
            self._trial_running = self._state is BreakerState.HALF_OPEN
            return Admission(self, self._generation)

    def stands(self, admission: "Admission") -> bool:
        """Whether the state is still the one in which a call was admitted."""
        with self._lock:
            return admission.generation == self._generation

    def settle(self, admission: "Admission", *, answered: bool | None) -> None:
        """Take in how a call ended: answered, not answered, or nothing to say (None). What is
        said first of a call counts."""
        with self._lock:
            opens = self._opens(admission, answered)
        if opens:
            self._opened()

    def _opens(self, admission: "Admission", answered: bool | None) -> bool:
        if admission.settled or admission.generation != self._generation:
            return False
        admission.settled = True
        self._trial_running = False
        if answered is None:
            return False
        if answered:
            self._faults_in_a_row = 0
            if self._state is BreakerState.HALF_OPEN:
                self._enter(BreakerState.CLOSED)
            return False
        self._faults_in_a_row += 1
        if self._state is BreakerState.CLOSED and self._faults_in_a_row < self._threshold:
            return False
        self._opened_at = self._clock()
        self._enter(BreakerState.OPEN)
        return True

    @property
    def kinds(self) -> tuple[type[Exception], type[Exception]]:
        """The exceptions that are faults, and those that are answers."""
        return self._faults, self._answers

    def _enter(self, state: BreakerState) -> None:
        self._state = state
        self._generation += 1
        self._faults_in_a_row = 0
        self._trial_running = False


class Admission:
    """One call that a breaker has let through: it runs, or is given up, somewhen later."""

    def __init__(self, breaker: CircuitBreaker, generation: int) -> None:
        self._breaker = breaker
        self.generation = generation
        self.settled = False

    @property
    def stands(self) -> bool:
        """Whether nothing was decided meanwhile: a call that waited has lost its admission when
        the breaker opened."""
        return self._breaker.stands(self)

    def run(self, operation: Callable[[], T]) -> T:
        """Run `operation`; the breaker knows how it ended before this returns.

        Raises:
            BreakerOpen: the admission had been lost; `operation` was not run.
            Exception: whatever `operation` raised.
        """
        if not self.stands:
            raise BreakerOpen
        faults, answers = self._breaker.kinds
        answered: bool | None = None
        try:
            result = operation()
            answered = True
        except faults:
            answered = False
            raise
        except answers:
            answered = True
            raise
        finally:
            self._breaker.settle(self, answered=answered)
        return result

    def give_up(self) -> None:
        """It has taken too long: as good as a fault."""
        self._breaker.settle(self, answered=False)

    def hand_back(self) -> None:
        """It was never begun."""
        self._breaker.settle(self, answered=None)
