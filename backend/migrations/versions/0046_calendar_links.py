"""Links to a region's calendar, beside those to walls.

Revision: 0046, after 0045. A column with a default: the old code makes links to walls alone. While
it runs, it would show a region's wall to who has the link to that region's calendar: both are for
whoever may make either.
"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "wall_link",
        sa.Column("calendar", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_check_constraint(
        "calendar_of_region", "wall_link", "NOT calendar OR region_id IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_column("wall_link", "calendar")
