"""Ratings at the same moment: one rating each, one rectification, one move; and a checklist that
misses nothing that was answered with success."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from backend.core.db import transaction
from backend.core.permissions import Actor
from backend.feedback import operations, tasks
from backend.feedback.models import Rating, Rectification
from backend.feedback.permissions import access_service
from backend.feedback.requests import NewRating, RatingEdit
from tests.concurrency.conftest import together
from tests.support.fair import Fair, audit_of
from tests.support.world import Person, World, ok

THREADS = 8


@pytest.fixture
def fair(committed_world: World) -> Fair:
    return Fair.live(committed_world)


def at_once(fair: Fair, person: Person, method: str, path: str, body: Any) -> Counter[Any]:
    """How often each answer (status, code) came to the same request from several phones."""

    def send(_: int) -> Any:
        phone = replace(person, http=fair.app.test_client())
        answer = phone.request(method, path, json=body)
        return answer.status_code, (answer.json or {}).get("code")

    return Counter(together(THREADS, send))


def rows(fair: Fair, model: Any) -> int:
    with fair.app.app_context(), transaction() as session:
        count = select(func.count()).where(model.activity_id == UUID(fair.id))
        return session.execute(count).scalar_one()


@pytest.mark.parametrize("score", [5, 1])
def test_one_service_rated_at_once_is_rated_once(fair: Fair, score: int) -> None:
    person, booking_id = fair.served()
    body = {"booking_id": booking_id, "score": score}
    answers = at_once(fair, person, "POST", "/ratings", body)
    assert answers == {(201, None): 1, (409, "already_rated"): THREADS - 1}
    assert rows(fair, Rating) == 1
    assert rows(fair, Rectification) == (1 if score == 1 else 0)


def test_one_visit_rated_at_once_is_rated_once(fair: Fair) -> None:
    person = fair.world.person()
    fair.visit(person.resident_id)
    body = {"activity_id": fair.id, "score": 5}
    answers = at_once(fair, person, "POST", "/ratings", body)
    assert answers == {(201, None): 1, (409, "already_rated"): THREADS - 1}
    assert rows(fair, Rating) == 1


def test_changed_to_bad_at_once_opens_one_rectification(fair: Fair) -> None:
    person, rating = fair.rated(score=5)
    answers = at_once(fair, person, "PUT", f"/ratings/{rating['id']}", {"score": 1})
    assert answers == {(200, None): THREADS}
    assert rows(fair, Rectification) == 1


def test_answered_at_once_a_rectification_is_answered_once(fair: Fair) -> None:
    _, rectification_id = fair.complaint()
    path = f"/rectifications/{rectification_id}/reply"
    answers = at_once(fair, fair.organiser, "POST", path, {"reply": "已处理"})
    assert answers == {(200, None): 1, (409, "illegal_transition"): THREADS - 1}
    actions = [entry.action for entry in audit_of(fair.app, "rectification", rectification_id)]
    assert actions == ["open_rectification", "reply"]


def test_closed_and_not_solved_at_once_it_is_open_again(fair: Fair) -> None:
    """Whichever comes first, the resident's word stands, and nothing that was said is lost."""
    person, rectification_id = fair.complaint()
    (rating,) = ok(person.get("/me/ratings"))["items"]
    for step, body in (("reply", {"reply": "已处理"}),
                       ("call-back", {"note": "认可", "satisfied": True})):  # fmt: skip
        ok(fair.organiser.post(f"/rectifications/{rectification_id}/{step}", body))
    sent = [
        (fair.organiser, f"/rectifications/{rectification_id}/close", {}),
        (person, f"/ratings/{rating['id']}/unsolved", {"words": "没有解决"}),
    ]

    def send(number: int) -> int:
        who, path, body = sent[number]
        return replace(who, http=fair.app.test_client()).post(path, body).status_code

    closed, unsolved = together(2, send)
    assert (closed in (200, 409), unsolved) == (True, 200)
    shown = ok(person.get(f"/ratings/{rating['id']}"))["complaint"]
    (ended,) = shown["rounds"]
    assert (shown["state"], shown["closed_at"], ended["words"]) == ("open", None, "没有解决")
    assert (ended["closed_at"] is not None) == (closed == 200)


# ---------------------------------------------------------------------------- one after the other


@contextmanager
def waiting_behind(app: Flask, act: Any) -> Iterator[list[Any]]:
    """Run `act` in a thread; enter once it waits for a lock of ours, or has ended without. Its
    answer is in the list after the block, in which the lock must be given up."""
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(act()))
    thread.start()
    blocked = text(
        "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE NOT granted AND datname = current_database()"
    )
    with app.app_context():
        while thread.is_alive():
            with transaction() as session:
                if session.execute(blocked).scalar_one():
                    break
    yield answers
    thread.join()


def test_a_change_starts_from_what_the_one_before_it_left(fair: Fair) -> None:
    """The second to turn a rating bad finds it bad already: nothing to note in the audit."""
    person, rating = fair.rated(score=5)
    begun, go_on = threading.Event(), threading.Event()

    def change_slowly() -> None:
        with fair.app.app_context(), transaction() as session:
            operations.change_rating(
                session, session.get_one(Rating, UUID(rating["id"])), RatingEdit(score=1)
            )
            begun.set()
            go_on.wait()

    first = threading.Thread(target=change_slowly)
    first.start()
    begun.wait()
    phone = replace(person, http=fair.app.test_client())
    path = f"/ratings/{rating['id']}"
    with waiting_behind(fair.app, lambda: phone.put(path, {"score": 2})) as answers:
        go_on.set()
        first.join()
    assert [ok(answer)["score"] for answer in answers] == [2]
    rectification_id = fair.rectification_of(rating["id"])
    entries = audit_of(fair.app, "rectification", rectification_id)
    assert [entry.action for entry in entries] == ["open_rectification"]


# ---------------------------------------------------------------------------- freezing


def freeze(app: Flask, activity_id: str) -> None:
    with app.app_context(), transaction() as session:
        tasks._freeze(session, UUID(activity_id))


def test_freezing_waits_for_a_rating_under_way(fair: Fair) -> None:
    """A rating that was answered with success is in the checklist."""
    person, booking_id = fair.served()
    actor = Actor(person.user_id, person.resident_id)
    begun, go_on = threading.Event(), threading.Event()

    def rate_slowly() -> None:
        with fair.app.app_context(), transaction() as session:
            subject = access_service(session, actor, UUID(booking_id))
            operations.rate(session, actor, subject, NewRating(score=4, items={}, tags=[]))
            begun.set()
            go_on.wait()

    rater = threading.Thread(target=rate_slowly)
    rater.start()
    begun.wait()
    with waiting_behind(fair.app, lambda: freeze(fair.app, fair.id)):
        go_on.set()
        rater.join()
    evaluation = fair.evaluation()
    assert (evaluation["state"], evaluation["rated"]) == ("frozen", 1)


def test_a_rating_waits_for_the_freezing_and_is_closed(fair: Fair) -> None:
    person, booking_id = fair.served()
    begun, go_on = threading.Event(), threading.Event()

    def freeze_slowly() -> None:
        with fair.app.app_context(), transaction() as session:
            tasks._freeze(session, UUID(fair.id))
            begun.set()
            go_on.wait()

    freezer = threading.Thread(target=freeze_slowly)
    freezer.start()
    begun.wait()
    phone = replace(person, http=fair.app.test_client())
    body = {"booking_id": booking_id, "score": 4}
    with waiting_behind(fair.app, lambda: phone.post("/ratings", body)) as answers:
        go_on.set()
        freezer.join()
    assert [(answer.status_code, answer.json["code"]) for answer in answers] == [
        (409, "rating_closed")
    ]
    assert fair.evaluation()["rated"] == 0


def test_two_freezings_at_once_freeze_once(fair: Fair) -> None:
    fair.answers([5, 4])
    together(THREADS, lambda _: freeze(fair.app, fair.id))
    assert len(audit_of(fair.app, "evaluation_checklist", fair.id)) == 1
    assert ok(fair.organiser.get(f"/activities/{fair.id}/evaluation"))["rated"] == 2
