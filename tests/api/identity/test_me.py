"""GET and PUT /me, and the personal code."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from flask import Flask
from sqlalchemy import Connection, text

from backend.core.config import CHECKIN
from backend.core.context import composed
from backend.core.permissions import Role
from backend.identity.personal_codes import CodeFault, PersonalCodes
from tests.support.world import COMMUNITY, SUBDISTRICT, Person, World, ok, refused


@pytest.fixture
def person(world: World) -> Person:
    return world.person("王秀英")


def test_a_profile_is_changed_field_by_field(world: World, person: Person) -> None:
    """What is not named stays."""
    region = world.region_id(COMMUNITY)
    whole = {"name": "王大明", "birth_year": 1953, "region_id": region,
             "preferences": {"elder_mode": True}}  # fmt: skip
    me = ok(person.put("/me", whole))
    assert {key: me[key] for key in whole} == whole
    assert me["display_name"] == "王大明"
    me = ok(person.put("/me", {"name": "王小明"}))
    assert {key: me[key] for key in whole} == whole | {"name": "王小明"}
    me = ok(person.put("/me", {"preferences": {}}))
    assert me["preferences"] == {"elder_mode": True}
    me = ok(person.put("/me", {"name": None, "region_id": None}))
    assert (me["name"], me["region_id"], me["display_name"]) == (None, None, "居民")
    assert ok(person.get("/me")) == me


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"name": ""}, {"name": ["不能为空"]}),
        ({"name": "王" * 51}, {"name": ["最多 50 个字"]}),
        ({"name": "\u202e\u200b"}, {"name": ["不能为空"]}),
        ({"birth_year": 1899}, {"birth_year": ["应在 1900 到 2099 之间"]}),
        ({"birth_year": True}, {"birth_year": ["应为整数"]}),
        ({"region_id": "320412"}, {"region_id": ["编号格式不对"]}),
        ({"region_id": str(uuid4())}, {"region_id": ["没有这个地区"]}),
        ({"preferences": {"elder_mode": "yes"}},
         {"preferences": {"elder_mode": ["应为 true 或 false"]}}),
        ({"preferences": []}, {"preferences": {"_schema": ["应为一个对象"]}}),
        ({"preferences": None}, {"preferences": ["不能为空"]}),
        ({"phone": "13812345678"}, {"phone": ["没有这个字段"]}),
        ({"id": str(uuid4())}, {"id": ["没有这个字段"]}),
        ({"roles": []}, {"roles": ["没有这个字段"]}),
    ],
)  # fmt: skip
def test_a_wrong_field_changes_nothing(person: Person, body: Any, errors: Any) -> None:
    before = ok(person.get("/me"))
    response = person.put("/me", {"name": "换了"} | body)
    assert refused(response, 422, "validation_failed")["errors"] == errors
    assert ok(person.get("/me")) == before


def test_roles_come_with_their_scopes(world: World) -> None:
    organisation = world.organisation("善乐")
    partner = world.staff(Role.PARTNER, organisation_id=organisation)
    (role,) = ok(partner.get("/me"))["roles"]
    assert role["role"] == "partner"
    assert role["scope"]["type"] == "organisation"
    assert role["scope"]["id"] == organisation
    assert role["scope"]["name"].startswith("善乐")
    (role,) = ok(world.organiser().get("/me"))["roles"]
    assert role == {
        "role": "organiser",
        "scope": {
            "type": "region",
            "id": world.region_id(SUBDISTRICT),
            "name": "湖塘镇",
            "code": SUBDISTRICT,
            "level": "subdistrict",
        },
    }


# ---------------------------------------------------------------------------- personal code


def read(app: Flask, code: str) -> Any:
    with app.app_context():
        return composed(PersonalCodes).read(code)


def handle_of(outer: Connection, resident_id: Any) -> Any:
    found = text("SELECT code_handle FROM resident WHERE id = :id")
    return outer.execute(found, {"id": resident_id}).scalar_one()


def test_a_personal_code_is_fresh_each_time_and_names_a_handle(
    app: Flask, person: Person, outer: Connection
) -> None:
    start = datetime(2026, 5, 1, 1, tzinfo=UTC)
    token = person.token
    with time_machine.travel(start, tick=False):
        first = ok(person.get("/me/code"))
    with time_machine.travel(start + timedelta(seconds=1), tick=False):
        second = ok(person.get("/me/code"))
        assert read(app, second["code"]) == handle_of(outer, person.resident_id)
    assert first["code"] != second["code"]
    expires = start + timedelta(seconds=CHECKIN.personal_code_seconds)
    assert datetime.fromisoformat(first["expires_at"]) == expires
    for secret in (str(person.resident_id), str(person.user_id), token):
        assert secret not in first["code"]
    with time_machine.travel(start + timedelta(hours=1), tick=False):
        assert read(app, first["code"]) is CodeFault.EXPIRED


def test_a_family_member_has_a_code_of_their_own(
    app: Flask, person: Person, outer: Connection
) -> None:
    member = ok(person.post("/me/family", {"name": "王奶奶"}), 201)
    code = ok(person.get("/me/code", resident_id=member["id"]))["code"]
    assert read(app, code) == handle_of(outer, member["id"])
    assert handle_of(outer, member["id"]) != handle_of(outer, person.resident_id)


def test_nobody_gets_another_persons_code(world: World, person: Person) -> None:
    member = ok(world.person().post("/me/family", {"name": "李爷爷"}), 201)
    for stranger in (str(world.person().resident_id), member["id"], str(uuid4())):
        refused(person.get("/me/code", resident_id=stranger), 404, "not_found")
    refused(person.get("/me/code", resident_id="x"), 422, "validation_failed")
