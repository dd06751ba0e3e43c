"""Offerings: services at stalls, in three modes."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import Connection, text

from backend.activities.models import Offering, OfferingMode
from backend.activities.stalls import common, offerings
from backend.core.db import transaction
from backend.core.ids import new_id
from tests.api.activities.conftest import Plan
from tests.support.world import API, World, ok, refused

BODY = {"title": "义剪", "service_kind": "haircut", "mode": "queue"}
OPENS, CLOSES = "2026-05-01T00:00:00+00:00", "2026-05-02T00:00:00+00:00"


def add(plan: Plan, **more: Any) -> dict[str, Any]:
    path = f"/stalls/{plan.stall['id']}/offerings"
    offering: dict[str, Any] = ok(plan.organiser.post(path, BODY | more), 201)
    return offering


def put(plan: Plan, offering: dict[str, Any], **change: Any) -> Any:
    return plan.organiser.put(f"/offerings/{offering['id']}", change)


def test_an_offering_with_the_least(plan: Plan) -> None:
    """Its minutes are what the kind usually takes; its letter the activity's first free one."""
    made = add(plan)
    assert made == {
        "id": made["id"],
        "activity_id": plan.activity["id"],
        "stall_id": plan.stall["id"],
        "also_at_stall_ids": [],
        "letter": "A",
        "title": "义剪",
        "service_kind": "haircut",
        "mode": "queue",
        "minutes_per_person": 12,
        "capacity": None,
        "walk_in_share": 0.0,
        "min_age": None,
        "daily_cap_per_person": 1,
        "sign_up_opens_at": None,
        "sign_up_closes_at": None,
        "slots": [],
        "line": None,
    }
    assert ok(plan.organiser.get(f"/offerings/{made['id']}")) == made
    assert plan.read()["stalls"][0]["offerings"] == [made]


def test_an_offering_with_everything(plan: Plan) -> None:
    more = {
        "mode": "slots", "minutes_per_person": 7, "capacity": 50, "walk_in_share": 0.25,
        "min_age": 60, "daily_cap_per_person": 2, "sign_up_opens_at": OPENS,
        "sign_up_closes_at": CLOSES,
    }  # fmt: skip
    made = add(plan, **more)
    assert {key: made[key] for key in more} == more


WRONG: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"title": ""}, {"title": ["不能为空"]}),
    ({"title": "剪" * 41}, {"title": ["最多 40 个字"]}),
    ({"service_kind": "surgery"}, {"service_kind": ["没有这个选项"]}),
    ({"service_kind": None}, {"service_kind": ["不能为空"]}),
    ({"mode": "lottery"}, {"mode": ["可选：open, queue, slots"]}),
    ({"minutes_per_person": 0}, {"minutes_per_person": ["应在 1 到 240 之间"]}),
    ({"minutes_per_person": None}, {"minutes_per_person": ["不能为空"]}),
    ({"capacity": 0}, {"capacity": ["应在 1 到 100000 之间"]}),
    ({"capacity": "20"}, {"capacity": ["应为整数"]}),
    ({"walk_in_share": 1.01}, {"walk_in_share": ["应在 0 到 1 之间"]}),
    ({"walk_in_share": "0.2"}, {"walk_in_share": ["应为数字"]}),
    ({"min_age": 121}, {"min_age": ["应在 0 到 120 之间"]}),
    ({"daily_cap_per_person": 0}, {"daily_cap_per_person": ["应在 1 到 20 之间"]}),
    ({"sign_up_opens_at": "soon"},
     {"sign_up_opens_at": ["应为带时区的时间，如 2026-05-01T09:00:00+08:00"]}),
    ({"sign_up_opens_at": CLOSES, "sign_up_closes_at": OPENS},
     {"sign_up_closes_at": ["报名截止应晚于报名开始"]}),
    ({"sign_up_opens_at": OPENS, "sign_up_closes_at": OPENS},
     {"sign_up_closes_at": ["报名截止应晚于报名开始"]}),
    ({"also_at_stall_ids": "x"}, {"also_at_stall_ids": ["应为列表"]}),
    ({"also_at_stall_ids": ["x"]}, {"also_at_stall_ids": {"0": ["编号格式不对"]}}),
    ({"also_at_stall_ids": [str(uuid4())]}, {"also_at_stall_ids": ["应为本活动的摊位"]}),
    ({"also_at_stall_ids": [str(uuid4())] * 21}, {"also_at_stall_ids": ["最多 20 项"]}),
    ({"letter": "Z"}, {"letter": ["没有这个字段"]}),
]  # fmt: skip


@pytest.mark.parametrize(("change", "errors"), WRONG)
def test_a_wrong_field_is_named_and_changes_nothing(plan: Plan, change: Any, errors: Any) -> None:
    made, path = add(plan), f"/stalls/{plan.stall['id']}/offerings"
    problem = refused(plan.organiser.post(path, BODY | change), 422, "validation_failed")
    assert problem["errors"] == errors
    response = put(plan, made, **({"title": "新"} | change))
    problem = refused(response, 422, "validation_failed")
    assert problem["errors"] == errors
    assert plan.read()["stalls"][0]["offerings"] == [made]


def test_what_is_required_is_named(plan: Plan) -> None:
    response = plan.organiser.post(f"/stalls/{plan.stall['id']}/offerings", {})
    errors = refused(response, 422, "validation_failed")["errors"]
    assert errors == {"title": ["必填"], "service_kind": ["必填"], "mode": ["必填"]}


def test_what_is_not_named_stays(plan: Plan) -> None:
    made = add(plan, capacity=50, min_age=60)
    assert ok(put(plan, made, title="义诊")) == made | {"title": "义诊"}
    after = ok(put(plan, made, capacity=None, min_age=None, service_kind="clinic"))
    assert after == made | {
        "title": "义诊", "capacity": None, "min_age": None, "service_kind": "clinic",
    }  # fmt: skip
    assert after["minutes_per_person"] == 12, "what was set stays, whatever the kind"


# ---------------------------------------------------------------------------- letters


def test_each_offering_of_an_activity_has_its_letter(world: World, plan: Plan) -> None:
    """They begin the numbers (A012), so that no two are called alike; the first free one."""
    other = world.stall(plan.organiser, plan.activity["id"])
    letters = [add(plan) for _ in range(2)]
    third = world.offering(plan.organiser, other["id"])
    assert [o["letter"] for o in (*letters, third)] == ["A", "B", "C"]
    assert plan.organiser.delete(f"/offerings/{letters[0]['id']}").status_code == 204
    assert add(plan)["letter"] == "A"
    assert add(plan)["letter"] == "D"


def test_after_z_come_two_letters_and_after_zz_no_more() -> None:
    alphabet = [chr(code) for code in range(ord("A"), ord("Z") + 1)]
    used = set(alphabet)
    assert offerings._next_letter(used - {"Q"}) == "Q"
    assert offerings._next_letter(used) == "AA"
    assert offerings._next_letter(used | {"AA", "AC"}) == "AB"
    every = used | {a + b for a in alphabet for b in alphabet}
    assert offerings._next_letter(every - {"ZZ"}) == "ZZ"
    with pytest.raises(common.TooMany):
        offerings._next_letter(every)


def test_twenty_offerings_a_stall_at_most(app: Flask, plan: Plan) -> None:
    with app.app_context(), transaction() as session:
        session.add_all(
            Offering(
                id=new_id(), activity_id=UUID(plan.activity["id"]),
                stall_id=UUID(plan.stall["id"]), letter=f"X{n}", title="x",
                service_kind="legal", mode=OfferingMode.OPEN,
            )
            for n in range(offerings.MOST_OFFERINGS_A_STALL - 1)
        )  # fmt: skip
    add(plan)
    response = plan.organiser.post(f"/stalls/{plan.stall['id']}/offerings", BODY)
    assert "20" in refused(response, 409, "too_many")["detail"]


# ---------------------------------------------------------------------------- shared queues


def test_stalls_can_share_one_queue(world: World, plan: Plan) -> None:
    second, third = (world.stall(plan.organiser, plan.activity["id"])["id"] for _ in range(2))
    made = add(plan, also_at_stall_ids=[second, second, plan.stall["id"]])
    assert made["also_at_stall_ids"] == [second], "its own stall is always one"
    both = ok(put(plan, made, also_at_stall_ids=[third, second]))["also_at_stall_ids"]
    assert both == sorted([second, third])
    assert ok(put(plan, made, title="新"))["also_at_stall_ids"] == both
    assert ok(put(plan, made, also_at_stall_ids=[third]))["also_at_stall_ids"] == [third]
    assert ok(put(plan, made, also_at_stall_ids=[]))["also_at_stall_ids"] == []


def test_a_queue_is_not_shared_with_another_activitys_stall(world: World, plan: Plan) -> None:
    elsewhere = world.stall(plan.organiser, world.draft(plan.organiser)["id"])["id"]
    body = BODY | {"also_at_stall_ids": [elsewhere]}
    path = f"/stalls/{plan.stall['id']}/offerings"
    problem = refused(plan.organiser.post(path, body), 422, "validation_failed")
    assert problem["errors"] == {"also_at_stall_ids": ["应为本活动的摊位"]}
    assert plan.read()["stalls"][0]["offerings"] == []


# ---------------------------------------------------------------------------- mode


def test_the_mode_can_be_changed_until_it_is_announced(plan: Plan) -> None:
    made = add(plan)
    assert ok(put(plan, made, mode="open"))["mode"] == "open"
    plan.announce("submit")
    assert ok(put(plan, made, mode="queue"))["mode"] == "queue"
    plan.announce("publish")
    refused(put(plan, made, mode="slots"), 409, "mode_fixed")
    assert ok(put(plan, made, mode="queue", title="同样"))["title"] == "同样"


def test_the_mode_cannot_be_changed_over_slots(world: World, plan: Plan) -> None:
    made = add(plan, mode="slots")
    slot = world.slot(plan.organiser, made["id"], plan.activity["starts_at"])
    assert refused(put(plan, made, mode="queue"), 409, "mode_fixed")["detail"] == "请先删除时段"
    assert plan.organiser.delete(f"/slots/{slot['id']}").status_code == 204
    ok(put(plan, made, mode="queue"))


# ---------------------------------------------------------------------------- capacity


def test_a_days_capacity_is_not_cut_below_who_is_coming(world: World) -> None:
    market = world.live_market(capacity=20, mode="queue")
    volunteer = world.volunteer()
    for n in range(3):
        guest = {"guest": {"name": f"来宾{n}"}}
        ok(volunteer.post(f"/offerings/{market.offering_id}/tickets", guest), 201)
    path = f"/offerings/{market.offering_id}"
    refused(market.organiser.put(path, {"capacity": 2}), 409, "below_booked")
    assert ok(market.organiser.get(path))["capacity"] is None
    for capacity in (3, 4, None):
        assert ok(market.organiser.put(path, {"capacity": capacity}))["capacity"] == capacity


# ---------------------------------------------------------------------------- deleting, reading


def test_an_offering_that_somebody_has_signed_up_for_stays(world: World) -> None:
    """Even where they have cancelled since: their booking tells of it."""
    market = world.live_market(mode="slots")
    person = world.person()
    body = {"slot_id": market.slot_id}
    booking = ok(person.post(f"/offerings/{market.offering_id}/bookings", body), 201)
    path = f"/offerings/{market.offering_id}"
    refused(market.organiser.delete(path), 409, "in_use")
    ok(person.post(f"/bookings/{booking['id']}/cancel"))
    refused(market.organiser.delete(path), 409, "in_use")
    ok(market.organiser.get(path))


def test_an_offering_goes_with_its_slots(world: World, plan: Plan, outer: Connection) -> None:
    made = add(plan, mode="slots")
    world.slot(plan.organiser, made["id"], plan.activity["starts_at"])
    assert plan.organiser.delete(f"/offerings/{made['id']}").status_code == 204
    refused(plan.organiser.get(f"/offerings/{made['id']}"), 404, "not_found")
    assert outer.execute(text("SELECT count(*) FROM slot")).scalar_one() == 0
    assert outer.execute(text("SELECT count(*) FROM desk")).scalar_one() == 0


def test_what_is_not_there_is_not_found(plan: Plan) -> None:
    for method in ("GET", "PUT", "DELETE"):
        path = f"/offerings/{uuid4()}"
        options: dict[str, Any] = {} if method == "GET" else {"json": {}}
        refused(plan.organiser.request(method, path, **options), 404, "not_found")


def test_everybody_reads_an_announced_offering_with_its_free_places(world: World) -> None:
    """Free is what can be signed up for: all but the share kept for walk-ins, less the taken."""
    market = world.live_market(mode="slots", capacity=10, walk_in_share=0.25)
    path = f"{API}/offerings/{market.offering_id}"
    (slot,) = ok(world.http.get(path))["slots"]
    assert (slot["capacity"], slot["taken"], slot["free"]) == (10, 0, 8)
    body = {"slot_id": market.slot_id}
    ok(world.person().post(f"/offerings/{market.offering_id}/bookings", body), 201)
    (slot,) = ok(world.http.get(path))["slots"]
    assert (slot["taken"], slot["free"]) == (1, 7)
    share = {"walk_in_share": 1}
    (slot,) = ok(market.organiser.put(f"/offerings/{market.offering_id}", share))["slots"]
    assert slot["free"] == 0, "never below nothing"
