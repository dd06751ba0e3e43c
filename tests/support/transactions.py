"""Transactions around what the app takes for transactions of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import pytest
from sqlalchemy import Connection, NestedTransaction

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


def joins_of(monkeypatch: pytest.MonkeyPatch) -> list[Transaction]:
    """Those transactions in which SQLAlchemy's session is used from now on (docs/adr/0014)."""
    joined: list[Transaction] = []
    get_bind = Transaction.get_bind

    def noted(transaction: Transaction, *args: Any, **options: Any) -> Connection:
        joined.append(transaction)
        return get_bind(transaction, *args, **options)

    monkeypatch.setattr(Transaction, "get_bind", noted)
    return joined
