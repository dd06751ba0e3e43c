"""Login sessions: opaque, stored hashed, revocable, thirty days idle (issue of the contract)."""

from datetime import UTC, datetime, timedelta

import time_machine
from flask import Flask
from sqlalchemy import Connection, text

from backend.core.config import SESSIONS
from backend.core.crypto import hash_token
from backend.core.db import transaction
from backend.identity import operations, tasks
from backend.identity.login import sessions
from tests.support.world import Person, World, ok, refused

START = datetime(2026, 5, 1, 1, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def person_at_start(world: World) -> Person:
    with time_machine.travel(START, tick=False):
        return world.person()


def another_phone(world: World, person: Person, outer: Connection) -> Person:
    """The same person, logged in on a second phone."""
    found = text("SELECT openid FROM user_account WHERE id = :id")
    openid = outer.execute(found, {"id": person.user_id}).scalar_one()
    with world.app.app_context(), transaction() as session:
        login = operations.log_in(session, openid, None)
    return Person(
        world.app.test_client(), person.name, person.user_id, person.resident_id, login.token
    )


def last_used(outer: Connection, person: Person) -> datetime:
    found = text("SELECT last_used_at FROM login_session WHERE token_hash = :hash")
    instant: datetime = outer.execute(found, {"hash": hash_token(person.token)}).scalar_one()
    return instant


def test_a_token_is_stored_as_its_hash_alone(world: World, outer: Connection) -> None:
    person = world.person()
    (row,) = outer.execute(text("SELECT * FROM login_session")).mappings()
    assert bytes(row["token_hash"]) == hash_token(person.token)
    assert person.token not in str(dict(row))
    assert len(person.token) >= 43, "256 bits"


def test_thirty_days_without_use_end_a_session(world: World) -> None:
    person = person_at_start(world)
    with time_machine.travel(START + timedelta(days=30), tick=False):
        refused(person.get("/me"), 401, "not_logged_in")
    with time_machine.travel(START + timedelta(days=30) - SECOND, tick=False):
        ok(person.get("/me"))


def test_use_keeps_a_session_alive(world: World) -> None:
    person = person_at_start(world)
    for days in (29, 58, 87):
        with time_machine.travel(START + timedelta(days=days), tick=False):
            ok(person.get("/me"))
    with time_machine.travel(START + timedelta(days=117), tick=False):
        refused(person.get("/me"), 401, "not_logged_in")


def test_use_is_noted_once_a_day(world: World, outer: Connection) -> None:
    """A write for each request would cost more than it tells."""
    person = person_at_start(world)
    for later, noted in [
        (timedelta(hours=1), START),
        (timedelta(days=1), START),
        (timedelta(days=1) + SECOND, START + timedelta(days=1) + SECOND),
        (timedelta(days=2), START + timedelta(days=1) + SECOND),
    ]:
        with time_machine.travel(START + later, tick=False):
            ok(person.get("/me"))
        assert last_used(outer, person) == noted


def test_logging_out_ends_this_session_alone(world: World, outer: Connection) -> None:
    person = world.person()
    second = another_phone(world, person, outer)
    assert person.post("/auth/logout").status_code == 204
    refused(person.get("/me"), 401, "not_logged_in")
    refused(person.post("/auth/logout"), 401, "not_logged_in")
    assert ok(second.get("/me"))["id"] == str(person.user_id)


def test_a_repeated_logout_keeps_the_first_time(world: World, outer: Connection) -> None:
    """Two taps at once: both were logged in when they came."""
    person = world.person()
    found = text("SELECT id, revoked_at FROM login_session")
    with world.app.app_context():
        for at in (START, START + timedelta(hours=1)):
            with time_machine.travel(at, tick=False), transaction() as session:
                sessions.revoke(session, outer.execute(found).one().id)
    assert outer.execute(found).one().revoked_at == START
    refused(person.get("/me"), 401, "not_logged_in")


def test_a_session_in_use_ends_in_the_end(world: World) -> None:
    person = person_at_start(world)
    for days in range(20, SESSIONS.phone_days, 20):
        with time_machine.travel(START + timedelta(days=days), tick=False):
            ok(person.get("/me"))
    with time_machine.travel(START + timedelta(days=SESSIONS.phone_days), tick=False):
        refused(person.get("/me"), 401, "not_logged_in")


def test_dead_sessions_are_swept_and_living_ones_stay(
    app: Flask, world: World, outer: Connection
) -> None:
    """The hourly housekeeping; a second run finds nothing left to do."""
    idle = person_at_start(world)
    with time_machine.travel(START + timedelta(days=10), tick=False):
        used = world.person()
    with time_machine.travel(START + timedelta(days=31), tick=False):
        for _ in range(2):
            with app.app_context():
                tasks.purge()
        ok(used.get("/me"))
    hashes = outer.execute(text("SELECT token_hash FROM login_session")).scalars()
    assert [bytes(value) for value in hashes] == [hash_token(used.token)]
    refused(idle.get("/me"), 401, "not_logged_in")
