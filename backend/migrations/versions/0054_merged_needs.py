"""Needs that are dealt with as one.

Revision: 0054, after 0053. Columns that may be empty, and a wider CHECK: the old code reads past
what it does not know; a need that was merged is one of its own to it until it is replaced.
"""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

_KINDS = (
    "booking_made", "number_taken", "booking_cancelled", "market_tomorrow", "number_near", "called",
    "passed_over", "number_over", "market_moved", "place_changed", "market_cancelled",
    "service_dropped", "announcement", "rating_asked", "complaint_received", "complaint_measures",
    "complaint_call_back", "complaint_closed", "complaint_reopened", "role_given", "role_taken",
    "looked_up", "need_accepted", "need_declined", "need_planned", "need_moved_off", "need_served",
    "need_unsolved", "need_reopened", "need_asked",
)  # fmt: skip


def _check(kinds: tuple[str, ...]) -> None:
    """Let the column have these words."""
    name = op.f("ck_notice_noticekind")
    op.drop_constraint(name, "notice", type_="check")
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    op.create_check_constraint(name, "notice", f"kind IN ({listed})")


def upgrade() -> None:
    _check((*_KINDS, "need_merged", "need_unmerged"))
    op.add_column("need", sa.Column("merged_into", sa.Uuid()))
    op.add_column("need", sa.Column("merged_at", sa.DateTime(timezone=True)))
    op.create_foreign_key(op.f("fk_need_merged_into_need"), "need", "need", ["merged_into"], ["id"])
    op.create_index("ix_need_merged_into", "need", ["merged_into"])
    op.add_column("need_voice", sa.Column("counts_as", sa.Uuid()))


def downgrade() -> None:
    op.drop_column("need_voice", "counts_as")
    op.drop_column("need", "merged_at")
    op.drop_column("need", "merged_into")
    op.execute(sa.text("DELETE FROM notice WHERE kind IN ('need_merged', 'need_unmerged')"))
    _check(_KINDS)
