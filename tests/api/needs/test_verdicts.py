"""「解决了吗？」: each who asked is asked some days after the service and once more, says so, and
has it gone through again where it isn't solved (docs/rules/needs.md, Whether it is solved)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import Connection, select, text

from backend.core import clock
from backend.core.config import NEEDS, RATING
from backend.core.db import transaction
from backend.feedback.tasks import freeze_evaluations
from backend.identity.people.texts import CommentState
from backend.identity.signals import residents_merged
from backend.needs.models import NeedVerdict
from backend.needs.texts import check_verdict
from backend.needs.verdicts.asking import ask_whether_solved
from backend.needs.voices.cutting import cut_links
from tests.api.needs.test_voices import accepted, told
from tests.support.desk import Desk
from tests.support.fair import waiting_jobs
from tests.support.world import Person, World, ok, refused

NOTHING = {"asked": 0, "answered": 0, "solved": 0, "partly": 0, "not": 0}


@pytest.fixture
def days() -> Iterator[Any]:
    """`days.pass_(n)`: so many days go by, and in the morning the job runs."""
    with time_machine.travel(clock.now(), tick=False) as machine:
        yield machine


def served(world: World, organiser: Person, *people: Person, **more: Any) -> str:
    """The path of a need that these people ask for, the first of them having raised it, and that a
    market has served."""
    path = f"/needs/{accepted(world, organiser, people[0], **more)['id']}"
    for person in people[1:]:
        ok(person.post(f"{path}/support"), 201)
    return serve(world, organiser, path)


def serve(world: World, organiser: Person, path: str) -> str:
    market = world.live_market(organiser)
    ok(organiser.post(f"{path}/plans", {"offering_id": market.offering_id}), 201)
    ok(organiser.post(f"/activities/{market.id}/close"))
    return path


def pass_(world: World, machine: Any, days: float) -> None:
    machine.shift(timedelta(days=days))
    with world.app.app_context():
        ask_whether_solved()


def say(person: Person, path: str, verdict: str, **more: Any) -> Any:
    return person.post(f"{path}/verdict", {"verdict": verdict} | more)


def outcome(person: Person, path: str) -> dict[str, int]:
    found: dict[str, int] = ok(person.get(path))["outcome"]
    return found


def test_each_is_asked_once_and_once_more_and_silence_is_never_solved(
    world: World, organiser: Person, days: Any
) -> None:
    person, other, silent = world.person(), world.person("李建国"), world.person("王芳")
    path = served(world, organiser, person, other, silent)
    pass_(world, days, NEEDS.ask_days - 0.1)
    assert outcome(person, path) == NOTHING
    for _ in range(2):
        pass_(world, days, 0.1)
    for each in (person, other, silent):
        assert told(each).count("need_asked") == 1
    assert outcome(person, path) == NOTHING | {"asked": 3}
    assert ok(say(person, path, "solved"))["mine"] == {"role": "raiser", "verdict": "solved"}
    ok(say(other, path, "solved"))
    for _ in range(2):
        pass_(world, days, NEEDS.ask_again_days)
        asked = [told(each).count("need_asked") for each in (person, other, silent)]
        assert asked == [1, 1, 2]
    assert ok(person.get(path))["state"] == "evaluated"
    assert outcome(person, path) == NOTHING | {"asked": 3, "answered": 2, "solved": 2}


def test_it_is_judged_the_morning_after_all_have_answered(
    world: World, organiser: Person, days: Any
) -> None:
    """Who finds the question on its page before we ask has been asked by it. Staff say nothing
    in their place."""
    person = world.person()
    path = served(world, organiser, person)
    ok(say(person, path, "partly"))
    desk = Desk(world, organiser)
    assert desk.send(f"/console{path}/evaluate").status_code == 409
    pass_(world, days, NEEDS.ask_days)
    shown = ok(person.get(path))
    assert (shown["state"], shown["timeline"][-1]["what"]) == ("evaluated", "已评价")
    assert shown["outcome"] == NOTHING | {"asked": 1, "answered": 1, "partly": 1}
    assert "need_asked" not in told(person)
    # It may be said anew while it stands in that round.
    ok(say(person, path, "not", reason="只来了一次"))
    assert ok(person.get(path))["own_voices"][0]["reason"] == "只来了一次"
    ok(say(person, path, "not"))
    assert ok(person.get(path))["own_voices"][0]["reason"] == "只来了一次"
    ok(say(person, path, "solved"))
    assert ok(person.get(path))["own_voices"][0]["reason"] is None


def test_nobody_is_asked_before_the_service_and_nobody_else_answers(
    world: World, organiser: Person
) -> None:
    person, other = world.person(), world.person("李建国")
    need = accepted(world, organiser, person)
    path = f"/needs/{need['id']}"
    refused(say(person, path, "solved"), 409, "not_asked")
    serve(world, organiser, path)
    refused(say(other, path, "solved"), 409, "no_voice")
    refused(say(person, path, "perhaps"), 422, "validation_failed")
    refused(say(person, path, "not", reason="打我电话 13800001234"), 422, "validation_failed")
    for staff in (organiser, world.volunteer()):
        refused(say(staff, path, "solved", resident_id=str(person.resident_id)), 404, "not_found")
        gone = staff.request("DELETE", f"{path}/support",
                             json={"resident_id": str(person.resident_id)})  # fmt: skip
        refused(gone, 404, "not_found")
    assert ok(person.get(path))["voices"] == 1


def test_who_says_not_has_it_gone_through_again(
    world: World, organiser: Person, days: Any, outer: Connection
) -> None:
    person, other = world.person(), world.person("李建国")
    path = served(world, organiser, person, other)
    refused(person.post(f"{path}/reopen", {}), 409, "not_unsolved")
    ok(say(other, path, "solved"))
    refused(other.post(f"{path}/reopen", {}), 409, "not_unsolved")
    ok(say(person, path, "not"))
    for _ in range(2):
        again = ok(person.post(f"{path}/reopen", {"reason": "来的人不会修这个牌子"}))
        assert (again["state"], again["round"]) == ("accepted", 2)
    assert again["outcome"] == NOTHING
    first = {"round": 1, "asked": 2, "answered": 2, "solved": 1, "partly": 0, "not": 1}
    assert again["earlier"] == [first]
    assert again["timeline"][-1]["what"] == "还没解决，重新办理"
    assert told(other)[0] == "need_reopened"
    refused(say(other, path, "not"), 409, "not_asked")
    # The new round is asked about by itself, and what was said of the old one stays.
    serve(world, organiser, path)
    pass_(world, days, NEEDS.ask_days)
    ok(say(person, path, "solved"))
    shown = ok(other.get(path))
    assert shown["outcome"] == NOTHING | {"asked": 2, "answered": 1, "solved": 1}
    assert shown["earlier"] == [first]
    entries = outer.execute(
        text("SELECT actor_user_id, address FROM audit_entry WHERE action = 'reopen_need'")
    )
    assert entries.all() == [(None, None)]
    refused(organiser.post(f"{path}/reopen", {}), 422, "validation_failed")
    assert ok(organiser.post(f"{path}/reopen", {"reason": "打来电话说没修好"}))["round"] == 3


def test_a_guardian_answers_for_each_of_the_family(
    world: World, organiser: Person, days: Any
) -> None:
    person = world.person()
    members = [ok(person.post("/me/family", {"name": one}), 201)["id"] for one in ("甲", "乙")]
    path = served(world, organiser, person, resident_id=members[0])  # fmt: skip
    market_path = accepted(world, organiser, person, title="磨刀")["id"]
    assert market_path
    pass_(world, days, NEEDS.ask_days)
    assert told(person).count("need_asked") == 1
    assert ok(say(person, path, "partly"))["mine"] == {"role": "raiser", "verdict": "partly"}
    ok(say(person, path, "not", resident_id=members[0]))
    refused(say(person, path, "solved", resident_id=members[1]), 409, "no_voice")
    assert outcome(person, path) == NOTHING | {"asked": 1, "answered": 1, "not": 1}
    gone = {"resident_id": members[0]}
    ok(person.request("DELETE", f"{path}/support", json=gone), 204)
    assert ok(person.get(path))["own_voices"] == []
    assert outcome(person, path)["not"] == 1
    refused(person.post(f"{path}/reopen", {}), 409, "not_unsolved")


def test_words_are_checked_and_go_with_the_person(
    world: World, organiser: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = world.person()
    path = served(world, organiser, person)
    ok(say(person, path, "not", reason="只修好了一半"))
    said = (CommentState.PASSED, None)
    monkeypatch.setattr("backend.identity.people.texts.verdict_on", lambda *_: said)
    desk = Desk(world, organiser)
    assert "只修好了一半" not in desk.read(f"/console{path}")
    for arguments in waiting_jobs(world.app, "needs.check_verdict"):
        with world.app.app_context():
            check_verdict(**arguments)
    page = desk.read(f"/console{path}")
    assert "只修好了一半" in page
    assert person.name not in page
    (exported,) = ok(person.get("/me/export"))["needs"]
    assert [(one["verdict"], one["reason"]) for one in exported["verdicts"]] == [
        ("not", "只修好了一半")
    ]
    ok(person.delete("/me"), 204)
    assert outcome(organiser, path) == NOTHING | {"asked": 1, "answered": 1, "not": 1}
    with transaction() as session:
        assert session.execute(select(NeedVerdict.reason)).scalars().all() == [None]


def test_a_market_is_judged_by_those_who_asked_also_once_its_ratings_are_frozen(
    world: World, organiser: Person, days: Any
) -> None:
    person, other = world.person(), world.person("李建国")
    path = f"/needs/{accepted(world, organiser, person)['id']}"
    ok(other.post(f"{path}/support"), 201)
    market = world.live_market(organiser)
    ok(organiser.post(f"{path}/plans", {"offering_id": market.offering_id}), 201)
    ok(organiser.post(f"{path}/plans", {"offering_id": market.offering_id}), 201)
    ok(organiser.post(f"/activities/{market.id}/close"))
    days.shift(timedelta(days=RATING.window_days + 1))
    with world.app.app_context():
        freeze_evaluations()
    pass_(world, days, 0)
    ok(say(person, path, "not"))
    page = f"/activities/{market.id}/evaluation"
    evaluation = ok(organiser.get(page))
    assert evaluation["state"] == "frozen"
    needs = evaluation["needs"]
    assert (needs["total"], needs["served"], needs["reopened"]) == (1, 1, 0)
    assert needs["outcome"] == NOTHING | {"asked": 2, "answered": 1, "not": 1}
    # Gone through again, it stays with the market where it was not solved.
    ok(person.post(f"{path}/reopen", {}))
    needs = ok(organiser.get(page))["needs"]
    assert (needs["total"], needs["served"], needs["reopened"]) == (1, 0, 1)
    assert needs["outcome"] == NOTHING | {"asked": 2, "answered": 1, "not": 1}
    assert "没解决、重新办理 1" in Desk(world, organiser).read(f"/console/evaluations/{market.id}")


def test_the_link_is_cut_some_time_after_the_end(
    world: World, organiser: Person, outer: Connection
) -> None:
    """Counts and verdicts stay, also where the link of the clerk's own need is never asked about;
    a second run finds nothing."""
    person, guest = world.person(), world.person("李建国")
    judged = served(world, organiser, person, guest)
    ok(say(person, judged, "solved", reason="很好"))
    going_on = f"/needs/{accepted(world, organiser, person, title='磨刀')['id']}"
    links = text("SELECT count(*) FROM need_voice WHERE resident_id IS NOT NULL")
    for days_on, left in ((NEEDS.voice_days - 1, 3), (NEEDS.voice_days, 1)):
        with time_machine.travel(clock.now() + timedelta(days=days_on, minutes=1)):
            for _ in range(2):
                with world.app.app_context():
                    cut_links()
        assert outer.execute(links).scalar_one() == left
    shown = ok(organiser.get(judged))
    assert (shown["voices"], shown["outcome"]["solved"]) == (2, 1)
    assert ok(person.get("/me/needs"))["items"][0]["id"] == going_on.split("/")[-1]
    assert [one["title"] for one in ok(person.get("/me/export"))["needs"]] == ["磨刀"]
    assert outer.execute(text("SELECT reason FROM need_verdict")).scalars().all() == [None]


def test_of_two_that_are_one_person_one_verdict_stays(
    world: World, organiser: Person, days: Any
) -> None:
    """The last one that was answered; and what only one of them was asked."""
    person, guest = world.person(), world.person("李建国")
    both = served(world, organiser, person, guest)
    one = served(world, organiser, guest, title="磨刀")
    ok(say(person, both, "solved"))
    days.shift(60)
    ok(say(guest, both, "not"))
    ok(say(guest, one, "partly"))
    with world.app.app_context(), transaction() as session:
        residents_merged.send(session, source_id=guest.resident_id, target_id=person.resident_id)
    assert ok(person.get(both))["mine"] == {"role": "raiser", "verdict": "not"}
    assert outcome(person, both) == NOTHING | {"asked": 1, "answered": 1, "not": 1}
    assert ok(person.get(one))["mine"] == {"role": "raiser", "verdict": "partly"}
    assert UUID(ok(person.get(one))["id"])
