"""How many rows of an imported file have not become activities yet.

Revision: 0057, after 0056. A column that may be empty: the old code reads past it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("schedule_import", sa.Column("rows_left", sa.Integer()))


def downgrade() -> None:
    op.drop_column("schedule_import", "rows_left")
