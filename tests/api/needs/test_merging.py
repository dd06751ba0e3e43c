"""Needs that are dealt with as one: a link that is undone as if it had never been, and those who
ask on both sides counted once and told (docs/rules/needs.md)."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from backend.core.db import transaction
from backend.core.permissions import Role
from backend.identity.signals import residents_removed
from backend.needs.models import Need, NeedVoice
from tests.api.needs.test_voices import WHY, accepted, checked, raised, told
from tests.support.desk import Desk
from tests.support.world import (
    DISTRICT,
    OTHER_COMMUNITY,
    Person,
    World,
    ok,
    refused,
)


def merged(organiser: Person, need: dict[str, Any], head: dict[str, Any]) -> dict[str, Any]:
    body = {"into_id": head["id"]}
    answer: dict[str, Any] = ok(organiser.post(f"/needs/{need['id']}/merge", body))
    return answer


def voices(person: Person, need: dict[str, Any]) -> int:
    count: int = ok(person.get(f"/needs/{need['id']}"))["voices"]
    return count


def columns(need: dict[str, Any]) -> dict[str, Any]:
    with transaction() as session:
        session.expire_all()
        row = session.get_one(Need, UUID(need["id"]))
        return {column.name: getattr(row, column.name) for column in Need.__table__.columns}


def test_a_head_counts_the_residents_of_all_and_what_it_comes_to_is_told_to_all(
    world: World, organiser: Person
) -> None:
    person, other, both = world.person(), world.person("李建国"), world.person("赵大爷")
    head = accepted(world, organiser, person, title="学用手机")
    need = raised(world, other, title="教老人用手机")
    for one in (head, need):
        checked(one)
        ok(organiser.post(f"/needs/{one['id']}/support", {
            "resident_id": str(both.resident_id)}), 201)  # fmt: skip
    answer = merged(organiser, need, head)
    assert (answer["merged_into"], answer["state"], answer["voices"]) == (head["id"], "accepted", 2)
    assert voices(person, head) == 3, "who asks twice is one"
    listed = [one["id"] for one in ok(organiser.get("/needs"))["items"]]
    assert listed == [head["id"]]
    market = world.live_market(organiser)
    ok(organiser.post(f"/needs/{head['id']}/plans", {"offering_id": market.offering_id}), 201)
    ok(organiser.post(f"/activities/{market.id}/close"))
    assert told(other) == ["need_served", "need_planned", "need_merged"]
    assert told(person) == ["need_served", "need_planned", "need_accepted"]
    (mine,) = ok(other.get("/me/needs"))["items"]
    assert mine["title"] == "教老人用手机"
    assert mine["state"] == "served"
    whats = [step["what"] for step in mine["timeline"]]
    assert whats[:2] == ["提出", "和相同的需求合在一起办"]
    assert whats[-1] == "已服务"
    ok(other.post(f"/needs/{need['id']}/verdict", {"verdict": "partly"}))
    outcome = ok(organiser.get(f"/needs/{head['id']}"))["outcome"]
    assert (outcome["answered"], outcome["partly"]) == (1, 1)
    needs = ok(organiser.get(f"/activities/{market.id}/evaluation"))["needs"]
    assert (needs["total"], needs["served"]) == (1, 1)
    assert (needs["outcome"]["asked"], needs["outcome"]["partly"]) == (1, 1)
    refused(organiser.post(f"/needs/{need['id']}/unmerge"), 409, "asked_meanwhile")


def test_undone_it_is_as_it_was(world: World, organiser: Person) -> None:
    person, other = world.person(), world.person("李建国")
    head, need = accepted(world, organiser, person), raised(world, other, title="磨刀")
    before = columns(need), columns(head)
    merged(organiser, need, head)
    ok(other.delete(f"/needs/{need['id']}/support"), 204)
    assert (voices(person, head), voices(organiser, need)) == (1, 0)
    assert columns(need)["state"] == "open", "a clerk has looked at it"
    refused(organiser.post(f"/needs/{need['id']}/accept"), 409, "merged_away")
    ok(organiser.post(f"/needs/{need['id']}/unmerge"))
    assert (columns(need), columns(head)) == before
    refused(organiser.post(f"/needs/{need['id']}/unmerge"), 409, "not_merged")
    ok(organiser.post(f"/needs/{need['id']}/accept"))
    assert told(person) == ["need_accepted"]


def test_what_ends_unsolved_ends_for_all(world: World, organiser: Person) -> None:
    other = world.person("李建国")
    head = raised(world, world.person())
    need = raised(world, other, title="磨刀")
    merged(organiser, need, head)
    ok(organiser.post(f"/needs/{head['id']}/decline", WHY))
    assert told(other) == ["need_declined", "need_merged"]
    shown = ok(other.get(f"/needs/{need['id']}"))
    assert (shown["state"], shown["reason"]) == ("declined", WHY["reason"])
    helped = {"resident_id": str(world.person().resident_id)}
    refused(organiser.post(f"/needs/{need['id']}/support", helped), 409, "need_over")


def test_who_is_merged_into_what_is_planned_reads_when_and_where(
    world: World, organiser: Person
) -> None:
    other = world.person("李建国")
    head, need = accepted(world, organiser, world.person()), raised(world, other, title="磨刀")
    market = world.live_market(organiser)
    ok(organiser.post(f"/needs/{head['id']}/plans", {"offering_id": market.offering_id}), 201)
    merged(organiser, need, head)
    steps = ok(other.get(f"/needs/{need['id']}"))["timeline"]
    assert [bool(step["activity_id"]) for step in steps] == [False, False, True]
    assert "社区广场" in steps[2]["what"]


def test_what_cannot_be_one_is_refused(world: World, organiser: Person) -> None:
    admin = world.staff(Role.ADMIN, DISTRICT)
    head, need, third = (raised(world, world.person(), title=title) for title in ("一", "二", "三"))
    away = raised(world, world.person(), region_id=world.region_id(OTHER_COMMUNITY))

    def refuse(source: dict[str, Any], into: dict[str, Any]) -> str:
        answer = admin.post(f"/needs/{source['id']}/merge", {"into_id": into["id"]})
        detail: str = refused(answer, 409, "not_mergeable")["detail"]
        return detail

    assert "同一个镇" in refuse(need, away)
    assert "自己" in refuse(need, need)
    merged(organiser, need, head)
    assert "已经并入" in refuse(need, third)
    assert "直接并入那一条" in refuse(third, need)
    assert "并入这一条" in refuse(head, third), "never in a circle: what has others is a head"
    ok(organiser.post(f"/needs/{third['id']}/accept"))
    assert "先受理" in refuse(third, head)
    ok(organiser.post(f"/needs/{third['id']}/close-unsolved", WHY))
    fourth = raised(world, world.person(), title="四")
    assert "办过或办结" in refuse(fourth, third)
    assert "已经安排或办过" in refuse(third, fourth)
    body = {"into_id": away["id"]}
    answer = organiser.post(f"/needs/{fourth['id']}/merge", body)
    assert "into_id" in refused(answer, 422, "validation_failed")["errors"]


def test_who_is_erased_counts_once_among_what_was_merged(world: World, organiser: Person) -> None:
    person = world.person()
    head, need = accepted(world, organiser, person), accepted(world, organiser, person, title="二")
    merged(organiser, need, head)
    assert voices(organiser, head) == 1
    with world.app.app_context(), transaction() as session:
        residents_removed.send(session, actor=None, resident_ids=[person.resident_id])
        assert set(session.execute(select(NeedVoice.resident_id)).scalars()) == {None}
    assert voices(organiser, head) == 1


def test_a_clerk_chooses_looks_at_both_and_undoes(world: World, organiser: Person) -> None:
    head = raised(world, world.person(), title="学用手机", details="每周一次")
    need = raised(world, world.person("李建国"), title="教老人用手机")
    desk = Desk(world, organiser)
    page = f"/console/needs/{need['id']}"
    assert "和已有的需求合并办理" in desk.read(page)
    assert "学用手机" in desk.read(f"{page}/merge?q=手机&into_id=nonsense")
    both = desk.read(f"{page}/merge?into_id={head['id']}")
    assert "每周一次" in both
    assert "1 人" in both
    assert desk.send(f"{page}/merge?into_id={head['id']}", into_id=head["id"]).status_code == 303
    assert "合在一起办的" in desk.read(f"/console/needs/{head['id']}")
    assert "已并入" in desk.read(page)
    again = desk.send(f"{page}/merge", into_id=head["id"])
    assert "先撤销再合并" in again.get_data(as_text=True)
    assert desk.send(f"{page}/unmerge").status_code == 303
    assert "已并入" not in desk.read(page)
