"""The morning's digest: counts, once a day, to robots that are reached over HTTP."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest
import time_machine

from backend.core.context import compose
from backend.digest.tasks import send
from backend.gateways.robots import Robot, Robots, robots
from tests.support.market_day import shanghai
from tests.support.world import World

MORNING = shanghai("2026-05-04 08:30")
SECRET = "SEC-of-the-robot"


class Chat:
    """A robot's server: what it was told, and what it answers next."""

    def __init__(self) -> None:
        self.told: list[tuple[dict[str, str], str]] = []
        self.answers: list[bytes] = []
        chat = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                query = dict(parse_qsl(urlsplit(self.path).query))
                chat.told.append((query, body["text"]["content"]))
                answer = chat.answers.pop(0) if chat.answers else b'{"errcode": 0}'
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Nothing: a test's output is the test's."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/send?key=k-1"


@pytest.fixture
def chat() -> Iterator[Chat]:
    chat = Chat()
    thread = threading.Thread(target=chat.server.serve_forever, args=(0.01,))
    thread.start()
    yield chat
    chat.server.shutdown()
    thread.join()
    chat.server.server_close()


@pytest.fixture
def office(world: World, chat: Chat) -> Iterator[World]:
    """An office whose chat has a robot, and a draft that begins the day after."""
    organiser = world.organiser()
    with time_machine.travel(MORNING - timedelta(hours=1), tick=False):
        world.draft(organiser, starts_at=MORNING + timedelta(days=1), title="王秀英家门口的集市")
    composed = world.app.extensions
    compose(composed, robots(wecom=chat.url, dingtalk="", dingtalk_secret=""))
    yield world
    compose(composed, Robots())


def tick(world: World, minutes: int = 0) -> None:
    """The job, as the clock runs it."""
    at = MORNING + timedelta(minutes=minutes)
    with time_machine.travel(at, tick=False), world.app.app_context():
        send()


def test_it_says_how_much_waits_once_a_day(office: World, chat: Chat) -> None:
    tick(office, -1)
    assert chat.told == [], "not before half past eight"
    for minutes in (0, 0, 10):
        tick(office, minutes)
    ((query, said),) = chat.told
    assert query == {"key": "k-1"}
    assert said.splitlines() == [
        "吾社集待办（5月4日）",
        "3 天内开始，还没有发布的活动：1 件",
        "请在电脑上打开「待办」办理。",
    ]
    tick(office, 24 * 60 * 3)
    assert len(chat.told) == 1, "nothing waits by then"


def test_what_failed_is_tried_again_a_few_times(
    office: World, chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    chat.answers = [b'{"errcode": 45009}', b'{"errcode": 2}', b'{"errcode": 1}', b'{"errcode": 0}']
    for minutes in range(0, 60, 10):
        tick(office, minutes)
    assert len(chat.told) == 3
    lines = [line for line in caplog.records if line.msg == "digest not taken"]
    assert len(lines) == 3
    assert "k-1" not in caplog.text


def test_what_may_have_been_said_is_not_said_again(
    office: World, chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    """The text was sent, and what came back is no answer of a robot."""
    chat.answers = [b"<html>"]
    for minutes in (0, 10, 20):
        tick(office, minutes)
    assert len(chat.told) == 1
    lines = [line for line in caplog.records if line.msg == "digest may not have been taken"]
    assert len(lines) == 1
    assert "k-1" not in caplog.text


def test_killed_while_it_is_said_it_is_not_said_again(
    office: World, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """The process ends here."""

    def dies(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Robot, "say", dies)
        with pytest.raises(Killed):
            tick(office)
    tick(office, 10)
    assert chat.told == []


def test_a_chat_that_is_away_hears_it_later(office: World, chat: Chat) -> None:
    away = robots(wecom="http://127.0.0.1:9/send?key=k-1", dingtalk="", dingtalk_secret="")
    compose(office.app.extensions, away)
    tick(office)
    compose(office.app.extensions, robots(wecom=chat.url, dingtalk="", dingtalk_secret=""))
    tick(office, 10)
    assert len(chat.told) == 1


def test_dingtalk_has_it_signed(office: World, chat: Chat) -> None:
    signed = robots(wecom="", dingtalk=chat.url, dingtalk_secret=SECRET)
    compose(office.app.extensions, signed)
    tick(office)
    ((query, _),) = chat.told
    assert query["timestamp"] == str(int(MORNING.timestamp() * 1000))
    message = f"{query['timestamp']}\n{SECRET}".encode()
    digest = hmac.new(SECRET.encode(), message, hashlib.sha256).digest()
    assert base64.b64decode(query["sign"]) == digest
