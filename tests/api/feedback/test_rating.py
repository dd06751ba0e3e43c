"""Ratings: bound to what was delivered, once, within a window
(docs/rules/ratings.md, What can be rated)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine

from backend.bookings.models import BookingState
from backend.core import clock
from backend.core.config import RATING
from backend.core.ids import new_id
from tests.support.fair import GOOD, Fair
from tests.support.world import Person, World, ok, refused

NOBODY = str(UUID(int=7))
"""An id that nothing has; the same in every worker, because it names tests."""


def rate(person: Person, booking_id: str, /, **rating: Any) -> Any:
    return person.post("/ratings", {"booking_id": booking_id} | GOOD | rating)


def test_a_served_booking_can_be_rated(fair: Fair) -> None:
    person, booking_id = fair.served(name="王秀英")
    rating = {"score": 4, "items": {"attitude": 5, "waiting": 2}, "tags": ["warm", "slow"]}
    answer = ok(rate(person, booking_id, **rating), 201)
    assert {key: answer[key] for key in rating} == rating
    assert answer["booking_id"] == booking_id
    assert (answer["activity_id"], answer["offering_id"]) == (fair.id, fair.market.offering_id)
    assert (answer["activity_title"], answer["offering_title"]) == ("花园社区公益集市", "义剪")
    assert answer["resident"] == {"id": str(person.resident_id), "display_name": "王秀英"}
    assert (answer["comment"], answer["comment_state"]) == (None, "none")
    assert not answer.keys() & {"rated_by", "resident_id", "attendance_id"}


@pytest.mark.parametrize("state", [s for s in BookingState if s is not BookingState.SERVED])
def test_only_what_was_served_can_be_rated(fair: Fair, state: BookingState) -> None:
    person = fair.world.person()
    extra = {"called_stall_id": fair.market.stall_id} if state is BookingState.CALLED else {}
    booking_id = fair.booking_in(person.resident_id, state, **extra)
    refused(rate(person, booking_id), 409, "not_served")


def test_a_visit_can_be_rated(fair: Fair) -> None:
    person = fair.world.person()
    fair.visit(person.resident_id)
    answer = ok(person.post("/ratings", {"activity_id": fair.id, "score": 3}), 201)
    assert (answer["booking_id"], answer["offering_id"], answer["offering_title"]) == (None,) * 3


def test_without_a_visit_the_activity_cannot_be_rated(fair: Fair) -> None:
    person = fair.world.person()
    refused(person.post("/ratings", {"activity_id": fair.id, "score": 5}), 409, "not_served")


def test_a_visit_that_was_undone_cannot_be_rated(fair: Fair) -> None:
    person = fair.world.person()
    fair.undo_visit(fair.visit(person.resident_id))
    refused(person.post("/ratings", {"activity_id": fair.id, "score": 5}), 409, "not_served")


def test_a_visit_that_was_undone_and_scanned_again_is_rated_once(fair: Fair) -> None:
    person = fair.world.person()
    first = fair.visit(person.resident_id)
    ok(person.post("/ratings", {"activity_id": fair.id, "score": 5}), 201)
    fair.undo_visit(first)
    assert fair.evaluation()["rated"] == 0
    fair.visit(person.resident_id)
    refused(person.post("/ratings", {"activity_id": fair.id, "score": 5}), 409, "already_rated")
    assert fair.evaluation()["visits"] == {"attended": 1, "rated": 1, "response_rate": 1.0}


def test_of_a_visit_on_two_days_only_the_last_is_rated(world: World) -> None:
    """Who presses twice on the second day has said one thing, not two."""
    fair = Fair.live(world, activity={"hours": 30})
    person = world.person()
    fair.visit(person.resident_id)
    fair.visit_at(person.resident_id, clock.now() + timedelta(days=1))
    ok(person.post("/ratings", {"activity_id": fair.id, "score": 5}), 201)
    refused(person.post("/ratings", {"activity_id": fair.id, "score": 5}), 409, "already_rated")


def test_each_day_of_a_long_activity_can_be_rated(world: World) -> None:
    fair = Fair.live(world, activity={"hours": 30})
    person = world.person()
    fair.visit(person.resident_id)
    ok(person.post("/ratings", {"activity_id": fair.id, "score": 5}), 201)
    fair.visit_at(person.resident_id, clock.now() + timedelta(days=1))
    ok(person.post("/ratings", {"activity_id": fair.id, "score": 4}), 201)
    assert fair.evaluation()["visits"] == {"attended": 2, "rated": 2, "response_rate": 1.0}


def test_one_rating_for_each_booking_and_visit(fair: Fair) -> None:
    person, booking_id = fair.served()
    fair.visit(person.resident_id)
    ok(rate(person, booking_id), 201)
    refused(rate(person, booking_id, score=1), 409, "already_rated")
    ok(person.post("/ratings", {"activity_id": fair.id, "score": 5}), 201)
    refused(person.post("/ratings", {"activity_id": fair.id, "score": 5}), 409, "already_rated")
    assert [item["score"] for item in ok(person.get("/me/ratings"))["items"]] == [5, 5]


def test_a_repeat_with_its_key_gets_the_first_answer(fair: Fair) -> None:
    person, booking_id = fair.served()
    body = {"booking_id": booking_id, "score": 5}
    first = ok(person.post("/ratings", body, key="rating-1"), 201)
    assert ok(person.post("/ratings", body, key="rating-1"), 201) == first


# ---------------------------------------------------------------------------- whose


def test_a_family_members_service_and_visit_can_be_rated(fair: Fair) -> None:
    person = fair.world.person()
    granny = ok(person.post("/me/family", {"name": "王奶奶"}), 201)
    booking_id = fair.booking(granny["id"])
    assert ok(rate(person, booking_id), 201)["resident"]["display_name"] == "王奶奶"
    body = {"activity_id": fair.id, "resident_id": granny["id"], "score": 5}
    refused(person.post("/ratings", body), 409, "not_served")
    fair.visit(granny["id"])
    assert ok(person.post("/ratings", body), 201)["resident"]["id"] == granny["id"]


def test_anybody_elses_booking_does_not_exist(fair: Fair) -> None:
    """Organisers and volunteers included: nobody who was rated may rate in a resident's name."""
    _, booking_id = fair.served()
    for stranger in (fair.world.person(), fair.organiser, fair.world.volunteer()):
        refused(rate(stranger, booking_id), 404, "not_found")
    refused(rate(fair.world.person(), NOBODY), 404, "not_found")


def test_a_former_family_members_booking_does_not_exist(fair: Fair) -> None:
    person = fair.world.person()
    granny = ok(person.post("/me/family", {"name": "王奶奶"}), 201)
    booking_id = fair.booking(granny["id"])
    person.delete(f"/me/family/{granny['id']}")
    refused(rate(person, booking_id), 404, "not_found")


def test_anybody_elses_visit_does_not_exist(fair: Fair) -> None:
    other = fair.world.person()
    fair.visit(other.resident_id)
    body = {"activity_id": fair.id, "resident_id": str(other.resident_id), "score": 5}
    refused(fair.world.person().post("/ratings", body), 404, "not_found")


def test_a_draft_cannot_be_rated_nor_found(world: World) -> None:
    draft = world.draft(world.organiser())
    body = {"activity_id": draft["id"], "score": 5}
    refused(world.person().post("/ratings", body), 404, "not_found")


def test_rating_needs_a_login(fair: Fair) -> None:
    _, booking_id = fair.served()
    response = fair.world.http.post("/api/v1/ratings", json={"booking_id": booking_id, "score": 5})
    refused(response, 401, "not_logged_in")


# ---------------------------------------------------------------------------- window

NOON = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)


def told_until(person: Person, booking_id: str) -> set[datetime]:
    """Until when a booking and the person's visit say that they can be rated."""
    (visit,) = ok(person.get("/me/attendances"))["items"]
    booking = ok(person.get(f"/bookings/{booking_id}"))
    return {datetime.fromisoformat(one["ratable_until"]) for one in (visit, booking)}


def test_the_window_counts_from_the_planned_end(world: World) -> None:
    with time_machine.travel(NOON, tick=False) as moment:
        fair = Fair.live(world)  # 12:01 to 15:01
        (early, first), (late, second) = fair.served(), fair.served()
        fair.visit(early.resident_id)
        end = NOON + timedelta(minutes=1, hours=3, days=RATING.window_days)
        assert told_until(early, first) == {end}
        moment.move_to(end - timedelta(seconds=1))
        ok(rate(early, first), 201)
        moment.move_to(end)
        refused(rate(late, second), 409, "rating_closed")


def test_the_window_counts_from_the_closing_where_that_is_later(world: World) -> None:
    with time_machine.travel(NOON, tick=False) as moment:
        fair = Fair.live(world)
        (early, first), (late, second) = fair.served(), fair.served()
        fair.visit(early.resident_id)
        moment.move_to(NOON + timedelta(hours=9))
        fair.close()
        end = NOON + timedelta(hours=9, days=RATING.window_days)
        assert told_until(early, first) == {end}
        moment.move_to(end - timedelta(seconds=1))
        ok(rate(early, first), 201)
        moment.move_to(end)
        refused(rate(late, second), 409, "rating_closed")


def test_an_early_closing_does_not_shorten_the_window(world: World) -> None:
    with time_machine.travel(NOON, tick=False) as moment:
        fair = Fair.live(world)
        person, booking_id = fair.served()
        fair.close()
        moment.move_to(NOON + timedelta(hours=3, days=RATING.window_days))
        ok(rate(person, booking_id), 201)


# ---------------------------------------------------------------------------- editing


def test_ones_own_rating_can_be_changed(fair: Fair) -> None:
    person, rating = fair.rated(score=4, items={"attitude": 4}, tags=["warm"], comment="不错")
    change = {"score": 5, "items": {"waiting": 5}, "tags": []}
    changed = ok(person.put(f"/ratings/{rating['id']}", change))
    assert {key: changed[key] for key in change} == change
    assert changed["comment"] == "不错"
    assert changed["booking_id"] == rating["booking_id"]
    assert changed["updated_at"] > rating["updated_at"] == rating["created_at"]
    assert fair.evaluation()["distribution"]["5"] == 1
    refused(
        person.post("/ratings", {"booking_id": rating["booking_id"], "score": 5}),
        409, "already_rated",
    )  # fmt: skip


def test_what_is_not_named_stays(fair: Fair) -> None:
    person, rating = fair.rated(score=4, items={"attitude": 4}, tags=["warm"], comment="不错")
    changed = ok(person.put(f"/ratings/{rating['id']}", {}))
    assert changed | {"updated_at": None} == rating | {"updated_at": None}


def test_a_rating_is_changed_within_hours_only(world: World) -> None:
    with time_machine.travel(NOON, tick=False) as moment:
        fair = Fair.live(world)
        person, rating = fair.rated(score=4)
        end = NOON + timedelta(hours=RATING.edit_hours)
        assert datetime.fromisoformat(rating["editable_until"]) == end
        moment.move_to(end - timedelta(seconds=1))
        ok(person.put(f"/ratings/{rating['id']}", {"score": 5}))
        moment.move_to(end)
        refused(person.put(f"/ratings/{rating['id']}", {"score": 3}), 409, "rating_closed")
        assert ok(person.get("/me/ratings"))["items"][0]["score"] == 5


def test_a_late_rating_is_changed_within_the_window_only(world: World) -> None:
    """After the window the checklist is frozen."""
    with time_machine.travel(NOON, tick=False) as moment:
        fair = Fair.live(world)
        person, booking_id = fair.served()
        end = NOON + timedelta(minutes=1, hours=3, days=RATING.window_days)
        moment.move_to(end - timedelta(hours=1))
        rating = ok(rate(person, booking_id), 201)
        assert datetime.fromisoformat(rating["editable_until"]) == end
        moment.move_to(end)
        refused(person.put(f"/ratings/{rating['id']}", {"score": 3}), 409, "rating_closed")


def test_anybody_elses_rating_does_not_exist(fair: Fair) -> None:
    _, rating = fair.rated(score=2)
    for other in (fair.world.person(), fair.organiser):
        refused(other.put(f"/ratings/{rating['id']}", {"score": 5}), 404, "not_found")
    missing = fair.world.person().put(f"/ratings/{new_id()}", {"score": 5})
    refused(missing, 404, "not_found")


# ---------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("score", 0), ("score", 6), ("score", "5"), ("score", 4.5), ("score", True),
        ("score", None),
        ("items", []), ("items", None), ("items", {"attitude": 0}), ("items", {"attitude": "5"}),
        ("items", {"speed": 5}), ("items", {"attitude": None}),
        ("tags", "warm"), ("tags", ["cold"]), ("tags", [1]), ("tags", ["warm", "warm"]),
        ("tags", None),
        ("comment", 5), ("comment", "好" * 501),
        ("booking_id", "1"), ("booking_id", None), ("resident_id", NOBODY),
        ("activity_id", NOBODY), ("attendance_id", NOBODY),
        ("comment_state", "passed"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_and_nothing_kept(fair: Fair, field: str, value: Any) -> None:
    person, booking_id = fair.served()
    problem = refused(rate(person, booking_id, **{field: value}), 422, "validation_failed")
    assert problem["errors"].keys() & {field, "booking_id"}
    assert ok(person.get("/me/ratings"))["items"] == []


def test_a_rating_needs_a_score_and_a_subject(fair: Fair) -> None:
    person, booking_id = fair.served()
    for body in ({"booking_id": booking_id}, {"score": 5}):
        refused(person.post("/ratings", body), 422, "validation_failed")


@pytest.mark.parametrize(
    "change",
    [{"score": 9}, {"items": {"speed": 1}}, {"tags": ["cold"]}, {"comment": 1},
     {"booking_id": NOBODY}, {"activity_id": NOBODY}],
)  # fmt: skip
def test_a_change_is_checked_as_well_and_binds_to_nothing_else(
    fair: Fair, change: dict[str, Any]
) -> None:
    person, rating = fair.rated(score=4)
    refused(person.put(f"/ratings/{rating['id']}", change), 422, "validation_failed")


def test_500_characters_fit(fair: Fair) -> None:
    person, booking_id = fair.served()
    assert len(ok(rate(person, booking_id, comment="好" * 500), 201)["comment"]) == 500


# ---------------------------------------------------------------------------- lists and form


def test_ones_own_ratings_come_newest_first_in_pages(fair: Fair) -> None:
    person = fair.world.person()
    granny = ok(person.post("/me/family", {"name": "王奶奶"}), 201)
    given = [
        ok(rate(person, fair.booking(resident_id, fair.offering(f"服务{n}"))), 201)
        for n, resident_id in enumerate([person.resident_id, granny["id"], person.resident_id])
    ]
    fair.rated(score=1)  # somebody else's
    first = ok(person.get("/me/ratings", limit=2))
    rest = ok(person.get("/me/ratings", limit=2, cursor=first["next_cursor"]))
    assert first["items"] + rest["items"] == given[::-1]
    assert rest["next_cursor"] is None
    refused(person.get("/me/ratings", cursor="x"), 422, "validation_failed")


def test_the_form_is_public_and_in_chinese(world: World) -> None:
    form = ok(world.http.get("/api/v1/rating-form"))
    assert form["levels"][0] == {"score": 5, "title": "非常满意"}
    assert [level["score"] for level in form["levels"]] == [5, 4, 3, 2, 1]
    assert {"key": "waiting", "title": "等候时间"} in form["items"]
    assert {"key": "warm", "title": "热情耐心", "negative": False} in form["tags"]
    assert {"key": "slow", "title": "等太久", "negative": True} in form["tags"]
    assert form["comment_length"] == 500
    assert (form["window_days"], form["edit_hours"]) == (RATING.window_days, RATING.edit_hours)
