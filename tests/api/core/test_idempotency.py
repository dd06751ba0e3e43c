"""A repeated write gives the first answer (docs/ARCHITECTURE.md, A request)."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from backend.core import clock, idempotency
from backend.core.audit import AuditEntry
from backend.core.db import RunAgain, transaction
from backend.core.idempotency import IdempotencyRecord, StoredAnswer
from tests.support.world import Person, World, ok, refused


@pytest.fixture
def person(scratch: World) -> Person:
    return scratch.person()


def send(
    person: Person, path: str = "/scratch/work", body: Any = None, *, key: str, method: str = "POST"
) -> TestResponse:
    return person.request(
        method, path, json={} if body is None else body, headers={"Idempotency-Key": key}
    )


def done(app: Flask, person: Person) -> int:
    """How often the work was really done."""
    entries = select(func.count()).where(
        AuditEntry.action == "scratch", AuditEntry.actor_user_id == person.user_id
    )
    with app.app_context(), transaction() as session:
        return session.execute(entries).scalar_one()


def kept(app: Flask, person: Person) -> int:
    """How many answers are kept for a person."""
    records = select(func.count()).where(IdempotencyRecord.user_id == person.user_id)
    with app.app_context(), transaction() as session:
        return session.execute(records).scalar_one()


def test_the_same_key_gets_the_first_answer_and_no_more_work(
    scratch_app: Flask, person: Person
) -> None:
    first = send(person, body={"n": 7}, key="k-1")
    again = send(person, body={"n": 7}, key="k-1")
    assert ok(first, 201) == ok(again, 201) == {"count": 1, "n": 7}
    assert again.get_data() == first.get_data()
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert done(scratch_app, person) == 1


def test_without_a_key_each_request_is_its_own(person: Person) -> None:
    assert ok(person.post("/scratch/work"), 201)["count"] == 1
    assert ok(person.post("/scratch/work"), 201)["count"] == 2


def test_the_same_content_in_another_order_is_the_same_request(person: Person) -> None:
    headers = {"Idempotency-Key": "k-1", "Content-Type": "application/json"}
    first = person.request("POST", "/scratch/work", data=b'{"n":1,"refuse":false}', headers=headers)
    again = person.request(
        "POST", "/scratch/work", data=b'{ "refuse" : false, "n" : 1 }', headers=headers
    )
    assert ok(first, 201) == ok(again, 201)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/scratch/work", {"n": 2}),
        ("POST", "/scratch/work", {}),
        ("POST", "/scratch/outside", {"n": 1}),
        ("PUT", "/scratch/work/1", {"n": 1}),
        ("DELETE", "/scratch/work", {}),
    ],
)
def test_a_key_with_another_request_is_a_conflict(
    scratch_app: Flask, person: Person, method: str, path: str, body: Any
) -> None:
    """Another body, another route or another method: nothing is done, the first answer stays."""
    first = send(person, body={"n": 1}, key="k-1")
    refused(send(person, path, body, key="k-1", method=method), 409, "idempotency_key_reused")
    assert ok(send(person, body={"n": 1}, key="k-1"), 201) == ok(first, 201)
    assert done(scratch_app, person) == 1


def test_a_key_belongs_to_one_row(person: Person) -> None:
    ok(send(person, "/scratch/work/1", key="k-1", method="PUT"))
    response = send(person, "/scratch/work/2", key="k-1", method="PUT")
    refused(response, 409, "idempotency_key_reused")


def test_two_people_may_use_the_same_key(scratch: World, person: Person) -> None:
    other = scratch.person()
    assert ok(send(person, body={"n": 1}, key="k-1"), 201) == {"count": 1, "n": 1}
    assert ok(send(other, body={"n": 2}, key="k-1"), 201) == {"count": 1, "n": 2}


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/scratch/work/1"), ("DELETE", "/scratch/work")]
)
def test_put_and_delete_take_a_key_too(
    scratch_app: Flask, person: Person, method: str, path: str
) -> None:
    first, again = (send(person, path, key="k-1", method=method) for _ in range(2))
    assert first.status_code == again.status_code
    assert first.get_data() == again.get_data()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert done(scratch_app, person) == 1


def test_work_outside_a_transaction_is_answered_once_too(
    scratch_app: Flask, person: Person
) -> None:
    """The endpoints that talk to WeChat: they open the transaction themselves."""
    first, again = (send(person, "/scratch/outside", {"n": 3}, key="k-1") for _ in range(2))
    assert ok(first) == ok(again) == {"count": 1, "n": 3}
    assert done(scratch_app, person) == 1


def test_a_field_of_the_body_can_be_the_key(scratch_app: Flask, person: Person) -> None:
    press = {"press_id": str(uuid4())}
    first, again = (person.post("/scratch/press", press) for _ in range(2))
    assert ok(first) == ok(again)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert ok(person.post("/scratch/press", {"press_id": str(uuid4())}))["count"] == 2
    assert done(scratch_app, person) == 2


# ---------------------------------------------------------------------------- refusals


def test_a_rules_refusal_is_remembered_and_its_work_undone(
    scratch_app: Flask, person: Person
) -> None:
    """The same request stays refused, even if a place has come free since."""
    first = send(person, body={"refuse": True}, key="k-1")
    assert refused(first, 409, "conflict")["try"] == 1
    ok(person.post("/scratch/work"), 201)
    again = send(person, body={"refuse": True}, key="k-1")
    assert refused(again, 409, "conflict") == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert done(scratch_app, person) == 1


def test_a_refusal_outside_a_transaction_is_remembered_too(person: Person) -> None:
    first, again = (send(person, "/scratch/outside", {"refuse": True}, key="k-1") for _ in range(2))
    assert refused(first, 409, "conflict") == refused(again, 409, "conflict")
    assert again.headers["Idempotency-Replayed"] == "true"


def test_a_refusal_without_a_key_is_not_kept(scratch_app: Flask, person: Person) -> None:
    refused(person.post("/scratch/work", {"refuse": True}), 409, "conflict")
    assert kept(scratch_app, person) == 0


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/scratch/unkept", {}, 422, "unkept"),
        ("/scratch/work", {"n": "x"}, 422, "validation_failed"),
        ("/activities", {}, 403, "forbidden"),
        ("/scratch/slow", {}, 503, "try_again"),
        ("/scratch/never", {}, 503, "try_again"),
        ("/scratch/sql", {}, 500, "internal_error"),
    ],
)
def test_other_failures_may_be_tried_again_with_the_same_key(
    scratch_app: Flask, person: Person, path: str, body: Any, status: int, code: str
) -> None:
    """Mistakes in the form, missing rights, a busy server: the next try may do better."""
    refused(send(person, path, body, key="k-1"), status, code)
    assert kept(scratch_app, person) == 0
    assert done(scratch_app, person) == 0
    assert ok(send(person, key="k-1"), 201)["count"] == 1


# ---------------------------------------------------------------------------- keys


@pytest.mark.parametrize("key", ["", "x" * 101, "a\tb", "ключ", "\x7f"])
def test_a_key_is_short_and_printable(scratch_app: Flask, person: Person, key: str) -> None:
    key = key.encode().decode("latin-1")
    problem = refused(send(person, key=key), 422, "validation_failed")
    assert list(problem["errors"]) == ["Idempotency-Key"]
    assert done(scratch_app, person) == 0


def test_a_key_of_100_characters_is_taken(person: Person) -> None:
    assert ok(send(person, key="k" * 100), 201) == ok(send(person, key="k" * 100), 201)


def test_a_visitors_key_is_ignored(scratch: World) -> None:
    """Two visitors' keys can't be told apart; no public write needs one."""
    for _ in range(2):
        response = scratch.http.post(
            "/api/v1/auth/wechat", json={"code": " "}, headers={"Idempotency-Key": "k"}
        )
        refused(response, 422, "validation_failed")


def test_answers_are_kept_for_two_days(scratch_app: Flask, person: Person) -> None:
    ok(send(person, key="old"), 201)
    now = clock.now()
    with time_machine.travel(now + timedelta(hours=47), tick=False):
        ok(send(person, key="new"), 201)
        with scratch_app.app_context(), transaction() as session:
            idempotency.purge(session)
        assert kept(scratch_app, person) == 2
    with time_machine.travel(now + timedelta(hours=49), tick=False):
        with scratch_app.app_context(), transaction() as session:
            assert idempotency.purge(session) >= 1
        assert kept(scratch_app, person) == 1


# ---------------------------------------------------------------------------- lost races


def test_a_lost_race_is_run_again_from_the_start(scratch_app: Flask, person: Person) -> None:
    """What the first run had done is rolled back."""
    assert ok(person.post("/scratch/fails-once")) == {"count": 1, "n": 0}
    assert done(scratch_app, person) == 1


def test_a_race_that_is_lost_again_and_again_asks_to_try_later(
    scratch_app: Flask, person: Person
) -> None:
    refused(person.post("/scratch/never"), 503, "try_again")
    assert done(scratch_app, person) == 0


def test_the_second_twin_to_store_its_answer_is_told(scratch_app: Flask, person: Person) -> None:
    answer = StoredAnswer(200, b"{}", "application/json")
    with scratch_app.app_context():
        with transaction() as session:
            idempotency.store(session, person.user_id, "k", b"h", answer)
        with pytest.raises(RunAgain), transaction() as session:
            idempotency.store(session, person.user_id, "k", b"h", answer)
        with transaction() as session:
            assert idempotency.find(session, person.user_id, "k", b"h") == answer
            assert idempotency.find(session, person.user_id, "other", b"h") is None


def test_a_twin_refused_only_because_the_other_did_the_work_answers_as_it(
    scratch_app: Flask, person: Person
) -> None:
    """The refused twin finds the first one's answer, which came meanwhile, and gives that."""
    first, second = (
        send(person, "/scratch/twin", {"n": 1}, key="k-1"),
        send(person, "/scratch/twin", {"n": 1}, key="k-1"),
    )
    assert ok(first) == ok(second) == {"count": 99, "n": 1}
    assert first.headers["Idempotency-Replayed"] == "true"
    assert done(scratch_app, person) == 0
