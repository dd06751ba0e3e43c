"""Stalls of an activity."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from backend.activities.models import Activity, Stall
from backend.activities.stalls import operations as stalls
from backend.core.db import transaction
from backend.core.ids import new_id
from tests.api.activities.conftest import Plan
from tests.support.world import World, ok, refused


def add(plan: Plan, **body: Any) -> dict[str, Any]:
    stall: dict[str, Any] = ok(
        plan.organiser.post(f"{plan.path}/stalls", {"number": "2", "name": "义诊"} | body), 201
    )
    return stall


def test_a_stall_is_added_with_its_organisation_and_place(world: World, plan: Plan) -> None:
    organisation = world.organisation("善乐")
    stall = add(plan, number="A3", organisation_id=organisation, place="东门左侧")
    assert stall == {
        "id": stall["id"],
        "activity_id": plan.activity["id"],
        "number": "A3",
        "name": "义诊",
        "organisation_id": organisation,
        "organisation_name": stall["organisation_name"],
        "row": None,
        "column": None,
        "note": "东门左侧",
        "place": "东门左侧",
        "offerings": [],
    }
    assert stall["organisation_name"].startswith("善乐")
    assert plan.read()["stalls"][-1] == stall


def test_a_plain_number_is_taken_as_what_stands_on_the_sign(plan: Plan) -> None:
    assert add(plan, number=12)["number"] == "12"


def test_stalls_are_in_the_order_of_their_numbers(plan: Plan) -> None:
    """10 comes after 9, as people count."""
    for number in ("10", "9", "2", "A1"):
        add(plan, number=number)
    assert [stall["number"] for stall in plan.read()["stalls"]] == ["1", "2", "9", "10", "A1"]


def test_a_stall_is_changed_field_by_field(world: World, plan: Plan) -> None:
    stall = add(plan, place="东门", organisation_id=world.organisation())
    path = f"/stalls/{stall['id']}"
    assert ok(plan.organiser.put(path, {"name": "义剪"})) == stall | {"name": "义剪"}
    assert ok(plan.organiser.put(path, {"number": "2"}))["number"] == "2", "its own number"
    changed = ok(plan.organiser.put(path, {"place": None, "organisation_id": None}))
    assert changed == stall | {
        "name": "义剪", "place": None, "note": None, "organisation_id": None,
        "organisation_name": None,
    }  # fmt: skip


def test_one_number_stands_for_one_stall_of_the_activity(world: World, plan: Plan) -> None:
    stall = add(plan)
    body = {"number": "2", "name": "第二个"}
    answer = plan.organiser.post(f"{plan.path}/stalls", body)
    assert refused(answer, 409, "stall_number_taken")["detail"] == "已有 2 号摊位"
    refused(
        plan.organiser.put(f"/stalls/{stall['id']}", {"number": "1"}), 409, "stall_number_taken"
    )
    other = world.draft(plan.organiser)
    assert world.stall(plan.organiser, other["id"], number="2")["number"] == "2"


@pytest.mark.parametrize("number", ["１", "01", " 1 ", "００1"])
def test_a_number_that_nobody_can_tell_from_another_is_refused_with_it(
    plan: Plan, number: str
) -> None:
    body = {"number": number, "name": "第二个"}
    answer = plan.organiser.post(f"{plan.path}/stalls", body)
    unlike = "" if number.strip() == "1" else f"，{number} 和它分不清"
    problem = refused(answer, 409, "stall_number_taken")
    assert problem["detail"] == f"已有 1 号摊位{unlike}"
    letters = plan.organiser.post(f"{plan.path}/stalls", body | {"number": "a-07"})
    assert ok(letters, 201)["number"] == "a-07"
    twin = plan.organiser.post(f"{plan.path}/stalls", body | {"number": "Ａ-7"})
    refused(twin, 409, "stall_number_taken")
    other = plan.organiser.post(f"{plan.path}/stalls", body | {"number": "10"})
    assert ok(other, 201)["number"] == "10"


def test_the_database_guards_the_number_too(app: Flask, plan: Plan) -> None:
    """Behind the rule, for two editors at once (tests/concurrency/test_activities.py)."""
    activity_id = UUID(plan.activity["id"])
    with (
        app.app_context(),
        pytest.raises(IntegrityError, match="uq_stall_activity_id_number"),
        transaction() as session,
    ):
        session.add_all(
            Stall(id=new_id(), activity_id=activity_id, number="7", name=name) for name in "xy"
        )


def _where(stall: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(stall[name] for name in ("row", "column", "note", "place"))


def test_a_stall_stands_where_it_is_put(world: World, plan: Plan) -> None:
    """By row and column, or in the words that people write."""
    stall = add(plan, place="第2排第3位 东门左侧")
    assert _where(stall) == (2, 3, "东门左侧", "第2排第3位 东门左侧")
    path = f"/stalls/{stall['id']}"
    moved = ok(plan.organiser.put(path, {"row": 4, "column": 5}))
    assert _where(moved) == (4, 5, "东门左侧", "第4排第5位 东门左侧")
    noted = ok(plan.organiser.put(path, {"note": None}))
    assert _where(noted) == (4, 5, None, "第4排第5位")
    body = {"starts_at": "2027-05-01T09:00:00+08:00"}
    copied = ok(plan.organiser.post(f"{plan.path}/copy", body), 201)["id"]
    found = ok(plan.organiser.get(f"/activities/{copied}"))["stalls"]
    assert [_where(one) for one in found if one["number"] == "2"] == [_where(noted)]
    off = ok(plan.organiser.put(path, {"row": None, "column": None}))
    assert _where(off) == (None, None, None, None)


@pytest.mark.parametrize("spot", [{"row": 2, "column": 3}, {"place": "第2排第3位 西门"}])
def test_one_spot_is_one_stalls(plan: Plan, spot: dict[str, Any]) -> None:
    add(plan, row=2, column=3)
    body = {"number": "3", "name": "义剪"} | spot
    for answer in (
        plan.organiser.post(f"{plan.path}/stalls", body),
        plan.organiser.put(f"/stalls/{plan.stall['id']}", spot),
    ):
        problem = refused(answer, 422, "validation_failed")
        assert problem["errors"] == {"row": ["这里已有 2 号摊位"]}


def test_the_database_guards_the_spot_too(app: Flask, plan: Plan) -> None:
    activity_id = UUID(plan.activity["id"])
    with (
        app.app_context(),
        pytest.raises(IntegrityError, match="uq_stall_spot"),
        transaction() as session,
    ):
        session.add_all(
            Stall(id=new_id(), activity_id=activity_id, number=number, name="x", spot_row=1,
                  spot_column=1)
            for number in "78"
        )  # fmt: skip


WRONG: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"number": ""}, {"number": ["不能为空"]}),
    ({"number": "12345678901"}, {"number": ["最多 10 个字"]}),
    ({"number": True}, {"number": ["应为文字"]}),
    ({"number": 1.5}, {"number": ["应为文字"]}),
    ({"number": None}, {"number": ["不能为空"]}),
    ({"name": ""}, {"name": ["不能为空"]}),
    ({"name": "摊" * 41}, {"name": ["最多 40 个字"]}),
    ({"organisation_id": "善乐"}, {"organisation_id": ["编号格式不对"]}),
    ({"organisation_id": str(uuid4())}, {"organisation_id": ["没有这个单位"]}),
    ({"place": "x" * 41}, {"place": ["最多 40 个字"]}),
    ({"row": 2}, {"row": ["排和位应一起填写"]}),
    ({"row": 13, "column": 1}, {"row": ["应在 1 到 12 之间"]}),
    ({"place": "东门", "note": "西门"}, {"place": ["位置请用文字，或用排、位和说明，二选一"]}),
    ({"activity_id": str(uuid4())}, {"activity_id": ["没有这个字段"]}),
]


@pytest.mark.parametrize(("change", "errors"), WRONG)
def test_a_wrong_field_is_named_and_changes_nothing(plan: Plan, change: Any, errors: Any) -> None:
    before = plan.read()
    body = {"number": "9", "name": "义诊"} | change
    problem = refused(plan.organiser.post(f"{plan.path}/stalls", body), 422, "validation_failed")
    assert problem["errors"] == errors
    response = plan.organiser.put(f"/stalls/{plan.stall['id']}", change)
    assert refused(response, 422, "validation_failed")["errors"] == errors
    assert plan.read() == before


def test_number_and_name_are_required(plan: Plan) -> None:
    problem = refused(plan.organiser.post(f"{plan.path}/stalls", {}), 422, "validation_failed")
    assert problem["errors"] == {"number": ["必填"], "name": ["必填"]}


def test_a_stall_goes_with_its_offerings_and_desks(
    world: World, plan: Plan, outer: Connection
) -> None:
    """Also where it only shared another stall's queue."""
    second = add(plan)
    world.offering(plan.organiser, second["id"], mode="slots")
    shared = world.offering(plan.organiser, plan.stall["id"], also_at_stall_ids=[second["id"]])
    assert plan.organiser.delete(f"/stalls/{second['id']}").status_code == 204
    (stall,) = plan.read()["stalls"]
    assert [o["id"] for o in stall["offerings"]] == [shared["id"]]
    assert stall["offerings"][0]["also_at_stall_ids"] == []
    actions = outer.execute(text("SELECT action FROM audit_entry ORDER BY id")).scalars()
    assert list(actions)[-2:] == ["delete_offering", "delete_stall"]
    refused(plan.organiser.delete(f"/stalls/{second['id']}"), 404, "not_found")


def test_a_stall_that_somebody_has_signed_up_at_stays(world: World) -> None:
    market = world.live_market(mode="slots")
    body = {"slot_id": market.slot_id}
    ok(world.person().post(f"/offerings/{market.offering_id}/bookings", body), 201)
    before = ok(market.organiser.get(f"/activities/{market.id}"))
    refused(market.organiser.delete(f"/stalls/{market.stall_id}"), 409, "in_use")
    assert ok(market.organiser.get(f"/activities/{market.id}")) == before


def test_sixty_stalls_at_most(app: Flask, plan: Plan) -> None:
    with app.app_context(), transaction() as session:
        activity_id = UUID(plan.activity["id"])
        session.add_all(
            Stall(id=new_id(), activity_id=activity_id, number=f"S{n}", name="x")
            for n in range(stalls.MOST_STALLS - 2)
        )
    add(plan)
    response = plan.organiser.post(f"{plan.path}/stalls", {"number": "61", "name": "x"})
    assert "60" in refused(response, 409, "too_many")["detail"]


def test_what_is_not_there_is_not_found(plan: Plan) -> None:
    for method, path in [
        ("POST", f"/activities/{uuid4()}/stalls"), ("PUT", f"/stalls/{uuid4()}"),
        ("DELETE", f"/stalls/{uuid4()}"), ("POST", f"/stalls/{uuid4()}/offerings"),
    ]:  # fmt: skip
        body: dict[str, Any] = {"number": "9", "name": "x"}
        if path.endswith("offerings"):
            body = {"title": "x", "service_kind": "legal", "mode": "open"}
        if method == "DELETE":
            body = {}
        refused(plan.organiser.request(method, path, json=body), 404, "not_found")


def test_each_change_is_audited_on_the_activity(plan: Plan, outer: Connection) -> None:
    stall = add(plan)
    ok(plan.organiser.put(f"/stalls/{stall['id']}", {"name": "新"}))
    assert plan.organiser.delete(f"/stalls/{stall['id']}").status_code == 204
    found = text(
        "SELECT action, details, actor_user_id FROM audit_entry WHERE object_type = :type"
        " AND details->>'stall_id' = :stall ORDER BY id"
    )
    rows = outer.execute(found, {"type": Activity.__tablename__, "stall": stall["id"]}).all()
    assert [row.action for row in rows] == ["add_stall", "edit_stall", "delete_stall"]
    assert {row.actor_user_id for row in rows} == {plan.organiser.user_id}
