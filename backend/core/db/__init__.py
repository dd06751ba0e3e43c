"""The database: declarative base, column types and *the* transaction.

PostgreSQL only (docs/adr/0001). Flask-SQLAlchemy gives engine and session; models are
plain SQLAlchemy 2.1 (docs/adr/0003).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, ClassVar, cast
from uuid import UUID

import psycopg
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import (
    Connection,
    Date,
    DateTime,
    Dialect,
    Enum,
    LargeBinary,
    MetaData,
    Row,
    Select,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from backend.core.db.turns import FairPool

#: Seconds that a request waits in line for a connection.
LONGEST_WAIT_S = 5.0

# Of whatever columns; what each statement selects stands beside it.
AnySelect = Select[*tuple[Any, ...]]
AnyRow = Row[*tuple[Any, ...]]

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """`timestamptz` that refuses naive values and always answers in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a naive datetime must not reach the database")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value is not None else None


class Base(DeclarativeBase):
    """Every table's base: singular snake_case names, typed columns."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        date: Date,
        str: Text,
        UUID: Uuid,
        bytes: LargeBinary,
        dict[str, Any]: JSONB,
        list[str]: JSONB,
        # Text with a CHECK, not a native enum: adding a state is then one constraint, swapped
        # in one statement while the old code still runs.
        StrEnum: Enum(
            StrEnum,
            native_enum=False,
            create_constraint=True,
            length=32,
            values_callable=lambda enum: [member.value for member in enum],
        ),
    }


_CURSOR = "cursor of hand-written statements"


class Transaction(FlaskSession):
    """One connection of the pool, taken at the first statement, the transaction on it, and
    SQLAlchemy's session, which is made when it is first asked for anything and joins when an
    operation first reads or writes by it.

    A hand-written statement (statement.py) needs the connection alone: joining, and clearing away
    what was joined, costs as much as a statement, and the paths on which people wait in line need
    none of it (docs/adr/0014).
    """

    _is_open = _is_made = _has_joined = False
    _connection: Connection | None = None
    _cursor: psycopg.RawCursor[Any] | None = None

    def __init__(self, *_: Any, **__: Any) -> None:
        """Nothing yet: see `__getattr__`."""

    def __getattr__(self, name: str) -> Any:
        """Python asks here for what is missing: at first for whatever a session has, and then it is
        made."""
        if self._is_made:
            raise AttributeError(name)
        self._is_made = True
        super().__init__(db, **_OPTIONS)
        return getattr(self, name)

    def get_bind(self, *_: Any, **__: Any) -> Connection:
        """Raises RuntimeError outside `transaction()`, where nobody would end what it begins."""
        self._has_joined = True
        return self._taken()

    def driver(self) -> psycopg.Connection[Any]:
        """psycopg's own connection; what the session holds is flushed.

        Raises RuntimeError outside `transaction()`.
        """
        if self._is_made:
            self.flush()
        return cast(Any, self._taken().connection.driver_connection)  # type: ignore[no-any-return]

    def cursor(self) -> psycopg.RawCursor[Any]:
        """The one cursor of a connection's hand-written statements, kept with it: making one for
        each takes a third of the time that a statement takes here."""
        if self._cursor is None:
            driver, kept = self.driver(), self._taken().info
            self._cursor = kept[_CURSOR] = kept.get(_CURSOR) or psycopg.RawCursor(driver)
        elif self._is_made:
            self.flush()
        return self._cursor

    def _taken(self) -> Connection:
        if self._connection is None:
            if not self._is_open:
                raise RuntimeError("no transaction is open")
            connection = db.engine.connect()
            self._begun = connection.begin()
            self._connection = connection
        return self._connection

    def begin_work(self) -> None:
        self._is_open = True

    def keep(self) -> None:
        """Commit: of the session only what is pending, the rest is the connection's."""
        if self._is_made and self.in_transaction():
            self.commit()
        if self._connection is not None:
            self._begun.commit()

    def undo(self) -> None:
        if self._is_made and self.in_transaction():
            self.rollback()
        if self._connection is not None and self._begun.is_active:
            self._begun.rollback()

    def end_work(self) -> None:
        """Give the connection back; rows that were loaded are nobody's from now on."""
        self._is_open = False
        connection, self._connection = self._connection, None
        self._cursor = None
        if self._has_joined:
            self.close()
        if connection is not None:
            connection.close()


_OPTIONS: dict[str, Any] = {
    "expire_on_commit": False,
    # It flushes what is pending; the commit itself is the connection's.
    "join_transaction_mode": "rollback_only",
}
db = SQLAlchemy(metadata=Base.metadata, session_options=_OPTIONS | {"class_": Transaction})

# Only so that a second one is refused: whoever works in it is handed it.
_OPEN: ContextVar[Transaction | None] = ContextVar("open transaction", default=None)


class RunAgain(Exception):
    """A twin of this request has won a race: roll back and handle the request anew. The second
    run sees what the twin has committed."""


@contextmanager
def transaction() -> Iterator[Transaction]:
    """The one place that commits.

    Yields the session; commits when the block ends, rolls back when it raises. Operations flush
    and never commit. No network call belongs inside.

    Raises RuntimeError when one is open already: an operation that opened its own could
    commit half of its caller's work.
    """
    if transaction_is_open():
        raise RuntimeError("a transaction is open already: operations must not open one")
    running = Transaction()
    running.begin_work()
    before = _OPEN.set(running)
    try:
        yield running
        running.keep()
    except BaseException:
        running.undo()
        raise
    finally:
        _OPEN.reset(before)
        running.end_work()


def transaction_is_open() -> bool:
    """Whether the caller is inside `transaction()`."""
    return _OPEN.get() is not None


def open_transaction() -> Transaction:
    """The transaction that the caller is inside of, for what is handed nothing: a template.

    Raises RuntimeError outside `transaction()`.
    """
    running = _OPEN.get()
    if running is None:
        raise RuntimeError("no transaction is open")
    return running


def driver_connection(session: Session) -> psycopg.Connection[Any]:
    """psycopg's own connection, in the open transaction; what the session holds is flushed.

    Raises RuntimeError outside `transaction()`.
    """
    return cast(Transaction, session).driver()


def driver_cursor(session: Session) -> psycopg.RawCursor[Any]:
    """psycopg's cursor for hand-written statements (core/db/statement.py), likewise."""
    return cast(Transaction, session).cursor()


def session_settings(statement_timeout_ms: int) -> dict[str, str | int]:
    """What holds in each of the app's sessions with PostgreSQL.

    Args:
        statement_timeout_ms: milliseconds after which PostgreSQL gives up on a statement; half
            of it is the limit for waiting on a lock, so that a stuck row answers 503 and never
            holds a worker's thread for good.
    """
    return {
        "timezone": "UTC",
        "statement_timeout": statement_timeout_ms,
        "lock_timeout": statement_timeout_ms // 2,
        "idle_in_transaction_session_timeout": 2 * statement_timeout_ms,
    }


def engine_options(
    *, pool_size: int, statement_timeout_ms: int, pooled: bool = False
) -> dict[str, Any]:
    """Options for the engine of a web process or a worker.

    Args:
        pool_size: connections kept. Threads are many more: they wait in order for one, at most
            LONGEST_WAIT_S, and then are told to try again (503).
        statement_timeout_ms: see `session_settings`.
        pooled: whether a pooler in transaction mode hands our transactions to PostgreSQL: the
            next one is on another connection, so nothing is kept with one (docs/adr/0021).
    """
    settings = session_settings(statement_timeout_ms)
    if pooled:  # the role has the settings, and no statement is prepared
        kept: dict[str, Any] = {"prepare_threshold": None}
    else:
        kept = {"options": " ".join(f"-c {name}={value}" for name, value in settings.items())}
    return {
        "poolclass": FairPool,
        "pool_size": pool_size,
        "max_overflow": 0,
        "pool_timeout": LONGEST_WAIT_S,
        # An error's message goes to the log; the statement's values are people's names.
        "hide_parameters": True,
        "connect_args": {"connect_timeout": 5, **kept},
    }
