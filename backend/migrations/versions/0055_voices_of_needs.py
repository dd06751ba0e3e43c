"""An index to count the voices of a need, also those whose link was cut.

Revision: 0055, after 0054. Alone: it is made CONCURRENTLY, outside a transaction.
"""

from backend.core.migrate import create_indexes_concurrently, drop_indexes_concurrently

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

_INDEXES = {"ix_need_voice_need_id": ["need_id"]}


def upgrade() -> None:
    create_indexes_concurrently("need_voice", _INDEXES)


def downgrade() -> None:
    drop_indexes_concurrently("need_voice", _INDEXES)
