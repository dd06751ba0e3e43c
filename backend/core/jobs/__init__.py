"""Background jobs: procrastinate on the same PostgreSQL (docs/adr/0002).

A job is deferred inside the transaction that needs it: a rollback takes it along, and a commit
never loses it. Jobs run at least once; each is written so that a second run does no harm.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import wraps
from typing import Any

import procrastinate
from flask import Flask, current_app
from procrastinate.connector import BaseConnector
from procrastinate.jobs import Job
from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.core.config import JOBS
from backend.core.context import compose, composed
from backend.core.db import driver_connection
from backend.core.errors import AppError

RETRIES = 5
_EXTENSION = "jobs"
# A worker that was away for a while does what the clock asked for meanwhile, once: our rarest jobs
# run each hour.
_CATCH_UP_S = 3600


_AT_WORK = text(
    "SELECT EXISTS (SELECT FROM procrastinate_workers"
    " WHERE last_heartbeat > now() - make_interval(secs => :silent_s))"
)


class JobsStandStill(AppError):
    """Somebody would wait in vain: no worker is at work."""

    status = 409
    code = "jobs_stand_still"
    title = (
        "后台任务现在没有在运行，排队的都还没有做。恢复以后会自动接着做，不用重新提交；请告诉管理员"
    )


class GivenUp(Exception):
    """Raised by a job that no further try would help: it ends failed, and the log says so."""


@dataclass(frozen=True, slots=True)
class _Job:
    name: str
    function: Callable[..., None]
    cron: str | None
    retries: int


class _Jobs(dict[str, _Job]):
    """The app's jobs, by name."""


def job(
    name: str, *, cron: str | None = None, retry: int = RETRIES
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare a job.

    Args:
        name: its stable name in the queue; survives renames of the function.
        cron: run it by the clock (five fields, UTC), at least once an hour. Such a job gets no
            arguments and is not tried again: the next tick is the next try.
        retry: how often a failed run, or one whose worker died, is tried again.
    """

    def declare(function: Callable[..., None]) -> Callable[..., None]:
        function.job = _Job(name, function, cron, 0 if cron else retry)  # type: ignore[attr-defined]
        return function

    return declare


def name_of(function: Callable[..., None]) -> str:
    """The name in the queue of a function declared with `@job`."""
    return _of(function).name


def runs_by_the_clock(function: Callable[..., None]) -> bool:
    """Whether a function declared with `@job` runs by the clock."""
    return _of(function).cron is not None


def declared(app: Flask) -> Mapping[str, str | None]:
    """The names of an app's jobs, each with its cron expression where it has one."""
    return {name: declaration.cron for name, declaration in _jobs(app).items()}


def _jobs(app: Flask) -> _Jobs:
    with app.app_context():
        return composed(_Jobs)


def _of(function: Callable[..., None]) -> _Job:
    found: _Job = function.job  # type: ignore[attr-defined]
    return found


def stand_still(session: Session) -> bool:
    """Whether no worker is at work, so that whoever waits for a job is told the truth."""
    at_work = session.execute(_AT_WORK, {"silent_s": JOBS.silent_seconds}).scalar_one()
    return not at_work


def init_jobs(app: Flask, functions: Iterable[Callable[..., None]]) -> None:
    """Let the app queue jobs, on the connection of whoever queues one: it opens none itself.

    Args:
        functions: all jobs of the app, declared with `@job`.
    """
    compose(app.extensions, _Jobs({_of(function).name: _of(function) for function in functions}))
    app.extensions[_EXTENSION] = make_queue(app, procrastinate.SyncPsycopgConnector())


def make_queue(app: Flask, connector: BaseConnector) -> procrastinate.App:
    """The queue with the app's jobs; each runs within the app."""
    queue = procrastinate.App(connector=connector, periodic_defaults={"max_delay": _CATCH_UP_S})
    for declaration in _jobs(app).values():
        _add(queue, app, declaration)
    return queue


class _Retry(procrastinate.RetryStrategy):
    def get_retry_decision(
        self, *, exception: BaseException, job: Job
    ) -> procrastinate.RetryDecision | None:
        if isinstance(exception, GivenUp):
            return None
        return super().get_retry_decision(exception=exception, job=job)


def _add(queue: procrastinate.App, app: Flask, declaration: _Job) -> None:
    @wraps(declaration.function)
    def run(*args: Any, **kwargs: Any) -> None:
        kwargs.pop("timestamp", None)  # given to periodic jobs; ours ask the clock
        with app.app_context():
            declaration.function(*args, **kwargs)

    name, retries = declaration.name, declaration.retries
    strategy = _Retry(max_attempts=retries, exponential_wait=4) if retries else False
    task = queue.task(name=name, retry=strategy)(run)
    if declaration.cron:
        # The lock lets one run at a time, on however many worker machines; the other one lets one
        # wait. A retry would have to wait too, and find the next tick's run in its place.
        queue.periodic(cron=declaration.cron, queueing_lock=name, lock=name)(task)


def side_by_side(work: Callable[[], None], threads: int) -> None:
    """Do the same work in several threads of the app, for jobs that mostly wait.

    Raises what one of them has raised, once all have ended.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

    def run() -> None:
        with app.app_context():
            work()

    with ThreadPoolExecutor(threads) as pool:
        ended = [pool.submit(run) for _ in range(threads)]
    for one in ended:
        one.result()


def defer(session: Session, function: Callable[..., None], **arguments: Any) -> None:
    """Queue a job in the caller's transaction.

    Args:
        function: one declared with `@job`.
        arguments: JSON values, by name.
    """
    queue: procrastinate.App = current_app.extensions[_EXTENSION]
    task = queue.configure_task(name_of(function), connection=driver_connection(session))
    task.defer(**arguments)
