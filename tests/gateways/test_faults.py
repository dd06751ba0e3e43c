"""WeChat away, hanging or talking nonsense: one exception, in time, without secrets in it."""

import logging
import socket
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import requests

from backend.gateways.deadline import Deadline
from backend.gateways.link import Link
from backend.gateways.tokens import AccessTokenStore
from backend.gateways.wechat import (
    TextScene,
    WeChatConfig,
    WeChatGateway,
    WeChatTimeout,
    WeChatUnavailable,
    WeChatUnreachable,
)
from backend.local.waiting import wait_until
from tests.gateways.conftest import MakeGateway
from tests.gateways.standin import (
    APPID,
    CHECK_TEXT,
    CODE_IMAGE,
    LOGIN,
    PHONE,
    SECRET,
    TOKEN,
    StandIn,
)

CALLS: dict[str, Callable[[WeChatGateway], Any]] = {
    LOGIN: lambda gateway: gateway.login("ok:li"),
    PHONE: lambda gateway: gateway.phone_number("phone:13800001234:n1"),
    CODE_IMAGE: lambda gateway: gateway.code_image("a"),
    CHECK_TEXT: lambda gateway: gateway.check_text("o" * 28, "好", scene=TextScene.COMMENT),
}
FAULTS: dict[str, dict[str, Any]] = {
    "http_502": {"http_status": 502},
    "http_404": {"http_status": 404},
    "html": {"malformed": "html"},
    "cut_json": {"malformed": "cut_json"},
    "cut_body": {"malformed": "cut_body"},
    "not_an_object": {"malformed": "not_an_object"},
    "wrong_types": {"malformed": "wrong_types"},
    "deep": {"malformed": "deep"},
    "empty": {"malformed": "empty"},
    "redirect": {"http_status": 302},
    "drop": {"drop": True},
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("path", CALLS)
def test_no_usable_answer_is_unavailable(
    gateway: WeChatGateway, stand_in: StandIn, path: str, fault: str
) -> None:
    stand_in.mode(path, **FAULTS[fault])
    with pytest.raises(WeChatUnavailable) as refusal:
        CALLS[path](gateway)
    assert refusal.value.errcode is None
    assert refusal.value.retryable
    assert stand_in.count(path) <= 2
    assert stand_in.count("/elsewhere") == 0, "a redirect is not followed"


@pytest.mark.parametrize("fault", FAULTS)
def test_no_usable_token_is_unavailable(
    gateway: WeChatGateway, stand_in: StandIn, fault: str
) -> None:
    stand_in.mode(TOKEN, **FAULTS[fault])
    with pytest.raises(WeChatUnavailable):
        gateway.code_image("a")
    assert stand_in.count(TOKEN) <= 2
    assert stand_in.count(CODE_IMAGE) == 0


@pytest.mark.parametrize("path", CALLS)
def test_a_hang_ends_with_the_read_timeout(
    make_gateway: MakeGateway, stand_in: StandIn, path: str
) -> None:
    stand_in.mode(path, delay_s=60)
    with pytest.raises(WeChatTimeout, match=f"no answer from {path}"):
        CALLS[path](make_gateway(read_timeout_s=0.2))
    assert stand_in.count(path) == 1, "after a timeout there is no time for another try"


def test_a_hanging_token_ends_with_the_read_timeout(
    make_gateway: MakeGateway, stand_in: StandIn
) -> None:
    """wechatpy would fetch its token without any timeout."""
    stand_in.mode(TOKEN, delay_s=60)
    with pytest.raises(WeChatTimeout, match=f"no answer from {TOKEN}"):
        make_gateway(read_timeout_s=0.2).code_image("a")
    assert stand_in.count(TOKEN) == 1


@pytest.mark.parametrize("path", [LOGIN, CODE_IMAGE])
def test_an_answer_that_trickles_in_ends_with_the_deadline(
    make_gateway: MakeGateway, stand_in: StandIn, path: str
) -> None:
    """Each byte comes in time for the read timeout; all of them would take 20 s."""
    stand_in.mode(path, drip_s=20)
    gateway = make_gateway(connect_timeout_s=0.2, read_timeout_s=0.4)
    with pytest.raises(WeChatTimeout):
        CALLS[path](gateway)


@pytest.mark.parametrize("fault", [{"delay_s": 60}, {"drip_s": 30}])
def test_a_call_given_up_gives_its_place_back(
    make_gateway: MakeGateway, stand_in: StandIn, fault: dict[str, Any]
) -> None:
    """The caller is told in time by the bulkhead; the call itself must end as well."""
    gateway = make_gateway(connect_timeout_s=0.2, read_timeout_s=0.7, max_concurrent_calls=1)
    stand_in.mode(LOGIN, **fault)
    with pytest.raises(WeChatTimeout):
        gateway.login("ok:li")

    def place_is_free() -> bool:
        try:
            return bool(gateway.code_image("a"))
        except WeChatUnavailable:
            return False

    wait_until(place_is_free, timeout_s=20, what="the place of the call that was given up")


def test_a_connection_closed_by_wechat_is_tried_once_more(
    gateway: WeChatGateway, stand_in: StandIn
) -> None:
    stand_in.mode(LOGIN, drop=True, times=1)
    assert gateway.login("ok:li").openid
    assert stand_in.count(LOGIN) == 2


@pytest.mark.parametrize("path", CALLS)
def test_a_refused_connection_is_unreachable_and_tells_no_secret(
    make_gateway: MakeGateway, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    caplog.set_level(logging.DEBUG)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, not listening: refuses
        gateway = make_gateway(api_base=f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(WeChatUnreachable) as refusal:
            CALLS[path](gateway)
    told = "".join(traceback.format_exception(refusal.value)) + caplog.text
    assert SECRET not in told
    assert "ok%3Ali" not in told, "the login code, as it stands in a URL"


def test_nothing_secret_is_logged_when_all_is_well(
    gateway: WeChatGateway, stand_in: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    """urllib3 logs every URL at DEBUG."""
    caplog.set_level(logging.DEBUG)
    gateway.login("ok:li")
    gateway.code_image("a")
    token = stand_in.log(CODE_IMAGE)["calls"][0]["query"]["access_token"]
    for secret in (SECRET, "ok%3Ali", token):
        assert secret not in caplog.text


def test_an_answer_without_end_is_not_read_to_the_end(
    make_gateway: MakeGateway, stand_in: StandIn
) -> None:
    """And its rest is not taken for the next one's answer."""
    gateway = make_gateway(max_concurrent_calls=1)
    stand_in.mode(LOGIN, malformed="huge", times=2)
    with pytest.raises(WeChatUnavailable):
        gateway.login("ok:li")
    assert len(gateway.login("ok:wang").openid) == 28
    assert stand_in.count(LOGIN) == 3


def config(**values: Any) -> WeChatConfig:
    standard = WeChatConfig(APPID, SECRET, "https://api.weixin.qq.com", "release", "pages/scan")
    return replace(standard, **values)


def test_a_call_ends_within_five_seconds_by_any_configuration() -> None:
    assert config().deadline_s <= 4.5
    with pytest.raises(ValueError, match="within"):
        config(read_timeout_s=4.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"appid": ""},
        {"secret": ""},
        {"api_base": "http://api.weixin.qq.com"},
        {"api_base": "https://api.weixin.qq.com/"},
        {"api_base": "api.weixin.qq.com"},
        {"env_version": "production"},
        {"page": "/pages/scan"},
        {"page": "pages/scan?a=1"},
        {"connect_timeout_s": 0},
        {"max_concurrent_calls": 0},
    ],
)
def test_a_wrong_configuration_is_refused_at_the_start(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        config(**wrong)


def test_the_secret_does_not_show_in_the_configuration() -> None:
    assert SECRET not in repr(config())


def test_wechatpy_can_reach_no_other_host_and_fetches_no_token(
    stand_in: StandIn, tokens: AccessTokenStore
) -> None:
    """Its token URL, its own base and that of `wxa`: three places with the real host in them.
    And a fourth that nobody has thought of gets nowhere either."""
    link = Link(config(api_base=stand_in.address))
    with pytest.raises(AssertionError):
        link.client.fetch_access_token()
    with pytest.raises(AssertionError):
        link.client.get("user/info")
    link.session.bounded.deadline = Deadline(5)
    with pytest.raises(Exception, match="40066"):
        link.client.get("user/info", params=[], timeout=1)
    with pytest.raises(Exception, match="40066"):
        link.client.wxa._post("wxa/any", params=[], timeout=1)
    assert stand_in.count("/cgi-bin/user/info") == 1
    assert stand_in.count("/wxa/any") == 1
    with pytest.raises(requests.exceptions.InvalidSchema):
        link.client.marketing._get("any", params=[], timeout=1)
    link.session.close()


def test_a_proxy_of_the_machine_is_not_asked_for_loopback(
    gateway: WeChatGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert gateway.login("ok:li").openid


def test_connections_are_kept(gateway: WeChatGateway, stand_in: StandIn) -> None:
    for _ in range(20):
        gateway.login("ok:li")
    assert stand_in.log()["connections"] <= WeChatConfig.max_concurrent_calls
