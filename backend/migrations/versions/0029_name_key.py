"""An index of what the ways to write one name have in common, by which people are found.

Revision: 0029, after 0028. Alone, because every log-in and write-in writes to the table: it is made
CONCURRENTLY, outside a transaction.
"""

from sqlalchemy import text

from backend.core.migrate import create_indexes_concurrently, drop_indexes_concurrently

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

# identity.names.SEPARATORS as they were.
_SEPARATORS = " \u00a0\u3000.·•․‧∙⋅・．･"
_INDEXES = {"ix_resident_name_key": [text(f"lower(translate(name, '{_SEPARATORS}', ''))")]}


def upgrade() -> None:
    create_indexes_concurrently("resident", _INDEXES)


def downgrade() -> None:
    drop_indexes_concurrently("resident", _INDEXES)
