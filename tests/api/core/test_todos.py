"""待办: the console's first page says what waits for whom, and nothing stays when it is done."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Text, literal, select, text

from backend.activities.checks.readiness import is_settled, unsettled
from backend.core import clock, dates
from backend.core.permissions import Role
from backend.core.todos import todos_of
from backend.needs.feature import FEATURE
from tests.support.desk import Desk
from tests.support.fair import Statements
from tests.support.market_day import MarketDay
from tests.support.world import COMMUNITY, DISTRICT, OTHER_SUBDISTRICT, World, ok

HOME = "/console/"
NOT_READY = "3 天内开始，已经发布、还没有准备好的活动"


def list_of(desk: Desk, title: str) -> str:
    """The address of the list to which a kind's heading leads."""
    (address,) = re.findall(rf'<a href="([^"]+)">{title} <strong>', desk.read(HOME))
    return str(address.replace("&amp;", "&"))


def badge(desk: Desk) -> int:
    """What the menu of another page says."""
    found = re.search(r'todo-count">(\d+)', desk.read("/console/schedule/"))
    return int(found[1]) if found else 0


def test_who_has_nothing_to_do_is_told_so_and_who_has_no_work_sees_none(world: World) -> None:
    desk = Desk(world, world.organiser())
    assert "现在没有要办的事" in desk.read(HOME)
    assert badge(desk) == 0
    auditor = Desk(world, world.staff(Role.AUDITOR, DISTRICT))
    assert auditor.http.get(HOME).location == "/console/dashboard/"
    assert "待办" not in auditor.read("/console/schedule/")


def test_a_draft_waits_for_who_publishes_and_comes_back_with_the_words(world: World) -> None:
    clerk, chief = world.organiser(COMMUNITY), world.organiser()
    own, theirs = Desk(world, clerk), Desk(world, chief)
    other = Desk(world, world.organiser(OTHER_SUBDISTRICT))
    market = world.draft(clerk, starts_at=clock.now() + timedelta(days=9))
    ok(clerk.post(f"/activities/{market['id']}/submit"))
    assert theirs.waiting() == {"待审核的活动": 1}
    assert (own.waiting(), other.waiting(), badge(theirs)) == ({}, {}, 1)
    address = list_of(theirs, "待审核的活动")
    assert address.startswith("/console/schedule/"), "where more is done with them"
    assert market["title"] in theirs.read(address)
    ok(chief.post(f"/activities/{market['id']}/return", {"reason": "请写清地点"}))
    assert (theirs.waiting(), own.waiting()) == ({}, {"退回给您修改的活动": 1})
    page = own.read(HOME)
    assert f"{market['title']}：请写清地点" in page
    assert f'href="/console/markets/{market["id"]}"' in page
    assistant = world.organiser(COMMUNITY)
    ok(assistant.post(f"/activities/{market['id']}/submit"))
    assert own.waiting() == {}
    ok(chief.post(f"/activities/{market['id']}/return", {"reason": "请写清地点"}))
    assert (own.waiting(), Desk(world, assistant).waiting()) == ({}, {"退回给您修改的活动": 1})


def test_what_begins_soon_and_is_not_ready_is_named(world: World, outer: Connection) -> None:
    organiser = world.organiser()
    desk = Desk(world, organiser)
    market = world.draft(organiser, starts_at=clock.now() + timedelta(days=2))
    world.draft(organiser, starts_at=clock.now() + timedelta(days=4))
    assert desk.waiting() == {"3 天内开始，还没有发布的活动": 1}
    stall = world.stall(organiser, market["id"])
    ok(organiser.post(f"/activities/{market['id']}/publish"))
    assert desk.waiting() == {NOT_READY: 1}
    named = f"{market['title']}：还没有安排工作人员、有摊位还没有服务</a>"
    assert named in desk.read(HOME)
    assert named in desk.read(list_of(desk, NOT_READY))
    world.offering(organiser, stall["id"])
    duty = {"user_id": str(organiser.user_id), "words": "总负责"}
    assert desk.send(f"/console/markets/{market['id']}/people", **duty).status_code == 303
    assert desk.waiting() == {}
    # As what was announced by an older version may be.
    outer.execute(text("UPDATE venue SET name = '场地待定'"))
    outer.execute(text("UPDATE stall SET dropped_at = now()"))
    assert f"{market['title']}：还没有摊位、场地还没有定</a>" in desk.read(HOME)


def test_a_place_that_is_not_settled_is_one_in_a_condition_too(outer: Connection) -> None:
    nowhere = ("待定", "地点待定（另行通知）", "暂无", " TBD ")
    somewhere = ("花园广场（暂定）", "无锡路 1 号")
    for place in (*nowhere, *somewhere):
        condition = select(unsettled(literal(place, Text)))
        assert outer.execute(condition).scalar_one() is not is_settled(place), place


def test_after_a_market_its_record_and_its_complaints_wait(world: World, outer: Connection) -> None:
    day = MarketDay.begin(world)
    desk, person = Desk(world, day.organiser), world.person()
    day.come(person)
    rating = {"activity_id": day.id, "score": 1, "tags": ["slow"], "comment": "太久"}
    due = ok(person.post("/ratings", rating), 201)["complaint"]["due_at"]
    assert desk.waiting() == {"待办理的整改": 1}
    page = desk.read(HOME)
    assert "花园社区公益集市，1 分，等太久</a>" in page
    last_day = dates.day(clock.local_day(datetime.fromisoformat(due) - timedelta(seconds=1)))
    assert f"截止 {last_day}</span>" in page, "a midnight is the end of a day"
    day.close()
    assert desk.waiting() == {"待办理的整改": 1, "还没有填写活动登记的活动": 1}
    outer.execute(text("UPDATE rectification SET due_at = now() - interval '1 minute'"))
    record = {"volunteers": "3", "hours": "6", "funds_yuan": "0", "problems": "", "version": "0"}
    assert desk.send(f"/console/markets/{day.id}/record", **record).status_code == 303
    assert desk.waiting() == {"已经超期的整改": 1}


def test_a_need_waits_until_it_is_decided(world: World) -> None:
    desk = Desk(world, world.organiser())
    need: dict[str, Any] = {
        "region_id": world.region_id(COMMUNITY), "title": "修「老伞」", "source": "visit",
        "raised_on": clock.today().isoformat(),
    }  # fmt: skip
    address = desk.send("/console/needs/new", **need).location
    assert desk.waiting() == {"待受理的需求": 1}
    assert "确定不受理「修『老伞』」？" in desk.read(address)
    assert desk.send(f"{address}/accept", title=need["title"]).status_code == 303
    assert desk.waiting() == {}


def test_the_page_costs_the_same_however_much_waits(world: World) -> None:
    organiser = world.organiser()
    desk = Desk(world, organiser)

    def cost(path: str) -> int:
        with Statements(world.app) as seen:
            desk.read(path)
        return len(seen)

    empty, menu = cost(HOME), cost("/console/account")
    for _ in range(12):
        world.draft(organiser, starts_at=clock.now() + timedelta(days=1))
    assert (cost(HOME), cost("/console/account")) == (empty, menu)
    assert "全部 12 件" in desk.read(HOME)
    address = list_of(desk, "3 天内开始，还没有发布的活动")
    first = desk.read(f"{address}?limit=10")
    (more,) = re.findall(r'href="([^"]+)"><span>下一页', first)
    second = desk.read(more.replace("&amp;", "&"))
    listed = [set(re.findall(r"/console/markets/[\w-]+", page)) for page in (first, second)]
    assert [len(one) for one in listed] == [10, 2]
    assert not listed[0] & listed[1]
    auditor = Desk(world, world.staff(Role.AUDITOR, DISTRICT))
    auditor.read(address, 404)
    desk.read("/console/todos/99", 404)


def test_no_two_kinds_stand_at_one_place() -> None:
    kind = FEATURE.todos[0]
    with pytest.raises(ValueError, match=kind.title):
        todos_of([kind, kind])
