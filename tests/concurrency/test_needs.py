"""Two clerks with one need: one moves it, the other is told, nothing is undone."""

from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from backend.core import clock
from backend.core.db import transaction
from backend.core.errors import AppError
from backend.core.permissions import Actor, Grant, Permission, Role
from backend.core.states import IllegalTransition
from backend.needs import operations
from backend.needs.models import Need, NeedSource, NeedVoice
from backend.needs.permissions import access_need
from backend.needs.requests import Asker, Ended, NewNeed
from backend.regions.operations import region_by_code
from tests.concurrency.conftest import together
from tests.support.world import COMMUNITY, World, ok

TIMES = 8


def test_of_two_who_move_a_need_one_does_and_the_other_is_told(
    committed_app: Flask, committed_world: World
) -> None:
    person = committed_world.organiser()
    with committed_app.app_context(), transaction() as session:
        actor = Actor(person.user_id, person.resident_id, None,
                      (Grant(Role.ORGANISER, COMMUNITY),))  # fmt: skip
        region = region_by_code(session, COMMUNITY)
        new = NewNeed(
            region_id=region.id, title="量血压", source=NeedSource.VISIT, raised_on=clock.today()
        )
        need_id = operations.raise_need(session, actor, new, Asker(None, actor.user_id)).id

    why = Ended(reason_code="no_resource_yet", reason="暂不能办")

    def move(number: int) -> Any:
        with committed_app.app_context():
            try:
                with transaction() as session:
                    need = access_need(session, actor, need_id, Permission.NEED_HANDLE)
                    if number % 2:
                        operations.accept(session, actor, need)
                    else:
                        operations.decline(session, actor, need, why)
            except AppError as refusal:
                return refusal
            return None

    answers = together(TIMES, move)
    assert answers.count(None) == 1
    assert {type(answer) for answer in answers} - {type(None)} == {IllegalTransition}
    with committed_app.app_context(), transaction() as session:
        need = session.get_one(Need, need_id)
        assert (need.state == "declined") == (need.reason is not None)


def test_a_need_is_supported_once_and_by_nobody_who_is_gone(
    committed_app: Flask, committed_world: World
) -> None:
    """Of one person's taps at once one is new; who closes their account meanwhile leaves a voice
    that is nobody's, or none."""
    world = committed_world
    organiser, person, leaving = world.organiser(), world.person(), world.person("李建国")
    body = {"region_id": world.region_id(COMMUNITY), "title": "量血压", "source": "visit"}
    need = ok(organiser.post("/needs", body), 201)
    ok(organiser.post(f"/needs/{need['id']}/accept"))
    path = f"/needs/{need['id']}/support"

    def tap(number: int) -> tuple[int, int]:
        gone = leaving.delete("/me") if number == 0 else leaving.post(path)
        return person.post(path).status_code, gone.status_code

    answers = together(TIMES, tap)
    assert sorted(first for first, _ in answers) == [200] * (TIMES - 1) + [201]
    assert answers[0][1] == 204
    assert {gone for _, gone in answers[1:]} <= {200, 201, 401, 404}
    with committed_app.app_context(), transaction() as session:
        voices = select(NeedVoice.resident_id).where(NeedVoice.need_id == UUID(need["id"]))
        assert set(session.execute(voices).scalars()) <= {person.resident_id, None}
