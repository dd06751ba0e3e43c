"""Nobody looks for reports by when their worker was last heard of any more.

Revision: 0022, after 0021. The table is short: the index goes, and comes back, in no time.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_OPEN = sa.text("state IN ('queued', 'running')")


def upgrade() -> None:
    op.drop_index("ix_report_run_open", table_name="report_run")


def downgrade() -> None:
    op.create_index("ix_report_run_open", "report_run", ["heard_at"], postgresql_where=_OPEN)
