"""compose.yaml, Dockerfile, .env.example and nginx's files, walked as their containers would.

There is no engine for containers here: the same programs run with the same settings on loopback.
What is put in other words is only where a service is: a name of compose's network is an address of
loopback, a port a free one; a program that listens for its own container alone is out of reach.
"""

import base64
import http.client
import json
import os
import secrets
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from backend.app import create_app
from backend.core.migrate import PASSWORDS
from backend.core.web.api import MAX_BODY_BYTES
from backend.core.web.pages import Form
from backend.local.keys import local_keys
from backend.local.ports import accepts, free_ports
from backend.local.postgres.server import FAST_UNSAFE, PrivatePostgres
from backend.local.supervisor import Program, Supervisor
from backend.local.system import is_app_setting
from backend.local.waiting import wait_until
from tests.conftest import settings_for
from tests.domain.test_settings import ALL_VARIABLES
from tests.support import compose
from tests.support.compose import Service, env_file, filled_in, services
from tests.support.front import Front, Names

HOST = "wushe.example.cn"
PASSWORD = 'p@s/s%40:?#$ "密'
APP_PASSWORD = f"app {PASSWORD}"
METRICS_TOKEN = secrets.token_urlsafe(24)
# Of .env.example, and no setting of the app: they are compose's own.
_OF_COMPOSE = {"POSTGRES_PASSWORD", *PASSWORDS.values(), "BALANCER", "PIP_INDEX_URL"}
Answer = tuple[int, http.client.HTTPMessage, bytes]


def env_text(folder: Path) -> str:
    """An .env as an operator makes it: .env.example, with what it leaves open filled in."""
    answers = local_keys(folder / "keys") | {
        "POSTGRES_PASSWORD": PASSWORD,
        "APP_DATABASE_PASSWORD": APP_PASSWORD,
        "READ_DATABASE_PASSWORD": f"read {PASSWORD}",
        "ALLOWED_HOSTS": HOST,
        "WECHAT_APPID": "wx0123456789abcdef",
        "WECHAT_SECRET": secrets.token_hex(16),
        "METRICS_TOKEN": METRICS_TOKEN,
    }
    return filled_in(compose.EXAMPLE.read_text(encoding="utf-8"), answers)


class Containers:
    """All that compose.yaml starts."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.services = services(env_text(folder))
        self.web_port, self._own_port = free_ports(2)
        self.names = stack.enter_context(Names({"web": "127.0.0.1"}))
        self._folder = folder
        # The image's own working folder: what it lacks, nobody finds here either.
        self._image = folder / "image"
        compose.copy_image(self._image)
        self.supervisor = Supervisor(folder / "log", cwd=self._image, say=lambda _: None)
        stack.callback(self.supervisor.stop_all)

    def environment(self, service: Service) -> dict[str, str]:
        """What a service's process finds here."""
        ours = {name: value for name, value in os.environ.items() if not is_app_setting(name)}
        settings = dict(service.environment) | {"PATH": os.environ["PATH"]}
        # libpq goes to this address whatever the name in DATABASE_URL says.
        settings |= {"PGHOSTADDR": self.database_address}
        settings |= {
            "PORT": str(self.web_port if settings["BIND"] == "0.0.0.0" else self._own_port)
        }
        settings |= {"BIND": "127.0.0.1"}
        if settings["TRUSTED_PROXIES"] == compose.subnet():
            settings["TRUSTED_PROXIES"] = "127.0.0.0/8"
        return ours | settings

    def start_database(self, stack: ExitStack) -> None:
        """compose's user with the password of .env, reached over TCP."""
        # Only Linux has the whole of 127/8.
        own = f"127.{secrets.randbelow(200) + 20}.{secrets.randbelow(250)}.5"
        self.database_address = own if sys.platform == "linux" else "127.0.0.1"
        settings = {**FAST_UNSAFE, "listen_addresses": self.database_address}
        server = stack.enter_context(PrivatePostgres(self._folder / "postgres", settings=settings))
        definition = self.services["database"].environment
        user, password = definition["POSTGRES_USER"], definition["POSTGRES_PASSWORD"]
        server.create_database(definition["POSTGRES_DB"])
        with (server.home / "pg_hba.conf").open("a") as rules:
            rules.write("host all all samehost scram-sha-256\n")
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE ROLE {} SUPERUSER LOGIN PASSWORD {}").format(
                    sql.Identifier(user), sql.Literal(password)
                )
            )
            connection.execute("SELECT pg_reload_conf()")

    def run(self, service: str) -> subprocess.CompletedProcess[str]:
        """A service that ends by itself."""
        found = self.services[service]
        return self._done(found.command, found)

    def is_healthy(self, service: str) -> bool:
        """What the image's health check says, asked in its container: by its own name."""
        found = self.services[service]
        check = [part.replace("{socket.gethostname()}", "127.0.0.1") for part in found.health]
        assert check != found.health, "asks no address that others use"
        return self._done(check, found).returncode == 0

    def start(self, service: str) -> None:
        """A service that stays."""
        found = self.services[service]
        self.supervisor.start(Program(service, self._here(found.command), self.environment(found)))

    def front(self, name: str, **changes: Any) -> Front:
        """nginx, as compose.yaml starts it."""
        service = self.services["nginx"]
        variables = dict(service.environment)
        variables["WEB"] = variables["WEB"].replace(
            f":{self.services['web'].environment['PORT']}", f":{self.web_port}"
        )
        assert variables["RESOLVER"] == "127.0.0.11"  # Docker's
        variables["RESOLVER"] = f"127.0.0.1:{self.names.port}"
        variables |= changes.pop("variables", {})
        return Front(self._folder / name, variables=variables, mounts=service.mounts, **changes)

    def _done(self, argv: list[str], service: Service) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._here(argv), cwd=self._image, env=self.environment(service), capture_output=True,
            text=True, check=False, timeout=120,
        )  # fmt: skip

    def _here(self, argv: list[str]) -> list[str]:
        assert argv[0] == "python"
        return [sys.executable, *argv[1:]]


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containers]:
    """`docker compose up`: database, migration, web and worker."""
    with ExitStack() as stack:
        containers = Containers(tmp_path_factory.mktemp("compose"), stack)
        containers.start_database(stack)
        migrated = containers.run("migrate")
        assert migrated.returncode == 0, migrated.stderr
        containers.start("web")
        containers.start("worker")
        # The port is open before anybody answers there; so each look waits for a while.
        wait_until(lambda: accepts(containers.web_port), timeout_s=60, what="gunicorn")
        wait_until(lambda: containers.is_healthy("web"), timeout_s=60, what="web")
        yield containers


@pytest.fixture(scope="module")
def nginx(up: Containers) -> Iterator[Front]:
    """nginx before it."""
    with up.front("nginx") as front:
        yield front


def ask(
    connection: http.client.HTTPConnection, path: str, method: str = "GET", **headers: str
) -> Answer:
    """One request with these headers (`_` for `-`)."""
    named = {name.replace("_", "-"): value for name, value in ({"Host": HOST} | headers).items()}
    connection.request(method, path, headers=named)
    response = connection.getresponse()
    return response.status, response.headers, response.read()


def problem(answer: Answer) -> str:
    """The code of a problem that nginx itself has made."""
    status, headers, body = answer
    assert headers["Content-Type"] == "application/problem+json"
    found = json.loads(body)
    assert found["status"] == status
    assert found["title"]
    assert found["request_id"] == headers["X-Request-Id"]
    return str(found["code"])


def page(answer: Answer) -> str:
    """A page that nginx itself has made: Chinese, with what to do."""
    status, headers, body = answer
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    text = body.decode()
    assert "再试一次" in text
    assert str(status) not in text
    return text


# ---------------------------------------------------------------------------- the files


def test_every_line_of_the_example_is_a_setting_and_every_setting_a_line() -> None:
    example = env_file(compose.EXAMPLE.read_text(encoding="utf-8"))
    assert example.keys() - _OF_COMPOSE == ALL_VARIABLES


def test_nothing_but_nginx_is_open_and_no_log_grows_for_ever(tmp_path: Path) -> None:
    found = services(env_text(tmp_path))
    assert {name for name, service in found.items() if "ports" in service.definition} == {"nginx"}
    assert all(service.definition["logging"]["options"] for service in found.values())
    for name in ("migrate", "web", "worker"):
        assert found[name].definition["read_only"]
        assert found[name].definition["tmpfs"] == ["/tmp"]
        assert found[name].definition["cap_drop"] == ["ALL"]


def test_a_password_that_is_missing_is_named_before_anything_is_started(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"POSTGRES_PASSWORD: set it in \.env"):
        services(env_text(tmp_path).replace("POSTGRES_PASSWORD=", "OTHER="))


# ---------------------------------------------------------------------------- the services


def test_web_and_worker_run_with_the_settings_as_shipped(up: Containers, nginx: Front) -> None:
    """BIND of .env.example kept web to its own container, and the health check was green."""
    status, headers, _ = ask(nginx.secure(), "/")
    assert (status, headers["Location"]) == (303, "/console/")
    status, _, body = ask(nginx.secure(), "/readyz")
    assert status == 200, body
    url = f"host={up.database_address} dbname=wushe user=wushe"

    def worker() -> bool:
        up.supervisor.pid("worker")
        with psycopg.connect(url, password=PASSWORD) as connection:
            return bool(connection.execute("SELECT 1 FROM procrastinate_workers").fetchone())

    wait_until(worker, timeout_s=60, what="the worker")


def test_the_app_is_no_owner_and_knows_no_owner(up: Containers) -> None:
    """Whoever takes over web or worker can't rewrite the audit log."""
    for name in ("web", "worker"):
        environment = up.services[name].environment
        assert environment["DATABASE_URL"].startswith("postgresql://wushe_app@")
        assert PASSWORD not in environment.values()
    url = f"host={up.database_address} dbname=wushe"
    with psycopg.connect(url, user="wushe_app", password=APP_PASSWORD) as app:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("ALTER TABLE audit_entry DISABLE TRIGGER ALL")
        app.rollback()
        owners = app.execute(
            "SELECT usename FROM pg_stat_activity WHERE datname = 'wushe' AND usename = 'wushe'"
        ).fetchall()
    assert owners == []
    with psycopg.connect(url, user="wushe_read", password=f"read {PASSWORD}") as reader:
        reader.execute("SELECT title FROM activity")


def test_a_server_that_listens_for_itself_alone_is_not_healthy(up: Containers) -> None:
    web = up.services["web"]
    up.services["alone"] = replace(web, environment={**web.environment, "BIND": "127.0.0.1"})
    assert not up.is_healthy("alone")


def logged(front: Front, given: str) -> dict[str, Any]:
    """nginx's line of a request with this in its path; it is written once the answer is sent."""

    def line() -> dict[str, Any] | None:
        whole = front.log("access").rpartition("\n")[0].splitlines()
        found = [json.loads(text) for text in whole]
        return next((entry for entry in found if given in entry["path"]), None)

    found = wait_until(line, timeout_s=20, what="nginx's line")
    assert found is not None
    return found


def test_the_log_and_the_app_know_the_client_and_believe_no_claim(
    up: Containers, nginx: Front
) -> None:
    """Of whoever says so themselves the address is that of their connection."""
    balanced = up.front("balanced", variables={"BALANCER": "127.0.0.0/8"})
    with balanced:
        for front, client in ((balanced, "203.0.113.7"), (nginx, "127.0.0.1")):
            given = base64.b32encode(secrets.token_bytes(10)).decode()
            _, headers, _ = ask(
                front.secure(), f"/api/v1/{given}", X_Forwarded_For="198.51.100.1, 203.0.113.7"
            )
            assert logged(front, given)["client"] == client
            lines = up.supervisor.log_tail("web", 200).splitlines()
            (line,) = [json.loads(line) for line in lines if headers["X-Request-Id"] in line]
            assert line["client"] == client


def test_no_log_of_nginx_has_the_secret_of_a_wall(up: Containers) -> None:
    """Also where gunicorn is gone, of which the error log tells with the whole address."""
    given = base64.b32encode(secrets.token_bytes(10)).decode()
    with up.front("alone", variables={"WEB": f"127.0.0.1:{free_ports(1)[0]}"}) as front:
        for wall, kept in ((given, "***"), (f"{given}/now?a=b", "***/now")):
            assert ask(front.secure(), f"/console/walls/show/{wall}")[0] == 503
            assert logged(front, f"/show/{kept}")["status"] == 503
        assert ask(front.secure(), "/console/login")[0] == 503
        wait_until(lambda: "/console/login" in front.log("error"), timeout_s=20, what="its line")
        assert given not in front.log("access") + front.log("error")


def test_https_is_known_behind_nginx(nginx: Front) -> None:
    status, headers, _ = ask(nginx.secure(), "/console")
    assert (status, headers["Location"]) == (308, f"https://{HOST}/console/")
    status, headers, _ = ask(nginx.plain(), "/console/?a=b")
    assert (status, headers["Location"]) == (301, f"https://{HOST}/console/?a=b")


def test_another_name_is_refused_on_both_ports(nginx: Front) -> None:
    for connection in (nginx.plain(), nginx.secure()):
        answer = ask(connection, "/api/v1/catalogue", Host="evil.example")
        assert problem(answer) == "unknown_host"
        assert "Location" not in answer[1]
        assert "网址不对" in page(ask(connection, "/console", Host="evil.example"))
        assert ask(connection, "/healthz", Host="10.0.0.9")[0] == 200


def test_monitoring_asks_gunicorn_and_is_told_of_all_its_processes(
    up: Containers, nginx: Front
) -> None:
    """Whichever process answers; nginx lets nobody there."""
    given = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    assert ask(nginx.secure(), "/metrics", **given)[0] == 404

    def counted() -> int:
        web = http.client.HTTPConnection("127.0.0.1", up.web_port, timeout=20)
        status, _, body = ask(web, "/metrics", Host=f"127.0.0.1:{up.web_port}", **given)
        assert status == 200, body
        lines = body.decode().splitlines()
        return sum(
            int(float(line.split()[-1]))
            for line in lines
            if line.startswith("wushe_requests_total{") and 'route="/console/login"' in line
        )

    assert int(up.services["web"].environment["WEB_CONCURRENCY"]) > 1
    before = counted()
    for _ in range(20):
        assert ask(nginx.secure(), "/console/login")[0] == 200
    assert {counted() for _ in range(10)} == {before + 20}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux's kernel says who shares what")
def test_gunicorns_processes_share_the_application(up: Containers) -> None:
    """Each had loaded one of its own, of 80 MB."""
    master = up.supervisor.pid("web")
    workers = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    assert len(workers) == int(up.services["web"].environment["WEB_CONCURRENCY"])
    for worker in workers:
        lines = Path(f"/proc/{worker}/smaps_rollup").read_text().splitlines()[1:]
        kb = {name: int(size) for name, size, _ in map(str.split, lines)}
        assert kb["Shared_Dirty:"] > 20_000


def test_the_certificate_can_be_renewed(nginx: Front) -> None:
    challenge = nginx.folder / "var/www/acme/.well-known/acme-challenge/token"
    challenge.parent.mkdir(parents=True)
    challenge.write_text("answer")
    status, headers, body = ask(nginx.plain(), "/.well-known/acme-challenge/token")
    assert (status, headers["Content-Type"], body) == (200, "text/plain", b"answer")


# ---------------------------------------------------------------------------- limits


def test_nginx_lets_through_what_the_app_takes(nginx: Front) -> None:
    """4 MB of regions were refused by nginx at 2."""
    app = create_app(settings_for("postgresql://nobody@127.0.0.1:1/none"))
    forms = [getattr(view, "declared", None) for view in app.view_functions.values()]
    uploads = [form.upload.most_bytes for form in forms if isinstance(form, Form) and form.upload]
    assert max(uploads) > MAX_BODY_BYTES
    for path, most in (("/api/v1/me", MAX_BODY_BYTES), ("/console/login", max(uploads))):
        head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nExpect: 100-continue\r\n"
        assert b"413" not in _begin(nginx, f"{head}Content-Length: {most}\r\n\r\n")
        assert b"413" in _begin(nginx, f"{head}Content-Length: {10 * most}\r\n\r\n")


def _begin(front: Front, head: str) -> bytes:
    """The first line that answers a request's head."""
    connection = front.secure()
    connection.connect()
    with connection.sock as sock:
        sock.sendall(head.encode())
        return sock.recv(4096).partition(b"\r\n")[0]


def test_what_nginx_refuses_is_a_problem_for_phones_and_a_page_for_people(nginx: Front) -> None:
    large = {"Content_Length": "99000000"}
    assert problem(ask(nginx.secure(), "/api/v1/me", "POST", **large)) == "body_too_large"
    assert "太大" in page(ask(nginx.secure(), "/console/login", "POST", **large))
    long = {"X_Long": "x" * 40_000}
    assert problem(ask(nginx.secure(), "/api/v1/me", **long)) == "malformed_request"
    assert "无法识别" in page(ask(nginx.secure(), "/console/login", **long))


def test_a_market_behind_one_address_gets_in_and_a_machine_does_not(
    up: Containers, nginx: Front
) -> None:
    """Ten a second and two hundred at once kept a hundred of three hundred people out."""
    market = nginx.secure()
    seen = [ask(market, "/api/v1/auth/wechat", "POST")[0] for _ in range(300)]
    assert set(seen) == {422}  # the app's word: they say nothing
    hasty = up.front("hasty", changed=_without_patience)
    with hasty:
        connection = hasty.secure()
        answers = [ask(connection, "/api/v1/auth/wechat", "POST") for _ in range(5)]
        assert problem(answers[-1]) == "too_many_requests"
        assert answers[-1][1]["Retry-After"] == "2"
        answers = [ask(connection, "/console/login", "POST") for _ in range(5)]
        assert answers[-1][0] == 429
        assert "太频繁" in page(answers[-1])


def _without_patience(text: str) -> str:
    for zone in ("logins", "forms"):
        text = text.replace(f"zone={zone}:10m rate=", f"zone={zone}:10m rate=1r/m; #")
    return text.replace("burst=600", "burst=1").replace("burst=100", "burst=1")


def test_five_hundred_slow_senders_keep_nobody_out(nginx: Front) -> None:
    """Half of them say nothing, half never end what they say. Eight were enough without nginx."""
    context = ssl._create_unverified_context()
    head = f"POST /api/v1/auth/wechat HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 100\r\n"
    with ExitStack() as stack:
        for _ in range(250):
            address = ("127.0.0.1", nginx.https)
            stack.enter_context(socket.create_connection(address))  # and never says who it is
            slow = stack.enter_context(socket.create_connection(address))
            sock = stack.enter_context(context.wrap_socket(slow))
            sock.sendall(f"{head}\r\n{{".encode())
        for _ in range(20):
            assert ask(nginx.secure(), "/healthz")[0] == 200
        assert ask(nginx.secure(), "/readyz")[0] == 200


# ---------------------------------------------------------------------------- restarts


def test_a_replaced_container_is_found_at_its_new_address(up: Containers) -> None:
    """nginx looked `web` up once, at its start."""
    up.names.addresses["web"] = "127.0.0.2"
    try:
        with up.front("moved", changed=lambda text: text.replace("valid=5s", "valid=1s")) as front:
            away = ask(front.secure(), "/api/v1/catalogue")
            assert (away[0], problem(away), away[1]["Retry-After"]) == (503, "try_again", "2")
            assert "正忙" in page(ask(front.secure(), "/console/"))
            up.names.addresses["web"] = "127.0.0.1"

            def found() -> bool:
                return ask(front.secure(), "/healthz")[0] == 200

            wait_until(found, timeout_s=20, what="the new address")
    finally:
        up.names.addresses["web"] = "127.0.0.1"
