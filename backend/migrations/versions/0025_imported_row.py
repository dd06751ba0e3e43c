"""Which row of a file has become which activity, so that an import can be undone.

Revision: 0025, after 0024. The old code neither reads nor writes the new table and column.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imported_row",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["schedule_import.id"],
            name="fk_imported_row_import_id_schedule_import",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name="fk_imported_row_activity_id_activity"
        ),
        sa.PrimaryKeyConstraint("import_id", "number", name="pk_imported_row"),
        sa.UniqueConstraint("activity_id", name="uq_imported_row_activity_id"),
    )
    op.add_column("activity", sa.Column("withdrawn_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("activity", "withdrawn_at")
    op.drop_table("imported_row")
