"""Real commits, real threads, on a database of each module's own."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask

from backend.app import create_app
from backend.core.db import db
from backend.core.db.roles import APP
from backend.local.postgres.server import PrivatePostgres
from tests.conftest import TEMPLATE, settings_for
from tests.support.threads import together
from tests.support.world import World

__all__ = ["committed_app", "committed_world", "together"]

CONNECTIONS = 40
# Far off: on a busy machine a test must not fail because a statement waited.
STATEMENT_TIMEOUT_MS = 60_000


@pytest.fixture(scope="module")
def committed_app(postgres: PrivatePostgres, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The app on a clone of the template of this module's own, with a connection for each of 40
    threads. What a test does is committed and stays until the module's end: let each test make
    its own people and markets."""
    name = re.sub(r"\W", "_", request.module.__name__.rpartition(".")[2])
    postgres.create_database(name, template=TEMPLATE)
    url = postgres.url(name, APP)
    app = create_app(
        settings_for(url, database_pool=CONNECTIONS, statement_timeout_ms=STATEMENT_TIMEOUT_MS)
    )
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def committed_world(committed_app: Flask) -> World:
    """People, places and markets, as `world`, but committed."""
    return World(committed_app)
