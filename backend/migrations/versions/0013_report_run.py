"""Reports made by the worker.

Revision: 0013, after 0012. It once made the indexes of 0014 too, outside its transaction: where it
was interrupted then, its tables are there and empty, and are kept.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_KINDS = ("monthly", "quarterly", "ledger", "brief", "audit")
_STATES = ("queued", "running", "done", "failed", "expired")
_OPEN = sa.text("state IN ('queued', 'running')")


def _words(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    if sa.inspect(op.get_bind()).has_table("report_run"):
        return
    op.create_table(
        "report_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", _words("reportkind", _KINDS), nullable=False),
        sa.Column("parameters", postgresql.JSONB(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("region_code", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", _words("reportstate", _STATES), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True)),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer()),
        sa.Column("error", sa.Text()),
        sa.Column("size", sa.Integer()),
        sa.Column("made_at", sa.DateTime(timezone=True)),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("(state = 'done') <= (made_at IS NOT NULL)", name="ck_report_run_made"),
        sa.CheckConstraint("(state = 'failed') <= (error IS NOT NULL)", name="ck_report_run_error"),
        sa.CheckConstraint("done >= 0", name="ck_report_run_done"),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["user_account.id"], name="fk_report_run_requested_by_user_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_report_run"),
    )
    op.create_index("ix_report_run_requested_by", "report_run", ["requested_by", "id"])
    op.create_index("ix_report_run_expires_at", "report_run", ["expires_at"])
    op.create_index(
        "uq_report_run_open",
        "report_run",
        ["requested_by", "content_hash"],
        unique=True,
        postgresql_where=_OPEN,
    )
    op.create_index("ix_report_run_open", "report_run", ["heard_at"], postgresql_where=_OPEN)
    op.create_table(
        "report_file",
        sa.Column("report_run_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_run_id"], ["report_run.id"], name="fk_report_file_report_run_id_report_run"
        ),
        sa.PrimaryKeyConstraint("report_run_id", name="pk_report_file"),
    )


def downgrade() -> None:
    op.drop_table("report_file")
    op.drop_table("report_run")
