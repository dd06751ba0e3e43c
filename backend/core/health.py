"""/healthz: the process answers. /readyz: the database answers and has this code's schema."""

from pathlib import Path

from flask import Blueprint, Flask, Response
from sqlalchemy import text

from backend.core.api import PUBLIC, declare_access, json_response
from backend.core.db import db

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"

blp = Blueprint("health", __name__)


@blp.get("/healthz")
@declare_access(PUBLIC)
def healthz() -> Response:
    return json_response({"status": "ok"})


@blp.get("/readyz")
@declare_access(PUBLIC)
def readyz() -> Response:
    """503 until the database is there and migrated, so that a balancer sends nobody yet."""
    try:
        with db.engine.connect() as connection:
            version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except Exception as error:  # whatever it is, this process is not ready
        return json_response({"status": "no_database", "reason": type(error).__name__}, 503)
    if version != expected_version():
        return json_response({"status": "schema_differs", "found": version}, 503)
    return json_response({"status": "ready", "schema": version})


def expected_version() -> str | None:
    """The newest migration that this code brings."""
    # Here alone: alembic takes a sixth of a second, which every command would wait for.
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config).get_current_head()


def init_health(app: Flask) -> None:
    app.register_blueprint(blp)
