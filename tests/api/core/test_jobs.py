"""Jobs ride in the transaction that needs them: a rollback takes them along."""

import asyncio
import re
from typing import Any

import procrastinate
import psycopg
import pytest
from flask import Flask
from procrastinate.periodic import PeriodicDeferrer
from procrastinate.testing import InMemoryConnector
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from backend.activities.codes.images import fetch_code_image
from backend.core import clock, idempotency, jobs
from backend.core.config import REPORTS
from backend.core.db import db, transaction
from backend.core.ids import new_id
from backend.core.jobs.rescue import rescue
from backend.identity.tasks import purge
from backend.reports import operations
from backend.reports.tasks import make_report


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


def address(app: Flask) -> str:
    """The database's, as psycopg takes it."""
    url = make_url(app.config["SQLALCHEMY_DATABASE_URI"]).set(drivername="postgresql")
    return url.render_as_string(hide_password=False)


def work(app: Flask) -> None:
    """Run a worker until nothing is left to do now."""
    queue = jobs.make_queue(app, procrastinate.PsycopgConnector(conninfo=address(app)))
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


def fail(*_: object, **__: object) -> None:
    raise ConnectionError


def outcomes(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


def test_a_job_that_fails_is_tried_again_later_and_said_at_its_last_try(
    scratch_app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(operations, "begin", fail)
    run_id = str(new_id())
    with scratch_app.app_context(), transaction() as session:
        jobs.defer(session, make_report, run_id=run_id)
    work(scratch_app)
    assert queued(scratch_app) == [("reports.make", "todo", 1)]
    assert outcomes(caplog) == []
    change(scratch_app, "attempts = 3, scheduled_at = now()")
    work(scratch_app)
    assert queued(scratch_app) == [("reports.make", "failed", 4)]
    (said,) = outcomes(caplog)
    assert re.match(rf"Job reports.make\[\d+\]\(run_id='{run_id}'\) ended", said)


def test_a_job_that_is_given_up_is_not_tried_again_and_said(
    scratch_app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def give_up(*_: object) -> None:
        raise jobs.GivenUp

    monkeypatch.setattr(operations, "begin", give_up)
    with scratch_app.app_context(), transaction() as session:
        jobs.defer(session, make_report, run_id=str(new_id()))
    work(scratch_app)
    assert queued(scratch_app) == [("reports.make", "failed", 1)]
    assert len(outcomes(caplog)) == 1


def test_a_job_by_the_clock_that_fails_waits_for_the_next_tick(
    scratch_app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """To be tried again it would have to wait, and the next tick's may wait already: PostgreSQL
    refuses two, and the row would stay as running for ever."""
    monkeypatch.setattr(idempotency, "purge", fail)
    with scratch_app.app_context(), transaction() as session:
        jobs.defer(session, purge)
    work(scratch_app)
    assert queued(scratch_app) == [("identity.purge", "failed", 1)]
    assert len(outcomes(caplog)) >= 1


def test_a_job_queues_another(scratch_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a worker, whose own connector is another than the web's."""

    def queue_another(session: Session) -> int:
        jobs.defer(session, fetch_code_image, activity_id="none")
        return 0

    monkeypatch.setattr(idempotency, "purge", queue_another)
    with scratch_app.app_context(), transaction() as session:
        jobs.defer(session, purge)
    work(scratch_app)
    names = [(name, attempts > 0) for name, _, attempts in queued(scratch_app)]
    assert set(names) == {("identity.purge", True), ("activities.fetch_code_image", True)}


def test_housekeeping_runs_by_the_clock_one_at_a_time(scratch_app: Flask) -> None:
    """On however many worker machines."""
    periodic = scratch_app.extensions["jobs"].periodic_registry.periodic_tasks.values()
    (found,) = [task for task in periodic if task.task.name == "identity.purge"]
    assert found.cron == "17 * * * *"
    assert found.configure_kwargs["lock"] == found.configure_kwargs["queueing_lock"]


def test_a_worker_that_was_away_does_what_the_clock_asked_for_meanwhile(
    scratch_app: Flask,
) -> None:
    """At any minute an hourly job's last tick is less than an hour old."""
    queue = jobs.make_queue(scratch_app, InMemoryConnector())
    deferrer = PeriodicDeferrer(queue.periodic_registry, **queue.periodic_defaults)
    missed = {task.task.name for task, _ in deferrer.get_previous_tasks(at=clock.now().timestamp())}
    assert missed == {name for name, cron in jobs.declared(scratch_app).items() if cron}


# ---------------------------------------------------------------------------- dead workers


def change(app: Flask, columns: str) -> None:
    with app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE procrastinate_jobs SET {columns}")


def left(app: Flask, count: int = 1, **columns: Any) -> None:
    """Jobs that a worker was at when it died; it was pruned since."""
    values = {"task_name": "reports.make", "status": "doing"} | columns
    statement = (
        f"INSERT INTO procrastinate_jobs (queue_name, {', '.join(values)})"
        f" VALUES ('default', {', '.join(f'%({name})s' for name in values)})"
    )
    with app.app_context(), db.engine.begin() as connection:
        for _ in range(count):
            connection.exec_driver_sql(statement, values)


def tend(app: Flask, at_once: int = 1) -> None:
    """Let some workers look after dead ones' jobs at the same time."""
    queue = jobs.make_queue(app, InMemoryConnector())

    async def look() -> None:
        async with await psycopg.AsyncConnection.connect(address(app)) as connection:
            await rescue(queue, connection, 30)

    async def all_look() -> None:
        await asyncio.gather(*(look() for _ in range(at_once)))

    asyncio.run(all_look())


def test_what_a_dead_worker_was_at_is_tried_again(
    scratch_app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    left(scratch_app)
    tend(scratch_app)
    assert queued(scratch_app) == [("reports.make", "todo", 1)]
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_job_that_kills_its_worker_each_time_ends_failed_and_is_said(
    scratch_app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    left(scratch_app, attempts=REPORTS.attempts)
    tend(scratch_app)
    assert queued(scratch_app) == [("reports.make", "failed", REPORTS.attempts + 1)]
    (said,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert (said.task, said.attempts) == ("reports.make", REPORTS.attempts + 1)  # type: ignore[attr-defined]


@pytest.mark.parametrize("task_name", ["identity.purge", "of.another.version"])
def test_one_by_the_clock_and_one_that_nobody_knows_are_given_up(
    scratch_app: Flask, task_name: str
) -> None:
    left(scratch_app, task_name=task_name)
    tend(scratch_app)
    assert queued(scratch_app) == [(task_name, "failed", 1)]


def test_where_the_same_waits_already_it_is_not_queued_twice(scratch_app: Flask) -> None:
    left(scratch_app, queueing_lock="one")
    left(scratch_app, queueing_lock="one", status="todo")
    left(scratch_app)
    tend(scratch_app)
    assert queued(scratch_app) == [
        ("reports.make", "failed", 1), ("reports.make", "todo", 0), ("reports.make", "todo", 1),
    ]  # fmt: skip


def test_two_workers_that_look_at_once_do_no_harm(scratch_app: Flask) -> None:
    left(scratch_app, count=20)
    tend(scratch_app, at_once=4)
    assert queued(scratch_app) == [("reports.make", "todo", 1)] * 20


def test_a_worker_that_lives_keeps_its_jobs(scratch_app: Flask) -> None:
    with scratch_app.app_context(), db.engine.begin() as connection:
        (worker,) = connection.exec_driver_sql(
            "INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id"
        ).one()
    left(scratch_app, worker_id=worker)
    tend(scratch_app)
    assert queued(scratch_app) == [("reports.make", "doing", 0)]
    with scratch_app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '31 seconds'"
        )
    tend(scratch_app)
    assert queued(scratch_app) == [("reports.make", "todo", 1)]


def test_a_periodic_job_is_not_handed_the_clocks_time(scratch_app: Flask) -> None:
    task = scratch_app.extensions["jobs"].tasks["identity.purge"]
    task.func(timestamp=1)
