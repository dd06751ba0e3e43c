"""A service or a stall that was dropped though people had signed up stays, for their numbers.

Revision: 0045, after 0044. The old code reads past the columns; a number is free again with the
stall that had it. Only organisers write stalls, so the index is made at once.
"""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

NUMBER = "uq_stall_activity_id_number"


def upgrade() -> None:
    for table in ("offering", "stall"):
        op.add_column(table, sa.Column("dropped_at", sa.DateTime(timezone=True)))
    op.drop_constraint(NUMBER, "stall")
    op.create_index(
        NUMBER, "stall", ["activity_id", "number"], unique=True,
        postgresql_where=sa.text("dropped_at IS NULL"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index(NUMBER, "stall")
    op.create_unique_constraint(NUMBER, "stall", ["activity_id", "number"])
    for table in ("offering", "stall"):
        op.drop_column(table, "dropped_at")
