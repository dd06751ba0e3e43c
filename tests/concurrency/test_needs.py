"""Two clerks with one need: one moves it, the other is told, nothing is undone; and two of those
who ask for it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from backend.core import clock
from backend.core.config import NEEDS
from backend.core.db import transaction
from backend.core.errors import AppError
from backend.core.permissions import Actor, Grant, Permission, Role
from backend.core.states import IllegalTransition
from backend.identity.people.texts import CommentState
from backend.needs import operations
from backend.needs.models import Need, NeedSource, NeedVoice
from backend.needs.permissions import access_need
from backend.needs.requests import Asker, Ended, NewNeed
from backend.needs.verdicts.asking import ask_whether_solved
from backend.regions.operations import region_by_code
from tests.concurrency.conftest import together
from tests.support.world import COMMUNITY, Person, World, ok

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


def test_of_two_who_accept_in_their_own_words_one_is_read_and_told(
    committed_app: Flask, committed_world: World
) -> None:
    world = committed_world
    organiser, person = world.organiser(), world.person()
    body = {"region_id": world.region_id(COMMUNITY), "title": "我叫沈佳怡，要理发"}
    need_id = ok(person.post("/needs", body), 201)["id"]

    def accept(number: int) -> int:
        words = {"words": {"title": f"老人理发 {number}"}}
        client = Person(committed_app.test_client(), "", organiser.user_id,
                        organiser.resident_id, organiser.token)  # fmt: skip
        return client.post(f"/needs/{need_id}/accept", words).status_code

    answers = together(TIMES, accept)
    assert sorted(answers) == [200] + [409] * (TIMES - 1)
    shown = ok(person.get(f"/needs/{need_id}"))
    assert shown["title"] == f"老人理发 {answers.index(200)}"
    told = [one["kind"] for one in ok(person.get("/me/notices"))["items"]]
    assert told == ["need_accepted"]


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


def served(world: World, *people: Person, closes: Callable[[str], None]) -> str:
    """The path of a need of these people that a market has served, as it is closed."""
    organiser = world.organiser()
    body = {"region_id": world.region_id(COMMUNITY), "title": "量血压"}
    need = ok(people[0].post("/needs", body), 201)
    with world.app.app_context(), transaction() as session:
        session.get_one(Need, UUID(need["id"])).text_state = CommentState.PASSED
    path = f"/needs/{need['id']}"
    ok(organiser.post(f"{path}/accept"))
    for person in people[1:]:
        ok(person.post(f"{path}/support"), 201)
    market = world.live_market(organiser)
    ok(organiser.post(f"{path}/plans", {"offering_id": market.offering_id}), 201)
    closes(market.id)
    assert ok(people[0].get(path))["state"] == "served"
    return path


def told(person: Person, kind: str) -> int:
    return [one["kind"] for one in ok(person.get("/me/notices"))["items"]].count(kind)


def test_a_need_is_served_asked_about_and_gone_through_again_once(
    committed_app: Flask, committed_world: World
) -> None:
    """Whoever closes its market how often, however many workers ask, and whoever says 「还没解决」
    at the same moment."""
    world = committed_world
    people = [world.person(), world.person("李建国")]
    clerks = [world.organiser() for _ in range(TIMES)]

    def close(market_id: str) -> None:
        together(TIMES, lambda n: clerks[n].post(f"/activities/{market_id}/close"))

    path = served(world, *people, closes=close)
    with committed_app.app_context(), transaction() as session:
        need = session.get_one(Need, UUID(path.rpartition("/")[2]))
        need.served_at = clock.now() - timedelta(days=NEEDS.ask_days)

    def ask(_: int) -> None:
        with committed_app.app_context():
            ask_whether_solved()

    together(4, ask)
    for person in people:
        assert [told(person, kind) for kind in ("need_served", "need_asked")] == [1, 1]
        ok(person.post(f"{path}/verdict", {"verdict": "not"}))
    answers = together(TIMES, lambda n: people[n % 2].post(f"{path}/reopen", {}).status_code)
    assert set(answers) == {200}
    assert ok(people[0].get(path))["round"] == 2
    assert told(people[1], "need_reopened") == 1


def test_of_support_and_its_withdrawal_at_once_one_is_last(
    committed_app: Flask, committed_world: World
) -> None:
    """A need that nobody asks for any more is withdrawn, and one that somebody does is not."""
    world = committed_world
    person = world.person()
    body = {"region_id": world.region_id(COMMUNITY), "title": "量血压"}
    path = f"/needs/{ok(person.post('/needs', body), 201)['id']}"

    def tap(number: int) -> int:
        act = person.delete if number % 2 else person.post
        return int(act(f"{path}/support").status_code)

    answers = together(TIMES, tap)
    assert set(answers[1::2]) == {204}
    assert set(answers[::2]) <= {200, 201, 409}
    shown = ok(person.get(path))
    assert (shown["voices"], shown["state"]) == (0, "declined")


def test_two_who_merge_at_once_make_no_circle(committed_app: Flask, committed_world: World) -> None:
    """One into the other and that into the first: one of them is done."""
    world = committed_world
    clerks = [world.organiser(), world.organiser()]
    needs = [_accepted(world, clerks[0]) for _ in range(2)]

    def merge(number: int) -> int:
        source, head = needs[number % 2], needs[1 - number % 2]
        return clerks[number % 2].post(f"/needs/{source}/merge", {"into_id": head}).status_code

    assert sorted(together(TIMES, merge)) == [200] + [409] * (TIMES - 1)
    assert sorted(_row(committed_app, need).merged_into is None for need in needs) == [False, True]


def test_who_merges_meets_what_was_done_to_either(
    committed_app: Flask, committed_world: World
) -> None:
    """What is planned at that moment is not merged, and what is merged is not planned; a head that
    is ended at that moment takes nothing in, or ends for both: whoever asked is told so."""
    world = committed_world
    clerks = [world.organiser(), world.organiser()]
    market = world.live_market(clerks[0])
    planned = {"offering_id": market.offering_id}
    ended = {"reason_code": "not_ours", "reason": "请找物业"}
    for of_source in (True, False):
        source, head = (_accepted(world, clerks[0]) for _ in range(2))
        person = world.person()
        ok(person.post(f"/needs/{source}/support"), 201)
        path, body = (
            (f"/needs/{source}/plans", planned) if of_source
            else (f"/needs/{head}/close-unsolved", ended)
        )  # fmt: skip

        def act(number: int, source: str = source, head: str = head,
                path: str = path, body: dict[str, str] = body) -> int:  # fmt: skip
            if number % 2:
                return clerks[1].post(f"/needs/{source}/merge", {"into_id": head}).status_code
            return clerks[0].post(path, body).status_code

        acted, merged = together(2, act)
        is_merged = _row(committed_app, source).merged_into is not None
        assert merged == (200 if is_merged else 409)
        kinds = [one["kind"] for one in ok(person.get("/me/notices"))["items"]]
        if of_source:
            assert acted == (409 if is_merged else 201)
            assert kinds == (["need_merged"] if is_merged else ["need_planned"])
        else:
            assert acted == 200
            assert kinds == (["need_unsolved", "need_merged"] if is_merged else [])


def _accepted(world: World, clerk: Person) -> str:
    body = {"region_id": world.region_id(COMMUNITY), "title": "量血压", "source": "visit"}
    need: str = ok(clerk.post("/needs", body), 201)["id"]
    ok(clerk.post(f"/needs/{need}/accept"))
    return need


def _row(app: Flask, need_id: str) -> Need:
    with app.app_context(), transaction() as session:
        return session.get_one(Need, UUID(need_id))
