"""An announcement that is held may be withdrawn.

Revision: 0048, after 0047. A wider CHECK: the old code goes on writing the words that it knows, and
can't list the announcements of an activity where one was withdrawn until it is replaced.
"""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

_STATES = ("checking", "sent", "held", "rejected")


def _check(states: tuple[str, ...]) -> None:
    """Let the column have these words."""
    name = op.f("ck_announcement_announcementstate")
    op.drop_constraint(name, "announcement", type_="check")
    listed = ", ".join(f"'{state}'" for state in states)
    op.create_check_constraint(name, "announcement", f"state IN ({listed})")


def upgrade() -> None:
    _check((*_STATES, "withdrawn"))


def downgrade() -> None:
    # The old code has no word for it; neither is sent.
    op.execute(sa.text("UPDATE announcement SET state = 'rejected' WHERE state = 'withdrawn'"))
    _check(_STATES)
