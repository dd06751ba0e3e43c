"""The database: declarative base, column types and *the* transaction.

PostgreSQL only (docs/adr/0001). Flask-SQLAlchemy gives engine and session; models are
plain SQLAlchemy 2.1 (docs/adr/0003).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, ClassVar, cast
from uuid import UUID

import psycopg
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Date, DateTime, Dialect, Enum, LargeBinary, MetaData, Row, Select, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

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


db = SQLAlchemy(
    metadata=Base.metadata,
    session_options={
        "expire_on_commit": False,
        # Lets a test wrap a whole case in an outer transaction: our commits then only release
        # a savepoint. Without an outer transaction (production) it changes nothing.
        "join_transaction_mode": "create_savepoint",
    },
)


class RunAgain(Exception):
    """A twin of this request has won a race: roll back and handle the request anew. The second
    run sees what the twin has committed."""


@contextmanager
def transaction() -> Iterator[Session]:
    """The one place that commits.

    Yields the request's session; commits when the block ends, rolls back when it raises.
    Operations flush and never commit. No network call belongs inside.

    Raises RuntimeError when one is open already: an operation that opened its own could
    commit half of its caller's work.
    """
    session = db.session()
    if session.info.get(_OPEN):
        raise RuntimeError("a transaction is open already: operations must not open one")
    session.info[_OPEN] = True
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop(_OPEN, None)
        session.info.pop(_DRIVER, None)


_OPEN = "transaction_open"
_DRIVER = "driver_connection"


def driver_connection(session: Session) -> psycopg.Connection[Any]:
    """psycopg's own connection, in the session's transaction; for core/statement.py alone.

    Looked up once a transaction: the way there through SQLAlchemy costs 25 µs each time.
    """
    driver: psycopg.Connection[Any] | None = session.info.get(_DRIVER)
    if driver is None:
        driver = cast(Any, session.connection().connection.driver_connection)
        if session.info.get(_OPEN):
            session.info[_DRIVER] = driver
    return driver


def engine_options(*, pool_size: int, statement_timeout_ms: int) -> dict[str, Any]:
    """Options for the engine of a web process or a worker.

    Args:
        pool_size: connections kept, one for each thread that serves requests.
        statement_timeout_ms: milliseconds after which PostgreSQL gives up on a statement; half
            of it is the limit for waiting on a lock, so that a stuck row answers 503 and never
            holds a worker's thread for good.
    """
    session_settings = {
        "timezone": "UTC",
        "statement_timeout": statement_timeout_ms,
        "lock_timeout": statement_timeout_ms // 2,
        "idle_in_transaction_session_timeout": 2 * statement_timeout_ms,
    }
    return {
        "pool_size": pool_size,
        "max_overflow": 0,
        "pool_timeout": 20,
        # An error's message goes to the log; the statement's values are people's names.
        "hide_parameters": True,
        "connect_args": {
            "connect_timeout": 5,
            "options": " ".join(f"-c {name}={value}" for name, value in session_settings.items()),
        },
    }
