"""How the queue does, for monitoring; and what it forgets."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, text

from backend.core import jobs
from backend.core.config import JOBS
from backend.core.db import db, transaction
from backend.core.jobs import history
from backend.core.jobs.history import JobHealth, job_health

MINUTE = 60
DAY = 24 * 60 * MINUTE


@pytest.fixture(autouse=True)
def no_jobs(scratch_app: Flask) -> None:
    with scratch_app.app_context(), db.engine.begin() as connection:
        connection.execute(text("DELETE FROM procrastinate_jobs"))
        connection.execute(text("DELETE FROM procrastinate_workers"))


def health(app: Flask) -> JobHealth:
    with app.app_context(), transaction() as session:
        return job_health(session)


def put(app: Flask, task: str, status: str, *, ago_s: float, due_s: float | None = None) -> None:
    """A job that came to its status some seconds ago, and is due so many seconds from now."""
    with app.app_context(), db.engine.begin() as connection:
        (job_id,) = connection.exec_driver_sql(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, scheduled_at)"
            " VALUES ('default', %(task)s, now() + make_interval(secs => %(due_s)s)) RETURNING id",
            {"task": task, "due_s": due_s},
        ).one()
        for step in {"todo": [], "doing": ["doing"]}.get(status, ["doing", status]):
            connection.exec_driver_sql(
                "UPDATE procrastinate_jobs SET status = %(step)s WHERE id = %(job_id)s",
                {"step": step, "job_id": job_id},
            )
        _age(connection, job_id, ago_s)


def _age(connection: Connection, job_id: int, ago_s: float) -> None:
    connection.exec_driver_sql(
        "UPDATE procrastinate_events SET at = now() - make_interval(secs => %(ago_s)s)"
        " WHERE job_id = %(job_id)s AND type <> 'scheduled'",
        {"ago_s": ago_s, "job_id": job_id},
    )


def about(seconds: float) -> Any:
    return pytest.approx(seconds, abs=30)


def test_an_empty_queue_is_told_as_one(scratch_app: Flask) -> None:
    by_the_clock = [name for name, cron in jobs.declared(scratch_app).items() if cron]
    assert health(scratch_app) == JobHealth(
        waiting=0,
        oldest_waiting_s=None,
        put_off=0,
        running=0,
        failed={},
        since_success_s=dict.fromkeys(by_the_clock),
        workers=0,
    )


def test_what_waits_is_told_from_what_is_put_off(scratch_app: Flask) -> None:
    put(scratch_app, "reports.make", "todo", ago_s=5 * MINUTE)
    put(scratch_app, "reports.make", "todo", ago_s=90 * MINUTE, due_s=-7 * MINUTE)
    put(scratch_app, "reports.make", "todo", ago_s=95 * MINUTE, due_s=MINUTE)
    put(scratch_app, "regions.import", "doing", ago_s=MINUTE)
    found = health(scratch_app)
    assert (found.waiting, found.put_off, found.running) == (2, 1, 1)
    assert found.oldest_waiting_s == about(7 * MINUTE), "since it could run"


def test_failures_of_the_last_hour_and_the_last_success_are_told(scratch_app: Flask) -> None:
    for ago_s in (MINUTE, 59 * MINUTE, 61 * MINUTE):
        put(scratch_app, "reports.make", "failed", ago_s=ago_s)
    put(scratch_app, "identity.purge", "failed", ago_s=MINUTE)
    for ago_s in (20 * MINUTE, 80 * MINUTE):
        put(scratch_app, "identity.purge", "succeeded", ago_s=ago_s)
    found = health(scratch_app)
    assert found.failed == {"reports.make": 2, "identity.purge": 1}
    assert found.since_success_s["identity.purge"] == about(20 * MINUTE)
    assert found.since_success_s["reports.refresh_totals"] is None


def test_workers_are_those_heard_of_lately(scratch_app: Flask) -> None:
    with scratch_app.app_context(), db.engine.begin() as connection:
        for ago_s in (1, JOBS.silent_seconds - 10, JOBS.silent_seconds + 1):
            connection.exec_driver_sql(
                "INSERT INTO procrastinate_workers (last_heartbeat)"
                " VALUES (now() - make_interval(secs => %(ago_s)s))",
                {"ago_s": ago_s},
            )
    assert health(scratch_app).workers == 2


def test_jobs_that_ended_long_ago_are_forgotten(
    scratch_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_AT_ONCE", 2)
    long_ago = JOBS.keep_days * DAY + MINUTE
    for status in ("succeeded", "failed", "succeeded", "succeeded", "todo", "doing"):
        put(scratch_app, f"old.{status}", status, ago_s=long_ago)
    put(scratch_app, "young", "succeeded", ago_s=long_ago - 2 * MINUTE)
    with scratch_app.app_context():
        history.forget()
        with db.engine.connect() as connection:
            left = connection.exec_driver_sql("SELECT task_name FROM procrastinate_jobs")
            assert set(left.scalars()) == {"old.todo", "old.doing", "young"}
            events = connection.exec_driver_sql(
                "SELECT count(*) FROM procrastinate_events WHERE job_id NOT IN"
                " (SELECT id FROM procrastinate_jobs)"
            )
            assert events.scalar_one() == 0
