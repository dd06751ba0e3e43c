"""A whole system on this machine: database, stand-in WeChat, worker, web.

`make run` keeps one in var/; the demo, the bench and the tests that kill things start one in a
temporary folder, on free ports, and look at the same parts.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from backend.core.config import MESSAGES
from backend.core.db.roles import APP
from backend.local.keys import local_keys, write_private
from backend.local.ports import accepts, free_ports, require_free
from backend.local.postgres.server import DURABLE, PrivatePostgres, require_database
from backend.local.processes import FolderLock, LocalError, end_process
from backend.local.supervisor import ProcessDiedError, Program, RestartLimit, Supervisor
from backend.local.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "wushe"

STAND_IN_APPID = "wx-standin"
STAND_IN_SECRET = "standin-secret"  # noqa: S105 - the stand-in's, guards nothing
WECHAT_API = "https://api.weixin.qq.com"

_READY_TIMEOUT_S = 120
_COMMAND_TIMEOUT_S = 600

_APP_SETTINGS = frozenset(
    {
        "ALLOWED_HOSTS",
        "APP_ENV",
        "BIND",
        "CODE_SIGNING_KEY",
        "DATABASE_DIRECT_URL",
        "DATABASE_POOL",
        "DATABASE_URL",
        "FORWARDED_ALLOW_IPS",
        "GUNICORN_CMD_ARGS",
        "LIMITS_TIMES",
        "LOG_LEVEL",
        "METRICS_TOKEN",
        "PHONE_ENCRYPTION_KEY",
        "PHONE_HASH_KEY",
        "PORT",
        "STATEMENT_TIMEOUT_MS",
        "TRUSTED_PROXIES",
        "VAR_DIR",
    }
)
_APP_PREFIXES = ("DIGEST_", "WECHAT_", "WEB_", "FLASK_")


def is_app_setting(name: str) -> bool:
    """Whether an environment variable configures our app, and so is not taken from our shell."""
    return name in _APP_SETTINGS or name.startswith(_APP_PREFIXES)


class StoppedError(LocalError):
    """Somebody asked to stop before the system was up."""


class StopSignal(Protocol):
    """What a system asks whether it should give up starting, or watching."""

    @property
    def requested(self) -> bool:
        """Whether to stop."""

    def wait(self, timeout_s: float) -> bool:
        """Wait for the request, at most so many seconds; return `requested`."""


def _quiet(line: str) -> None:
    """Say nothing."""


class LocalSystem:
    """One system: a context manager that is up inside the block and gone after it.

    with LocalSystem(demo=True) as system:
        requests.get(f"{system.web}/api/v1/activities")

    Not for use from several threads at once, except for the addresses.
    """

    def __init__(
        self,
        var_dir: Path | None = None,
        *,
        port: int = 0,
        demo: bool = False,
        workers: int | None = None,
        database_settings: Mapping[str, str] = DURABLE,
        environ: Mapping[str, str] | None = None,
        preview: Path | None = None,
        slow_wechat: bool = True,
        restart: bool = False,
        say: Callable[[str], None] = _quiet,
        stop: StopSignal | None = None,
    ) -> None:
        """Prepare a system; nothing happens before `start`.

        Args:
            var_dir: its folder, kept at the end; None for a temporary one that is deleted.
            port: of the web server; 0 for a free one.
            demo: whether to load the demo data.
            workers: gunicorn's processes (WEB_CONCURRENCY); None for its default.
            database_settings: of the private PostgreSQL. Not FAST_UNSAFE where it gets killed.
            environ: settings of the app, by their environment names. DATABASE_URL and
                WECHAT_APPID among them replace the private database and the stand-in. The
                process's own environment has no say in them: pass os.environ for that.
            preview: the built mini-program (tests/miniprogram), served under /preview/; the
                folder may appear later. None for nothing but the app.
            slow_wechat: whether the stand-in WeChat takes as long as the real one; False for tests
                of something else, which have many people log in.
            restart: whether `watch` starts a part again that died by itself.
            say: receives progress lines.
            stop: asked during the start.
        """
        self._temporary = var_dir is None
        self.var_dir = Path() if var_dir is None else var_dir.expanduser().absolute()
        self._port = port
        self._demo = demo
        self._settings = {name: value for name, value in (environ or {}).items() if value}
        if workers is not None:
            self._settings["WEB_CONCURRENCY"] = str(workers)
        self._database_settings = database_settings
        self.preview = None if preview is None else preview.expanduser().absolute()
        self._slow_wechat = slow_wechat
        self._restart = restart
        self._say = say
        self._stop = stop
        self._resources = ExitStack()
        self._database_restarts = RestartLimit()
        self._postgres: PrivatePostgres | None = None
        self._supervisor: Supervisor | None = None
        self.database_url = ""  # as the tables' owner; the app's processes are wushe_app
        self._app_database_url = ""
        self.wechat = ""
        self.web = ""
        self.environment: dict[str, str] = {}

    # -- life ------------------------------------------------------------------------------

    def start(self) -> Self:
        """Bring everything up; return when /readyz answers.

        Raises LocalError (one clear line, then the end of a log where there is one) after
        having taken down again what was up already.
        """
        return self._begin(self._serve)

    def start_database(self) -> Self:
        """Bring up only the migrated database and the environment for commands."""
        return self._begin(lambda: None)

    def stop(self) -> None:
        """End everything, the database last. May be repeated."""
        self._resources.close()
        self._postgres = None
        self._supervisor = None

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    def watch(self, stop: StopSignal) -> None:
        """Keep an eye on the parts until asked to stop.

        Raises ProcessDiedError when one of them died and may not be restarted.
        """
        while not stop.wait(0.5):
            self.check()

    def check(self) -> None:
        """Look at all parts once; see `watch`."""
        restarted = self._check_database()
        if self._supervisor is not None and self._supervisor.check():
            restarted = True
        if restarted:
            self._write_run_file()

    # -- parts -----------------------------------------------------------------------------

    @property
    def pids(self) -> dict[str, int]:
        """The process numbers of the parts that are ours, by name."""
        pids = {}
        if self._postgres is not None and self._postgres.running:
            pids["postgres"] = self._postgres.pid
        if self._supervisor is not None:
            for name in ("wechat", "worker", "web"):
                if self._supervisor.is_running(name):
                    pids[name] = self._supervisor.pid(name)
        return pids

    @property
    def run_file(self) -> Path:
        """Where addresses and process numbers are written while the system is up."""
        return self.var_dir / "run.json"

    def log_tail(self, name: str, lines: int = 40) -> str:
        """The last lines of a part's log: web, worker or wechat."""
        return self._parts.log_tail(name, lines)

    def flask(self, *arguments: str) -> str:
        """Run `flask --app backend.local.wsgi <arguments>` in this system; see `python`."""
        return self.python("flask", "--app", "backend.local.wsgi", *arguments)

    def migrate(self, *arguments: str) -> str:
        """Run `python -m backend.core.migrate <arguments>` as the tables' owner; see `python`."""
        return self._python("backend.core.migrate", arguments, {"DATABASE_URL": self.database_url})

    def python(self, module: str, *arguments: str) -> str:
        """Run `python -m <module> <arguments>` in this system and return its output.

        Raises LocalError with the end of its output when it fails.
        """
        return self._python(module, arguments, {})

    def _python(self, module: str, arguments: Sequence[str], changes: Mapping[str, str]) -> str:
        name = module.rsplit(".", 1)[-1]
        log = self._parts.log(name)
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=ROOT,
                env={**self.environment, **changes},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

            def ended() -> bool:
                self._go_on()
                return process.poll() is not None

            try:
                wait_until(ended, timeout_s=_COMMAND_TIMEOUT_S, what=f"{module} {arguments}")
            finally:
                end_process(process, [(signal.SIGTERM, 10), (signal.SIGKILL, 5)])
        if process.returncode != 0:
            raise LocalError(
                f"{module} {' '.join(arguments)} 失败 / failed (exit code {process.returncode}); "
                f"{log}:\n{self._parts.log_tail(name)}"
            )
        return log.read_text(encoding="utf-8", errors="replace")

    def kill_web(self) -> None:
        """SIGKILL for the web server and its workers: connections break, nothing is finished."""
        self._parts.kill("web")

    def restart_web(self) -> None:
        """Start the web server again at the same address; return when it is ready."""
        self._parts.restart("web")
        self._wait_for_web()
        self._write_run_file()

    def kill_worker(self) -> None:
        """SIGKILL for the worker."""
        self._parts.kill("worker")

    def restart_worker(self) -> None:
        """Start the worker again."""
        self._parts.restart("worker")
        self._write_run_file()

    def kill_wechat(self) -> None:
        """SIGKILL for the stand-in WeChat: connections to it are refused."""
        self._parts.kill("wechat")

    def restart_wechat(self) -> None:
        """Start the stand-in again at the same address, with nothing remembered."""
        self._parts.restart("wechat")
        self._wait_for_wechat()
        self._write_run_file()

    def kill_database(self) -> None:
        """SIGKILL for the private PostgreSQL."""
        self.postgres.kill()

    def restart_database(self) -> None:
        """Start the private PostgreSQL again, at the same URL; return when it accepts."""
        self.postgres.restart()
        self._write_run_file()

    @property
    def postgres(self) -> PrivatePostgres:
        """The private database. Raises LocalError when DATABASE_URL named another."""
        if self._postgres is None:
            raise LocalError("数据库不由本程序管理 / the database is not ours")
        return self._postgres

    @property
    def _parts(self) -> Supervisor:
        if self._supervisor is None:
            raise LocalError("系统未启动 / the system was not started")
        return self._supervisor

    # -- starting --------------------------------------------------------------------------

    def _begin(self, serve: Callable[[], None]) -> Self:
        if self._supervisor is not None:
            raise LocalError("已启动 / started already")
        try:
            self._own_folder()
            self._start_database()
            self._make_environment()
            self._say("迁移数据库结构 / migrations")
            self.migrate("upgrade")
            serve()
        except BaseException:
            self.stop()
            raise
        return self

    def _own_folder(self) -> None:
        if self._temporary:
            name = self._resources.enter_context(
                tempfile.TemporaryDirectory(prefix="wushe-", ignore_cleanup_errors=True)
            )
            self.var_dir = Path(name)
            if os.geteuid() == 0:
                self.var_dir.chmod(0o711)  # ours, just made: the database's user may pass
        self.var_dir.mkdir(parents=True, exist_ok=True)
        lock = FolderLock(self.var_dir / "run.lock")
        if not lock.acquire():
            raise LocalError(
                f"{self.var_dir} 中已有一套系统在运行（进程 {lock.holder()}），请先停止它，"
                f"或换 VAR_DIR"
                f" / one is running in {self.var_dir} already (process {lock.holder()}): "
                "stop it, or choose another VAR_DIR"
            )
        self._resources.callback(lock.release)
        predecessor_was_killed = self.run_file.exists()
        self.run_file.unlink(missing_ok=True)
        if self._port:
            if predecessor_was_killed:
                self._wait_for_port()
            require_free(self._host, self._port)
        self._supervisor = Supervisor(self.var_dir / "log", cwd=ROOT, say=self._say)

    def _wait_for_port(self) -> None:
        """Let the web server of a system whose owner was killed finish: it still has our port."""
        with suppress(TimeoutError):
            wait_until(lambda: not accepts(self._port), timeout_s=15, what="the port")

    def _start_database(self) -> None:
        self._go_on()
        outside = self._settings.get("DATABASE_URL")
        if outside:
            self._say("连接 DATABASE_URL / the database in DATABASE_URL")
            require_database(outside)
            self.database_url = self._app_database_url = outside
            return
        self._say("启动私有 PostgreSQL / private PostgreSQL")
        postgres = PrivatePostgres(self.var_dir / "postgres", settings=self._database_settings)
        self._resources.callback(postgres.destroy if self._temporary else postgres.stop)
        postgres.start()
        if postgres.home != postgres.data_dir:
            self._say(f"  数据放在 / its data is in {postgres.home}")
        if not postgres.has_database(DATABASE):
            postgres.create_database(DATABASE)
        postgres.create_role(APP)
        self._postgres = postgres
        self.database_url = postgres.url(DATABASE)
        self._app_database_url = postgres.url(DATABASE, APP)

    def _make_environment(self) -> None:
        """What the app's processes see: the settings given, our keys, our addresses."""
        free, wechat_port = free_ports(2)
        port = self._port or free
        self.web = f"http://{_near(self._host)}:{port}"
        surroundings = {
            name: value for name, value in os.environ.items() if not is_app_setting(name)
        }
        given = {name: value for name, value in self._settings.items() if is_app_setting(name)}
        self.environment = {
            **surroundings,
            "PYTHONUNBUFFERED": "1",
            "APP_ENV": "development",
            **local_keys(self.var_dir / "secrets.env"),
            **given,
            "DATABASE_URL": self._app_database_url,
            "BIND": self._host,
            "PORT": str(port),
        }
        if self.preview is not None:
            self.environment["PREVIEW_DIR"] = str(self.preview)
        self._choose_wechat(wechat_port)

    def _choose_wechat(self, port: int) -> None:
        if "WECHAT_APPID" in self._settings:
            self.wechat = self._settings.get("WECHAT_API_BASE", WECHAT_API)
            return
        self.wechat = f"http://127.0.0.1:{port}"
        self.environment |= {
            "WECHAT_API_BASE": self.wechat,
            "WECHAT_APPID": STAND_IN_APPID,
            "WECHAT_SECRET": STAND_IN_SECRET,
        }

    def _serve(self) -> None:
        if self._demo:
            self._say("载入演示数据 / demo data")
            self.flask("demo", "load")
        self._resources.callback(self._parts.stop_all)
        self._resources.callback(lambda: self.run_file.unlink(missing_ok=True))
        if "WECHAT_APPID" not in self._settings:
            self._say("启动模拟微信 / stand-in WeChat")
            self._run("wechat", "backend.gateways.fake_wechat", *self._stand_in_arguments())
            self._wait_for_wechat()
        self._say("启动后台任务 / worker")
        self._run("worker", "backend.worker")
        self._say("启动网站 / web")
        self._run("web", "gunicorn", "-c", "config/gunicorn.conf.py", "backend.local.wsgi:app")
        self._wait_for_web()
        self._write_run_file()

    def _stand_in_arguments(self) -> list[str]:
        port = self.wechat.rsplit(":", 1)[1]
        who = ["--appid", STAND_IN_APPID, "--secret", STAND_IN_SECRET]
        allowed = ["--messages", str(MESSAGES.most_credits)]
        return ["--port", port, *who, *allowed, *(["--realistic"] if self._slow_wechat else [])]

    def _run(self, name: str, module: str, *arguments: str) -> None:
        self._go_on()
        argv = [sys.executable, "-m", module, *arguments]
        self._parts.start(Program(name, argv, self.environment, restart=self._restart))

    def _wait_for_wechat(self) -> None:
        port = int(self.wechat.rsplit(":", 1)[1])
        self._wait_for("wechat", lambda: accepts(port))

    def _wait_for_web(self) -> None:
        self._wait_for("web", self._ready)

    def _wait_for(self, name: str, is_up: Callable[[], bool]) -> None:
        """Wait until a part is up; raise ProcessDiedError as soon as it is dead instead."""

        def up() -> bool:
            self._go_on()
            self._parts.pid(name)
            return is_up()

        try:
            wait_until(up, timeout_s=_READY_TIMEOUT_S, what=name)
        except TimeoutError as late:
            raise LocalError(f"{late}\n{self._parts.log_tail(name)}") from None

    def _ready(self) -> bool:
        host, port = self.web.removeprefix("http://").rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _go_on(self) -> None:
        if self._stop is not None and self._stop.requested:
            raise StoppedError("已停止 / stopped")

    # -- watching --------------------------------------------------------------------------

    def _check_database(self) -> bool:
        """Bring a dead database back where that is wanted; return whether it was."""
        if self._postgres is None or self._postgres.running:
            return False
        if not self._restart or not self._database_restarts.allow():
            raise ProcessDiedError(
                f"PostgreSQL 意外退出 / ended unexpectedly; {self._postgres.log}:\n"
                f"{self._postgres.log_tail()}"
            )
        self._say(f"PostgreSQL 意外退出 / ended unexpectedly:\n{self._postgres.log_tail(8)}")
        self._postgres.start()
        self._say("PostgreSQL: 已重新启动 / restarted")
        return True

    def _write_run_file(self) -> None:
        facts = {
            "web": self.web,
            "wechat": self.wechat,
            "database": self.database_url,
            "pids": self.pids,
        }
        write_private(self.run_file, json.dumps(facts, indent=2) + "\n")

    @property
    def _host(self) -> str:
        return self._settings.get("BIND", "127.0.0.1")


def _near(host: str) -> str:
    """The address to call from this machine what listens on `host`."""
    return "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104
