"""The evaluation checklist: what it counts, who sees what, and that it freezes (docs/adr/0007)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import text

from backend.bookings.models import BookingState
from backend.core.config import RATING
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.core.permissions import Role
from backend.feedback.models import EvaluationChecklist
from backend.feedback.tasks import freeze_evaluations
from tests.support.fair import Fair, Statements, audit_of
from tests.support.world import DISTRICT, OTHER_SUBDISTRICT, Person, World, ok, refused

HIDDEN = ("score", "satisfied_share", "distribution", "items", "bad_ratings", "rectifications")


def test_an_evaluation_of_nothing(fair: Fair) -> None:
    evaluation = fair.evaluation()
    assert (evaluation["state"], evaluation["frozen_at"]) == ("live", None)
    assert evaluation["activity_id"] == fair.id
    assert (evaluation["served"], evaluation["rated"]) == (0, 0)
    assert evaluation["response_rate"] is None
    assert evaluation["verdict"] == "insufficient_data"
    outcome = evaluation["needs"].pop("outcome")
    assert set(evaluation["needs"].values()) == set(outcome.values()) == {0}


def test_what_is_counted(fair: Fair) -> None:
    clinic = fair.offering("义诊", "clinic")
    fair.answers([5] * 7 + [4, 2, 1], items={"attitude": 4}, unrated=10)
    fair.answers([3, 3], clinic, unrated=1)
    fair.answers([5, 1], visits=True, unrated=2)
    found = fair.evaluation()
    assert (found["served"], found["rated"]) == (23, 14)
    assert found["response_rate"] == pytest.approx(12 / 23)
    assert found["visits"] == {"attended": 4, "rated": 2, "response_rate": 0.5}
    assert found["distribution"] == {"1": 2, "2": 1, "3": 2, "4": 1, "5": 8}
    assert sum(found["distribution"].values()) == found["rated"]
    assert found["bad_ratings"] == 3
    assert found["score"]["mean"] == pytest.approx((8 * 5 + 4 + 6 + 2 + 2) / 14)
    assert found["score"]["low"] < found["score"]["mean"] < found["score"]["high"]
    share = found["satisfied_share"]
    assert share["value"] == pytest.approx(11 / 14)
    assert share["low"] < share["value"] < share["high"]
    attitude = next(item for item in found["items"] if item["key"] == "attitude")
    assert (attitude["title"], attitude["n"], attitude["mean"]) == ("服务态度", 10, 4)
    assert (attitude["target_share"], attitude["met"]) == (0.9, True)
    assert found["verdict"] == "to_improve"
    haircut, second = found["offerings"]
    assert (haircut["offering_id"], second["offering_id"]) == (fair.market.offering_id, clinic)
    assert (haircut["title"], haircut["service_kind"]) == ("义剪", "haircut")
    assert (haircut["served"], haircut["rated"], haircut["response_rate"]) == (20, 10, 0.5)
    assert second["distribution"] == {"1": 0, "2": 0, "3": 2, "4": 0, "5": 0}


def test_only_what_was_served_counts_as_served(fair: Fair) -> None:
    person = fair.world.person()
    fair.booking(person.resident_id)
    fair.booking_in(fair.world.person().resident_id, BookingState.CANCELLED)
    fair.visit(person.resident_id)
    fair.undo_visit(fair.visit(fair.world.person().resident_id))
    found = fair.evaluation()
    assert found["served"] == 1
    assert found["visits"]["attended"] == 1


def test_another_activitys_ratings_do_not_count(fair: Fair) -> None:
    other = Fair.live(fair.world, fair.organiser)
    other.answers([1, 2, 3], items={"attitude": 1})
    other.answers([1], visits=True)
    assert fair.evaluation()["rated"] == 0
    assert other.evaluation()["rated"] == 4


# ---------------------------------------------------------------------------- who sees what


def publicly(fair: Fair) -> list[dict[str, Any]]:
    """As a visitor, a resident, a volunteer, a partner, and an organiser of elsewhere see it."""
    world = fair.world
    partner = world.staff(Role.PARTNER, organisation_id=world.organisation())
    people: list[Person] = [
        world.person(), world.volunteer(), partner, world.organiser(OTHER_SUBDISTRICT)
    ]  # fmt: skip
    path = f"/activities/{fair.id}/evaluation"
    return [ok(world.http.get("/api/v1" + path)), *(ok(person.get(path)) for person in people)]


def test_few_answers_are_for_organisers_and_auditors_only(fair: Fair) -> None:
    fair.answers([1] * (RATING.publish_from - 1))
    for shown in publicly(fair):
        assert shown["hidden"] is True
        assert [shown[name] for name in HIDDEN] == [None] * len(HIDDEN)
        assert shown["offerings"][0]["hidden"] is True
        assert shown["offerings"][0]["score"] is None
        assert (shown["served"], shown["rated"]) == (9, 9)
        assert shown["verdict"] == "insufficient_data"
    for reader in (fair.organiser, fair.world.staff(Role.AUDITOR),
                   fair.world.staff(Role.ADMIN, DISTRICT)):  # fmt: skip
        shown = fair.evaluation(reader)
        assert (shown["hidden"], shown["small_sample"]) == (False, True)
        assert shown["distribution"]["1"] == 9
        assert shown["offerings"][0]["score"]["mean"] == 1


def test_enough_answers_are_for_everybody(fair: Fair) -> None:
    fair.answers([5] * RATING.publish_from)
    for shown in publicly(fair):
        assert (shown["hidden"], shown["small_sample"]) == (False, False)
        assert shown["distribution"]["5"] == RATING.publish_from
        assert shown["verdict"] == "met"


def test_one_hidden_service_cannot_be_worked_out(fair: Fair) -> None:
    second, third = fair.offering("义诊"), fair.offering("法规解读", "legal")
    fair.answers([5] * 20)
    fair.answers([5] * 11, second)
    fair.answers([1, 1], third)
    for shown in publicly(fair):
        assert [offering["hidden"] for offering in shown["offerings"]] == [False, True, True]
    assert not any(offering["hidden"] for offering in fair.evaluation()["offerings"])


def test_a_draft_has_no_public_evaluation(world: World) -> None:
    organiser = world.organiser()
    draft = world.draft(organiser)
    path = f"/activities/{draft['id']}/evaluation"
    refused(world.http.get("/api/v1" + path), 404, "not_found")
    refused(world.person().get(path), 404, "not_found")
    refused(world.organiser(OTHER_SUBDISTRICT).get(path), 404, "not_found")
    assert ok(organiser.get(path))["served"] == 0
    refused(world.http.get(f"/api/v1/activities/{new_id()}/evaluation"), 404, "not_found")


def test_a_published_activity_has_one(world: World) -> None:
    organiser = world.organiser()
    draft = world.ready(organiser)
    ok(organiser.post(f"/activities/{draft['id']}/publish"))
    assert ok(world.http.get(f"/api/v1/activities/{draft['id']}/evaluation"))["hidden"] is True


def test_it_costs_the_same_whatever_there_is(fair: Fair) -> None:
    statements = Statements(fair.app)
    with statements:
        fair.evaluation()
    assert len(statements) <= 5
    few = len(statements)
    for number in range(6):
        fair.answers([5, 4, 3], fair.offering(f"服务{number}"), items={"attitude": 4})
    fair.answers([5, 1] * 10, visits=True)
    with statements:
        fair.evaluation()
    assert len(statements) == few


# ---------------------------------------------------------------------------- freezing

NOON = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
WINDOW = timedelta(days=RATING.window_days)


def freeze(fair: Fair) -> None:
    with fair.app.app_context():
        freeze_evaluations()


def test_it_is_live_until_closed_and_past_its_window(world: World) -> None:
    with time_machine.travel(NOON, tick=False) as moment:
        fair = Fair.live(world)
        fair.answers([5] * 12)
        moment.move_to(NOON + timedelta(hours=4))
        fair.close()
        end = NOON + timedelta(hours=4) + WINDOW
        moment.move_to(end - timedelta(seconds=1))
        freeze(fair)
        assert fair.evaluation()["state"] == "live"
        moment.move_to(end)
        freeze(fair)
        frozen = fair.evaluation()
        assert (frozen["state"], datetime.fromisoformat(frozen["frozen_at"])) == ("frozen", end)
        assert (frozen["rated"], frozen["verdict"]) == (12, "met")


def test_an_activity_that_is_not_closed_stays_live(world: World) -> None:
    with time_machine.travel(NOON, tick=False) as moment:
        fair = Fair.live(world)
        moment.move_to(NOON + timedelta(hours=4) + 2 * WINDOW)
        freeze(fair)
        assert fair.evaluation()["state"] == "live"


@pytest.fixture
def frozen(world: World) -> Any:
    """A market frozen with twelve good answers, and the moment a day later."""
    with time_machine.travel(NOON, tick=False) as moment:
        fair = Fair.live(world)
        fair.answers([5] * 12)
        fair.complaint()
        fair.close()
        moment.move_to(NOON + timedelta(hours=4) + WINDOW)
        freeze(fair)
        moment.shift(timedelta(days=1))
        yield fair


def test_what_is_frozen_no_longer_changes(frozen: Fair) -> None:
    before = frozen.evaluation()
    frozen.answers([1] * 20)
    assert frozen.evaluation() == before
    assert before["rectifications"] == {"total": 1, "open": 1, "overdue": 1, "closed": 0}


def test_a_frozen_checklist_is_hidden_as_a_live_one(world: World) -> None:
    with time_machine.travel(NOON, tick=False) as moment:
        fair = Fair.live(world)
        fair.answers([1] * 9)
        fair.close()
        moment.move_to(NOON + timedelta(hours=4) + WINDOW)
        freeze(fair)
        for shown in publicly(fair):
            assert (shown["state"], shown["hidden"], shown["score"]) == ("frozen", True, None)
        assert fair.evaluation()["score"]["mean"] == 1


def test_freezing_twice_does_no_harm_and_is_audited_once(frozen: Fair) -> None:
    before = frozen.evaluation()
    freeze(frozen)
    assert frozen.evaluation() == before
    (entry,) = audit_of(frozen.app, "evaluation_checklist", frozen.id)
    assert (entry.action, entry.from_state, entry.to_state) == (
        "freeze_evaluation", "live", "frozen",
    )  # fmt: skip
    assert entry.actor_user_id is None
    assert entry.region_code == "320412100001"


def test_two_runs_at_once_freeze_once(frozen: Fair, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second has listed the activity before the first has stored it."""
    before = frozen.evaluation()
    due = text("SELECT id FROM activity")
    monkeypatch.setattr("backend.feedback.tasks._due", lambda: due)
    freeze(frozen)
    assert frozen.evaluation() == before
    assert len(audit_of(frozen.app, "evaluation_checklist", frozen.id)) == 1


def test_nothing_can_be_rated_once_frozen(world: World) -> None:
    """Even where a clock that is behind has the window still open."""
    fair = Fair.live(world)
    person, rating = fair.rated(score=4)
    late, booking_id = fair.served()
    with fair.app.app_context(), transaction() as session:
        session.add(EvaluationChecklist(activity_id=UUID(fair.id), content={}))
    refused(late.post("/ratings", {"booking_id": booking_id, "score": 1}), 409, "rating_closed")
    refused(person.put(f"/ratings/{rating['id']}", {"score": 1}), 409, "rating_closed")


def test_the_days_summary_hides_what_the_evaluation_hides(fair: Fair) -> None:
    volunteer = fair.world.volunteer()
    path = f"/activities/{fair.id}/summary"
    fair.answers([1] * (RATING.publish_from - 1))
    told = ok(volunteer.get(path))["offerings"][0]["rating"]
    assert (told["hidden"], told["score"], told["satisfied_share"]) == (True, None, None)
    assert told["rated"] == 9
    full = ok(fair.organiser.get(path))["offerings"][0]["rating"]
    assert (full["hidden"], full["score"]["mean"]) == (False, 1)
