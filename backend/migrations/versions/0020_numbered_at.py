"""When a service's day has given its last number: who has the smaller number waits before who has
the larger one. Code that does not know the column goes on giving numbers without it.

Revision: 0020, after 0019.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("service_day", sa.Column("numbered_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("service_day", "numbered_at")
