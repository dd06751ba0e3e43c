"""Rectification: a bad rating, its deadline, reply, call-back; and who complained stays unknown
(docs/rules/ratings.md, A bad rating)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import select

from backend.core import clock
from backend.core.config import RATING
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.core.permissions import Role
from backend.feedback.models import Rating, Rectification
from backend.identity import roles
from backend.identity.roles import Scope
from backend.regions.models import Region
from tests.support.fair import Fair, audit_of
from tests.support.inbox import inbox
from tests.support.world import DISTRICT, OTHER_SUBDISTRICT, Person, World, ok, refused

REPLY: dict[str, Any] = {"reply": "已增加人手"}
CALL: dict[str, Any] = {"note": "认可", "satisfied": True}
WHY: dict[str, Any] = {"reason": "电话回访"}


def act(person: Person, rectification_id: str, action: str, body: dict[str, Any]) -> Any:
    return person.post(f"/rectifications/{rectification_id}/{action}", body)


# ---------------------------------------------------------------------------- opening


@pytest.mark.parametrize(("score", "opened"), [(1, 1), (2, 1), (3, 0), (4, 0), (5, 0)])
def test_the_two_bottom_levels_open_one(fair: Fair, score: int, opened: int) -> None:
    fair.rated(score=score)
    assert len(ok(fair.organiser.get("/rectifications"))["items"]) == opened


def test_it_says_what_is_complained_of(fair: Fair) -> None:
    _, rectification_id = fair.complaint(score=2, items={"waiting": 1}, tags=["slow"])
    shown = ok(fair.organiser.get(f"/rectifications/{rectification_id}"))
    expected = {
        "id": rectification_id,
        "activity_id": fair.id,
        "activity_title": "花园社区公益集市",
        "region_name": "花园社区",
        "offering_id": fair.market.offering_id,
        "offering_title": "义剪",
        "state": "open",
        "overdue": False,
        "score": 2,
        "items": {"waiting": 1},
        "tags": ["slow"],
        "comment": None,
        "reply": None,
        "closed_at": None,
    }
    assert shown.items() >= expected.items()
    assert shown.pop("rounds") == []
    assert ok(fair.organiser.get("/rectifications"))["items"] == [shown]


# The last second of a day in Shanghai, and the first of the next.
@pytest.mark.parametrize(
    ("rated_at", "due_at"),
    [
        (datetime(2026, 5, 1, 15, 59, 59, tzinfo=UTC), datetime(2026, 5, 6, 16, 0, tzinfo=UTC)),
        (datetime(2026, 5, 1, 16, 0, 0, tzinfo=UTC), datetime(2026, 5, 7, 16, 0, tzinfo=UTC)),
    ],
)
def test_its_deadline_is_the_end_of_a_day_in_shanghai(
    world: World, rated_at: datetime, due_at: datetime
) -> None:
    assert RATING.rectify_days == 5
    with time_machine.travel(rated_at, tick=False) as moment:
        fair = Fair.live(world)
        _, rectification_id = fair.complaint()
        shown = ok(fair.organiser.get(f"/rectifications/{rectification_id}"))
        assert datetime.fromisoformat(shown["due_at"]) == due_at
        for at, overdue in ((due_at - timedelta(seconds=1), False), (due_at, True)):
            moment.move_to(at)
            shown = ok(fair.organiser.get(f"/rectifications/{rectification_id}"))
            assert shown["overdue"] is overdue
            counts = fair.evaluation()["rectifications"]
            assert counts == {"total": 1, "open": 1, "overdue": int(overdue), "closed": 0}


def test_an_edit_to_bad_opens_one_and_only_one(fair: Fair) -> None:
    person, rating = fair.rated(score=5)
    for score in (2, 1, 4, 1, 2):
        ok(person.put(f"/ratings/{rating['id']}", {"score": score}))
        assert fair.evaluation()["rectifications"]["total"] == 1


def test_an_edit_to_good_leaves_it_open_and_noted(fair: Fair) -> None:
    """Nobody may be persuaded out of a complaint without a trace."""
    person, rating = fair.rated(score=1)
    rectification_id = fair.rectification_of(rating["id"])
    ok(person.put(f"/ratings/{rating['id']}", {"score": 5}))
    shown = ok(fair.organiser.get(f"/rectifications/{rectification_id}"))
    assert (shown["state"], shown["score"]) == ("open", 5)
    entry = audit_of(fair.app, "rectification", rectification_id)[-1]
    assert (entry.action, entry.from_state, entry.to_state) == ("rating_changed", "open", "open")
    assert entry.details == {"score_before": 1, "score": 5}


def test_opening_is_audited_without_naming_who_complained(fair: Fair) -> None:
    _, rectification_id = fair.complaint()
    (entry,) = audit_of(fair.app, "rectification", rectification_id)
    assert (entry.action, entry.from_state, entry.to_state) == ("open_rectification", None, "open")
    assert entry.actor_user_id is None
    assert entry.region_code == "320412100001"


# ---------------------------------------------------------------------------- the rater


def test_nobody_but_the_rater_learns_who_it_was(fair: Fair) -> None:
    person, rectification_id = fair.complaint()
    person.put("/me", {"name": "独孤求败"})
    ok(person.post("/me/phone", {"phone": "13912345678"}))
    rating = ok(person.get("/me/ratings"))["items"][0]
    secrets = ["独孤", str(person.resident_id), str(person.user_id), rating["booking_id"],
               rating["id"], "13912345678", "139****"]  # fmt: skip
    admin = fair.world.staff(Role.ADMIN, DISTRICT)
    for reader in (fair.organiser, admin, fair.world.staff(Role.AUDITOR)):
        for path in ("/rectifications", f"/rectifications/{rectification_id}",
                     f"/activities/{fair.id}/evaluation", "/evaluations"):  # fmt: skip
            answer = reader.get(path).get_data(as_text=True)
            assert not [secret for secret in secrets if secret in answer], path
    answer = act(fair.organiser, rectification_id, "reply", REPLY).get_data(as_text=True)
    assert not [secret for secret in secrets if secret in answer]


# ---------------------------------------------------------------------------- handling


def test_reply_call_back_close(fair: Fair) -> None:
    _, rectification_id = fair.complaint()
    organiser = fair.organiser
    with_number = {"reply": "已增加人手，请打 13812345678"}
    refused(act(organiser, rectification_id, "reply", with_number), 422, "validation_failed")
    replied = ok(act(organiser, rectification_id, "reply", REPLY))
    assert (replied["state"], replied["reply"]) == ("replied", "已增加人手")
    assert replied["replied_at"]
    called = ok(act(organiser, rectification_id, "call-back", CALL))
    assert (called["state"], called["call_back_note"]) == ("called_back", "认可")
    assert called["resident_satisfied"] is True
    assert called["called_back_at"]
    closed = ok(act(organiser, rectification_id, "close", {}))
    assert closed["state"] == "closed"
    assert closed["closed_at"]
    counts = fair.evaluation()["rectifications"]
    assert counts == {"total": 1, "open": 0, "overdue": 0, "closed": 1}
    entries = audit_of(fair.app, "rectification", rectification_id)[1:]
    assert [(entry.action, entry.from_state, entry.to_state) for entry in entries] == [
        ("reply", "open", "replied"),
        ("call_back", "replied", "called_back"),
        ("close", "called_back", "closed"),
    ]
    assert {entry.actor_user_id for entry in entries} == {organiser.user_id}


def test_every_other_step_is_illegal(fair: Fair) -> None:
    _, rectification_id = fair.complaint()
    steps: dict[str, dict[str, Any]] = {"reply": REPLY, "call-back": CALL, "close": {}}
    for legal in [*steps, None]:
        for action, body in steps.items():
            if action != legal:
                refused(
                    act(fair.organiser, rectification_id, action, body), 409, "illegal_transition"
                )
        if legal:
            ok(act(fair.organiser, rectification_id, legal, steps[legal]))
    shown = ok(fair.organiser.get(f"/rectifications/{rectification_id}"))
    assert (shown["reply"], shown["call_back_note"]) == ("已增加人手", "认可")


def test_a_dissatisfied_resident_is_kept_too(fair: Fair) -> None:
    _, rectification_id = fair.complaint()
    ok(act(fair.organiser, rectification_id, "reply", REPLY))
    body = {"note": "不认可", "satisfied": False}
    called = ok(act(fair.organiser, rectification_id, "call-back", body))
    assert called["resident_satisfied"] is False


@pytest.mark.parametrize(
    ("action", "body", "field"),
    [
        ("reply", {}, "reply"), ("reply", {"reply": " "}, "reply"),
        ("reply", {"reply": "好" * 1001}, "reply"), ("reply", REPLY | {"state": "closed"}, "state"),
        ("call-back", {"note": "认可"}, "satisfied"), ("call-back", {"satisfied": True}, "note"),
        ("call-back", CALL | {"satisfied": "yes"}, "satisfied"),
        ("close", {"note": "x"}, "note"),
        ("contact", {}, "reason"), ("contact", {"reason": 1}, "reason"),
    ],
)  # fmt: skip
def test_wrong_bodies_are_refused(
    fair: Fair, action: str, body: dict[str, Any], field: str
) -> None:
    _, rectification_id = fair.complaint()
    problem = refused(act(fair.organiser, rectification_id, action, body), 422, "validation_failed")
    assert field in problem["errors"]


# ---------------------------------------------------------------------------- whose

ACTIONS: list[tuple[str, dict[str, Any]]] = [
    ("reply", REPLY),
    ("call-back", CALL),
    ("close", {}),
    ("contact", WHY),
]


def test_another_regions_rectification_does_not_exist(fair: Fair) -> None:
    _, rectification_id = fair.complaint()
    stranger = fair.world.organiser(OTHER_SUBDISTRICT)
    refused(stranger.get(f"/rectifications/{rectification_id}"), 404, "not_found")
    for action, body in ACTIONS:
        refused(act(stranger, rectification_id, action, body), 404, "not_found")
        refused(act(stranger, str(new_id()), action, body), 404, "not_found")
    assert ok(stranger.get("/rectifications"))["items"] == []
    assert ok(stranger.get("/rectifications", activity_id=fair.id))["items"] == []


def test_residents_volunteers_and_partners_see_none(fair: Fair) -> None:
    person, rectification_id = fair.complaint()
    partner = fair.world.staff(Role.PARTNER, organisation_id=fair.world.organisation())
    for reader in (person, fair.world.volunteer(), partner):
        refused(reader.get("/rectifications"), 403, "forbidden")
        refused(reader.get(f"/rectifications/{rectification_id}"), 403, "forbidden")
        for action, body in ACTIONS:
            refused(act(reader, rectification_id, action, body), 403, "forbidden")


def test_an_auditor_sees_but_does_not_handle(fair: Fair) -> None:
    _, rectification_id = fair.complaint()
    auditor = fair.world.staff(Role.AUDITOR)
    ok(auditor.get(f"/rectifications/{rectification_id}"))
    for action, body in ACTIONS:
        refused(act(auditor, rectification_id, action, body), 403, "forbidden")


def test_who_handles_elsewhere_and_audits_here_may_not_handle_here(fair: Fair) -> None:
    _, rectification_id = fair.complaint()
    person = fair.world.organiser(OTHER_SUBDISTRICT)
    with fair.app.app_context(), transaction() as session:
        here = session.execute(select(Region.id).where(Region.code == "320412100")).scalar_one()
        roles.grant(session, None, person.user_id, Role.AUDITOR, Scope(region_id=here))
    ok(person.get(f"/rectifications/{rectification_id}"))
    for action, body in ACTIONS:
        refused(act(person, rectification_id, action, body), 403, "forbidden")


# ---------------------------------------------------------------------------- list


def test_the_list_by_deadline_in_pages_and_filtered(world: World) -> None:
    start = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as moment:
        two_days = {"hours": 30}
        fair = Fair.live(world, activity=two_days)
        other = Fair.live(world, world.organiser(DISTRICT), activity=two_days)
        ids = [fair.complaint()[1]]
        moment.shift(timedelta(days=1))
        ids += [other.complaint()[1], fair.complaint()[1]]
        ok(act(fair.organiser, ids[2], "reply", REPLY))
        organiser = fair.organiser

        def listed(**query: Any) -> list[str]:
            return [item["id"] for item in ok(organiser.get("/rectifications", **query))["items"]]

        assert listed() == ids
        first = ok(organiser.get("/rectifications", limit=2))
        assert [item["id"] for item in first["items"]] == ids[:2]
        assert listed(limit=2, cursor=first["next_cursor"]) == ids[2:]
        assert listed(state="replied") == ids[2:]
        assert listed(activity_id=other.id) == [ids[1]]
        moment.move_to(clock.day_end(clock.local_day(start) + timedelta(days=5)))
        assert listed(overdue="true") == ids[:1]
        assert listed(overdue="false") == ids[1:]
        for step, body in (("reply", REPLY), ("call-back", CALL), ("close", {})):
            ok(act(organiser, ids[0], step, body))
        assert listed(overdue="true") == []
        assert listed(state="closed") == listed(open="false") == ids[:1]
        assert listed(open="true") == ids[1:]


@pytest.mark.parametrize(
    ("field", "value"),
    [("state", "lost"), ("overdue", "yes"), ("overdue", "1"), ("activity_id", "x"),
     ("cursor", "x"), ("limit", "0"), ("limit", "101"), ("sort", "mean")],
)  # fmt: skip
def test_wrong_queries_are_refused(fair: Fair, field: str, value: str) -> None:
    problem = refused(
        fair.organiser.get("/rectifications", **{field: value}), 422, "validation_failed"
    )
    assert field in problem["errors"]


# ---------------------------------------------------------------------------- contact


def test_the_raters_number_for_the_call_back_and_audited(fair: Fair) -> None:
    person, rectification_id = fair.complaint()
    ok(person.post("/me/phone", {"phone": "13912345678"}))
    answer = ok(act(fair.organiser, rectification_id, "contact", WHY))
    assert answer == {"phone": "13912345678", "phone_state": "typed"}
    entry = audit_of(fair.app, "rectification", rectification_id)[-1]
    assert (entry.action, entry.actor_user_id) == ("see_contact", fair.organiser.user_id)
    assert (entry.details, entry.reason) == ({}, "电话回访")
    (told,) = [notice for notice in inbox(person) if notice["kind"] == "looked_up"]
    assert "湖塘镇的组织者为评价回访查看了您的电话号码。写明的原因：电话回访。" in told["text"]
    ok(act(fair.organiser, rectification_id, "reply", REPLY))
    ok(act(fair.organiser, rectification_id, "contact", WHY))


def test_without_a_number_there_is_none_to_see(fair: Fair) -> None:
    _, rectification_id = fair.complaint()
    refused(act(fair.organiser, rectification_id, "contact", WHY), 409, "no_contact")
    assert len(audit_of(fair.app, "rectification", rectification_id)) == 1


def test_after_the_call_back_the_number_is_closed(fair: Fair) -> None:
    person, rectification_id = fair.complaint()
    ok(person.post("/me/phone", {"phone": "13912345678"}))
    for step, body in (("reply", REPLY), ("call-back", CALL)):
        ok(act(fair.organiser, rectification_id, step, body))
        if step == "call-back":
            refused(act(fair.organiser, rectification_id, "contact", WHY), 409, "contact_over")
    ok(act(fair.organiser, rectification_id, "close", {}))
    refused(act(fair.organiser, rectification_id, "contact", WHY), 409, "contact_over")


def test_for_a_family_member_the_one_who_rated_is_called(fair: Fair) -> None:
    person = fair.world.person()
    granny = ok(person.post("/me/family", {"name": "王奶奶", "phone": "13811112222"}), 201)
    body = {"booking_id": fair.booking(granny["id"]), "score": 1}
    rating = ok(person.post("/ratings", body), 201)
    rectification_id = fair.rectification_of(rating["id"])

    def number() -> str:
        phone: str = ok(act(fair.organiser, rectification_id, "contact", WHY))["phone"]
        return phone

    assert number() == "13811112222"
    ok(person.post("/me/phone", {"phone": "13912345678"}))
    assert number() == "13912345678"


def test_a_closed_account_leaves_no_number(fair: Fair) -> None:
    person, rectification_id = fair.complaint()
    ok(person.post("/me/phone", {"phone": "13912345678"}))
    assert person.delete("/me").status_code == 204
    refused(act(fair.organiser, rectification_id, "contact", WHY), 409, "no_contact")
    rating_id = UUID(_rating_of(fair, rectification_id))
    with fair.app.app_context(), transaction() as session:
        assert session.get_one(Rating, rating_id).score == 1


def _rating_of(fair: Fair, rectification_id: str) -> str:
    with fair.app.app_context(), transaction() as session:
        return str(session.get_one(Rectification, UUID(rectification_id)).rating_id)
