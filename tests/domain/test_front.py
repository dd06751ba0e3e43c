"""Who a request comes from, and under which name: proxies are believed only where they are ours."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from flask import Flask, Response, request
from werkzeug.test import TestResponse

from backend.app import create_app
from tests.conftest import settings_for

PROXY, CLIENT = "172.30.0.5", "203.0.113.7"
HOST = "wushe.example.cn"
Ask = Callable[..., TestResponse]


@cache
def app_with(**settings: Any) -> Flask:
    app = create_app(settings_for("postgresql://nobody@127.0.0.1:1/none", **settings))
    app.add_url_rule("/seen", view_func=_seen)
    return app


@pytest.fixture
def ask() -> Ask:
    """Ask an app with such settings; its answers show what it takes the request to be."""

    def ask(path: str = "/seen", peer: str = PROXY, host: str = HOST, **settings: Any) -> Any:
        app = app_with(**settings)
        headers = {"X-Forwarded-For": CLIENT, "X-Forwarded-Proto": "https",
                   "X-Forwarded-Host": "evil.example", "Host": host}  # fmt: skip
        return app.test_client().get(path, headers=headers, environ_base={"REMOTE_ADDR": peer})

    return ask


def _seen() -> Response:
    return Response(f"{request.remote_addr} {request.url}")


@pytest.mark.parametrize(
    ("trusted", "peer"),
    [
        ((PROXY,), PROXY),
        (("10.0.0.0/8", "172.30.0.0/24"), PROXY),
        (("172.30.0.0/24",), f"::ffff:{PROXY}"),
        (("2001:db8::/32",), "2001:db8::5"),
        (("unix",), ""),
    ],
)
def test_a_trusted_proxy_says_who_asks_and_how(ask: Ask, trusted: Any, peer: str) -> None:
    assert ask(peer=peer, trusted_proxies=trusted).text == f"{CLIENT} https://{HOST}/seen"


@pytest.mark.parametrize(
    ("trusted", "peer"),
    [
        ((), PROXY),
        (("172.30.1.0/24",), PROXY),
        (("172.30.0.0/24",), ""),
        (("unix",), PROXY),
        (("2001:db8::/32",), PROXY),
    ],
)
def test_nobody_else_does(ask: Ask, trusted: Any, peer: str) -> None:
    """Whoever could choose their address would have no limit and leave no trace."""
    assert ask(peer=peer, trusted_proxies=trusted).text == f"{peer} http://{HOST}/seen"


@pytest.mark.parametrize(
    "host", ["evil.example", f"{HOST}.evil.example", f"{HOST}:8443", "127.0.0.1", "", "a b"]
)
@pytest.mark.parametrize("path", ["/console", "/console/", "/api/v1/catalogue", "/nowhere"])
def test_another_name_is_refused_and_never_repeated(ask: Ask, path: str, host: str) -> None:
    """`/console` redirected to whatever host was asked for."""
    answer = ask(path, host=host, allowed_hosts=(HOST,))
    assert answer.status_code == 400
    assert answer.location is None
    assert "evil" not in answer.text
    if path.startswith("/api/"):
        assert answer.get_json()["code"] == "unknown_host"


def test_our_own_name_is_taken_and_kept_in_redirects(ask: Ask) -> None:
    answer = ask("/console", host=HOST.upper(), allowed_hosts=(HOST,), trusted_proxies=(PROXY,))
    assert answer.status_code == 308
    assert answer.location.lower() == f"https://{HOST}/console/"


@pytest.mark.parametrize(("path", "status"), [("/healthz", 200), ("/readyz", 503)])
def test_a_balancer_asks_after_our_health_by_address(ask: Ask, path: str, status: int) -> None:
    assert ask(path, host="10.0.0.9:8000", allowed_hosts=(HOST,)).status_code == status
