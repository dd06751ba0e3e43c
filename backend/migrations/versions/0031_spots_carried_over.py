"""The spots of stalls are taken out of their words; from then on one stall stands on each.

Revision: 0031, after 0030. Of two on one spot the one with the smaller number keeps it; the other's
words stay as they are, as a note, and it is not on the plan: so it has been shown until now.
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        WITH read AS (
            SELECT id, activity_id, number, place, spot_row,
                   regexp_match(place, '^第([0-9]{1,2})排第([0-9]{1,2})位(?: (.*))?$') AS words
              FROM stall WHERE place IS NOT NULL
        ), spots AS (
            SELECT *, words[1]::int AS row, words[2]::int AS col,
                   row_number() OVER (PARTITION BY activity_id, words[1]::int, words[2]::int
                                      ORDER BY spot_row IS NULL, length(number), number) AS nth
              FROM read
             WHERE words[1]::int BETWEEN 1 AND 12 AND words[2]::int BETWEEN 1 AND 12
        )
        UPDATE stall SET spot_row = spots.row, spot_column = spots.col,
                         place_note = CASE WHEN spots.nth = 1 THEN nullif(spots.words[3], '')
                                           ELSE read.place END
          FROM read LEFT JOIN spots ON spots.id = read.id AND spots.nth = 1
         WHERE stall.id = read.id
        """
    )
    op.create_index(
        "uq_stall_spot",
        "stall",
        ["activity_id", "spot_row", "spot_column"],
        unique=True,
        postgresql_where=sa.text("spot_row IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("uq_stall_spot", table_name="stall")
