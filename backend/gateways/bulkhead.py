"""A bulkhead: at most so many calls at once; who comes then waits in line, and nobody longer than
agreed.

The work runs in a small pool of threads of its own, for three reasons. A caller can turn
its back on work that is stuck where no timeout reaches (name resolution, a server that
sends one byte a second), so a request's time is bounded whatever happens. The place of
such stuck work stays taken until it really ends, so stuck work can't pile up. And because
the same few threads do all the calls, what they keep (a `requests.Session`, which isn't
promised to be thread-safe) is bounded by the pool and belongs to one thread.

The line is bounded too: each who waits holds a thread of the web server, and some of those
must stay free for whoever wants nothing of what this guards.
"""

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


class BulkheadFull(Exception):
    """No place was free, nor one in the line, nor in time; the work was not started."""


class TurnedAway(Exception):
    """Waiting had become pointless (see `Bulkhead.turn_away`); the work was not started."""


class Bulkhead:
    """Places for work, and a line before them; may be used from any number of threads.

    Args:
        places: calls that may run at once in this process.
        line: how many more may wait, first come first served.
        name: prefix of the threads' names.
    """

    def __init__(self, places: int, line: int, name: str) -> None:
        self._room = threading.BoundedSemaphore(places + line)
        # Its queue is the line.
        self._threads = ThreadPoolExecutor(max_workers=places, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._inside: dict[Future[Any], str] = {}

    def run(
        self,
        work: Callable[[], T],
        *,
        kind: str,
        turn_s: float,
        wait_s: float,
        pointless: Callable[[], bool] = lambda: False,
    ) -> T:
        """Run `work` in one of the pool's threads and answer what it answers.

        Args:
            work: what to do; it goes on in its place after a timeout.
            kind: what sort of work, for `turn_away`.
            turn_s: longest wait for a place, seconds.
            wait_s: seconds, that wait included, after which the caller is told to go on
                without the work.
            pointless: asked once it stands in line, for those whom a `turn_away` has just missed.

        Raises:
            BulkheadFull: the line is full, or no place became free within `turn_s`.
            TurnedAway: in line, waiting became pointless.
            TimeoutError: after `wait_s`.
            Exception: whatever `work` raised.
        """
        if not self._room.acquire(blocking=False):
            raise BulkheadFull
        try:
            future = self._threads.submit(work)
        except BaseException:
            self._room.release()
            raise
        with self._lock:
            self._inside[future] = kind
        future.add_done_callback(self._leave)
        if pointless():
            future.cancel()
        try:
            with suppress(TimeoutError):
                return future.result(timeout=min(turn_s, wait_s))
            if future.cancel():
                raise BulkheadFull
            return future.result(timeout=wait_s - min(turn_s, wait_s))
        except CancelledError:
            raise TurnedAway from None

    def turn_away(self, kind: str) -> None:
        """Tell all who wait in line with this kind of work, at once, not to wait any longer."""
        with self._lock:
            waiting = [future for future, of in self._inside.items() if of == kind]
        for future in waiting:
            future.cancel()  # not what runs already

    def close(self) -> None:
        """Take no more work; what is running ends in its own time."""
        self._threads.shutdown(wait=False)

    def _leave(self, future: Future[Any]) -> None:
        with self._lock:
            self._inside.pop(future, None)
        self._room.release()
