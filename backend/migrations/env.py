"""Alembic's environment: offline never, one connection, careful with locks.

A migration runs while the old code still serves (expand, then contract), so it must not wait
for a lock in front of everybody else: it gives up instead, and is run again.
"""

from typing import Literal

from alembic import context
from sqlalchemy import create_engine, pool, text
from sqlalchemy.engine import Connection

from backend import models  # noqa: F401 - every table
from backend.core.db import Base, UtcDateTime

LOCK_TIMEOUT_MS = 3_000
STATEMENT_TIMEOUT_MS = 60_000


def is_ours(item: object, name: str | None, kind: str, reflected: bool, compare_to: object) -> bool:
    """Leave procrastinate's tables alone: its own SQL makes them."""
    return not (kind == "table" and (name or "").startswith("procrastinate_"))


def render_item(kind: str, item: object, _: object) -> str | Literal[False]:
    """A migration is a record of the past: it must not import today's code."""
    return "sa.DateTime(timezone=True)" if isinstance(item, UtcDateTime) else False


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_object=is_ours,
        compare_type=True,
        render_item=render_item,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}"))
        connection.execute(text(f"SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_MS}"))
        context.run_migrations()


def main() -> None:
    """Migrate the connection a test has given, or the database in `sqlalchemy.url`."""
    given = context.config.attributes.get("connection")
    if given is not None:
        run(given)
        return
    url = context.config.get_main_option("sqlalchemy.url")
    assert url
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        run(connection)


main()
