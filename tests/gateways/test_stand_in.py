"""The stand-in itself: it is only of use if it answers as WeChat does."""

import base64
import hashlib
import json
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from backend.gateways.fake_wechat.faults import Faults, Latency, Mode
from backend.gateways.fake_wechat.push import signature
from backend.gateways.fake_wechat.server import StandInServer
from backend.gateways.fake_wechat.world import Bounded, PushSettings
from tests.gateways.standin import APPID, LOGIN, SECRET, TOKEN

SEND = "/cgi-bin/message/subscribe/send"
CODE_IMAGE = "/wxa/getwxacodeunlimit"
CHECK_TEXT = "/wxa/msg_sec_check"
PHONE = "/wxa/business/getuserphonenumber"
PUSH = PushSettings()


class Client:
    """Speaks HTTP to a stand-in in this process."""

    def __init__(self, server: StandInServer) -> None:
        self.server = server
        self._http = requests.Session()
        self._http.trust_env = False

    def get(self, path: str, /, **query: str) -> Any:
        return self._http.get(f"{self.server.address}{path}", params=query, timeout=15).json()

    def raw(self, path: str, body: Any, token: str | None = None) -> requests.Response:
        query = {} if token is None else {"access_token": token}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._http.post(f"{self.server.address}{path}", params=query, data=data, timeout=15)

    def post(self, path: str, body: Any, token: str | None = None) -> Any:
        return self.raw(path, body, token).json()

    def fake(self, name: str, **body: Any) -> Any:
        reply = self.raw(f"/_fake/{name}", body)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def login(self, code: str) -> Any:
        return self.get(
            LOGIN, appid=APPID, secret=SECRET, js_code=code, grant_type="authorization_code"
        )

    def token(self, **more: Any) -> Any:
        body = {"grant_type": "client_credential", "appid": APPID, "secret": SECRET}
        return self.post(TOKEN, body | more)

    def send(self, token: str, **more: Any) -> int:
        message = {
            "touser": self.login("ok:li")["openid"],
            "template_id": "T",
            "data": {"thing1": {"value": "义剪"}},
        }
        errcode: int = self.post(SEND, message | more, token)["errcode"]
        return errcode

    def close(self) -> None:
        self._http.close()


@pytest.fixture(scope="module")
def server() -> Iterator[StandInServer]:
    with StandInServer("127.0.0.1", 0, APPID, SECRET, PUSH) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def client(server: StandInServer) -> Iterator[Client]:
    client = Client(server)
    client.fake("reset")
    yield client
    client.close()


@pytest.fixture
def token(client: Client) -> str:
    value: str = client.token()["access_token"]
    return value


def together(count: int, ask: Callable[[], Any]) -> list[Any]:
    """Ask from many threads at once."""
    barrier = threading.Barrier(count)

    def one(_: int) -> Any:
        barrier.wait(10)
        return ask()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count)))


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"appid": ""}, 41002),
        ({"secret": ""}, 41004),
        ({"appid": "wx-other"}, 40013),
        ({"secret": "wrong"}, 40125),
        ({"grant_type": "password"}, 40002),
        ({"js_code": ""}, 40029),
        ({"js_code": "once:li"}, 40029),
        ({"js_code": "ok:"}, 40029),
    ],
)
def test_a_wrong_login_request_has_wechats_errcode(
    client: Client, change: dict[str, str], errcode: int
) -> None:
    query = {
        "appid": APPID,
        "secret": SECRET,
        "js_code": "ok:li",
        "grant_type": "authorization_code",
    }
    assert client.get(LOGIN, **(query | change))["errcode"] == errcode


def test_a_good_login_has_no_errcode_and_the_session_key(client: Client) -> None:
    answer = client.login("ok:li")
    assert set(answer) == {"openid", "session_key"}
    assert client.login("once:li:n1")["openid"] == answer["openid"]


def test_busy_is_busy_once(client: Client) -> None:
    assert client.login("busy")["errcode"] == -1
    assert client.login("busy")["openid"]


def test_a_single_use_code_serves_one_of_twenty_threads(client: Client) -> None:
    answers = together(20, lambda: client.login("once:li:n1").get("errcode"))
    assert sorted(map(str, answers)) == ["40163"] * 19 + ["None"]


def test_a_used_code_is_first_used_and_later_unknown(client: Client) -> None:
    client.login("once:li:n1")
    assert client.login("once:li:n1")["errcode"] == 40163
    client.fake("clock", advance_s=301)
    assert client.login("once:li:n1")["errcode"] == 40029


def test_the_token_stays_until_five_minutes_before_its_end(client: Client) -> None:
    first = client.token()
    assert len(first["access_token"]) == 512
    client.fake("clock", advance_s=6800)
    again = client.token()
    assert again["access_token"] == first["access_token"]
    assert again["expires_in"] <= 400
    client.fake("clock", advance_s=101)
    new = client.token()["access_token"]
    assert new != first["access_token"]
    for good in (new, first["access_token"]):
        assert client.raw(CODE_IMAGE, {"scene": "a", "page": "p"}, good).content[:4] == b"\x89PNG"
    client.fake("clock", advance_s=300)
    old = client.post(CODE_IMAGE, {"scene": "a", "page": "p"}, first["access_token"])
    assert old["errcode"] == 42001


def test_twenty_threads_get_one_token(client: Client) -> None:
    assert len({answer["access_token"] for answer in together(20, client.token)}) == 1


def test_a_forced_token_ends_the_old_one_and_has_limits(client: Client, token: str) -> None:
    assert client.token(force_refresh=True)["access_token"] != token
    assert client.post(CODE_IMAGE, {"scene": "a"}, token)["errcode"] == 40001
    assert client.token(force_refresh=True)["errcode"] == 45011
    for _ in range(19):
        client.fake("clock", advance_s=31)
        assert "access_token" in client.token(force_refresh=True)
    client.fake("clock", advance_s=31)
    assert client.token(force_refresh=True)["errcode"] == 45009


@pytest.mark.parametrize(
    ("body", "errcode"),
    [(b"no json", 47001), (b"[]", 47001), ({"appid": APPID, "secret": SECRET}, 40002)],
)
def test_a_wrong_token_request_has_wechats_errcode(client: Client, body: Any, errcode: int) -> None:
    assert client.post(TOKEN, body)["errcode"] == errcode


@pytest.mark.parametrize("path", [CODE_IMAGE, SEND, CHECK_TEXT, PHONE])
def test_an_api_wants_a_token_it_knows_and_json(client: Client, token: str, path: str) -> None:
    assert client.post(path, {})["errcode"] == 41001
    assert client.post(path, {}, "made-up")["errcode"] == 40001
    assert client.post(path, b"[", token)["errcode"] == 47001
    assert client.get(path, access_token=token)["errcode"] == 43002
    assert client.get("/wxa/unknown")["errcode"] == 40066


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"scene": "码"}, 40169),
        ({"scene": None}, 40169),
        ({"env_version": "beta"}, 40097),
        ({"page": "/pages/a"}, 41030),
        ({"page": "pages/unpublished"}, 41030),
    ],
)
def test_a_wrong_code_image_has_wechats_errcode(
    client: Client, token: str, change: dict[str, Any], errcode: int
) -> None:
    body = {"scene": "a", "page": "pages/a"} | change
    assert client.post(CODE_IMAGE, body, token)["errcode"] == errcode


def test_code_images_have_a_limit_a_minute(client: Client, token: str) -> None:
    for _ in range(5000):
        client.server.world.count_code_image()
    assert client.post(CODE_IMAGE, {"scene": "a", "page": "p"}, token)["errcode"] == 45009
    client.fake("clock", advance_s=60)
    assert client.raw(CODE_IMAGE, {"scene": "a", "page": "p"}, token).content[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"version": 1}, 47001),
        ({"content": "x" * 2501}, 47001),
        ({"scene": 5}, 40129),
        ({"openid": "li"}, 40003),
        ({"openid": "o" * 28}, 61010),
    ],
)
def test_a_wrong_text_check_has_wechats_errcode(
    client: Client, token: str, change: dict[str, Any], errcode: int
) -> None:
    openid = client.login("ok:li")["openid"]
    body = {"openid": openid, "scene": 2, "version": 2, "content": "好"} | change
    assert client.post(CHECK_TEXT, body, token)["errcode"] == errcode


def test_a_message_costs_one_credit(client: Client, token: str) -> None:
    openid = client.login("ok:li")["openid"]
    assert client.send(token) == 40037, "a template nobody has heard of"
    client.fake("grant", openid=openid, template="T", n=0)
    assert client.send(token) == 43101
    assert client.fake("grant", openid=openid, template="T", n=5) == {"credits": 5}
    answers = together(20, lambda: client.send(token))
    assert sorted(answers) == [0] * 5 + [43101] * 15


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"touser": "li"}, 40003),
        ({"page": "/pages/a"}, 41030),
        ({"data": {}}, 47003),
        ({"data": {"thing1": {"value": ""}}}, 47003),
        ({"data": {"thing1": {"value": "字" * 21}}}, 47003),
        ({"data": {"phrase1": {"value": "超过五个字了"}}}, 47003),
        ({"data": {"time1": {"value": "15点"}}}, 47003),
        ({"data": {"character_string1": {"value": "A012号"}}}, 47003),
        ({"data": {"thing1": "no object"}}, 47003),
        ({"data": {"unknown1": {"value": "x"}}}, 47003),
        ({"data": {"time1": {"value": "2019年10月1日 15:01"}, "number2": {"value": "12"}}}, 0),
    ],
)
def test_a_message_is_checked_as_wechat_does(
    client: Client, token: str, change: dict[str, Any], errcode: int
) -> None:
    client.fake("grant", openid=client.login("ok:li")["openid"], template="T", n=1)
    assert client.send(token, **change) == errcode


class Target:
    """A URL that WeChat pushes to."""

    def __init__(self) -> None:
        received: list[tuple[str, dict[str, str], bytes]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer()

            def do_POST(self) -> None:
                self.answer()

            def answer(self) -> None:
                query = dict(parse_qsl(urlsplit(self.path).query))
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                received.append((self.command, query, body))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(query.get("echostr", "success").encode())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Quiet."""

        self.received = received
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/push"


@pytest.fixture
def target() -> Iterator[Target]:
    target = Target()
    with target.server:
        thread = threading.Thread(target=target.server.serve_forever, args=[0.01])
        thread.start()
        yield target
        target.server.shutdown()
        thread.join()


def test_the_signature_is_wechats() -> None:
    """The vector of WeChat's documents."""
    expected = "f464b24fc39322e44b38aa78f5edd27bd1441696"
    assert signature("AAAAA", "1714036504", "1514711492") == expected


def test_a_plain_push_is_signed_and_repeated(client: Client, target: Target) -> None:
    answers = client.fake("push", target=target.url, event={"Event": "x"}, repeat=2)["answers"]
    assert [answer["body"] for answer in answers] == ["success", "success"]
    for method, query, body in target.received:
        assert (method, json.loads(body)) == ("POST", {"Event": "x"})
        assert query["signature"] == signature(PUSH.token, query["timestamp"], query["nonce"])
    client.fake("push", target=target.url, event={}, bad_signature=True)
    _, query, _ = target.received[-1]
    assert query["signature"] != signature(PUSH.token, query["timestamp"], query["nonce"])


def test_an_encrypted_push_opens_with_the_key(client: Client, target: Target) -> None:
    """Taken apart by hand, after WeChat's description of the format."""
    client.fake("push", target=target.url, event={"Event": "事件"}, mode="aes", token="tok")
    _, query, body = target.received[0]
    sealed = json.loads(body)["Encrypt"]
    parts = sorted(["tok", query["timestamp"], query["nonce"], sealed])
    assert query["msg_signature"] == hashlib.sha1("".join(parts).encode()).hexdigest()
    key = base64.b64decode(PUSH.aes_key + "=")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    plain = decryptor.update(base64.b64decode(sealed)) + decryptor.finalize()
    plain = plain[16 : -plain[-1]]
    (length,) = struct.unpack(">I", plain[:4])
    assert json.loads(plain[4 : 4 + length]) == {"Event": "事件"}
    assert plain[4 + length :] == APPID.encode()


def test_a_new_url_is_verified_by_its_echo(client: Client, target: Target) -> None:
    answer = client.fake("push", target=target.url, mode="verify")["answers"][0]
    assert answer["body"] == answer["query"]["echostr"]


def test_a_push_that_reaches_nobody_is_told(client: Client) -> None:
    answer = client.fake("push", target="http://127.0.0.1:1/", event={})["answers"][0]
    assert answer["status"] is None


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("mode", {"path": "/unknown", "errcode": 1}),
        ("mode", {"path": LOGIN, "explode": True}),
        ("mode", {"path": LOGIN, "errcode": 1, "drop": True}),
        ("mode", {"path": LOGIN, "malformed": "odd"}),
        ("mode", {"path": LOGIN, "errcode": 1, "times": 0}),
        ("mode", {"path": LOGIN, "delay_s": "long"}),
        ("mode", {}),
        ("mode", []),
        ("push", {"target": "http://example.com/", "event": {}}),
        ("push", {"target": "http://127.0.0.1:1/", "mode": "xml"}),
        ("clock", {"advance_s": "later"}),
    ],
)
def test_a_control_request_without_sense_is_refused(client: Client, name: str, body: Any) -> None:
    assert client.raw(f"/_fake/{name}", body).status_code == 400


def test_an_unknown_control_request_is_refused(client: Client) -> None:
    assert client.raw("/_fake/unknown", {}).status_code == 404


def test_a_mode_ends_after_its_times(client: Client) -> None:
    client.fake("mode", path=LOGIN, errcode=-1, times=2)
    answers = [client.login("ok:li").get("errcode") for _ in range(3)]
    assert answers == [-1, -1, None]


def test_a_reset_lets_go_of_who_hangs(client: Client) -> None:
    client.fake("mode", path=LOGIN, delay_s=60)
    with ThreadPoolExecutor(1) as thread:
        hanging = thread.submit(client.login, "ok:li")
        client.get("/_fake/calls", path=LOGIN, wait_for="1")
        client.fake("reset")
        assert hanging.result()["openid"]


def test_the_log_is_bounded_and_the_count_is_not(client: Client) -> None:
    for _ in range(10_005):
        client.server.world.log_call("/x", {})
    log = client.get("/_fake/calls", path="/x")
    assert (log["count"], len(log["calls"])) == (10_005, 10_000)


def test_what_is_remembered_of_users_is_bounded() -> None:
    kept: Bounded[int] = Bounded(2)
    for number, key in enumerate("abca"):
        kept[key] = number
    assert dict(kept) == {"c": 2, "a": 3}


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com"])
def test_others_cannot_reach_it(host: str) -> None:
    """It lets anyone in as anyone."""
    command = [sys.executable, "-m", "backend.gateways.fake_wechat", "--appid", "a"]
    done = subprocess.run(
        [*command, "--secret", "s", "--host", host],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 2
    assert host in done.stderr


def test_it_takes_its_time_as_wechat_does() -> None:
    """Only where asked for; the same from one start to the next, and never beside a set fault."""
    assert Latency(realistic=False).draw_s() == 0
    latency = Latency(realistic=True)
    drawn = [latency.draw_s() for _ in range(2000)]
    usual = [seconds for seconds in drawn if seconds != 2.0]
    assert 0.1 <= min(usual) < 0.11
    assert 0.39 < max(usual) <= 0.4
    assert 10 <= len(drawn) - len(usual) <= 30
    again = Faults(Latency(realistic=True))
    assert [again.take(LOGIN)[0].delay_s for _ in drawn] == drawn
    again.set(LOGIN, Mode(errcode=-1))
    assert again.take(LOGIN)[0].delay_s == 0
