"""`make test`: every check of this repository, in order, stopping at the first that fails;
`make test-oldest`: the backend's tests on the oldest PostgreSQL that is promised.

One line for each step, with its seconds; the output of a step is shown when it fails. pytest
comes last and is shown as it runs, and its closing line ends the output.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from pathlib import Path

from playwright.sync_api import sync_playwright

from backend.local.postgres.server import FAST_UNSAFE
from backend.local.postgres.service_user import POSTGRES_BINARIES
from backend.local.preview import MINIPROGRAM, TOOLS, install_tools
from backend.local.processes import LocalError
from backend.local.system import ROOT, LocalSystem
from tests.gate import coverage_gaps
from tests.miniprogram.size import oversized
from tests.support.browser import NoBrowserError, require_chromium
from tests.support.front import NoNginxError, require_nginx
from tests.support.oldest import OLDEST, NoPostgresError, require_oldest_postgres
from tests.support.pgbouncer import NoPgBouncerError, require_pgbouncer

NO_BROWSER = ["--ignore=tests/console", "--ignore=tests/miniprogram"]
NO_PGBOUNCER = ["--ignore=tests/pgbouncer"]
# What doesn't depend on the server's version: no SQL is sent (domain), none that the features' own
# tests don't send too (architecture, refused bodies and ids, the contract, the command line, races,
# WeChat), or how our own processes start, wait and end is tested. Of tests/local stay the server
# itself and the worker's queue. CI has 20 minutes for this run and the whole one.
NO_SERVER = [
    "--ignore=tests/architecture",
    "--ignore=tests/cli",
    "--ignore=tests/concurrency",
    "--ignore=tests/domain",
    "--ignore=tests/gateways",
    *(
        f"--ignore=tests/api/test_{name}.py"
        for name in ("bad_input", "contract", "fast_paths", "foreign_ids")
    ),
    *(
        f"--ignore=tests/local/test_{name}.py"
        for name in (
            "compose", "demo_kill", "demo_show", "preview", "run", "start", "supervisor", "system",
            "waiting",
        )
    ),
]  # fmt: skip


class CheckFailedError(Exception):
    """A step failed; the message is its output."""


def command(*argv: str) -> Callable[[], None]:
    """A step that runs a program of .venv and fails when that does."""
    return program(Path(sys.executable).parent / argv[0], *argv[1:], folder=ROOT)


def program(*argv: str | Path, folder: Path) -> Callable[[], None]:
    """A step that runs a program in a folder and fails when that does."""

    def step() -> None:
        done = subprocess.run(
            argv,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise CheckFailedError(done.stdout)

    return step


def migrations_match_models() -> None:
    """`alembic check` on a fresh database made by the migrations alone."""
    system = LocalSystem(database_settings=FAST_UNSAFE)
    try:
        system.start_database().migrate("check")
    except LocalError as error:
        raise CheckFailedError(str(error)) from None
    finally:
        system.stop()


def npm_ci() -> None:
    """What the mini-program's checks need; says so when there is no Node."""
    try:
        install_tools()
    except LocalError as error:
        raise CheckFailedError(str(error)) from None


def browser() -> None:
    """A Chromium for the tests of mini-program and console, installed now where we may."""
    try:
        with sync_playwright() as playwright:
            require_chromium(playwright)
    except NoBrowserError as error:
        raise CheckFailedError(str(error)) from None


def nginx() -> None:
    """An nginx for the tests of what stands in front of us, installed now where we may."""
    try:
        require_nginx()
    except NoNginxError as error:
        raise CheckFailedError(str(error)) from None


def miniprogram_size() -> None:
    """No package of the mini-program is bigger than we promise."""
    if too_big := oversized(MINIPROGRAM):
        raise CheckFailedError("\n".join(too_big))


def coverage() -> None:
    """The coverage gate, on what pytest has just measured."""
    if gaps := coverage_gaps():
        raise CheckFailedError("\n".join(gaps))


STEPS: list[tuple[str, Callable[[], None]]] = [
    ("ruff check", command("ruff", "check")),
    ("ruff format", command("ruff", "format", "--check")),
    ("mypy --strict", command("mypy")),
    ("import-linter", command("lint-imports")),
    ("alembic check", migrations_match_models),
    ("npm ci", npm_ci),
    ("tsc --checkJs", program("npm", "run", "--silent", "types", folder=TOOLS)),
    ("mini-program build", program("npm", "run", "--silent", "check", folder=TOOLS)),
    ("mini-program size", miniprogram_size),
    ("nginx", nginx),
    ("chromium", browser),
]


def run_pytest(*arguments: str) -> str:
    """Run the tests, showing their output as it comes; return the closing line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-n", "3", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    closing = ""
    with process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            closing = line.strip() or closing
    if process.returncode != 0:
        raise CheckFailedError(closing)
    return closing


def timed(name: str, step: Callable[[], None]) -> None:
    """Run one step and print its line."""
    began = time.monotonic()
    try:
        step()
    except CheckFailedError as failure:
        print(f"✗ {name}  {time.monotonic() - began:.1f} s\n{failure}", flush=True)
        raise
    print(f"✓ {name}  {time.monotonic() - began:.1f} s", flush=True)


def everything(for_pytest: Sequence[str], *, backend: bool) -> str:
    """All checks, or all but those that drive a browser; return pytest's closing line."""
    for name, step in STEPS:
        if not (backend and step is browser):
            timed(name, step)
    closing = run_pytest(
        "-p", "tests.measure", *NO_PGBOUNCER, *(NO_BROWSER if backend else ()), *for_pytest
    )
    timed("coverage", coverage)
    return closing


def on_the_oldest(for_pytest: Sequence[str]) -> str:
    """The backend's tests on the oldest PostgreSQL, some also behind PgBouncer; return pytest's
    closing line.

    What the servers are asked is the same in all of them, so nothing needs to be measured here.
    """
    timed(f"PostgreSQL {OLDEST}", oldest_postgres)
    timed("PgBouncer", pgbouncer)
    return run_pytest(*NO_BROWSER, *NO_SERVER, *for_pytest)


def oldest_postgres() -> None:
    """Have all servers that we start be of the oldest version."""
    try:
        os.environ[POSTGRES_BINARIES] = str(require_oldest_postgres())
    except NoPostgresError as error:
        raise CheckFailedError(str(error)) from None


def pgbouncer() -> None:
    """A PgBouncer for the tests behind it, installed now where we may."""
    try:
        require_pgbouncer()
    except NoPgBouncerError as error:
        raise CheckFailedError(str(error)) from None


def main() -> int:
    """Run the steps; return the exit code. Arguments go to pytest, but for those named here."""
    parser = argparse.ArgumentParser(prog="make test", description="Everything that CI checks.")
    only = parser.add_mutually_exclusive_group()
    only.add_argument(
        "--backend", action="store_true", help="leave out the tests that drive a browser"
    )
    only.add_argument(
        "--oldest", action="store_true", help=f"the backend's tests alone, on PostgreSQL {OLDEST}"
    )
    chosen, for_pytest = parser.parse_known_args()
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        if chosen.oldest:
            closing = on_the_oldest(for_pytest)
        else:
            closing = everything(for_pytest, backend=chosen.backend)
    except CheckFailedError:
        return 1
    print(closing)
    return 0


if __name__ == "__main__":
    sys.exit(main())
