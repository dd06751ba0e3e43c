"""The command line, in the app's own process: click's runner on the real database."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import Connection

from backend.app import create_app
from backend.core.db import db
from backend.core.ids import new_id
from backend.local.postgres.server import PrivatePostgres
from tests.conftest import TEMPLATE, settings_for
from tests.support.commands import Run, runner
from tests.support.demo import LogIn, log_in_to
from tests.support.world import Person


@pytest.fixture
def run(app: Flask, outer: Connection) -> Run:
    """Runs a command in a transaction that the test rolls back."""
    return runner(app)


@pytest.fixture
def committed_app(postgres: PrivatePostgres) -> Iterator[Flask]:
    """An app on a database of its own, where what is committed stays: for two at once."""
    name = f"cli_{new_id().hex}"
    postgres.create_database(name, template=TEMPLATE)
    app = create_app(settings_for(postgres.url(name)))
    yield app
    with app.app_context():
        db.engine.dispose()
    postgres.drop_database(name)


@pytest.fixture
def log_in(app: Flask, outer: Connection) -> LogIn:
    """Logs in as a demo user, by the name after `ok:`."""

    def make(name: str) -> Person:
        return log_in_to(app, name)

    return make
