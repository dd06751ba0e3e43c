"""Indexes to look through the audit log.

Revision: 0014, after 0013. Alone, because the audit log is the longest table and every request
writes to it: they are made CONCURRENTLY, outside a transaction.
"""

from backend.core.migrate import create_indexes_concurrently, drop_indexes_concurrently

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_audit_entry_at": ["at", "id"],
    "ix_audit_entry_actor": ["actor_user_id", "at", "id"],
    "ix_audit_entry_action": ["action", "at", "id"],
}


def upgrade() -> None:
    create_indexes_concurrently("audit_entry", _INDEXES)


def downgrade() -> None:
    drop_indexes_concurrently("audit_entry", _INDEXES)
