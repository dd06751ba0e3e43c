"""What organisers write to people: checked, confirmed with how many they are, told once."""

import re
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from backend.core.db import transaction
from backend.core.permissions import Role
from backend.gateways.wechat import WeChatError
from backend.identity import roles
from backend.identity.roles import Scope
from backend.outreach.announcements import check_announcement
from backend.regions.models import Region
from tests.api.activities.workbench import fields_of
from tests.api.outreach.conftest import family_of
from tests.support.desk import Desk
from tests.support.fair import waiting_jobs
from tests.support.market_day import MarketDay
from tests.support.world import SUBDISTRICT, Person, World, ok

WORDS = "3 号摊位休息到 10:30"


def write(desk: Desk, day: MarketDay, to: str = "signed_up", text: str = WORDS) -> str:
    """Write an announcement and confirm it; answers the page that asked."""
    path = f"/console/changes/of/{day.id}/announce"
    page = desk.step(path, to=to, text=text)
    assert desk.send(path, **fields_of(page)).status_code == 303
    return page


def check(app: Flask) -> None:
    """What the worker does with the texts that wait."""
    for arguments in waiting_jobs(app, "outreach.check_announcement"):
        with app.app_context():
            check_announcement(**arguments)


def inbox(person: Person) -> list[str]:
    notices = ok(person.get("/me/notices"))["items"]
    return [one["text"] for one in notices if one["kind"] == "announcement"]


def organiser_seen_by_wechat(world: World) -> Person:
    """An organiser who has just logged in to the mini-program: WeChat checks their texts."""
    http = world.app.test_client()
    login = ok(http.post("/api/v1/auth/wechat", json={"code": "ok:wang"}))
    user_id = UUID(login["user"]["id"])
    with world.app.app_context(), transaction() as session:
        region = session.execute(select(Region.id).where(Region.code == SUBDISTRICT))
        scope = Scope(region_id=region.scalar_one())
        roles.grant(session, None, user_id, Role.ORGANISER, scope)
    return Person(http, "wang", user_id, UUID(login["user"]["resident_id"]), login["token"])


def test_a_text_that_passes_is_told_once_to_each_account(
    wechat_app: Flask, world: World, day: MarketDay
) -> None:
    carer, gone, nobody = world.person(), world.person(), world.person()
    for more in ({}, {"resident_id": family_of(carer)}):
        day.booked(carer, **more)
    ok(day.act(day.booked(gone), "cancel", gone))
    desk = Desk(world, organiser_seen_by_wechat(world))
    page = write(desk, day)
    assert "<strong>2 人</strong>" in page
    assert "在现场的人" not in desk.read(f"/console/changes/of/{day.id}/announce"), "not open yet"
    assert "正在检查内容" in desk.read(f"/console/changes/of/{day.id}")
    assert inbox(carer) == [], "nobody reads what was not checked"
    for _ in range(2):
        check(wechat_app)
    history = desk.read(f"/console/markets/{day.id}/history")
    assert "写公告" in history
    assert "公告已发送" in history
    told = [inbox(person) for person in (carer, gone, nobody)]
    assert told == [[f"「花园社区公益集市」的工作人员通知：{WORDS}"], [], []]
    page = desk.read(f"/console/changes/of/{day.id}")
    assert WORDS in page
    assert "已读 0／2" in page
    assert "不用再通知" not in page
    (change,) = re.findall(r'href="([^"]+)">公告</a>', page)
    page = desk.read(change)
    assert "发给了谁" in page
    assert "电话名单" not in page, "nobody is to be called"
    assert desk.send(f"{change}/paper", reason="通知公告").status_code == 409

    write(desk, day, text="这里有违规内容")
    check(wechat_app)
    assert len(inbox(carer)) == 1
    assert "没有通过检查，没有发" in desk.read(f"/console/changes/of/{day.id}")
    auditor = Desk(world, world.staff(Role.AUDITOR, SUBDISTRICT))
    log = auditor.read("/console/audit/?object_type=announcement")
    assert log.count(WORDS) == 2, "written, and sent"
    assert log.count(f'href="/console/markets/{day.id}">花园社区公益集市</a>') == 4
    assert "违规" not in log, "what may not be sent is read by nobody"


def test_of_what_was_cancelled_meanwhile_nothing_is_announced(
    wechat_app: Flask, world: World, day: MarketDay
) -> None:
    """Its text passes all the same; it is not called sent, for nobody was told."""
    person = world.person()
    day.booked(person)
    desk = Desk(world, organiser_seen_by_wechat(world))
    write(desk, day)
    ok(day.organiser.post(f"/activities/{day.id}/cancel", {"reason": "大雨"}))
    check(wechat_app)
    assert inbox(person) == []
    assert day.rows("SELECT state FROM announcement") == [("held",)]
    assert "活动已经结束或取消，不再发送" in desk.read(f"/console/changes/of/{day.id}")


def test_what_could_not_be_checked_is_sent_by_a_colleague(world: World) -> None:
    """No WeChat anywhere: the text is held. It goes to who stands in that line."""
    day = MarketDay.begin(world)
    waits, elsewhere = world.person(), world.person()
    for person in (waits, elsewhere):
        day.come(person)
    ok(day.ticket(waits), 201)
    desk = Desk(world, day.organiser)
    assert "<strong>2 人</strong>" in write(desk, day, "here")
    assert "<strong>1 人</strong>" in write(desk, day, f"line:{day.offering_id}")
    with pytest.raises(WeChatError):
        check(world.app)
    for arguments in waiting_jobs(world.app, "outreach.check_announcement")[1:]:
        with world.app.app_context(), pytest.raises(WeChatError):
            check_announcement(**arguments)
    assert inbox(waits) == []
    rows = day.rows("SELECT id FROM announcement WHERE audience = 'line'")
    path = f"/console/changes/of/{day.id}/held/{rows[0][0]}/release"
    assert desk.send(path).status_code == 409, "not by who wrote it"
    own = desk.read(f"/console/changes/of/{day.id}")
    assert "请另一位同事核对后发送" in own
    assert "等核对的公告" not in desk.read("/console/")
    colleague = Desk(world, world.organiser())
    assert f'href="/console/changes/of/{day.id}"' in colleague.read("/console/")
    assert "核对过了，发送" in colleague.read(f"/console/changes/of/{day.id}")
    assert colleague.send(path).status_code == 303
    assert [len(inbox(person)) for person in (waits, elsewhere)] == [1, 0]
    assert "您刚刚在别处核对并发送了这条公告" in colleague.send(path).get_data(as_text=True), "once"
    withdraw = path.replace("release", "withdraw")
    assert colleague.send(withdraw).status_code == 409, "nobody takes back what people have read"
    day.close()
    assert "等核对的公告" not in colleague.read("/console/"), "nothing to say any more"
    assert "活动已经结束或取消，不再发送" in colleague.read(f"/console/changes/of/{day.id}")


def test_what_is_held_is_withdrawn_by_its_writer_or_a_colleague(
    world: World, day: MarketDay
) -> None:
    person = world.person()
    day.booked(person)
    helper = world.organiser()
    desk, colleague = Desk(world, day.organiser), Desk(world, helper)
    names = {desk: day.organiser.name, colleague: helper.name}
    page = f"/console/changes/of/{day.id}"
    for withdraws, other in ((desk, colleague), (colleague, desk)):
        write(desk, day)
        *_, arguments = waiting_jobs(world.app, "outreach.check_announcement")
        with world.app.app_context(), pytest.raises(WeChatError):
            check_announcement(**arguments)
        assert "等核对的公告" in colleague.read("/console/")
        assert "撤下后不会发送" in withdraws.read(page)
        held = f"{page}/held/{arguments['announcement_id']}"
        assert withdraws.send(f"{held}/withdraw").status_code == 303
        with world.app.app_context():
            check_announcement(**arguments)  # which would ask WeChat, and fail
        name = names[withdraws]
        late = {other: f"{name}已经撤下了这条公告", withdraws: "您刚刚在别处撤下了这条公告"}
        for who, said in late.items():
            answer = who.send(f"{held}/withdraw")
            assert answer.status_code == 409, "once"
            assert said in answer.get_data(as_text=True)
        answer = colleague.send(f"{held}/release")
        assert answer.status_code == 409
        assert late[colleague] in answer.get_data(as_text=True)
        assert "没有发出的公告" in answer.get_data(as_text=True), "on the page that it was on"
        assert "等核对的公告" not in colleague.read("/console/")
        assert "撤下后不会发送" not in other.read(page)
    assert inbox(person) == []
    assert other.read(page).count("已撤下，没有发") == 2
    assert "<strong>1 条</strong>" in desk.read(f"{page}/announce"), "they count all the same"
    moves = day.rows("SELECT action FROM audit_entry WHERE to_state = 'withdrawn'")
    assert [move.action for move in moves] == ["announcement_withdrawn"] * 2


def test_three_a_day_and_none_to_nobody(world: World, day: MarketDay) -> None:
    desk = Desk(world, day.organiser)
    path = f"/console/changes/of/{day.id}/announce"
    assert desk.send(path, to="signed_up", text=WORDS).status_code == 409, "nobody signed up"
    day.booked(world.person())
    foreign = MarketDay.begin(world).offering_id
    wrong: list[dict[str, Any]] = [
        {"text": "有事打 13800001111"}, {"text": "长" * 101}, {"to": "everybody"},
        {"to": f"line:{foreign}"},
    ]  # fmt: skip
    for fields in wrong:
        assert desk.send(path, **{"to": "signed_up", "text": WORDS} | fields).status_code == 422
    for left in (3, 2, 1):
        assert f"<strong>{left} 条</strong>" in desk.read(path)
        page = write(desk, day)
    first_step = {"to": "signed_up", "text": WORDS}
    for fields in (first_step, fields_of(page)):
        answer = desk.send(path, **fields)
        assert answer.status_code == 409
        assert "一天最多发 3 条" in answer.get_data(as_text=True)
        assert WORDS in answer.get_data(as_text=True), "what was typed is not lost"
    page = desk.read(path)
    assert 'name="text"' not in page
    assert "起可以再写" in page
    assert "写公告</a>" not in desk.read(f"/console/changes/of/{day.id}")
