"""What WeChat sends beside notices: credits, messages, and the events that were taken in.

Revision: 0036, after 0035. Tables of their own: the old code knows nothing of them.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

STATES = ("owed", "sending", "sent", "refused", "given_up", "unknown")


def upgrade() -> None:
    op.create_table(
        "message_credit",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("unmatched", sa.Integer(), nullable=False),
        sa.CheckConstraint("remaining >= 0", name=op.f("ck_message_credit_not_below_zero")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_message_credit_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("user_id", "template", name=op.f("pk_message_credit")),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("joined_by", sa.Uuid()),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                *STATES, name="messagestate", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sending_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("errcode", sa.Integer()),
        sa.Column("reason", sa.Text()),
        sa.ForeignKeyConstraint(
            ["id"], ["notice.id"], name=op.f("fk_message_id_notice"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_message_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
    )
    owed, sending = sa.text("state = 'owed'"), sa.text("state = 'sending'")
    op.create_index("ix_message_due", "message", ["due_at", "id"], postgresql_where=owed)
    op.create_index("ix_message_sending", "message", ["sending_at"], postgresql_where=sending)
    op.create_index(
        "ix_message_joined", "message", ["user_id", "joined_by"],
        postgresql_where=sa.text("joined_by IS NOT NULL"),
    )  # fmt: skip
    op.create_table(
        "wechat_push",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_wechat_push")),
    )
    op.create_index("ix_wechat_push_received_at", "wechat_push", ["received_at"])


def downgrade() -> None:
    op.drop_table("wechat_push")
    op.drop_table("message")
    op.drop_table("message_credit")
