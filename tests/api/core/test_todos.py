"""待办: the console's first page says what waits for whom, and nothing stays when it is done."""

import re
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from backend.core import clock, dates
from backend.core.permissions import Role
from tests.support.desk import Desk
from tests.support.fair import Statements
from tests.support.market_day import MarketDay
from tests.support.world import COMMUNITY, DISTRICT, OTHER_SUBDISTRICT, World, ok

HOME = "/console/"


def kinds(desk: Desk) -> dict[str, int]:
    """What waits, and how much of each."""
    found = re.findall(r'id="kind-\d+">(.+?) <strong>([\d,]+)</strong>', desk.read(HOME))
    return {title: int(count) for title, count in found}


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
    assert kinds(theirs) == {"待审核的活动": 1}
    assert (kinds(own), kinds(other), badge(theirs)) == ({}, {}, 1)
    (address,) = re.findall(r'href="([^"]+)">全部 1 件', theirs.read(HOME))
    assert market["title"] in theirs.read(address.replace("&amp;", "&"))
    ok(chief.post(f"/activities/{market['id']}/return", {"reason": "请写清地点"}))
    assert (kinds(theirs), kinds(own)) == ({}, {"退回给您修改的活动": 1})
    page = own.read(HOME)
    assert f"{market['title']}：请写清地点" in page
    assert f'href="/console/markets/{market["id"]}"' in page
    assistant = world.organiser(COMMUNITY)
    ok(assistant.post(f"/activities/{market['id']}/submit"))
    assert kinds(own) == {}
    ok(chief.post(f"/activities/{market['id']}/return", {"reason": "请写清地点"}))
    assert (kinds(own), kinds(Desk(world, assistant))) == ({}, {"退回给您修改的活动": 1})


def test_what_begins_soon_and_is_not_announced_is_named(world: World) -> None:
    organiser = world.organiser()
    desk = Desk(world, organiser)
    market = world.draft(organiser, starts_at=clock.now() + timedelta(days=2))
    world.draft(organiser, starts_at=clock.now() + timedelta(days=4))
    assert kinds(desk) == {"3 天内开始，还没有发布的活动": 1}
    world.offering(organiser, world.stall(organiser, market["id"])["id"])
    ok(organiser.post(f"/activities/{market['id']}/publish"))
    assert kinds(desk) == {}


def test_after_a_market_its_record_and_its_complaints_wait(world: World, outer: Connection) -> None:
    day = MarketDay.begin(world)
    desk, person = Desk(world, day.organiser), world.person()
    day.come(person)
    rating = {"activity_id": day.id, "score": 1, "tags": ["slow"], "comment": "太久"}
    due = ok(person.post("/ratings", rating), 201)["complaint"]["due_at"]
    assert kinds(desk) == {"待办理的整改": 1}
    page = desk.read(HOME)
    assert "花园社区公益集市，1 分，等太久</a>" in page
    last_day = dates.day(clock.local_day(datetime.fromisoformat(due) - timedelta(seconds=1)))
    assert f"截止 {last_day}</span>" in page, "a midnight is the end of a day"
    day.close()
    assert kinds(desk) == {"待办理的整改": 1, "还没有填写活动登记的活动": 1}
    outer.execute(text("UPDATE rectification SET due_at = now() - interval '1 minute'"))
    record = {"volunteers": "3", "hours": "6", "funds_yuan": "0", "problems": "", "version": "0"}
    assert desk.send(f"/console/markets/{day.id}/record", **record).status_code == 303
    assert kinds(desk) == {"已经超期的整改": 1}


def test_a_need_waits_until_it_is_decided(world: World) -> None:
    desk = Desk(world, world.organiser())
    need: dict[str, Any] = {
        "region_id": world.region_id(COMMUNITY), "title": "修「老伞」", "source": "visit",
        "raised_on": clock.today().isoformat(),
    }  # fmt: skip
    address = desk.send("/console/needs/new", **need).location
    assert kinds(desk) == {"待受理的需求": 1}
    assert "确定不受理「修『老伞』」？" in desk.read(address)
    assert desk.send(f"{address}/accept").status_code == 303
    assert kinds(desk) == {}


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
    assert "还有 2 件" in desk.read(HOME)
