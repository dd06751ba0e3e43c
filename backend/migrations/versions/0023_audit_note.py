"""Reasons, which may name somebody, stand beside the append-only log and can be erased.

The log's own table takes them apart, so that code of before this migration does too. Reasons that
stand in old entries and in `scan_revert` are moved: the owner may switch the guard off for that.

Revision: 0023, after 0022.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_COPY = """
    INSERT INTO audit_note (entry_id, at, text)
    SELECT id, at, details->>'reason' FROM audit_entry
     WHERE details->>'reason' IS NOT NULL AND {where}
    ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    op.create_table(
        "audit_note",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name="pk_audit_note"),
    )
    # The long look through the log first, while everybody writes on; what comes meanwhile is
    # looked for once more when the trigger is there.
    op.execute(_COPY.format(where="true"))
    op.execute(
        """
        CREATE FUNCTION keep_reason_apart() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.details->>'reason' IS NOT NULL THEN
                INSERT INTO audit_note (entry_id, at, text)
                VALUES (NEW.id, NEW.at, NEW.details->>'reason');
            END IF;
            NEW.details := NEW.details - 'reason';
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER audit_entry_keep_reason_apart BEFORE INSERT ON audit_entry FOR EACH ROW"
        " WHEN (NEW.details ? 'reason') EXECUTE FUNCTION keep_reason_apart()"
    )
    op.execute(_COPY.format(where="at > now() - interval '1 day'"))
    _rewrite(
        "audit_entry",
        "UPDATE audit_entry SET details = details - 'reason' FROM audit_note"
        " WHERE audit_note.entry_id = audit_entry.id",
    )
    op.alter_column("scan_revert", "reason", nullable=True)
    _rewrite("scan_revert", "UPDATE scan_revert SET reason = NULL WHERE reason IS NOT NULL")


def downgrade() -> None:
    op.execute("DROP TRIGGER audit_entry_keep_reason_apart ON audit_entry")
    op.execute("DROP FUNCTION keep_reason_apart()")
    _rewrite(
        "audit_entry",
        "UPDATE audit_entry SET details = details || jsonb_build_object('reason', text)"
        " FROM audit_note WHERE audit_note.entry_id = audit_entry.id",
    )
    _rewrite(
        "scan_revert",
        "UPDATE scan_revert SET reason = coalesce((SELECT details->>'reason' FROM audit_entry"
        " WHERE object_type = 'scan' AND object_id = scan_id AND action = 'revert_scan'), '')",
    )
    op.alter_column("scan_revert", "reason", nullable=False)
    op.drop_table("audit_note")


def _rewrite(table: str, statement: str) -> None:
    op.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_append_only")
    op.execute(statement)
    op.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table}_append_only")
