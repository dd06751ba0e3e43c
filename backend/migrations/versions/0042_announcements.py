"""What organisers write to people.

Revision: 0042, after 0041. A table of its own: the old code knows nothing of it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def _words(name: str, *members: str) -> sa.Enum:
    return sa.Enum(*members, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "announcement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("audience", _words("audience", "signed_up", "here", "line"), nullable=False),
        sa.Column("offering_id", sa.Uuid()),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "state",
            _words("announcementstate", "checking", "sent", "held", "rejected"),
            nullable=False,
        ),
        sa.Column("written_by", sa.Uuid(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(audience = 'line') = (offering_id IS NOT NULL)", name=op.f("ck_announcement_line")
        ),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_announcement_activity_id_activity")
        ),
        sa.ForeignKeyConstraint(
            ["offering_id"], ["offering.id"], ondelete="CASCADE",
            name=op.f("fk_announcement_offering_id_offering"),
        ),
        sa.ForeignKeyConstraint(
            ["written_by"], ["user_account.id"],
            name=op.f("fk_announcement_written_by_user_account"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcement")),
        sa.UniqueConstraint(
            "activity_id", "on_day", "nth", name=op.f("uq_announcement_activity_id_on_day_nth")
        ),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("announcement")
