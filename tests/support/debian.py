"""What the tests take from Debian's packages, installed where we may."""

import os
import shutil
import subprocess
from collections.abc import Sequence

_INSTALL_TIMEOUT_S = 600


def may_install() -> bool:
    """Whether we are root on Debian, Ubuntu or one of their kind."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(*alternatives: Sequence[str]) -> str | None:
    """Install the first of these sets of packages that apt can have, without questions.

    Returns None when one of them is there, else what apt said of the last.
    """
    problem = _apt_get("update")
    for packages in alternatives:
        print(f"· 安装 / apt-get install {' '.join(packages)}", flush=True)
        problem = _apt_get("install", "-y", "--no-install-recommends", *packages)
        if problem is None:
            break
    return problem


def _apt_get(*arguments: str) -> str | None:
    """Run it without questions; its output where it failed."""
    done = subprocess.run(
        ["apt-get", "-qq", *arguments],
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_INSTALL_TIMEOUT_S,
        check=False,
    )
    return None if done.returncode == 0 else done.stdout
