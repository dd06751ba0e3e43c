"""The letters by which similar needs are found.

Revision: 0053, after 0052. Filled for what stands; what the old code writes while it still runs has
none, and is not found for its likes. Readers of the index read no list of what is still to be
sorted in (fastupdate): many look, and few write.
"""

import unicodedata
from itertools import pairwise

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    grams: sa.Column[list[str]] = sa.Column(
        "grams", postgresql.ARRAY(sa.Text()), nullable=False, server_default="{}"
    )
    op.add_column("need", grams)
    connection = op.get_bind()
    rows = connection.execute(
        sa.text(
            "SELECT need.id, left(code, 9) AS place, title, details"
            " FROM need JOIN region ON region.id = region_id"
        )
    ).all()
    filled = [{"id": row.id, "grams": _grams(row.place, row.title, row.details)} for row in rows]
    if filled:
        connection.execute(sa.text("UPDATE need SET grams = :grams WHERE id = :id"), filled)
    op.create_index(
        "ix_need_grams", "need", ["grams"],
        postgresql_using="gin", postgresql_with={"fastupdate": False},
        postgresql_where=sa.text("state IN ('open', 'accepted', 'planned')"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_need_grams", "need")
    op.drop_column("need", "grams")


def _grams(place: str, title: str, details: str | None) -> list[str]:
    """`kept_grams` of needs/similar/finding.py as it was."""
    text = unicodedata.normalize("NFKC", f"{title}\n{details or ''}").casefold()
    runs = "".join(char if char.isalpha() else " " for char in text).split()
    pairs = {one + two for run in runs for one, two in pairwise(run)}
    return sorted(place + gram for gram in pairs | {letter for run in runs for letter in run})
