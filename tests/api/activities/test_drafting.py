"""Drafting and changing an activity (docs/openapi.json)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, text

from tests.support.world import COMMUNITY, OTHER_COMMUNITY, Person, World, ok, refused

START = "2026-05-01T09:00:00+08:00"
END = "2026-05-01T11:30:00+08:00"


@pytest.fixture
def body(world: World) -> dict[str, Any]:
    return {
        "programme": "market",
        "title": "花园社区公益集市",
        "region_id": world.region_id(COMMUNITY),
        "venue": {"name": "社区广场"},
        "starts_at": START,
        "ends_at": END,
    }


def rows(outer: Connection) -> int:
    count: int = outer.execute(text("SELECT count(*) FROM activity")).scalar_one()
    return count


def test_a_draft_with_the_least(organiser: Person, body: dict[str, Any]) -> None:
    made = ok(organiser.post("/activities", body), 201)
    assert made == {
        "id": made["id"],
        "programme": "market",
        "title": "花园社区公益集市",
        "state": "draft",
        "region_id": body["region_id"],
        "region_name": "花园社区",
        "venue": {
            "name": "社区广场", "address": None, "latitude": None, "longitude": None,
            "wheelchair": None,
        },
        "starts_at": "2026-05-01T01:00:00+00:00",
        "ends_at": "2026-05-01T03:30:00+00:00",
        "description": None,
        "organiser_name": None,
        "contact_phone": None,
        "checkin_opens_minutes": 30,
        "code_rotates_seconds": None,
        "field": None,
        "kind": None,
        "version": 1,
        "return_reason": None,
        "cancel_reason": None,
        "opened_at": None,
        "closed_at": None,
        "distance_m": None,
        "stalls": [],
    }  # fmt: skip
    assert ok(organiser.get(f"/activities/{made['id']}")) == made


def test_a_draft_with_everything(organiser: Person, body: dict[str, Any]) -> None:
    more = {
        "programme": "action",
        "field": "ecology",
        "description": "第一行\n第二行",
        "organiser_name": "武进区民政局",
        "contact_phone": "0519-86310000",
        "checkin_opens_minutes": 0,
        "code_rotates_seconds": 15,
        "venue": {
            "name": "广场", "address": "花园路 1 号", "latitude": 31.72, "longitude": 119.95,
            "wheelchair": True,
        },
    }  # fmt: skip
    made = ok(organiser.post("/activities", body | more), 201)
    assert {key: made[key] for key in more} == more
    exchange = {"programme": "exchange", "kind": "party_study"}
    assert ok(organiser.post("/activities", body | exchange), 201)["kind"] == "party_study"


def test_a_draft_has_a_code_from_the_start_and_is_audited(
    organiser: Person, body: dict[str, Any], outer: Connection
) -> None:
    made = ok(organiser.post("/activities", body), 201)
    assert len(ok(organiser.get(f"/activities/{made['id']}/code"))["scene"]) == 16
    entry = outer.execute(
        text("SELECT * FROM audit_entry WHERE object_id = :id"), {"id": made["id"]}
    ).one()
    assert (entry.action, entry.from_state, entry.to_state) == ("create", None, "draft")
    assert (entry.actor_user_id, entry.region_code) == (organiser.user_id, COMMUNITY)


WRONG: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"programme": "party"}, {"programme": ["可选：market, action, exchange"]}),
    ({"programme": 1}, {"programme": ["可选：market, action, exchange"]}),
    ({"title": ""}, {"title": ["不能为空"]}),
    ({"title": "集" * 61}, {"title": ["最多 60 个字"]}),
    ({"title": ["集"]}, {"title": ["应为文字"]}),
    ({"title": None}, {"title": ["不能为空"]}),
    ({"region_id": "320412"}, {"region_id": ["编号格式不对"]}),
    ({"region_id": str(uuid4())}, {"region_id": ["没有这个地区"]}),
    ({"venue": "广场"}, {"venue": {"_schema": ["应为一个对象"]}}),
    ({"venue": {}}, {"venue": {"name": ["必填"]}}),
    ({"venue": {"name": "x", "latitude": 31.7}}, {"venue": {"latitude": ["纬度和经度应一起填写"]}}),
    ({"venue": {"name": "x", "longitude": 1}}, {"venue": {"latitude": ["纬度和经度应一起填写"]}}),
    ({"venue": {"name": "x", "latitude": 91, "longitude": 0}},
     {"venue": {"latitude": ["应在 -90 到 90 之间"]}}),
    ({"venue": {"name": "x", "latitude": "31", "longitude": 0}},
     {"venue": {"latitude": ["应为数字"]}}),
    ({"venue": {"name": "x", "wheelchair": 1}}, {"venue": {"wheelchair": ["应为 true 或 false"]}}),
    ({"venue": {"name": "x", "lift": True}}, {"venue": {"lift": ["没有这个字段"]}}),
    ({"starts_at": "2026-05-01T09:00:00"},
     {"starts_at": ["应为带时区的时间，如 2026-05-01T09:00:00+08:00"]}),
    ({"starts_at": 1746060000}, {"starts_at": ["应为带时区的时间，如 2026-05-01T09:00:00+08:00"]}),
    ({"ends_at": START}, {"ends_at": ["结束时间应晚于开始时间"]}),
    ({"ends_at": "2026-05-01T08:59:59+08:00"}, {"ends_at": ["结束时间应晚于开始时间"]}),
    ({"ends_at": "2026-06-01T09:00:01+08:00"}, {"ends_at": ["活动最长 31 天"]}),
    ({"description": "x" * 2001}, {"description": ["最多 2000 个字"]}),
    ({"organiser_name": ""}, {"organiser_name": ["不能为空"]}),
    ({"contact_phone": "1" * 21}, {"contact_phone": ["最多 20 个字"]}),
    ({"checkin_opens_minutes": -1}, {"checkin_opens_minutes": ["应在 0 到 1440 之间"]}),
    ({"checkin_opens_minutes": None}, {"checkin_opens_minutes": ["不能为空"]}),
    ({"code_rotates_seconds": 14}, {"code_rotates_seconds": ["应在 15 到 600 之间"]}),
    ({"code_rotates_seconds": True}, {"code_rotates_seconds": ["应为整数"]}),
    ({"field": "spaceflight"}, {"field": ["没有这个选项"]}),
    ({"field": "ecology"}, {"field": ["只有「吾社行」活动有服务领域"]}),
    ({"kind": "visit"}, {"kind": ["只有「吾社汇」活动有类别"]}),
    ({"kind": "picnic"},
     {"kind": ["可选：visit, training, seminar, showcase, party_study, university"]}),
    ({"state": "published"}, {"state": ["没有这个字段"]}),
    ({"id": str(uuid4())}, {"id": ["没有这个字段"]}),
]  # fmt: skip


@pytest.mark.parametrize(("change", "errors"), WRONG)
def test_a_wrong_field_is_named_and_drafts_nothing(
    organiser: Person, body: dict[str, Any], outer: Connection, change: Any, errors: Any
) -> None:
    problem = refused(organiser.post("/activities", body | change), 422, "validation_failed")
    assert problem["errors"] == errors
    assert rows(outer) == 0


@pytest.mark.parametrize(("change", "errors"), WRONG)
def test_a_wrong_field_is_named_and_changes_nothing(
    organiser: Person, body: dict[str, Any], change: Any, errors: Any
) -> None:
    before = ok(organiser.post("/activities", body), 201)
    response = organiser.put(f"/activities/{before['id']}", {"description": "新"} | change)
    assert refused(response, 422, "validation_failed")["errors"] == errors
    assert ok(organiser.get(f"/activities/{before['id']}")) == before


@pytest.mark.parametrize(
    "missing", ["programme", "title", "region_id", "venue", "starts_at", "ends_at"]
)
def test_what_is_required_is_named(organiser: Person, body: dict[str, Any], missing: str) -> None:
    del body[missing]
    problem = refused(organiser.post("/activities", body), 422, "validation_failed")
    assert problem["errors"] == {missing: ["必填"]}


def test_the_longest_activity_is_31_days(organiser: Person, body: dict[str, Any]) -> None:
    ok(organiser.post("/activities", body | {"ends_at": "2026-06-01T09:00:00+08:00"}), 201)


# ---------------------------------------------------------------------------- changing


def test_what_is_not_named_stays(organiser: Person, body: dict[str, Any]) -> None:
    before = ok(organiser.post("/activities", body | {"description": "旧"}), 201)
    path = f"/activities/{before['id']}"
    after = ok(organiser.put(path, {"title": "新名字"}))
    assert after == before | {"title": "新名字", "version": 2}
    after = ok(organiser.put(path, {"venue": {"name": "室内"}, "description": None}))
    assert after["venue"]["name"] == "室内"
    assert (after["description"], after["title"], after["version"]) == (None, "新名字", 3)
    assert ok(organiser.get(path)) == after


def test_what_was_changed_is_audited(
    organiser: Person, body: dict[str, Any], outer: Connection
) -> None:
    made = ok(organiser.post("/activities", body), 201)
    ok(organiser.put(f"/activities/{made['id']}", {"title": "新", "description": "新"}))
    entry = text("SELECT details FROM audit_entry WHERE action = 'edit' AND object_id = :id")
    details = outer.execute(entry, {"id": made["id"]}).scalar_one()
    unsaid = [{"field": "title"}, {"field": "description"}]
    assert details == {"fields": ["description", "title"], "changes": unsaid}, "not their words"


def test_of_two_editors_the_second_is_told(organiser: Person, body: dict[str, Any]) -> None:
    made = ok(organiser.post("/activities", body), 201)
    path = f"/activities/{made['id']}"
    ok(organiser.put(path, {"title": "先改", "version": 1}))
    problem = refused(organiser.put(path, {"title": "后改", "version": 1}), 409, "edited_meanwhile")
    assert problem["version"] == 2
    assert ok(organiser.get(path))["title"] == "先改"
    assert ok(organiser.put(path, {"title": "再改", "version": 2}))["version"] == 3


@pytest.mark.parametrize("version", [0, "1", 1.0, None, True, 10**9 + 1])
def test_a_version_is_a_number(organiser: Person, body: dict[str, Any], version: Any) -> None:
    made = ok(organiser.post("/activities", body), 201)
    response = organiser.put(f"/activities/{made['id']}", {"version": version})
    assert list(refused(response, 422, "validation_failed")["errors"]) == ["version"]


def test_the_programme_stays_what_it_is(organiser: Person, body: dict[str, Any]) -> None:
    """Rules and lists hang on it; copy the activity instead."""
    made = ok(organiser.post("/activities", body), 201)
    path = f"/activities/{made['id']}"
    problem = refused(organiser.put(path, {"programme": "action"}), 422, "validation_failed")
    assert problem["errors"] == {"programme": ["活动类型不能更改"]}
    ok(organiser.put(path, {"programme": "market"}))


def test_the_time_moves_only_with_the_slots_inside_it(world: World, organiser: Person) -> None:
    start = datetime(2026, 5, 1, 1, tzinfo=UTC)
    draft = world.draft(organiser, starts_at=start)
    stall = world.stall(organiser, draft["id"])
    offering = world.offering(organiser, stall["id"], mode="slots")
    world.slot(organiser, offering["id"], (start + timedelta(hours=1)).isoformat())
    path = f"/activities/{draft['id']}"
    for late in (
        {"starts_at": (start + timedelta(hours=1, seconds=1)).isoformat()},
        {"ends_at": (start + timedelta(hours=1, minutes=29)).isoformat()},
    ):
        problem = refused(organiser.put(path, late), 422, "validation_failed")
        assert list(problem["errors"]) == list(late), "told where it was typed"
        ((words,),) = problem["errors"].values()
        assert words.startswith(f"有时段落在新的活动时间之外：「{offering['title']}」")
    ok(organiser.put(path, {
        "starts_at": (start + timedelta(hours=1)).isoformat(),
        "ends_at": (start + timedelta(hours=1, minutes=30)).isoformat(),
    }))  # fmt: skip


def test_an_activity_moves_to_where_its_organiser_may_edit(
    world: World, organiser: Person, body: dict[str, Any]
) -> None:
    made = ok(organiser.post("/activities", body), 201)
    path = f"/activities/{made['id']}"
    elsewhere = {"region_id": world.region_id(OTHER_COMMUNITY)}
    refused(organiser.put(path, elsewhere), 403, "forbidden")
    refused(organiser.post("/activities", body | elsewhere), 403, "forbidden")
    town = ok(organiser.put(path, {"region_id": world.region_id(COMMUNITY[:9])}))
    assert town["region_name"] == "湖塘镇"
    district = world.organiser(COMMUNITY[:6])
    assert ok(district.put(path, elsewhere))["region_name"] == "丫河社区"
    refused(organiser.get(path), 404, "not_found")
