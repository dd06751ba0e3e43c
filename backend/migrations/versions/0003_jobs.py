"""procrastinate's own tables, from the SQL of the version we pin.

Revision: 0003, after 0002.
"""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SCHEMA = Path(__file__).resolve().parent.parent / "sql" / "procrastinate_3.10.0.sql"


def upgrade() -> None:
    # Many statements at once go only by the driver's simple protocol, without parameters.
    connection = op.get_bind().connection.driver_connection
    assert connection is not None
    connection.execute(SCHEMA.read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute(
        """
        DO $$
        DECLARE item record;
        BEGIN
            FOR item IN SELECT tablename AS name FROM pg_tables
                WHERE schemaname = current_schema() AND tablename LIKE 'procrastinate\\_%' LOOP
                EXECUTE format('DROP TABLE IF EXISTS %I CASCADE', item.name);
            END LOOP;
            FOR item IN SELECT p.oid::regprocedure AS name FROM pg_proc p
                WHERE pronamespace = current_schema()::regnamespace
                AND proname LIKE 'procrastinate\\_%' LOOP
                EXECUTE format('DROP FUNCTION %s CASCADE', item.name);
            END LOOP;
            FOR item IN SELECT typname AS name FROM pg_type
                WHERE typnamespace = current_schema()::regnamespace
                AND typtype IN ('e', 'c') AND typname LIKE 'procrastinate\\_%' LOOP
                EXECUTE format('DROP TYPE IF EXISTS %I CASCADE', item.name);
            END LOOP;
        END $$
        """
    )
