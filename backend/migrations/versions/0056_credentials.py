"""What organisations must hold for some kinds of service.

Revision: 0056, after 0055. A table that the old code does not know, a column with a default, and a
wider CHECK: notices of the new kinds are written by the new code alone.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

_NEW_KINDS = ("resource_decided", "credential_decided", "credential_expiring")
_KINDS = (
    "booking_made", "number_taken", "booking_cancelled", "market_tomorrow", "number_near", "called",
    "passed_over", "number_over", "market_moved", "place_changed", "market_cancelled",
    "service_dropped", "announcement", "rating_asked", "complaint_received", "complaint_measures",
    "complaint_call_back", "complaint_closed", "complaint_reopened", "role_given", "role_taken",
    "looked_up", "need_accepted", "need_declined", "need_planned", "need_moved_off", "need_served",
    "need_unsolved", "need_reopened", "need_asked", "need_merged", "need_unmerged",
)  # fmt: skip


def _check(kinds: tuple[str, ...]) -> None:
    """Let the column have these words."""
    name = op.f("ck_notice_noticekind")
    op.drop_constraint(name, "notice", type_="check")
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    op.create_check_constraint(name, "notice", f"kind IN ({listed})")


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    state = sa.Enum(
        "submitted", "approved", "rejected", name="credentialstate", native_enum=False,
        create_constraint=True, length=32,
    )  # fmt: skip
    _check((*_KINDS, *_NEW_KINDS))
    op.add_column(
        "resource",
        sa.Column(
            "credential_ids", postgresql.ARRAY(sa.Uuid()), nullable=False, server_default="{}"
        ),
    )
    op.create_table(
        "credential",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("number_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("document", sa.LargeBinary()),
        sa.Column("document_type", sa.Text()),
        sa.Column("state", state, nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("handed_in_by", sa.Uuid(), nullable=False),
        sa.Column("handed_in_at", moment, nullable=False),
        sa.Column("approved_by", sa.Uuid()),
        sa.Column("told_days", sa.SmallInteger()),
        sa.CheckConstraint(
            "(document IS NULL) = (document_type IS NULL)", name=op.f("ck_credential_document")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"],
            name=op.f("fk_credential_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["handed_in_by"], ["user_account.id"],
            name=op.f("fk_credential_handed_in_by_user_account"),
        ),
        sa.ForeignKeyConstraint(
            ["approved_by"], ["user_account.id"],
            name=op.f("fk_credential_approved_by_user_account"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credential")),
    )  # fmt: skip
    op.create_index(
        "ix_credential_organisation", "credential", ["organisation_id", "handed_in_at", "id"]
    )
    op.create_index("ix_credential_valid_until", "credential", ["state", "valid_until"])


def downgrade() -> None:
    op.drop_table("credential")
    op.drop_column("resource", "credential_ids")
    op.execute(sa.text("DELETE FROM notice WHERE kind IN " + str(_NEW_KINDS)))
    _check(_KINDS)
