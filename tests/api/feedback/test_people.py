"""What happens to people, and follows for their ratings."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from backend.core import clock
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.feedback.models import Rating, RatingPhoto, Rectification
from backend.identity.models import Resident
from backend.identity.signals import residents_merged
from tests.support.fair import Fair, audit_of
from tests.support.world import Person, ok


def rows(fair: Fair) -> list[Rating]:
    with fair.app.app_context(), transaction() as session:
        return list(session.execute(select(Rating).order_by(Rating.created_at)).scalars())


def guest_rating(fair: Fair, subject: dict[str, str], **values: Any) -> UUID:
    """A rating of somebody without an account, as only the tables can hold one, and its
    rectification."""
    rating_id = new_id()
    with fair.app.app_context(), transaction() as session:
        rating = Rating(
            id=rating_id, activity_id=UUID(fair.id), rated_by=new_id(), items={}, tags=[],
            **{name: UUID(value) for name, value in subject.items()},
            **({"score": 2} | values),
        )  # fmt: skip
        session.add(rating)
        session.flush()
        session.add(
            Rectification(rating_id=rating_id, activity_id=UUID(fair.id), due_at=clock.now())
        )
    return rating_id


def guest(fair: Fair) -> str:
    with fair.app.app_context(), transaction() as session:
        resident = Resident(id=new_id())
        session.add(resident)
        return str(resident.id)


def merge(fair: Fair, source_id: str, person: Person) -> None:
    with fair.app.app_context(), transaction() as session:
        residents_merged.send(session, source_id=UUID(source_id), target_id=person.resident_id)


def test_a_merged_guests_ratings_move(fair: Fair) -> None:
    person, source = fair.world.person(), guest(fair)
    booking_id = fair.booking(source)
    guest_rating(fair, {"resident_id": source, "booking_id": booking_id})
    merge(fair, source, person)
    assert [row.resident_id for row in rows(fair)] == [person.resident_id]


def test_of_two_ratings_of_one_visit_the_older_is_kept(fair: Fair) -> None:
    """And the complaint of the other goes on under it."""
    person, source = fair.world.person(), guest(fair)
    fair.visit(person.resident_id)
    kept = ok(person.post("/ratings", {"activity_id": fair.id, "score": 5}), 201)
    later = clock.now() + timedelta(minutes=1)
    dropped = guest_rating(
        fair,
        {"resident_id": source, "attendance_id": fair.visit_at(source, clock.now())},
        created_at=later,
        may_call=False,
    )
    with fair.app.app_context(), transaction() as session:
        session.add(RatingPhoto(id=new_id(), rating_id=dropped, content=b"photo"))
    merge(fair, source, person)
    assert [str(row.id) for row in rows(fair)] == [kept["id"]]
    assert fair.rectification_of(kept["id"])
    shown = ok(person.get(f"/ratings/{kept['id']}"))
    assert (shown["may_call"], len(shown["photos"])) == (False, 1)
    (entry,) = audit_of(fair.app, "rating", str(dropped))
    assert (entry.action, entry.details) == ("drop_second_rating", {"kept": kept["id"]})
    assert fair.evaluation()["visits"]["rated"] == 1


def test_the_guests_is_kept_where_it_is_the_older(fair: Fair) -> None:
    """It counts for the visit that stands, though its own was taken back with the merge."""
    person, source = fair.world.person(), guest(fair)
    visit_id = fair.visit_at(source, clock.now())
    earlier = clock.now() - timedelta(minutes=1)
    kept = guest_rating(
        fair, {"resident_id": source, "attendance_id": visit_id}, created_at=earlier
    )
    fair.visit(person.resident_id)
    dropped = ok(person.post("/ratings", {"activity_id": fair.id, "score": 1}), 201)
    complaint = fair.rectification_of(str(kept))
    merge(fair, source, person)
    assert [(row.id, row.resident_id) for row in rows(fair)] == [(kept, person.resident_id)]
    assert fair.rectification_of(str(kept)) == complaint
    assert len(audit_of(fair.app, "rating", dropped["id"])) == 1
    assert fair.evaluation()["visits"] == {"attended": 1, "rated": 1, "response_rate": 1.0}
    assert fair.evaluation()["rectifications"]["total"] == 1


def test_visits_of_different_days_are_both_kept(fair: Fair) -> None:
    person, source = fair.world.person(), guest(fair)
    fair.visit(person.resident_id)
    ok(person.post("/ratings", {"activity_id": fair.id, "score": 5}), 201)
    tomorrow = fair.visit_at(source, clock.now() + timedelta(days=1))
    guest_rating(fair, {"resident_id": source, "attendance_id": tomorrow})
    merge(fair, source, person)
    assert [row.resident_id for row in rows(fair)] == [person.resident_id] * 2


def test_a_closed_account_leaves_scores_without_words(fair: Fair) -> None:
    person = fair.world.person()
    granny = ok(person.post("/me/family", {"name": "王奶奶"}), 201)
    for resident_id in (person.resident_id, granny["id"]):
        body = {"booking_id": fair.booking(resident_id), "score": 4, "comment": "我住花园里 3 号"}
        ok(person.post("/ratings", body), 201)
    fair.rated(comment="别人的")
    assert person.delete("/me").status_code == 204
    assert [(row.score, row.comment, row.comment_state.value) for row in rows(fair)] == [
        (4, None, "none"), (4, None, "none"), (5, "别人的", "pending"),
    ]  # fmt: skip
    assert fair.evaluation()["rated"] == 3


def test_a_removed_family_members_words_are_forgotten(fair: Fair) -> None:
    person = fair.world.person()
    granny = ok(person.post("/me/family", {"name": "王奶奶"}), 201)
    body = {"booking_id": fair.booking(granny["id"]), "score": 4, "comment": "谢谢"}
    ok(person.post("/ratings", body), 201)
    person.delete(f"/me/family/{granny['id']}")
    assert [row.comment for row in rows(fair)] == [None]


def test_an_export_holds_ones_own_ratings(fair: Fair) -> None:
    person, _ = fair.rated(score=4, items={"attitude": 3}, tags=["warm"], comment="不错")
    fair.rated(comment="别人的")
    (rating,) = ok(person.get("/me/export"))["ratings"]
    expected = {
        "activity_id": fair.id,
        "offering_id": fair.market.offering_id,
        "resident_id": str(person.resident_id),
        "score": 4,
        "items": {"attitude": 3},
        "tags": ["warm"],
        "comment": "不错",
        "comment_state": "pending",
    }
    assert rating.items() >= expected.items()
