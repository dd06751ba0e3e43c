"""Consents: one purpose each, with version, time and withdrawal (PIPL 14–16)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import Connection, text

from backend.core.config import load
from backend.core.ids import new_id
from tests.support.world import Person, World, ok, refused

VERSION = load("consents")["privacy"]["version"]
OUTDATED = "说明已更新，请重新阅读后同意"
PRIVACY = {"purpose": "privacy", "version": VERSION}


@pytest.fixture
def person(world: World) -> Person:
    return world.person()


def consents(person: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ok(person.get("/me"))["consents"]
    return found


def history(person: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ok(person.get("/me/export"))["consents"]
    return found


def test_a_consent_is_kept_with_version_and_time(person: Person) -> None:
    at = datetime.now(UTC).replace(microsecond=0)
    with time_machine.travel(at, tick=False):
        given = ok(person.post("/me/consents", PRIVACY), 201)
    assert given["purpose"] == "privacy"
    assert given["version"] == VERSION
    assert datetime.fromisoformat(given["given_at"]) == at
    assert consents(person) == [given]


def test_each_purpose_is_asked_for_by_itself(person: Person) -> None:
    for purpose, entry in load("consents").items():
        body = {"purpose": purpose, "version": entry["version"]}
        ok(person.post("/me/consents", body), 201)
    assert [c["purpose"] for c in consents(person)] == list(load("consents"))


def test_the_same_consent_again_is_the_first_one(person: Person) -> None:
    first = ok(person.post("/me/consents", PRIVACY), 201)
    assert ok(person.post("/me/consents", PRIVACY), 201) == first
    assert len(history(person)) == 1


def test_a_withdrawn_consent_stays_on_record(person: Person) -> None:
    ok(person.post("/me/consents", PRIVACY), 201)
    assert person.delete("/me/consents/privacy").status_code == 204
    assert consents(person) == []
    (kept,) = history(person)
    assert kept["withdrawn_at"] > kept["given_at"]
    again = ok(person.post("/me/consents", PRIVACY), 201)
    assert consents(person) == [again]
    assert [c["withdrawn_at"] is None for c in history(person)] == [False, True]


@pytest.mark.parametrize("purpose", ["privacy", "marketing", "x" * 3000, "%00", "隐私"])
def test_there_is_nothing_to_withdraw_without_a_consent(person: Person, purpose: str) -> None:
    refused(person.delete(f"/me/consents/{purpose}"), 404, "not_found")


def test_withdrawing_twice_is_told(person: Person) -> None:
    ok(person.post("/me/consents", PRIVACY), 201)
    assert person.delete("/me/consents/privacy").status_code == 204
    refused(person.delete("/me/consents/privacy"), 404, "not_found")


def test_a_newer_text_replaces_the_older_consent(person: Person, outer: Connection) -> None:
    """Who agreed to last year's text has to be asked again; both stay on record."""
    given_at = datetime.now(UTC) - timedelta(days=300)
    outer.execute(
        text(
            "INSERT INTO consent (id, user_id, purpose, version, given_at)"
            " VALUES (:id, :user, 'privacy', '2025-01', :at)"
        ),
        {"id": new_id(), "user": person.user_id, "at": given_at},
    )
    assert [c["version"] for c in consents(person)] == ["2025-01"]
    ok(person.post("/me/consents", PRIVACY), 201)
    assert [c["version"] for c in consents(person)] == [VERSION]
    assert {c["version"]: c["withdrawn_at"] is None for c in history(person)} == {
        "2025-01": False,
        VERSION: True,
    }


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        (
            {"purpose": "privacy", "version": "2025-01"},
            {"version": [OUTDATED]},
        ),
        (
            {"purpose": "privacy", "version": "2099-01"},
            {"version": [OUTDATED]},
        ),
        ({"purpose": "privacy"}, {"version": ["必填"]}),
        ({"version": VERSION}, {"purpose": ["必填"]}),
        ({"purpose": "marketing", "version": VERSION}, {"purpose": ["没有这个选项"]}),
        ({"purpose": 1, "version": VERSION}, {"purpose": ["应为文字"]}),
        ({"purpose": "privacy", "version": "x" * 21}, {"version": ["最多 20 个字"]}),
    ],
)
def test_what_is_no_consent_to_the_current_text_is_refused(
    person: Person, body: Any, errors: Any
) -> None:
    problem = refused(person.post("/me/consents", body), 422, "validation_failed")
    assert problem["errors"] == errors
    assert consents(person) == []


def test_consents_are_the_callers_own(world: World, person: Person) -> None:
    ok(person.post("/me/consents", PRIVACY), 201)
    other = world.person()
    assert consents(other) == history(other) == []
    refused(other.delete("/me/consents/privacy"), 404, "not_found")
    assert len(consents(person)) == 1
