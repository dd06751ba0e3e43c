"""The worker's life: it runs jobs, looks after those of dead workers, and outlives its database.

A run of procrastinate's worker ends when the database does, without a word in its exit code. So
it is begun anew, after pauses that grow, under a new number: what the old one had left is found
by its heartbeat, like that of any worker that died (docs/adr/0019).
"""

import asyncio
import logging
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, LiteralString

import procrastinate
import psycopg
from flask import Flask
from procrastinate.exceptions import ConnectorException
from procrastinate.worker import Worker
from sqlalchemy.engine import make_url

from backend.core.config import JOBS
from backend.core.jobs import make_queue
from backend.core.jobs.rescue import rescue

log = logging.getLogger(__name__)

_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 15.0
# A run that has lasted so long was a good one: the next pause is short again.
_GOOD_RUN_S = 60.0
_HEARTBEAT = "UPDATE procrastinate_workers SET last_heartbeat = now() WHERE id = %s RETURNING id"
# A dead network is noticed within seconds, also by the connection that only listens.
_CONNECTION = {
    "connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}  # fmt: skip
_CONNECTIONS = 4
_DATABASE_ERRORS = (ConnectorException, psycopg.Error)


class JobWorker:
    """Runs the app's jobs until SIGTERM or SIGINT; a second signal ends those under way too."""

    def __init__(self, app: Flask, concurrency: int) -> None:
        """Args:
        concurrency: how many jobs run at once, each in a thread.
        """
        self._app = app
        self._concurrency = concurrency
        url = make_url(app.config["SQLALCHEMY_DATABASE_URI"])
        self._conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._stop = asyncio.Event()
        self._away = False
        for name in ("procrastinate.worker", "procrastinate.worker.worker", "procrastinate.utils",
                     "asyncio"):  # fmt: skip
            logging.getLogger(name).addFilter(_said_here)

    async def run(self) -> None:
        """Work; returns when it was told to stop."""
        loop = asyncio.get_running_loop()
        # Two more than there are jobs: names are looked up in these threads too.
        loop.set_default_executor(ThreadPoolExecutor(self._concurrency + 2))
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop_at, number)
        pause = _SHORTEST_PAUSE_S
        while not self._stop.is_set():
            began = loop.time()
            await self._work_until_lost()
            if loop.time() - began >= _GOOD_RUN_S:
                pause = _SHORTEST_PAUSE_S
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    def _stop_at(self, number: signal.Signals) -> None:
        asyncio.get_running_loop().remove_signal_handler(number)
        self._stop.set()

    async def _work_until_lost(self) -> None:
        work = asyncio.create_task(self._work())
        stop = asyncio.create_task(self._stop.wait())
        await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
        work.cancel()  # procrastinate's worker takes it for the wish to finish what it has begun
        stop.cancel()
        reason = "its connection was lost"
        try:
            await work
        except asyncio.CancelledError:
            return
        except _DATABASE_ERRORS as error:
            reason = " ".join(str(error.__cause__ or error).split())
        if not self._away:
            self._away = True
            log.warning("the worker waits for its database", extra={"reason": reason})

    async def _work(self) -> None:
        """One run of procrastinate's worker. Returns, or raises what the database did, when the
        worker can't rely on its number any more."""
        await (await psycopg.AsyncConnection.connect(self._conninfo, connect_timeout=5)).close()
        connector = _Connector(self._conninfo)
        queue = make_queue(self._app, connector)
        async with queue.open_async():
            worker = Worker(
                queue,
                concurrency=self._concurrency,
                install_signal_handlers=False,
                update_heartbeat_interval=JOBS.heartbeat_seconds,
                stalled_worker_timeout=JOBS.silent_seconds,
            )
            await _tend(queue, connector, worker)
            if self._away:
                self._away = False
                log.info("the worker has its database again")
            watch = asyncio.create_task(_watch(queue, connector, worker))
            try:
                await worker.run()  # type: ignore[no-untyped-call]
            finally:
                watch.cancel()
                with suppress(asyncio.CancelledError, *_DATABASE_ERRORS):
                    await watch


class _Connector(procrastinate.PsycopgConnector):
    """Knows whether a statement by which the worker says something has failed. Nobody knows then
    whether it was heard: a job may be left as running that isn't."""

    def __init__(self, conninfo: str) -> None:
        super().__init__(
            conninfo=conninfo, kwargs=_CONNECTION, min_size=1, max_size=_CONNECTIONS, timeout=5
        )
        self.failed = asyncio.Event()

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        try:
            await super().execute_query_async(query, **arguments)
        except ConnectorException:
            self.failed.set()
            raise


async def _watch(queue: procrastinate.App, connector: _Connector, worker: Worker) -> None:
    """Tend until something is wrong, then have the run end. It goes on while the worker finishes
    what it has begun, so that nobody takes it for dead meanwhile."""
    try:
        while await _tend(queue, connector, worker):
            with suppress(TimeoutError):
                await asyncio.wait_for(connector.failed.wait(), JOBS.heartbeat_seconds)
            if connector.failed.is_set():
                return
    finally:
        worker.stop()  # type: ignore[no-untyped-call]


async def _tend(queue: procrastinate.App, connector: _Connector, worker: Worker) -> bool:
    """Give a sign of life, and look after the jobs of dead workers; False where we were taken for
    dead ourselves."""
    async with connector.pool.connection() as connection:
        if worker.worker_id is not None:
            found = await connection.execute(_HEARTBEAT, (worker.worker_id,))
            if await found.fetchone() is None:
                return False
        await rescue(queue, connection, JOBS.silent_seconds)
    return True


def _said_here(record: logging.LogRecord) -> bool:
    """Drop what procrastinate, and asyncio on its behalf, say of a lost database at each of their
    ends: the worker says it once. How a job ended is always told."""
    error = record.exc_info[1] if record.exc_info else None
    is_outcome = str(getattr(record, "action", "")).startswith("job_")
    return is_outcome or not isinstance(error, ConnectorException)
