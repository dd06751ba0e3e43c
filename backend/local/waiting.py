"""Waiting for something to become true: the one place that sleeps."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_FIRST_PAUSE_S = 0.002


class WaitTimeoutError(TimeoutError):
    """What was waited for did not come about in time."""


def wait_until(
    condition: Callable[[], T],
    *,
    timeout_s: float,
    what: str,
    longest_pause_s: float = 0.2,
) -> T:
    """Ask `condition` again and again until it answers something true, and return that answer.

    Args:
        condition: asked at once and then after pauses that double from 2 ms.
        timeout_s: seconds after which to give up. The condition is asked once more at the end,
            so that a machine that was merely busy is not called late.
        what: the thing waited for, as it should stand in the error.
        longest_pause_s: the longest pause between two questions, in seconds.

    Raises WaitTimeoutError naming `what`. Exceptions of the condition pass through.
    """
    deadline = time.monotonic() + timeout_s
    pause = _FIRST_PAUSE_S
    while True:
        late = time.monotonic() >= deadline
        if answer := condition():
            return answer
        if late:
            raise WaitTimeoutError(f"gave up after {timeout_s:g} s waiting for {what}")
        time.sleep(min(pause, max(0.0, deadline - time.monotonic())))
        pause = min(pause * 2, longest_pause_s)
