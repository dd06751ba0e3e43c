"""The mini-program in a browser: built by tests/miniprogram, served by `make run` at /preview/.

    python -m backend.local.preview        `make preview`

Everything here needs Node; nothing else in the product does.
"""

import fcntl
import hashlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import threading
import webbrowser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from backend.local.processes import LocalError
from backend.local.system import ROOT

MINIPROGRAM = ROOT / "miniprogram"
TOOLS = ROOT / "tests" / "miniprogram"
OLDEST_NODE = 20

_INSTALL_TIMEOUT_S = 300
_BUILD_TIMEOUT_S = 120
_STAMP = ".built-from"


class NodeMissingError(LocalError):
    """There is no Node, or one that is too old."""


def require_node() -> None:
    """Raise NodeMissingError (one line) unless Node and npm are here and new enough."""
    if shutil.which("node") and shutil.which("npm"):
        version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
        major = version.stdout.strip().removeprefix("v").split(".")[0]
        if major.isdigit() and int(major) >= OLDEST_NODE:
            return
    raise NodeMissingError(
        f"需要 Node {OLDEST_NODE} 或更新版本（含 npm）/ needs Node {OLDEST_NODE} or newer with npm"
    )


def install_tools(folder: Path = TOOLS) -> None:
    """`npm ci` in a folder, unless what is installed is what its package-lock.json says.

    Raises NodeMissingError, or LocalError with npm's own words.
    """
    require_node()
    with _one_at_a_time(folder):
        lock, installed = folder / "package-lock.json", folder / "node_modules" / _STAMP
        wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
        if not installed.exists() or installed.read_text(encoding="ascii") != wanted:
            _node(["npm", "ci", "--no-audit", "--no-fund"], folder, _INSTALL_TIMEOUT_S)
            installed.write_text(wanted, encoding="ascii")


def build_preview(out: Path, source: Path = MINIPROGRAM) -> None:
    """Build a mini-program into a folder, unless it is there from these very files.

    Args:
        out: made or emptied; its parent exists.
        source: the folder with app.json.

    Raises NodeMissingError, or LocalError naming file and line of what is wrong.
    """
    install_tools()
    with _one_at_a_time(out):
        stamp, wanted = out / _STAMP, _fingerprint(source)
        if not stamp.exists() or stamp.read_text(encoding="ascii") != wanted:
            script = ["node", "harness/build.js", "--source", str(source), "--out", str(out)]
            _node(script, TOOLS, _BUILD_TIMEOUT_S)
            stamp.write_text(wanted, encoding="ascii")


class BackgroundBuild:
    """A build that goes on while the system starts."""

    def __init__(self, out: Path) -> None:
        """Begin to build into `out`."""
        self._out = out
        self._failure = ""
        self._thread = threading.Thread(target=self._run, name="preview", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._out.parent.mkdir(parents=True, exist_ok=True)
            build_preview(self._out)
        except (LocalError, OSError) as error:
            first, *others = str(error).splitlines()
            more = f"{others[0]} … (make preview 显示全部 / shows all)" if others else ""
            self._failure = f"{first} {more}".strip()

    def outcome(self, address: str, timeout_s: float = 20) -> str:
        """Wait for the end; return the address, or in one line why there is nothing at it."""
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            return f"{address} (正在构建 / still being built)"
        return self._failure or address


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Let nobody else work on the folder meanwhile: a lock on its parent, so no file is left."""
    descriptor = os.open(folder.parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _fingerprint(source: Path) -> str:
    """What a build is made from: the mini-program, the harness and its tools."""
    digest = hashlib.sha256()
    folders = [source, TOOLS / "harness"]
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    for path in [*files, TOOLS / "package-lock.json"]:
        digest.update(f"{path}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _node(argv: list[str], folder: Path, timeout_s: float) -> None:
    """Run a command of Node's. Raises LocalError with its output when it fails."""
    try:
        done = subprocess.run(
            argv,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise LocalError(f"{argv[0]} {argv[1]}: 超过 {timeout_s:.0f} 秒 / took too long") from None
    if done.returncode != 0:
        raise LocalError(f"{argv[0]} {argv[1]} 失败 / failed:\n{done.stdout.strip()}")


def main(environ: Mapping[str, str] = os.environ) -> int:
    """Build, then show where: at the system that runs, or at one that is started for it."""
    from backend.local import run

    var_dir = Path(environ.get("VAR_DIR") or ROOT / "var").expanduser().absolute()
    try:
        var_dir.mkdir(parents=True, exist_ok=True)
        build_preview(var_dir / "preview")
    except LocalError as error:
        print(error)
        return 1
    web = _running_web(var_dir)
    if web is None:
        return run.main()
    print(f"小程序 preview    {web}/preview/")
    if sys.platform == "darwin" or environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"):
        webbrowser.open(f"{web}/preview/")
    return 0


def _running_web(var_dir: Path) -> str | None:
    """The address of the system that runs in this folder."""
    try:
        web = str(json.loads((var_dir / "run.json").read_text(encoding="utf-8"))["web"])
    except FileNotFoundError:
        return None
    connection = http.client.HTTPConnection(web.removeprefix("http://"), timeout=5)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/healthz")
        if connection.getresponse().status == http.HTTPStatus.OK:
            return web
    return None


if __name__ == "__main__":
    sys.exit(main())
