"""Alembic's environment: offline never, one connection, one run at a time, careful with locks.

A migration runs while the old code still serves (expand, then contract), so it must not wait
for a lock in front of everybody else: it gives up instead, and is run again (core/migrate.py).
"""

from typing import Literal

from alembic import context
from sqlalchemy import create_engine, pool
from sqlalchemy.engine import Connection

from backend import features  # noqa: F401 - every table
from backend.core import migrate
from backend.core.db import Base, UtcDateTime


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
        context.run_migrations()


def main() -> None:
    """Migrate the database in `sqlalchemy.url`."""
    url = context.config.get_main_option("sqlalchemy.url")
    assert url
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        migrate.take_turn(connection)
        migrate.limit_waiting(connection)
        run(connection)


main()
