"""GET /metrics: what monitoring asks for, in Prometheus' text format, from whoever has the token.

Each process counts what it does. gunicorn's keep their counts in files in memory
(config/gunicorn.conf.py), so that whichever is asked answers for all. How the jobs do is read from
the queue, whichever machine runs them.
"""

import hmac
import math
import os
import time
from collections.abc import Iterator
from functools import cache

from flask import Blueprint, Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from backend.core.context import composed
from backend.core.db import transaction
from backend.core.errors import NotFound, NotLoggedIn
from backend.core.jobs.history import JobHealth, job_health
from backend.core.request_context import the_request
from backend.core.web.api import PUBLIC, declare_access
from backend.settings import Settings

REGISTRY = CollectorRegistry()
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REQUESTS = Counter(
    "wushe_requests", "Requests answered.", ("method", "route", "status"), registry=REGISTRY
)
REQUEST_SECONDS = Histogram(
    "wushe_request_seconds",
    "Seconds that answering took, for phones (api), at the console, and elsewhere.",
    ("side",),
    buckets=SECONDS,
    registry=REGISTRY,
)
# Whoever asks may send any word as a method; each would be a series of its own.
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"))
_SIDES = (("/api/", "api"), ("/console", "console"))

blp = Blueprint("metrics", __name__)


@blp.get("/metrics")
@declare_access(PUBLIC)
def metrics() -> Response:
    """404 where no METRICS_TOKEN is set, 401 without it."""
    token = composed(Settings).metrics_token
    if not token:
        raise NotFound
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise NotLoggedIn
    text = generate_latest(_counted()) + generate_latest(_queue())
    return Response(text, content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _counted() -> CollectorRegistry:
    """What was counted: by all of gunicorn's processes, or by this one where it is alone."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def _queue() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Queue())
    return registry


class _Queue(Collector):
    """How the queue does at this moment."""

    def collect(self) -> Iterator[Metric]:
        try:
            with transaction() as session:
                health = job_health(session)
        except Exception:  # whatever it is, this process can't ask its database
            yield GaugeMetricFamily("wushe_database_up", "Whether the database answers.", 0)
            return
        yield GaugeMetricFamily("wushe_database_up", "Whether the database answers.", 1)
        yield from _told(health)


def _told(health: JobHealth) -> Iterator[Metric]:
    for name, meaning, value in (
        ("waiting", "Jobs that could run now.", health.waiting),
        (
            "oldest_waiting_seconds",
            "Seconds that the first of them has waited.",
            health.oldest_waiting_s or 0,
        ),
        ("put_off", "Jobs that failed and will be tried again.", health.put_off),
        ("running", "Jobs that some worker is at.", health.running),
    ):
        yield GaugeMetricFamily(f"wushe_jobs_{name}", meaning, value)
    yield GaugeMetricFamily("wushe_workers", "Workers heard of lately.", health.workers)
    failed = GaugeMetricFamily(
        "wushe_jobs_failed_last_hour", "Jobs given up within the last hour.", labels=["job"]
    )
    for job, count in health.failed.items():
        failed.add_metric([job], count)
    since = GaugeMetricFamily(
        "wushe_job_since_success_seconds",
        "Seconds since a job that runs by the clock last succeeded; +Inf: never.",
        labels=["job"],
    )
    for job, seconds in health.since_success_s.items():
        since.add_metric([job], math.inf if seconds is None else seconds)
    yield from (failed, since)


def init_metrics(app: Flask) -> None:
    """Count the app's requests, and answer /metrics."""
    app.register_blueprint(blp)

    @app.after_request
    def count(response: Response) -> Response:
        asked = the_request()
        # The rule, as in the log: of paths there is no end.
        rule = str(asked.url_rule or "unknown")
        method = asked.method if asked.method in _METHODS else "other"
        answered, seconds = _counters(method, rule, response.status_code)
        answered.inc()
        seconds.observe(time.perf_counter() - g.started)
        return response


@cache
def _counters(method: str, rule: str, status: int) -> tuple[Counter, Histogram]:
    """The two that a request is counted by: looking them up takes longer than counting."""
    side = next((side for start, side in _SIDES if rule.startswith(start)), "other")
    return REQUESTS.labels(method, rule, str(status)), REQUEST_SECONDS.labels(side)
