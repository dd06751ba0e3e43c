"""PgBouncer in transaction mode, from Debian's package, in front of a private PostgreSQL."""

import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from backend.local.ports import free_ports
from backend.local.postgres.server import FAST_UNSAFE, PrivatePostgres
from backend.local.processes import end_process
from backend.local.waiting import wait_until
from tests.support import debian, prepared


class NoPgBouncerError(Exception):
    """There is none and we may not install one; the message says what to do."""


def require_pgbouncer() -> str:
    """Its program, installed now if need be. Raises NoPgBouncerError."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin"))
    problem = ""
    if shutil.which("pgbouncer", path=path) is None and debian.may_install():
        problem = debian.install(["pgbouncer"]) or ""
    found = shutil.which("pgbouncer", path=path)
    if found is None:
        raise NoPgBouncerError(
            "没有找到 PgBouncer。Debian/Ubuntu:apt-get install pgbouncer / "
            f"there is no pgbouncer: install Debian's package\n{problem}".rstrip()
        )
    return found


class PgBouncer:
    """It, and a migrated PostgreSQL behind it that lets in whoever reaches its socket.

    It says nothing when a client's settings are dropped (`ignore_startup_parameters`), which is
    how people make it work with most drivers.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True)
        folder.chmod(0o711)
        rules = folder / "hba.conf"
        rules.write_text("local all all trust\n", encoding="utf-8")
        rules.chmod(0o644)
        self.postgres = PrivatePostgres(
            prepared.copy_data(prepared.migrated(), folder / "postgres"),
            settings={**FAST_UNSAFE, "max_connections": "100", "hba_file": str(rules)},
        )

    def __enter__(self) -> Self:
        self.postgres.start()
        behind = psycopg.conninfo.conninfo_to_dict(self.postgres.url())["host"]
        (self._port,) = free_ports(1)
        config = self._folder / "pgbouncer.ini"
        config.write_text(
            f"[databases]\n* = host={behind} port=5432\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self._port}\n"
            "unix_socket_dir =\nauth_type = trust\npool_mode = transaction\ndefault_pool_size = 8\n"
            "max_client_conn = 500\nignore_startup_parameters = options,extra_float_digits\n"
            f"auth_file = {self._users()}\n",
            encoding="utf-8",
        )
        config.chmod(0o644)
        owner = pwd.getpwuid((self.postgres.home / "data").stat().st_uid).pw_name
        as_owner = ["-u", owner] if os.geteuid() == 0 else []
        self._process = subprocess.Popen(
            [require_pgbouncer(), *as_owner, str(config)],
            cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

        def answers() -> bool:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=5).close()
            except psycopg.OperationalError:
                return False
            return True

        wait_until(answers, timeout_s=20, what="PgBouncer")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        end_process(self._process, [(signal.SIGINT, 5), (signal.SIGKILL, 5)])
        self.postgres.destroy()

    def url(self, database: str, role: str = "postgres") -> str:
        """A database through it."""
        return f"postgresql://{role}@127.0.0.1:{self._port}/{database}"

    def _users(self) -> Path:
        users = self._folder / "users.txt"
        users.write_text('"postgres" ""\n"wushe_app" ""\n', encoding="utf-8")
        users.chmod(0o644)
        return users
