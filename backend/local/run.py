"""`make run`: a whole system in var/, until Ctrl-C.

    python -m backend.local.run

PORT (8000) and VAR_DIR (var/) choose another place; DATABASE_URL and WECHAT_APPID replace the
private database and the stand-in WeChat. `$VAR_DIR/run.json` says what runs where.
"""

import os
import select
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from types import FrameType

from backend.local.preview import BackgroundBuild
from backend.local.processes import LocalError
from backend.local.system import ROOT, LocalSystem, StoppedError
from backend.local.waiting import WaitTimeoutError

__all__ = ["LocalSystem", "main"]

DEFAULT_PORT = 8000


class StopRequest:
    """Ctrl-C, SIGTERM or a closed terminal, noticed between two steps and never inside one.

    An exception thrown by a handler could fall between starting a process and noting that it
    was started. A pipe wakes up whoever waits; threading.Event could deadlock in a handler.
    """

    def __init__(self) -> None:
        """Nothing requested yet."""
        self.requested = False
        self._reader, self._writer = os.pipe()

    def listen(self) -> None:
        """Take over the signals that ask this process to stop.

        A closed terminal is no such request under nohup, which shows as SIGHUP being ignored. A
        shell also ignores SIGINT for what it runs in the background: that we do take over.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._note)

    def wait(self, timeout_s: float) -> bool:
        """Wait for the request, at most so many seconds; return whether it was made."""
        if not self.requested:
            select.select([self._reader], [], [], timeout_s)
        return self.requested

    def _note(self, number: int, frame: FrameType | None) -> None:
        if not self.requested:
            self.requested = True
            os.write(self._writer, b".")


def say(line: str) -> None:
    """Print a line; a terminal that is gone must not keep us from stopping cleanly."""
    with suppress(OSError):
        print(line, flush=True)


def main() -> int:
    """Run until asked to stop; return the exit code."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without Chinese is no reason to fail
    stop = StopRequest()
    stop.listen()
    began = time.monotonic()
    try:
        system = _system(os.environ, stop)
        build = BackgroundBuild(system.preview) if system.preview else None
        with system:
            say(_welcome(system, build, time.monotonic() - began))
            system.watch(stop)
            say("\n正在停止 / stopping …")
    except StoppedError as stopped:
        say(f"\n{stopped}")
        return 0
    except (LocalError, WaitTimeoutError) as error:
        say(f"\n{error}" if "\n" in str(error) else str(error))
        return 1
    except OSError as error:
        say(f"无法读写 / cannot use {error.filename}: {error.strerror}")
        return 1
    say("已全部停止，数据保留 / all stopped, the data is kept")
    return 0


def _system(environ: Mapping[str, str], stop: StopRequest) -> LocalSystem:
    app_env = environ.get("APP_ENV") or "development"
    var_dir = Path(environ.get("VAR_DIR") or ROOT / "var")
    local = app_env in {"development", "test"}
    return LocalSystem(
        var_dir,
        port=_port(environ.get("PORT") or str(DEFAULT_PORT)),
        demo=local,  # never into a district's real database
        environ=environ,
        preview=var_dir / "preview" if local else None,
        restart=True,
        say=lambda line: say(f"· {line}" if not line.startswith(" ") else line),
        stop=stop,
    )


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 65535:
        return int(text)
    raise LocalError(f"PORT 应为 1–65535 的整数 / PORT must be a number from 1 to 65535: {text!r}")


def _welcome(system: LocalSystem, build: BackgroundBuild | None, seconds: float) -> str:
    lines = [
        "",
        f"吾社集 已就绪（{seconds:.0f} 秒）/ is up",
        f"  工作台 console    {system.web}/console/",
        f"  接口文档 API docs {system.web}/api/docs",
        f"  微信 WeChat       {system.wechat}",
        f"  地址与进程 run    {_shown(system.run_file)}",
        f"  日志 logs         {_shown(system.var_dir / 'log')}",
        "",
        "试一试 / try:",
    ]
    if build is not None:
        lines.insert(3, f"  小程序 preview    {build.outcome(f'{system.web}/preview/')}")
    if "postgres" in system.pids:
        lines.insert(5, f"  数据库 database   {system.database_url}")
    if "wechat" in system.pids:
        lines += [
            "  # 以组织者登录 / log in as the organiser",
            f"  curl -s {system.web}/api/v1/auth/wechat -H 'Content-Type: application/json' "
            '-d \'{"code": "ok:organiser"}\'',
            "  # 其他演示用户 / other demo users: ok:admin ok:volunteer ok:partner ok:resident",
        ]
    lines += [
        f"  curl -s {system.web}/api/v1/activities",
        "  make demo   # 演一整天的集市 / plays a whole market day, in a database of its own",
        "",
        "Ctrl-C 停止 / stops everything",
    ]
    return "\n".join(lines)


def _shown(path: Path) -> str:
    with suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)


if __name__ == "__main__":
    sys.exit(main())
