"""How many messages somebody may be sent: what phone and WeChat tell of one tap counts once, and
WeChat's word is the truth."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from backend.core.config import MESSAGES
from backend.core.context import compose
from backend.gateways.fake_wechat.push import encrypt, signature
from backend.gateways.push import PushReader
from backend.settings import STAND_IN_PUSH_AES_KEY, STAND_IN_PUSH_TOKEN
from tests.gateways.standin import APPID, StandIn
from tests.support.messages import reachable
from tests.support.world import API, Person, World, ok, refused

PUSH = f"{API}/wechat/push"
CHANGE, CALLED = "standin-change", "standin-called"
POPUP, SETTINGS, SENT = (f"subscribe_msg_{word}_event" for word in ("popup", "change", "sent"))


@pytest.fixture
def reader(app: Flask) -> Iterator[None]:
    """Pushes in plain."""
    with configured(app, STAND_IN_PUSH_TOKEN, ""):
        yield


@contextmanager
def configured(app: Flask, token: str, aes_key: str) -> Iterator[None]:
    before = app.extensions["composed"][PushReader]
    compose(app.extensions, PushReader(APPID, token, aes_key))
    yield
    compose(app.extensions, before)


@pytest.fixture
def somebody(world: World, reader: None) -> tuple[Person, str]:
    return reachable(world)


def item(status: str, template: str = CALLED) -> dict[str, str]:
    return {"TemplateId": template, "SubscribeStatusString": status, "PopupScene": "0"}


_made = iter(range(10**6))


def event(openid: str, *items: dict[str, Any], kind: str = POPUP) -> dict[str, Any]:
    """An event of its own second: what is the same in all is a repeat."""
    return {
        "ToUserName": "gh_1", "FromUserName": openid, "CreateTime": 1_714_036_504 + next(_made),
        "MsgType": "event", "Event": kind, "List": items[0] if len(items) == 1 else list(items),
    }  # fmt: skip


def pushed(world: World, told: dict[str, Any] | bytes, **query: str) -> Any:
    signed = {"timestamp": "1714036504", "nonce": "1514711492"}
    given = (STAND_IN_PUSH_TOKEN, *signed.values())
    signed["signature"] = signature(*given)
    if isinstance(told, dict) and "Encrypt" in told:
        signed["msg_signature"] = signature(*given, told["Encrypt"])
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return world.http.post(PUSH, query_string=signed | query, data=body)


def left(person: Person) -> dict[str, int]:
    found: dict[str, int] = ok(person.get("/me/message-credits"))
    return {template: n for template, n in found.items() if n}


def report(person: Person, **said: int) -> None:
    ok(person.post("/me/message-credits", said))


def test_the_phone_asks_for_templates_by_wechats_ids_and_says_what_it_got(world: World) -> None:
    found = ok(world.http.get(f"{API}/message-templates"))["items"]
    assert {one["template"]: one["id"] for one in found}["called"] == CALLED
    person = world.person()
    assert set(ok(person.get("/me/message-credits"))) == {one["template"] for one in found}
    answer = ok(person.post("/me/message-credits", {"called": 1, "change": 2}))
    assert {template: n for template, n in answer.items() if n} == {"called": 1, "change": 2}
    assert left(person) == {"called": 1, "change": 2}


@pytest.mark.parametrize("body", [{"called": -1}, {"called": 4}, {"shouted": 1}, {"called": "1"}])
def test_what_no_phone_gets_is_refused(world: World, body: dict[str, Any]) -> None:
    assert world.person().post("/me/message-credits", body).status_code == 422


def test_nobody_gathers_credits_without_end(world: World) -> None:
    person = world.person()
    for _ in range(MESSAGES.most_credits):
        report(person, called=3)
    assert left(person) == {"called": MESSAGES.most_credits}


def test_one_tap_counts_once_whoever_tells_of_it_first(
    world: World, somebody: tuple[Person, str]
) -> None:
    person, openid = somebody
    report(person, called=1)
    pushed(world, event(openid, item("accept")))
    assert left(person) == {"called": 1}
    pushed(world, event(openid, item("accept")))
    assert left(person) == {"called": 2}
    report(person, called=1)
    assert left(person) == {"called": 2}
    pushed(world, event(openid, item("accept")))  # the phone's word of this tap was lost
    report(person, called=1)
    pushed(world, event(openid, item("accept")))
    assert left(person) == {"called": 4}


def test_an_event_of_several_and_its_repeats(world: World, somebody: tuple[Person, str]) -> None:
    person, openid = somebody
    several = event(openid, item("accept"), item("accept", CHANGE), item("ban", "unknown"))
    for _ in range(3):
        answer = pushed(world, several)
        assert (answer.status_code, answer.text) == (200, "success")
    assert left(person) == {"called": 1, "change": 1}


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (POPUP, item("reject")),
        (SETTINGS, item("reject")),
        (SENT, {"TemplateId": CALLED, "MsgID": "1", "ErrorCode": "43101", "ErrorStatus": "user"}),
    ],
)
def test_what_is_refused_leaves_none(
    world: World, somebody: tuple[Person, str], kind: str, said: dict[str, Any]
) -> None:
    person, openid = somebody
    report(person, called=3, change=1)
    pushed(world, event(openid, said, kind=kind))
    assert left(person) == {"change": 1}
    pushed(world, event(openid, item("accept")))
    assert left(person) == {"called": 1, "change": 1}


@pytest.mark.parametrize(
    "told",
    [
        {"Event": POPUP},
        {"Event": POPUP, "FromUserName": "o-nobody", "List": item("accept")},
        {"Event": POPUP, "FromUserName": 7, "List": "x"},
        {"Event": "user_enter", "FromUserName": "o-nobody"},
        {"Event": SENT, "FromUserName": "o-nobody", "List": [None, 7, {"TemplateId": None}]},
        {"Event": [], "FromUserName": "o-nobody"},
        {"Event": {}, "FromUserName": "o-nobody"},
        {"Event": POPUP, "FromUserName": "o\0nobody", "List": item("accept")},
        {"Event": POPUP, "FromUserName": "o-nobody", "List": {"TemplateId": [], "ErrorCode": {}}},
    ],
)
def test_what_says_nothing_is_taken_in_all_the_same(
    world: World, somebody: tuple[Person, str], told: dict[str, Any]
) -> None:
    assert pushed(world, told).text == "success"
    malformed = told | {"FromUserName": somebody[1]}
    assert pushed(world, malformed).text == "success"


def test_a_forged_push_is_refused(world: World, somebody: tuple[Person, str]) -> None:
    person, openid = somebody
    told = event(openid, item("accept"))
    for query in ({"signature": "0" * 40}, {"nonce": "1"}, {"signature": "签"}):
        refused(pushed(world, told, **query), 403, "push_forged")
    refused(world.http.post(PUSH, data=b"{}"), 403, "push_forged")
    refused(pushed(world, b"<xml></xml>"), 400, "malformed_body")
    refused(pushed(world, b"[1]"), 400, "malformed_body")
    deep = f'{{"Event":"{POPUP}","FromUserName":"{openid}","List":{"[" * 300}{"]" * 300}}}'
    refused(pushed(world, deep.encode()), 400, "malformed_body")
    assert left(person) == {}


def test_wechats_own_vector(app: Flask, world: World) -> None:
    query = {
        "timestamp": "1714036504", "nonce": "1514711492", "echostr": "4375120948345356249",
        "signature": "f464b24fc39322e44b38aa78f5edd27bd1441696",
    }  # fmt: skip
    with configured(app, "AAAAA", ""):
        answer = world.http.get(PUSH, query_string=query)
        assert (answer.status_code, answer.text) == (200, query["echostr"])
        refused(world.http.get(PUSH, query_string=query | {"nonce": "1"}), 403, "push_forged")
    with configured(app, "", ""):
        refused(world.http.get(PUSH, query_string=query), 404, "push_not_configured")
        refused(world.http.post(PUSH, data=b"{}"), 404, "push_not_configured")


def test_where_there_is_a_key_only_what_is_encrypted_with_it_counts(
    app: Flask, world: World
) -> None:
    person, openid = reachable(world)
    told = event(openid, item("accept"))
    body = json.dumps(told).encode()
    with configured(app, STAND_IN_PUSH_TOKEN, STAND_IN_PUSH_AES_KEY):
        refused(pushed(world, told), 403, "push_forged")  # its signature says nothing of it
        for appid, key in ((APPID, "x" * 43), ("wx-other", STAND_IN_PUSH_AES_KEY)):
            sealed = encrypt(body, appid, key)
            refused(pushed(world, envelope(sealed)), 403, "push_forged")
        for sealed in ("", "AAAA", "签"):
            refused(pushed(world, envelope(sealed)), 403, "push_forged")
        assert left(person) == {}
        assert pushed(world, envelope(encrypt(body, APPID, STAND_IN_PUSH_AES_KEY))).text == (
            "success"
        )
    assert left(person) == {"called": 1}


def envelope(sealed: str) -> dict[str, str]:
    return {"ToUserName": "gh_1", "Encrypt": sealed}


@pytest.mark.parametrize("mode", ["plain", "aes"])
def test_as_wechat_sends_them_over_http(
    app: Flask, world: World, wechat: StandIn, mode: str
) -> None:
    person, openid = reachable(world)
    server = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    target = f"http://127.0.0.1:{server.server_port}{PUSH}"
    told = event(openid, item("accept"))
    try:
        key = STAND_IN_PUSH_AES_KEY if mode == "aes" else ""
        with configured(app, STAND_IN_PUSH_TOKEN, key):
            (greeted,) = wechat.push(target, {}, mode="verify")
            assert greeted["body"] == greeted["query"]["echostr"]
            (forged,) = wechat.push(target, told, mode=mode, bad_signature=True)
            assert forged["status"] == 403
            answers = wechat.push(target, told, mode=mode, repeat=3)
            assert [answer["body"] for answer in answers] == ["success"] * 3
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert left(person) == {"called": 1}
