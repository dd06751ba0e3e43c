"""Files of regions that admins upload.

Revision: 0011, after 0010.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_STATES = ("previewed", "running", "done", "failed")


def upgrade() -> None:
    state = sa.Enum(
        *_STATES, name="regionimportstate", native_enum=False, create_constraint=True, length=32
    )
    op.create_table(
        "region_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary()),
        sa.Column("state", state, nullable=False),
        sa.Column("preview", postgresql.JSONB(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("result", postgresql.JSONB()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name="fk_region_import_user_id_user_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_region_import"),
    )


def downgrade() -> None:
    op.drop_table("region_import")
