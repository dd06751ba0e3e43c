"""How often somebody did something, and the address that stands in the audit log.

Revision: 0021, after 0020.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A column without a default: the longest table is not rewritten.
    op.add_column("audit_entry", sa.Column("address", sa.Text()))
    op.create_table(
        "limit_use",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_limit_use"),
        prefixes=["UNLOGGED"],
    )


def downgrade() -> None:
    op.drop_table("limit_use")
    op.drop_column("audit_entry", "address")
