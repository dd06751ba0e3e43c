"""Jobs whose worker has died (docs/adr/0019): found by its heartbeat, tried again or given up.

Every worker looks, at its start and with each heartbeat. No job could: it might be the very one
that the dead worker blocks.
"""

import logging

import procrastinate
import psycopg
from procrastinate.jobs import Job
from psycopg.rows import dict_row

log = logging.getLogger(__name__)

# Two who look at once each find what the other has not taken; a worker that is alive after all
# and just finishes one keeps it.
_ABANDONED = """
SELECT job.* FROM procrastinate_jobs job
LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
WHERE job.status = 'doing'
  AND (worker.id IS NULL OR worker.last_heartbeat < now() - make_interval(secs => %s))
ORDER BY job.id
FOR UPDATE OF job SKIP LOCKED
"""
_RETRY = "SELECT procrastinate_retry_job_v2(%s, now(), NULL, NULL, NULL)"
_GIVE_UP = "SELECT procrastinate_finish_job_v1(%s, 'failed', false)"


class WorkerDied(Exception):
    """Why a job is tried again, for its retry strategy."""


async def rescue(
    queue: procrastinate.App, connection: psycopg.AsyncConnection, silent_s: float
) -> None:
    """Put back what dead workers were at, and give up what has no try left.

    Args:
        connection: in a transaction, which the caller commits.
        silent_s: seconds without a heartbeat after which a worker is taken for dead.
    """
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(_ABANDONED, (silent_s,))
    for row in await cursor.fetchall():
        job = Job.from_row(row)
        named = {"task": job.task_name, "job_id": job.id, "attempts": job.attempts + 1}
        if _may_run_again(queue, job) and await _retried(connection, job):
            log.warning("a job's worker died, it is tried again", extra=named)
        else:
            await connection.execute(_GIVE_UP, (job.id,))
            log.error("a job's worker died, it is given up", extra=named)


def _may_run_again(queue: procrastinate.App, job: Job) -> bool:
    """By the rule for a run that fails. A job that runs by the clock has its next tick instead."""
    task = queue.tasks.get(job.task_name)
    return task is not None and task.get_retry_exception(WorkerDied(), job) is not None


async def _retried(connection: psycopg.AsyncConnection, job: Job) -> bool:
    """Whether it waits again; not where another waits already that does the same (the unique
    index of queueing locks)."""
    try:
        async with connection.transaction():
            await connection.execute(_RETRY, (job.id,))
    except psycopg.errors.UniqueViolation:
        return False
    return True
