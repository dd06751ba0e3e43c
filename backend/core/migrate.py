"""Alembic, called from Python: for the runner, the tests and `alembic check`.

python -m backend.core.migrate upgrade [revision]      to the newest, or to one; then the rights
                                                       of the roles (core/db/roles.py)
python -m backend.core.migrate downgrade <revision>
python -m backend.core.migrate check                   do tables and models agree?
python -m backend.core.migrate revision "message"      a new one, from what differs

Each migration is one transaction, or can be repeated from any of its statements; so one that was
interrupted is simply run again.
"""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command, op
from alembic.config import Config
from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, TextClause, create_engine, pool, text
from sqlalchemy.exc import OperationalError

from backend.core.db import roles, session_settings
from backend.settings import Settings

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
# The newest one's name: of two branches that add one each, git refuses to merge the second.
LATEST = MIGRATIONS / "latest"

# Of each statement of a migration. While one waits for a lock on a table, everybody who comes
# after it waits too.
LOCK_TIMEOUT_MS = 3_000
STATEMENT_TIMEOUT_MS = 60_000
# Making an index CONCURRENTLY holds nobody up, however long it waits for others or reads.
_CONCURRENT_TIMEOUT_MS = 3_600_000

# A migration that got no lock is tried again after a pause, in which those who queued behind it
# are served.
ATTEMPTS = 20
PAUSE_S = 3.0

_IS_INVALID = text("SELECT NOT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")

# One migration at a time in a database.
ADVISORY_LOCK = 0x6D696772617465
_TURN_EVERY_S = 0.5

# The environment's names for the passwords of the roles that `upgrade` makes.
PASSWORDS = {
    roles.APP: "APP_DATABASE_PASSWORD",
    roles.READER: "READ_DATABASE_PASSWORD",
}

Say = Callable[[str], object]


class NoLockError(Exception):
    """Others hold a lock that the migration needs; nothing of it has been done."""


def alembic_config(database_url: str) -> Config:
    """Alembic's settings for a database.

    Args:
        database_url: postgresql://…
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.set_main_option("sqlalchemy.url", _with_driver(database_url).replace("%", "%%"))
    return config


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def upgrade(
    database_url: str, revision: str = "head", *, say: Say = say, pause_s: float = PAUSE_S
) -> None:
    """Bring a database's schema to a revision.

    Args:
        database_url: of a role that owns the tables; PostgreSQL itself, no pooler.
        revision: "head" or a number.
        say: is told of each attempt that got no lock.
        pause_s: seconds until the next one.

    Raises NoLockError after the last attempt.
    """
    config = alembic_config(database_url)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            command.upgrade(config, revision)
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable):
                raise
            say(
                f"第 {attempt}/{ATTEMPTS} 次：表被其他事务占用，迁移未执行，{pause_s:g} 秒后重试 / "
                f"attempt {attempt} of {ATTEMPTS}: others hold a lock that the migration needs"
            )
            time.sleep(pause_s)
        else:
            return
    raise NoLockError(
        "迁移未完成：表一直被其他事务占用。请在 pg_stat_activity 中找到持续很久的事务，"
        "结束后重新运行 / "
        "not migrated: a transaction holds a table all the time; find it in pg_stat_activity, "
        "then run this again"
    )


def grant_roles(
    database_url: str, statement_timeout_ms: int, environ: Mapping[str, str] | None = None
) -> None:
    """Let the app's role and the reader do what they may on the tables as they are now.

    Args:
        database_url: of the tables' owner.
        statement_timeout_ms: of the app's sessions.
        environ: has the passwords of the roles that are to be made.

    Raises roles.MayNotMakeRolesError.
    """
    given = {role: (environ or {}).get(name) for role, name in PASSWORDS.items()}
    engine = create_engine(_with_driver(database_url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        take_turn(connection)
        limit_waiting(connection)
        roles.grant(
            connection,
            passwords={role: password for role, password in given.items() if password},
            session_settings=session_settings(statement_timeout_ms),
        )
        connection.commit()


def _with_driver(database_url: str) -> str:
    return database_url.replace("postgresql://", "postgresql+psycopg://", 1)


def take_turn(connection: Connection) -> None:
    """Wait until no other migration is under way in this database; ours is until the connection
    ends.

    Asked again and again: whoever waits for the lock inside a statement has a snapshot, and making
    an index CONCURRENTLY waits for all of those, so that two would wait for each other.
    """
    told = False
    while not connection.scalar(text(f"SELECT pg_try_advisory_lock({ADVISORY_LOCK})")):
        connection.rollback()
        if not told:
            say("另一个迁移正在进行，等待其结束 / another migration is under way, waiting for it")
            told = True
        time.sleep(_TURN_EVERY_S)
    connection.commit()


def limit_waiting(connection: Connection) -> None:
    """Set the time-outs of all that follows on a connection, in whatever transactions."""
    _set_timeouts(connection, LOCK_TIMEOUT_MS, STATEMENT_TIMEOUT_MS)
    connection.commit()


def _set_timeouts(connection: Connection, lock_ms: int, statement_ms: int) -> None:
    connection.execute(
        text(
            f"SELECT set_config('lock_timeout', '{lock_ms}', false),"
            f" set_config('statement_timeout', '{statement_ms}', false)"
        )
    )


def create_indexes_concurrently(
    table: str, indexes: Mapping[str, Sequence[str | TextClause]], **options: Any
) -> None:
    """In a migration of their own: make indexes while everybody writes to the table.

    That can't be in a transaction. Each index that is there stays; one that an interrupted run has
    left INVALID is made anew.

    Args:
        table: its name.
        indexes: columns, or what is made of them, by the index's name.
        options: of each, as `op.create_index` takes them.
    """
    with _outside_transaction() as connection:
        for name, columns in indexes.items():
            if connection.scalar(_IS_INVALID, {"name": name}):
                op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)
            op.create_index(
                name, table, columns, postgresql_concurrently=True, if_not_exists=True, **options
            )


def drop_indexes_concurrently(table: str, names: Iterable[str]) -> None:
    """Undo `create_indexes_concurrently`."""
    with _outside_transaction():
        for name in names:
            op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)


@contextmanager
def _outside_transaction() -> Iterator[Connection]:
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        _set_timeouts(connection, _CONCURRENT_TIMEOUT_MS, _CONCURRENT_TIMEOUT_MS)
        yield connection
        _set_timeouts(connection, LOCK_TIMEOUT_MS, STATEMENT_TIMEOUT_MS)


def main(arguments: list[str]) -> int:
    settings = Settings.at_start(direct=True)
    url = settings.database_url
    config = alembic_config(url)
    match arguments:
        case ["upgrade", *rest]:
            try:
                upgrade(url, rest[0] if rest else "head", pause_s=PAUSE_S)
                grant_roles(url, settings.statement_timeout_ms, os.environ)
            except (NoLockError, roles.MayNotMakeRolesError) as error:
                say(str(error))
                return 1
        case ["downgrade", revision]:
            command.downgrade(config, revision)
        case ["check"]:
            command.check(config)
        case ["revision", message]:
            number = f"{len(list((MIGRATIONS / 'versions').glob('[0-9]*.py'))) + 1:04d}"
            command.revision(config, message, autogenerate=True, rev_id=number)
            newest = max((MIGRATIONS / "versions").glob("[0-9]*.py"))
            LATEST.write_text(f"{newest.stem}\n")
        case _:
            sys.stderr.write(__doc__ or "")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
