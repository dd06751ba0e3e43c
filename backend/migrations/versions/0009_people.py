"""People and organisations in the console: look-ups counted, edits told apart.

Revision: 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_audit_entry_look_up",
        "audit_entry",
        ["actor_user_id", "at"],
        postgresql_where=sa.text("action = 'look_up_resident'"),
    )
    op.create_index("ix_role_assignment_region_id", "role_assignment", ["region_id"])
    op.create_index("ix_role_assignment_organisation_id", "role_assignment", ["organisation_id"])
    op.add_column(
        "organisation", sa.Column("version", sa.Integer(), nullable=False, server_default="1")
    )


def downgrade() -> None:
    op.drop_column("organisation", "version")
    op.drop_index("ix_role_assignment_organisation_id", "role_assignment")
    op.drop_index("ix_role_assignment_region_id", "role_assignment")
    op.drop_index("ix_audit_entry_look_up", "audit_entry")
