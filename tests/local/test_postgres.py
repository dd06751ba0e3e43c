"""The private PostgreSQL: real servers, real signals."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from backend.local.postgres.server import (
    FAST_KILLABLE,
    FAST_UNSAFE,
    PostgresError,
    PrivatePostgres,
    temporary_postgres,
)
from backend.local.postgres.service_user import postgres_binaries, service_user
from backend.local.processes import process_command
from backend.local.waiting import wait_until


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that the database's user can enter, as a project's own folder is."""
    with tempfile.TemporaryDirectory(prefix="wushe-test-") as name:
        path = Path(name)
        path.chmod(0o711)
        yield path


@pytest.fixture(scope="module")
def shared(folder: Path) -> Iterator[PrivatePostgres]:
    """A server in which what was committed survives SIGKILL."""
    server = PrivatePostgres(folder / "shared", settings=FAST_KILLABLE)
    yield server
    server.destroy()


@pytest.fixture
def server(shared: PrivatePostgres) -> PrivatePostgres:
    """The same server for each test, started and without notes."""
    with psycopg.connect(shared.start().url()) as connection:
        connection.execute("DROP TABLE IF EXISTS note")
    return shared


def ask(url: str, statement: str) -> object:
    """The one value that a statement answers, committed."""
    with psycopg.connect(url) as connection:
        row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return row[0]


def remember(url: str, word: str) -> None:
    """Commit a word, and return when the server has answered that it is committed."""
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS note (word text)")
        connection.execute("INSERT INTO note VALUES (%s)", (word,))


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    return process_command(pid) is None


def test_psql_and_psycopg_take_the_same_url(server: PrivatePostgres) -> None:
    psql = postgres_binaries(service_user(server.home / "data"), server.home) / "psql"
    url = server.create_database("名 字%/?")
    done = subprocess.run(
        [psql, url, "-Atc", "SELECT current_database()"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ask(url, "SELECT current_database()") == "名 字%/?"


def test_nothing_listens_on_the_network(server: PrivatePostgres) -> None:
    assert ask(server.url(), "SHOW listen_addresses") == ""


def test_only_the_user_who_started_it_is_let_in_and_only_as_owner(server: PrivatePostgres) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CREATE ROLE other LOGIN SUPERUSER")
    with pytest.raises(psycopg.OperationalError, match=r"no pg_hba.conf entry"):
        psycopg.connect(server.url(), user="other")


def test_encoding_locale_and_time_zone_are_the_same_on_every_machine(
    server: PrivatePostgres,
) -> None:
    assert ask(server.url(), "SHOW server_encoding") == "UTF8"
    assert (
        ask(server.url(), "SELECT datcollate FROM pg_database WHERE datname = current_database()")
        == "C"
    )
    assert ask(server.url(), "SHOW timezone") == "UTC"


def test_a_temporary_server_leaves_nothing() -> None:
    with temporary_postgres() as server:
        assert ask(server.url(), "SHOW fsync") == "off"
        pid = server.pid
    assert gone(pid)
    assert not server.data_dir.exists()


def test_durable_unless_told_otherwise(folder: Path) -> None:
    with PrivatePostgres(folder / "owned") as server:
        assert ask(server.url(), "SHOW fsync") == "on"
        assert ask(server.url(), "SHOW synchronous_commit") == "on"


def test_data_is_kept_over_stop_and_start(server: PrivatePostgres) -> None:
    remember(server.url(), "kept")
    server.stop()
    server.start()
    assert ask(server.url(), "SELECT word FROM note") == "kept"


def test_what_was_committed_survives_kill_and_the_url_stays(server: PrivatePostgres) -> None:
    url, pid = server.url(), server.pid
    for round_number in range(3):
        remember(url, f"round {round_number}")
        server.kill()
        assert not server.running
        server.start()
    assert server.url() == url
    assert server.pid != pid
    assert ask(url, "SELECT count(*) FROM note") == 3


def test_a_killed_server_with_a_busy_backend_still_comes_back(server: PrivatePostgres) -> None:
    """The old backend holds the shared memory; the new server must wait for it, not fail."""
    busy = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import psycopg, sys\n"
            "c = psycopg.connect(sys.argv[1])\n"
            "print('on', flush=True)\n"
            'c.execute("SELECT count(*) FROM generate_series(1, 4000000)")\n',
            server.url(),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with busy:
        assert busy.stdout is not None
        busy.stdout.readline()
        wait_until(
            lambda: ask(
                server.url(),
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%generate_series(1,%' "
                "AND state = 'active' AND pid <> pg_backend_pid()",
            ),
            timeout_s=30,
            what="the busy backend",
        )
        server.kill()
        server.start()
    assert ask(server.url(), "SELECT 1") == 1


def test_a_server_that_died_by_itself_can_be_started(server: PrivatePostgres) -> None:
    os.kill(server.pid, signal.SIGKILL)
    wait_until(lambda: not server.running, timeout_s=30, what="the server's end")
    assert ask(server.start().url(), "SELECT 1") == 1


def test_restart_keeps_url_and_data(server: PrivatePostgres) -> None:
    url = server.url()
    remember(url, "kept")
    server.restart()
    assert server.url() == url
    assert ask(url, "SELECT word FROM note") == "kept"


def test_a_database_is_copied_from_a_template_and_apart_from_it(server: PrivatePostgres) -> None:
    remember(server.create_database("template_x"), "from the template")
    copy = server.create_database("copy", template="template_x")
    remember(copy, "only here")
    assert ask(copy, "SELECT count(*) FROM note") == 2
    assert ask(server.url("template_x"), "SELECT count(*) FROM note") == 1


def test_a_database_is_dropped_though_somebody_is_connected(server: PrivatePostgres) -> None:
    url = server.create_database("brief")
    connection = psycopg.connect(url)
    server.drop_database("brief")
    assert not server.has_database("brief")
    server.drop_database("brief")
    connection.close()


def test_one_folder_has_one_owner(server: PrivatePostgres) -> None:
    with pytest.raises(PostgresError, match=f"in use by process {os.getpid()}"):
        PrivatePostgres(server.data_dir).start()
    assert ask(server.url(), "SELECT 1") == 1


def test_a_server_left_by_a_killed_owner_is_ended_first(server: PrivatePostgres) -> None:
    left = server.pid
    remember(server.url(), "kept")
    assert server._guard is not None
    server._guard.dismiss()
    server._lock.release()  # as the kernel does when an owner is killed
    with PrivatePostgres(server.data_dir, settings=FAST_KILLABLE) as heir:
        assert heir.pid != left
        assert not server.running
        assert ask(heir.url(), "SELECT word FROM note") == "kept"


def test_a_stale_pid_that_now_is_another_program_does_not_stop_it(server: PrivatePostgres) -> None:
    """After a restart of the machine a number is soon given to somebody else."""
    server.stop()
    stranger = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    with stranger:
        (server.home / "data" / "postmaster.pid").write_text(
            f"{stranger.pid}\n{server.home / 'data'}\n1\n5432\n\n\n       0         0\nready   \n"
        )
        server.start()
        assert stranger.poll() is None
        assert stranger.stdin is not None
        stranger.stdin.close()
    assert ask(server.url(), "SELECT 1") == 1


@pytest.mark.parametrize("name", ["l" * 100, "with,comma"])
def test_a_path_that_does_not_do_for_a_socket(folder: Path, name: str) -> None:
    server = PrivatePostgres(folder / name, settings=FAST_UNSAFE).start()
    socket_dir = Path(str(ask(server.url(), "SHOW unix_socket_directories")).strip('"'))
    assert socket_dir != server.home / "data"
    assert stat_mode(socket_dir) == 0o700
    server.destroy()
    assert not socket_dir.exists()


def stat_mode(path: Path) -> int:
    """Permission bits."""
    return path.stat().st_mode & 0o777


def test_data_of_another_version_is_refused_not_touched(server: PrivatePostgres) -> None:
    server.stop()
    version = server.home / "data" / "PG_VERSION"
    true_version = version.read_text()
    version.write_text("9\n")
    try:
        with pytest.raises(PostgresError, match="PostgreSQL 9"):
            server.start()
    finally:
        version.write_text(true_version)


def test_a_setting_that_postgres_refuses_is_shown_at_once(folder: Path) -> None:
    server = PrivatePostgres(folder / "owned", settings={"max_connections": "many"})
    with pytest.raises(PostgresError, match="max_connections"):
        server.start()
    assert not server.running


def test_an_initdb_that_was_cut_off_is_begun_again(folder: Path) -> None:
    half = folder / "half"
    (half / "data.new" / "base").mkdir(parents=True)
    half.chmod(0o711)
    with PrivatePostgres(half, settings=FAST_UNSAFE) as server:
        assert ask(server.url(), "SELECT 1") == 1
    server.destroy()


def test_settings_of_our_shell_do_not_reach_the_server(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGDATA", "/nowhere")
    with PrivatePostgres(folder / "owned", settings=FAST_UNSAFE) as server:
        assert ask(server.url(), "SHOW port") == "5432"


OWNER = """
import os, signal, sys
from pathlib import Path
from backend.local.postgres.server import FAST_UNSAFE, PrivatePostgres

server = PrivatePostgres(Path(sys.argv[1]), settings=FAST_UNSAFE).start()
print(server.pid, flush=True)
how = sys.argv[2]
if how == "exception":
    raise RuntimeError("on purpose")
if how == "fork":  # a child that ends must not take the parent's server along
    if os.fork() == 0:
        sys.exit()
    os.wait()
    assert server.running
elif how != "end":
    number = getattr(signal, how)
    if number == signal.SIGINT:  # ignored in what a shell runs in the background, and inherited
        signal.signal(number, signal.default_int_handler)
    os.kill(os.getpid(), number)
    signal.pause()
"""


@pytest.mark.parametrize("how", ["end", "exception", "fork", "SIGINT", "SIGTERM", "SIGKILL"])
def test_no_server_outlives_its_owner(folder: Path, how: str) -> None:
    owner = subprocess.run(
        [sys.executable, "-c", OWNER, folder / "owned", how],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    assert (owner.returncode == 0) == (how in {"end", "fork"})
    wait_until(lambda: gone(int(owner.stdout)), timeout_s=30, what="the server's end")


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")


@as_root
def test_folders_above_ours_are_never_opened(tmp_path: Path) -> None:
    """As root, under a closed folder: the data goes elsewhere, and is found there again."""
    tmp_path.chmod(0o700)
    server = PrivatePostgres(tmp_path / "var" / "postgres", settings=FAST_KILLABLE)
    try:
        with server:
            remember(server.url(), "kept")
            assert server.home != server.data_dir
        again = PrivatePostgres(server.data_dir, settings=FAST_KILLABLE)
        with again:
            assert again.home == server.home
            assert ask(again.url(), "SELECT word FROM note") == "kept"
        assert stat_mode(tmp_path) == 0o700
    finally:
        server.destroy()
    assert not server.home.exists() or server.home == server.data_dir


@as_root
def test_data_of_a_thrown_away_temporary_folder_is_thrown_away_too(tmp_path: Path) -> None:
    """Else every run of the tests as root would leave its databases behind."""
    servers = [PrivatePostgres(tmp_path / name, settings=FAST_UNSAFE) for name in "abc"]
    thrown_away, kept, last = servers
    for server in (thrown_away, kept):
        with server:
            pass
    shutil.rmtree(thrown_away.data_dir)
    with last:
        assert not thrown_away.home.exists()
        assert kept.home.exists()
    for server in (kept, last):
        server.destroy()


@as_root
def test_data_that_has_become_unreachable_is_not_replaced_by_an_empty_database(
    folder: Path,
) -> None:
    closed = folder / "closed"
    closed.mkdir()
    server = PrivatePostgres(closed / "postgres", settings=FAST_UNSAFE)
    with server:
        pass
    closed.chmod(0o700)
    with pytest.raises(Exception, match="can no longer enter"):
        server.start()


@as_root
def test_programs_that_cannot_be_reached_are_copied(tmp_path: Path, folder: Path) -> None:
    """A .venv under a closed home: the service user gets a copy, the home stays closed."""
    site_packages = tmp_path / "closed"
    site_packages.mkdir(mode=0o700)
    from backend.local.postgres import service_user as module

    installed = module._package_folder()
    user = module.service_user(folder / "none")
    for part in (installed, installed.with_name(f"{installed.name}.libs")):
        (site_packages / part.name).symlink_to(part)
    module._copy_binaries(site_packages / installed.name, folder / "copy" / "binaries")
    copied = folder / "copy" / "binaries" / installed.name / "pginstall18" / "bin"
    assert module._runs(copied, user)
    assert not module._runs(site_packages / installed.name / "pginstall18" / "bin", user)
