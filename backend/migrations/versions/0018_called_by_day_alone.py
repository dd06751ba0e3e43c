"""The index of a stall's called number a day takes the place, and the name, of the one that knew
no day: whichever code runs, a second call hears of the same constraint.

Revision: 0018, after 0017.
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_NAME, _NEW = "uq_booking_called_stall", "uq_booking_called_stall_day"


def upgrade() -> None:
    op.drop_index(_NAME, "booking")
    op.execute(f"ALTER INDEX {_NEW} RENAME TO {_NAME}")


def downgrade() -> None:
    op.execute(f"ALTER INDEX {_NAME} RENAME TO {_NEW}")
    op.execute(f"CREATE UNIQUE INDEX {_NAME} ON booking (called_stall_id) WHERE state = 'called'")
