"""Sessions say from where and with what they were begun; those of before say nothing.

Revision: 0024, after 0023. The columns may be null, so the old code writes on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_COLUMNS = {"login_session": ("address", "device"), "console_session": ("address", "device", "how")}


def upgrade() -> None:
    for table, names in _COLUMNS.items():
        for name in names:
            op.add_column(table, sa.Column(name, sa.Text()))


def downgrade() -> None:
    for table, names in _COLUMNS.items():
        for name in names:
            op.drop_column(table, name)
