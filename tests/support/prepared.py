"""What takes long to make and is the same for all tests: made once in a run, for all of pytest's
processes, and copied by whoever needs it.

A migrated PostgreSQL, and one with the demo's data; both stopped. Whoever starts on a copy finds
what `make run` finds when it is run again.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from backend.core.db.roles import APP, READER
from backend.core.migrate import grant_roles, upgrade
from backend.local.postgres.server import FAST_UNSAFE, PrivatePostgres
from backend.local.postgres.service_user import reachable_home, service_user
from backend.local.system import DATABASE, LocalSystem

TEMPLATE = "template_migrated"
_FOLDER = "TESTS_PREPARED"
_KEYS = "secrets.env"
_number = count()


def make_folder() -> None:
    """In pytest's first process: where all of them find what was prepared."""
    folder = Path(tempfile.mkdtemp(prefix="wushe-"))
    folder.chmod(0o711)  # the database's user may pass
    os.environ[_FOLDER] = str(folder)


def drop_folder() -> None:
    """At the end of that process."""
    shutil.rmtree(os.environ.pop(_FOLDER), ignore_errors=True)


def new_folder(name: str) -> Path:
    """The path of a new folder of this process's, which the database's user can reach."""
    return Path(os.environ[_FOLDER]) / f"{name}-{os.getpid()}-{next(_number)}"


def migrated() -> Path:
    """A PostgreSQL's folder with the migrated TEMPLATE, and a database of LocalSystem's like it."""
    return _once("migrated", _migrate)


def copy_data(source: Path, target: Path) -> Path:
    """Begin a new PostgreSQL's folder with the data of another that is stopped; answer it."""
    target.mkdir(parents=True)
    target.chmod(0o711)
    user = service_user(source / "data")
    old, new = (reachable_home(folder, user) / "data" for folder in (source, target))
    subprocess.run(["cp", "-a", old, new], check=True)
    return target


@contextmanager
def system(*, demo: bool = False, **options: Any) -> Iterator[LocalSystem]:
    """A whole system in a folder of its own that begins with a migrated database.

    Args:
        demo: whether with the demo's data.
        options: LocalSystem's.
    """
    folder = new_folder("system")
    made = _once("demo", _load_demo) if demo else None
    copy_data(made / "postgres" if made else migrated(), folder / "postgres")
    if made:
        shutil.copy(made / _KEYS, folder / _KEYS)
    try:
        with LocalSystem(folder, **options) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _once(name: str, make: Callable[[Path], None]) -> Path:
    """The folder that the first process has made which asked for it; the others wait."""
    folder = Path(os.environ[_FOLDER]) / name
    done = folder / "done"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)  # another's who has failed
            make(folder)
            done.touch()
    return folder


def _migrate(folder: Path) -> None:
    with PrivatePostgres(folder, settings=FAST_UNSAFE) as server:
        for role in (APP, READER):
            server.create_role(role)
        server.create_database(TEMPLATE)
        upgrade(server.url(TEMPLATE))
        grant_roles(server.url(TEMPLATE), statement_timeout_ms=8000)
        server.create_database(DATABASE, template=TEMPLATE)


def _load_demo(folder: Path) -> None:
    copy_data(migrated(), folder / "postgres")
    system = LocalSystem(folder, database_settings=FAST_UNSAFE)
    try:
        system.start_database().flask("demo", "load")
    finally:
        system.stop()
