"""What people need when they come, encrypted.

Revision: 0039, after 0038. A nullable column: the old code knows nothing of it, and what it writes
meanwhile leaves it empty.
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("resident", sa.Column("special_needs_encrypted", sa.LargeBinary()))


def downgrade() -> None:
    op.drop_column("resident", "special_needs_encrypted")
