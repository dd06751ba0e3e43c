"""/healthz: the process. /readyz: the database and its schema; a balancer asks them."""

from pathlib import Path

from flask import Flask
from sqlalchemy import text

from backend.app import create_app
from backend.core.db import db
from backend.core.health import MIGRATIONS, expected_version
from backend.local.postgres import PrivatePostgres
from tests.conftest import TEMPLATE, settings_for
from tests.support.world import World, ok


def test_both_need_no_login(scratch: World) -> None:
    assert ok(scratch.http.get("/healthz")) == {"status": "ok"}
    assert ok(scratch.http.get("/readyz")) == {"status": "ready", "schema": expected_version()}


def test_the_schema_expected_is_the_newest_migration() -> None:
    newest = max(path.name for path in Path(MIGRATIONS, "versions").glob("[0-9]*.py"))
    assert newest.startswith(f"{expected_version()}_")


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


def test_another_schema_is_not_ready(postgres: PrivatePostgres) -> None:
    """Between the deployment and the migration nobody is sent here."""
    app = create_app(settings_for(postgres.create_database("older", template=TEMPLATE)))
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    answer = ok(app.test_client().get("/readyz"), 503)
    assert answer == {"status": "schema_differs", "found": "0001"}
    dispose(app)


def dispose(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose()
