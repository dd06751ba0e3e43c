"""When somebody whose booking was put off said that they still come.

Revision: 0038, after 0037. The old code does not know the column.
"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("booking", sa.Column("kept_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("booking", "kept_at")
