"""Many threads send at once: each message goes out once, and no credit is spent twice."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from backend.core.context import compose
from backend.core.crypto import PhoneVault
from backend.core.db import db
from backend.gateways.tokens import AccessTokenStore
from backend.gateways.wechat import WeChatConfig, WeChatGateway
from backend.local.waiting import wait_until
from backend.notices import tasks
from backend.notices.messages import sending
from backend.notices.models import NoticeKind
from tests.concurrency.test_interleavings import PATIENCE_S, Other
from tests.gateways.standin import APPID, SECRET, SEND, StandIn
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


@pytest.fixture
def other(sending_app: Flask) -> Iterator[Other]:
    with db.engine.connect() as connection:
        yield Other(connection)


def sends(app: Flask) -> Callable[[], None]:
    def work() -> None:
        with app.app_context():
            sending.send_due()

    return work


def test_an_account_is_closed_while_its_message_is_claimed(
    sending_app: Flask, committed_world: World, wechat: StandIn, other: Other
) -> None:
    """Whoever claims locks the message first, then its credit; so does who closes the account."""
    person, _ = reachable(committed_world, wechat, called=1)
    told(news(person))
    other.does("SELECT FROM notice WHERE user_id = :id FOR UPDATE", id=person.user_id)
    closed = other.meets(lambda: person.delete("/me"), meanwhile=sends(sending_app))
    assert closed.status_code == 204
    assert wechat.count(SEND), "it was claimed, and sent"
    assert outcomes(person) == {}


def test_that_one_was_sent_is_kept_though_the_claim_of_the_next_fails(
    sending_app: Flask, committed_world: World, wechat: StandIn, other: Other
) -> None:
    first, second = (reachable(committed_world, wechat, called=1)[0] for _ in range(2))
    told(news(first))
    told(news(second))
    other.does("SELECT FROM message_credit WHERE user_id = :id FOR UPDATE", id=second.user_id)
    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(sends(sending_app))
        wait_until(other.is_waited_for, timeout_s=PATIENCE_S, what="a claim that waits")
        other.cancel_who_waits()
        with pytest.raises(OperationalError, match="canceling statement"):
            work.result()
    assert (outcomes(first), outcomes(second)) == ({"sent": 1}, {"owed": 1})
