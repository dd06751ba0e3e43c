"""Login through WeChat: what each answer means to us."""

import logging

import pytest

from backend.gateways.wechat import (
    WeChatCodeInvalid,
    WeChatGateway,
    WeChatIdentity,
    WeChatRefused,
    WeChatUnavailable,
    WeChatUserBlocked,
)
from tests.gateways.conftest import MakeGateway
from tests.gateways.standin import LOGIN, TOKEN, StandIn


def test_a_code_becomes_the_same_openid_each_time(gateway: WeChatGateway) -> None:
    first, second = gateway.login("ok:张三"), gateway.login("ok:张三")
    assert first == second
    assert len(first.openid) == 28
    assert first.unionid is None
    assert gateway.login("ok:李四").openid != first.openid


def test_a_unionid_is_passed_on_where_there_is_one(gateway: WeChatGateway) -> None:
    identity = gateway.login("union:li")
    assert identity.unionid is not None
    assert identity.unionid.startswith("u")


def test_the_session_key_never_leaves_the_gateway(
    gateway: WeChatGateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert (
        set(vars(gateway.login("ok:li")))
        == {"openid", "unionid"}
        == set(WeChatIdentity.__dataclass_fields__)
    )
    assert "session_key" not in caplog.text


def test_login_needs_no_access_token(gateway: WeChatGateway, stand_in: StandIn) -> None:
    """An outage of the token API must not keep people out."""
    stand_in.mode(TOKEN, http_status=500)
    gateway.login("ok:li")
    assert stand_in.count(TOKEN) == 0
    assert "access_token" not in stand_in.log(LOGIN)["calls"][0]["query"]


@pytest.mark.parametrize(
    ("code", "errcode", "error"),
    [
        ("nonsense", 40029, WeChatCodeInvalid),
        ("blocked", 40226, WeChatUserBlocked),
        ("freq", 45011, WeChatUnavailable),
    ],
)
def test_each_refusal_has_its_own_exception(
    gateway: WeChatGateway,
    stand_in: StandIn,
    code: str,
    errcode: int,
    error: type[WeChatUnavailable],
) -> None:
    with pytest.raises(error) as refusal:
        gateway.login(code)
    assert refusal.value.errcode == errcode
    assert refusal.value.retryable is (error is WeChatUnavailable)
    assert stand_in.count(LOGIN) == 1, "such a refusal is not tried again"


def test_a_code_works_once(gateway: WeChatGateway) -> None:
    gateway.login("once:li:n1")
    with pytest.raises(WeChatCodeInvalid, match="40163"):
        gateway.login("once:li:n1")


def test_a_code_works_for_five_minutes(gateway: WeChatGateway, stand_in: StandIn) -> None:
    young, old = stand_in.issue_code("li"), stand_in.issue_code("li")
    stand_in.advance(299)
    gateway.login(young)
    stand_in.advance(2)
    with pytest.raises(WeChatCodeInvalid, match="40029"):
        gateway.login(old)


@pytest.mark.parametrize("code", ["", "  ", "x" * 513])
def test_what_cannot_be_a_code_is_not_sent(
    gateway: WeChatGateway, stand_in: StandIn, code: str
) -> None:
    with pytest.raises(WeChatCodeInvalid):
        gateway.login(code)
    assert stand_in.count(LOGIN) == 0


def test_busy_is_tried_once_more(gateway: WeChatGateway, stand_in: StandIn) -> None:
    assert gateway.login("busy:n1").openid
    assert stand_in.count(LOGIN) == 2


def test_lasting_busy_is_tried_twice_in_all(gateway: WeChatGateway, stand_in: StandIn) -> None:
    stand_in.mode(LOGIN, errcode=-1)
    with pytest.raises(WeChatUnavailable) as refusal:
        gateway.login("ok:li")
    assert refusal.value.errcode == -1
    assert refusal.value.retryable
    assert stand_in.count(LOGIN) == 2


@pytest.mark.parametrize(
    ("wrong", "errcode"), [({"appid": "wx-other"}, 40013), ({"secret": "wrong"}, 40125)]
)
def test_wrong_settings_are_no_users_fault(
    make_gateway: MakeGateway, wrong: dict[str, str], errcode: int
) -> None:
    with pytest.raises(WeChatRefused) as refusal:
        make_gateway(**wrong).login("ok:li")
    assert refusal.value.errcode == errcode
    assert not refusal.value.retryable
