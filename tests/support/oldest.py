"""The oldest PostgreSQL that is promised (README.md): found on this machine, or installed where
we may. No SQL of ours may need a newer one."""

import os
import subprocess
from pathlib import Path

from backend.local.postgres.service_user import POSTGRES_BINARIES
from tests.support import debian

OLDEST = 15

_DEBIANS = Path("/usr/lib/postgresql", str(OLDEST), "bin")
_PACKAGE = f"postgresql-{OLDEST}"


class NoPostgresError(Exception):
    """There is none of this version and we may not install one; the message says what to do."""


def require_oldest_postgres() -> Path:
    """The folder with its programs: the one that POSTGRES_BINARIES names, or Debian's package,
    installed now if need be.

    Raises NoPostgresError where it can't be had, and for a folder with another version.
    """
    advice = (
        f"没有找到 PostgreSQL {OLDEST} 的程序。Debian 12：apt-get install {_PACKAGE};"
        f"其他系统：{POSTGRES_BINARIES}=/path/to/bin make test-oldest / there are no programs of "
        f"PostgreSQL {OLDEST}: install {_PACKAGE}, or name their folder with {POSTGRES_BINARIES}"
    )
    folder = Path(os.environ.get(POSTGRES_BINARIES) or _DEBIANS)
    server, problem = folder / "postgres", ""
    if folder == _DEBIANS and not server.exists() and debian.may_install():
        problem = debian.install([_PACKAGE]) or ""
    if not server.exists():
        raise NoPostgresError(f"{advice}\n{problem}".rstrip())
    if (version := _version(server)) != OLDEST:
        raise NoPostgresError(f"{folder}: PostgreSQL {version}. {advice}")
    return folder


def _version(server: Path) -> int:
    """The major version of a server program."""
    said = subprocess.run([server, "--version"], capture_output=True, text=True, check=True)
    return int(said.stdout.split()[2].partition(".")[0])
