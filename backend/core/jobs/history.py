"""What the queue tells of itself: how it does (for monitoring), and what it may forget."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.core.config import JOBS
from backend.core.db import transaction
from backend.core.jobs import declared, job

# Times are the database's, whose clock wrote them.
_QUEUE = text("""
SELECT count(*) FILTER (WHERE is_due) AS waiting,
       extract(epoch FROM now() - min(since) FILTER (WHERE is_due)) AS oldest_waiting_s,
       count(*) FILTER (WHERE status = 'todo' AND NOT is_due) AS put_off,
       count(*) FILTER (WHERE status = 'doing') AS running,
       (SELECT count(*) FROM procrastinate_workers
         WHERE last_heartbeat > now() - make_interval(secs => :silent_s)) AS workers
  FROM (SELECT job.status,
               job.status = 'todo' AND coalesce(job.scheduled_at <= now(), true) AS is_due,
               coalesce(job.scheduled_at, queued.at) AS since
          FROM procrastinate_jobs job
          LEFT JOIN LATERAL (SELECT min(at) AS at FROM procrastinate_events
                              WHERE job_id = job.id) queued ON true
         WHERE job.status IN ('todo', 'doing')) job
""")
_FAILED = text("""
SELECT job.task_name, count(*) AS failed
  FROM procrastinate_jobs job
 WHERE job.status = 'failed'
   AND EXISTS (SELECT FROM procrastinate_events event
                WHERE event.job_id = job.id AND event.type = 'failed'
                  AND event.at > now() - interval '1 hour')
 GROUP BY job.task_name ORDER BY job.task_name
""")
_SUCCEEDED = text("""
SELECT job.task_name, extract(epoch FROM now() - max(event.at)) AS since_s
  FROM procrastinate_jobs job
  JOIN procrastinate_events event ON event.job_id = job.id AND event.type = 'succeeded'
 WHERE job.task_name = ANY(:names)
 GROUP BY job.task_name
""")
_FORGET = text("""
DELETE FROM procrastinate_jobs WHERE id IN (
    SELECT job.id FROM procrastinate_jobs job
     WHERE job.status NOT IN ('todo', 'doing')
       AND NOT EXISTS (SELECT FROM procrastinate_events event
                        WHERE event.job_id = job.id
                          AND event.at > now() - make_interval(days => :days))
     ORDER BY job.id LIMIT :most)
""")
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class JobHealth:
    """How the queue does.

    Attributes:
        waiting: jobs that could run now; `oldest_waiting_s` seconds that the first of them has.
        put_off: jobs that failed and wait until they are tried again.
        running: jobs that some worker is at.
        failed: jobs given up within the last hour, by name.
        since_success_s: of each job that runs by the clock the seconds since it last succeeded;
            None where it never did, as far as the queue remembers (rules.toml, jobs).
        workers: those that gave a sign of life lately.
    """

    waiting: int
    oldest_waiting_s: float | None
    put_off: int
    running: int
    failed: Mapping[str, int]
    since_success_s: Mapping[str, float | None]
    workers: int


def job_health(session: Session) -> JobHealth:
    """How the queue does now, in three statements."""
    queue = session.execute(_QUEUE, {"silent_s": JOBS.silent_seconds}).one()
    by_the_clock = [name for name, cron in declared(current_app).items() if cron]
    succeeded = {
        row.task_name: float(row.since_s)
        for row in session.execute(_SUCCEEDED, {"names": by_the_clock})
    }
    return JobHealth(
        waiting=queue.waiting,
        oldest_waiting_s=None if queue.waiting == 0 else float(queue.oldest_waiting_s),
        put_off=queue.put_off,
        running=queue.running,
        failed={row.task_name: row.failed for row in session.execute(_FAILED)},
        since_success_s={name: succeeded.get(name) for name in by_the_clock},
        workers=queue.workers,
    )


@job("jobs.forget", cron="41 * * * *")
def forget() -> None:
    """Delete jobs that ended long ago, and what the queue noted of them, some at a time."""
    deleted = _AT_ONCE
    while deleted == _AT_ONCE:
        with transaction() as session:
            found = session.execute(_FORGET, {"days": JOBS.keep_days, "most": _AT_ONCE})
            deleted = found.rowcount  # type: ignore[attr-defined]
