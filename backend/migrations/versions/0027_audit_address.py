"""Auditors look for what came from one address.

Revision: 0027, after 0026. Made while everybody writes to the log.
"""

from backend.core.migrate import create_indexes_concurrently, drop_indexes_concurrently

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_INDEXES = {"ix_audit_entry_address": ["address", "at", "id"]}


def upgrade() -> None:
    create_indexes_concurrently("audit_entry", _INDEXES)


def downgrade() -> None:
    drop_indexes_concurrently("audit_entry", _INDEXES)
