"""Login through WeChat, as phones do it (docs/rules/wechat.md, Logging in)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

import pytest
from flask import Flask
from sqlalchemy import Connection, text
from werkzeug.test import TestResponse

from backend.core import clock
from backend.core.db import transaction_is_open
from backend.gateways.wechat import WeChatGateway
from tests.conftest import PointAtWeChat
from tests.gateways.standin import LOGIN, StandIn
from tests.support.world import API, World, ok, refused


class LogIn(Protocol):
    def __call__(self, code: Any, **more: Any) -> TestResponse: ...


@pytest.fixture
def log_in(wechat_app: Flask) -> LogIn:
    http = World(wechat_app).http
    return lambda code, **more: http.post(f"{API}/auth/wechat", json={"code": code, **more})


def rows(outer: Connection, table: str) -> int:
    count: int = outer.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
    return count


def test_the_first_login_makes_a_user_with_a_resident(log_in: LogIn, outer: Connection) -> None:
    answer = ok(log_in("ok:王秀英"))
    user = answer["user"]
    assert (rows(outer, "user_account"), rows(outer, "resident")) == (1, 1)
    assert user["id"] != user["resident_id"]
    assert user == {
        "id": user["id"],
        "resident_id": user["resident_id"],
        "name": None,
        "display_name": "居民",
        "birth_year": None,
        "region_id": None,
        "phone": None,
        "phone_state": "none",
        "special_needs": None,
        "roles": [],
        "preferences": {"elder_mode": False},
        "consents": [],
    }


def test_the_second_login_finds_them_again_with_another_session(
    log_in: LogIn, outer: Connection
) -> None:
    first, second = ok(log_in("ok:王秀英")), ok(log_in("ok:王秀英"))
    assert first["user"] == second["user"]
    assert first["token"] != second["token"]
    assert rows(outer, "user_account") == rows(outer, "resident") == 1
    assert ok(log_in("ok:李四"))["user"]["id"] != first["user"]["id"]


def test_the_token_opens_me(log_in: LogIn, wechat_app: Flask) -> None:
    answer = ok(log_in("ok:王秀英"))
    headers = {"Authorization": f"Bearer {answer['token']}"}
    assert ok(wechat_app.test_client().get(f"{API}/me", headers=headers)) == answer["user"]


def test_the_session_ends_after_thirty_idle_days(log_in: LogIn) -> None:
    before = clock.now()
    expires_at = datetime.fromisoformat(ok(log_in("ok:li"))["expires_at"])
    assert before <= expires_at - timedelta(days=30) <= clock.now()


def test_the_unionid_is_kept_where_wechat_gives_one(log_in: LogIn, outer: Connection) -> None:
    """Of those too who had come before there was one."""
    user_id = ok(log_in("union:li"))["user"]["id"]
    found = text("SELECT unionid FROM user_account WHERE id = :id")
    unionid = outer.execute(found, {"id": user_id}).scalar_one()
    assert unionid.startswith("u")
    outer.execute(text("UPDATE user_account SET unionid = NULL"))
    assert ok(log_in("union:li"))["user"]["id"] == user_id
    assert outer.execute(found, {"id": user_id}).scalar_one() == unionid
    ok(log_in("ok:li"))
    assert outer.execute(found, {"id": user_id}).scalar_one() == unionid, "none is no news"


def test_a_single_use_code_works_once(log_in: LogIn) -> None:
    user = ok(log_in("once:li:n1"))["user"]
    refused(log_in("once:li:n1"), 401, "wechat_code_invalid")
    assert ok(log_in("once:li:n2"))["user"] == user


def test_a_code_older_than_five_minutes_is_refused(log_in: LogIn, wechat: StandIn) -> None:
    code = wechat.issue_code("li")
    wechat.advance(301)
    refused(log_in(code), 401, "wechat_code_invalid")


def test_wechat_busy_once_is_asked_again(log_in: LogIn, wechat: StandIn) -> None:
    ok(log_in("busy"))
    assert wechat.count(LOGIN) == 2


@pytest.mark.parametrize(
    ("code", "status", "problem"),
    [
        ("nonsense", 401, "wechat_code_invalid"),
        ("ok:", 401, "wechat_code_invalid"),
        ("blocked", 403, "wechat_user_blocked"),
        ("freq", 503, "wechat_unavailable"),
    ],
)
def test_each_of_wechats_refusals_has_its_code(
    log_in: LogIn, outer: Connection, code: str, status: int, problem: str
) -> None:
    refused(log_in(code), status, problem)
    assert rows(outer, "user_account") == rows(outer, "login_session") == 0


def test_a_blocked_person_is_sent_to_the_desk(log_in: LogIn) -> None:
    """40226 shows 「请到服务台人工登记」 (docs/rules/wechat.md, Logging in)."""
    assert "服务台" in refused(log_in("blocked"), 403, "wechat_user_blocked")["title"]


@pytest.mark.parametrize("code", [None, "", "  ", 7, True, [], {}, "x" * 257, "\x00", "\u202e"])
def test_a_code_that_can_be_none_is_not_sent_to_wechat(
    log_in: LogIn, wechat: StandIn, code: Any
) -> None:
    assert list(refused(log_in(code), 422, "validation_failed")["errors"]) == ["code"]
    assert wechat.count(LOGIN) == 0


def test_unknown_fields_are_refused(log_in: LogIn) -> None:
    refused(log_in("ok:li", openid="x"), 422, "validation_failed")


# ---------------------------------------------------------------------------- WeChat away

FAULTS: dict[str, dict[str, Any]] = {
    "502": {"http_status": 502},
    "404": {"http_status": 404},
    "html": {"malformed": "html"},
    "cut json": {"malformed": "cut_json"},
    "no object": {"malformed": "not_an_object"},
    "nothing": {"malformed": "empty"},
    "connection dropped": {"drop": True},
    "busy for good": {"errcode": -1},
    "wrong secret": {"errcode": 40125},
    "unheard of": {"errcode": 99999},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_wechat_talking_nonsense_is_unavailable(
    log_in: LogIn, wechat: StandIn, outer: Connection, fault: str
) -> None:
    wechat.mode(LOGIN, **FAULTS[fault])
    response = log_in("ok:li")
    problem = refused(response, 503, "wechat_unavailable")
    assert "服务台" in problem["title"]
    assert "Retry-After" in response.headers
    assert rows(outer, "user_account") == 0
    wechat.mode(LOGIN)
    ok(log_in("ok:li"))


def test_wechat_hanging_is_unavailable_and_holds_nobody_up(
    log_in: LogIn, wechat: StandIn, point_at_wechat: PointAtWeChat, world: World
) -> None:
    point_at_wechat(read_timeout_s=0.2)
    wechat.mode(LOGIN, delay_s=600)
    refused(log_in("ok:li"), 503, "wechat_unavailable")
    ok(world.person().get("/me"))


def test_wechat_unreachable_is_unavailable(world: World) -> None:
    """Nothing listens there (the app's gateway without `wechat_app`)."""
    response = world.http.post(f"{API}/auth/wechat", json={"code": "ok:li"})
    refused(response, 503, "wechat_unavailable")


def test_no_transaction_is_open_while_wechat_is_asked(
    log_in: LogIn, wechat_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hanging WeChat must not hold a database connection (docs/rules/wechat.md, Logging in)."""
    seen: list[bool] = []
    gateway = wechat_app.extensions["composed"][WeChatGateway]
    ask: Callable[[str], Any] = gateway.login

    def watched(code: str) -> Any:
        seen.append(transaction_is_open())
        return ask(code)

    monkeypatch.setattr(gateway, "login", watched)
    ok(log_in("ok:li"))
    assert seen == [False]


# ---------------------------------------------------------------------------- blocked by us


def test_somebody_whom_we_have_blocked_cannot_log_in(log_in: LogIn, outer: Connection) -> None:
    ok(log_in("ok:li"))
    outer.execute(text("UPDATE user_account SET state = 'blocked'"))
    sessions = rows(outer, "login_session")
    refused(log_in("ok:li"), 403, "wechat_user_blocked")
    assert rows(outer, "login_session") == sessions


def test_blocking_ends_every_session_at_once(world: World, outer: Connection) -> None:
    person = world.person()
    ok(person.get("/me"))
    statement = text("UPDATE user_account SET state = 'blocked' WHERE id = :id")
    outer.execute(statement, {"id": person.user_id})
    refused(person.get("/me"), 401, "not_logged_in")
