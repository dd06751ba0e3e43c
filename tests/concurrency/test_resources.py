"""A resource that several move and change at once: one at a time, and nobody against the table."""

from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from backend.core.audit import AuditEntry
from backend.core.db import transaction
from backend.resources.models import RESOURCE_TRANSITIONS, ResourceState
from tests.concurrency.conftest import together
from tests.support.world import COMMUNITY, Person, World, ok

TIMES = 8
REASON = {"reason": "资质过期"}


def made(world: World, clerk: Person, *steps: str) -> str:
    """The path of a resource that has been taken through these steps."""
    body = {
        "organisation_id": world.organisation(), "title": "义剪", "service_kind": "haircut",
        "people": 4, "stations": 3, "minutes_per_person": 12,
        "region_ids": [world.region_id(COMMUNITY)],
    }  # fmt: skip
    path = f"/resources/{ok(clerk.post('/resources', body), 201)['id']}"
    for step in steps:
        ok(clerk.post(f"{path}/{step}", REASON if step == "suspend" else None))
    return path


def entries(app: Flask, path: str) -> list[AuditEntry]:
    with app.app_context(), transaction() as session:
        of_it = select(AuditEntry).where(AuditEntry.object_id == UUID(path[-36:]))
        return list(session.execute(of_it.order_by(AuditEntry.at, AuditEntry.id)).scalars())


@pytest.mark.parametrize(
    ("steps", "one", "other"),
    [
        (("submit",), "approve", "approve"),
        (("submit",), "approve", "return"),
        (("submit", "approve"), "suspend", "retire"),
        (("submit", "approve", "suspend"), "approve", "suspend"),
    ],
)
def test_of_several_who_decide_at_once_each_meets_what_the_one_before_has_left(
    committed_app: Flask, committed_world: World, steps: tuple[str, ...], one: str, other: str
) -> None:
    clerk = committed_world.organiser()
    path = made(committed_world, clerk, *steps)
    before = len(entries(committed_app, path))

    def decide(number: int) -> Any:
        step = one if number % 2 else other
        return clerk.post(f"{path}/{step}", REASON if step in ("return", "suspend") else None)

    answers = together(TIMES, decide)
    assert {answer.status_code for answer in answers} <= {200, 409}
    moves = entries(committed_app, path)[before:]
    assert len(moves) == [answer.status_code for answer in answers].count(200) >= 1
    for move in moves:
        was, became = ResourceState(str(move.from_state)), ResourceState(str(move.to_state))
        assert became in RESOURCE_TRANSITIONS[was]
    for first, second in pairwise(moves):
        assert second.from_state == first.to_state
    if one == other:
        assert len(moves) == 1


def test_nothing_is_changed_in_a_resource_that_was_handed_in_meanwhile(
    committed_app: Flask, committed_world: World
) -> None:
    clerk = committed_world.organiser()
    path = made(committed_world, clerk)

    def work(number: int) -> Any:
        if number % 4 == 0:
            return clerk.post(f"{path}/submit")
        return clerk.put(path, {"people": 10 + number})

    answers = together(TIMES, work)
    assert [answers[number].status_code for number in (0, 4)].count(200) == 1
    assert {answer.status_code for answer in answers} <= {200, 409}
    *edits, last = entries(committed_app, path)[1:]
    assert last.action == "submit_resource", "whoever changed it later was refused"
    kept = edits[-1].details["changes"][0]["new"] if edits else 4
    assert ok(clerk.get(path))["people"] == kept
