"""The app with PgBouncer in transaction mode between it and PostgreSQL."""

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from backend.app import create_app
from backend.core.db import db, session_settings
from backend.core.db.roles import APP
from tests.concurrency.conftest import CONNECTIONS, STATEMENT_TIMEOUT_MS, committed_world
from tests.conftest import TEMPLATE, settings_for
from tests.support.pgbouncer import PgBouncer

__all__ = ["committed_world"]


@pytest.fixture(scope="session")
def pgbouncer() -> Iterator[PgBouncer]:
    """It, and a role with time-outs of its own."""
    with tempfile.TemporaryDirectory(prefix="wushe-", ignore_cleanup_errors=True) as name:
        if os.geteuid() == 0:
            Path(name).chmod(0o711)
        with PgBouncer(Path(name) / "pgbouncer") as running:
            with psycopg.connect(running.postgres.url(), autocommit=True) as server:
                for setting, value in session_settings(STATEMENT_TIMEOUT_MS).items():
                    server.execute(f"ALTER ROLE {APP} SET {setting} = '{value}'".encode())
            yield running


@pytest.fixture(scope="module")
def committed_app(pgbouncer: PgBouncer, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """As tests/concurrency has it: 40 threads with a connection each, on eight of PostgreSQL's."""
    name = re.sub(r"\W", "_", request.module.__name__.rpartition(".")[2])
    pgbouncer.postgres.create_database(name, template=TEMPLATE)
    app = create_app(
        settings_for(
            pgbouncer.url(name, APP),
            database_direct_url=pgbouncer.postgres.url(name, APP),
            database_pool=CONNECTIONS,
            statement_timeout_ms=STATEMENT_TIMEOUT_MS,
        )
    )
    yield app
    with app.app_context():
        db.engine.dispose()
