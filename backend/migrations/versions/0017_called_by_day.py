"""A stall has one called number a day: the index that says so, beside the one it replaces.

Revision: 0017, after 0016. Alone, because it is made CONCURRENTLY, outside a transaction.
"""

import sqlalchemy as sa

from backend.core.migrate import create_indexes_concurrently, drop_indexes_concurrently

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_INDEXES = {"uq_booking_called_stall_day": ["called_stall_id", "service_on"]}


def upgrade() -> None:
    create_indexes_concurrently(
        "booking", _INDEXES, unique=True, postgresql_where=sa.text("state = 'called'")
    )


def downgrade() -> None:
    drop_indexes_concurrently("booking", _INDEXES)
