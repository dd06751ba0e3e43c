"""An index to look through what was told about an activity.

Revision: 0037, after 0036. Alone: it is made CONCURRENTLY, outside a transaction.
"""

from backend.core.migrate import create_indexes_concurrently, drop_indexes_concurrently

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_INDEXES = {"ix_notice_activity": ["activity_id", "id"]}


def upgrade() -> None:
    create_indexes_concurrently("notice", _INDEXES)


def downgrade() -> None:
    drop_indexes_concurrently("notice", _INDEXES)
