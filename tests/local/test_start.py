"""Wrong settings end every part at once with one and the same line, before anything is started."""

import os
import socket
import struct
import subprocess
import sys
from runpy import run_path
from types import SimpleNamespace

import pytest

from backend.local.system import ROOT, is_app_setting
from tests.domain.test_settings import PRODUCTION

WEB = ("backend.web",)
PARTS = (
    WEB,
    ("backend.worker",),
    ("flask", "--app", "backend.wsgi", "roles", "list"),
    ("backend.core.migrate", "upgrade"),
)
GUNICORN = ("gunicorn", "-c", "config/gunicorn.conf.py", "backend.wsgi:app")


def starts(part: tuple[str, ...], settings: dict[str, str]) -> subprocess.Popen[str]:
    """One of our programs with nothing but these settings, at a port that nobody listens at."""
    others = {name: value for name, value in os.environ.items() if not is_app_setting(name)}
    return subprocess.Popen(
        [sys.executable, "-m", *part],
        cwd=ROOT,
        env=others | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_every_part_ends_with_the_same_line() -> None:
    """gunicorn started its workers again for ever; the migration showed a KeyError."""
    settings = PRODUCTION | {"WEB_THREADS": "abc", "WECHAT_APPID": "", "DATABASE_URL": ""}
    ended = [starts(part, settings) for part in (*PARTS, GUNICORN)]
    outputs = [process.communicate(timeout=60) for process in ended]
    assert [process.returncode for process in ended] == [1] * len(ended)
    assert {stdout for stdout, _ in outputs} == {""}
    (line,) = {stderr for _, stderr in outputs}
    assert line.count("\n") == 1
    assert all(name in line for name in ("WEB_THREADS", "WECHAT_APPID", "DATABASE_URL"))


@pytest.mark.parametrize("value", ["two", '"2"'])
def test_what_gunicorn_itself_would_stumble_over_is_named(value: str) -> None:
    """It reads this one before its configuration file."""
    process = starts(WEB, PRODUCTION | {"WEB_CONCURRENCY": value})
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert stderr.count("\n") == 1
    assert "WEB_CONCURRENCY" in stderr


def test_a_half_sent_request_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its thread would wait for the rest for ever; gunicorn has no bound of its own."""
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    config = run_path(str(ROOT / "config" / "gunicorn.conf.py"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config["when_ready"](SimpleNamespace(LISTENERS=[SimpleNamespace(sock=listener)]))
        with socket.create_connection(listener.getsockname()), listener.accept()[0] as accepted:
            bound = accepted.getsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, 16)
    assert struct.unpack("ll", bound) == (config["SILENCE_S"], 0)
