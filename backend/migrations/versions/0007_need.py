"""Needs of communities.

Revision: 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_SOURCES = ("resident", "visit", "hotline", "meeting")
_STATES = (
    "open", "accepted", "planned", "served", "evaluated", "declined", "closed_unsolved",
)  # fmt: skip


def _words(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "need",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("details", sa.Text()),
        sa.Column("service_kind", sa.Text()),
        sa.Column("source", _words("needsource", _SOURCES), nullable=False),
        sa.Column("raised_on", sa.Date(), nullable=False),
        sa.Column("state", _words("needstate", _STATES), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("activity_id", sa.Uuid()),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name="fk_need_region_id_region"),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name="fk_need_activity_id_activity"
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name="fk_need_created_by_user_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_need"),
    )
    op.create_index("ix_need_activity_id", "need", ["activity_id"])
    op.create_index("ix_need_list", "need", ["raised_on", "id"])
    op.create_index("ix_need_region", "need", ["region_id", "state"])


def downgrade() -> None:
    op.drop_table("need")
