"""Phone number, code image, text check and subscription message."""

import json

import pytest

from backend.gateways.wechat import (
    Suggestion,
    TextScene,
    WeChatCodeInvalid,
    WeChatError,
    WeChatForeignNumber,
    WeChatGateway,
    WeChatRefused,
    WeChatUnavailable,
)
from tests.gateways.conftest import MakeGateway
from tests.gateways.standin import CHECK_TEXT, CODE_IMAGE, PHONE, SEND, TOKEN, StandIn


def test_a_phone_code_becomes_the_bare_number_once(gateway: WeChatGateway) -> None:
    assert gateway.phone_number("phone:13800001234:n1") == "13800001234"
    assert gateway.phone_number("phone:13800001234:n2") == "13800001234"
    with pytest.raises(WeChatCodeInvalid, match="40029"):
        gateway.phone_number("phone:13800001234:n1")


@pytest.mark.parametrize(
    "code", ["phone:852-61234567:n", "phone:1-13800001234:n", "phone:02586543210:n"]
)
def test_only_a_mainland_mobile_number_is_one(gateway: WeChatGateway, code: str) -> None:
    with pytest.raises(WeChatForeignNumber, match="mainland"):
        gateway.phone_number(code)


def test_what_cannot_be_a_phone_code_is_not_sent(gateway: WeChatGateway, stand_in: StandIn) -> None:
    with pytest.raises(WeChatCodeInvalid):
        gateway.phone_number("")
    assert stand_in.count(PHONE) == 0


@pytest.mark.parametrize(
    ("env_version", "check_path"), [("release", True), ("trial", False), ("develop", False)]
)
def test_a_code_image_opens_our_page_in_the_configured_version(
    make_gateway: MakeGateway, stand_in: StandIn, env_version: str, check_path: bool
) -> None:
    image = make_gateway(env_version=env_version).code_image(
        "a=Zz09!#$&'()*+,/:;=?@-._~", width=280
    )
    assert image.startswith(b"\x89PNG")
    assert json.loads(stand_in.log(CODE_IMAGE)["calls"][0]["body"]) == {
        "scene": "a=Zz09!#$&'()*+,/:;=?@-._~",
        "page": "pages/scan/index",
        "check_path": check_path,
        "env_version": env_version,
        "width": 280,
    }


@pytest.mark.parametrize("scene", ["", "x" * 33, "a%20b", "码", "a b", "a\n", '"'])
def test_a_scene_outside_the_alphabet_is_not_sent(
    gateway: WeChatGateway, stand_in: StandIn, scene: str
) -> None:
    with pytest.raises(ValueError, match="scene"):
        gateway.code_image(scene)
    assert stand_in.count(CODE_IMAGE) == 0


@pytest.mark.parametrize("width", [279, 1281])
def test_a_width_that_wechat_does_not_draw_is_not_sent(
    gateway: WeChatGateway, stand_in: StandIn, width: int
) -> None:
    with pytest.raises(ValueError, match="width"):
        gateway.code_image("a", width=width)
    assert stand_in.count(CODE_IMAGE) == 0


def test_an_unpublished_page_is_refused_for_good(make_gateway: MakeGateway) -> None:
    with pytest.raises(WeChatRefused, match="41030"):
        make_gateway(page="pages/unpublished/index").code_image("a")


def test_over_the_minutes_limit_comes_back_later(gateway: WeChatGateway, stand_in: StandIn) -> None:
    stand_in.mode(CODE_IMAGE, errcode=45009)
    with pytest.raises(WeChatUnavailable) as refusal:
        gateway.code_image("a")
    assert refusal.value.retryable
    assert stand_in.count(CODE_IMAGE) == 1


@pytest.mark.parametrize(
    ("text", "suggest"),
    [
        ("师傅手艺很好", Suggestion.PASS),
        ("这是违规内容", Suggestion.RISKY),
        ("疑似广告", Suggestion.REVIEW),
    ],
)
def test_a_text_gets_wechats_verdict(
    gateway: WeChatGateway, stand_in: StandIn, text: str, suggest: Suggestion
) -> None:
    openid = gateway.login("ok:li").openid
    verdict = gateway.check_text(openid, text, scene=TextScene.COMMENT)
    assert verdict.suggest is suggest
    assert verdict.label >= 100
    assert verdict.trace_id
    body = json.loads(stand_in.log(CHECK_TEXT)["calls"][0]["body"])
    assert body == {"openid": openid, "scene": 2, "version": 2, "content": text}


def test_a_suggestion_we_do_not_know_goes_to_a_person(
    gateway: WeChatGateway, stand_in: StandIn
) -> None:
    stand_in.mode(CHECK_TEXT, malformed="unknown_suggestion")
    verdict = gateway.check_text("o" * 28, "好", scene=TextScene.COMMENT)
    assert verdict.suggest is Suggestion.REVIEW


def test_a_writer_not_seen_for_two_hours_cannot_be_checked(
    gateway: WeChatGateway, stand_in: StandIn
) -> None:
    openid = gateway.login("ok:li").openid
    stand_in.advance(7201)
    with pytest.raises(WeChatRefused) as refusal:
        gateway.check_text(openid, "好", scene=TextScene.COMMENT)
    assert refusal.value.errcode == 61010


@pytest.mark.parametrize("text", ["", "好" * 2501])
def test_an_empty_or_too_long_text_is_not_sent(
    gateway: WeChatGateway, stand_in: StandIn, text: str
) -> None:
    with pytest.raises(ValueError, match="2500"):
        gateway.check_text("o" * 28, text, scene=TextScene.COMMENT)
    assert stand_in.count(CHECK_TEXT) == 0


def test_calls_share_one_token(gateway: WeChatGateway, stand_in: StandIn) -> None:
    gateway.code_image("a")
    gateway.code_image("b")
    gateway.phone_number("phone:13800001234:n1")
    assert stand_in.count(TOKEN) == 1
    body = json.loads(stand_in.log(TOKEN)["calls"][0]["body"])
    assert body["force_refresh"] is False
    assert body["grant_type"] == "client_credential"


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_a_refused_token_is_fetched_again_and_the_call_repeated(
    gateway: WeChatGateway, stand_in: StandIn, errcode: int
) -> None:
    gateway.code_image("a")
    stand_in.mode(CODE_IMAGE, errcode=errcode, times=1)
    assert gateway.code_image("b")
    assert stand_in.count(CODE_IMAGE) == 3
    assert stand_in.count(TOKEN) == 2


def test_a_forgotten_token_is_replaced(gateway: WeChatGateway, stand_in: StandIn) -> None:
    """As after a reset of the AppSecret, or of the stand-in: ours is unknown there."""
    gateway.code_image("a")
    stand_in.reset()
    assert gateway.code_image("b")
    assert stand_in.count(TOKEN) == 1


def test_a_lasting_40001_ends_after_two_calls(gateway: WeChatGateway, stand_in: StandIn) -> None:
    """wechatpy would call itself without end."""
    stand_in.always_40001()
    with pytest.raises(WeChatUnavailable) as refusal:
        gateway.code_image("a")
    assert refusal.value.errcode == 40001
    assert stand_in.count(CODE_IMAGE) == 2
    assert stand_in.count(TOKEN) == 2


def test_a_wrong_secret_is_told_as_such(make_gateway: MakeGateway) -> None:
    """It is no refusal of the call, which may be made once the secret is right."""
    with pytest.raises(WeChatUnavailable, match="40125: no access token") as refusal:
        make_gateway(secret="wrong").code_image("a")
    assert (refusal.value.retryable, refusal.value.maybe_done) == (True, False)


OPENID = "o" + "a" * 27


def send(gateway: WeChatGateway, **fields: str) -> None:
    gateway.send_message(
        OPENID, "called", page="/pages/number/number?id=7", fields=fields or {"thing1": "轮到您了"}
    )


def test_a_message_is_sent_with_its_fields_and_opens_its_page(
    gateway: WeChatGateway, stand_in: StandIn
) -> None:
    stand_in.grant(OPENID, "called")
    send(gateway)
    assert json.loads(stand_in.log(SEND)["calls"][0]["body"]) == {
        "touser": OPENID,
        "template_id": "called",
        "page": "pages/number/number?id=7",
        "data": {"thing1": {"value": "轮到您了"}},
        "miniprogram_state": "formal",
    }
    with pytest.raises(WeChatRefused, match="43101"):
        send(gateway)


def test_a_field_that_wechat_refuses_is_named(gateway: WeChatGateway, stand_in: StandIn) -> None:
    stand_in.grant(OPENID, "called")
    with pytest.raises(WeChatRefused, match=r"47003.*time2"):
        send(gateway, time2="明天")


@pytest.mark.parametrize(
    ("fault", "maybe_done", "asked"),
    [
        ({"drop": True}, True, 1),
        ({"malformed": "cut_body"}, True, 1),
        ({"http_status": 502}, True, 1),
        ({"delay_s": 60}, True, 1),
        ({"errcode": -1}, False, 2),
        ({"errcode": 45009}, False, 1),
    ],
)
def test_what_wechat_may_have_sent_is_not_sent_again(
    make_gateway: MakeGateway,
    stand_in: StandIn,
    fault: dict[str, object],
    maybe_done: bool,
    asked: int,
) -> None:
    stand_in.grant(OPENID, "called")
    stand_in.mode(SEND, **fault)
    with pytest.raises(WeChatUnavailable) as error:
        send(make_gateway(read_timeout_s=0.3))
    assert (error.value.maybe_done, stand_in.count(SEND)) == (maybe_done, asked)


def test_without_a_connection_or_a_token_nothing_was_sent(
    make_gateway: MakeGateway, stand_in: StandIn
) -> None:
    stand_in.mode(TOKEN, drop=True)
    for gateway in (make_gateway(), make_gateway(api_base="http://127.0.0.1:1")):
        with pytest.raises(WeChatError) as error:
            send(gateway)
        assert not error.value.maybe_done
    assert stand_in.count(SEND) == 0
