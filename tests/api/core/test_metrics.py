"""GET /metrics: who is told, and that it tells what there is."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from backend.app import create_app
from backend.core import jobs
from backend.core.db import db
from backend.local.postgres.server import PrivatePostgres
from tests.conftest import TEMPLATE, settings_for
from tests.support.world import World, ok

TOKEN = "a-token-of-24-characters"


def read(app: Flask, name: str, **labels: str) -> float | None:
    """One figure of those that an app tells."""
    answer = app.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return float(sample.value)
    return None


@pytest.fixture(scope="module")
def watched(postgres: PrivatePostgres) -> Iterator[Flask]:
    """An app that has a token for monitoring."""
    url = postgres.create_database("watched", template=TEMPLATE)
    app = create_app(settings_for(url, metrics_token=TOKEN, allowed_hosts=("wushe.example.cn",)))
    yield app
    with app.app_context():
        db.engine.dispose()


def test_nobody_is_told_without_the_token(world: World, watched: Flask) -> None:
    """Without the setting there is no such page."""
    assert ok(world.http.get("/metrics"), 404)["code"] == "not_found"
    assert ok(world.http.get("/metrics", headers={"Authorization": "Bearer "}), 404)
    http = watched.test_client()
    for given in ("", "Bearer ", TOKEN, f"Bearer {TOKEN}x", "Bearer 暗号"):
        header = {"Authorization": given.encode().decode("latin-1")}
        assert ok(http.get("/metrics", headers=header), 401)["code"] == "not_logged_in"


def test_requests_are_counted_by_route_and_answer(watched: Flask) -> None:
    """By rule and known method: whoever asks must not be able to make a series of each word."""
    http = watched.test_client()
    name = "wushe_requests_total"
    asked = {"method": "GET", "route": "/healthz", "status": "200"}
    unknown = {"method": "other", "route": "unknown", "status": "400"}
    before = [read(watched, name, **labels) or 0 for labels in (asked, unknown)]
    seconds = read(watched, "wushe_request_seconds_count", side="other") or 0
    for _ in range(3):
        http.get("/healthz")
    http.open("/some/path", method="WORD")
    after = [read(watched, name, **labels) or 0 for labels in (asked, unknown)]
    assert after == [before[0] + 3, before[1] + 1]
    assert (read(watched, "wushe_request_seconds_count", side="other") or 0) >= seconds + 4


def test_the_queue_is_told(watched: Flask) -> None:
    with watched.app_context(), db.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('default', 'a')")
        )
        (failed,) = connection.execute(
            text(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, status)"
                " VALUES ('default', 'reports.make', 'doing') RETURNING id"
            )
        ).one()
        connection.execute(
            text("UPDATE procrastinate_jobs SET status = 'failed' WHERE id = :id"), {"id": failed}
        )
    assert read(watched, "wushe_database_up") == 1
    assert read(watched, "wushe_jobs_waiting") == 1
    assert read(watched, "wushe_workers") == 0
    assert read(watched, "wushe_jobs_failed_last_hour", job="reports.make") == 1
    by_the_clock = next(name for name, cron in jobs.declared(watched).items() if cron)
    assert read(watched, "wushe_job_since_success_seconds", job=by_the_clock) == float("inf")


def test_a_database_that_is_away_is_told(tmp_path: Path) -> None:
    url = f"postgresql://nobody@/none?host={tmp_path}"
    assert read(create_app(settings_for(url, metrics_token=TOKEN)), "wushe_database_up") == 0
