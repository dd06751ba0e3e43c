"""Two organisers at one activity at the same moment: one outcome each, no 500, no half work."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from werkzeug.test import TestResponse

from backend.activities.models import CodeImage, MarketCode
from backend.core.audit import AuditEntry
from backend.core.db import transaction
from tests.concurrency.conftest import together
from tests.support.world import Person, World, ok

TIMES = 6


@pytest.fixture
def organiser(committed_world: World) -> Person:
    return committed_world.organiser()


def outcomes(responses: list[TestResponse]) -> list[tuple[int, str | None]]:
    """Status and code of each, sorted."""
    for response in responses:
        assert isinstance(response, TestResponse), response
    return sorted(
        (r.status_code, (r.json or {}).get("code") if r.is_json else None) for r in responses
    )


def ends(good: int, status: int, code: str) -> list[tuple[int, str | None]]:
    """One went well, the others were told this."""
    return [(good, None)] + [(status, code)] * (TIMES - 1)


def audited(app: Flask, activity_id: str, action: str) -> int:
    with app.app_context(), transaction() as session:
        statement = select(func.count()).where(
            AuditEntry.object_id == activity_id, AuditEntry.action == action
        )
        return session.execute(statement).scalar_one()


def codes(responses: list[TestResponse]) -> list[tuple[int, str | None]]:
    return [(s, c if s >= 400 else None) for s, c in outcomes(responses)]


def test_of_edits_with_one_version_the_first_is_kept(
    committed_world: World, organiser: Person
) -> None:
    path = f"/activities/{committed_world.draft(organiser)['id']}"
    answers = together(TIMES, lambda n: organiser.put(path, {"title": f"第{n}版", "version": 1}))
    assert codes(answers) == ends(200, 409, "edited_meanwhile")
    (kept,) = [answer.json["title"] for answer in answers if answer.status_code == 200]
    found = ok(organiser.get(path))
    assert (found["title"], found["version"]) == (kept, 2)


def test_edits_without_a_version_all_count(committed_world: World, organiser: Person) -> None:
    path = f"/activities/{committed_world.draft(organiser)['id']}"
    answers = together(TIMES, lambda n: organiser.put(path, {"title": f"第{n}版"}))
    assert codes(answers) == [(200, None)] * TIMES
    assert ok(organiser.get(path))["version"] == 1 + TIMES


@pytest.mark.parametrize("action", ["publish", "submit", "cancel"])
def test_a_move_is_made_once(
    committed_app: Flask, committed_world: World, organiser: Person, action: str
) -> None:
    activity_id = committed_world.ready(organiser)["id"]
    path = f"/activities/{activity_id}/{action}"
    answers = together(TIMES, lambda _: organiser.post(path))
    assert codes(answers) == ends(200, 409, "illegal_transition")
    assert audited(committed_app, activity_id, action) == 1


def test_publishing_asks_for_one_image(
    committed_app: Flask, committed_world: World, organiser: Person
) -> None:
    activity_id = committed_world.ready(organiser)["id"]
    together(TIMES, lambda _: organiser.post(f"/activities/{activity_id}/publish"))
    jobs = text("SELECT count(*) FROM procrastinate_jobs WHERE args->>'activity_id' = :id")
    with committed_app.app_context(), transaction() as session:
        assert session.execute(jobs, {"id": activity_id}).scalar_one() == 1


def test_returning_and_publishing_exclude_each_other(
    committed_world: World, organiser: Person
) -> None:
    """Whichever was first; a published activity is never turned back into a draft."""
    for _ in range(TIMES):
        path = f"/activities/{committed_world.ready(organiser)['id']}"
        ok(organiser.post(f"{path}/submit"))

        def publish(path: str = path) -> TestResponse:
            return organiser.post(f"{path}/publish")

        def send_back(path: str = path) -> TestResponse:
            return organiser.post(f"{path}/return", {"reason": "还差一点"})

        published, returned = together(publish, send_back)
        assert published.status_code == 200, "a draft may be published too"
        assert returned.status_code in (200, 409), returned.get_data(as_text=True)
        assert ok(organiser.get(path))["state"] == "published"


def test_a_market_is_never_public_without_a_stall(
    committed_world: World, organiser: Person
) -> None:
    """One publishes it while another deletes its only stall: one of the two happens."""
    for _ in range(TIMES):
        market = committed_world.ready(organiser)
        path = f"/activities/{market['id']}"
        (stall,) = ok(organiser.get(path))["stalls"]

        def publish(path: str = path) -> TestResponse:
            return organiser.post(f"{path}/publish")

        def delete(stall: str = stall["id"]) -> TestResponse:
            return organiser.delete(f"/stalls/{stall}")

        answers = together(publish, delete)
        found = ok(organiser.get(path))
        assert [answer.status_code for answer in answers] in ([200, 409], [409, 204]), answers
        assert (found["state"], len(found["stalls"])) in (("published", 1), ("draft", 0))


def test_one_number_goes_to_one_stall(committed_world: World, organiser: Person) -> None:
    draft = committed_world.draft(organiser)
    path = f"/activities/{draft['id']}/stalls"
    answers = together(TIMES, lambda n: organiser.post(path, {"number": "7", "name": f"{n}"}))
    assert codes(answers) == ends(201, 409, "stall_number_taken")
    assert len(ok(organiser.get(f"/activities/{draft['id']}"))["stalls"]) == 1


def test_one_number_taken_over_by_one_stall(committed_world: World, organiser: Person) -> None:
    draft = committed_world.draft(organiser)
    stalls = [committed_world.stall(organiser, draft["id"])["id"] for _ in range(TIMES)]
    answers = together(TIMES, lambda n: organiser.put(f"/stalls/{stalls[n]}", {"number": "7"}))
    assert codes(answers) == ends(200, 409, "stall_number_taken")


def test_one_spot_goes_to_one_stall(committed_world: World, organiser: Person) -> None:
    draft = committed_world.draft(organiser)
    path = f"/activities/{draft['id']}/stalls"
    spot = {"name": "义剪", "row": 1, "column": 1}
    answers = together(TIMES, lambda n: organiser.post(path, spot | {"number": str(n)}))
    assert codes(answers) == ends(201, 422, "validation_failed")


def test_each_offering_gets_a_letter_of_its_own(committed_world: World, organiser: Person) -> None:
    draft = committed_world.draft(organiser)
    stalls = [committed_world.stall(organiser, draft["id"])["id"] for _ in range(TIMES)]
    body = {"title": "义剪", "service_kind": "haircut", "mode": "queue"}
    answers = together(TIMES, lambda n: organiser.post(f"/stalls/{stalls[n]}/offerings", body))
    assert codes(answers) == [(201, None)] * TIMES
    assert sorted(answer.json["letter"] for answer in answers) == list("ABCDEF")


def test_one_time_gets_one_slot(committed_world: World, organiser: Person) -> None:
    draft, offering = slots_offering(committed_world, organiser)
    slot = {"starts_at": draft["starts_at"], "ends_at": draft["ends_at"], "capacity": 5}
    path = f"/offerings/{offering}/slots"
    answers = together(TIMES, lambda _: organiser.post(path, {"slots": [slot]}))
    assert codes(answers) == ends(201, 409, "slot_exists")
    assert len(ok(organiser.get(f"/offerings/{offering}"))["slots"]) == 1


def test_of_slots_that_overlap_one_is_made_or_moved(
    committed_world: World, organiser: Person
) -> None:
    """Added and moved at once, each over the others."""
    draft, offering = slots_offering(committed_world, organiser)
    start = datetime.fromisoformat(draft["starts_at"])

    def at(minutes: int) -> str:
        return (start + timedelta(minutes=minutes)).isoformat()

    standing = committed_world.slot(organiser, offering, at(120))

    def act(n: int) -> TestResponse:
        times = {"starts_at": at(n), "ends_at": at(n + 30)}
        if n == 0:
            return organiser.put(f"/slots/{standing['id']}", times)
        slots = [times | {"capacity": 5}]
        return organiser.post(f"/offerings/{offering}/slots", {"slots": slots})

    answers = together(TIMES, act)
    assert [answer.status_code for answer in answers].count(409) == TIMES - 1
    assert {a.json["code"] for a in answers if a.status_code == 409} == {"slots_overlap"}


def slots_offering(world: World, organiser: Person) -> tuple[dict[str, Any], str]:
    draft = world.draft(organiser)
    stall = world.stall(organiser, draft["id"])
    return draft, world.offering(organiser, stall["id"], mode="slots")["id"]


# ---------------------------------------------------------------------------- deleted meanwhile


@pytest.mark.parametrize("kind", ["stalls", "offerings", "slots"])
def test_what_is_deleted_twice_is_deleted_once(
    committed_app: Flask, committed_world: World, organiser: Person, kind: str
) -> None:
    draft, ids = a_row_of_each(committed_world, organiser)
    answers = together(TIMES, lambda _: organiser.delete(f"/{kind}/{ids[kind]}"))
    assert codes(answers) == ends(204, 404, "not_found")
    assert audited(committed_app, draft, f"delete_{kind[:-1]}") == 1


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("stalls", {"name": "改名"}),
        ("offerings", {"title": "改名", "also_at_stall_ids": []}),
        ("slots", {"capacity": 3}),
    ],
)
def test_an_edit_and_a_deletion_come_one_after_the_other(
    committed_world: World, organiser: Person, kind: str, change: dict[str, Any]
) -> None:
    """The later one finds nothing left to edit: 404, never a 500."""
    for _ in range(TIMES):
        _, ids = a_row_of_each(committed_world, organiser)
        path = f"/{kind}/{ids[kind]}"

        def edit(path: str = path) -> TestResponse:
            return organiser.put(path, change)

        def delete(path: str = path) -> TestResponse:
            return organiser.delete(path)

        edited, deleted = together(edit, delete)
        assert deleted.status_code == 204, deleted.get_data(as_text=True)
        assert edited.status_code in (200, 404), edited.get_data(as_text=True)


@pytest.mark.parametrize(
    ("parent", "child", "body"),
    [
        ("stalls", "offerings", {"title": "x", "service_kind": "legal", "mode": "open"}),
        ("offerings", "slots", None),
    ],
)
def test_nothing_is_added_to_what_is_being_deleted(
    committed_world: World, organiser: Person, parent: str, child: str, body: Any
) -> None:
    for _ in range(TIMES):
        draft, ids = a_row_of_each(committed_world, organiser)
        activity = ok(organiser.get(f"/activities/{draft}"))
        slot = {"starts_at": activity["starts_at"], "ends_at": activity["ends_at"], "capacity": 5}
        assert organiser.delete(f"/slots/{ids['slots']}").status_code == 204
        path, sent = f"/{parent}/{ids[parent]}", body or {"slots": [slot]}

        def add(path: str = path, sent: Any = sent) -> TestResponse:
            return organiser.post(f"{path}/{child}", sent)

        def delete(path: str = path) -> TestResponse:
            return organiser.delete(path)

        added, deleted = together(add, delete)
        assert deleted.status_code == 204, deleted.get_data(as_text=True)
        assert added.status_code in (201, 404), added.get_data(as_text=True)


def a_row_of_each(world: World, organiser: Person) -> tuple[str, dict[str, str]]:
    """An activity's id, and the ids of a stall, an offering and a slot of it."""
    draft, offering = slots_offering(world, organiser)
    slot = world.slot(organiser, offering, draft["starts_at"])
    stall = ok(organiser.get(f"/offerings/{offering}"))["stall_id"]
    return draft["id"], {"stalls": stall, "offerings": offering, "slots": slot["id"]}


# ---------------------------------------------------------------------------- codes


def test_of_two_who_revoke_the_code_one_does(
    committed_app: Flask, committed_world: World, organiser: Person
) -> None:
    """The other is told to look again; one code stands at every moment."""
    activity_id = committed_world.draft(organiser)["id"]
    path = f"/activities/{activity_id}/code"
    answers = together(TIMES, lambda _: organiser.post(f"{path}/revoke"))
    found = codes(answers)
    assert (200, None) in found
    assert set(found) <= {(200, None), (409, "conflict")}
    ok(organiser.get(path))
    standing = select(func.count()).where(
        MarketCode.activity_id == activity_id, MarketCode.revoked_at.is_(None)
    )
    with committed_app.app_context(), transaction() as session:
        assert session.execute(standing).scalar_one() == 1


def test_the_image_asked_for_by_many_is_the_same(
    committed_app: Flask, committed_world: World, organiser: Person
) -> None:
    """WeChat is away here: each gets the plain QR, and none is kept for WeChat's."""
    activity_id = committed_world.draft(organiser)["id"]
    path = f"/activities/{activity_id}/code.png"
    answers = together(TIMES, lambda _: organiser.get(path))
    assert [answer.status_code for answer in answers] == [200] * TIMES
    assert len({answer.get_data() for answer in answers}) == 1
    with committed_app.app_context(), transaction() as session:
        assert session.execute(select(func.count()).select_from(CodeImage)).scalar_one() == 0
