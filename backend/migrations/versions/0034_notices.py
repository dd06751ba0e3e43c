"""The inbox: what people were told.

Revision: 0034, after 0033. A table of its own: the old code knows nothing of it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

KINDS = (
    "booking_made", "number_taken", "booking_cancelled", "market_tomorrow", "number_near", "called",
    "passed_over", "number_over", "market_moved", "place_changed", "market_cancelled",
    "service_dropped", "announcement", "rating_asked", "complaint_received", "complaint_measures",
    "complaint_call_back", "complaint_closed", "complaint_reopened", "role_given", "role_taken",
    "looked_up",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                *KINDS, name="noticekind", native_enum=False,
                create_constraint=True, length=32,
            ),
            nullable=False,
        ),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("activity_id", sa.Uuid()),
        sa.Column("cause_id", sa.Uuid()),
        sa.Column("resident_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("once", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_notice_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )  # fmt: skip
    unread, once = sa.text("read_at IS NULL"), sa.text("once IS NOT NULL")
    op.create_index("ix_notice_inbox", "notice", ["user_id", "id"])
    op.create_index("ix_notice_unread", "notice", ["user_id"], postgresql_where=unread)
    op.create_index(
        "uq_notice_once", "notice", ["user_id", "once"], unique=True, postgresql_where=once
    )
    op.create_index("ix_notice_created_at", "notice", ["created_at"])
    op.create_index("ix_notice_cause_id", "notice", ["cause_id"])


def downgrade() -> None:
    op.drop_table("notice")
