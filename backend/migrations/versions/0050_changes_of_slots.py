"""A change of an activity's times says whether its slots stayed.

Revision: 0050, after 0049. A column with a default: the old code reads past it, and what it keeps
counts as before: as if all had been moved.
"""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    stay = sa.Column("slots_stay", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("activity_change", stay)


def downgrade() -> None:
    op.drop_column("activity_change", "slots_stay")
