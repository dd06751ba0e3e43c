"""The audit log says from what to what; what somebody has typed stays out of it."""

from typing import Any

import pytest
from sqlalchemy import String, cast, select

from backend.core.audit import AuditEntry
from backend.core.db import transaction
from backend.core.permissions import Role
from backend.identity.names import masked_name
from tests.api.activities.conftest import DAY
from tests.api.activities.workbench import M, facts, offering_of, put_at
from tests.support.desk import Desk
from tests.support.world import DISTRICT, OTHER_COMMUNITY, Person, World, ok

# Stands in for a name or a number that a text may carry.
MARK = "王秀英13800001111"


def entry_of(action: str, object_id: str) -> AuditEntry:
    with transaction() as session:
        statement = select(AuditEntry).where(
            AuditEntry.action == action, AuditEntry.object_id == object_id
        )
        return list(session.execute(statement.order_by(AuditEntry.id)).scalars())[-1]


def pages(world: World, desk: Desk, market_id: str, action: str) -> tuple[str, str]:
    """What an auditor reads of the entry, and the market's own history."""
    auditor = Desk(world, world.staff(Role.AUDITOR, DISTRICT))
    entry = entry_of(action, market_id)
    return auditor.read(f"/console/audit/{entry.id}"), desk.read(f"{M}/{market_id}/history")


def test_facts_are_told_from_what_to_what(world: World, desk: Desk, market: dict[str, Any]) -> None:
    form = facts(
        market, ends_at=f"{DAY}T05:30", description=f"请找{MARK}", checkin_opens_minutes="45",
        contact_phone="13800001111",
    )  # fmt: skip
    assert desk.send(f"{M}/{market['id']}/facts", **form).status_code == 303
    year, month, day = (int(part) for part in DAY.split("-"))
    until = f"{year}年{month}月{day}日"
    for page in pages(world, desk, market["id"], "edit"):
        assert f"{until} 4:00 → {until} 5:30" in page
        assert "30 → 45" in page
        assert "已改（文字内容不记入记录）" in page
        assert MARK not in page
        assert "13800001111" not in page


def test_services_slots_and_stalls_too(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    offering, stall = offering_of(market), market["stalls"][0]
    ok(organiser.put(f"/offerings/{offering['id']}", {"capacity": 30, "service_kind": "clinic"}))
    slot = offering["slots"][0]
    ok(organiser.put(f"/slots/{slot['id']}", {"capacity": 8}))
    ok(organiser.put(f"/stalls/{stall['id']}", {"number": "A3", "name": MARK}))
    for action, words in (
        ("edit_offering", ("未填写 → 30", "义剪 → 义诊")), ("edit_slot", ("5 → 8",)),
        ("edit_stall", ("1 → A3", "已改（文字内容不记入记录）")),
    ):  # fmt: skip
        for page in pages(world, desk, market["id"], action):
            for said in words:
                assert said in page


def test_the_stall_service_slot_or_colleague_is_named(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    """By their ids, in the words of today; of what was deleted its number. A colleague's name is
    whole in the market's own history, and masked to auditors."""
    offering, stall = offering_of(market), market["stalls"][0]
    slot = offering["slots"][0]
    volunteer = world.volunteer()
    ok(organiser.put(f"/stalls/{stall['id']}", {"name": "老义诊台"}))
    ok(organiser.put(f"/stalls/{stall['id']}", {"name": "健康角"}))
    put_at(desk, market["id"], stall["id"], "1", "1")
    ok(organiser.put(f"/offerings/{offering['id']}", {"capacity": 30}))
    ok(organiser.put(f"/slots/{slot['id']}", {"capacity": 8}))
    duty = {"user_id": str(volunteer.user_id), "words": "引导"}
    assert desk.send(f"{M}/{market['id']}/people", **duty).status_code == 303
    for action, words in (
        ("edit_stall", "1 号 健康角"), ("place_stall", "1 号 健康角"),
        ("edit_offering", "「义诊」"), ("edit_slot", "1:00 的时段"),
    ):  # fmt: skip
        for page in pages(world, desk, market["id"], action):
            assert words in page, action
    audited, history = pages(world, desk, market["id"], "assign")
    assert volunteer.name in history
    assert masked_name(volunteer.name) in audited
    assert volunteer.name not in audited
    listed = Desk(world, world.staff(Role.AUDITOR, DISTRICT)).read(
        f"/console/audit/?object_id={market['id']}"
    )
    for words in ("1 号 健康角", "<td>名额：5 → 8</td>", "<td>第几位：未填写 → 1，等 2 项</td>"):
        assert words in listed


def test_what_was_deleted_is_named_as_it_was(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    """In the entry of its deletion and in those of before; where everybody has read them, with
    the names that an office has typed."""
    ok(organiser.post(f"/activities/{market['id']}/publish"))
    new = {"number": "10", "name": "游戏区"}
    stall = ok(organiser.post(f"/activities/{market['id']}/stalls", new), 201)["id"]
    new = {"title": "套圈比赛", "service_kind": "clinic", "mode": "slots"}
    service = ok(organiser.post(f"/stalls/{stall}/offerings", new), 201)["id"]
    times = [
        {"starts_at": f"{DAY}T0{hour}:00:00+08:00", "ends_at": f"{DAY}T0{hour}:30:00+08:00",
         "capacity": 7}
        for hour in (1, 2)
    ]  # fmt: skip
    ok(organiser.post(f"/offerings/{service}/slots", {"slots": times}), 201)
    first, second = (
        slot["id"] for one in ok(organiser.get(f"/activities/{market['id']}"))["stalls"]
        if one["id"] == stall for slot in one["offerings"][0]["slots"]
    )  # fmt: skip
    _, month, day = (int(part) for part in DAY.split("-"))

    def says(action: str, *words: str) -> None:
        for page in pages(world, desk, market["id"], action):
            for said in words:
                assert said in page, (action, said)

    slot = f"「套圈比赛」{month}月{day}日 1:00 的时段（已删除）"
    ok(organiser.put(f"/slots/{first}", {"capacity": 8}))
    ok(organiser.delete(f"/slots/{first}"), 204)
    says("edit_slot", slot)
    says("delete_slot", slot, "名额", "8")
    ok(organiser.put(f"/slots/{second}", {"capacity": 8}))
    ok(organiser.put(f"/stalls/{stall}", {"name": "游戏角"}))
    ok(organiser.delete(f"/stalls/{stall}"), 204)
    says("edit_slot", f"「套圈比赛」{month}月{day}日 2:00 的时段（已删除）")
    says("add_slots", "「套圈比赛」（已删除）")
    says("delete_offering", "「套圈比赛」（已删除）", "预约时段", "时段数")
    for action in ("add_stall", "edit_stall", "delete_stall"):
        says(action, "10 号 游戏角（已删除）")


def test_of_a_deleted_draft_s_parts_the_code_s_own_words_are_kept(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    stall = market["stalls"][0]["id"]
    slot = offering_of(market)["slots"][0]["id"]
    new = {"title": MARK, "service_kind": "clinic", "mode": "slots"}
    typed = ok(organiser.post(f"/stalls/{stall}/offerings", new), 201)
    ok(organiser.delete(f"/offerings/{typed['id']}"), 204)
    for action in ("add_offering", "delete_offering"):
        for page in pages(world, desk, market["id"], action):
            assert f"服务 {typed['letter']}（已删除）" in page, action
            assert MARK not in page
    ok(organiser.put(f"/stalls/{stall}", {"name": MARK}))
    ok(organiser.delete(f"/slots/{slot}"), 204)
    for page in pages(world, desk, market["id"], "delete_slot"):
        assert "「义诊」" in page
        assert "1:00 的时段（已删除）" in page
    ok(organiser.delete(f"/stalls/{stall}"), 204)
    for action, words in (
        ("delete_stall", "1 号摊位（已删除）"), ("edit_stall", "1 号摊位（已删除）"),
        ("delete_offering", "「义诊」（已删除）"), ("delete_slot", "「义诊」"),
    ):  # fmt: skip
        for page in pages(world, desk, market["id"], action):
            assert words in page, action
            assert MARK not in page


def test_a_deleted_stall_keeps_its_number(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    """Whatever characters it has, in each of its entries."""
    for number in ("东1", "A-2", "１１"):
        made = ok(organiser.post(
            f"/activities/{market['id']}/stalls", {"number": f"旧{number}", "name": MARK}
        ), 201)  # fmt: skip
        assert entry_of("add_stall", market["id"]).details["number"] == f"旧{number}"
        ok(organiser.put(f"/stalls/{made['id']}", {"number": number}))
        assert put_at(desk, market["id"], made["id"], "1", "1").status_code == 303
        ok(organiser.delete(f"/stalls/{made['id']}"), 204)
        for action in ("edit_stall", "place_stall", "delete_stall"):
            for page in pages(world, desk, market["id"], action):
                assert f"{number} 号摊位（已删除）" in page, action
        for page in pages(world, desk, market["id"], "edit_stall"):
            assert f"旧{number} → {number}" in page


def test_a_move_says_from_where_to_where(world: World, desk: Desk, market: dict[str, Any]) -> None:
    """Of the stall that gives way too."""
    form = {"number": "2", "name": "二号", "row": "2", "column": "5"}
    assert desk.send(f"{M}/{market['id']}/stalls", **form).status_code == 303
    stall = market["stalls"][0]["id"]
    for row, column in (("1", "4"), ("2", "5")):
        assert put_at(desk, market["id"], stall, row, column).status_code == 303
    with transaction() as session:
        statement = select(AuditEntry.details).where(
            AuditEntry.action == "place_stall", AuditEntry.object_id == market["id"]
        )
        moves = list(session.execute(statement.order_by(AuditEntry.id)).scalars())
    assert [
        (one["number"], [(of["field"], of["old"], of["new"]) for of in one["changes"]])
        for one in moves
    ] == [
        ("1", [("spot_column", None, 4), ("spot_row", None, 1)]),
        ("2", [("spot_column", 5, 4), ("spot_row", 2, 1)]),
        ("1", [("spot_column", 4, 5), ("spot_row", 1, 2)]),
    ]
    for page in pages(world, desk, market["id"], "place_stall"):
        assert "第几排" in page
        assert "1 → 2" in page


def test_another_region_is_named(world: World, market: dict[str, Any]) -> None:
    organiser = world.organiser(DISTRICT)
    elsewhere = {"region_id": world.region_id(OTHER_COMMUNITY)}
    ok(organiser.put(f"/activities/{market['id']}", elsewhere))
    (change,) = entry_of("edit", market["id"]).details["changes"]
    assert change == {"field": "region_id", "old": "花园社区", "new": "丫河社区"}


@pytest.mark.parametrize("path", ["activities", "offerings", "stalls"])
def test_nothing_that_was_typed_of_a_draft_enters_the_log(
    world: World, organiser: Person, market: dict[str, Any], path: str
) -> None:
    """Each text that a form takes, twice: as what is new, and as what was there before."""
    offering, stall = offering_of(market), market["stalls"][0]
    target = {"activities": market, "offerings": offering, "stalls": stall}[path]["id"]
    texts = {
        "activities": ("title", "description", "organiser_name"),
        "offerings": ("title",),
        "stalls": ("name", "place"),
    }[path]
    for mark in (MARK, f"{MARK}二"):
        body = dict.fromkeys(texts, mark)
        if path == "activities":
            body |= {"venue": {"name": mark, "address": mark}}  # type: ignore[dict-item]
        ok(organiser.put(f"/{path}/{target}", body))
    with transaction() as session:
        told = select(AuditEntry.action).where(cast(AuditEntry.details, String).contains("王秀英"))
        assert session.execute(told).scalars().all() == []
        # PostgreSQL may write it escaped.
        escaped = select(AuditEntry.details)
        assert not any(MARK in str(one) for one in session.execute(escaped).scalars())


def test_what_everybody_has_read_is_told_from_what_to_what(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    """Of an announced market; numbers in it that may be somebody's own are masked."""
    ok(organiser.post(f"/activities/{market['id']}/publish"))
    stall = market["stalls"][0]["id"]
    for number, name in ((MARK, "大树下"), (f"{MARK}，32041219900101123X", "东门广场")):
        venue = {"name": name, "address": number}
        body = {"venue": venue, "title": f"{name}集市", "description": number}
        ok(organiser.put(f"/activities/{market['id']}", body))
        ok(organiser.put(f"/stalls/{stall}", {"name": name}))
    edited = pages(world, desk, market["id"], "edit")
    for page in (*edited, *pages(world, desk, market["id"], "edit_stall")):
        assert "大树下 → 东门广场" in page
    for page in edited:
        assert "大树下集市 → 东门广场集市" in page
        assert "王秀英138****1111 → 王秀英138****1111，320****123X" in page
        assert "活动介绍" in page
        assert "已改（文字内容不记入记录）" in page
        assert "13800001111" not in page


def test_the_record_s_figures_are_told(world: World, desk: Desk) -> None:
    organiser = world.organiser()
    draft = world.ready(organiser)
    for move in ("publish", "open"):
        ok(organiser.post(f"/activities/{draft['id']}/{move}"))
    own = Desk(world, organiser)
    form = {"version": "0", "volunteers": "12", "hours": "36.5", "funds_yuan": "800",
            "problems": MARK}  # fmt: skip
    assert own.send(f"{M}/{draft['id']}/record", **form).status_code == 303
    for page in pages(world, own, draft["id"], "write_record"):
        for said in ("未填写 → 12", "未填写 → 36.5 小时", "未填写 → 800"):
            assert said in page
        assert MARK not in page
