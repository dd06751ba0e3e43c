"""/healthz: the process. /readyz: the database and its schema; a balancer asks them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from backend.app import create_app
from backend.core.db import db
from backend.core.monitoring.health import expected_version
from backend.local.postgres.server import PrivatePostgres
from tests.conftest import TEMPLATE, settings_for
from tests.support.world import World, ok


def test_both_need_no_login(scratch: World) -> None:
    assert ok(scratch.http.get("/healthz")) == {"status": "ok"}
    assert ok(scratch.http.get("/readyz")) == {"status": "ready", "schema": expected_version()}


def test_a_process_without_its_database_is_alive_but_not_ready(tmp_path: Path) -> None:
    nowhere = create_app(settings_for(f"postgresql://nobody@/none?host={tmp_path}"))
    http = nowhere.test_client()
    assert ok(http.get("/healthz")) == {"status": "ok"}
    answer = ok(http.get("/readyz"), 503)
    assert answer == {"status": "no_database", "reason": "OperationalError"}
    assert ok(http.get("/api/v1/activities"), 503)["code"] == "try_again"


def test_a_database_without_tables_is_not_ready(postgres: PrivatePostgres) -> None:
    app = create_app(settings_for(postgres.create_database("empty")))
    assert ok(app.test_client().get("/readyz"), 503)["status"] == "no_database"
    dispose(app)


@pytest.fixture(scope="module")
def fitting(postgres: PrivatePostgres) -> Iterator[Flask]:
    """The app on a database of its own, and no connection kept."""
    app = create_app(settings_for(postgres.create_database("fitting", template=TEMPLATE)))
    yield app
    dispose(app)


def ready(app: Flask, status: int) -> Any:
    dispose(app)  # what was set for the database holds for new connections
    return ok(app.test_client().get("/readyz"), status)


def migrated_to(app: Flask, version: str) -> None:
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})


def test_a_database_that_waits_for_its_migration_is_not_ready(fitting: Flask) -> None:
    migrated_to(fitting, "0001")
    assert ready(fitting, 503) == {"status": "schema_differs", "found": "0001"}


def test_old_code_serves_from_the_migration_to_the_switch(fitting: Flask) -> None:
    """Migrations expand first: the old code still fits."""
    newer = f"{int(expected_version()) + 1:04d}"
    migrated_to(fitting, newer)
    assert ready(fitting, 200) == {"status": "ready", "schema": newer}
    assert expected_version() < newer


@pytest.mark.parametrize(
    ("setting", "status"),
    [("default_transaction_read_only = on", "read_only"), ("temp_file_limit = 0", "disk_full")],
)
def test_where_nothing_can_be_written_is_not_ready(
    fitting: Flask, postgres: PrivatePostgres, setting: str, status: str
) -> None:
    """A standby is read-only as well; and no room for a file is what a full disk comes to."""
    migrated_to(fitting, expected_version())
    with psycopg.connect(postgres.url(), autocommit=True) as server:
        server.execute(f"ALTER DATABASE fitting SET {setting}".encode())
        try:
            assert ready(fitting, 503) == {"status": status}
        finally:
            server.execute("ALTER DATABASE fitting RESET ALL")
    assert ready(fitting, 200)["status"] == "ready"


def dispose(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose()
