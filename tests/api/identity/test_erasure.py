"""DELETE /me: personal data is erased everywhere, counts stay (PIPL 47)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from flask import Flask
from sqlalchemy import Connection, text

from backend.core import clock
from backend.core.config import RETENTION
from backend.core.context import composed
from backend.core.crypto import PhoneVault
from backend.core.db import Base, transaction
from backend.core.permissions import Role
from backend.identity import operations, roles
from backend.identity.login import accounts, console
from backend.identity.roles import Scope
from backend.identity.tasks import erase_guests, purge
from tests.api.identity.conftest import Entrance
from tests.support.desk import Desk
from tests.support.world import API, COMMUNITY, Person, World, ok, refused

NAME, MEMBER, COMMENT = "欧阳缥缈", "诸葛奶奶", "排队太久了缥缈"
PHONE, MEMBER_PHONE, GUEST_PHONE = "13812345678", "13987654321", "13611112222"


def everything(outer: Connection) -> Iterator[tuple[str, Any]]:
    """Every value in every table, the queue's included."""
    names = outer.execute(
        text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
             " AND table_type = 'BASE TABLE'")
    ).scalars()  # fmt: skip
    for name in sorted(names):
        for row in outer.execute(text(f'SELECT * FROM "{name}"')).mappings():
            for column, value in row.items():
                yield f"{name}.{column}", value


def holders(outer: Connection, *secrets: str | bytes) -> set[str]:
    """The columns in which any of the secrets stands, as text or as bytes."""
    return {
        where
        for where, value in everything(outer)
        for secret in secrets
        if value is not None and _holds(value, secret)
    }


def _holds(value: Any, secret: str | bytes) -> bool:
    if isinstance(value, bytes | memoryview):
        return (secret if isinstance(secret, bytes) else secret.encode()) in bytes(value)
    return isinstance(secret, str) and secret in str(value)


def hashes(app: Flask, *phones: str) -> list[bytes]:
    with app.app_context():
        vault = composed(PhoneVault)
        return [h for p in phones for h in (vault.lookup_hash(p), vault.tail_hash(p))]


@pytest.fixture
def person(world: World, entrance: Entrance) -> Person:
    """Somebody who has left traces in every feature."""
    person = world.person(NAME, birth_year=1953)
    market = entrance.market
    ok(person.put("/me", {"region_id": world.region_id(COMMUNITY), "name": NAME}))
    ok(person.post("/me/phone", {"phone": PHONE}, key="phone"))
    ok(person.post("/me/consents", {"purpose": "privacy", "version": "2026-01"}), 201)
    member = {"name": MEMBER, "relation": "奶奶", "phone": MEMBER_PHONE, "birth_year": 1930}
    member_id = ok(person.post("/me/family", member, key="family"), 201)["id"]
    code = ok(entrance.volunteer.get(f"/activities/{market.id}/code"))["code"]
    scan = {"id": str(uuid4()), "source": "self", "code": code}
    ok(person.post(f"/activities/{market.id}/scans", scan, key="scan"), 201)
    scan = {"id": str(uuid4()), "source": "search", "resident_id": member_id}
    ok(entrance.volunteer.post(f"/activities/{market.id}/scans", scan, key="v-scan"), 201)
    entrance.write_in(name=NAME, phone=PHONE)
    entrance.confirm(person)
    body = {"resident_id": str(person.resident_id)}
    ok(person.post(f"/offerings/{market.offering_id}/tickets", body, key="ticket"), 201)
    rating = {"activity_id": market.id, "score": 1, "comment": COMMENT}
    ok(person.post("/ratings", rating, key="rating"), 201)
    entrance.find(phone=PHONE)
    return person


def spoken_of(world: World, person: Person) -> None:
    """What colleagues type and are answered about somebody, each in their own words. Reasons and
    what residents read take no number, the note of a call back does."""
    market = world.live_market()
    volunteer, words = world.volunteer(), f"{NAME}，头晕"
    called_back = f"{words}，电话 {PHONE}"
    urgent = {"resident_id": str(person.resident_id), "urgent": True, "reason": words}
    called = ok(volunteer.post(f"/offerings/{market.offering_id}/tickets", urgent, key="u"), 201)
    press = {"press_id": str(uuid4()), "booking_id": called["id"], "reason": words}
    ok(market.organiser.post(f"/stalls/{market.stall_id}/call-next", press))
    scan = {"id": str(uuid4()), "source": "search", "resident_id": str(person.resident_id)}
    ok(volunteer.post(f"/activities/{market.id}/scans", scan, key="s"), 201)
    undone = market.organiser.post(f"/scans/{scan['id']}/revert", {"reason": words}, key="r")
    ok(undone, 201)
    (bad,) = ok(world.organiser().get("/rectifications"))["items"]
    at = f"/rectifications/{bad['id']}"
    ok(market.organiser.post(f"{at}/reply", {"reply": words}, key="reply"))
    ok(market.organiser.post(f"{at}/contact", {"reason": words}))
    back = {"note": called_back, "satisfied": True}
    ok(market.organiser.post(f"{at}/call-back", back, key="back"))
    desk = Desk(world, market.organiser)
    assert desk.send("/console/people/residents", who=PHONE, reason=words).status_code == 200


def close(person: Person) -> None:
    assert person.delete("/me").status_code == 204


def test_nothing_personal_is_left_in_any_table(
    app: Flask, world: World, person: Person, outer: Connection
) -> None:
    spoken_of(world, person)
    openid = outer.execute(
        text("SELECT openid FROM user_account WHERE id = :id"), {"id": person.user_id}
    ).scalar_one()
    secrets = [NAME, MEMBER, COMMENT, PHONE, MEMBER_PHONE, openid, "138****5678", "139****4321",
               "欧**缈", "诸**奶", *hashes(app, PHONE, MEMBER_PHONE)]  # fmt: skip
    before = holders(outer, *secrets)
    assert {
        "resident.name", "resident.phone_hash", "resident.phone_tail_hash", "rating.comment",
        "idempotency_record.body", "user_account.openid", "audit_note.text", "rectification.reply",
        "rectification.call_back_note",
    } <= before  # fmt: skip
    close(person)
    assert holders(outer, *secrets) == set()
    for housekeeping in (purge, erase_guests):
        with app.app_context():
            housekeeping()
    assert holders(outer, *secrets) == set()


def test_encrypted_numbers_are_gone_too(app: Flask, person: Person, outer: Connection) -> None:
    close(person)
    numbers = outer.execute(
        text("SELECT phone_encrypted FROM resident WHERE phone_encrypted IS NOT NULL")
    ).scalars()
    with app.app_context():
        assert not [n for n in numbers if composed(PhoneVault).decrypt(bytes(n)) in
                    (PHONE, MEMBER_PHONE)]  # fmt: skip


def test_counts_stay(person: Person, entrance: Entrance, outer: Connection) -> None:
    """A figure that was reported stays true."""
    organiser, activity = entrance.market.organiser, entrance.market.id
    visits = ok(organiser.get(f"/activities/{activity}/attendances"))["items"]
    assert len(visits) == 2
    close(person)
    after = ok(organiser.get(f"/activities/{activity}/attendances"))["items"]
    assert [v["id"] for v in after] == [v["id"] for v in visits]
    assert {v["resident"]["display_name"] for v in after} == {"居民"}
    scores = outer.execute(text("SELECT score FROM rating")).scalars()
    assert list(scores) == [1]


def test_what_was_booked_is_free_again(person: Person, outer: Connection) -> None:
    close(person)
    states = outer.execute(
        text("SELECT state FROM booking WHERE resident_id = :id"), {"id": person.resident_id}
    )
    assert set(states.scalars()) == {"cancelled"}


def test_the_session_ends_and_the_name_is_free_for_a_new_start(
    world: World, person: Person, outer: Connection
) -> None:
    found = text("SELECT openid FROM user_account WHERE id = :id")
    openid = outer.execute(found, {"id": person.user_id}).scalar_one()
    close(person)
    refused(person.get("/me"), 401, "not_logged_in")
    refused(person.delete("/me"), 401, "not_logged_in")
    with world.app.app_context(), transaction() as session:
        again = operations.log_in(session, openid, None)
    me = ok(world.http.get(f"{API}/me", headers={"Authorization": f"Bearer {again.token}"}))
    new = UUID(me["id"]), UUID(me["resident_id"])
    assert not {person.user_id, person.resident_id} & set(new)
    assert (me["name"], me["phone"], me["consents"]) == (None, None, [])


def test_codes_shown_before_are_worthless(person: Person, entrance: Entrance) -> None:
    code = ok(person.get("/me/code"))["code"]
    close(person)
    scan = {"id": str(uuid4()), "source": "scan", "resident_code": code}
    answer = ok(entrance.volunteer.post(f"/activities/{entrance.market.id}/scans", scan))
    assert (answer["verdict"], answer["reason"]) == ("refused", "revoked")


def test_roles_consents_and_the_closing_itself_are_on_record(
    world: World, person: Person, outer: Connection
) -> None:
    with world.app.app_context(), transaction() as session:
        scope = Scope(region_id=UUID(world.region_id(COMMUNITY)))
        roles.grant(session, None, person.user_id, Role.VOLUNTEER, scope)
    close(person)
    user = {"id": person.user_id}
    for table, column in (("role_assignment", "revoked_at"), ("consent", "withdrawn_at"),
                          ("login_session", "revoked_at")):  # fmt: skip
        statement = text(f"SELECT count(*) - count({column}) FROM {table} WHERE user_id = :id")
        assert outer.execute(statement, user).scalar_one() == 0, table
    entries = text("SELECT action, from_state, to_state FROM audit_entry WHERE object_id = :id"
                   " AND action IN ('close_account', 'revoke_role') ORDER BY id")  # fmt: skip
    assert [tuple(row) for row in outer.execute(entries, user)] == [
        ("revoke_role", "volunteer", None),
        ("close_account", "active", "closed"),
    ]
    state = text("SELECT state, openid, unionid, closed_at FROM user_account WHERE id = :id")
    row = outer.execute(state, user).one()
    assert (row.state, row.openid, row.unionid) == ("closed", None, None)
    assert row.closed_at is not None


def test_other_people_keep_what_is_theirs(world: World, person: Person) -> None:
    other = world.person("李建国")
    ok(other.post("/me/phone", {"phone": GUEST_PHONE}))
    ok(other.post("/me/family", {"name": "李奶奶"}, key="k-1"), 201)
    before = ok(other.get("/me/export"))
    close(person)
    after = ok(other.get("/me/export"))
    assert after == before
    response = other.post("/me/family", {"name": "李奶奶"}, key="k-1")
    assert response.headers["Idempotency-Replayed"] == "true"


def test_a_removed_family_member_is_forgotten_everywhere(
    app: Flask, person: Person, outer: Connection
) -> None:
    """And the rest of the account's kept answers are not touched."""
    (member,) = ok(person.get("/me/family"))["items"]
    ok(person.put(f"/me/family/{member['id']}", {"name": MEMBER}))
    assert person.delete(f"/me/family/{member['id']}").status_code == 204
    assert holders(outer, MEMBER, MEMBER_PHONE, *hashes(app, MEMBER_PHONE)) == set()
    assert "resident.name" in holders(outer, NAME)
    response = person.post("/me/phone", {"phone": PHONE}, key="phone")
    assert response.headers["Idempotency-Replayed"] == "true"


def test_every_table_with_text_was_looked_at(outer: Connection) -> None:
    """The scan above reads the database's own list of tables, not ours."""
    seen = {where.partition(".")[0] for where, _ in everything(outer)}
    assert {"alembic_version"} <= seen
    assert len(Base.metadata.tables) > 20


def test_a_closed_colleagues_password_is_gone(
    world: World, person: Person, outer: Connection
) -> None:
    with world.app.app_context(), transaction() as session:
        accounts.create_account(session, person.user_id, "ouyang", "correct horse 1")
        console.start(session, person.user_id, "password")
    close(person)
    for table in ("password_account", "console_session", "login_session"):
        kept = text(f"SELECT count(*) FROM {table} WHERE user_id = :id")
        assert outer.execute(kept, {"id": person.user_id}).scalar_one() == 0, table


def test_guests_are_erased_when_their_time_is_over(
    world: World, entrance: Entrance, outer: Connection
) -> None:
    """Who comes again stays; counts stay."""
    regular = {"name": MEMBER, "phone": MEMBER_PHONE}
    gone = entrance.write_in(name=NAME, phone=GUEST_PHONE)
    stays = entrance.write_in(**regular)
    counted = text("SELECT count(*) FROM attendance WHERE reverted_at IS NULL")
    secrets: list[str | bytes] = [NAME, GUEST_PHONE, *hashes(world.app, GUEST_PHONE)]
    assert holders(outer, *secrets)
    later = timedelta(days=RETENTION.guest_days - 1)
    with time_machine.travel(clock.now() + later, tick=False), world.app.app_context():
        erase_guests()
        assert "resident.name" in holders(outer, NAME), "not yet"
        again = Entrance(world.live_market(), world.volunteer())
        assert again.write_in(**regular) == stays
    before = outer.execute(counted).scalar_one()
    later = timedelta(days=RETENTION.guest_days + 1)
    with time_machine.travel(clock.now() + later, tick=False), world.app.app_context():
        erase_guests()
        erase_guests()
    assert holders(outer, *secrets) == set()
    assert "resident.name" in holders(outer, MEMBER)
    assert outer.execute(counted).scalar_one() == before
    erased = text("SELECT object_id FROM audit_entry WHERE action = 'erase_guest'")
    assert [str(row) for row in outer.execute(erased).scalars()] == [gone]


def test_reasons_in_the_log_have_their_time(
    world: World, person: Person, outer: Connection
) -> None:
    spoken_of(world, person)
    kept = text("SELECT count(*) FROM audit_note WHERE text IS NOT NULL")
    assert outer.execute(kept).scalar_one() > 0
    later = timedelta(days=RETENTION.reason_days + 1)
    with time_machine.travel(clock.now() + later, tick=False), world.app.app_context():
        erase_guests()
    assert outer.execute(kept).scalar_one() == 0
