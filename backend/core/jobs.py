"""Background jobs: procrastinate on the same PostgreSQL (docs/adr/0002).

A job is deferred inside the transaction that needs it: a rollback takes it along, and a commit
never loses it. Jobs run at least once; each is written so that a second run does no harm.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

import procrastinate
from flask import Flask, current_app
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from backend.core.db import driver_connection

_REGISTRY: list[tuple[Callable[..., Any], dict[str, Any]]] = []
_EXTENSION = "jobs"


def job(
    name: str, *, cron: str | None = None, retry: int = 5
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare a job.

    Args:
        name: its stable name in the queue; survives renames of the function.
        cron: run it by the clock as well (five fields, UTC); the job then gets no arguments.
        retry: how often a failed run is tried again, with growing waits.
    """

    def declare(function: Callable[..., None]) -> Callable[..., None]:
        _REGISTRY.append((function, {"name": name, "cron": cron, "retry": retry}))
        function.job_name = name  # type: ignore[attr-defined]
        return function

    return declare


def init_jobs(app: Flask) -> procrastinate.App:
    """Make the app's queue, with every job declared so far; it opens no connection by itself."""
    url = make_url(app.config["SQLALCHEMY_DATABASE_URI"])
    conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
    queue = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=conninfo))
    for function, options in _REGISTRY:
        _add(queue, app, function, **options)
    app.extensions[_EXTENSION] = queue
    return queue


def _add(
    queue: procrastinate.App,
    app: Flask,
    function: Callable[..., None],
    *,
    name: str,
    cron: str | None,
    retry: int,
) -> None:
    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> None:
        kwargs.pop("timestamp", None)  # given to periodic jobs; ours ask the clock
        with app.app_context():
            function(*args, **kwargs)

    strategy = procrastinate.RetryStrategy(max_attempts=retry, exponential_wait=4)
    task = queue.task(name=name, retry=strategy)(run)
    if cron:
        # The lock lets one run at a time, on however many worker machines.
        queue.periodic(cron=cron, queueing_lock=name, lock=name)(task)


def defer(session: Session, function: Callable[..., None], **arguments: Any) -> None:
    """Queue a job in the caller's transaction.

    Args:
        function: one declared with `@job`.
        arguments: JSON values, by name.
    """
    queue: procrastinate.App = current_app.extensions[_EXTENSION]
    name: str = function.job_name  # type: ignore[attr-defined]
    queue.configure_task(name, connection=driver_connection(session)).defer(**arguments)
