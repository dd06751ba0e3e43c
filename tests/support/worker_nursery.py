"""Real workers, several of them in a test, for the price of one start.

A process of its own has imported the app once; each worker is a fork of it, with an environment,
a log and a clock of its own. `python -m tests.support.worker_nursery` is that process; it takes
one order a line.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Worker:
    """One worker process.

    Attributes:
        log: where its lines go.
    """

    pid: int
    log: Path
    nursery: "Nursery"

    def lines(self) -> list[dict[str, Any]]:
        """What it has logged."""
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]

    def end(self, number: int) -> int:
        """Send it a signal, wait for its end; its exit code, or the signal's number below zero."""
        os.kill(self.pid, number)
        return int(self.nursery.order(wait=self.pid))


class Nursery:
    """Starts workers; ends those that are left with itself."""

    def __init__(self, folder: Path) -> None:
        """
        Args:
            folder: for the workers' logs.
        """
        self._folder = folder
        self._count = 0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.worker_nursery"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate(timeout=20)

    def order(self, **order: Any) -> Any:
        """Have an order carried out, and return its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def start(
        self, environment: dict[str, str], *, concurrency: int, ahead: timedelta = timedelta()
    ) -> Worker:
        """A new worker, which has not yet found its database.

        Args:
            environment: the app's settings.
            ahead: how far its clock is ahead of the others'.
        """
        self._count += 1
        log = self._folder / f"worker-{self._count}.log"
        log.touch()
        pid = self.order(
            environment=environment,
            concurrency=concurrency,
            ahead_s=ahead.total_seconds(),
            log=str(log),
        )
        return Worker(pid, log, self)


def _serve() -> None:
    from backend import worker  # noqa: F401 - once, for all that are forked

    left = set()
    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            left.discard(order["wait"])
            answer = os.waitstatus_to_exitcode(os.waitpid(order["wait"], 0)[1])
        else:
            answer = os.fork()
            if answer == 0:
                _work(**order)
            left.add(answer)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
    for pid in left:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def _work(environment: dict[str, str], concurrency: int, ahead_s: float, log: str) -> None:
    """Be a worker, to the end of this process."""
    import time_machine

    from backend import worker
    from backend.core import clock

    code = 1
    try:
        output = os.open(log, os.O_WRONLY | os.O_APPEND)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(0)
        os.environ.update(environment)
        if ahead_s:
            time_machine.travel(clock.now() + timedelta(seconds=ahead_s)).start()
        worker.main(concurrency)
        code = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)


if __name__ == "__main__":
    _serve()
