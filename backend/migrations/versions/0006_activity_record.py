"""What an organiser writes down of an activity.

Revision: 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "activity_record",
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("volunteers", sa.Integer()),
        sa.Column("volunteer_minutes", sa.Integer()),
        sa.Column("funds_yuan", sa.Numeric(14, 2)),
        sa.Column("problems", sa.Text()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Uuid()),
        sa.CheckConstraint("volunteers >= 0", name="ck_activity_record_volunteers"),
        sa.CheckConstraint("volunteer_minutes >= 0", name="ck_activity_record_volunteer_minutes"),
        sa.CheckConstraint("funds_yuan >= 0", name="ck_activity_record_funds_yuan"),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name="fk_activity_record_activity_id_activity"
        ),
        sa.ForeignKeyConstraint(
            ["updated_by"], ["user_account.id"], name="fk_activity_record_updated_by_user_account"
        ),
        sa.PrimaryKeyConstraint("activity_id", name="pk_activity_record"),
    )


def downgrade() -> None:
    op.drop_table("activity_record")
