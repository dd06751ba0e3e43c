"""The activity's state machine: every move of the table, and no other (docs/states.md)."""

from typing import Any
from uuid import UUID

import pytest
from blinker import ANY
from sqlalchemy import Connection, text

from backend.activities.lifecycle.actions import MOVE_OF
from backend.activities.models import ACTIVITY_TRANSITIONS, Activity, ActivityState
from backend.activities.signals import activity_moved
from backend.core.db import transaction
from backend.core.errors import Forbidden
from backend.core.permissions import Actor, Grant, Role
from backend.core.states import transition
from tests.support.world import COMMUNITY, DISTRICT, Person, World, ok, refused

S = ActivityState
ACTIONS: dict[str, tuple[ActivityState, dict[str, str]]] = {
    "submit": (S.SUBMITTED, {}),
    "publish": (S.PUBLISHED, {}),
    "return": (S.DRAFT, {"reason": "请补充摊位信息"}),
    "open": (S.LIVE, {}),
    "close": (S.CLOSED, {}),
    "undo_open": (S.PUBLISHED, {}),
    "cancel": (S.CANCELLED, {"reason": "大雨"}),
}
WAY_TO: dict[ActivityState, list[str]] = {
    S.DRAFT: [],
    S.SUBMITTED: ["submit"],
    S.PUBLISHED: ["publish"],
    S.LIVE: ["publish", "open"],
    S.CLOSED: ["publish", "open", "close"],
    S.CANCELLED: ["cancel"],
}
MOVES = [(state, action) for state in S for action in ACTIONS]


def in_state(world: World, organiser: Person, state: ActivityState) -> str:
    """The id of an activity that has got to a state by its shortest way."""
    activity_id: str = world.ready(organiser)["id"]
    for action in WAY_TO[state]:
        ok(organiser.post(f"/activities/{activity_id}/{action}", ACTIONS[action][1]))
    return activity_id


def audited(outer: Connection, activity_id: str, action: str) -> list[Any]:
    found = text(
        "SELECT from_state, to_state, n.text, actor_user_id FROM audit_entry e"
        " LEFT JOIN audit_note n ON n.entry_id = e.id"
        " WHERE object_id = :id AND action = :action ORDER BY e.id"
    )
    return [tuple(row) for row in outer.execute(found, {"id": activity_id, "action": action})]


def test_every_move_of_the_table_has_an_action() -> None:
    reached = {to for moves in ACTIVITY_TRANSITIONS.values() for to in moves}
    assert reached == {to for to, _ in ACTIONS.values()}
    assert set(ACTIVITY_TRANSITIONS) == set(S) == set(WAY_TO)


@pytest.mark.parametrize(("state", "action"), MOVES)
def test_a_move_is_made_where_the_table_has_it(
    world: World, organiser: Person, outer: Connection, state: ActivityState, action: str
) -> None:
    """A legal one is audited and told to the features above; any other changes nothing."""
    activity_id = in_state(world, organiser, state)
    before = ok(organiser.get(f"/activities/{activity_id}"))
    entries = len(audited(outer, activity_id, action))
    told: list[Any] = []

    def hear(_sender: object, **news: Any) -> None:
        told.append(news["state"])

    to, body = ACTIONS[action]
    with activity_moved.connected_to(hear, sender=ANY):
        path = action.replace("_", "-")
        response = organiser.post(f"/activities/{activity_id}/{path}", body)
    # Two actions lead to one state: each from where it belongs alone.
    if MOVE_OF[action].leads_from(state):
        assert ok(response)["state"] == to.value
        assert told == [to]
        *_, (was, became, reason, actor) = audited(outer, activity_id, action)
        assert (was, became, actor) == (state.value, to.value, organiser.user_id)
        assert reason == body.get("reason")
    else:
        problem = refused(response, 409, "illegal_transition")
        assert (problem["from"], problem["to"]) == (state.value, to.value)
        assert told == []
        assert len(audited(outer, activity_id, action)) == entries
        assert ok(organiser.get(f"/activities/{activity_id}")) == before


def test_opening_and_closing_are_timed(world: World, organiser: Person) -> None:
    activity_id = in_state(world, organiser, S.PUBLISHED)
    live = ok(organiser.post(f"/activities/{activity_id}/open"))
    assert live["opened_at"] is not None
    assert live["closed_at"] is None
    closed = ok(organiser.post(f"/activities/{activity_id}/close"))
    assert closed["opened_at"] == live["opened_at"]
    assert closed["closed_at"] >= closed["opened_at"]


def test_a_returned_activity_says_why_until_it_is_submitted_again(
    world: World, organiser: Person
) -> None:
    """The remark is for the organiser; nobody reads it on the published page."""
    activity_id = in_state(world, organiser, S.SUBMITTED)
    path = f"/activities/{activity_id}"
    returned = ok(organiser.post(f"{path}/return", {"reason": "请补充摊位信息"}))
    assert (returned["state"], returned["return_reason"]) == ("draft", "请补充摊位信息")
    assert ok(organiser.post(f"{path}/submit"))["return_reason"] is None
    ok(organiser.post(f"{path}/return", {"reason": "还差一点"}))
    assert ok(organiser.post(f"{path}/publish"))["return_reason"] is None


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": None}, {"reason": "x" * 201}])
def test_a_return_needs_a_reason(world: World, organiser: Person, body: Any) -> None:
    activity_id = in_state(world, organiser, S.SUBMITTED)
    response = organiser.post(f"/activities/{activity_id}/return", body)
    assert list(refused(response, 422, "validation_failed")["errors"]) == ["reason"]
    assert ok(organiser.get(f"/activities/{activity_id}"))["state"] == "submitted"


def test_a_cancellation_may_say_why(world: World, organiser: Person) -> None:
    """By its id everybody can read it; in the list it is no more."""
    told = in_state(world, organiser, S.PUBLISHED)
    with_number = {"reason": "大雨，请打 13812345678"}
    refused(organiser.post(f"/activities/{told}/cancel", with_number), 422, "validation_failed")
    ok(organiser.post(f"/activities/{told}/cancel", {"reason": "大雨"}))
    silent = in_state(world, organiser, S.PUBLISHED)
    ok(organiser.post(f"/activities/{silent}/cancel"))
    visitor = world.person()
    assert ok(visitor.get(f"/activities/{told}"))["cancel_reason"] == "大雨"
    assert ok(visitor.get(f"/activities/{silent}"))["cancel_reason"] is None
    assert ok(visitor.get("/activities"))["items"] == []


def test_publishing_asks_for_the_code_image_ahead_of_the_day(
    world: World, organiser: Person, outer: Connection
) -> None:
    activity_id = in_state(world, organiser, S.PUBLISHED)
    jobs = outer.execute(text("SELECT task_name, args FROM procrastinate_jobs"))
    assert [tuple(row) for row in jobs] == [
        ("activities.fetch_code_image", {"activity_id": activity_id})
    ]


@pytest.mark.parametrize("state", [S.CLOSED, S.CANCELLED])
def test_what_is_over_is_not_edited(world: World, organiser: Person, state: ActivityState) -> None:
    draft = world.draft(organiser)
    stall = world.stall(organiser, draft["id"])
    offering = world.offering(organiser, stall["id"], mode="slots")
    slot = world.slot(organiser, offering["id"], draft["starts_at"])
    for action in {S.CLOSED: ["publish", "open", "close"], S.CANCELLED: ["cancel"]}[state]:
        ok(organiser.post(f"/activities/{draft['id']}/{action}"))
    before = ok(organiser.get(f"/activities/{draft['id']}"))
    slots = {"slots": [{key: slot[key] for key in ("starts_at", "ends_at", "capacity")}]}
    for method, path, body in [
        ("PUT", f"/activities/{draft['id']}", {"title": "x"}),
        ("POST", f"/activities/{draft['id']}/stalls", {"number": "9", "name": "x"}),
        ("PUT", f"/stalls/{stall['id']}", {"name": "x"}),
        ("DELETE", f"/stalls/{stall['id']}", {}),
        ("POST", f"/stalls/{stall['id']}/offerings",
         {"title": "x", "service_kind": "legal", "mode": "open"}),
        ("PUT", f"/offerings/{offering['id']}", {"title": "x"}),
        ("DELETE", f"/offerings/{offering['id']}", {}),
        ("POST", f"/offerings/{offering['id']}/slots", slots),
        ("PUT", f"/slots/{slot['id']}", {"capacity": 9}),
        ("DELETE", f"/slots/{slot['id']}", {}),
    ]:  # fmt: skip
        refused(organiser.request(method, path, json=body), 409, "not_editable")
    assert ok(organiser.get(f"/activities/{draft['id']}")) == before


@pytest.mark.parametrize("state", [S.SUBMITTED, S.PUBLISHED, S.LIVE])
def test_what_is_not_over_can_be_edited(
    world: World, organiser: Person, state: ActivityState
) -> None:
    activity_id = in_state(world, organiser, state)
    assert ok(organiser.put(f"/activities/{activity_id}", {"title": "改"}))["title"] == "改"
    world.stall(organiser, activity_id)


# ---------------------------------------------------------------------------- who


WHO = {
    "submit": (S.DRAFT, {"community", "town", "district", "admin"}),
    "publish": (S.SUBMITTED, {"town", "district", "admin"}),
    "return": (S.SUBMITTED, {"town", "district", "admin"}),
    "open": (S.PUBLISHED, {"community", "town", "district", "admin"}),
    "close": (S.LIVE, {"community", "town", "district", "admin"}),
    "cancel": (S.LIVE, {"community", "town", "district", "admin"}),
}


@pytest.fixture
def people(world: World) -> dict[str, Person]:
    from backend.core.permissions import Role

    return {
        "community": world.organiser(COMMUNITY),
        "town": world.organiser(),
        "district": world.organiser(DISTRICT),
        "admin": world.staff(Role.ADMIN, DISTRICT),
        "community admin": world.staff(Role.ADMIN, COMMUNITY),
        "neighbour": world.organiser("320412102"),
        "auditor": world.staff(Role.AUDITOR, DISTRICT),
        "volunteer": world.volunteer(),
        "resident": world.person(),
    }


@pytest.mark.parametrize("action", WHO)
def test_a_community_submits_and_those_above_publish(
    world: World, organiser: Person, people: dict[str, Person], action: str
) -> None:
    """Whoever may not is told 403, or 404 where they may not even see it; nothing changes."""
    state, allowed = WHO[action]
    allowed = allowed | ({"community admin"} if "community" in allowed else set())
    for name, person in people.items():
        activity_id = in_state(world, organiser, state)
        response = person.post(f"/activities/{activity_id}/{action}", ACTIONS[action][1])
        if name in allowed:
            assert ok(response)["state"] == ACTIONS[action][0].value, name
        else:
            hidden = state in (S.DRAFT, S.SUBMITTED) and name == "neighbour"
            refused(response, *((404, "not_found") if hidden else (403, "forbidden")))
            assert ok(organiser.get(f"/activities/{activity_id}"))["state"] == state.value, name


def test_a_draft_may_be_published_directly(world: World, organiser: Person) -> None:
    assert ok(organiser.post(f"/activities/{world.ready(organiser)['id']}/publish"))


def test_what_is_not_there_cannot_be_moved(organiser: Person) -> None:
    path = f"/activities/{organiser.user_id}/publish"
    refused(organiser.post(path), 404, "not_found")


@pytest.mark.parametrize("grants", [None, (), (Grant(Role.VOLUNTEER, DISTRICT),)])
def test_only_whom_the_table_names_makes_a_move(
    world: World, organiser: Person, grants: tuple[Grant, ...] | None
) -> None:
    """Also where a route or a job has forgotten to ask; nor does an activity move by itself."""
    activity_id = in_state(world, organiser, S.DRAFT)
    actor = None
    if grants is not None:
        actor = Actor(organiser.user_id, organiser.resident_id, None, grants)
    with transaction() as session:
        activity = session.get_one(Activity, UUID(activity_id))
        with pytest.raises(Forbidden):
            transition(session, actor, ACTIVITY_TRANSITIONS, activity, S.SUBMITTED, action="submit",
                       region_code=activity.region_code)  # fmt: skip
    assert ok(organiser.get(f"/activities/{activity_id}"))["state"] == S.DRAFT
