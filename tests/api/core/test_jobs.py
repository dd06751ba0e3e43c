"""Jobs ride in the transaction that needs them: a rollback takes them along."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from backend.core import idempotency, jobs
from backend.core.db import db, transaction
from backend.identity.tasks import purge


@pytest.fixture(autouse=True)
def no_jobs(scratch_app: Flask) -> None:
    with scratch_app.app_context(), db.engine.begin() as connection:
        connection.execute(text("DELETE FROM procrastinate_jobs"))


def queued(app: Flask) -> list[Any]:
    with app.app_context(), db.engine.connect() as connection:
        # Without those that the worker queues by the clock: they bring its time.
        statement = (
            "SELECT task_name, status, attempts FROM procrastinate_jobs"
            " WHERE NOT args ? 'timestamp' ORDER BY id"
        )
        return [tuple(row) for row in connection.exec_driver_sql(statement)]


def work(app: Flask) -> None:
    """Run a worker until nothing is left to do now."""
    queue = app.extensions["jobs"]
    queue.run_worker(wait=False, listen_notify=False, install_signal_handlers=False)


def test_a_job_comes_with_its_transactions_commit(scratch_app: Flask) -> None:
    with scratch_app.app_context(), transaction() as session:
        jobs.defer(session, purge)
        assert queued(scratch_app) == [], "not before the commit"
    assert queued(scratch_app) == [("identity.purge", "todo", 0)]


def test_a_rollback_takes_the_job_along(scratch_app: Flask) -> None:
    def defer_and_fail() -> None:
        with transaction() as session:
            jobs.defer(session, purge)
            raise ZeroDivisionError

    with scratch_app.app_context(), pytest.raises(ZeroDivisionError):
        defer_and_fail()
    assert queued(scratch_app) == []


def test_a_worker_runs_it_within_the_app(scratch_app: Flask) -> None:
    with scratch_app.app_context(), transaction() as session:
        jobs.defer(session, purge)
        jobs.defer(session, purge)
    work(scratch_app)
    assert queued(scratch_app) == [("identity.purge", "succeeded", 1)] * 2


def test_a_job_that_fails_is_tried_again_later(
    scratch_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Any) -> int:
        raise ConnectionError

    monkeypatch.setattr(idempotency, "purge", fail)
    with scratch_app.app_context(), transaction() as session:
        jobs.defer(session, purge)
    work(scratch_app)
    assert queued(scratch_app) == [("identity.purge", "todo", 1)]


def test_housekeeping_runs_by_the_clock_one_at_a_time(scratch_app: Flask) -> None:
    """On however many worker machines."""
    periodic = scratch_app.extensions["jobs"].periodic_registry.periodic_tasks.values()
    (found,) = [task for task in periodic if task.task.name == "identity.purge"]
    assert found.cron == "17 * * * *"
    assert found.configure_kwargs["lock"] == found.configure_kwargs["queueing_lock"]


def test_a_periodic_job_is_not_handed_the_clocks_time(scratch_app: Flask) -> None:
    task = scratch_app.extensions["jobs"].tasks["identity.purge"]
    task.func(timestamp=1)
