"""Who may do what in the database: owner, app and reader (docs/adr/0021).

The owner has the tables and runs migrations. The app (web, worker, commands) reads and writes
rows; it changes no table, and nothing that is append-only. The reader is for the bureau's own
SQL: it sees no secret and writes nothing.

What they may is worked out anew from the tables after each migration: a role that is there gets
it, so an installation with one role for everything goes on as before.
"""

from collections.abc import Mapping

from psycopg import sql
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

APP = "wushe_app"
READER = "wushe_read"

# A table that refuses to be rewritten (migration 0002) is append-only.
_APPEND_ONLY = text(
    "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid"
    " WHERE proname = 'refuse_rewriting'"
)
# Of tables with answers kept for repeats, with jobs and with logins the reader sees nothing;
# elsewhere no file, no encrypted value and no hash (all bytea), and nobody's name at WeChat.
_READABLE = text(
    """
    SELECT table_name, string_agg(quote_ident(column_name), ', ') FROM information_schema.columns
    WHERE table_schema = current_schema() AND data_type <> 'bytea'
      AND column_name NOT IN ('openid', 'unionid', 'token', 'code_handle', 'password_hash')
      AND table_name NOT IN ('idempotency_record', 'wechat_access_token', 'alembic_version',
                             'login_session', 'console_session', 'console_login',
                             'password_account', 'market_code')
      AND table_name NOT LIKE 'procrastinate%'
    GROUP BY table_name
    """
)


class MayNotMakeRolesError(Exception):
    """The owner may not make the roles whose passwords were given."""


def grant(
    connection: Connection,
    *,
    passwords: Mapping[str, str],
    session_settings: Mapping[str, str | int],
) -> None:
    """Let each role do what it may, and nothing else; in the connection's transaction.

    Args:
        connection: of the tables' owner.
        passwords: by role; one that is named is made if need be, and gets this password.
        session_settings: time-outs and time zone of the app's sessions, kept with the role, where
            a pooler drops those that a client asks for.

    Raises MayNotMakeRolesError.
    """
    for role, password in passwords.items():
        try:
            _make(connection, role, password)
            _keep_settings(connection, role, session_settings)
        except ProgrammingError as error:
            if not isinstance(error.orig, InsufficientPrivilege):
                raise
            raise MayNotMakeRolesError(
                f"当前角色无权创建或修改角色 {role}：请以超级用户运行 ALTER ROLE … CREATEROLE,"
                "或由其创建该角色后不再设置密码变量（见 docs/adr/0021）/ "
                f"this role may not make or change {role}: give it CREATEROLE, or have a "
                "superuser make that role and leave its password out"
            ) from None
    if _exists(connection, APP):
        _grant_to_app(connection)
    if _exists(connection, READER):
        _grant_to_reader(connection)


def _make(connection: Connection, role: str, password: str) -> None:
    driver = connection.connection.driver_connection
    assert driver is not None
    # Encrypted here: the statement itself may be written to PostgreSQL's log.
    verifier = driver.pgconn.encrypt_password(
        password.encode(), role.encode(), b"scram-sha-256"
    ).decode()
    verb = "ALTER" if _exists(connection, role) else "CREATE"
    statement = sql.SQL(verb + " ROLE {} LOGIN PASSWORD {}").format(
        sql.Identifier(role), sql.Literal(verifier)
    )
    _run(connection, statement.as_string(driver))


def _keep_settings(connection: Connection, role: str, settings: Mapping[str, str | int]) -> None:
    for name, value in settings.items():
        _run(connection, f"ALTER ROLE {role} SET {name} = '{value}'")
    if role == READER:
        _run(connection, f"ALTER ROLE {role} SET default_transaction_read_only = on")


def _grant_to_app(connection: Connection) -> None:
    rows = "SELECT, INSERT, UPDATE, DELETE"
    for statement in (
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",  # PostgreSQL's own default before 15
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {APP}",
        f"GRANT USAGE ON SCHEMA public TO {APP}",
        f"GRANT {rows} ON ALL TABLES IN SCHEMA public TO {APP}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP}",
        f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {APP}",
        # Tables of migrations to come: theirs at once, before the next run of this.
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {rows} ON TABLES TO {APP}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {APP}",
    ):
        _run(connection, statement)
    for table in connection.scalars(_APPEND_ONLY).all():
        _run(connection, f"REVOKE UPDATE, DELETE ON {table} FROM {APP}")


def _grant_to_reader(connection: Connection) -> None:
    _run(connection, f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {READER}")
    _run(connection, f"GRANT USAGE ON SCHEMA public TO {READER}")
    for table, columns in connection.execute(_READABLE).all():
        _run(connection, f"GRANT SELECT ({columns}) ON {table} TO {READER}")


def _exists(connection: Connection, role: str) -> bool:
    found = connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role})
    return found.first() is not None


def _run(connection: Connection, statement: str) -> None:
    connection.exec_driver_sql(statement.replace("%", "%%"))
