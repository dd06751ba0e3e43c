"""The queue as tests look at it: another process's worker does the work."""

import psycopg

from backend.local.waiting import wait_until


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
