"""A booking says when it was to be before its activity or slot was moved.

Revision: 0028, after 0027. The column may be null, so the old code writes on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("booking", sa.Column("moved_from", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("booking", "moved_from")
