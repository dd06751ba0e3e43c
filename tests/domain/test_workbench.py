"""The workbench's rules that need no database: the plan, what is missing, which moves are open."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from backend.activities.checks import changes
from backend.activities.checks.readiness import NotReady, check_ready, missing
from backend.activities.history import entries
from backend.activities.lifecycle import actions
from backend.activities.models import Activity, ActivityState, OfferingMode, Programme, Stall
from backend.activities.stalls import plan
from backend.activities.stalls.plan import Spot
from backend.core.dates import moment
from backend.core.ids import new_id
from backend.core.permissions import Actor, Grant, Role

NOW = datetime(2026, 5, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


# ---------------------------------------------------------------------------- the plan


def stall(number: str, spot: Spot | None) -> Stall:
    return Stall(
        id=new_id(), activity_id=new_id(), number=number, name="摊", **plan.columns_of(spot)
    )


@pytest.mark.parametrize(
    ("place", "spot", "note"),
    [
        (None, None, None),
        ("", None, None),
        ("东门左侧", None, "东门左侧"),
        ("第2排第3位", Spot(2, 3), None),
        ("第12排第12位 东门左侧", Spot(12, 12), "东门左侧"),
        ("第0排第1位", None, "第0排第1位"),
        ("第1排第13位", None, "第1排第13位"),
        ("在第2排第3位", None, "在第2排第3位"),
        ("第2排第3位东门", None, "第2排第3位东门"),
    ],
)
def test_a_place_is_read_as_a_spot_and_a_note(
    place: str | None, spot: Spot | None, note: str | None
) -> None:
    assert plan.read_place(place) == (spot, note)


def test_the_grid_has_room_to_grow_and_an_end() -> None:
    empty = plan.plan_of([])
    assert (len(empty.rows), len(empty.rows[0])) == (3, 6)
    far = plan.plan_of([stall("1", Spot(5, 9))])
    assert (len(far.rows), len(far.rows[0])) == (6, 10)
    full = plan.plan_of([stall("1", Spot(12, 12))])
    assert (len(full.rows), len(full.rows[0])) == (12, 12)


def test_who_has_no_spot_is_off_the_plan() -> None:
    first, second = stall("1", Spot(1, 1)), stall("2", None)
    drawn = plan.plan_of([first, second])
    assert drawn.rows[0][0] is first
    assert drawn.off == [second]


def test_free_spots_are_in_reading_order() -> None:
    free = plan.free_spots([stall("1", Spot(1, 2))])
    assert free[:6] == [Spot(1, 1), Spot(1, 3), Spot(1, 4), Spot(1, 5), Spot(1, 6), Spot(2, 1)]


# ---------------------------------------------------------------------------- what is missing


def activity(**more: Any) -> dict[str, Any]:
    return {
        "programme": Programme.MARKET,
        "starts_at": NOW + HOUR,
        "ends_at": NOW + 3 * HOUR,
        "venue": SimpleNamespace(name="广场", address="花园路 1 号"),
        "contact_phone": "0519",
        "organiser_name": "民政局",
        "stalls": [{"number": "1", "name": "义诊台", "offerings": [offering()]}],
    } | more


def offering(**more: Any) -> dict[str, Any]:
    slot = {"starts_at": NOW + HOUR, "ends_at": NOW + 2 * HOUR}
    return {
        "title": "义诊", "mode": OfferingMode.SLOTS, "slots": [slot], "sign_up_closes_at": None,
    } | more  # fmt: skip


def words(found: dict[str, Any], people: int | None = 1) -> list[tuple[str, bool]]:
    return [(one.words, one.blocks) for one in missing(found, people, NOW)]


def with_offering(**more: Any) -> dict[str, Any]:
    stalls = [{"number": "1", "name": "义诊台", "offerings": [offering(**more)]}]
    return activity(stalls=stalls)


def test_nothing_is_missing() -> None:
    assert words(activity()) == []
    check_ready(activity(), NOW)


@pytest.mark.parametrize(
    ("found", "told", "blocks"),
    [
        (activity(ends_at=NOW, stalls=activity()["stalls"][:0], programme=Programme.ACTION),
         "活动时间已经过去；不是补录的话，请改期", False),
        (activity(starts_at=NOW), "活动的开始时间已过", False),
        (activity(starts_at=NOW + 401 * 24 * HOUR, ends_at=NOW + 402 * 24 * HOUR, stalls=[],
                  programme=Programme.ACTION),
         f"开始时间 {moment(NOW + 401 * 24 * HOUR)} 离今天超过 400 天，请核对年份", False),
        (activity(venue=SimpleNamespace(name="广场", address=None)),
         "没有填写场地地址，居民找不到", False),
        (activity(venue=SimpleNamespace(name="花园社区（场地待定）", address="花园路")),
         "场地还没有定，居民不知道去哪里；请填上场地", False),
        (activity(contact_phone=None), "没有填写咨询电话", False),
        (activity(organiser_name=None), "没有填写主办单位", False),
        (activity(stalls=[]), "还没有摊位，居民会扑空；请先加摊位", False),
        (activity(stalls=[{"number": "1", "name": "空摊", "offerings": []}]),
         "1 号摊位「空摊」还没有服务", False),
        (with_offering(slots=[]), "「义诊」是预约制，还没有时段", True),
        (with_offering(slots=[{"starts_at": NOW, "ends_at": NOW + HOUR}]),
         "「义诊」有时段在活动时间之外", True),
        (with_offering(slots=[{"starts_at": NOW + HOUR, "ends_at": NOW + 4 * HOUR}]),
         "「义诊」有时段在活动时间之外", True),
        (with_offering(slots=[{"starts_at": NOW + HOUR, "ends_at": NOW + 2 * HOUR},
                              {"starts_at": NOW + 1.5 * HOUR, "ends_at": NOW + 2 * HOUR}]),
         "「义诊」有重叠的时段", True),
        (with_offering(sign_up_closes_at=NOW + 4 * HOUR), "「义诊」的报名截止晚于活动结束", False),
    ],
)  # fmt: skip
def test_what_is_missing_is_told(found: dict[str, Any], told: str, blocks: bool) -> None:
    assert words(found) == [(told, blocks)]
    if blocks:
        with pytest.raises(NotReady, match=told):
            check_ready(found, NOW)
    else:
        check_ready(found, NOW)


def test_services_without_slots_need_none_and_actions_no_stalls() -> None:
    assert words(with_offering(mode=OfferingMode.QUEUE, slots=[])) == []
    assert words(with_offering(sign_up_closes_at=NOW + 3 * HOUR)) == []
    assert words(activity(stalls=[], programme=Programme.EXCHANGE)) == []


def test_people_are_asked_for_where_they_are_counted() -> None:
    assert words(activity(), people=0) == [("还没有安排工作人员", False)]
    assert words(activity(), people=None) == []


def test_what_blocks_comes_first() -> None:
    found = with_offering(slots=[]) | {"contact_phone": None}
    assert [blocks for _, blocks in words(found)] == [True, False]


# ---------------------------------------------------------------------------- moves, changes


def actor(role: Role, region: str) -> Actor:
    return Actor(new_id(), new_id(), grants=(Grant(role, region_code=region),))


@pytest.mark.parametrize(
    ("state", "town", "community"),
    [
        (ActivityState.DRAFT, ["submit", "publish", "cancel"], ["submit", "cancel"]),
        (ActivityState.SUBMITTED, ["publish", "return", "cancel"], ["cancel"]),
        (ActivityState.PUBLISHED, ["open", "cancel"], ["open", "cancel"]),
        (ActivityState.LIVE, ["undo_open", "close", "cancel"], ["undo_open", "close", "cancel"]),
        (ActivityState.CLOSED, [], []),
        (ActivityState.CANCELLED, [], []),
    ],
)
def test_moves_are_those_of_table_and_role(
    state: ActivityState, town: list[str], community: list[str]
) -> None:
    found = Activity(state=state, region_code="320412100001")
    assert actions.open_moves(actor(Role.ORGANISER, "320412100"), found) == town
    assert actions.open_moves(actor(Role.ORGANISER, "320412100001"), found) == community
    assert actions.open_moves(actor(Role.AUDITOR, "320412"), found) == []
    assert actions.open_moves(actor(Role.ORGANISER, "320412102"), found) == []


def test_only_what_differs_is_a_change() -> None:
    before = {"title": "旧", "walk_in": Decimal("0.200"), "note": None}
    after = {"note": "新", "walk_in": Decimal("0.2"), "title": "旧"}
    assert changes.changes_of(before, after) == [changes.Change("note", None, "新")]
    assert changes.changes_of(before, {}) == []


def test_words_alone_concern_nobody() -> None:
    assert not changes.concerns_people([changes.Change("title", 1, 2)])
    assert changes.concerns_people([changes.Change("venue_address", 1, 2)])


def test_history_says_more_where_there_is_more() -> None:
    assert entries.more_of({}, "大雨") == "原因：大雨"
    assert entries.more_of({"fields": ["title", "venue", "unknown"]}) == "名称、场地"
    assert entries.more_of({"count": 6, "offering_id": "x"}) == "6 个"
    assert entries.more_of({"stall_id": "x"}) == ""


# ---------------------------------------------------------------------------- another place


def test_what_still_says_the_old_place_is_named_whatever_of_it_was_changed() -> None:
    """The map leads by the coordinates, whatever the name and the address say."""
    before = {"venue_name": "广场", "venue_address": "花园路", "venue_latitude": 31.7,
              "venue_longitude": 119.9}  # fmt: skip
    after = {"venue_name": "体育馆", "venue_address": "体育路", "venue_latitude": 31.8}

    def left(*names: str) -> str:
        edits = {name: after[name] for name in names}
        return changes.left_behind(changes.changes_of(before, edits), before)

    assert left("venue_name").startswith("场地换了，地址、经纬度还是原来的")
    assert left("venue_name", "venue_address").startswith("场地、地址换了，经纬度还是原来的")
    assert left("venue_address").startswith("地址换了，经纬度还是原来的")
    assert left("venue_name", "venue_latitude").startswith("场地换了，地址还是原来的")
    assert left("venue_name", "venue_address", "venue_latitude") == left("venue_latitude") == ""
