"""What those who asked for a need say of how it was solved.

Revision: 0049, after 0048. A table that the old code does not know, and a wider CHECK: a notice of
the new kind is written by the new code alone, and read past by the old one's list once it is
replaced.
"""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

_KINDS = (
    "booking_made", "number_taken", "booking_cancelled", "market_tomorrow", "number_near", "called",
    "passed_over", "number_over", "market_moved", "place_changed", "market_cancelled",
    "service_dropped", "announcement", "rating_asked", "complaint_received", "complaint_measures",
    "complaint_call_back", "complaint_closed", "complaint_reopened", "role_given", "role_taken",
    "looked_up", "need_accepted", "need_declined", "need_planned", "need_moved_off", "need_served",
    "need_unsolved", "need_reopened",
)  # fmt: skip


def _words(name: str, *members: str) -> sa.Enum:
    return sa.Enum(*members, name=name, native_enum=False, create_constraint=True, length=32)


def _check(kinds: tuple[str, ...]) -> None:
    """Let the column have these words."""
    name = op.f("ck_notice_noticekind")
    op.drop_constraint(name, "notice", type_="check")
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    op.create_check_constraint(name, "notice", f"kind IN ({listed})")


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    _check((*_KINDS, "need_asked"))
    op.create_table(
        "need_verdict",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("voice_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("asked_again_at", moment),
        sa.Column("verdict", _words("verdict", "solved", "partly", "not")),
        sa.Column("reason", sa.Text()),
        sa.Column(
            "reason_state",
            _words("commentstate", "none", "pending", "passed", "review", "rejected"),
            nullable=False,
        ),
        sa.Column("answered_at", moment),
        sa.ForeignKeyConstraint(
            ["voice_id"], ["need_voice.id"], name=op.f("fk_need_verdict_voice_id_need_voice")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_need_verdict")),
        sa.UniqueConstraint("voice_id", "round", name=op.f("uq_need_verdict_voice_id")),
    )


def downgrade() -> None:
    op.drop_table("need_verdict")
    op.execute(sa.text("DELETE FROM notice WHERE kind = 'need_asked'"))
    _check(_KINDS)
