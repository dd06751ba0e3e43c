"""Hand-written statements for the few paths where forty people wait in line.

SQLAlchemy takes two to three times as long to run a statement as PostgreSQL does to answer it: on
a check-in that was two of its four milliseconds (make bench). A `Statement` runs on the driver's
own connection instead, inside the session's transaction; everything else uses SQLAlchemy.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Self

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from backend.core.db import AnySelect, driver_cursor

# PostgreSQL's own $1, $2: psycopg then need not look for placeholders at every run.
_DIALECT = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
_PARAMETER = re.compile(r"(?<!:):([a-z_]+)")

# Beside its rows, so that it costs no statement of its own.
_PLANNED_ONCE = """
    SELECT fast.*, set_config('plan_cache_mode', 'force_generic_plan', true) AS plan_cache_mode
      FROM ({sql}) fast
"""


class Statement:
    """One statement, with `:name` for its parameters; values are always bound.

    psycopg prepares it on each connection after a few runs.

    Args:
        plans_once: of a SELECT, the first of a fast path: what follows in the transaction keeps
            the plan that a connection has made once, if it finds a row. Otherwise PostgreSQL goes
            by the costs it saw when a statement was new; where a table has filled since, it may
            come to plan it anew at every run for as long as the connection lives (it did so with
            calling: 860 µs of the database's time became 1,750).
    """

    def __init__(self, sql: str, *, plans_once: bool = False) -> None:
        sql = _PLANNED_ONCE.format(sql=sql) if plans_once else sql
        self._names: list[str] = []
        self._fixed: dict[str, Any] = {}
        self._make_row: Callable[[Sequence[Any]], Any] | None = None
        self._sql = _PARAMETER.sub(lambda found: f"${self._position(found[1])}", sql).encode()

    @classmethod
    def of(cls, statement: AnySelect) -> Self:
        """A SELECT written with SQLAlchemy, compiled once; its parameters are its bindparams.

        `in_()` expands with its values at each run, so it has no place here.
        """
        compiled = statement.compile(dialect=_DIALECT)
        made = cls("")
        made._sql = str(compiled).encode()
        made._names = list(compiled.positiontup or [])
        binds = compiled.bind_names.items()
        made._fixed = {name: bind.value for bind, name in binds if not bind.required}
        return made

    @property
    def sql(self) -> str:
        """What PostgreSQL is sent."""
        return self._sql.decode()

    def rows(self, session: Session, **values: Any) -> list[Any]:
        """The rows as named tuples.

        Raises sqlalchemy.exc.DBAPIError, as SQLAlchemy itself would, so that a constraint or a
        lost connection means the same on every path; KeyError for a parameter without a value.
        """
        cursor = driver_cursor(session)
        given = self._fixed | values
        try:
            cursor.execute(self._sql, [given[name] for name in self._names])
            found = cursor.fetchall() if cursor.rownumber is not None else []
            return [self._named(cursor, row) for row in found]
        except psycopg.Error as error:
            raise self._as_sqlalchemy(session, cursor.connection, error) from error

    def first(self, session: Session, **values: Any) -> Any:
        """The first row, or None."""
        found = self.rows(session, **values)
        return found[0] if found else None

    def _named(self, cursor: psycopg.RawCursor[Any], row: Sequence[Any]) -> Any:
        """Its columns are always the same: their names are looked up once, not for each run."""
        if self._make_row is None:
            self._make_row = namedtuple_row(cursor)
        return self._make_row(row)

    def _position(self, name: str) -> int:
        if name not in self._names:
            self._names.append(name)
        return self._names.index(name) + 1

    def _as_sqlalchemy(
        self, session: Session, driver: psycopg.Connection[Any], error: psycopg.Error
    ) -> BaseException:
        connection, lost = session.connection(), driver.closed
        if lost:
            connection.invalidate(error)
        return DBAPIError.instance(
            self.sql,
            None,
            error,
            psycopg.Error,
            hide_parameters=True,
            connection_invalidated=lost,
            dialect=connection.dialect,
        )
