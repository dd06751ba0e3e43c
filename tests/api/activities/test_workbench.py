"""The workbench's pages: whose, what a form may change, and who is told of a change first."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from backend.activities.models import Activity, Venue
from backend.core.audit import AuditEntry
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.core.permissions import Role
from tests.api.activities.conftest import DAY, START
from tests.api.activities.workbench import (
    M,
    audited,
    facts,
    fields_of,
    hidden,
    marks,
    offering_of,
    row,
    sign_up,
)
from tests.support.desk import Desk
from tests.support.fair import Statements
from tests.support.market_day import MarketDay
from tests.support.market_day import at as at_instant
from tests.support.world import (
    COMMUNITY,
    DISTRICT,
    OTHER_SUBDISTRICT,
    Person,
    World,
    ok,
)

PAGES = (
    "", "/facts", "/stalls", "/people", "/print", "/print/poster", "/print/poster?size=a3",
    "/print/signs", "/print/cards", "/record", "/history", "/cancel",
)  # fmt: skip


# ---------------------------------------------------------------------------- whose


@pytest.mark.parametrize("page", PAGES)
def test_pages_open_for_the_region_and_are_hidden_from_others(
    world: World, desk: Desk, market: dict[str, Any], page: str
) -> None:
    path = f"{M}/{market['id']}{page}"
    assert market["title"] in desk.read(path)
    stranger = Desk(world, world.organiser(OTHER_SUBDISTRICT))
    stranger.read(path, 404)
    # What everybody may see in the mini-program opens no workbench.
    ok(desk_person(world).post(f"/activities/{market['id']}/publish"))
    stranger.read(path, 403)


def desk_person(world: World) -> Person:
    return world.organiser(DISTRICT)


def test_parts_are_hidden_from_others_and_trying_is_kept(
    world: World, desk: Desk, market: dict[str, Any]
) -> None:
    offering, stall = offering_of(market), market["stalls"][0]
    slot = offering["slots"][0]
    stranger = Desk(world, world.organiser(OTHER_SUBDISTRICT))
    for path in (
        f"/stalls/{stall['id']}", f"/stalls/{stall['id']}/offerings/new",
        f"/offerings/{offering['id']}", f"/offerings/{offering['id']}/delete",
        f"/offerings/{offering['id']}/slots/new", f"/slots/{slot['id']}",
        f"/slots/{slot['id']}/delete",
    ):  # fmt: skip
        desk.read(M + path)
        stranger.read(M + path, 404)
        desk.read(M + re.sub(r"[0-9a-f-]{36}", str(new_id()), path), 404)
    for path in (
        f"/{market['id']}/publish", f"/{market['id']}/stalls/arrange",
        f"/stalls/{stall['id']}/delete", f"/{market['id']}/submit",
    ):  # fmt: skip
        assert stranger.send(M + path).status_code == 404
    assert row(Activity, market["id"]).state == "draft"
    assert len(audited_refusals()) == 4


def audited_refusals() -> list[Any]:
    with transaction() as session:
        found = select(AuditEntry).where(AuditEntry.action == "refuse")
        return list(session.execute(found).scalars())


def test_an_auditor_reads_and_changes_nothing(world: World, market: dict[str, Any]) -> None:
    auditor = Desk(world, world.staff(Role.AUDITOR, DISTRICT))
    offering, stall = offering_of(market), market["stalls"][0]
    for page in ("", "/facts", "/stalls", "/people", "/print", "/record", "/history"):
        assert '<form method="post" action="/console/markets' not in auditor.read(
            f"{M}/{market['id']}{page}"
        )
    assert "不限" in auditor.read(f"{M}/offerings/{offering['id']}")
    assert "未指定" in auditor.read(f"{M}/stalls/{stall['id']}")
    auditor.read(f"{M}/{market['id']}/cancel", 403)
    assert auditor.send(f"{M}/{market['id']}/facts", **facts(market)).status_code == 403


@pytest.mark.parametrize(
    ("page", "most"),
    # The login is one, what waits in the menu another; each block of the page one more.
    [("", 18), ("/facts", 4), ("/stalls", 10), ("/people", 7), ("/print", 10), ("/print/poster", 9),
     ("/print/signs", 7), ("/print/cards", 7), ("/record", 4), ("/history", 4), ("/cancel", 8)],
)  # fmt: skip
def test_a_page_costs_the_same_however_much_there_is(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any], page: str, most: int
) -> None:
    for number in range(2, 5):
        stall = world.stall(organiser, market["id"], number=str(number))
        world.offering(organiser, stall["id"])
    ok(organiser.post(f"/activities/{market['id']}/publish"))
    for index in (0, 1, 1):
        sign_up(world, market, index)
    desk.read(f"{M}/{market['id']}{page}")
    with Statements(world.app) as sent:
        desk.read(f"{M}/{market['id']}{page}")
    assert len(sent) <= most, "\n".join(sent.sent)


# ---------------------------------------------------------------------------- states


def test_a_market_s_life_at_the_desk(world: World, market: dict[str, Any]) -> None:
    desk = Desk(world, desk_person(world))
    path = f"{M}/{market['id']}"
    assert desk.send(path + "/submit").status_code == 303
    assert desk.send(path + "/return", reason="请补照片\r\n和路线").status_code == 303
    assert "请补照片 和路线" in desk.read(path), "a reason is one line"
    for action in ("submit", "publish"):
        assert desk.send(f"{path}/{action}").status_code == 303, action
    with at_instant(START):
        there = Desk(world, desk_person(world))
        for action in ("open", "close"):
            assert there.send(f"{path}/{action}").status_code == 303, action
    assert row(Activity, market["id"]).state == "closed"
    history = desk.read(path + "/history")
    for words in (
        "新建草稿",
        "提交审核",
        "退回修改",
        "原因：请补照片",
        "发布",
        "开始活动",
        "结束活动",
    ):
        assert words in history
    refused = desk.send(path + "/open")
    assert refused.status_code == 409
    assert "当前状态不能做这项操作" in refused.get_data(as_text=True)
    assert "这场活动不能取消" in desk.read(path + "/cancel")


def test_buttons_are_those_that_role_and_state_allow(
    world: World, desk: Desk, market: dict[str, Any]
) -> None:
    path = f"{M}/{market['id']}"
    community = Desk(world, world.organiser(COMMUNITY))
    assert "/submit" in community.read(path)
    assert "/publish" not in community.read(path)
    assert "/publish" in desk.read(path)
    assert community.send(path + "/publish").status_code == 403
    assert "return" not in re.findall(rf"{path}/(\w+)", community.read(path))


def test_what_blocks_is_named_and_not_submitted(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    """By the console and by the API alike."""
    stall = world.stall(organiser, market["id"], number="9", name="空摊")
    world.offering(organiser, stall["id"], title="口腔检查", mode="slots")
    path = f"{M}/{market['id']}"
    page = desk.read(path)
    assert "「口腔检查」是预约制，还没有时段" in page
    assert "还没有安排工作人员" in page
    refused = desk.send(path + "/submit")
    assert refused.status_code == 409
    assert "口腔检查" in refused.get_data(as_text=True)
    answer = organiser.post(f"/activities/{market['id']}/submit")
    assert (answer.status_code, answer.json["code"]) == (409, "not_ready")  # type: ignore[index]
    assert row(Activity, market["id"]).state == "draft"
    assert "submit" not in audited(market["id"])


def test_a_cancellation_names_the_bookings_it_ends(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    ok(organiser.post(f"/activities/{market['id']}/publish"))
    sign_up(world, market)
    path = f"{M}/{market['id']}/cancel"
    shown = desk.read(path)
    assert "1 个预约会随之取消" in shown
    sign_up(world, market)
    late = desk.send(path, reason="台风", seen=hidden(shown, "seen"))
    assert late.status_code == 409
    assert "刚刚有变化" in late.get_data(as_text=True)
    assert "2 个预约会随之取消" in late.get_data(as_text=True)
    assert "台风" in late.get_data(as_text=True)
    assert row(Activity, market["id"]).state == "published"
    assert desk.send(path, seen=hidden(desk.read(path), "seen")).status_code == 422, "no reason"
    again = hidden(late.get_data(as_text=True), "seen")
    assert desk.send(path, reason="台风", seen=again).status_code == 303
    assert row(Activity, market["id"]).cancel_reason == "台风"
    elsewhere = desk.send(path, reason="台风", seen=again)
    assert elsewhere.status_code == 409
    assert "这场活动不能取消" in elsewhere.get_data(as_text=True)
    assert "刚刚有变化" not in elsewhere.get_data(as_text=True)
    assert "台风" in desk.read(f"{M}/{market['id']}")


# ---------------------------------------------------------------------------- facts


def test_facts_are_saved_and_what_did_not_change_is_not_written(
    desk: Desk, market: dict[str, Any]
) -> None:
    path = f"{M}/{market['id']}/facts"
    assert desk.send(path, **facts(market)).status_code == 303
    assert row(Activity, market["id"]).version == market["version"]
    changed = facts(
        market, title="新名字", venue_latitude="31.72", venue_longitude="119.95",
        description="第一行\r\n第二行", code_rotates_seconds="30", contact_phone="",
    )  # fmt: skip
    assert desk.send(path, **changed).status_code == 303
    saved = row(Activity, market["id"])
    assert (saved.title, saved.description) == ("新名字", "第一行\n第二行")
    assert (saved.contact_phone, saved.code_rotates_seconds) == (None, 30)
    page = desk.read(path)
    assert 'value="31.72"' in page
    assert "修改信息" in desk.read(f"{M}/{market['id']}/history")
    assert "名称" in desk.read(f"{M}/{market['id']}/history")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"title": ""}, "必填"),
        ({"starts_at": f"{DAY}T23:00"}, "结束时间应晚于开始时间"),
        ({"starts_at": f"{DAY}T01:10"}, "有时段落在新的活动时间之外"),
        ({"venue_latitude": "31"}, "纬度和经度应一起填写"),
        ({"venue_latitude": "x", "venue_longitude": "1"}, "应为数字"),
        ({"venue_latitude": "31.123456789", "venue_longitude": "1"}, "最多 8 位小数"),
        ({"venue_latitude": "91", "venue_longitude": "1"}, "应在 -90 到 90 之间"),
        ({"venue_wheelchair": "maybe"}, "请选择"),
        ({"checkin_opens_minutes": "1441"}, "应在 0 到 1440 之间"),
    ],
)
@pytest.mark.parametrize("state", ["draft", "published"])
def test_a_wrong_fact_is_told_and_what_was_typed_is_kept(
    desk: Desk, organiser: Person, market: dict[str, Any], state: str,
    wrong: dict[str, str], words: str,
) -> None:  # fmt: skip
    if state == "published":
        ok(organiser.post(f"/activities/{market['id']}/publish"))
    typed = facts(market, organiser_name="另一家单位") | wrong
    refused = desk.send(f"{M}/{market['id']}/facts", **typed)
    page = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert words in page
    assert "另一家单位" in page
    assert row(Activity, market["id"]).organiser_name == "民政局"


def test_of_two_editors_the_second_is_told_and_loses_nothing(
    desk: Desk, market: dict[str, Any]
) -> None:
    path = f"{M}/{market['id']}/facts"
    assert desk.send(path, **facts(market, title="先改的")).status_code == 303
    typed = facts(market, title="后改的", contact_phone="110", description="一\r\n二")
    typed["venue_address"] = "\u200b"  # nothing, as it shows
    second = desk.send(path, **typed)
    page = second.get_data(as_text=True)
    assert second.status_code == 409
    assert "先改的" in page
    assert 'value="后改的"' in page
    assert "一\n二" in page, "what differs is shown, in lines too"
    assert row(Activity, market["id"]).title == "先改的"
    # What was typed is sent again, knowingly.
    again = facts(market, title="后改的", contact_phone="110", version=hidden(page, "version"))
    assert desk.send(path, **again).status_code == 303
    assert row(Activity, market["id"]).title == "后改的"
    wrong = desk.send(path, **facts(market, title="x", starts_at=f"{DAY}T25:00"))
    assert wrong.status_code == 422


def test_of_two_tabs_the_second_takes_over_only_what_it_has_changed(
    desk: Desk, market: dict[str, Any]
) -> None:
    """What it never touched shows what the first has saved, so that saving again brings no old
    value back; what both have changed is chosen."""
    path = f"{M}/{market['id']}/facts"
    base = hidden(desk.read(path), "base")
    first = {"title": "先改的", "contact_phone": "110", "description": "一", "venue_wheelchair": ""}
    assert desk.send(path, **facts(market, **first, base=base)).status_code == 303
    mine = {"title": "后改的", "venue_address": "剑湖路 2 号", "venue_wheelchair": "false"}
    second = desk.send(path, **facts(market, **mine, base=base))
    page = second.get_data(as_text=True)
    assert second.status_code == 409
    assert "「活动介绍」「咨询电话」，您没有动过，下面已换成最新的" in re.sub(r"\s*\n\s*", "", page)
    assert "「名称」「无障碍通道」两边都改了" in page
    radios = re.findall(r'type="radio" name="(\w+)" value="([^"]*)" required', page)
    assert radios == [
        ("title", "先改的"), ("title", "后改的"),
        ("venue_wheelchair", ""), ("venue_wheelchair", "false"),
    ]  # fmt: skip
    assert '您填写的：<span class="lines">没有</span>' in page
    assert 'name="contact_phone" type="text" value="110"' in page
    assert 'name="venue_address" type="text" value="剑湖路 2 号"' in page
    # A refusal on the way is still of what this page shows: a third who saves is told of.
    shown = marks(page, "version")
    chosen = first | mine | {"title": "先改的"}
    wrong = desk.send(path, **facts(market, **(chosen | shown | {"contact_phone": "1" * 30})))
    assert wrong.status_code == 422
    assert hidden(wrong.get_data(as_text=True), "version") == shown["version"]
    assert desk.send(path, **facts(market, **chosen, **shown)).status_code == 303
    saved = row(Activity, market["id"])
    assert (saved.title, saved.contact_phone, saved.description) == ("先改的", "110", "一")
    venue = row(Venue, saved.venue_id)
    assert (venue.address, venue.wheelchair) == ("剑湖路 2 号", False)
    # Without what the form showed, or with what is none, all that differs is to be chosen.
    for strange in ("x", "[]", '{"title": 1}', ""):
        answer = desk.send(path, **facts(market, title="第三个", base=strange))
        assert (answer.status_code, "「名称」" in answer.get_data(as_text=True)) == (409, True)


def test_a_new_time_of_a_published_market_is_confirmed_with_who_is_affected(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    ok(organiser.post(f"/activities/{market['id']}/publish"))
    sign_up(world, market)
    path = f"{M}/{market['id']}/facts"
    moved = facts(market, ends_at=f"{DAY}T05:00", venue_name="室内体育馆", contact_phone="")
    asked = desk.send(path, **moved).location
    page = desk.read(asked)
    for words in ("要改什么", "室内体育馆", "社区广场", "1<small>个", "义诊", "确认修改"):
        assert words in page
    for words in ("各自的时段不变", "换成新的地点", "场地换了，地址还是原来的"):
        assert words in page, "of each kind of change what is so"
    assert "「改期」和原来的时间" not in page
    assert row(Activity, market["id"]).version == market["version"], "nothing saved yet"
    sign_up(world, market, 1)
    confirmed = fields_of(page)
    late = desk.step(path, **confirmed)
    assert "刚刚有变化" in late
    for much in ({"description": ["很" * 2000] * 6}, {"base": '{"title": "' + "x" * 12_000 + '"}'}):
        answer = desk.send(path, **confirmed | much)
        assert (answer.status_code, "太大了" in answer.get_data(as_text=True)) == (413, True)
    assert "1<small>个" not in desk.read(asked), "opened again, it shows what is so now"
    assert "刚刚有变化" not in desk.read(asked)
    foreign = Desk(world, world.organiser(OTHER_SUBDISTRICT))
    assert foreign.http.get(asked).location == path, "what is asked is its sender's alone"
    assert desk.send(path, **fields_of(late)).location.startswith("/console/changes/")
    saved = row(Activity, market["id"])
    assert saved.version == market["version"] + 1
    assert saved.ends_at == START + timedelta(hours=4)
    assert saved.contact_phone is None, "what was emptied with it is empty"
    assert "室内体育馆" in desk.read(path)
    # A confirmation that comes after another's change is told too.
    assert desk.send(path, **confirmed).status_code == 409
    # The back button, when it is done, leads to what stands.
    over = desk.http.get(asked)
    assert (over.status_code, over.location) == (303, path)
    assert "这一步已经完成，或内容已有变化" in desk.read(path)


def test_words_of_a_published_market_are_saved_at_once(
    desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    ok(organiser.post(f"/activities/{market['id']}/publish"))
    path = f"{M}/{market['id']}/facts"
    assert desk.send(path, **facts(market, description="欢迎")).status_code == 303
    assert row(Activity, market["id"]).description == "欢迎"
    assert "咨询电话像是" not in desk.read(path)
    number = facts(market, version=market["version"] + 1, contact_phone="138 0000 2288")
    assert desk.send(path, **number).status_code == 303
    for place in (path, f"{M}/{market['id']}"):
        assert "咨询电话像是个人手机号" in desk.read(place), "as of a draft"


def test_those_who_have_come_are_counted_too(world: World) -> None:
    day = MarketDay.begin(world)
    day.number()
    desk = Desk(world, day.organiser)
    page = desk.read(f"{M}/{day.market.id}/cancel")
    assert "不分时段（现场取号）" in page
    assert "1 个预约会随之取消" in page


def test_what_is_over_is_not_edited(desk: Desk, organiser: Person, market: dict[str, Any]) -> None:
    ok(organiser.post(f"/activities/{market['id']}/cancel", {"reason": "x"}))
    refused = desk.send(f"{M}/{market['id']}/facts", **facts(market, title="改"))
    assert refused.status_code == 409
    assert "不能再修改" in refused.get_data(as_text=True)
