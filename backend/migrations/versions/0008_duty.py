"""Who does what at an activity.

Revision: 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "duty",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("stall_id", sa.Uuid()),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("assigned_by", sa.Uuid()),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name="fk_duty_activity_id_activity"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name="fk_duty_user_id_user_account"
        ),
        sa.ForeignKeyConstraint(
            ["stall_id"], ["stall.id"], name="fk_duty_stall_id_stall", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["assigned_by"], ["user_account.id"], name="fk_duty_assigned_by_user_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_duty"),
        sa.UniqueConstraint("activity_id", "user_id", name="uq_duty_activity_id_user_id"),
    )
    op.create_index("ix_duty_user_id", "duty", ["user_id"])
    op.create_index("ix_duty_stall_id", "duty", ["stall_id"])


def downgrade() -> None:
    op.drop_table("duty")
