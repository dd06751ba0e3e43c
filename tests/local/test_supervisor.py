"""The supervisor: real processes that end, refuse to end, and die."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backend.local.processes import LocalError, process_command
from backend.local.supervisor import ProcessDiedError, Program, RestartLimit, Supervisor
from backend.local.waiting import wait_until

STAY = "echo up; exec tail -f /dev/null"


@pytest.fixture
def said() -> list[str]:
    """What the supervisor told the person at the terminal."""
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path / "log", cwd=tmp_path, say=said.append)
    yield supervisor
    supervisor.stop_all()


def shell(name: str, script: str, **options: bool | float) -> Program:
    """A program that is a shell script."""
    return Program(name, ["/bin/sh", "-c", script], {"PATH": "/bin:/usr/bin"}, **options)  # type: ignore[arg-type]


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    return process_command(pid) is None


def log_says(supervisor: Supervisor, name: str, word: str) -> Callable[[], bool]:
    """A condition: the log of a program contains a word."""
    return lambda: word in supervisor.log_tail(name)


def wait_for_log(supervisor: Supervisor, name: str, word: str) -> None:
    wait_until(log_says(supervisor, name, word), timeout_s=30, what=f"{word!r} of {name}")


def wait_for_end(supervisor: Supervisor, name: str) -> None:
    wait_until(lambda: not supervisor.is_running(name), timeout_s=30, what=f"end of {name}")


def test_output_goes_to_the_log_of_the_program(supervisor: Supervisor) -> None:
    supervisor.start(shell("talker", "echo out; echo err >&2"))
    wait_for_log(supervisor, "talker", "out\nerr")


def test_a_program_sees_exactly_the_environment_it_was_given(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere")
    supervisor.start(shell("env", "env; echo end"))
    wait_for_log(supervisor, "env", "end")
    assert "DATABASE_URL" not in supervisor.log_tail("env", 100)


def test_one_name_runs_once(supervisor: Supervisor) -> None:
    supervisor.start(shell("one", STAY))
    with pytest.raises(LocalError, match="running already"):
        supervisor.start(shell("one", STAY))


def test_a_death_is_told_with_the_end_of_the_log(supervisor: Supervisor) -> None:
    supervisor.start(shell("brief", "echo what went wrong; exit 3"))
    wait_for_end(supervisor, "brief")
    with pytest.raises(ProcessDiedError) as death:
        supervisor.check()
    assert "brief" in str(death.value)
    assert "exit code 3" in str(death.value)
    assert str(death.value).endswith("what went wrong")


def test_nothing_is_restarted_unless_told_and_never_in_silence(
    supervisor: Supervisor, said: list[str], tmp_path: Path
) -> None:
    script = f"if [ -e {tmp_path}/second ]; then {STAY}; fi; touch {tmp_path}/second; kill -9 $$"
    first = supervisor.start(shell("phoenix", script, restart=True))
    wait_for_end(supervisor, "phoenix")
    assert supervisor.check() == ["phoenix"]
    assert supervisor.pid("phoenix") != first
    assert len(said) == 1
    assert "SIGKILL" in said[0]
    assert "restarted" in said[0]
    assert supervisor.check() == []


def test_a_program_that_dies_again_and_again_is_given_up(supervisor: Supervisor) -> None:
    supervisor.start(shell("broken", "exit 1", restart=True))

    def given_up() -> bool:
        wait_for_end(supervisor, "broken")
        try:
            supervisor.check()
        except ProcessDiedError:
            return True
        return False

    wait_until(given_up, timeout_s=60, what="giving up")


def test_restarts_are_limited_within_a_window_only() -> None:
    tight = RestartLimit(2, 60)
    assert [tight.allow() for _ in range(4)] == [True, True, False, False]
    loose = RestartLimit(2, 0)
    assert all(loose.allow() for _ in range(4))


def test_a_program_ended_by_us_is_no_death(supervisor: Supervisor) -> None:
    for name in ("stopped", "killed"):
        supervisor.start(shell(name, STAY, restart=True))
    supervisor.stop("stopped")
    supervisor.kill("killed")
    assert supervisor.check() == []
    with pytest.raises(ProcessDiedError, match="SIGKILL"):
        supervisor.pid("killed")


def test_a_program_that_ignores_sigterm_is_killed_after_its_grace(supervisor: Supervisor) -> None:
    pid = supervisor.start(shell("stubborn", f"trap '' TERM; {STAY}", grace_s=0.2))
    wait_for_log(supervisor, "stubborn", "up")
    supervisor.stop("stubborn")
    assert gone(pid)


@pytest.mark.parametrize("end", [Supervisor.stop, Supervisor.kill])
def test_children_of_a_program_end_with_it(
    supervisor: Supervisor, end: Callable[[Supervisor, str], None]
) -> None:
    """As the workers of a web server whose master is killed; they hold its port."""
    supervisor.start(shell("parent", f"({STAY}) & echo child $!; wait"))
    wait_for_log(supervisor, "parent", "up")
    child = int(supervisor.log_tail("parent").split("child ")[1].split()[0])
    end(supervisor, "parent")
    wait_until(lambda: gone(child), timeout_s=30, what="the child's end")


def test_the_last_started_ends_first_also_after_a_restart(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    order = tmp_path / "order"
    for name in ("database", "worker", "web"):
        supervisor.start(
            shell(
                name, f"trap 'echo {name} >> {order}; exit' TERM; echo up; tail -f /dev/null & wait"
            )
        )
        wait_for_log(supervisor, name, "up")
    supervisor.log("database").write_text("")
    supervisor.restart("database")
    wait_for_log(supervisor, "database", "up")
    order.unlink()
    supervisor.stop_all()
    assert order.read_text().split() == ["web", "worker", "database"]


OWNER = """
import signal, sys
from pathlib import Path
from backend.local.supervisor import Program, Supervisor

supervisor = Supervisor(Path(sys.argv[1]), cwd=Path("/"))
child = Program("child", ["tail", "-f", "/dev/null"], {"PATH": "/bin:/usr/bin"})
print(supervisor.start(child), flush=True)
signal.pause()
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_no_program_outlives_a_killed_supervisor(tmp_path: Path, how: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", OWNER, tmp_path], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        child = int(owner.stdout.readline())
        assert not gone(child)
        owner.send_signal(how)
    wait_until(lambda: gone(child), timeout_s=30, what="the child's end")
