"""The instant at which a scan is judged, and when an activity was cancelled.

Revision: 0019, after 0018.

What was kept before stays as it is: scans are append-only, and were judged when they were received.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("scan", sa.Column("sent_at", sa.DateTime(timezone=True)))
    op.add_column("scan", sa.Column("judged_at", sa.DateTime(timezone=True)))
    op.add_column("activity", sa.Column("cancelled_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("activity", "cancelled_at")
    op.drop_column("scan", "judged_at")
    op.drop_column("scan", "sent_at")
