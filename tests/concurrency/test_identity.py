"""Two requests of or about one person at the same moment: one outcome, no 500."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import event, false, func, select, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from backend.core import clock
from backend.core.audit import AuditEntry
from backend.core.config import load
from backend.core.db import db, transaction
from backend.core.errors import NotLoggedIn
from backend.core.ids import new_id
from backend.core.permissions import Actor, Role
from backend.identity import operations, roles
from backend.identity.models import Consent, PhoneState, Resident, RoleAssignment, User
from backend.identity.people import guests, numbers
from backend.identity.people.standing import Occasion
from backend.identity.roles import Scope
from tests.concurrency.conftest import together
from tests.support.world import DISTRICT, Person, World, ok

TIMES = 8


def statuses(responses: list[TestResponse]) -> list[int]:
    for response in responses:
        assert isinstance(response, TestResponse), response
    return sorted(response.status_code for response in responses)


def count(app: Flask, model: Any, *conditions: Any) -> int:
    with app.app_context(), transaction() as session:
        statement = select(func.count()).select_from(model).where(*conditions)
        return session.execute(statement).scalar_one()


def resident(app: Flask, resident_id: Any) -> Resident:
    with app.app_context(), transaction() as session:
        return session.get_one(Resident, resident_id)


def actor_of(person: Person) -> Actor:
    return Actor(person.user_id, person.resident_id)


# ---------------------------------------------------------------------------- login


def test_first_logins_at_once_make_one_user(committed_app: Flask) -> None:
    """The openid is unique; whoever comes second finds the first one's row."""
    openid = f"openid-{new_id()}"

    def first_login(_: int) -> Any:
        with committed_app.app_context(), transaction() as session:
            return operations.log_in(session, openid, None)

    logins = together(TIMES, first_login)
    (user_id,) = {login.user_id for login in logins}
    assert len({login.token for login in logins}) == TIMES
    assert count(committed_app, User, User.openid == openid) == 1
    assert count(committed_app, Resident, Resident.user_id == user_id) == 1


def openid_of(app: Flask, person: Person) -> str:
    with app.app_context(), transaction() as session:
        openid = session.get_one(User, person.user_id).openid
        assert openid is not None
        return openid


def test_logging_in_while_the_account_is_closed_makes_a_new_one_or_ends_with_it(
    committed_app: Flask, committed_world: World
) -> None:
    """Either order is fine; never a session of a closed account, never a 500."""
    for _ in range(TIMES):
        person = committed_world.person()
        openid = openid_of(committed_app, person)

        def log_in(openid: str = openid) -> Any:
            with committed_app.app_context(), transaction() as session:
                return operations.log_in(session, openid, None)

        def close(person: Person = person) -> TestResponse:
            return person.delete("/me")

        login, closed, second = together(log_in, close, log_in)
        assert closed.status_code == 204
        for found in (login, second):
            assert isinstance(found, operations.Login), found
        states = text(
            "SELECT count(*) FROM login_session s JOIN user_account u ON u.id = s.user_id"
            " WHERE u.state = 'closed' AND s.revoked_at IS NULL"
        )
        with committed_app.app_context(), transaction() as session:
            assert session.execute(states).scalar_one() == 0


@contextmanager
def once_before(app: Flask, words: str, act: Any) -> Iterator[None]:
    """Do something in another connection just before the first statement with these words."""
    done: list[bool] = []

    def before(*arguments: Any) -> None:
        if words in arguments[2] and not done:
            done.append(True)
            together(act)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", before)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", before)
    assert done, "never came by"


# ---------------------------------------------------------------------------- closing


def test_closing_twice_at_once_closes_once(committed_app: Flask, committed_world: World) -> None:
    person = committed_world.person()
    answers = together(TIMES, lambda _: person.delete("/me"))
    assert statuses(answers) == [204] + [401] * (TIMES - 1)
    closings = (AuditEntry.action == "close_account", AuditEntry.object_id == person.user_id)
    assert count(committed_app, AuditEntry, *closings) == 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/me", {"name": "晚到的名字", "birth_year": 1950}),
        ("POST", "/me/family", {"name": "晚到的家人"}),
        ("POST", "/me/phone", {"phone": "13800000001"}),
        ("POST", "/me/consents", {"purpose": "privacy", "version": "2026-01"}),
    ],
)
def test_nothing_personal_is_written_to_an_account_that_is_being_closed(
    committed_app: Flask, committed_world: World, method: str, path: str, body: dict[str, Any]
) -> None:
    for _ in range(TIMES):
        person = committed_world.person()

        def write(person: Person = person) -> TestResponse:
            return person.request(method, path, json=body)

        def close(person: Person = person) -> TestResponse:
            return person.delete("/me")

        written, closed = together(write, close)
        assert closed.status_code == 204
        assert written.status_code in (200, 201, 401), written.get_data(as_text=True)
        assert_forgotten(committed_app, person)


@pytest.mark.parametrize(
    ("words", "method", "path", "body"),
    [
        ("FROM resident", "PUT", "/me", {"name": "晚到的名字"}),
        ("FROM user_account", "POST", "/me/family", {"name": "晚到的家人"}),
        ("FROM resident", "POST", "/me/phone", {"phone": "13800000001"}),
        ("FROM user_account", "POST", "/me/consents", {"purpose": "privacy", "version": "2026-01"}),
        ("FROM user_account", "DELETE", "/me/consents/privacy", {}),
    ],
)
def test_a_request_whose_account_is_closed_meanwhile_is_logged_out(
    committed_app: Flask, committed_world: World, words: str, method: str, path: str, body: Any
) -> None:
    """Closed after the caller was known, before anything was locked."""
    person = committed_world.person()
    with once_before(committed_app, f"{words} \nWHERE", lambda: person.delete("/me")):
        response = person.request(method, path, json=body)
    assert response.status_code == 401, response.get_data(as_text=True)
    assert_forgotten(committed_app, person)


def test_a_number_verified_while_the_account_is_closed_is_not_kept(
    committed_app: Flask, committed_world: World
) -> None:
    """WeChat may take seconds to answer; the account may be gone by then."""
    person = committed_world.person()
    assert person.delete("/me").status_code == 204
    with (
        committed_app.app_context(),
        pytest.raises(NotLoggedIn),
        transaction() as session,
    ):
        numbers.bind_verified_phone(session, actor_of(person), "13800000001")
    assert_forgotten(committed_app, person)


def assert_forgotten(app: Flask, person: Person) -> None:
    own = resident(app, person.resident_id)
    assert own.removed_at is not None
    kept = {own.name, own.birth_year, own.phone_encrypted, own.phone_hash}
    assert kept == {None}
    living = (Resident.guardian_user_id == person.user_id, Resident.removed_at.is_(None))
    assert count(app, Resident, *living) == 0
    standing = (Consent.user_id == person.user_id, Consent.withdrawn_at.is_(None))
    assert count(app, Consent, *standing) == 0


# ---------------------------------------------------------------------------- people


def written_in(session: Session, volunteer: Person, guest: guests.NewGuest) -> UUID:
    nobody = select(Resident.id).where(false())
    actor = actor_of(volunteer)
    place = guests.Place(Occasion(new_id(), clock.today()), nobody, DISTRICT)
    return guests.write_in(session, actor, guest, place)


def test_two_volunteers_write_in_the_same_guest_as_one(
    committed_app: Flask, committed_world: World
) -> None:
    volunteer = committed_world.volunteer()
    phone = "13811110000"

    def write_in(_: int) -> UUID:
        with committed_app.app_context(), transaction() as session:
            guest = guests.NewGuest("李奶奶", phone)
            return written_in(session, volunteer, guest)

    (guest_id,) = set(together(TIMES, write_in))
    assert resident(committed_app, guest_id).phone_state is PhoneState.TYPED


def test_who_is_written_in_while_they_prove_their_number_is_one_person(
    committed_app: Flask, committed_world: World
) -> None:
    """Whichever comes first: the guest is merged, or the resident found."""
    volunteer = committed_world.volunteer()
    for attempt in range(TIMES):
        person, phone = committed_world.person("王秀英"), f"1381122{attempt:04}"

        def prove_or_write_in(
            index: int, person: Person = person, phone: str = phone
        ) -> UUID | str:
            with committed_app.app_context(), transaction() as session:
                if index:
                    return written_in(session, volunteer, guests.NewGuest("王·秀英", phone))
                return numbers.bind_verified_phone(session, actor_of(person), phone)

        _, written = together(2, prove_or_write_in)
        assert isinstance(written, UUID), written
        found = resident(committed_app, written)
        assert person.resident_id in (found.id, found.merged_into_id)


def test_one_guest_joins_one_of_two_who_bind_the_number_at_once(
    committed_app: Flask, committed_world: World
) -> None:
    """A couple with one number: each guest's visits go to one of them, once."""
    volunteer = committed_world.volunteer()
    people = [committed_world.person() for _ in range(TIMES)]
    phone = "13811110001"
    with committed_app.app_context(), transaction() as session:
        written = [
            written_in(session, volunteer, guest)
            for guest in (
                guests.NewGuest(phone=phone),
                guests.NewGuest("王秀英", phone, another=True),
            )
        ]

    def bind(index: int) -> str:
        with committed_app.app_context(), transaction() as session:
            return numbers.bind_verified_phone(session, actor_of(people[index]), phone)

    assert together(TIMES, bind) == [phone] * TIMES
    winners = {resident(committed_app, guest).merged_into_id for guest in written}
    assert len(winners) == 1
    assert winners < {person.resident_id for person in people}
    merges = (AuditEntry.action == "merge_guest", AuditEntry.object_id.in_(written))
    assert count(committed_app, AuditEntry, *merges) == len(written)


def test_one_person_binding_twice_at_once_merges_once(
    committed_app: Flask, committed_world: World
) -> None:
    volunteer, person = committed_world.volunteer(), committed_world.person()
    phone = "13811110002"
    with committed_app.app_context(), transaction() as session:
        guest = written_in(session, volunteer, guests.NewGuest(phone=phone))

    def bind(_: int) -> str:
        with committed_app.app_context(), transaction() as session:
            return numbers.bind_verified_phone(session, actor_of(person), phone)

    assert together(TIMES, bind) == [phone] * TIMES
    assert resident(committed_app, guest).merged_into_id == person.resident_id
    merges = (AuditEntry.action == "merge_guest", AuditEntry.object_id == guest)
    assert count(committed_app, AuditEntry, *merges) == 1


def test_the_tenth_family_member_has_room_the_eleventh_has_not(
    committed_app: Flask, committed_world: World
) -> None:
    person = committed_world.person()
    answers = together(15, lambda n: person.post("/me/family", {"name": f"家人{n}"}))
    assert statuses(answers) == [201] * 10 + [409] * 5
    assert count(committed_app, Resident, Resident.guardian_user_id == person.user_id) == 10


def test_one_key_sent_twice_at_once_is_done_once(
    committed_app: Flask, committed_world: World
) -> None:
    """The second to store its answer rolls its own work back and gives the first one's."""
    person = committed_world.person()
    body = {"name": "王奶奶"}
    answers = together(TIMES, lambda _: person.post("/me/family", body, key="one-tap"))
    assert statuses(answers) == [201] * TIMES
    assert len({answer.get_data() for answer in answers}) == 1
    assert count(committed_app, Resident, Resident.guardian_user_id == person.user_id) == 1


def test_one_consent_given_twice_at_once_is_one(
    committed_app: Flask, committed_world: World
) -> None:
    person = committed_world.person()
    body = {"purpose": "privacy", "version": "2026-01"}
    answers = together(TIMES, lambda _: person.post("/me/consents", body))
    assert statuses(answers) == [201] * TIMES
    assert len({answer.get_data() for answer in answers}) == 1
    assert count(committed_app, Consent, Consent.user_id == person.user_id) == 1


def test_one_role_granted_and_taken_back_at_once(
    committed_app: Flask, committed_world: World
) -> None:
    person = committed_world.person()
    scope = Scope(region_id=UUID(committed_world.region_id(DISTRICT)))

    def change(how: Any) -> bool:
        with committed_app.app_context(), transaction() as session:
            changed: bool = how(session, None, person.user_id, Role.VOLUNTEER, scope)
            return changed

    assert sorted(together(TIMES, lambda _: change(roles.grant))) == [False] * 7 + [True]
    assert count(committed_app, RoleAssignment, RoleAssignment.user_id == person.user_id) == 1
    assert sorted(together(TIMES, lambda _: change(roles.revoke))) == [False] * 7 + [True]


def test_special_needs_don_t_outlive_the_consent_that_is_withdrawn_meanwhile(
    committed_app: Flask, committed_world: World
) -> None:
    """Whoever saves them at the same moment, of themselves or of somebody who joins the family."""
    person = committed_world.person()
    version = load("consents")["special_needs"]["version"]
    ok(person.post("/me/consents", {"purpose": "special_needs", "version": version}), 201)
    said = {"special_needs": {"tags": ["hearing"], "words": None}}

    def save(number: int) -> int:
        if number == 0:
            return int(person.delete("/me/consents/special_needs").status_code)
        if number % 2:
            return int(person.put("/me", said).status_code)
        return int(person.post("/me/family", {"name": f"王{number}"} | said).status_code)

    answers = together(8, save)
    assert answers[0] == 204
    assert set(answers[1:]) <= {200, 201, 409}
    people = [ok(person.get("/me")), *ok(person.get("/me/family"))["items"]]
    assert {one["special_needs"] for one in people} == {None}
