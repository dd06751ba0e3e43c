"""Alembic, called from Python: for the runner, the tests and `alembic check`.

python -m backend.core.migrate upgrade [revision]      to the newest, or to one
python -m backend.core.migrate downgrade <revision>
python -m backend.core.migrate check                   do tables and models agree?
python -m backend.core.migrate revision "message"      a new one, from what differs
"""

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config

from backend.settings import Settings

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def alembic_config(database_url: str) -> Config:
    """Alembic's settings for a database.

    Args:
        database_url: postgresql://…
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    url = database_url.replace("postgresql://", "postgresql+psycopg://", 1)
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(database_url: str, revision: str = "head") -> None:
    """Bring a database's schema to a revision."""
    command.upgrade(alembic_config(database_url), revision)


def main(arguments: list[str]) -> int:
    config = alembic_config(Settings.at_start().database_url)
    match arguments:
        case ["upgrade", *rest]:
            command.upgrade(config, rest[0] if rest else "head")
        case ["downgrade", revision]:
            command.downgrade(config, revision)
        case ["check"]:
            command.check(config)
        case ["revision", message]:
            head = len(list((MIGRATIONS / "versions").glob("[0-9]*.py"))) + 1
            command.revision(config, message, autogenerate=True, rev_id=f"{head:04d}")
        case _:
            sys.stderr.write(__doc__ or "")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
