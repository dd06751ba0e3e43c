"""Starts a handful of processes, watches them, and ends them in reverse order.

Nothing is restarted in silence: a program that may come back says so in its `Program`, and each
restart is announced with the end of its log.
"""

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from backend.local.processes import LocalError, OwnerGuard, end_process

RESTARTS = 5
RESTART_WINDOW_S = 60.0

_LOG_LIMIT_BYTES = 20_000_000


@dataclass(frozen=True)
class Program:
    """What to run.

    Attributes:
        name: names the process to people and its log file.
        argv: the command line.
        environment: its whole environment.
        restart: whether `check` may start it again when it died by itself.
        grace_s: seconds between SIGTERM and SIGKILL.
    """

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    restart: bool = False
    grace_s: float = 10


class RestartLimit:
    """Tells bad luck from being broken: so many restarts in so many seconds, and no more."""

    def __init__(self, restarts: int = RESTARTS, window_s: float = RESTART_WINDOW_S) -> None:
        """Allow `restarts` restarts within any `window_s` seconds."""
        self._window_s = window_s
        self._times: deque[float] = deque(maxlen=restarts)

    def allow(self) -> bool:
        """Whether one more restart, now, is within the limit; it counts if it is."""
        now = time.monotonic()
        if len(self._times) == self._times.maxlen and now - self._times[0] < self._window_s:
            return False
        self._times.append(now)
        return True


class ProcessDiedError(LocalError):
    """A program ended that should not have; the message ends with the end of its log."""


@dataclass
class _Running:
    program: Program
    process: subprocess.Popen[bytes]
    guard: OwnerGuard
    ended_by_us: bool = False
    cleared: bool = False
    restarts: RestartLimit = field(default_factory=RestartLimit)


class Supervisor:
    """The processes of one system, each in a process group of its own.

    Their own group, so that Ctrl-C on the terminal reaches only the supervisor, which then ends
    them one by one; and so that what a killed program leaves behind (a web server's workers) is
    found and ended as well.
    """

    def __init__(self, log_dir: Path, *, cwd: Path, say: Callable[[str], None] = print) -> None:
        """Prepare a supervisor.

        Args:
            log_dir: where each program's output goes, as <name>.log; made when missing.
            cwd: the folder the programs run in.
            say: receives the lines for the person at the terminal.
        """
        self._log_dir = log_dir
        self._cwd = cwd
        self._say = say
        self._running: dict[str, _Running] = {}
        log_dir.mkdir(parents=True, exist_ok=True)

    def start(self, program: Program) -> int:
        """Start a program and return its process number.

        Raises LocalError when one of this name runs already.
        """
        if self.is_running(program.name):
            raise LocalError(f"{program.name} 已在运行 / is running already")
        earlier = self._running.get(program.name)
        if earlier is not None:
            self._clear(earlier)
        log = self.log(program.name)
        if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as output:
            process = subprocess.Popen(
                program.argv,
                cwd=self._cwd,
                env=program.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        running = _Running(program, process, OwnerGuard(process.pid, signal.SIGTERM))
        if earlier is not None:
            running.restarts = earlier.restarts
        self._running[program.name] = running  # a known name keeps its place in the order
        return process.pid

    def pid(self, name: str) -> int:
        """The process number of a program. Raises ProcessDiedError when it does not run."""
        if not self.is_running(name):
            raise ProcessDiedError(self._obituary(name))
        return self._running[name].process.pid

    def is_running(self, name: str) -> bool:
        """Whether the program was started and is alive."""
        running = self._running.get(name)
        return running is not None and running.process.poll() is None

    def stop(self, name: str) -> None:
        """End a program: SIGTERM, after its grace SIGKILL, also for what it left behind."""
        running = self._running[name]
        running.ended_by_us = True
        end_process(
            running.process,
            [(signal.SIGTERM, running.program.grace_s), (signal.SIGKILL, 5)],
        )
        self._clear(running)

    def kill(self, name: str) -> None:
        """End a program and its children at once with SIGKILL, as a crash would. For tests."""
        running = self._running[name]
        running.ended_by_us = True
        if running.process.poll() is None:
            os.killpg(running.process.pid, signal.SIGKILL)
            running.process.wait()
        self._clear(running)

    def restart(self, name: str) -> int:
        """Start a program again, ending it first if it runs; return the new process number."""
        self.stop(name)
        return self.start(self._running[name].program)

    def check(self) -> list[str]:
        """Look at all programs once; restart those that died and may be restarted.

        Returns the names of those restarted. Raises ProcessDiedError for one that died and may
        not be restarted, or died too often.
        """
        restarted = []
        for name, running in list(self._running.items()):
            if running.ended_by_us or running.process.poll() is None:
                continue
            self._clear(running)
            if not running.program.restart or not running.restarts.allow():
                raise ProcessDiedError(self._obituary(name))
            obituary = self._obituary(name, lines=8)
            self.start(running.program)
            self._say(f"{obituary}\n{name}: 已重新启动 / restarted")
            restarted.append(name)
        return restarted

    def stop_all(self) -> None:
        """End everything, the last started first; one that resists does not save the others."""
        with ExitStack() as stack:
            for name in self._running:
                stack.callback(self.stop, name)

    def log(self, name: str) -> Path:
        """The log file of a program."""
        return self._log_dir / f"{name}.log"

    def log_tail(self, name: str, lines: int = 40) -> str:
        """The last lines of a program's log."""
        try:
            text = self.log(name).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def _clear(self, running: _Running) -> None:
        """Dismiss the guard of a program that has ended, and end what it left of its group."""
        if running.cleared:  # by now the number may be another's
            return
        running.cleared = True
        running.guard.dismiss()
        with suppress(ProcessLookupError, PermissionError):  # macOS: EPERM for a zombie group
            os.killpg(running.process.pid, signal.SIGKILL)

    def _obituary(self, name: str, lines: int = 40) -> str:
        running = self._running.get(name)
        if running is None:
            return f"{name} 未启动 / was not started"
        code = running.process.poll()
        how = f"signal {signal.Signals(-code).name}" if code and code < 0 else f"exit code {code}"
        return (
            f"{name} 意外退出 / ended unexpectedly ({how}); {self.log(name)}:\n"
            f"{self.log_tail(name, lines)}"
        )
