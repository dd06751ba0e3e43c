"""Who sees to a rectification.

Revision: 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("rectification", sa.Column("owner_user_id", sa.Uuid()))
    op.create_foreign_key(
        "fk_rectification_owner_user_id_user_account",
        "rectification",
        "user_account",
        ["owner_user_id"],
        ["id"],
    )
    op.create_index("ix_rectification_owner_user_id", "rectification", ["owner_user_id"])


def downgrade() -> None:
    op.drop_column("rectification", "owner_user_id")
