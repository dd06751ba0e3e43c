"""Which digests have been sent.

Revision: 0043, after 0042. A table of its own: the old code knows nothing of it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "digest",
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("robot", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("on_day", "robot", name=op.f("pk_digest")),
    )


def downgrade() -> None:
    op.drop_table("digest")
