"""What partners offer to markets.

Revision: 0051, after 0050. A table of its own: the old code goes on beside it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

_STATES = ("draft", "submitted", "approved", "suspended", "retired")


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    state = sa.Enum(
        *_STATES, name="resourcestate", native_enum=False, create_constraint=True, length=32
    )
    op.create_table(
        "resource",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("service_kind", sa.Text(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("stations", sa.Integer(), nullable=False),
        sa.Column("minutes_per_person", sa.Integer(), nullable=False),
        sa.Column("region_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("weekdays", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("from_time", sa.Time()),
        sa.Column("to_time", sa.Time()),
        sa.Column("days_off", postgresql.ARRAY(sa.Date()), nullable=False),
        sa.Column("lead_days", sa.Integer(), nullable=False),
        sa.Column("most_per_month", sa.Integer()),
        sa.Column("requires", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("state", state, nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("region_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("submitted_at", moment),
        sa.CheckConstraint(
            "people > 0 AND stations > 0 AND minutes_per_person > 0"
            " AND lead_days >= 0 AND most_per_month > 0",
            name=op.f("ck_resource_capacity"),
        ),
        sa.CheckConstraint("from_time < to_time", name=op.f("ck_resource_hours")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"],
            name=op.f("fk_resource_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["region_id"], ["region.id"], name=op.f("fk_resource_region_id_region")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("fk_resource_created_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resource")),
    )  # fmt: skip
    op.create_index("ix_resource_organisation_id", "resource", ["organisation_id"])
    op.create_index("ix_resource_region_id", "resource", ["region_id"])
    op.create_index("ix_resource_list", "resource", ["created_at", "id"])


def downgrade() -> None:
    op.drop_table("resource")
