"""Family members whom an account acts for (代办)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import Connection, text

from backend.identity.people.family import FAMILY_LIMIT
from tests.support.world import Person, World, ok, refused

PHONE = "13812345678"


@pytest.fixture
def person(world: World) -> Person:
    return world.person()


@pytest.fixture
def in_2026() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 5, 1, 1, tzinfo=UTC), tick=False):
        yield


def add(person: Person, name: str = "王奶奶", **more: Any) -> dict[str, Any]:
    member: dict[str, Any] = ok(person.post("/me/family", {"name": name} | more), 201)
    return member


def test_a_member_is_added_listed_and_changed(person: Person) -> None:
    member = add(person, relation="奶奶", birth_year=1940, phone=PHONE)
    assert member == {
        "id": member["id"],
        "name": "王奶奶",
        "display_name": "王奶奶",
        "relation": "奶奶",
        "birth_year": 1940,
        "phone": "138****5678",
        "special_needs": None,
    }
    second = add(person, "王爷爷")
    assert ok(person.get("/me/family")) == {"items": [member, second], "next_cursor": None}
    changed = ok(person.put(f"/me/family/{member['id']}", {"name": "王秀英", "relation": "母亲"}))
    assert changed == member | {"name": "王秀英", "display_name": "王秀英", "relation": "母亲"}
    assert ok(person.get("/me/family"))["items"] == [changed, second]


def test_a_removed_member_is_forgotten_and_makes_room(person: Person, outer: Connection) -> None:
    member = add(person, relation="奶奶", birth_year=1940, phone=PHONE)
    assert person.delete(f"/me/family/{member['id']}").status_code == 204
    assert ok(person.get("/me/family"))["items"] == []
    for method in ("PUT", "DELETE"):
        path, body = f"/me/family/{member['id']}", {"name": "王奶奶"} if method == "PUT" else {}
        refused(person.request(method, path, json=body), 404, "not_found")
    found = text("SELECT * FROM resident WHERE id = :id")
    row = outer.execute(found, {"id": member["id"]}).mappings().one()
    assert row["removed_at"] is not None
    for column in (
        "name", "relation", "birth_year", "note", "region_id", "phone_encrypted", "phone_hash",
        "phone_tail_hash", "guest_key",
    ):  # fmt: skip
        assert row[column] is None, column


def test_ten_members_at_most(person: Person) -> None:
    first = add(person)
    for number in range(1, FAMILY_LIMIT):
        add(person, f"家人{number}")
    refused(person.post("/me/family", {"name": "第十一位"}), 409, "family_limit_reached")
    assert person.delete(f"/me/family/{first['id']}").status_code == 204
    add(person, "第十一位")
    assert FAMILY_LIMIT == 10


def test_another_accounts_family_is_not_there(world: World, person: Person) -> None:
    """Nor is oneself a member of one's own family."""
    theirs = add(world.person())
    for resident_id in (theirs["id"], str(person.resident_id), str(uuid4())):
        path = f"/me/family/{resident_id}"
        refused(person.put(path, {"name": "换名"}), 404, "not_found")
        refused(person.delete(path), 404, "not_found")
    assert ok(person.get("/me/family"))["items"] == []
    assert ok(person.get("/me"))["name"] == person.name


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"name": ["必填"]}),
        ({"name": None}, {"name": ["不能为空"]}),
        ({"name": "王" * 51}, {"name": ["最多 50 个字"]}),
        ({"name": "王", "relation": "x" * 11}, {"relation": ["最多 10 个字"]}),
        ({"name": "王", "birth_year": 1800}, {"birth_year": ["应在 1900 到 2099 之间"]}),
        ({"name": "王", "phone": "123"}, {"phone": ["应为 11 位手机号"]}),
        ({"name": "王", "note": "x"}, {"note": ["没有这个字段"]}),
        ({"name": "王", "guardian_user_id": "x"}, {"guardian_user_id": ["没有这个字段"]}),
    ],
)
def test_a_wrong_field_adds_and_changes_nothing(person: Person, body: Any, errors: Any) -> None:
    member = add(person)
    problem = refused(person.post("/me/family", body), 422, "validation_failed")
    assert problem["errors"] == errors
    response = person.put(f"/me/family/{member['id']}", body)
    assert refused(response, 422, "validation_failed")["errors"] == errors
    assert ok(person.get("/me/family"))["items"] == [member]


# ---------------------------------------------------------------------------- children


def test_a_child_under_14_needs_the_guardians_consent(in_2026: None, person: Person) -> None:
    """PIPL 31. Only the year is kept, so who turns 14 this year may still be 13."""
    add(person, "十五岁", birth_year=2011)
    for year in (2012, 2013, 2026):
        problem = refused(
            person.post("/me/family", {"name": "孩子", "birth_year": year}), 409, "consent_required"
        )
        assert problem["purpose"] == "guardian"
    ok(person.post("/me/consents", {"purpose": "guardian", "version": "2026-01"}), 201)
    add(person, "孩子", birth_year=2020)


def test_another_purposes_consent_does_not_do(in_2026: None, person: Person) -> None:
    ok(person.post("/me/consents", {"purpose": "privacy", "version": "2026-01"}), 201)
    response = person.post("/me/family", {"name": "孩子", "birth_year": 2020})
    refused(response, 409, "consent_required")


def test_a_withdrawn_consent_does_not_do(in_2026: None, person: Person) -> None:
    ok(person.post("/me/consents", {"purpose": "guardian", "version": "2026-01"}), 201)
    assert person.delete("/me/consents/guardian").status_code == 204
    response = person.post("/me/family", {"name": "孩子", "birth_year": 2020})
    refused(response, 409, "consent_required")


def test_a_member_is_not_made_a_child_without_consent(in_2026: None, person: Person) -> None:
    member = add(person, birth_year=1940)
    path = f"/me/family/{member['id']}"
    refused(person.put(path, {"name": "孩子", "birth_year": 2020}), 409, "consent_required")
    assert ok(person.get("/me/family"))["items"] == [member]
    ok(person.post("/me/consents", {"purpose": "guardian", "version": "2026-01"}), 201)
    assert ok(person.put(path, {"name": "孩子", "birth_year": 2020}))["birth_year"] == 2020


def test_without_a_birth_year_nobody_is_taken_for_a_child(person: Person) -> None:
    add(person, "不知道几岁")


# ---------------------------------------------------------------------------- phones


def test_a_members_number_merges_nothing(world: World, person: Person) -> None:
    """It was typed by the account: it proves nothing."""
    market = world.live_market()
    scan = {"id": str(uuid4()), "source": "proxy", "guest": {"name": "王奶奶", "phone": PHONE}}
    ok(world.volunteer().post(f"/activities/{market.id}/scans", scan), 201)
    add(person, phone=PHONE)
    assert ok(person.get("/me/attendances"))["items"] == []


def test_a_members_proven_number_given_again_stays_proven(
    world: World, person: Person, outer: Connection
) -> None:
    member = add(person, phone=PHONE)
    code = ok(person.get("/me/code", resident_id=member["id"]))["code"]
    ok(world.volunteer().post("/residents/confirm-phone", {"resident_code": code}))
    state = text("SELECT phone_state FROM resident WHERE id = :id")
    for phone, proven in ((PHONE, "confirmed"), ("13900000000", "typed")):
        body = {"name": "王奶奶", "phone": phone}
        answer = ok(person.put(f"/me/family/{member['id']}", body))
        assert answer["phone"] == f"{phone[:3]}****{phone[-4:]}"
        assert outer.execute(state, {"id": member["id"]}).scalar_one() == proven
