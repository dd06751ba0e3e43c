"""Changes of what was announced, and whom each concerns.

Revision: 0035, after 0034. Tables of their own: the old code knows nothing of them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def _words(name: str, *members: str) -> sa.Enum:
    return sa.Enum(*members, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "activity_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            _words("changekind", "moved", "place", "cancelled", "service_dropped", "announcement"),
            nullable=False,
        ),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("offering_id", sa.Uuid()),
        sa.Column("slot_id", sa.Uuid()),
        sa.Column("accounts", sa.Integer(), nullable=False),
        sa.Column("guests", sa.Integer(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("by_user_id", sa.Uuid()),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_activity_change_activity_id_activity")
        ),
        sa.ForeignKeyConstraint(
            ["by_user_id"], ["user_account.id"],
            name=op.f("fk_activity_change_by_user_id_user_account"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_change")),
    )  # fmt: skip
    op.create_index("ix_activity_change_activity", "activity_change", ["activity_id", "id"])
    op.create_table(
        "addressee",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column("resident_id", sa.Uuid(), nullable=False),
        sa.Column("call", _words("call", "told", "no_answer")),
        sa.Column("called_at", moment),
        sa.Column("called_by", sa.Uuid()),
        sa.Column("answer", _words("answer", "coming", "not_coming")),
        sa.Column("answered_at", moment),
        sa.CheckConstraint(
            "(call IS NULL) = (called_at IS NULL)", name=op.f("ck_addressee_called")
        ),
        sa.CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_addressee_answered")
        ),
        sa.ForeignKeyConstraint(
            ["change_id"],
            ["activity_change.id"],
            name=op.f("fk_addressee_change_id_activity_change"),
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["resident.id"], name=op.f("fk_addressee_resident_id_resident")
        ),
        sa.ForeignKeyConstraint(
            ["called_by"], ["user_account.id"], name=op.f("fk_addressee_called_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_addressee")),
        sa.UniqueConstraint(
            "change_id", "resident_id", name=op.f("uq_addressee_change_id_resident_id")
        ),
    )
    op.create_index("ix_addressee_resident_id", "addressee", ["resident_id"])


def downgrade() -> None:
    op.drop_table("addressee")
    op.drop_table("activity_change")
