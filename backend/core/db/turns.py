"""Waiting in order: who came first is served first, and nobody waits longer than agreed.

`threading.Semaphore` and SQLAlchemy's pool wake somebody and let whoever is quickest in; under a
crowd the same few win, and one person waits through everybody else's turns.
"""

import threading
from collections import deque

from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool


class Turns:
    """So many places, given in the order in which they were asked for; for any number of threads.

    Args:
        places: how many may be taken at once.
    """

    def __init__(self, places: int) -> None:
        self._lock = threading.Lock()
        self._free = places
        # A lock for each who waits: it is theirs until their turn releases it.
        self._waiting: deque[threading.Lock] = deque()

    def take(self, wait_s: float) -> bool:
        """Take a place, waiting in line at most `wait_s` seconds; whether it was to be had."""
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        if mine.acquire(timeout=wait_s):
            return True
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
                return False
        return True  # it was handed over in the very moment of giving up

    def give_back(self) -> None:
        """Leave a place: it goes to who has waited longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1


class FairPool(QueuePool):
    """SQLAlchemy's pool, whose connections are handed out in order.

    There are many more threads than connections (docs/adr/0016), so waiting for one is every
    request's daily bread.
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._turns = Turns(self.size() + self._max_overflow)

    def _do_get(self) -> ConnectionPoolEntry:
        if not self._turns.take(self._timeout):
            raise PoolTimeout(f"no connection free within {self._timeout} s")
        try:
            return super()._do_get()
        except BaseException:
            self._turns.give_back()
            raise

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        try:
            super()._do_return_conn(record)
        finally:
            self._turns.give_back()
