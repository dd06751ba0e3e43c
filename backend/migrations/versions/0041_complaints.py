"""A complaint is a case: opened again by whoever complained, round after round.

Revision: 0041, after 0040. What is added is new, or empty: old code goes on beside it. Why one was
closed unsolved stood in the log alone, and is taken over from there.
"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_FROM_THE_LOG = """
    UPDATE rectification r
       SET unsolved_reason = note.text
      FROM audit_entry entry
      JOIN audit_note note ON note.entry_id = entry.id
     WHERE entry.object_type = 'rectification' AND entry.object_id = r.id
       AND entry.action = 'close_unsolved' AND note.text IS NOT NULL
"""


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("rating", sa.Column("may_call", sa.Boolean()))
    op.add_column("rectification", sa.Column("unsolved_reason", sa.Text()))
    op.add_column("rectification", sa.Column("reopened_at", moment))
    op.execute(_FROM_THE_LOG)
    op.create_table(
        "rectification_round",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rectification_id", sa.Uuid(), nullable=False),
        sa.Column("reply", sa.Text()),
        sa.Column("replied_at", moment),
        sa.Column("call_back_note", sa.Text()),
        sa.Column("resident_satisfied", sa.Boolean()),
        sa.Column("called_back_at", moment),
        sa.Column("closed_at", moment),
        sa.Column("unsolved_reason", sa.Text()),
        sa.Column("words", sa.Text()),
        sa.Column(
            "words_state",
            sa.Enum(
                "none", "pending", "passed", "review", "rejected",
                name="commentstate", native_enum=False, create_constraint=True, length=32,
            ),
            nullable=False,
        ),
        sa.Column("ended_at", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["rectification_id"],
            ["rectification.id"],
            name=op.f("fk_rectification_round_rectification_id_rectification"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rectification_round")),
    )  # fmt: skip
    op.create_index(
        "ix_rectification_round_rectification_id", "rectification_round", ["rectification_id"]
    )


def downgrade() -> None:
    op.drop_table("rectification_round")
    op.drop_column("rectification", "reopened_at")
    op.drop_column("rectification", "unsolved_reason")
    op.drop_column("rating", "may_call")
