"""A pooler is named in the settings or refused at the start; behind it the time-outs hold."""

from dataclasses import replace

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from backend.core.db import db, transaction
from backend.core.db.roles import APP
from backend.core.jobs import defer
from backend.identity.tasks import purge
from backend.settings import Settings, SettingsError
from tests.conftest import settings_for
from tests.domain.test_settings import TRIAL
from tests.support.pgbouncer import PgBouncer


@pytest.fixture
def settings(committed_app: Flask) -> Settings:
    return committed_app.extensions["composed"][Settings]  # type: ignore[no-any-return]


def test_a_pooler_that_the_settings_name_is_fine(settings: Settings) -> None:
    settings.check_connections()
    settings.direct.check_connections()


def test_one_that_they_do_not_name_is_refused(settings: Settings) -> None:
    """Its time-outs were 0, and of 60 people 46 got 「prepared statement … does not exist」."""
    unnamed = replace(settings, database_direct_url="")
    with pytest.raises(SettingsError, match="DATABASE_DIRECT_URL"):
        unnamed.check_connections()


def test_each_start_looks_and_migrations_take_no_pooler_at_all(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    direct = {"DATABASE_DIRECT_URL": settings.database_direct_url}
    for name, value in (TRIAL | {"DATABASE_URL": settings.database_url} | direct).items():
        monkeypatch.setenv(name, value)
    assert Settings.at_start().direct.database_url == settings.database_direct_url
    with pytest.raises(SystemExit, match="DATABASE_URL leads to a pooler"):
        Settings.at_start(direct=True)
    monkeypatch.setenv("DATABASE_DIRECT_URL", "")
    with pytest.raises(SystemExit, match="DATABASE_URL leads to a pooler"):
        Settings.at_start()


def test_a_direct_address_that_is_another_pooler_is_refused(settings: Settings) -> None:
    both = replace(settings, database_direct_url=settings.database_url)
    with pytest.raises(SettingsError, match="DATABASE_DIRECT_URL leads to a pooler"):
        both.check_connections()


def test_a_role_without_time_outs_is_refused(pgbouncer: PgBouncer) -> None:
    as_owner = settings_for(
        pgbouncer.url("postgres"), database_direct_url=pgbouncer.postgres.url("postgres")
    )
    with pytest.raises(SettingsError, match="time-outs are the role's"):
        as_owner.check_connections()


def test_the_roles_time_outs_hold_in_each_transaction(committed_app: Flask) -> None:
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "timezone")
    with committed_app.app_context():
        for _ in range(3):
            with transaction() as session:
                shown = [session.execute(text(f"SHOW {name}")).scalar_one() for name in names]
            assert shown == ["1min", "30s", "2min", "UTC"]


def test_a_job_is_queued_through_it(committed_app: Flask, pgbouncer: PgBouncer) -> None:
    with committed_app.app_context():
        for _ in range(12):  # psycopg prepares what it has run five times
            with transaction() as session:
                defer(session, purge)
        url = db.engine.url.database or ""
    with psycopg.connect(pgbouncer.postgres.url(url, APP)) as connection:
        queued = connection.execute("SELECT count(*) FROM procrastinate_jobs").fetchone()
    assert queued == (12,)
