"""The workbench's pages: whose, what a form may change, and who is told of a change first."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from backend.activities.models import Activity, ActivityRecord, Duty, Slot, Stall
from backend.core import clock
from backend.core.audit import AuditEntry
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.core.permissions import Role
from tests.api.feedback.fair import Statements
from tests.support.desk import Desk
from tests.support.market_day import MarketDay
from tests.support.world import (
    COMMUNITY,
    DISTRICT,
    OTHER_SUBDISTRICT,
    Person,
    World,
    ok,
)

START = datetime(2027, 5, 1, 1, 0, tzinfo=clock.SHANGHAI)
M = "/console/markets"


@pytest.fixture
def organiser(world: World) -> Person:
    return world.organiser()


@pytest.fixture
def desk(world: World, organiser: Person) -> Desk:
    return Desk(world, organiser)


@pytest.fixture
def market(world: World, organiser: Person) -> dict[str, Any]:
    """A draft with one stall and a service by slots, two of them."""
    draft = world.draft(organiser, starts_at=START, contact_phone="0519-1", organiser_name="民政局")
    stall = world.stall(organiser, draft["id"], number="1", name="义诊台")
    offering = world.offering(organiser, stall["id"], title="义诊", mode="slots")
    for index in range(2):
        starts = START + timedelta(minutes=30 * index)
        world.slot(organiser, offering["id"], starts.isoformat(), capacity=5)
    found: dict[str, Any] = ok(organiser.get(f"/activities/{draft['id']}"))
    return found


def offering_of(market: dict[str, Any]) -> dict[str, Any]:
    offering: dict[str, Any] = market["stalls"][0]["offerings"][0]
    return offering


def sign_up(world: World, market: dict[str, Any], slot: int = 0) -> Person:
    person = world.person()
    body = {"slot_id": offering_of(market)["slots"][slot]["id"]}
    ok(person.post(f"/offerings/{offering_of(market)['id']}/bookings", body), 201)
    return person


def row(model: Any, key: Any) -> Any:
    with transaction() as session:
        session.expire_all()
        return session.get(model, key)


def audited(object_id: str) -> list[str]:
    with transaction() as session:
        statement = (
            select(AuditEntry.action)
            .where(AuditEntry.object_id == object_id)
            .order_by(AuditEntry.id)
        )
        return list(session.execute(statement).scalars())


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, page
    return found[1]


def fields_of(page: str) -> dict[str, str]:
    """A confirmation's fields, as the page keeps them."""
    form = page[page.rindex("<form method") :]
    found = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return {name: value for name, value in found if name not in ("csrf_token", "_key")}


def facts(market: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """The facts form as it is first shown, with what was typed over it."""
    local = {
        name: datetime.fromisoformat(market[name])
        .astimezone(clock.SHANGHAI)
        .strftime("%Y-%m-%dT%H:%M")
        for name in ("starts_at", "ends_at")
    }
    return {
        "version": market["version"],
        "title": market["title"],
        **local,
        "venue_name": "社区广场",
        "venue_address": "花园路 1 号",
        "venue_wheelchair": "true",
        "venue_latitude": "",
        "venue_longitude": "",
        "description": "",
        "organiser_name": "民政局",
        "contact_phone": "0519-1",
        "checkin_opens_minutes": "30",
        "code_rotates_seconds": "",
    } | changed


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
    # The login is one; each block of the page one more.
    [("", 10), ("/facts", 4), ("/stalls", 9), ("/people", 6), ("/print", 8), ("/print/poster", 8),
     ("/print/signs", 7), ("/print/cards", 7), ("/record", 4), ("/history", 4), ("/cancel", 7)],
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
    assert "请补照片\n和路线" in desk.read(path)
    for action in ("submit", "publish", "open", "close"):
        assert desk.send(f"{path}/{action}").status_code == 303, action
    assert row(Activity, market["id"]).state == "closed"
    history = desk.read(path + "/history")
    for words in (
        "新建草稿",
        "提交审核",
        "退回修改",
        "原因:请补照片",
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
    assert "「口腔检查」是预约制,还没有时段" in page
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
        ({"starts_at": "2027-05-01T23:00"}, "结束时间应晚于开始时间"),
        ({"starts_at": "2027-05-01T01:10"}, "有时段落在新的活动时间之外"),
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
    wrong = desk.send(path, **facts(market, title="x", starts_at="2027-05-01T25:00"))
    assert wrong.status_code == 422


def test_a_new_time_of_a_published_market_is_confirmed_with_who_is_affected(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    ok(organiser.post(f"/activities/{market['id']}/publish"))
    sign_up(world, market)
    path = f"{M}/{market['id']}/facts"
    moved = facts(market, ends_at="2027-05-01T05:00", venue_name="室内体育馆")
    shown = desk.send(path, **moved)
    page = shown.get_data(as_text=True)
    assert shown.status_code == 200
    for words in ("要改什么", "室内体育馆", "社区广场", "1<small>个", "义诊", "确认修改"):
        assert words in page
    assert row(Activity, market["id"]).version == market["version"], "nothing saved yet"
    sign_up(world, market, 1)
    confirmed = fields_of(page)
    late = desk.send(path, **confirmed)
    assert late.status_code == 409
    assert "刚刚有变化" in late.get_data(as_text=True)
    assert desk.send(path, **fields_of(late.get_data(as_text=True))).status_code == 303
    saved = row(Activity, market["id"])
    assert saved.version == market["version"] + 1
    assert saved.ends_at == datetime(2027, 5, 1, 5, tzinfo=clock.SHANGHAI)
    assert "室内体育馆" in desk.read(path)
    # A confirmation that comes after another's change is told too.
    assert desk.send(path, **confirmed).status_code == 409


def test_words_of_a_published_market_are_saved_at_once(
    desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    ok(organiser.post(f"/activities/{market['id']}/publish"))
    path = f"{M}/{market['id']}/facts"
    assert desk.send(path, **facts(market, description="欢迎")).status_code == 303
    assert row(Activity, market["id"]).description == "欢迎"


def test_those_who_have_come_are_counted_too(world: World) -> None:
    day = MarketDay.begin(world)
    day.number()
    desk = Desk(world, day.organiser)
    page = desk.read(f"{M}/{day.market.id}/cancel")
    assert "不分时段(现场取号)" in page
    assert "1 个预约会随之取消" in page


def test_what_is_over_is_not_edited(desk: Desk, organiser: Person, market: dict[str, Any]) -> None:
    ok(organiser.post(f"/activities/{market['id']}/cancel", {"reason": "x"}))
    refused = desk.send(f"{M}/{market['id']}/facts", **facts(market, title="改"))
    assert refused.status_code == 409
    assert "不能再修改" in refused.get_data(as_text=True)


# ---------------------------------------------------------------------------- stalls


def stall_form(**more: Any) -> dict[str, Any]:
    usual = {"number": "2", "name": "理发角", "organisation_id": "", "row": "", "column": ""}
    return usual | {"note": ""} | more


def test_a_stall_is_added_changed_and_placed(
    world: World, desk: Desk, market: dict[str, Any]
) -> None:
    path = f"{M}/{market['id']}/stalls"
    organisation = world.organisation()
    made = stall_form(row="2", column="3", note="东门左侧", organisation_id=organisation)
    assert desk.send(path, **made).status_code == 303
    second = place_of(market, "2")
    assert second.place == "第2排第3位 东门左侧"
    first = market["stalls"][0]["id"]
    # Onto the place of another: they change places, notes stay with their stalls.
    assert desk.send(f"{M}/stalls/{first}/place", row="2", column="3").status_code == 303
    assert place_of(market, "1").place == "第2排第3位"
    assert place_of(market, "2").place == "东门左侧"
    assert desk.send(path + "/arrange").status_code == 303
    assert place_of(market, "2").place == "第1排第1位 东门左侧"
    assert desk.send(path + "/arrange").status_code == 303
    assert desk.send(f"{M}/stalls/{first}/place", row="", column="").status_code == 303
    assert place_of(market, "1").place is None
    seen = hidden(desk.read(f"{M}/stalls/{second.id}"), "seen")
    changed = stall_form(number="8", row="5", column="6", seen=seen)
    assert desk.send(f"{M}/stalls/{second.id}", **changed).status_code == 303
    assert place_of(market, "8").place == "第5排第6位"
    assert desk.send(f"{M}/stalls/{second.id}/delete").status_code == 303
    assert row(Stall, second.id) is None
    assert {"place_stall", "arrange_stalls", "delete_stall"} <= set(audited(market["id"]))


def place_of(market: dict[str, Any], number: str) -> Any:
    with transaction() as session:
        session.expire_all()
        statement = select(Stall).where(Stall.activity_id == market["id"], Stall.number == number)
        return session.execute(statement).scalar_one()


def test_a_wrong_stall_is_told(world: World, desk: Desk, market: dict[str, Any]) -> None:
    path = f"{M}/{market['id']}/stalls"
    for typed, status, words in (
        (stall_form(number="1"), 409, "这个摊位号已经用了"),
        (stall_form(name=""), 422, "必填"),
        (stall_form(row="2"), 422, "排和位应一起填写"),
        (stall_form(row="13", column="1"), 422, "应在 1 到 12 之间"),
        (stall_form(organisation_id=str(new_id())), 422, "没有这个单位"),
    ):
        refused = desk.send(path, **typed)
        assert refused.status_code == status
        assert words in refused.get_data(as_text=True)
    assert desk.send(path, **stall_form(row="1", column="1")).status_code == 303
    taken = desk.send(path, **stall_form(number="3", row="1", column="1"))
    assert "这里已有 2 号摊位" in taken.get_data(as_text=True)
    first = market["stalls"][0]["id"]
    seen = hidden(desk.read(f"{M}/stalls/{first}"), "seen")
    onto = desk.send(
        f"{M}/stalls/{first}", **stall_form(number="1", row="1", column="1", seen=seen)
    )
    assert onto.status_code == 422
    half = desk.send(f"{M}/stalls/{first}/place", row="7")
    assert half.status_code == 422
    assert 'name="row" type="number" value="7"' in half.get_data(as_text=True)


def test_the_second_editor_of_a_stall_is_told(desk: Desk, market: dict[str, Any]) -> None:
    stall = market["stalls"][0]["id"]
    path = f"{M}/stalls/{stall}"
    seen = hidden(desk.read(path), "seen")
    assert desk.send(path, **stall_form(number="1", name="先改", seen=seen)).status_code == 303
    second = desk.send(path, **stall_form(number="1", name="后改", seen=seen))
    page = second.get_data(as_text=True)
    assert second.status_code == 409
    assert "先改" in page
    assert 'value="后改"' in page
    assert row(Stall, stall).name == "先改"


# ---------------------------------------------------------------------------- services, slots


def offering_form(**more: Any) -> dict[str, Any]:
    return {
        "title": "义剪", "service_kind": "haircut", "mode": "queue", "minutes_per_person": "",
        "capacity": "", "walk_in_percent": "20", "daily_cap_per_person": "1", "min_age": "",
        "sign_up_opens_at": "", "sign_up_closes_at": "",
    } | more  # fmt: skip


def test_a_service_is_added_changed_and_deleted(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    stall = world.stall(organiser, market["id"], number="2")
    also = market["stalls"][0]["id"]
    path = f"{M}/stalls/{stall['id']}/offerings"
    made = desk.send(path, **offering_form(also_at_stall_ids=also))
    assert made.status_code == 303
    page = made.location.removeprefix("http://localhost")
    offering = ok(organiser.get("/offerings/" + page.rpartition("/")[2]))
    assert offering["walk_in_share"] == 0.2
    assert offering["also_at_stall_ids"] == [also]
    seen = hidden(desk.read(page), "seen")
    changed = offering_form(title="公益理发", capacity="30", seen=seen)
    assert desk.send(page, **changed).status_code == 303
    after = ok(organiser.get(f"/offerings/{offering['id']}"))
    assert (after["title"], after["capacity"], after["also_at_stall_ids"]) == ("公益理发", 30, [])
    # Only another stall has joined the queue: it must not be thrown out unseen.
    ok(organiser.put(f"/offerings/{offering['id']}", {"also_at_stall_ids": [also]}))
    seen = hidden(desk.read(page), "seen")
    ok(organiser.put(f"/offerings/{offering['id']}", {"also_at_stall_ids": []}))
    assert desk.send(page, **changed | {"seen": seen}).status_code == 409
    second = desk.send(page, **changed | {"title": "后改"})
    assert second.status_code == 409
    assert 'value="后改"' in second.get_data(as_text=True)
    refused = desk.send(path, **offering_form(service_kind="x", title="保留我"))
    assert refused.status_code == 422
    assert "保留我" in refused.get_data(as_text=True)
    seen = hidden(desk.read(page + "/delete"), "seen")
    assert desk.send(page + "/delete", seen="old").status_code == 409
    assert desk.send(page + "/delete", seen=seen).status_code == 303
    assert organiser.get(f"/offerings/{offering['id']}").status_code == 404


def test_a_service_with_bookings_is_not_deleted_and_says_how_many(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    ok(organiser.post(f"/activities/{market['id']}/publish"))
    path = f"{M}/offerings/{offering_of(market)['id']}/delete"
    seen = hidden(desk.read(path), "seen")
    sign_up(world, market)
    assert desk.send(path, seen=seen).status_code == 409, "signed up meanwhile"
    assert "还有 1 个有效预约" in desk.read(path)
    assert ok(organiser.get(f"/offerings/{offering_of(market)['id']}"))


def test_slots_come_from_a_pattern_or_one_by_one(
    world: World, desk: Desk, organiser: Person
) -> None:
    draft = world.draft(organiser, starts_at=START, hours=3)
    stall = world.stall(organiser, draft["id"])
    offering = world.offering(organiser, stall["id"], mode="slots")
    path = f"{M}/offerings/{offering['id']}/slots"
    pattern = {"from": "2027-05-01T01:00", "to": "2027-05-01T02:10", "minutes": "30", "places": "4"}
    assert desk.send(path + "/pattern", **pattern).status_code == 303
    one = {"starts_at": "2027-05-01T03:00", "ends_at": "2027-05-01T03:20", "capacity": "2"}
    assert desk.send(path, **one).status_code == 303
    slots = ok(organiser.get(f"/offerings/{offering['id']}"))["slots"]
    assert [slot["capacity"] for slot in slots] == [4, 4, 2]
    for typed, status, words in (
        (pattern | {"from": "2027-05-01T00:30"}, 422, "早于活动开始时间"),
        (pattern | {"from": "2027-05-01T03:10", "to": "2027-05-01T05:00"}, 422, "晚于活动结束时间"),
        (pattern, 409, "这个时间已经有时段了"),
        (pattern | {"minutes": "90"}, 422, "应能分成"),
        (pattern | {"minutes": ""}, 422, "必填"),
    ):
        refused = desk.send(path + "/pattern", **typed)
        assert refused.status_code == status, words
        assert words in refused.get_data(as_text=True)
    refused = desk.send(path, **one | {"ends_at": "2027-05-01T02:00"})
    assert "结束时间应晚于开始时间" in refused.get_data(as_text=True)
    queue = world.offering(organiser, stall["id"], mode="queue")
    refused = desk.send(f"{M}/offerings/{queue['id']}/slots", **one)
    assert refused.status_code == 422


def test_a_slot_that_is_over_has_no_places_left(
    world: World, desk: Desk, organiser: Person
) -> None:
    begun = clock.now().replace(second=0, microsecond=0) - timedelta(hours=1)
    draft = world.draft(organiser, starts_at=begun)
    stall = world.stall(organiser, draft["id"])
    offering = world.offering(organiser, stall["id"], mode="slots")
    for minutes in (0, 120):
        starts = begun + timedelta(minutes=minutes)
        world.slot(organiser, offering["id"], starts.isoformat(), capacity=5)
    page = desk.read(f"{M}/offerings/{offering['id']}")
    rows = re.findall(r"</progress></span></td><td>(.*?)</td>", page, re.DOTALL)
    assert [re.sub("<.*?>", "", cell) for cell in rows] == ["已结束", "5"]


def slot_form(slot: dict[str, Any], **more: Any) -> dict[str, Any]:
    local = {
        name: datetime.fromisoformat(slot[name])
        .astimezone(clock.SHANGHAI)
        .strftime("%Y-%m-%dT%H:%M")
        for name in ("starts_at", "ends_at")
    }
    return local | {"capacity": str(slot["capacity"])} | more


def test_a_slot_is_not_cut_below_what_is_booked(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    ok(organiser.post(f"/activities/{market['id']}/publish"))
    sign_up(world, market)
    sign_up(world, market)
    slot = offering_of(market)["slots"][0]
    path = f"{M}/slots/{slot['id']}"
    seen = hidden(desk.read(path), "seen")
    refused = desk.send(path, **slot_form(slot, capacity="1", seen=seen))
    assert refused.status_code == 409
    assert "已有 2 人报名" in refused.get_data(as_text=True)
    more = desk.send(path, **slot_form(slot, capacity="9", seen=seen))
    assert more.status_code == 303, "more places harm nobody"
    assert row(Slot, slot["id"]).capacity == 9


def test_a_slot_s_new_time_is_confirmed_with_who_is_affected(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    ok(organiser.post(f"/activities/{market['id']}/publish"))
    sign_up(world, market)
    slot = offering_of(market)["slots"][0]
    path = f"{M}/slots/{slot['id']}"
    seen = hidden(desk.read(path), "seen")
    typed = slot_form(slot, starts_at="2027-05-01T01:05", capacity="3", seen=seen)
    shown = desk.send(path, **typed)
    page = shown.get_data(as_text=True)
    assert (shown.status_code, "确认修改" in page) == (200, True)
    assert row(Slot, slot["id"]).capacity == 5
    confirmed = fields_of(page)
    sign_up(world, market)
    assert desk.send(path, **confirmed).status_code == 409
    late = fields_of(desk.send(path, **confirmed).get_data(as_text=True))
    assert desk.send(path, **late).status_code == 303
    assert row(Slot, slot["id"]).capacity == 3
    assert desk.send(path, **late).status_code == 409, "the second editor"


def test_a_draft_s_slot_is_changed_and_deleted_at_once(desk: Desk, market: dict[str, Any]) -> None:
    slot = offering_of(market)["slots"][0]
    path = f"{M}/slots/{slot['id']}"
    seen = hidden(desk.read(path), "seen")
    assert desk.send(path, **slot_form(slot, seen=seen)).status_code == 303
    assert "edit_slot" not in audited(market["id"])
    assert desk.send(path, **slot_form(slot, capacity="2", seen=seen)).status_code == 303
    assert desk.send(path + "/delete", seen="old").status_code == 409
    seen = hidden(desk.read(path + "/delete"), "seen")
    assert desk.send(path + "/delete", seen=seen).status_code == 303
    assert row(Slot, slot["id"]) is None


def test_a_booked_slot_is_not_deleted(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    ok(organiser.post(f"/activities/{market['id']}/publish"))
    slot = offering_of(market)["slots"][0]
    path = f"{M}/slots/{slot['id']}/delete"
    seen = hidden(desk.read(path), "seen")
    sign_up(world, market)
    late = desk.send(path, seen=seen)
    assert late.status_code == 409
    assert "已有 1 人报名" in late.get_data(as_text=True)
    assert row(Slot, slot["id"]) is not None


# ---------------------------------------------------------------------------- people, record


def test_colleagues_are_assigned_and_removed(
    world: World, desk: Desk, market: dict[str, Any]
) -> None:
    path = f"{M}/{market['id']}/people"
    volunteer, stall = world.volunteer(), market["stalls"][0]["id"]
    typed = {"user_id": str(volunteer.user_id), "words": "入口签到", "stall_id": stall}
    assert desk.send(path, **typed).status_code == 303
    page = desk.read(path)
    assert "入口签到" in page
    assert "1 号 义诊台" in page
    again = desk.send(path, **typed)
    assert again.status_code == 409
    assert "已有安排" in again.get_data(as_text=True)
    with transaction() as session:
        duty = session.execute(select(Duty)).scalar_one()
        session.expunge(duty)
    assert desk.send(f"{path}/{duty.id}/remove").status_code == 303
    assert row(Duty, duty.id) is None
    assert desk.send(f"{path}/{duty.id}/remove").status_code == 404
    assert audited(market["id"])[-2:] == ["assign", "unassign"]


def test_only_who_has_a_role_there_is_assigned(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    path = f"{M}/{market['id']}/people"
    other = world.draft(organiser)
    foreign_stall = world.stall(organiser, other["id"])["id"]
    resident, stranger = world.person(), world.volunteer(OTHER_SUBDISTRICT)
    for typed, words in (
        ({"user_id": str(resident.user_id), "words": "帮忙"}, "没有角色"),
        ({"user_id": str(stranger.user_id), "words": "帮忙"}, "没有角色"),
        ({"user_id": str(organiser.user_id), "words": ""}, "必填"),
        ({"user_id": str(organiser.user_id), "words": "x", "stall_id": foreign_stall}, "本活动"),
        ({"user_id": str(organiser.user_id), "words": "x", "stall_id": str(new_id())}, "本活动"),
    ):
        refused = desk.send(path, **typed)
        assert refused.status_code == 422
        assert words in refused.get_data(as_text=True)


def test_a_deleted_stall_s_people_stay_assigned(
    world: World, desk: Desk, market: dict[str, Any], organiser: Person
) -> None:
    stall = world.stall(organiser, market["id"], number="5")["id"]
    path = f"{M}/{market['id']}/people"
    typed = {"user_id": str(organiser.user_id), "words": "守摊", "stall_id": stall}
    assert desk.send(path, **typed).status_code == 303
    assert desk.send(f"{M}/stalls/{stall}/delete").status_code == 303
    assert "守摊" in desk.read(path)


def test_the_record_is_written_once_the_activity_has_begun(
    desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    path = f"{M}/{market['id']}/record"
    typed = {
        "version": "0", "volunteers": "12", "hours": "30.5", "funds_yuan": "1200.50",
        "problems": "等候长\r\n椅子少",
    }  # fmt: skip
    assert "活动还没有开始" in desk.read(path)
    assert desk.send(path, **typed).status_code == 409
    for move in ("publish", "open", "close"):
        ok(organiser.post(f"/activities/{market['id']}/{move}"))
    assert "人工登记" in desk.read(path)
    assert desk.send(path, **typed).status_code == 303
    kept = row(ActivityRecord, market["id"])
    assert (kept.volunteers, kept.volunteer_minutes, kept.version) == (12, 1830, 1)
    assert (str(kept.funds_yuan), kept.problems) == ("1200.50", "等候长\n椅子少")
    assert 'value="30.5"' in desk.read(path)
    second = desk.send(path, **typed | {"volunteers": "99"})
    assert second.status_code == 409
    assert 'value="99"' in second.get_data(as_text=True)
    assert row(ActivityRecord, market["id"]).volunteers == 12
    emptied = {"version": "1", "volunteers": "", "hours": "", "funds_yuan": "", "problems": ""}
    assert desk.send(path, **emptied).status_code == 303
    assert row(ActivityRecord, market["id"]).volunteer_minutes is None
    for wrong in ({"hours": "1.55"}, {"hours": "-1"}, {"funds_yuan": "abc"}, {"volunteers": "1.5"}):
        assert desk.send(path, **emptied | {"version": "2"} | wrong).status_code == 422
    history = desk.read(f"{M}/{market['id']}/history")
    assert "填写活动登记" in history
    assert "服务总时长" in history


def test_a_record_is_read_by_auditors(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    for move in ("publish", "open"):
        ok(organiser.post(f"/activities/{market['id']}/{move}"))
    path = f"{M}/{market['id']}/record"
    auditor = Desk(world, world.staff(Role.AUDITOR, DISTRICT))
    assert "还没有填写" in auditor.read(path)
    assert desk.send(path, version="0", volunteers="7").status_code == 303
    assert "7 人" in auditor.read(path)


def test_the_menu_marks_the_schedule_on_every_page_of_the_workbench(
    desk: Desk, market: dict[str, Any]
) -> None:
    own, stall = market["id"], market["stalls"][0]["id"]
    for path in (own, f"{own}/facts", f"{own}/stalls", f"stalls/{stall}", f"{own}/print"):
        marked = re.findall(r'class="nav-link" href="(.*?)" aria-current', desk.read(f"{M}/{path}"))
        assert marked == ["/console/schedule/"], path


def test_a_market_that_has_begun_leads_to_its_brief_and_ledger(
    desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    path = f"{M}/{market['id']}"
    assert "/console/reports/?kind" not in desk.read(path)
    for move in ("publish", "open"):
        ok(organiser.post(f"/activities/{market['id']}/{move}"))
    page = desk.read(path)
    for kind in ("brief", "ledger"):
        address = f"/console/reports/?kind={kind}&amp;activity_id={market['id']}"
        assert address in page
        chosen = f'value="{market["id"]}" selected'
        assert chosen in desk.read(address.replace("&amp;", "&"))


# ---------------------------------------------------------------------------- printing


def test_cards_are_numbered_and_cut_into_sheets(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    stall = world.stall(organiser, market["id"], number="2")
    world.offering(organiser, stall["id"], title="反诈宣传", mode="open")
    queue = world.offering(organiser, stall["id"], title="义剪", mode="queue")
    path = f"{M}/{market['id']}/print/cards"
    page = desk.read(path + "?count=22")
    assert page.count("sheet cards") == 4, "two sheets for each of two services"
    assert "A022" in page
    assert "反诈宣传" not in page
    one = desk.read(f"{path}?offering_id={queue['id']}&first=501&count=3")
    assert re.findall(r"<strong>(\w+)</strong>", one) == ["C501", "C502", "C503"]
    assert "没有需要取号的服务" in desk.read(f"{path}?offering_id={new_id()}")


def test_the_poster_carries_the_code_unless_it_changes(
    desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    path = f"{M}/{market['id']}/print/poster"
    page = desk.read(path + "?size=a3")
    assert f"{M}/{market['id']}/code.png" in page
    assert "码图宽 25 厘米" in page
    assert "每个小方块约 8.6 毫米" in page
    assert "小程序码还没有生成" in page
    assert "码图宽 18 厘米" in desk.read(path)
    ok(organiser.put(f"/activities/{market['id']}", {"code_rotates_seconds": 30}))
    page = desk.read(path)
    assert "code.png" not in page
    assert "印出来的码不能签到" in page


def test_the_poster_has_no_broken_code_for_those_who_may_not_show_it(
    world: World, market: dict[str, Any]
) -> None:
    auditor = Desk(world, world.staff(Role.AUDITOR, DISTRICT))
    page = auditor.read(f"{M}/{market['id']}/print/poster")
    assert "code.png" not in page
    assert "请由该地区的组织者打印" in page


def test_the_code_s_image_is_a_picture_for_staff_alone(
    world: World, desk: Desk, market: dict[str, Any]
) -> None:
    path = f"{M}/{market['id']}/code.png"
    answer = desk.http.get(path)
    assert answer.content_type == "image/png"
    assert answer.get_data().startswith(b"\x89PNG")
    Desk(world, world.staff(Role.AUDITOR, DISTRICT)).read(path, 403)
    Desk(world, world.organiser(OTHER_SUBDISTRICT)).read(path, 404)


def test_the_mini_programs_image_is_fetched_in_the_background(
    desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    path = f"{M}/{market['id']}"
    ok(organiser.post(f"/activities/{market['id']}/publish"))
    assert "重新生成小程序码" in desk.read(path + "/print")
    assert desk.send(path + "/code/fetch").status_code == 303
    jobs = text("SELECT count(*) FROM procrastinate_jobs WHERE args->>'activity_id' = :id")
    with transaction() as session:
        assert session.execute(jobs, {"id": market["id"]}).scalar_one() == 2


def test_signs_name_each_stall(desk: Desk, market: dict[str, Any]) -> None:
    page = desk.read(f"{M}/{market['id']}/print/signs")
    assert page.count("sheet sign") == 1
    assert "义诊台" in page
    assert "预约时段" in page


def test_a_form_sent_twice_is_done_once(desk: Desk, market: dict[str, Any]) -> None:
    form = stall_form(_key=str(new_id()))
    answers = [desk.send(f"{M}/{market['id']}/stalls", **form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert audited(market["id"]).count("add_stall") == 2
