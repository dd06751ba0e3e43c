"""Who may fetch the next access token is written in its row.

Revision: 0016, after 0015. Tokens kept until now are plain: they go, and are fetched anew,
encrypted.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("wechat_access_token", sa.Column("renewing_until", sa.DateTime(timezone=True)))
    op.execute("DELETE FROM wechat_access_token")


def downgrade() -> None:
    op.drop_column("wechat_access_token", "renewing_until")
