"""Who asks for a need, what it is planned for, and its clock.

Revision: 0047, after 0046. What is added is new, or may be empty: the old code goes on beside it,
and reads past words that it does not know only once it is replaced. What needs were planned for is
taken over; the old column stays until no process reads it. Needs that wait get the day by which
they are to be decided: seven weekdays from their being raised are within nine days.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

_NEW_KINDS = (
    "need_accepted", "need_declined", "need_planned", "need_moved_off", "need_served",
    "need_unsolved", "need_reopened",
)  # fmt: skip
_KINDS = (
    "booking_made", "number_taken", "booking_cancelled", "market_tomorrow", "number_near", "called",
    "passed_over", "number_over", "market_moved", "place_changed", "market_cancelled",
    "service_dropped", "announcement", "rating_asked", "complaint_received", "complaint_measures",
    "complaint_call_back", "complaint_closed", "complaint_reopened", "role_given", "role_taken",
    "looked_up",
)  # fmt: skip
_SOURCES = ("resident", "visit", "hotline", "meeting")
_PLANNED = """
    INSERT INTO need_plan (id, need_id, activity_id, round, planned_at)
    SELECT id, id, activity_id, 1, created_at FROM need WHERE activity_id IS NOT NULL
"""
_CLOCKS = "UPDATE need SET decide_by = raised_on + 9 WHERE state = 'open'"
_UNPLANNED = """
    UPDATE need SET activity_id = plan.activity_id
      FROM need_plan plan
     WHERE plan.need_id = need.id AND plan.round = need.round AND plan.ended_at IS NULL
"""


def _words(name: str, *members: str) -> sa.Enum:
    return sa.Enum(*members, name=name, native_enum=False, create_constraint=True, length=32)


def _check(table: str, column: str, name: str, members: tuple[str, ...]) -> None:
    """Let a column have these words."""
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    listed = ", ".join(f"'{member}'" for member in members)
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, f"{column} IN ({listed})")


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    _check("notice", "kind", "noticekind", _KINDS + _NEW_KINDS)
    _check("need", "source", "needsource", (*_SOURCES, "market"))
    checks = _words("commentstate", "none", "pending", "passed", "review", "rejected")
    op.add_column("need", sa.Column("text_state", checks, nullable=False, server_default="none"))
    op.add_column("need", sa.Column("for_whom", _words("forwhom", "self", "family", "neighbours")))
    op.add_column("need", sa.Column("suits", postgresql.ARRAY(sa.Text())))
    op.add_column("need", sa.Column("decide_by", sa.Date()))
    op.add_column("need", sa.Column("decided_at", moment))
    op.add_column("need", sa.Column("reason_code", sa.Text()))
    op.add_column("need", sa.Column("round", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("need", sa.Column("served_at", moment))
    op.create_table(
        "need_voice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("need_id", sa.Uuid(), nullable=False),
        sa.Column("resident_id", sa.Uuid()),
        sa.Column("role", _words("voicerole", "raiser", "supporter"), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("entered_by", sa.Uuid()),
        sa.Column("withdrawn_at", moment),
        sa.ForeignKeyConstraint(["need_id"], ["need.id"], name=op.f("fk_need_voice_need_id_need")),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["resident.id"], name=op.f("fk_need_voice_resident_id_resident")
        ),
        sa.ForeignKeyConstraint(
            ["entered_by"], ["user_account.id"],
            name=op.f("fk_need_voice_entered_by_user_account"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_need_voice")),
    )  # fmt: skip
    op.create_index("ix_need_voice_resident_id", "need_voice", ["resident_id"])
    op.create_index(
        "uq_need_voice_resident", "need_voice", ["need_id", "resident_id"], unique=True,
        postgresql_where=sa.text("resident_id IS NOT NULL"),
    )  # fmt: skip
    op.create_index(
        "uq_need_voice_raiser", "need_voice", ["need_id"], unique=True,
        postgresql_where=sa.text("role = 'raiser'"),
    )  # fmt: skip
    op.create_table(
        "need_plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("need_id", sa.Uuid(), nullable=False),
        sa.Column("offering_id", sa.Uuid()),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("planned_at", moment, nullable=False),
        sa.Column("planned_by", sa.Uuid()),
        sa.Column("ended_at", moment),
        sa.Column("end_reason", _words("planend", "taken_off", "cancelled", "service_dropped")),
        sa.ForeignKeyConstraint(["need_id"], ["need.id"], name=op.f("fk_need_plan_need_id_need")),
        sa.ForeignKeyConstraint(
            ["offering_id"], ["offering.id"], ondelete="SET NULL",
            name=op.f("fk_need_plan_offering_id_offering"),
        ),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_need_plan_activity_id_activity")
        ),
        sa.ForeignKeyConstraint(
            ["planned_by"], ["user_account.id"], name=op.f("fk_need_plan_planned_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_need_plan")),
    )  # fmt: skip
    op.create_index("ix_need_plan_offering_id", "need_plan", ["offering_id"])
    op.create_index("ix_need_plan_activity_id", "need_plan", ["activity_id"])
    op.create_index(
        "uq_need_plan_standing", "need_plan", ["need_id", "offering_id"], unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )  # fmt: skip
    op.execute(sa.text(_PLANNED))
    op.execute(sa.text(_CLOCKS))


def downgrade() -> None:
    op.execute(sa.text(_UNPLANNED))
    op.drop_table("need_plan")
    op.drop_table("need_voice")
    for column in ("served_at", "round", "reason_code", "decided_at", "decide_by", "suits",
                   "for_whom", "text_state"):  # fmt: skip
        op.drop_column("need", column)
    # What the old code has no words for.
    op.execute(sa.text("UPDATE need SET source = 'visit' WHERE source = 'market'"))
    op.execute(sa.text("DELETE FROM notice WHERE kind LIKE 'need\\_%'"))
    _check("need", "source", "needsource", _SOURCES)
    _check("notice", "kind", "noticekind", _KINDS)
