"""Excel files on their way into the schedule.

Revision: 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "schedule_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("model_id", sa.Uuid()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.Column("made", sa.Integer()),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name="fk_schedule_import_user_id_user_account"
        ),
        sa.ForeignKeyConstraint(
            ["model_id"], ["activity.id"], name="fk_schedule_import_model_id_activity"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_schedule_import"),
    )
    op.create_index("ix_schedule_import_user_id", "schedule_import", ["user_id"])


def downgrade() -> None:
    op.drop_index("ix_schedule_import_user_id", "schedule_import")
    op.drop_table("schedule_import")
