"""GET /me/export: everything that is stored about the caller and their family (PIPL 45)."""

from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, text

from backend.core.db import transaction
from backend.core.permissions import Role
from backend.identity import roles
from backend.identity.models import LoginSession, Resident, RoleAssignment, User
from backend.identity.roles import Scope
from tests.api.identity.conftest import Entrance
from tests.support.world import COMMUNITY, Person, World, ok

PHONE = "13812345678"


def export(person: Person) -> dict[str, Any]:
    found: dict[str, Any] = ok(person.get("/me/export"))
    return found


def test_the_profile_is_whole_and_in_the_clear(world: World) -> None:
    """Their own data, to themselves: the one answer with a number in full."""
    person = world.person("王秀英", birth_year=1953)
    region = world.region_id(COMMUNITY)
    ok(person.put("/me", {"region_id": region, "preferences": {"elder_mode": True}}))
    ok(person.post("/me/phone", {"phone": PHONE}))
    ok(person.post("/me/family", {"name": "王奶奶", "relation": "奶奶", "phone": PHONE}), 201)
    found = export(person)
    assert found["account"]["id"] == str(person.user_id)
    assert found["account"]["wechat_openid"].startswith("openid-")
    assert found["account"]["elder_mode"] is True
    assert set(found["account"]) == {
        "id", "wechat_openid", "wechat_unionid", "created_at", "elder_mode",
    }  # fmt: skip
    own, member = found["people"]
    assert own == {
        "id": str(person.resident_id), "name": "王秀英", "relation": None, "birth_year": 1953,
        "note": None, "region_id": region, "phone": PHONE, "phone_state": "typed",
        "special_needs": None,
        "created_at": own["created_at"],
    }  # fmt: skip
    assert (member["name"], member["relation"], member["phone"]) == ("王奶奶", "奶奶", PHONE)


def test_every_feature_has_its_section(world: World, entrance: Entrance) -> None:
    person = world.person()
    member = ok(person.post("/me/family", {"name": "王奶奶"}), 201)
    market = entrance.market
    for resident_id in (str(person.resident_id), member["id"]):
        scan = {"id": str(uuid4()), "source": "search", "resident_id": resident_id}
        ok(entrance.volunteer.post(f"/activities/{market.id}/scans", scan), 201)
        body = {"resident_id": resident_id}
        ok(person.post(f"/offerings/{market.offering_id}/tickets", body), 201)
    rating = {"activity_id": market.id, "score": 5, "comment": "很好"}
    ok(person.post("/ratings", rating), 201)
    ok(person.post("/me/consents", {"purpose": "privacy", "version": "2026-01"}), 201)
    found = export(person)
    assert set(found) == {
        "account", "people", "roles", "role_history", "consents", "sessions", "attendances",
        "bookings", "ratings", "notices", "changes", "message_credits",
        "needs",
    }  # fmt: skip
    people = {str(person.resident_id), member["id"]}
    assert {row["resident_id"] for row in found["attendances"]} == people
    assert {row["resident_id"] for row in found["bookings"]} == people
    assert [row["comment"] for row in found["ratings"]] == ["很好"]
    assert [row["purpose"] for row in found["consents"]] == ["privacy"]
    assert len(found["sessions"]) == 1


def test_roles_held_before_are_told_too(world: World) -> None:
    person = world.volunteer()
    with world.app.app_context(), transaction() as session:
        (held,) = roles.active(session, person.user_id)
        scope = Scope(region_id=held.region_id)
        roles.revoke(session, None, person.user_id, Role.VOLUNTEER, scope)
    found = export(person)
    assert found["roles"] == []
    (past,) = found["role_history"]
    assert past["role"] == "volunteer"
    assert past["revoked_at"] is not None


def test_nobody_elses_data_is_told(world: World, entrance: Entrance) -> None:
    stranger = world.person("陌生人")
    ok(stranger.post("/me/phone", {"phone": PHONE}))
    ok(stranger.post("/me/family", {"name": "陌生奶奶"}), 201)
    entrance.write_in(name="陌生来宾", phone=PHONE, another=True)
    person = world.person("王秀英")
    ok(person.post("/me/phone", {"phone": PHONE}))
    text_of_it = person.get("/me/export").get_data(as_text=True)
    assert "陌生" not in text_of_it
    assert str(stranger.user_id) not in text_of_it


def test_the_token_is_not_told(world: World, outer: Connection) -> None:
    """Who reads the export must not be able to log in with it."""
    person = world.person()
    answer = person.get("/me/export").get_data(as_text=True)
    assert person.token not in answer
    stored = text("SELECT token_hash FROM login_session WHERE user_id = :id")
    (token_hash,) = outer.execute(stored, {"id": person.user_id}).scalars()
    assert bytes(token_hash).hex() not in answer


def test_every_personal_column_is_in_the_export(world: World) -> None:
    """A column added to these tables has to be decided about."""
    decided = {
        User: {"id", "openid", "unionid", "created_at", "elder_mode"},
        Resident: {
            "id", "name", "relation", "birth_year", "note", "region_id", "phone_encrypted",
            "phone_state", "special_needs_encrypted", "created_at",
        },
        LoginSession: {"created_at", "last_used_at", "revoked_at", "address", "device"},
        RoleAssignment: {"role", "region_id", "organisation_id", "granted_at", "revoked_at"},
    }  # fmt: skip
    left_out = {
        User: {"state", "closed_at"},  # active, or there would be no caller
        Resident: {
            "user_id", "guardian_user_id", "phone_hash", "phone_tail_hash", "code_handle",
            "guest_key", "removed_at", "merged_into_id",
        },
        LoginSession: {"id", "user_id", "token_hash"},
        RoleAssignment: {"id", "user_id"},
    }  # fmt: skip
    for model, told in decided.items():
        columns = {column.key for column in model.__table__.columns}
        assert columns == told | left_out[model], model
