"""Slots: times for appointments, single and generated, within the activity's time."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from backend.activities.models import Slot
from backend.activities.queries import bookable
from backend.activities.stalls import slots as slot_times
from backend.core.db import transaction
from tests.api.activities.conftest import Plan
from tests.support.world import World, ok, refused

START = datetime(2026, 5, 1, 1, tzinfo=UTC)
HOURS = 3


@pytest.fixture
def plan(world: World) -> Plan:
    """A draft from 9 to 12 o'clock with a stall."""
    organiser = world.organiser()
    activity = world.draft(organiser, starts_at=START, hours=HOURS)
    return Plan(organiser, activity, world.stall(organiser, activity["id"], number="1"))


@pytest.fixture
def offering(world: World, plan: Plan) -> str:
    offering_id: str = world.offering(plan.organiser, plan.stall["id"], mode="slots")["id"]
    return offering_id


def at(minutes: float) -> str:
    return (START + timedelta(minutes=minutes)).isoformat()


def slot(starts: float, ends: float, capacity: Any = 5) -> dict[str, Any]:
    return {"starts_at": at(starts), "ends_at": at(ends), "capacity": capacity}


def post(plan: Plan, offering: str, body: Any) -> Any:
    return plan.organiser.post(f"/offerings/{offering}/slots", body)


def add(plan: Plan, offering: str, *slots: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ok(post(plan, offering, {"slots": list(slots)}), 201)["slots"]
    return found


def times(slots: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(found["starts_at"], found["ends_at"]) for found in slots]


def test_slots_are_added_and_come_in_order(plan: Plan, offering: str, outer: Connection) -> None:
    found = add(plan, offering, slot(60, 90), slot(0, 30, 7))
    first, second = found
    assert first == {
        "id": first["id"], "offering_id": offering, "starts_at": at(0), "ends_at": at(30),
        "capacity": 7, "taken": 0, "free": 7,
    }  # fmt: skip
    assert second["starts_at"] == at(60)
    assert add(plan, offering, slot(30, 60))[1]["starts_at"] == at(30), "answers all of them"
    entry = text("SELECT details FROM audit_entry WHERE action = 'add_slots' ORDER BY id LIMIT 1")
    assert outer.execute(entry).scalar_one() == {"offering_id": offering, "count": 2}


@pytest.mark.parametrize(
    ("new", "code"),
    [
        ([slot(30, 40)], "slot_exists"),
        ([slot(15, 31)], "slots_overlap"),
        ([slot(59, 70)], "slots_overlap"),
        ([slot(40, 50)], "slots_overlap"),
        ([slot(20, 90)], "slots_overlap"),
        ([slot(60, 90), slot(60, 80)], "slot_exists"),
        ([slot(100, 130), slot(60, 101)], "slots_overlap"),
    ],
)
def test_slots_of_one_service_do_not_overlap(
    world: World, plan: Plan, offering: str, new: list[dict[str, Any]], code: str
) -> None:
    add(plan, offering, slot(30, 60))
    problem = refused(post(plan, offering, {"slots": [slot(0, 10), *new]}), 409, code)
    if code == "slots_overlap":
        assert "重叠" in problem["detail"]
    assert len(add(plan, offering, slot(0, 30), slot(60, 90))) == 3, (
        "one after the other; all or none"
    )
    other = world.offering(plan.organiser, plan.stall["id"], mode="slots")["id"]
    assert len(add(plan, other, slot(30, 60))) == 1, "another service's are its own"


def test_a_slot_is_not_moved_over_another(plan: Plan, offering: str) -> None:
    first, second = add(plan, offering, slot(0, 30), slot(30, 60))
    path = f"/slots/{second['id']}"
    refused(plan.organiser.put(path, {"starts_at": at(20)}), 409, "slots_overlap")
    refused(plan.organiser.put(path, {"starts_at": at(0)}), 409, "slot_exists")
    ok(plan.organiser.put(path, {"ends_at": at(70)}))
    ok(plan.organiser.put(f"/slots/{first['id']}", {"starts_at": at(10)}))


def test_a_slot_within_an_old_one_hides_nothing_of_it() -> None:
    """Old slots may lie within one another: what is new is held against the longer one."""

    def hours(starts: float, ends: float) -> tuple[datetime, datetime]:
        return START + timedelta(hours=starts), START + timedelta(hours=ends)

    old = [hours(0, 2), hours(0.5, 1)]
    slot_times.check_apart([hours(2, 3)], old)
    with pytest.raises(slot_times.SlotsOverlap):
        slot_times.check_apart([hours(1.5, 2.5)], old)


@pytest.fixture
def overlapping(plan: Plan, offering: str, outer: Connection) -> str:
    """A service with slots from before overlapping was refused: 0–40 and 30–60."""
    add(plan, offering, slot(0, 30), slot(30, 60))
    longer = text("UPDATE slot SET ends_at = :end WHERE offering_id = :id AND starts_at = :start")
    outer.execute(longer, {"end": START + timedelta(minutes=40), "id": offering, "start": START})
    return offering


def test_slots_that_overlap_already_can_be_put_right(plan: Plan, overlapping: str) -> None:
    """Their places can be changed too, for people are booked in them; nothing new joins them."""
    first = ok(plan.organiser.get(f"/offerings/{overlapping}"))["slots"][0]
    ok(plan.organiser.put(f"/slots/{first['id']}", {"capacity": 7}))
    refused(post(plan, overlapping, {"slots": [slot(35, 70)]}), 409, "slots_overlap")
    assert len(add(plan, overlapping, slot(60, 90))) == 3
    refused(plan.organiser.post(f"{plan.path}/submit"), 409, "not_ready")
    ok(plan.organiser.put(f"/slots/{first['id']}", {"ends_at": at(30)}))
    ok(plan.organiser.post(f"{plan.path}/submit"))


def test_slots_that_overlap_are_not_copied(plan: Plan, overlapping: str) -> None:
    body = {"starts_at": at(60 * 24 * 400)}
    problem = refused(plan.organiser.post(f"{plan.path}/copy", body), 409, "slots_overlap")
    assert "「义剪」有重叠的时段（09:00–09:40 和 09:30–10:00 的时段重叠）" in problem["detail"]


def test_a_pattern_makes_as_many_as_end_in_time(plan: Plan, offering: str) -> None:
    pattern = {"from": at(0), "to": at(100), "minutes": 30, "capacity": 4}
    found = ok(post(plan, offering, pattern), 201)["slots"]
    assert times(found) == [(at(0), at(30)), (at(30), at(60)), (at(60), at(90))]
    assert {one["capacity"] for one in found} == {4}


def test_a_pattern_that_clashes_adds_none(plan: Plan, offering: str) -> None:
    add(plan, offering, slot(60, 90))
    pattern = {"from": at(0), "to": at(120), "minutes": 30, "capacity": 4}
    refused(post(plan, offering, pattern), 409, "slot_exists")
    refused(post(plan, offering, pattern | {"minutes": 40}), 409, "slots_overlap")
    assert len(ok(plan.organiser.get(f"/offerings/{offering}"))["slots"]) == 1


@pytest.mark.parametrize(
    ("to", "minutes", "count"), [(30, 30, 1), (29.9, 30, None), (0, 30, None), (-60, 30, None),
                                 (180, 1, 180), (181, 60, 3)],
)  # fmt: skip
def test_a_pattern_makes_at_least_one(
    plan: Plan, offering: str, to: float, minutes: int, count: int | None
) -> None:
    pattern = {"from": at(0), "to": at(to), "minutes": minutes, "capacity": 1}
    response = post(plan, offering, pattern)
    if count is None:
        assert list(refused(response, 422, "validation_failed")["errors"]) == ["to"]
    else:
        assert len(ok(response, 201)["slots"]) == count


def test_three_hundred_slots_at_most(app: Flask, world: World, plan: Plan, offering: str) -> None:
    day = world.draft(plan.organiser, starts_at=START, hours=30)
    stall = world.stall(plan.organiser, day["id"])
    other = world.offering(plan.organiser, stall["id"], mode="slots")["id"]
    pattern = {"from": at(0), "to": at(301), "minutes": 1, "capacity": 1}
    assert list(refused(post(plan, other, pattern), 422, "validation_failed")["errors"]) == ["to"]
    assert len(ok(post(plan, other, pattern | {"to": at(300)}), 201)["slots"]) == 300
    refused(post(plan, other, {"slots": [slot(400, 410)]}), 409, "too_many")
    many = {"slots": [slot(n / 2, n / 2 + 1) for n in range(301)]}
    problem = refused(post(plan, offering, many), 422, "validation_failed")
    assert problem["errors"] == {"slots": ["最多 300 项"]}
    assert slot_times.MOST_SLOTS == 300


@pytest.mark.parametrize(
    ("found", "errors"),
    [
        (slot(30, 30), {"ends_at": ["结束时间应晚于开始时间"]}),
        (slot(30, 0), {"ends_at": ["结束时间应晚于开始时间"]}),
        (slot(-1, 30), {"starts_at": ["早于活动开始时间"]}),
        (slot(170, 180.1), {"ends_at": ["晚于活动结束时间"]}),
        (slot(-60, 600), {"starts_at": ["早于活动开始时间"], "ends_at": ["晚于活动结束时间"]}),
        (slot(600, 300), {"ends_at": ["结束时间应晚于开始时间", "晚于活动结束时间"]}),
        (slot(0, 30, 0), {"capacity": ["应在 1 到 10000 之间"]}),
        (slot(0, 30, "5"), {"capacity": ["应为整数"]}),
        (slot(0, 30, None), {"capacity": ["不能为空"]}),
        (slot(0, 30) | {"taken": 3}, {"taken": ["没有这个字段"]}),
        ({"starts_at": at(0)}, {"ends_at": ["必填"], "capacity": ["必填"]}),
    ],
)
def test_a_wrong_slot_is_named_by_its_place(
    plan: Plan, offering: str, found: Any, errors: Any
) -> None:
    """All or none: the good one before it is not added either."""
    response = post(plan, offering, {"slots": [slot(100, 110), found]})
    assert refused(response, 422, "validation_failed")["errors"] == {"slots": {"1": errors}}
    assert ok(plan.organiser.get(f"/offerings/{offering}"))["slots"] == []


def test_the_activitys_whole_time_can_be_used(plan: Plan, offering: str) -> None:
    assert len(add(plan, offering, slot(0, HOURS * 60))) == 1


@pytest.mark.parametrize(
    "body",
    [
        {}, {"slots": []}, {"from": at(0), "to": at(60), "minutes": 30}, {"minutes": 30},
        {"slots": [slot(0, 30)], "minutes": 30},
        {"slots": [slot(0, 30)], "from": at(0), "to": at(60), "minutes": 30, "capacity": 1},
    ],
)  # fmt: skip
def test_a_list_or_a_whole_pattern(plan: Plan, offering: str, body: Any) -> None:
    problem = refused(post(plan, offering, body), 422, "validation_failed")
    assert list(problem["errors"]) == ["slots"]


@pytest.mark.parametrize("mode", ["open", "queue"])
def test_only_appointments_have_slots(world: World, plan: Plan, mode: str) -> None:
    other = world.offering(plan.organiser, plan.stall["id"], mode=mode)["id"]
    problem = refused(post(plan, other, {"slots": [slot(0, 30)]}), 422, "validation_failed")
    assert problem["errors"] == {"mode": ["只有预约制的服务有时段"]}


# ---------------------------------------------------------------------------- changing


def put(plan: Plan, slot_id: str, **change: Any) -> Any:
    return plan.organiser.put(f"/slots/{slot_id}", change)


def test_a_slot_is_changed_field_by_field(plan: Plan, offering: str) -> None:
    (made,) = add(plan, offering, slot(0, 30))
    assert ok(put(plan, made["id"])) == made
    assert ok(put(plan, made["id"], capacity=9)) == made | {"capacity": 9, "free": 9}
    moved = ok(put(plan, made["id"], starts_at=at(10), ends_at=at(50)))
    assert (moved["starts_at"], moved["ends_at"], moved["capacity"]) == (at(10), at(50), 9)


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"starts_at": at(-1)}, {"starts_at": ["早于活动开始时间"]}),
        ({"ends_at": at(181)}, {"ends_at": ["晚于活动结束时间"]}),
        ({"starts_at": at(30)}, {"ends_at": ["结束时间应晚于开始时间"]}),
        ({"ends_at": at(0)}, {"ends_at": ["结束时间应晚于开始时间"]}),
        ({"capacity": 0}, {"capacity": ["应在 1 到 10000 之间"]}),
        ({"offering_id": str(uuid4())}, {"offering_id": ["没有这个字段"]}),
    ],
)
def test_a_wrong_change_of_a_slot_changes_nothing(
    plan: Plan, offering: str, change: Any, errors: Any
) -> None:
    (made,) = add(plan, offering, slot(0, 30))
    response = put(plan, made["id"], **change)
    assert refused(response, 422, "validation_failed")["errors"] == errors
    assert ok(plan.organiser.get(f"/offerings/{offering}"))["slots"] == [made]


def test_a_slot_is_not_moved_onto_another(plan: Plan, offering: str) -> None:
    first, second = add(plan, offering, slot(0, 30), slot(30, 60))
    refused(put(plan, second["id"], starts_at=at(0)), 409, "slot_exists")
    assert ok(plan.organiser.get(f"/offerings/{offering}"))["slots"] == [first, second]


def booked(world: World, capacity: int = 5, people: int = 2) -> tuple[Plan, str, str, list[str]]:
    """A live market's slot with bookings: its plan, offering, slot, and the bookings."""
    market = world.live_market(mode="slots", capacity=capacity)
    body = {"slot_id": market.slot_id}
    path = f"/offerings/{market.offering_id}/bookings"
    bookings = [ok(world.person().post(path, body), 201)["id"] for _ in range(people)]
    assert market.slot_id is not None
    return (
        Plan(market.organiser, {"id": market.id}, {}),
        market.offering_id,
        market.slot_id,
        bookings,
    )


def test_a_cut_below_what_is_booked_is_refused(world: World) -> None:
    """Nobody is dropped silently (docs/rules/bookings.md, Places)."""
    plan, _, slot_id, bookings = booked(world)
    assert refused(put(plan, slot_id, capacity=1), 409, "below_booked")["taken"] == 2
    assert ok(put(plan, slot_id, capacity=2))["free"] == 0
    ok(plan.organiser.post(f"/bookings/{bookings[0]}/cancel"))
    assert ok(put(plan, slot_id, capacity=1))["taken"] == 1


def test_a_booked_slot_is_not_deleted(world: World) -> None:
    """Nor one whose bookings were cancelled: they tell of it."""
    plan, offering, slot_id, bookings = booked(world)
    refused(plan.organiser.delete(f"/slots/{slot_id}"), 409, "in_use")
    for booking in bookings:
        ok(plan.organiser.post(f"/bookings/{booking}/cancel"))
    refused(plan.organiser.delete(f"/slots/{slot_id}"), 409, "in_use")
    assert len(ok(plan.organiser.get(f"/offerings/{offering}"))["slots"]) == 1


def test_a_free_slot_is_deleted(plan: Plan, offering: str) -> None:
    (made,) = add(plan, offering, slot(0, 30))
    assert plan.organiser.delete(f"/slots/{made['id']}").status_code == 204
    assert ok(plan.organiser.get(f"/offerings/{offering}"))["slots"] == []
    refused(plan.organiser.delete(f"/slots/{made['id']}"), 404, "not_found")
    refused(put(plan, made["id"], capacity=3), 404, "not_found")


def test_the_database_guards_what_is_taken(app: Flask, plan: Plan, offering: str) -> None:
    """A CHECK behind the rule: never more taken than there are places."""
    too_many = Slot(
        offering_id=UUID(offering),
        starts_at=START,
        ends_at=START + timedelta(hours=1),
        capacity=1,
        taken=2,
    )
    with (
        app.app_context(),
        pytest.raises(IntegrityError, match="ck_slot_taken_within_capacity"),
        transaction() as session,
    ):
        session.add(too_many)


@pytest.mark.parametrize(
    ("capacity", "share", "places"),
    [(10, 0, 10), (10, 0.2, 8), (10, 0.25, 8), (3, 0.33, 3), (3, 0.34, 2), (10, 1, 0),
     (10, 0.3, 7), (100, 0.29, 71), (1, 0.999, 1), (7, 0.143, 6)],
)  # fmt: skip
def test_the_share_kept_for_walk_ins_is_rounded_down(
    capacity: int, share: float, places: int
) -> None:
    """As PostgreSQL's floor() does with exact decimals: 0.3 of 10 is 3, not 2.999…"""
    assert bookable(capacity, share) == places
