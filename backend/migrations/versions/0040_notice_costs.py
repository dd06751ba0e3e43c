"""What a notice cost beside itself.

Revision: 0040, after 0039. Only takes away: the old code does the same without them.

Its account's key, for accounts are never deleted: each notice locked it, on the paths where people
wait in line, and whoever closes an account waited for all who were telling it something. The index
on its time, which its id has.
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

_ACCOUNT = "fk_notice_user_id_user_account"


def upgrade() -> None:
    op.drop_constraint(op.f(_ACCOUNT), "notice", type_="foreignkey")
    op.drop_index("ix_notice_created_at", "notice")


def downgrade() -> None:
    op.create_index("ix_notice_created_at", "notice", ["created_at"])
    op.create_foreign_key(
        op.f(_ACCOUNT), "notice", "user_account", ["user_id"], ["id"], postgresql_not_valid=True
    )
    op.execute(sa.text(f"ALTER TABLE notice VALIDATE CONSTRAINT {_ACCOUNT}"))
