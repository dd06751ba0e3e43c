"""Transactions around what the app takes for transactions of its own."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import pytest
from sqlalchemy import Connection, NestedTransaction, event

from backend.core.db import Transaction


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
    """What happens inside did not happen."""
    savepoint = outer.begin_nested()
    try:
        yield
    finally:
        savepoint.rollback()


_LOCKING = re.compile(r"\bFOR (?:NO KEY UPDATE|UPDATE|KEY SHARE|SHARE)\b")


@contextmanager
def locks_of(outer: Connection) -> Iterator[list[str]]:
    """The statements inside that lock the rows they read."""
    locking: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if _LOCKING.search(statement):
            locking.append(statement)

    event.listen(outer, "before_cursor_execute", note)
    try:
        yield locking
    finally:
        event.remove(outer, "before_cursor_execute", note)


def joins_of(monkeypatch: pytest.MonkeyPatch) -> list[Transaction]:
    """Those transactions in which SQLAlchemy's session is used from now on (docs/adr/0014)."""
    joined: list[Transaction] = []
    get_bind = Transaction.get_bind

    def noted(transaction: Transaction, *args: Any, **options: Any) -> Connection:
        joined.append(transaction)
        return get_bind(transaction, *args, **options)

    monkeypatch.setattr(Transaction, "get_bind", noted)
    return joined
