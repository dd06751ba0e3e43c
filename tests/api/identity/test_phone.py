"""Phone numbers: a typed one proves nothing; a verified one makes a guest somebody we know."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, text
from werkzeug.test import TestResponse

from tests.api.identity.conftest import Entrance
from tests.gateways.standin import PHONE as PHONE_API
from tests.gateways.standin import StandIn
from tests.support.world import Person, World, ok, refused

NUMBER, OTHER = "13812345678", "13987654321"
MASKED = "138****5678"


@pytest.fixture
def person(world: World) -> Person:
    return world.person("王秀英")


def verify(person: Person, number: str = NUMBER, nonce: str = "n1") -> TestResponse:
    """Bind the number that WeChat has verified (the getPhoneNumber button)."""
    return person.post("/me/phone", {"code": f"phone:{number}:{nonce}"})


def visits(person: Person) -> int:
    return len(ok(person.get("/me/attendances"))["items"])


def row(outer: Connection, resident_id: Any) -> Any:
    found = text("SELECT * FROM resident WHERE id = :id")
    return outer.execute(found, {"id": resident_id}).one()


# ---------------------------------------------------------------------------- typed


def test_a_typed_number_is_kept_masked_and_unproven(person: Person, outer: Connection) -> None:
    assert ok(person.post("/me/phone", {"phone": NUMBER})) == {
        "phone": MASKED,
        "phone_state": "typed",
    }
    me = ok(person.get("/me"))
    assert (me["phone"], me["phone_state"]) == (MASKED, "typed")
    stored = row(outer, person.resident_id)
    assert NUMBER.encode() not in bytes(stored.phone_encrypted)


def test_a_typed_number_merges_nothing(person: Person, entrance: Entrance) -> None:
    guest = entrance.write_in(name="王秀英", phone=NUMBER)
    ok(person.post("/me/phone", {"phone": NUMBER}))
    assert visits(person) == 0
    assert {found["id"] for found in entrance.find(phone=NUMBER)} == {
        guest,
        str(person.resident_id),
    }


def test_a_proven_number_typed_again_stays_proven(wechat_app: Flask, person: Person) -> None:
    ok(verify(person))
    assert ok(person.post("/me/phone", {"phone": NUMBER}))["phone_state"] == "verified"
    assert ok(person.post("/me/phone", {"phone": OTHER}))["phone_state"] == "typed"
    assert ok(person.post("/me/phone", {"phone": NUMBER}))["phone_state"] == "typed", "proven once"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "phone"),
        ({"phone": NUMBER, "code": "x"}, "phone"),
        ({"phone": "12345"}, "phone"),
        ({"phone": None}, "phone"),
        ({"phone": 13812345678}, "phone"),
        ({"code": ""}, "code"),
        ({"code": 7}, "code"),
        ({"code": "x" * 257}, "code"),
        ({"number": NUMBER}, "number"),
    ],
)
def test_a_phone_or_a_code_and_nothing_else(person: Person, body: Any, field: str) -> None:
    problem = refused(person.post("/me/phone", body), 422, "validation_failed")
    assert field in problem["errors"]
    assert ok(person.get("/me"))["phone"] is None


# ---------------------------------------------------------------------------- verified by WeChat


def test_a_guest_becomes_the_resident_who_verifies_the_number(
    wechat_app: Flask, person: Person, entrance: Entrance, outer: Connection
) -> None:
    guest = entrance.write_in(name="王秀英", phone=NUMBER, birth_year=1953, note="轮椅")
    assert ok(verify(person)) == {"phone": MASKED, "phone_state": "verified"}
    assert visits(person) == 1
    (found,) = entrance.find(phone=NUMBER)
    assert found["id"] == str(person.resident_id)
    merged = row(outer, guest)
    assert merged.merged_into_id == person.resident_id
    assert merged.removed_at is not None
    assert merged.name is merged.note is merged.phone_hash is merged.guest_key is None
    entry = text("SELECT details FROM audit_entry WHERE action = 'merge_guest' AND object_id = :id")
    assert outer.execute(entry, {"id": guest}).scalar_one() == {"into": str(person.resident_id)}


def test_what_the_guest_had_told_fills_gaps_only(
    wechat_app: Flask, world: World, entrance: Entrance
) -> None:
    person = world.person()
    ok(person.put("/me", {"name": None}))
    entrance.write_in(name="王秀英", phone=NUMBER, birth_year=1953)
    ok(verify(person))
    me = ok(person.get("/me"))
    assert (me["name"], me["birth_year"]) == ("王秀英", 1953)
    entrance.write_in(name="王阿姨", phone=OTHER, birth_year=1960)
    ok(verify(person, OTHER, "n2"))
    me = ok(person.get("/me"))
    assert (me["name"], me["birth_year"]) == ("王秀英", 1953)


def test_guests_of_one_name_are_one_person_whatever_they_were_called(
    wechat_app: Flask, person: Person, entrance: Entrance
) -> None:
    entrance.write_in(name="王阿姨", phone=NUMBER)
    entrance.write_in(phone=NUMBER, another=True)
    ok(verify(person))
    assert len(entrance.find(phone=NUMBER)) == 1
    assert visits(person) == 1, "both stood on one day: one visit"


def test_of_a_family_with_one_number_only_the_own_name_is_merged(
    wechat_app: Flask, person: Person, entrance: Entrance
) -> None:
    """A family may share one number; who is nameless came with it too."""
    family = ("李建国", "王奶奶")
    kept = {entrance.write_in(name=name, phone=NUMBER, another=True) for name in family}
    entrance.write_in(name="王 秀英", phone=NUMBER, another=True)
    entrance.write_in(phone=NUMBER, another=True)
    ok(verify(person))
    found = {found["id"] for found in entrance.find(phone=NUMBER)}
    assert found == kept | {str(person.resident_id)}
    assert visits(person) == 1


def test_accounts_and_family_members_with_the_number_stay_who_they_are(
    wechat_app: Flask, world: World, person: Person, entrance: Entrance
) -> None:
    """Only guests are nobody's yet."""
    other = world.person("王秀英")
    ok(other.post("/me/phone", {"phone": NUMBER}))
    member = ok(other.post("/me/family", {"name": "王秀英", "phone": NUMBER}), 201)
    ok(verify(person))
    assert ok(other.get("/me"))["phone"] == MASKED
    assert ok(other.get("/me/family"))["items"] == [member]


def test_a_guest_with_another_number_is_somebody_else(
    wechat_app: Flask, person: Person, entrance: Entrance
) -> None:
    guest = entrance.write_in(name="王秀英", phone=OTHER)
    ok(verify(person))
    assert [found["id"] for found in entrance.find(phone=OTHER)] == [guest]


@pytest.mark.parametrize("code", ["nonsense", "phone:abc:n1", "ok:li"])
def test_a_code_that_wechat_does_not_know_is_refused(
    wechat_app: Flask, person: Person, code: str
) -> None:
    refused(person.post("/me/phone", {"code": code}), 422, "phone_code_invalid")
    assert ok(person.get("/me"))["phone_state"] == "none"


def test_a_used_code_is_refused(wechat_app: Flask, world: World, person: Person) -> None:
    ok(verify(person))
    refused(verify(world.person()), 422, "phone_code_invalid")


@pytest.mark.parametrize(
    "fault",
    [{"http_status": 502}, {"malformed": "html"}, {"drop": True}, {"errcode": 45011}],
    ids=str,
)
def test_wechat_away_leaves_typing(
    wechat_app: Flask, wechat: StandIn, person: Person, fault: dict[str, Any]
) -> None:
    wechat.mode(PHONE_API, **fault)
    refused(verify(person), 503, "wechat_unavailable")
    ok(person.post("/me/phone", {"phone": NUMBER}))


def test_a_foreign_number_is_not_taken(wechat_app: Flask, person: Person) -> None:
    """Numbers are kept in one form, of mainland mobiles."""
    response = person.post("/me/phone", {"code": "phone:1-2025550123:n1"})
    problem = refused(response, 422, "foreign_number")
    assert "只能绑定中国大陆的手机号" in problem["title"], "to try again would not help"


# ---------------------------------------------------------------------------- face to face


def test_a_volunteer_confirms_a_typed_number_face_to_face(
    person: Person, entrance: Entrance, outer: Connection
) -> None:
    entrance.write_in(name="王秀英", phone=NUMBER)
    ok(person.post("/me/phone", {"phone": NUMBER}))
    assert entrance.confirm(person) == {
        "display_name": "王*英",
        "phone": MASKED,
        "phone_state": "confirmed",
    }
    assert visits(person) == 1
    entry = text("SELECT actor_user_id, from_state, to_state FROM audit_entry"
                 " WHERE action = 'confirm_phone' AND object_id = :id")  # fmt: skip
    assert tuple(outer.execute(entry, {"id": person.resident_id}).one()) == (
        entrance.volunteer.user_id, "typed", "confirmed",
    )  # fmt: skip


def test_confirming_again_changes_nothing_and_is_not_audited_twice(
    wechat_app: Flask, person: Person, entrance: Entrance, outer: Connection
) -> None:
    ok(person.post("/me/phone", {"phone": NUMBER}))
    assert entrance.confirm(person) == entrance.confirm(person)
    entries = text("SELECT count(*) FROM audit_entry WHERE action = 'confirm_phone'")
    assert outer.execute(entries).scalar_one() == 1
    ok(verify(person))
    assert entrance.confirm(person)["phone_state"] == "verified", "WeChat's word stands"


def test_a_family_members_number_can_be_confirmed_too(person: Person, entrance: Entrance) -> None:
    guest = entrance.write_in(name="王奶奶", phone=NUMBER)
    member = ok(person.post("/me/family", {"name": "王奶奶", "phone": NUMBER}), 201)
    assert entrance.confirm(person, member["id"])["phone_state"] == "confirmed"
    assert visits(person) == 1
    assert [found["id"] for found in entrance.find(phone=NUMBER)] == [member["id"]]
    assert guest != member["id"]


def test_without_a_number_there_is_nothing_to_confirm(person: Person, entrance: Entrance) -> None:
    code = ok(person.get("/me/code"))["code"]
    response = entrance.volunteer.post("/residents/confirm-phone", {"resident_code": code})
    refused(response, 409, "no_phone_to_confirm")


def test_only_a_fresh_code_stands_for_the_persons_presence(
    world: World, person: Person, entrance: Entrance
) -> None:
    ok(person.post("/me/phone", {"phone": NUMBER}))
    member = ok(person.post("/me/family", {"name": "王奶奶", "phone": OTHER}), 201)
    revoked = ok(person.get("/me/code", resident_id=member["id"]))["code"]
    assert person.delete(f"/me/family/{member['id']}").status_code == 204
    fresh = ok(person.get("/me/code"))["code"]
    for code in ("nonsense", fresh[:-4] + "AAAA", revoked):
        response = entrance.volunteer.post("/residents/confirm-phone", {"resident_code": code})
        refused(response, 422, "resident_code_refused")
    response = entrance.volunteer.post("/residents/confirm-phone", {"resident_code": ""})
    refused(response, 422, "validation_failed")
    assert ok(person.get("/me"))["phone_state"] == "typed"


def test_nobody_confirms_for_themselves_or_their_family(entrance: Entrance) -> None:
    """A volunteer who types a stranger's number would else get the stranger's visits."""
    volunteer = entrance.volunteer
    entrance.write_in(name="李建国", phone=NUMBER)
    ok(volunteer.post("/me/phone", {"phone": NUMBER}))
    member = ok(volunteer.post("/me/family", {"name": "李建国", "phone": NUMBER}), 201)
    for query in ({}, {"resident_id": member["id"]}):
        code = ok(volunteer.get("/me/code", **query))["code"]
        response = volunteer.post("/residents/confirm-phone", {"resident_code": code})
        refused(response, 403, "forbidden")
    assert visits(volunteer) == 0


def test_residents_confirm_nobody(world: World, person: Person) -> None:
    code = ok(person.get("/me/code"))["code"]
    response = world.person().post("/residents/confirm-phone", {"resident_code": code})
    refused(response, 403, "forbidden")


# ---------------------------------------------------------------------------- guests


def test_the_same_phone_and_name_again_is_the_same_guest(entrance: Entrance) -> None:
    first = entrance.write_in(name="李奶奶", phone=NUMBER)
    assert entrance.write_in(name="李奶奶", phone=NUMBER) == first
    assert entrance.write_in(name="李爷爷", phone=NUMBER, another=True) != first
    nameless = entrance.write_in(phone=NUMBER, another=True)
    assert nameless != first
    assert entrance.write_in(phone=NUMBER) == nameless


def test_without_a_phone_nothing_tells_two_people_apart(entrance: Entrance) -> None:
    first = entrance.write_in(name="李奶奶")
    assert entrance.write_in(name="李奶奶", another=True) != first
    assert entrance.write_in() != entrance.write_in()
