"""What was put right in the preview of an Excel file, and which of its rows are wanted.

Revision: 0032, after 0031. The old code reads and writes none of it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("typed", "wanted"):
        column = sa.Column(name, postgresql.JSONB(), nullable=False, server_default="{}")
        op.add_column("schedule_import", column)
    # Files that were imported without being kept say nothing any more.
    op.execute("DELETE FROM schedule_import WHERE content = ''")
    op.alter_column(
        "imported_row", "number", new_column_name="row", type_=sa.Text(),
        postgresql_using="'1.' || number",
    )  # fmt: skip


def downgrade() -> None:
    op.alter_column(
        "imported_row", "row", new_column_name="number", type_=sa.Integer(),
        postgresql_using="split_part(row, '.', 2)::integer",
    )  # fmt: skip
    for name in ("wanted", "typed"):
        op.drop_column("schedule_import", name)
