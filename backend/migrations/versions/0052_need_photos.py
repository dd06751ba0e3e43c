"""Photos of needs.

Revision: 0052, after 0051. A table that the old code does not know.
"""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "need_photo",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("need_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["need_id"], ["need.id"], name=op.f("fk_need_photo_need_id_need")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_need_photo")),
    )
    op.create_index("ix_need_photo_need_id", "need_photo", ["need_id"])


def downgrade() -> None:
    op.drop_table("need_photo")
