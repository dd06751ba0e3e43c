"""A reason that is erased leaves its row without words, so that it does not look like none.

Revision: 0026, after 0025. Old code, which deletes the row, goes on as before.
"""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("audit_note", "text", nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM audit_note WHERE text IS NULL")
    op.alter_column("audit_note", "text", nullable=False)
