"""The files of a private PostgreSQL: its data folder, who is let in, who was there before."""

import os
import pwd
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from backend.core.db.roles import APP, READER
from backend.local.postgres.service_user import ServiceUser
from backend.local.processes import LocalError, is_alive, process_command
from backend.local.waiting import wait_until

SUPERUSER = "postgres"
ROLES = (SUPERUSER, APP, READER)
UNFINISHED = "data.new"


class PostgresError(LocalError):
    """The private PostgreSQL cannot do what was asked."""


def server_environment() -> dict[str, str]:
    """The environment of the server: none of ours, so that no PGPORT or PGDATA gets in.

    LC_ALL also keeps macOS from starting a thread in the postmaster, which PostgreSQL refuses.
    """
    return {"PATH": os.defpath, "LC_ALL": "C"}


def initialise(data: Path, binaries: Path, user: ServiceUser, *, sync: bool) -> None:
    """Make the data folder: beside its place first, so that half of one is never used.

    Args:
        data: where it shall be.
        binaries: the folder with initdb.
        user: whose it shall be.
        sync: whether to wait until it is on the disk.

    Raises PostgresError with initdb's own words.
    """
    unfinished = data.with_name(UNFINISHED)
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    user.give(unfinished)
    argv = [
        str(binaries / "initdb"),
        "--pgdata", str(unfinished),
        "--username", SUPERUSER,
        "--encoding", "UTF8",
        "--locale", "C",
        "--auth-local", "peer",
        "--auth-host", "reject",
        "--no-instructions",
    ]  # fmt: skip
    if not sync:
        argv.append("--no-sync")
    done = subprocess.run(
        argv,
        cwd="/",
        env=server_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        start_new_session=True,  # Ctrl-C is ours to handle
        **user.popen_options(),
    )
    if done.returncode != 0:
        raise PostgresError(f"initdb 失败 / initdb failed\n{done.stdout}{done.stderr}".rstrip())
    unfinished.rename(data)


def check_version(data: Path, binaries: Path) -> None:
    """Raise PostgresError when the data was made by another major version of PostgreSQL.

    Args:
        data: PostgreSQL's own folder.
        binaries: the folder with the programs that are to run on it.
    """
    said = subprocess.run(
        [binaries / "postgres", "--version"],
        env=server_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    program = said.stdout.split()[2].partition(".")[0]  # postgres (PostgreSQL) 15.18 (Debian …)
    version = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    if version != program:
        raise PostgresError(
            f"数据目录属于 PostgreSQL {version}，程序为 {program}：请换 VAR_DIR / "
            f"the data in {data} is of PostgreSQL {version}, the programs are "
            f"{program}: choose another VAR_DIR, or dump and load"
        )


def write_access_rules(home: Path) -> None:
    """Let in the user who runs us, as told by the kernel, and nobody else.

    In our folder, not in PostgreSQL's: as root we do not write where another user could
    have put a link.
    """
    us = pwd.getpwuid(os.geteuid()).pw_name.replace('"', '""')
    for name, rule in (
        ("pg_hba.conf", f"local all {','.join(ROLES)} peer map=owner\n"),
        ("pg_ident.conf", "".join(f'owner "{us}" {role}\n' for role in ROLES)),
    ):
        path = home / name
        path.write_text(rule, encoding="utf-8")
        path.chmod(0o644)


def end_orphan(data: Path) -> None:
    """End a server whose owner was killed before it could; the caller has its lock.

    A postmaster.pid whose number now belongs to some other program (after a restart of the
    machine or container) is deleted: PostgreSQL itself would refuse to start over it.
    """
    pid_file = data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text(encoding="utf-8").split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return

    def is_our_server() -> bool:
        command = process_command(pid)
        return command is not None and bool(
            re.search(rf"postgres\b.*{re.escape(str(data))}\s", command)
        )

    if is_our_server():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        wait_until(lambda: not is_our_server(), timeout_s=40, what=f"process {pid} to end")
    elif is_alive(pid):
        pid_file.unlink()
