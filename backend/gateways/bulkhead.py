"""A bulkhead: at most so many calls at once, and nobody waits for one longer than agreed.

The work runs in a small pool of threads of its own, for three reasons. A caller can turn
its back on work that is stuck where no timeout reaches (name resolution, a server that
sends one byte a second), so a request's time is bounded whatever happens. The place of
such stuck work stays taken until it really ends, so stuck work can't pile up. And because
the same few threads do all the calls, what they keep (a `requests.Session`, which isn't
promised to be thread-safe) is bounded by the pool and belongs to one thread.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class BulkheadFull(Exception):
    """All places are taken; the work was not started."""


class Bulkhead:
    """Places for work; may be used from any number of threads.

    Args:
        places: calls that may run at once in this process.
        name: prefix of the threads' names.
    """

    def __init__(self, places: int, name: str) -> None:
        self._free = threading.BoundedSemaphore(places)
        self._threads = ThreadPoolExecutor(max_workers=places, thread_name_prefix=name)

    def run(self, work: Callable[[], T], *, wait_s: float) -> T:
        """Run `work` in one of the pool's threads and answer what it answers.

        Args:
            work: what to do; it goes on in its place after a timeout.
            wait_s: seconds after which the caller is told to go on without it.

        Raises:
            BulkheadFull: at once, when every place is taken.
            TimeoutError: after `wait_s`.
            Exception: whatever `work` raised.
        """
        if not self._free.acquire(blocking=False):
            raise BulkheadFull
        try:
            future = self._threads.submit(work)
        except BaseException:
            self._free.release()
            raise
        future.add_done_callback(self._release)
        return future.result(timeout=wait_s)

    def close(self) -> None:
        """Take no more work; what is running ends in its own time."""
        self._threads.shutdown(wait=False)

    def _release(self, _: Future[T]) -> None:
        self._free.release()
