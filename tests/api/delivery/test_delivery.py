"""消息发送: of each activity who was told what, and what became of WeChat's message; only what has
certainly told nobody is sent again."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from flask import Flask
from sqlalchemy import update

from backend.core import clock
from backend.core.audit import AuditEntry
from backend.core.db import transaction
from backend.core.permissions import Role
from backend.identity import roles
from backend.identity.roles import Scope
from backend.notices.messages.models import Message
from backend.notices.models import NoticeKind
from tests.gateways.standin import SEND, TOKEN, StandIn
from tests.support.desk import Desk
from tests.support.inbox import last
from tests.support.market_day import MarketDay
from tests.support.messages import facts, news, outcomes, reachable, send_now, shanghai, told
from tests.support.world import OTHER_SUBDISTRICT, SUBDISTRICT, Person, World, ok, refused

LIST = "/console/messages/"
About = Callable[..., Any]


@pytest.fixture
def activity_id(world: World, organiser: Person) -> str:
    return str(world.ready(organiser)["id"])


@pytest.fixture
def about(activity_id: str) -> About:
    """News of the activity."""
    return lambda person, kind=NoticeKind.MARKET_TOMORROW, **more: news(
        person, kind, activity_id=UUID(activity_id), title="明天有集市", **more
    )


def listed(person: Person, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ok(person.get("/messages", **query))["items"]
    return found


def test_of_each_activity_it_says_how_many_were_told_and_what_became_of_it(
    world: World, wechat_app: Flask, wechat: StandIn, organiser: Person, desk: Desk,
    activity_id: str, about: About,
) -> None:  # fmt: skip
    sent, _ = reachable(world, wechat, market_tomorrow=1)
    unsubscribed, _ = reachable(world, market_tomorrow=1)
    inbox_only = world.person()
    told(about(sent), about(unsubscribed), about(inbox_only), about(sent, NoticeKind.CALLED))
    send_now()
    assert sent.post("/me/notices/read", {"all": True}).status_code == 204
    (row,) = [line for line in desk.read(LIST).split("<tr>") if activity_id in line]
    figures = [cell.split("</td>")[0] for cell in row.split('<td class="text-end">')[1:]]
    # people, notices, read; sent, refused, given up, unknown, owed
    assert figures == ["3", "4", "2", "1", "1", "0", "0", "0"]
    page = desk.read(LIST + activity_id)
    assert "本人没有订阅，或次数已用完" in page
    assert "王*英" in page
    assert "王秀英" not in page
    for head in (desk.read(LIST), page):
        assert re.search('scope="colgroup"[^>]+>微信提醒</th>', head), "whose columns they are"
    states = {one["state"]: one for one in listed(organiser, activity_id=activity_id)}
    assert set(states) == {"sent", "refused"}
    assert states["sent"]["name"] == "王*英"
    assert states["sent"]["read_at"]
    assert [one["state"] for one in listed(organiser, state="refused")] == ["refused"]
    assert "没有微信提醒" in desk.read(f"{LIST}{activity_id}?state=unknown")


def test_what_was_refused_is_sent_again_once_there_is_a_credit(
    world: World, wechat_app: Flask, wechat: StandIn, organiser: Person, desk: Desk,
    activity_id: str, about: About,
) -> None:  # fmt: skip
    reachable(world, wechat, market_tomorrow=1)  # WeChat knows the template
    person, openid = reachable(world, market_tomorrow=1)
    wechat.grant(openid, "standin-market_tomorrow", 0)
    told(about(person))
    send_now()
    (message,) = listed(organiser, activity_id=activity_id)
    path = f"{LIST}{activity_id}/{message['id']}/resend"
    assert (message["state"], message["may_resend"]) == ("refused", False)
    assert "本人没有订阅次数" in desk.send(path).text
    wechat.grant(openid, "standin-market_tomorrow")
    ok(person.post("/me/message-credits", {"market_tomorrow": 1}))
    assert "再发一次" in desk.read(LIST + activity_id)
    assert desk.send(path).status_code == 303
    assert "已重新发送" in desk.read(LIST + activity_id)
    send_now()
    assert (outcomes(person), wechat.count(SEND)) == ({"sent": 1}, 2)
    with transaction() as session:
        kept = session.query(AuditEntry).filter_by(action="resend_message").one()
        assert (str(kept.object_id), kept.from_state) == (message["id"], "refused")
    assert desk.send(path).status_code == 409  # it has reached its person


@pytest.mark.parametrize(("urgent", "said"), [(True, "已重新发送"), (False, "早上 8 点再发")])
def test_who_sends_again_at_night_is_told_that_it_waits(
    world: World, wechat_app: Flask, urgent: bool, said: str
) -> None:
    with time_machine.travel(shanghai("2026-12-05 22:00")):
        organiser, (person, _) = world.organiser(), reachable(world, market_tomorrow=1)
        desk, made = Desk(world, organiser), UUID(world.ready(organiser)["id"])
        told(news(person, NoticeKind.MARKET_TOMORROW, activity_id=made, facts=facts(urgent=urgent)))
        with transaction() as session:
            session.execute(update(Message).values(state="refused", errcode=47003))
        (message,) = listed(organiser)
        assert desk.send(f"{LIST}{made}/{message['id']}/resend").status_code == 303
        assert said in desk.read(f"{LIST}{made}")


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ({"state": "sent"}, "当前状态不能"),
        ({"state": "unknown"}, "当前状态不能"),
        ({"state": "owed"}, "当前状态不能"),
        ({"state": "given_up", "reason": "over"}, "说的事情已经过去"),
        ({"state": "refused", "errcode": 47003}, "后来有更新的消息"),
    ],
)
def test_nothing_is_sent_again_that_may_tell_twice_or_is_over(
    world: World, wechat_app: Flask, organiser: Person, desk: Desk, activity_id: str,
    about: About, left: dict[str, Any], said: str,
) -> None:  # fmt: skip
    person, _ = reachable(world, market_tomorrow=2)
    told(about(person))
    until = {"until": clock.now() - timedelta(1)} if left.get("reason") == "over" else {}
    with transaction() as session:
        session.execute(update(Message).values(**left, **until))
    if "更新" in said:  # told to the inbox alone
        told(about(person, NoticeKind.MARKET_MOVED, facts=None))
    (message,) = listed(organiser, activity_id=activity_id)
    assert not message["may_resend"]
    answer = desk.send(f"{LIST}{activity_id}/{message['id']}/resend")
    assert (answer.status_code, said in answer.text) == (409, True)


def test_staff_see_no_whole_name_of_whom_a_message_is_about(world: World) -> None:
    day, person = MarketDay.begin(world), world.person()
    ok(person.post("/me/message-credits", {"called": 1}))
    member = ok(person.post("/me/family", {"name": "王建国"}), 201)
    day.number(resident_id=member["id"])
    day.called()
    assert "王建国" in last(person)["title"]
    with transaction() as session:
        session.execute(update(Message).values(state="refused", errcode=43101))
    ok(person.post("/me/message-credits", {"called": 1}))
    (message,) = listed(day.organiser)
    assert (message["kind"], message["ticket"]) == ("called", "A001")
    page = Desk(world, day.organiser).read(LIST + day.id)
    assert "再给王*英发一次「叫号 A001」？" in page
    assert "王建国" not in f"{message} {page}"


def test_the_office_sees_what_keeps_messages_from_being_sent(
    world: World, wechat_app: Flask, wechat: StandIn, desk: Desk, activity_id: str, about: About
) -> None:
    wechat.mode(TOKEN, errcode=40164)
    told(about(reachable(world, market_tomorrow=1)[0]))
    send_now()
    assert "服务器地址不在微信的白名单里" in desk.read(LIST + activity_id)


def test_another_region_sees_and_sends_nothing(
    world: World, wechat_app: Flask, organiser: Person, activity_id: str, about: About
) -> None:
    person, _ = reachable(world, market_tomorrow=1)
    told(about(person))
    (message,) = listed(organiser, activity_id=activity_id)
    other = world.organiser(OTHER_SUBDISTRICT)
    assert listed(other) == []
    refused(other.get("/messages", activity_id=activity_id), 404, "not_found")
    desk = Desk(world, other)
    assert activity_id not in desk.read(LIST)
    resend = f"{LIST}{activity_id}/{message['id']}/resend"
    assert desk.send(resend).status_code == 404
    # Whoever only reads here sends nothing, whatever they may do elsewhere.
    with transaction() as session:
        here = Scope(region_id=UUID(world.region_id(SUBDISTRICT)))
        roles.grant(session, None, other.user_id, Role.AUDITOR, here)
    assert desk.send(resend).status_code == 403
    assert desk.send(f"{LIST}{activity_id}/{uuid4()}/resend").status_code == 404


def test_where_nobody_was_told_anything_the_pages_say_what_will_be(
    world: World, activity_id: str
) -> None:
    desk = Desk(world, world.organiser(OTHER_SUBDISTRICT))
    assert "还没有发过消息" in desk.read(LIST)
    region = world.region_id(OTHER_SUBDISTRICT)
    assert "没有符合条件的活动" in desk.read(f"{LIST}?region_id={region}")
