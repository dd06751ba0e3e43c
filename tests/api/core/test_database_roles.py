"""The app's role in the database can't change tables nor what is append-only; the reader sees no
secret. (All tests over HTTP run as the app's role: whatever it lacks fails them.)"""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, RaiseException, ReadOnlySqlTransaction
from sqlalchemy import create_engine

from backend.core import migrate
from backend.core.db import roles
from backend.core.db.roles import APP, READER
from backend.local.postgres.server import PrivatePostgres
from tests.conftest import TEMPLATE

APPEND_ONLY = ("audit_entry", "scan", "scan_revert")
SECRETS = ("%openid%", "%unionid%", "%token%", "%\\_hash", "%encrypted%", "%secret%", "%key%")


@pytest.fixture(scope="module")
def database(postgres: PrivatePostgres) -> Iterator[str]:
    """The name of a migrated database."""
    postgres.create_database("roles", template=TEMPLATE)
    yield "roles"
    postgres.drop_database("roles")


def tried(url: str, statement: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode())
        connection.rollback()


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
def test_the_tables_themselves_refuse_to_be_rewritten_even_by_their_owner(
    postgres: PrivatePostgres, database: str, table: str, statement: str
) -> None:
    with pytest.raises(RaiseException, match=f"{table} is append-only"):
        tried(postgres.url(database), statement.replace("{}", table))


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET id = id",
        "DELETE FROM {}",
        "TRUNCATE {}",
        "ALTER TABLE {} DISABLE TRIGGER ALL",
        "DROP TRIGGER {}_append_only ON {}",
        "DROP TABLE {}",
        "SET session_replication_role = replica",
        "ALTER DATABASE roles SET session_replication_role = replica",
        "SET ROLE postgres",
    ],
)
def test_the_app_cannot_alter_what_is_append_only(
    postgres: PrivatePostgres, database: str, table: str, statement: str
) -> None:
    with pytest.raises(InsufficientPrivilege):
        tried(postgres.url(database, APP), statement.replace("{}", table))


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine ()",
        "ALTER TABLE booking ADD COLUMN mine text",
        "CREATE INDEX mine ON booking (id)",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "UPDATE alembic_version SET version_num = '0001'",
        "TRUNCATE booking",
    ],
)
def test_the_app_changes_no_table(postgres: PrivatePostgres, database: str, statement: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        tried(postgres.url(database, APP), statement)


def test_a_table_of_a_later_migration_is_the_apps_at_once(
    postgres: PrivatePostgres, database: str
) -> None:
    with psycopg.connect(postgres.url(database)) as owner:
        owner.execute("CREATE TABLE later (id bigserial PRIMARY KEY, note text)")
    app, reader = postgres.url(database, APP), postgres.url(database, READER)
    tried(app, "INSERT INTO later (note) VALUES ('x')")
    tried(app, "DELETE FROM later")
    with pytest.raises(InsufficientPrivilege):
        tried(reader, "SELECT note FROM later")
    migrate.grant_roles(postgres.url(database), statement_timeout_ms=8000)
    tried(reader, "SELECT note FROM later")


def test_an_append_only_table_of_a_later_migration_is_kept_from_the_app(
    postgres: PrivatePostgres, database: str
) -> None:
    with psycopg.connect(postgres.url(database)) as owner:
        owner.execute("CREATE TABLE log (note text)")
        owner.execute(
            "CREATE TRIGGER log_append_only BEFORE DELETE OR UPDATE ON log"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()"
        )
    migrate.grant_roles(postgres.url(database), statement_timeout_ms=8000)
    tried(postgres.url(database, APP), "INSERT INTO log VALUES ('x')")
    with pytest.raises(InsufficientPrivilege):
        tried(postgres.url(database, APP), "DELETE FROM log")


def test_the_reader_sees_figures_and_no_secret(postgres: PrivatePostgres, database: str) -> None:
    reader = postgres.url(database, READER)
    tried(reader, "SELECT title, state FROM activity")
    tried(reader, "SELECT resident_id, state FROM booking")
    with psycopg.connect(reader) as connection:
        seen = connection.execute(
            "SELECT table_name, column_name FROM information_schema.column_privileges"
            " WHERE grantee = current_user AND column_name LIKE ANY (%s)",
            [list(SECRETS)],
        ).fetchall()
    assert seen == []
    for statement in ("SELECT phone_encrypted FROM resident", "SELECT * FROM procrastinate_jobs"):
        with pytest.raises(InsufficientPrivilege):
            tried(reader, statement)
    with pytest.raises((InsufficientPrivilege, ReadOnlySqlTransaction)):
        tried(reader, "INSERT INTO stale_activity VALUES (gen_random_uuid(), gen_random_uuid())")


@pytest.fixture
def owner(postgres: PrivatePostgres) -> Iterator[str]:
    """A database owned by a role without special rights, but for making roles."""
    with psycopg.connect(postgres.url(), autocommit=True) as server:
        server.execute("CREATE ROLE plain_owner LOGIN CREATEROLE")
        server.execute("CREATE DATABASE owned OWNER plain_owner")
        yield "plain_owner"
        server.execute("DROP DATABASE owned WITH (FORCE)")
        server.execute("DROP ROLE IF EXISTS wushe_made")
        server.execute("DROP ROLE plain_owner")


def test_roles_are_made_with_their_passwords_and_time_outs(
    postgres: PrivatePostgres, owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in production: an owner who is no superuser. Again with another password: changed."""
    monkeypatch.setattr(roles, "APP", "wushe_made")
    engine = create_engine(postgres.url("owned").replace("postgresql://", "postgresql+psycopg://"))
    verifiers = []
    for password in ("first 'one'", "second%"):
        with engine.begin() as connection:
            connection.exec_driver_sql(f"SET LOCAL ROLE {owner}")
            connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS alembic_version (v text)")
            roles.grant(
                connection,
                passwords={"wushe_made": password},
                session_settings={"statement_timeout": 7000, "timezone": "UTC"},
            )
        with psycopg.connect(postgres.url()) as server:
            verifier, settings = server.execute(
                "SELECT rolpassword, setconfig FROM pg_authid LEFT JOIN pg_db_role_setting"
                " ON setrole = oid WHERE rolname = 'wushe_made'"
            ).fetchone() or ("", [])
        verifiers.append(verifier)
        assert settings == ["statement_timeout=7000", "TimeZone=UTC"]
    engine.dispose()
    assert all(verifier.startswith("SCRAM-SHA-256$") for verifier in verifiers)
    assert verifiers[0] != verifiers[1]


def test_an_owner_who_may_make_no_roles_is_told_what_to_do(
    postgres: PrivatePostgres, owner: str
) -> None:
    with psycopg.connect(postgres.url(), autocommit=True) as server:
        server.execute(f"ALTER ROLE {owner} NOCREATEROLE")
    engine = create_engine(postgres.url("owned").replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.exec_driver_sql(f"SET LOCAL ROLE {owner}")
        with pytest.raises(roles.MayNotMakeRolesError, match="CREATEROLE"):
            roles.grant(connection, passwords={APP: "x"}, session_settings={})
        connection.rollback()
    engine.dispose()
