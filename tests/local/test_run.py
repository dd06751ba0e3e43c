"""`make run`'s command as its user meets it: lines, exit codes, signals."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from backend.local.ports import free_ports
from backend.local.processes import FolderLock, LocalError, process_command
from backend.local.run import StopRequest, _port


@pytest.fixture
def var_dir() -> Iterator[Path]:
    """A VAR_DIR that the database's user can enter, as a project's own folder is."""
    with tempfile.TemporaryDirectory(prefix="wushe-test-") as name:
        Path(name).chmod(0o711)
        yield Path(name) / "var"


@contextmanager
def run(var_dir: Path, **environ: str) -> Iterator["subprocess.Popen[str]"]:
    """The command in a folder of its own, on a free port unless told otherwise."""
    surroundings = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    places = {"VAR_DIR": str(var_dir), "PORT": str(free_ports(1)[0]), "WEB_CONCURRENCY": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "backend.local.run"],
        env=surroundings | places | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    ) as command:
        try:
            yield command
        finally:
            command.terminate()  # when a test has failed; else it has ended already


def printed_until(command: "subprocess.Popen[str]", word: str) -> str:
    """What the command prints up to the line with a word, or all there is."""
    assert command.stdout is not None
    lines = []
    for line in command.stdout:
        lines.append(line)
        if word in line:
            break
    return "".join(lines)


def one_line(var_dir: Path, **environ: str) -> str:
    """The only line of a run that cannot begin."""
    with run(var_dir, **environ) as command:
        output, _ = command.communicate(timeout=120)
    assert command.returncode == 1
    lines = output.splitlines()
    assert len(lines) == 1, output
    return lines[0]


def test_the_data_is_kept_and_nothing_is_left_however_it_ends(var_dir: Path) -> None:
    """Killed with -9, and run again at once at the same place; then ended with Ctrl-C."""
    port = str(free_ports(1)[0])
    for round_number, how in enumerate([signal.SIGKILL, signal.SIGINT]):
        with run(var_dir, PORT=port) as command:
            welcome = printed_until(command, "stops everything")
            assert f"http://127.0.0.1:{port}/api/docs" in welcome
            assert "ok:organiser" in welcome
            found = json.loads((var_dir / "run.json").read_text())
            with psycopg.connect(found["database"]) as connection:
                connection.execute("CREATE TABLE IF NOT EXISTS kept (round int)")
                row = connection.execute("SELECT count(*) FROM kept").fetchone()
                connection.execute("INSERT INTO kept VALUES (1)")
            assert row == (round_number,)
            command.send_signal(how)
            output, _ = command.communicate(timeout=120)
    assert command.returncode == 0, output
    assert "Traceback" not in output
    assert not (var_dir / "run.json").exists()
    assert set(found["pids"]) == {"postgres", "wechat", "worker", "web"}
    for name, pid in found["pids"].items():
        assert process_command(pid) is None, name


def test_a_stop_during_the_start_ends_what_was_up(var_dir: Path) -> None:
    with run(var_dir) as command:
        printed_until(command, "migrations")
        assert (var_dir / "postgres" / "data" / "postmaster.pid").exists()
        command.send_signal(signal.SIGTERM)
        output, _ = command.communicate(timeout=120)
    assert command.returncode == 0, output
    assert "stopped" in output
    assert not (var_dir / "postgres" / "data" / "postmaster.pid").exists()


def test_a_busy_port_gives_one_line_before_anything_is_started(var_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        line = one_line(var_dir, PORT=str(port))
    assert f"端口 {port} 已被占用" in line
    assert f"port {port} is in use" in line
    assert not (var_dir / "postgres").exists()


def test_a_second_run_in_the_same_folder_gives_one_line(var_dir: Path) -> None:
    var_dir.mkdir()
    lock = FolderLock(var_dir / "run.lock")
    assert lock.acquire()
    assert f"process {os.getpid()}" in one_line(var_dir)
    lock.release()


def test_a_port_that_is_none_gives_one_line(var_dir: Path) -> None:
    assert "1 to 65535" in one_line(var_dir, PORT="８０００")


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1", "８０００"])
def test_a_port_is_a_number_of_ascii_in_its_bounds(port: str) -> None:
    with pytest.raises(LocalError, match="1 to 65535"):
        _port(port)


def test_a_folder_that_cannot_be_made_gives_one_line(var_dir: Path) -> None:
    var_dir.write_text("a file")
    assert str(var_dir) in one_line(var_dir)


def test_a_database_that_is_not_there_is_told_without_its_password(var_dir: Path) -> None:
    url = f"postgresql://user:hidden@127.0.0.1:{free_ports(1)[0]}/db"
    with run(var_dir, DATABASE_URL=url) as command:
        output, _ = command.communicate(timeout=120)
    assert command.returncode == 1
    assert "cannot connect to DATABASE_URL" in output
    assert "hidden" not in output


def test_a_request_to_stop_wakes_up_who_waits_and_stays() -> None:
    stop = StopRequest()
    assert not stop.wait(0)
    before = signal.getsignal(signal.SIGTERM)
    try:
        stop.listen()
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.wait(60)
        assert stop.wait(60)
    finally:
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler if number == 2 else signal.SIG_DFL)
        signal.signal(signal.SIGTERM, before)
