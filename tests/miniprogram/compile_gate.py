"""`make compile-gate`: WeChat's own compiler (miniprogram-ci) on the mini-program, offline.

It is large (276 MB), so it is installed and run before a release, not on every commit.
"""

import subprocess
import sys

from backend.local.preview import MINIPROGRAM, TOOLS, install_tools
from backend.local.processes import LocalError

GATE = TOOLS / "compile-gate"
_TIMEOUT_S = 120


def main() -> int:
    """Compile; say what WeChat would refuse; return the exit code."""
    try:
        install_tools(GATE)
    except LocalError as error:
        print(error)
        return 1
    done = subprocess.run(
        ["node", "gate.js", str(MINIPROGRAM)],
        cwd=GATE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        timeout=_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        print(f"✗ miniprogram-ci\n{done.stderr}")
        return 1
    print("✓ miniprogram-ci 编译通过 / compiles")
    return 0


if __name__ == "__main__":
    sys.exit(main())
