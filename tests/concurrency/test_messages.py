"""Many threads send at once: each message goes out once, and no credit is spent twice."""

from collections.abc import Iterator

import pytest
from flask import Flask

from backend.core.context import compose
from backend.core.crypto import PhoneVault
from backend.core.db import db
from backend.gateways.tokens import AccessTokenStore
from backend.gateways.wechat import WeChatConfig, WeChatGateway
from backend.notices import tasks
from backend.notices.models import NoticeKind
from tests.gateways.standin import APPID, SECRET, StandIn
from tests.support.messages import news, outcomes, reachable, seen, told
from tests.support.threads import together
from tests.support.world import World, ok


@pytest.fixture
def sending_app(committed_app: Flask, wechat: StandIn) -> Iterator[Flask]:
    """The app, with a gateway to the stand-in WeChat."""
    config = WeChatConfig(APPID, SECRET, wechat.address, "release", "pages/checkin/checkin",
                          max_concurrent_calls=16)  # fmt: skip
    before = committed_app.extensions["composed"][WeChatGateway]
    with committed_app.app_context():
        tokens = AccessTokenStore(db.engine, committed_app.extensions["composed"][PhoneVault])
        gateway = WeChatGateway(config, tokens)
        compose(committed_app.extensions, gateway)
        yield committed_app
    compose(committed_app.extensions, before)
    gateway.close()


def test_each_message_is_sent_once_and_each_credit_spent_once(
    sending_app: Flask, committed_world: World, wechat: StandIn
) -> None:
    many, _ = reachable(committed_world, wechat, called=5)
    others = [reachable(committed_world, wechat, market_tomorrow=1)[0] for _ in range(20)]
    told(*(news(many) for _ in range(8)))
    told(*(news(person, NoticeKind.MARKET_TOMORROW) for person in others))

    def work() -> None:
        with sending_app.app_context():
            tasks.send()

    together(work, work)
    assert outcomes(many) == {"sent": 5, "given_up: no_credit": 3}
    assert outcomes() == {"sent": 25, "given_up: no_credit": 3}
    assert len(seen(wechat)) == 25


def test_what_several_report_at_once_is_counted_once_each(
    committed_app: Flask, committed_world: World
) -> None:
    person = committed_world.person()
    together(*[lambda: person.post("/me/message-credits", {"called": 1, "change": 1})] * 6)
    found = ok(person.get("/me/message-credits"))
    assert (found["called"], found["change"]) == (6, 6)
