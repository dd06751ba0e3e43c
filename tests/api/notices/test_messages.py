"""WeChat's messages beside notices: owed in the transaction that tells, sent once by the worker,
and each comes to an end."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from flask import Flask
from sqlalchemy import text, update

from backend.core import clock
from backend.core.config import MESSAGES
from backend.core.db import transaction
from backend.core.db.statement import Statement
from backend.notices.messages import sending
from backend.notices.messages.models import Message, MessageCredit, MessageState
from backend.notices.models import NoticeKind
from tests.conftest import PointAtWeChat
from tests.gateways.standin import SEND, TOKEN, StandIn
from tests.support.messages import (
    changed,
    facts,
    news,
    outcomes,
    reachable,
    seen,
    send_now,
    shanghai,
    told,
)
from tests.support.transactions import joins_of
from tests.support.world import Person, World, ok

JOINED = timedelta(minutes=MESSAGES.joined_minutes)
SILENT = timedelta(seconds=MESSAGES.silent_seconds + 1)


@pytest.fixture
def person(world: World, wechat_app: Flask, wechat: StandIn) -> Person:
    """Somebody who may be sent three messages of each kind."""
    return reachable(world, wechat, called=3, change=3, market_tomorrow=3)[0]


def left(person: Person, template: str) -> int:
    found: int = ok(person.get("/me/message-credits"))[template]
    return found


def jobs_waiting() -> int:
    waiting = text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'notices.send'")
    with transaction() as session:
        return int(session.execute(waiting).scalar_one())


def test_a_message_goes_out_with_the_news_and_uses_up_a_credit(
    person: Person, wechat: StandIn
) -> None:
    at = shanghai("2026-12-05 09:30")
    told(news(person, facts=facts(ticket="A012", at=at)))
    assert (outcomes(person), jobs_waiting()) == ({"owed": 1}, 1)
    send_now()
    assert (outcomes(person), left(person, "called")) == ({"sent": 1}, 2)
    (body,) = map(json.loads, seen(wechat))
    assert (body["template_id"], body["page"]) == ("standin-called", "pages/number/number")
    assert {name: one["value"] for name, one in body["data"].items()} == {
        "thing1": "轮到您了", "character_string2": "A012", "thing3": "社区广场",
        "time4": "2026年12月5日 09:30",
    }  # fmt: skip


def test_without_credit_facts_or_template_a_notice_is_one_insert_and_no_job(
    world: World, wechat_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, _ = reachable(world, called=0, change=1)
    run: list[Statement] = []
    rows = Statement.rows

    def noted(statement: Statement, *args: Any, **values: Any) -> list[Any]:
        run.append(statement)
        return rows(statement, *args, **values)

    with monkeypatch.context() as watched:
        watched.setattr(Statement, "rows", noted)
        joined = joins_of(watched)
        told(news(person), news(person, NoticeKind.RATING_ASKED), news(person, facts=None))
    assert (len(run), joined) == (1, [])
    told(changed(person, "改期", uuid4(), until=clock.now()))
    assert (outcomes(person), jobs_waiting()) == ({}, 0)


def test_of_more_than_there_are_credits_the_rest_is_given_up(
    world: World, wechat_app: Flask, wechat: StandIn
) -> None:
    person, _ = reachable(world, wechat, called=1)
    told(news(person), news(person))
    send_now()
    assert outcomes(person) == {"sent": 1, "given_up: no_credit": 1}
    assert wechat.count(SEND) == 1


@pytest.mark.parametrize(
    ("errcode", "kept"), [(43101, 0), (40003, 3), (40037, 3), (47003, 3), (41030, 3)]
)
def test_what_wechat_refuses_is_refused_with_its_reason(
    person: Person, wechat: StandIn, errcode: int, kept: int
) -> None:
    """It keeps the credit of what it refuses for our fault, and so do we."""
    wechat.mode(SEND, errcode=errcode)
    told(news(person))
    send_now()
    wechat.mode(SEND)
    with transaction() as session:
        message = session.query(Message).one()
        assert (message.state, message.errcode) == ("refused", errcode)
        assert message.reason
    send_now()
    assert (left(person, "called"), wechat.count(SEND)) == (kept, 1)


@pytest.mark.parametrize("fault", [{"drop": True}, {"malformed": "cut_body"}, {"http_status": 502}])
def test_what_may_have_been_sent_is_not_sent_again_but_a_call_once(
    person: Person, wechat: StandIn, fault: dict[str, Any]
) -> None:
    wechat.mode(SEND, times=1, **fault)
    told(news(person, NoticeKind.NUMBER_NEAR))  # the call's template
    send_now()
    send_now()
    assert (outcomes(person), wechat.count(SEND)) == ({"unknown": 1}, 1)
    wechat.mode(SEND, times=2, **fault)
    told(news(person))
    for _ in range(3):
        send_now()
    assert (outcomes(person), wechat.count(SEND)) == ({"unknown": 2}, 3)


def test_what_was_not_sent_stays_owed_and_is_tried_after_growing_pauses(
    person: Person, wechat: StandIn, point_at_wechat: PointAtWeChat
) -> None:
    """WeChat is down for an hour: what still holds goes out then, the rest is given up."""
    point_at_wechat(api_base="http://127.0.0.1:1")
    began = clock.now()
    tried: list[int] = []
    with time_machine.travel(began, tick=False) as time:
        told(news(person, NoticeKind.MARKET_TOMORROW))
        for minute in range(60):
            time.move_to(began + timedelta(minutes=minute))
            send_now()
            with transaction() as session:
                tried.append(session.query(Message).one().tries)
        assert [tried.index(n) for n in range(1, 8)] == [0, 1, 3, 7, 15, 30, 45]
        assert left(person, "market_tomorrow") == 3
        told(news(person, facts=facts(until=clock.now() + timedelta(seconds=30))))
        send_now()
        point_at_wechat()
        time.move_to(began + timedelta(minutes=61))
        send_now()
    assert outcomes(person) == {"sent": 1, "given_up: over": 1}
    assert len(ok(person.get("/me/notices"))["items"]) == 2


@pytest.mark.parametrize("errcode", [40125, 40164])
def test_without_an_access_token_what_is_owed_stays_owed_with_its_credit(
    person: Person, wechat: StandIn, errcode: int
) -> None:
    """A wrong AppSecret, or an address that WeChat doesn't know: it is ours to put right."""
    wechat.mode(TOKEN, errcode=errcode)
    told(news(person), news(person))
    send_now()
    assert (outcomes(person), left(person, "called"), wechat.count(SEND)) == ({"owed": 2}, 3, 0)
    assert wechat.count(TOKEN) == 1, "nobody goes on asking"
    wechat.mode(TOKEN)
    with time_machine.travel(clock.now() + timedelta(minutes=1)):
        send_now()
    assert (outcomes(person), left(person, "called")) == ({"sent": 2}, 1)


def test_a_dead_workers_message_is_unknown_and_never_sent_again(
    person: Person, wechat: StandIn
) -> None:
    alike = (NoticeKind.NUMBER_NEAR, NoticeKind.PASSED_OVER)  # the call's template
    told(news(person), *(news(person, kind) for kind in (NoticeKind.MARKET_TOMORROW, *alike)))
    with transaction() as session:
        session.execute(update(Message).values(state="sending", tries=1, sending_at=clock.now()))
    send_now()
    assert outcomes(person) == {"sending": 4}  # it may still be at work
    with transaction() as session:
        session.execute(update(Message).values(sending_at=clock.now() - SILENT))
    send_now()
    assert outcomes(person) == {"unknown": 3, "sent": 1}  # the call, which still holds
    assert wechat.count(SEND) == 1


def test_each_call_that_a_dead_worker_left_has_its_credit_back(person: Person) -> None:
    told(news(person), news(person))
    stale = {"state": "sending", "tries": 1, "sending_at": clock.now() - SILENT}
    with transaction() as session:
        session.execute(update(Message).values(**stale))
        session.execute(update(MessageCredit).values(remaining=0))
    sending.tidy()
    assert (outcomes(person), left(person, "called")) == ({"owed": 2}, 2)


def test_several_changes_within_ten_minutes_are_one_message(
    person: Person, wechat: StandIn
) -> None:
    market, other = uuid4(), uuid4()
    began = shanghai("2026-12-05 10:00")
    with time_machine.travel(began, tick=False) as time:
        later = {"urgent": False, "until": began + timedelta(days=3)}
        told(changed(person, "改到周六", market, **later), changed(person, "别处", other, **later))
        time.move_to(began + JOINED / 2)
        told(changed(person, "改到周日", market, **later))
        told(news(person, NoticeKind.ANNOUNCEMENT, activity_id=market, facts=facts(**later)))
        send_now()
        assert outcomes(person) == {"owed": 2, "given_up: joined": 1, "sent": 1}
        time.move_to(began + JOINED * 2)
        send_now()
    assert outcomes(person) == {"given_up: joined": 1, "sent": 3}
    said = [json.loads(body)["data"]["thing2"]["value"] for body in seen(wechat)]
    assert said == ["轮到您了", "别处", "改到周日"]


def test_an_urgent_change_goes_at_once_and_those_that_follow_are_one(
    person: Person, wechat: StandIn
) -> None:
    market, began = uuid4(), clock.now()
    with time_machine.travel(began, tick=False) as time:
        for minute in range(3):
            time.move_to(began + timedelta(minutes=minute))
            told(changed(person, f"改动{minute}", market))
            send_now()
        assert outcomes(person) == {"sent": 1, "given_up: joined": 1, "owed": 1}
        time.move_to(began + JOINED + timedelta(minutes=1))
        send_now()
    assert outcomes(person) == {"sent": 2, "given_up: joined": 1}
    assert "改动2" in seen(wechat)[-1]


def test_of_two_changes_told_while_one_is_being_sent_the_last_is_sent(
    person: Person, wechat: StandIn
) -> None:
    market, began = uuid4(), clock.now()
    told(changed(person, "改到周六", market))
    with transaction() as session:
        session.execute(update(Message).values(state="sending", tries=1, sending_at=began))
    told(changed(person, "改到周日", market))
    told(changed(person, "改到下周", market))
    send_now()
    assert outcomes(person) == {"sending": 1, "given_up: joined": 1, "owed": 1}
    with time_machine.travel(began + JOINED + timedelta(minutes=1)):
        send_now()
    assert outcomes(person) == {"unknown": 1, "given_up: joined": 1, "sent": 1}
    assert "改到下周" in seen(wechat)[-1]


def test_an_older_change_that_comes_late_says_nothing_after_a_newer_one(
    person: Person, wechat: StandIn
) -> None:
    market = uuid4()
    told(changed(person, "旧", market), changed(person, "新", market))
    with transaction() as session:
        _, newer = session.query(Message).order_by(Message.id)
        newer.state, newer.sending_at = MessageState.SENT, clock.now() - 2 * JOINED
    send_now()
    assert (outcomes(person), seen(wechat)) == ({"given_up: joined": 1, "sent": 1}, [])


K = NoticeKind


@pytest.mark.parametrize(
    ("older", "newer", "of", "sent"),
    [
        (K.MARKET_MOVED, K.MARKET_CANCELLED, "activity_id", 0),
        (K.MARKET_TOMORROW, K.MARKET_MOVED, "activity_id", 0),
        (K.ANNOUNCEMENT, K.MARKET_MOVED, "activity_id", 1),
        (K.CALLED, K.PASSED_OVER, "cause_id", 0),
        (K.CALLED, K.RATING_ASKED, "cause_id", 0),
        (K.CALLED, K.CALLED, "cause_id", 1),  # it still stands
        (K.CALLED, K.PASSED_OVER, "activity_id", 1),  # of another number
        (K.CALLED, K.MARKET_CANCELLED, "activity_id", 0),
    ],
)
def test_what_a_newer_notice_has_overtaken_is_not_sent(
    person: Person, wechat: StandIn, older: NoticeKind, newer: NoticeKind, of: str, sent: int
) -> None:
    """Though no message was owed beside that; and once it is being sent, too."""
    same = {of: uuid4()}
    told(news(person, older, facts=facts(urgent=True), **same))
    told(news(person, newer, facts=None, **same))
    sending.send_due()
    assert wechat.count(SEND) == sent
    send_now()
    assert outcomes(person) == ({"sent": 1} if sent else {"given_up: joined": 1})


@pytest.mark.parametrize(
    ("wall", "sent"),
    [("20:59", 2), ("21:00", 1), ("23:59", 1), ("00:00", 1), ("07:59", 1), ("08:00", 2)],
)
def test_at_night_only_what_is_urgent_goes_out(person: Person, wall: str, sent: int) -> None:
    now = shanghai(f"2026-12-05 {wall}")
    with time_machine.travel(now, tick=False) as time:
        until = now + timedelta(days=1)
        told(news(person, NoticeKind.MARKET_TOMORROW, facts=facts(urgent=False, until=until)))
        told(news(person, facts=facts(until=until)))
        send_now()
        assert outcomes(person)["sent"] == sent
        time.move_to(now + timedelta(hours=13))
        send_now()
    assert outcomes(person) == {"sent": 2}


def test_with_an_account_go_its_messages_and_credits(person: Person) -> None:
    told(news(person))
    exported = ok(person.get("/me/export"))
    assert exported["notices"][0]["message"] == "owed"
    assert {"template": "called", "left": 3} in exported["message_credits"]
    ok(person.delete("/me"), 204)
    send_now()
    with transaction() as session:
        kept = [session.execute(text(f"SELECT count(*) FROM {table} WHERE user_id = :id"),
                                {"id": person.user_id}).scalar_one()
                for table in ("message", "message_credit")]  # fmt: skip
    assert kept == [0, 0]


def test_every_owed_message_comes_to_one_end(world: World, person: Person, wechat: StandIn) -> None:
    """owed = sent + refused + given up + unknown, and nobody is told twice."""
    market = uuid4()
    told(news(person, NoticeKind.MARKET_TOMORROW), *(changed(person, str(n), market) for n in "ab"))
    other, _ = reachable(world, None, called=2)  # WeChat knows of no credit
    told(news(other))
    wechat.mode(SEND, times=1, drop=True)
    for _ in range(4):
        send_now()
    assert outcomes() == Counter({"unknown": 1, "sent": 1, "refused": 1, "given_up: joined": 1})
    bodies = seen(wechat)
    assert len(bodies) == len(set(bodies)) == 3
