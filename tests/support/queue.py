"""The queue as tests look at it: another process's worker does the work."""

import psycopg
from sqlalchemy import text

from backend.core.db import transaction
from backend.local.waiting import wait_until


def worker_was_heard(seconds_ago: int) -> None:
    """Let there be one worker, which has last given a sign of life so long ago."""
    with transaction() as session:
        session.execute(text("DELETE FROM procrastinate_workers"))
        session.execute(
            text(
                "INSERT INTO procrastinate_workers (last_heartbeat)"
                " VALUES (now() - make_interval(secs => :seconds))"
            ),
            {"seconds": seconds_ago},
        )


def do_a_job(url: str) -> None:
    """Queue a job that has nothing to do, and wait for its end; it succeeds.

    Raises WaitTimeoutError when no worker takes it on.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        queued = connection.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name)"
            " VALUES ('default', 'activities.purge_imports') RETURNING id"
        ).fetchall()
        statement = "SELECT status FROM procrastinate_jobs WHERE id = %s"

        def ended() -> str | None:
            ((status,),) = connection.execute(statement, queued[0]).fetchall()
            return None if status in ("todo", "doing") else str(status)

        assert wait_until(ended, timeout_s=60, what="a job's end") == "succeeded"
