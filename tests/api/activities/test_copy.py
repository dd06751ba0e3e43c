"""Copying a whole activity: everything that was planned, nothing that happened."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, text

from tests.support.world import COMMUNITY, DISTRICT, OTHER_COMMUNITY, Person, World, ok, refused

START = datetime(2026, 5, 1, 1, tzinfo=UTC)
SHIFT = timedelta(days=35, hours=2)
LATER = (START + SHIFT).isoformat()
NEW = {"id", "activity_id", "stall_id", "offering_id", "also_at_stall_ids"}


@pytest.fixture
def source(world: World, organiser: Person) -> dict[str, Any]:
    """A market with all that an activity can have."""
    draft = world.draft(
        organiser,
        starts_at=START,
        programme="action",
        field="health",
        title="健康集市",
        description="带好身份证",
        organiser_name="民政局",
        contact_phone="0519-86310000",
        checkin_opens_minutes=45,
        code_rotates_seconds=30,
        venue={"name": "礼堂", "address": "花园路 1 号", "latitude": 31.7, "longitude": 119.9,
               "wheelchair": True},
    )  # fmt: skip
    first = world.stall(organiser, draft["id"], number="1", organisation_id=world.organisation(),
                        place="东门")  # fmt: skip
    second = world.stall(organiser, draft["id"], number="2")
    clinic = world.offering(
        organiser, first["id"], title="义诊", service_kind="clinic", mode="slots",
        minutes_per_person=7, capacity=40, walk_in_share=0.2, min_age=50, daily_cap_per_person=2,
        sign_up_opens_at=(START - timedelta(days=7)).isoformat(),
        sign_up_closes_at=(START - timedelta(hours=1)).isoformat(),
        also_at_stall_ids=[second["id"]],
    )  # fmt: skip
    pattern = {"from": START.isoformat(), "to": (START + timedelta(hours=2)).isoformat(),
               "minutes": 30, "capacity": 5}  # fmt: skip
    ok(organiser.post(f"/offerings/{clinic['id']}/slots", pattern), 201)
    world.offering(organiser, second["id"], title="义剪", mode="queue")
    found: dict[str, Any] = ok(organiser.get(f"/activities/{draft['id']}"))
    return found


def copy(who: Person, source: dict[str, Any], **body: Any) -> dict[str, Any]:
    path = f"/activities/{source['id']}/copy"
    copied: dict[str, Any] = ok(who.post(path, {"starts_at": LATER} | body), 201)
    return copied


def shifted(value: Any) -> Any:
    """The source with all its times moved, and without ids: what the copy has to look like."""
    if isinstance(value, dict):
        return {
            key: (datetime.fromisoformat(found) + SHIFT).isoformat()
            if key.endswith("_at") and found else shifted(found)
            for key, found in value.items() if key not in NEW
        }  # fmt: skip
    return [shifted(found) for found in value] if isinstance(value, list) else value


def without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_ids(found) for key, found in value.items() if key not in NEW}
    return [without_ids(found) for found in value] if isinstance(value, list) else value


def ids_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {found for key, found in value.items() if key == "id"}.union(
            *(ids_in(found) for found in value.values())
        )
    return set().union(*(ids_in(found) for found in value)) if isinstance(value, list) else set()


def test_everything_planned_is_copied_and_moved_by_one_distance(
    organiser: Person, source: dict[str, Any]
) -> None:
    copied = copy(organiser, source)
    assert copied["id"] != source["id"]
    assert without_ids(copied) == shifted(source)
    assert len(copied["stalls"]) == 2
    assert len(copied["stalls"][0]["offerings"][0]["slots"]) == 4
    assert ids_in(copied) & ids_in(source) == set(), "every row is a new one"


def test_shared_queues_are_shared_among_the_copies(
    organiser: Person, source: dict[str, Any]
) -> None:
    copied = copy(organiser, source)
    first, second = copied["stalls"]
    assert first["offerings"][0]["also_at_stall_ids"] == [second["id"]]
    assert second["offerings"][0]["also_at_stall_ids"] == []


def test_the_copy_is_independent(organiser: Person, source: dict[str, Any]) -> None:
    copied = copy(organiser, source)
    ok(organiser.put(f"/activities/{copied['id']}", {"title": "新", "venue": {"name": "新"}}))
    for stall in copied["stalls"]:
        assert organiser.delete(f"/stalls/{stall['id']}").status_code == 204
    assert ok(organiser.get(f"/activities/{source['id']}")) == source


def test_the_copy_has_a_code_of_its_own_and_remembers_where_it_came_from(
    organiser: Person, source: dict[str, Any], outer: Connection
) -> None:
    copied = copy(organiser, source)
    codes = [ok(organiser.get(f"/activities/{a['id']}/code"))["scene"] for a in (source, copied)]
    assert codes[0] != codes[1]
    found = text("SELECT copied_from_id::text FROM activity WHERE id = :id")
    assert outer.execute(found, {"id": copied["id"]}).scalar_one() == source["id"]


def test_nothing_that_happened_is_copied(world: World, outer: Connection) -> None:
    """State, versions, reasons, times of opening, bookings, places taken, visits."""
    market = world.live_market(mode="slots")
    body = {"slot_id": market.slot_id}
    person = world.person()
    ok(person.post(f"/offerings/{market.offering_id}/bookings", body), 201)
    ok(market.organiser.put(f"/activities/{market.id}", {"title": "改过"}))
    ok(market.organiser.post(f"/activities/{market.id}/close"))
    copied = copy(market.organiser, {"id": market.id})
    assert (copied["state"], copied["version"], copied["title"]) == ("draft", 1, "改过")
    assert copied["opened_at"] is copied["closed_at"] is copied["cancel_reason"] is None
    (slot,) = copied["stalls"][0]["offerings"][0]["slots"]
    assert (slot["taken"], slot["free"]) == (0, slot["capacity"])
    rows = text("SELECT count(*) FROM booking WHERE activity_id = :id")
    assert outer.execute(rows, {"id": copied["id"]}).scalar_one() == 0


@pytest.mark.parametrize("moves", [[], ["submit"], ["publish"], ["cancel"]])
def test_an_activity_in_any_state_can_be_copied(
    organiser: Person, source: dict[str, Any], moves: list[str]
) -> None:
    for move in moves:
        ok(organiser.post(f"/activities/{source['id']}/{move}"))
    assert copy(organiser, source)["state"] == "draft"


def test_a_copy_for_another_region_needs_both(world: World, source: dict[str, Any]) -> None:
    there = {"region_id": world.region_id(OTHER_COMMUNITY)}
    path, body = f"/activities/{source['id']}/copy", {"starts_at": LATER} | there
    assert copy(world.organiser(DISTRICT), source, **there)["region_name"] == "丫河社区"
    refused(world.organiser().post(path, body), 403, "forbidden")
    neighbour = world.organiser(OTHER_COMMUNITY)
    refused(neighbour.post(path, body), 404, "not_found")
    ok(world.organiser(COMMUNITY[:9]).post(f"/activities/{source['id']}/publish"))
    refused(neighbour.post(path, body), 403, "forbidden")


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"starts_at": ["必填"]}),
        (
            {"starts_at": "2026-06-05"},
            {"starts_at": ["应为带时区的时间，如 2026-05-01T09:00:00+08:00"]},
        ),
        ({"starts_at": "2100-01-01T00:00:00Z"}, {"starts_at": ["时间应在 2000 年到 2099 年之间"]}),
        ({"starts_at": LATER, "region_id": str(uuid4())}, {"region_id": ["没有这个地区"]}),
        ({"starts_at": LATER, "title": "x"}, {"title": ["没有这个字段"]}),
    ],
)
def test_a_wrong_field_copies_nothing(
    organiser: Person, source: dict[str, Any], outer: Connection, body: Any, errors: Any
) -> None:
    response = organiser.post(f"/activities/{source['id']}/copy", body)
    assert refused(response, 422, "validation_failed")["errors"] == errors
    assert outer.execute(text("SELECT count(*) FROM activity")).scalar_one() == 1


def test_a_copy_back_in_time_is_moved_back(organiser: Person, source: dict[str, Any]) -> None:
    earlier = (START - timedelta(days=400)).isoformat()
    copied = copy(organiser, source, starts_at=earlier)
    slots = copied["stalls"][0]["offerings"][0]["slots"]
    assert slots[0]["starts_at"] == copied["starts_at"] == earlier


def test_a_draft_without_stalls_is_copied_as_it_is(world: World, organiser: Person) -> None:
    bare = world.draft(organiser)
    copied = copy(organiser, bare)
    assert copied["stalls"] == []
    stall = world.stall(organiser, bare["id"])
    world.offering(organiser, stall["id"], mode="open")
    (twin,) = copy(organiser, bare)["stalls"]
    assert [offering["slots"] for offering in twin["offerings"]] == [[]]
