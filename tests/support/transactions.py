"""Transactions around what the app takes for transactions of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from sqlalchemy import Connection, NestedTransaction

from backend.core.db import db


class OuterConnection(Connection):
    """Stands in for the engine within a test: what the app takes for a transaction of its own is a
    savepoint on this one connection."""

    def connect(self) -> Self:
        return self

    def begin(self) -> NestedTransaction:  # type: ignore[override]
        return self.begin_nested()

    def close(self) -> None:
        """Nothing: it is not the app's to close."""


@contextmanager
def taken_back(outer: Connection) -> Iterator[None]:
    """What happens inside did not happen. Within an app context."""
    savepoint = outer.begin_nested()
    try:
        yield
    finally:
        db.session.remove()
        savepoint.rollback()
