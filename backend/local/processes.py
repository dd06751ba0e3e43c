"""Processes that must not outlive us, and the locks that say who owns a folder.

Only what POSIX has: the same code runs on Linux and macOS.
"""

import fcntl
import os
import signal
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO


class LocalError(Exception):
    """Something on this machine is in the way; the message is one line for the person there."""


class OwnerGuard:
    """Ends a child when its owner is gone, however the owner went: SIGTERM and SIGKILL too.

    `atexit` and `finally` do not run when a signal kills Python, and a prctl is Linux only. So a
    tiny shell reads from a pipe whose other end only the owner holds: when the owner dies the
    kernel closes that end, the shell wakes up and signals the child.
    """

    def __init__(self, pid: int, how: signal.Signals) -> None:
        """Guard process `pid`.

        Args:
            pid: a child of ours. Until we reap it its number cannot go to another process; so
                dismiss the guard as soon as it is reaped.
            how: the signal that ends it cleanly.
        """
        reader, self._writer = os.pipe()  # neither is inherited by other children (PEP 446)
        try:
            self._shell = subprocess.Popen(
                ["/bin/sh", "-c", 'read -r _; kill -s "$2" "$1"', "guard", str(pid), how.name[3:]],
                stdin=reader,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C on the terminal must not end the guard
                cwd="/",
            )
        finally:
            os.close(reader)

    def dismiss(self) -> None:
        """Take the guard off duty. May be repeated."""
        if self._writer < 0:
            return
        self._shell.kill()
        self._shell.wait()
        os.close(self._writer)
        self._writer = -1


def end_process(
    process: subprocess.Popen[bytes], steps: Iterable[tuple[signal.Signals, float]]
) -> int:
    """Signal our own child and wait, one step after the other until it has ended.

    Args:
        process: a child of ours.
        steps: pairs of a signal and the seconds to wait for its effect. The caller ends the list
            with SIGKILL.

    Returns its return code. Raises subprocess.TimeoutExpired if even the last step failed.
    """
    for how, grace_s in steps:
        if process.poll() is not None:
            break
        process.send_signal(how)
        with suppress(subprocess.TimeoutExpired):
            return process.wait(grace_s)
    return process.wait(1)


def is_alive(pid: int) -> bool:
    """Whether a process of this number exists, a zombie included, whoever it belongs to."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def process_command(pid: int) -> str | None:
    """Return the command line of process `pid`, or None when there is none (a zombie has none)."""
    if Path("/proc/self/cmdline").exists():
        try:
            return (
                Path(f"/proc/{pid}/cmdline")
                .read_bytes()
                .replace(b"\0", b" ")
                .decode(errors="replace")
            ) or None
        except OSError:
            return None
    listing = subprocess.run(
        ["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False
    )
    return listing.stdout.strip() or None


class FolderLock:
    """Says that a folder has an owner; the kernel takes the lock back when the owner dies."""

    def __init__(self, path: Path) -> None:
        """Prepare a lock on the file `path`, which is made when it is first acquired."""
        self._path = path
        self._file: IO[str] | None = None

    @property
    def held(self) -> bool:
        """Whether we hold the lock."""
        return self._file is not None

    def acquire(self) -> bool:
        """Take the lock unless somebody else has it; return whether we have it now."""
        file = self._path.open("a+", encoding="ascii")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._file = file
        return True

    def holder(self) -> str:
        """Return the process number of whoever holds it, as far as the file tells."""
        return self._path.read_text(encoding="ascii").strip() or "?"

    def release(self) -> None:
        """Give it back. May be repeated."""
        if self._file is not None:
            self._file.close()
            self._file = None
