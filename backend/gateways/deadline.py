"""How long a whole call may still take."""

import time


class Deadline:
    """A point in (monotonic) time that all steps of one call share.

    Args:
        seconds: from now on.
    """

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self._ends_at - time.monotonic())

    @property
    def passed(self) -> bool:
        return self.remaining() == 0.0
