"""/healthz: the process answers. /readyz: the database answers, fits this code, takes writes."""

from functools import cache
from pathlib import Path

from flask import Blueprint, Flask, Response
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from backend.core.db import db
from backend.core.web.api import PUBLIC, declare_access, json_response

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"

_STATE = text("SELECT version_num, current_setting('transaction_read_only') FROM alembic_version")
# More rows than fit into the least memory that PostgreSQL takes: they go to a file of its own,
# beside the tables, which a full disk refuses. No table is touched and nothing stays.
_LITTLE_MEMORY = text("SET LOCAL work_mem = '64kB'")
_SPILL = text("SELECT count(*) FROM generate_series(1, 8000)")

blp = Blueprint("health", __name__)


@blp.get("/healthz")
@declare_access(PUBLIC)
def healthz() -> Response:
    return json_response({"status": "ok"})


@blp.get("/readyz")
@declare_access(PUBLIC)
def readyz() -> Response:
    """503 until the database is there, migrated and writable, so that a balancer sends nobody yet.

    A database with newer migrations than ours fits: they expand first (CONTRIBUTING.md), and the
    old code serves until it is replaced.
    """
    try:
        with db.engine.connect() as connection:
            version, read_only = connection.execute(_STATE).one()
            full = not _takes_files(connection)
    except Exception as error:  # whatever it is, this process is not ready
        return json_response({"status": "no_database", "reason": type(error).__name__}, 503)
    if version < expected_version():
        return json_response({"status": "schema_differs", "found": version}, 503)
    if read_only == "on" or full:
        return json_response({"status": "disk_full" if full else "read_only"}, 503)
    return json_response({"status": "ready", "schema": version})


def _takes_files(connection: Connection) -> bool:
    connection.execute(_LITTLE_MEMORY)
    try:
        connection.execute(_SPILL)
    except DBAPIError:
        return False
    return True


@cache
def expected_version() -> str:
    """The newest migration that this code brings; each has the number after the one before."""
    return max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def init_health(app: Flask) -> None:
    app.register_blueprint(blp)
