"""The servers that are measured side by side, over one PostgreSQL."""

import http.client
import os
import re
import sys
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from backend.local.ports import free_ports
from backend.local.postgres.server import PrivatePostgres
from backend.local.supervisor import Program, Supervisor
from backend.local.system import (
    DATABASE,
    ROOT,
    STAND_IN_APPID,
    STAND_IN_SECRET,
    LocalSystem,
)
from backend.local.waiting import wait_until
from tests.bench import seed
from tests.bench.load import WrongAnswerError
from tests.bench.seed import Ground

FLOOR, OURS, LOADED = SERVERS = ("floor", "ours", "loaded")
# Checkpoints and statistics run between the measurements, not in some of them. Otherwise as
# PostgreSQL comes: every commit reaches the disk before it is answered.
_DATABASE_SETTINGS = {"max_wal_size": "8GB", "checkpoint_timeout": "30min"}
# So that other settings of gunicorn can be tried: they hold for the floor and the product alike.
_TRIED = (
    "WEB_CONCURRENCY", "WEB_THREADS", "DATABASE_POOL", "WEB_KEEPALIVE", "GUNICORN_CMD_ARGS",
)  # fmt: skip


@dataclass(frozen=True)
class Server:
    """A server that answers on loopback, and the ground in the database behind it."""

    name: str
    port: int
    ground: Ground


@dataclass
class Stage:
    """Everything that runs: the servers, their PostgreSQL, the stand-in WeChat's address; and what
    a worker is started with, which is at work only where it is measured."""

    floor: Server
    ours: Server
    loaded: Server | None
    postgres: PrivatePostgres
    wechat_port: int
    supervisor: Supervisor
    environment: dict[str, str]


@contextmanager
def stage(*, markets: int, history: bool, say: Callable[[str], None]) -> Iterator[Stage]:
    """Start PostgreSQL, fill it, and start the servers; all is gone afterwards.

    Args:
        markets: how many markets the measurements of one database will use up.
        history: whether to have a second database with years of history, and a server on it.
        say: receives progress lines.
    """
    system = LocalSystem(
        database_settings=_DATABASE_SETTINGS,
        # One volunteer calls thousands, all from one address: counted as ever, and let through.
        environ={name: os.environ.get(name, "") for name in _TRIED} | {"LIMITS_TIMES": "100000"},
        say=say,
    )
    system.start_database()
    supervisor = Supervisor(system.var_dir / "log", cwd=ROOT, say=say)
    try:
        say("填充数据 / people, markets, lines")
        key = urlsafe_b64decode(system.environment["CODE_SIGNING_KEY"] + "==")
        ground = seed.seed(system.database_url, markets, key)
        loaded = _with_history(system.postgres, ground, say) if history else None
        say("启动各服务器 / servers")
        wechat_port = int(system.wechat.rsplit(":", 1)[1])
        _run(supervisor, "wechat", system.environment, "backend.gateways.fake_wechat",
             "--port", str(wechat_port), "--appid", STAND_IN_APPID,
             "--secret", STAND_IN_SECRET, "--realistic", "--messages", "1")  # fmt: skip
        started = [
            _serve(supervisor, system.environment, name, application, where)
            for name, application, where in (
                (FLOOR, "tests.bench.floor:app", ground),
                (OURS, "backend.wsgi:app", ground),
                (LOADED, "backend.wsgi:app", loaded),
            )
            if where is not None
        ]
        yield Stage(
            floor=started[0],
            ours=started[1],
            loaded=started[2] if loaded else None,
            postgres=system.postgres,
            wechat_port=wechat_port,
            supervisor=supervisor,
            environment=system.environment | {"DATABASE_URL": ground.url},
        )
    except WrongAnswerError as wrong:
        logs = [f"{name}.log:\n{supervisor.log_tail(name, 3)}" for name in SERVERS]
        raise WrongAnswerError("\n".join([str(wrong), *logs])) from None
    finally:
        supervisor.stop_all()
        system.stop()


def _with_history(postgres: PrivatePostgres, ground: Ground, say: Callable[[str], None]) -> Ground:
    copied = ground.copied(postgres.create_database(LOADED, template=DATABASE))
    visits, residents = seed.load_history(copied)
    say(f"  {visits:,} 次签到、{residents:,} 位居民 / visits, residents")
    return copied


def _serve(
    supervisor: Supervisor,
    environment: dict[str, str],
    name: str,
    application: str,
    ground: Ground,
) -> Server:
    (port,) = free_ports(1)
    own = {"DATABASE_URL": ground.url, "PORT": str(port), "BIND": "127.0.0.1"}
    _run(supervisor, name, environment | own, "gunicorn", "-c", "config/gunicorn.conf.py",
         application)  # fmt: skip

    def ready() -> bool:
        supervisor.pid(name)  # raises, with its log, when it is dead
        return _call(port, "GET", "/readyz")

    wait_until(ready, timeout_s=60, what=name)
    return Server(name, port, ground)


def _run(
    supervisor: Supervisor, name: str, environment: dict[str, str], module: str, *arguments: str
) -> None:
    supervisor.start(Program(name, [sys.executable, "-m", module, *arguments], environment))


def _call(port: int, method: str, path: str, body: str | None = None) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextmanager
def logins_take(stage: Stage, seconds: float) -> Iterator[None]:
    """Let the stand-in WeChat take so long for each login meanwhile.

    At the end it behaves again, and the product has noticed: its workers ask WeChat only now and
    then after it was silent.
    """
    path = '"path": "/sns/jscode2session"'
    assert _call(stage.wechat_port, "POST", "/_fake/mode", f'{{{path}, "delay_s": {seconds}}}')
    try:
        yield
    finally:
        assert _call(stage.wechat_port, "POST", "/_fake/mode", f"{{{path}}}")
    wait_until(
        lambda: all(_log_in(stage.ours.port) for _ in range(20)),
        timeout_s=60,
        what="logins to work again",
    )


def _log_in(port: int) -> bool:
    return _call(port, "POST", "/api/v1/auth/wechat", '{"code": "ok:somebody"}')


@contextmanager
def worker_at_work(stage: Stage, message_s: float) -> Iterator[None]:
    """Let a worker work meanwhile, and the stand-in WeChat take so long for each message."""
    path = '"path": "/cgi-bin/message/subscribe/send"'
    assert _call(stage.wechat_port, "POST", "/_fake/mode", f'{{{path}, "delay_s": {message_s}}}')
    _run(stage.supervisor, "worker", stage.environment, "backend.worker")
    try:
        yield
    finally:
        stage.supervisor.stop("worker")
        assert _call(stage.wechat_port, "POST", "/_fake/mode", f"{{{path}}}")


_STATEMENT = re.compile(
    rb"^\[(?P<database>\w+)\] LOG:  (?:statement|execute [^:]+):\s*(?P<sql>\w+)", re.MULTILINE
)
_FRAME = {b"BEGIN", b"COMMIT", b"ROLLBACK"}


@contextmanager
def statement_log(postgres: PrivatePostgres) -> Iterator[Callable[[], int]]:
    """Let PostgreSQL log what it is asked; what is yielded counts the statements that the
    first database was sent since it was last asked, BEGIN and COMMIT not included."""
    _configure(postgres, log_statement="all", log_line_prefix="[%d] ")
    seen = postgres.log.stat().st_size

    def statements() -> int:
        nonlocal seen
        log = postgres.log.read_bytes()
        new, seen = log[seen:], len(log)
        return sum(
            match["database"] == DATABASE.encode() and match["sql"].upper() not in _FRAME
            for match in _STATEMENT.finditer(new)
        )

    try:
        yield statements
    finally:
        _configure(postgres, log_statement="none", log_line_prefix="%m [%p] ")


def _configure(postgres: PrivatePostgres, **settings: str) -> None:
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        for name, value in settings.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
        connection.execute("SELECT pg_reload_conf()")
    shown = next(iter(settings.items()))

    def taken() -> bool:
        with psycopg.connect(postgres.url()) as connection:
            row = connection.execute("SELECT current_setting(%s)", (shown[0],)).fetchone()
            return row == (shown[1],)

    wait_until(taken, timeout_s=10, what="pg_reload_conf")
