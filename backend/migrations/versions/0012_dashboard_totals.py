"""Totals counted beforehand, for the dashboard.

Revision: 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_STATES = ("draft", "submitted", "published", "live", "closed", "cancelled")


def upgrade() -> None:
    op.create_table(
        "activity_total",
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("region_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                *_STATES, name="activitystate", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("frozen", sa.Boolean(), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("served", sa.Integer(), nullable=False),
        sa.Column("rated", sa.Integer(), nullable=False),
        sa.Column("satisfied", sa.Integer(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name="fk_activity_total_activity_id_activity"
        ),
        sa.PrimaryKeyConstraint("activity_id", name="pk_activity_total"),
    )
    op.create_table(
        "service_total",
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("service_kind", sa.Text(), nullable=False),
        sa.Column("served", sa.Integer(), nullable=False),
        sa.Column("rated", sa.Integer(), nullable=False),
        sa.Column("satisfied", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name="fk_service_total_activity_id_activity"
        ),
        sa.PrimaryKeyConstraint("activity_id", "service_kind", name="pk_service_total"),
    )
    op.create_table(
        "people_total",
        sa.Column("region_id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("people", sa.Integer()),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["region_id"], ["region.id"], name="fk_people_total_region_id_region"
        ),
        sa.PrimaryKeyConstraint("region_id", "period", name="pk_people_total"),
    )
    op.create_index(
        "ix_people_total_stale",
        "people_total",
        ["period", "region_id"],
        postgresql_where=sa.text("stale"),
    )
    op.create_table(
        "stale_activity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stale_activity"),
    )
    op.create_index("ix_stale_activity_activity_id", "stale_activity", ["activity_id"])
    op.create_table(
        "rollup_run",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name="ck_rollup_run_one_row"),
        sa.PrimaryKeyConstraint("id", name="pk_rollup_run"),
    )


def downgrade() -> None:
    op.drop_table("rollup_run")
    op.drop_table("stale_activity")
    op.drop_table("people_total")
    op.drop_table("service_total")
    op.drop_table("activity_total")
