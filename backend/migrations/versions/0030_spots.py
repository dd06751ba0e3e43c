"""A stall's spot on the plan in columns of its own: until now it was read out of the words.

Revision: 0030, after 0029. The words stay, for code of before this migration reads and writes them:
a trigger takes the spot out of words that are written, where nobody stands there, and writes them
where the columns change. What stands there already is carried over by 0031.
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("stall", sa.Column("spot_row", sa.Integer(), nullable=True))
    op.add_column("stall", sa.Column("spot_column", sa.Integer(), nullable=True))
    op.add_column("stall", sa.Column("place_note", sa.Text(), nullable=True))
    op.create_check_constraint(
        "spot",
        "stall",
        "(spot_row IS NULL) = (spot_column IS NULL)"
        " AND spot_row BETWEEN 1 AND 12 AND spot_column BETWEEN 1 AND 12",
    )
    op.execute(
        """
        CREATE FUNCTION stall_spot() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            words text[];
        BEGIN
            IF TG_OP = 'UPDATE' AND NEW.place IS DISTINCT FROM OLD.place
               OR TG_OP = 'INSERT' AND NEW.spot_row IS NULL AND NEW.place_note IS NULL THEN
                words := regexp_match(NEW.place, '^第([0-9]{1,2})排第([0-9]{1,2})位(?: (.*))?$');
                IF words[1]::int BETWEEN 1 AND 12 AND words[2]::int BETWEEN 1 AND 12
                   AND NOT EXISTS (SELECT FROM stall
                                    WHERE activity_id = NEW.activity_id AND id <> NEW.id
                                      AND spot_row = words[1]::int
                                      AND spot_column = words[2]::int) THEN
                    NEW.spot_row := words[1]::int;
                    NEW.spot_column := words[2]::int;
                    NEW.place_note := nullif(words[3], '');
                ELSE
                    NEW.spot_row := NULL;
                    NEW.spot_column := NULL;
                    NEW.place_note := nullif(NEW.place, '');
                END IF;
            END IF;
            NEW.place := nullif(concat_ws(
                ' ', '第' || NEW.spot_row || '排第' || NEW.spot_column || '位', NEW.place_note
            ), '');
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER stall_spot BEFORE INSERT OR UPDATE OF place, spot_row, spot_column,"
        " place_note ON stall FOR EACH ROW EXECUTE FUNCTION stall_spot()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER stall_spot ON stall")
    op.execute("DROP FUNCTION stall_spot()")
    op.drop_column("stall", "place_note")
    op.drop_column("stall", "spot_column")
    op.drop_column("stall", "spot_row")
