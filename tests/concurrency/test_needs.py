"""Two clerks with one need: one moves it, the other is told, nothing is undone."""

from typing import Any

from flask import Flask

from backend.core import clock
from backend.core.db import transaction
from backend.core.errors import AppError
from backend.core.permissions import Actor, Grant, Permission, Role
from backend.core.states import IllegalTransition
from backend.needs import operations
from backend.needs.models import Need, NeedSource
from backend.needs.permissions import access_need
from backend.needs.requests import NewNeed
from backend.regions.operations import region_by_code
from tests.concurrency.conftest import together
from tests.support.world import COMMUNITY, World

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
        need_id = operations.raise_need(session, actor, new).id

    def move(number: int) -> Any:
        with committed_app.app_context():
            try:
                with transaction() as session:
                    need = access_need(session, actor, need_id, Permission.NEED_HANDLE)
                    if number % 2:
                        operations.accept(session, actor, need)
                    else:
                        operations.decline(session, actor, need, "暂不能办")
            except AppError as refusal:
                return refusal
            return None

    answers = together(TIMES, move)
    assert answers.count(None) == 1
    assert {type(answer) for answer in answers} - {type(None)} == {IllegalTransition}
    with committed_app.app_context(), transaction() as session:
        need = session.get_one(Need, need_id)
        assert (need.state == "declined") == (need.reason is not None)
