"""Free text: checked by WeChat in a job; the save never fails for it; nothing unchecked is shown
(docs/rules/wechat.md, Text check)."""

from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text, update

from backend.core.db import transaction, transaction_is_open
from backend.core.permissions import Role
from backend.feedback.comments import check_comment
from backend.feedback.models import Rating
from backend.gateways.wechat import WeChatError
from backend.identity.models import User
from backend.identity.people.texts import CommentState
from tests.gateways.standin import CHECK_TEXT, StandIn
from tests.support.fair import BAD, Fair, waiting_jobs
from tests.support.world import Person, ok

JOB = "feedback.check_comment"


def run_jobs(app: Flask) -> None:
    """What the worker would do with the comments that wait, once each."""
    for arguments in waiting_jobs(app, JOB):
        with app.app_context():
            check_comment(**arguments)


def commenter(fair: Fair, comment: str) -> tuple[Person, dict[str, Any]]:
    """Somebody whom WeChat has just seen, because they logged in, and what they wrote."""
    http = fair.app.test_client()
    login = ok(http.post("/api/v1/auth/wechat", json={"code": "ok:wang"}))
    user = login["user"]
    person = Person(http, "wang", UUID(user["id"]), UUID(user["resident_id"]), login["token"])
    body = {"booking_id": fair.booking(person.resident_id), "score": 5, "comment": comment}
    return person, ok(person.post("/ratings", body), 201)


def state(person: Person) -> tuple[str | None, str]:
    rating = ok(person.get("/me/ratings"))["items"][0]
    return rating["comment"], rating["comment_state"]


def test_a_comment_waits_for_its_check(fair: Fair) -> None:
    _, rating = fair.rated(comment=" 师傅手艺好 ")
    assert (rating["comment"], rating["comment_state"]) == ("师傅手艺好", "pending")
    assert waiting_jobs(fair.app, JOB) == [{"rating_id": rating["id"]}]


@pytest.mark.parametrize("comment", [None, "", "  "])
def test_no_comment_needs_no_check(fair: Fair, comment: str | None) -> None:
    _, rating = fair.rated(comment=comment)
    assert (rating["comment"], rating["comment_state"]) == (None, "none")
    assert waiting_jobs(fair.app, JOB) == []


def test_the_job_goes_with_the_transaction(fair: Fair) -> None:
    """A rating that is refused leaves no job behind."""
    person, rating = fair.rated()
    person.post("/ratings", {"booking_id": rating["booking_id"], "score": 5, "comment": "再说"})
    assert waiting_jobs(fair.app, JOB) == []


@pytest.mark.parametrize(
    ("comment", "expected"),
    [("很好", "passed"), ("这里有违规内容", "rejected"), ("疑似广告", "review")],
)
def test_wechats_word_is_kept(fair: Fair, wechat: StandIn, comment: str, expected: str) -> None:
    person, _ = commenter(fair, comment)
    run_jobs(fair.app)
    assert state(person) == (comment, expected)


def test_what_wechat_will_not_say_is_left_to_a_person(fair: Fair, wechat: StandIn) -> None:
    wechat.mode(CHECK_TEXT, errcode=61010)
    person, _ = commenter(fair, "很好")
    run_jobs(fair.app)
    assert state(person) == ("很好", "review")


@pytest.mark.parametrize(
    "fault",
    [{"errcode": -1}, {"errcode": 45009}, {"drop": True}, {"http_status": 502},
     {"malformed": "html"}],
)  # fmt: skip
def test_what_wechat_cannot_say_now_is_asked_again_and_a_person_may_look_meanwhile(
    fair: Fair, wechat: StandIn, fault: dict[str, Any]
) -> None:
    wechat.mode(CHECK_TEXT, **fault)
    person, _ = commenter(fair, "很好")
    with pytest.raises(WeChatError):  # the queue runs it again later, and says when it gives up
        run_jobs(fair.app)
    assert state(person) == ("很好", "review")
    wechat.mode(CHECK_TEXT)
    run_jobs(fair.app)
    assert state(person) == ("很好", "passed")


def test_the_save_never_fails_for_the_check(fair: Fair) -> None:
    """No WeChat anywhere (the tests' app is given an address where nobody answers)."""
    person, _ = fair.rated(comment="很好")
    assert state(person) == ("很好", "pending")


def test_a_second_run_does_nothing(fair: Fair, wechat: StandIn) -> None:
    person, _ = commenter(fair, "很好")
    run_jobs(fair.app)
    asked = wechat.count(CHECK_TEXT)
    wechat.mode(CHECK_TEXT, errcode=61010)
    run_jobs(fair.app)
    assert state(person) == ("很好", "passed")
    assert wechat.count(CHECK_TEXT) == asked


def test_no_transaction_is_open_while_wechat_is_asked(
    fair: Fair, wechat: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    fair.rated(comment="很好")
    seen: list[bool] = []

    def ask(*_: Any) -> tuple[CommentState, None]:
        seen.append(transaction_is_open())
        return CommentState.PASSED, None

    monkeypatch.setattr("backend.identity.people.texts.verdict_on", ask)
    run_jobs(fair.app)
    assert seen == [False]


def test_a_comment_changed_meanwhile_keeps_waiting_for_its_own_job(
    fair: Fair, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, rating = fair.rated(comment="很好")
    first = waiting_jobs(fair.app, JOB)[0]

    def change_meanwhile(*_: Any) -> tuple[CommentState, None]:
        ok(person.put(f"/ratings/{rating['id']}", {"comment": "换了一句"}))
        return CommentState.PASSED, None

    monkeypatch.setattr("backend.identity.people.texts.verdict_on", change_meanwhile)
    with fair.app.app_context():
        check_comment(**first)
    assert state(person) == ("换了一句", "pending")
    assert len(waiting_jobs(fair.app, JOB)) == 2


def test_a_changed_comment_is_checked_again_an_unchanged_one_not(
    fair: Fair, wechat: StandIn
) -> None:
    person, rating = commenter(fair, "很好")
    run_jobs(fair.app)
    unchanged = {"score": 3, "comment": "很好"}
    assert ok(person.put(f"/ratings/{rating['id']}", unchanged))["comment_state"] == "passed"
    changed = ok(person.put(f"/ratings/{rating['id']}", {"comment": "有违规"}))
    assert changed["comment_state"] == "pending"
    run_jobs(fair.app)
    assert state(person) == ("有违规", "rejected")
    taken_back = ok(person.put(f"/ratings/{rating['id']}", {"comment": ""}))
    assert (taken_back["comment"], taken_back["comment_state"]) == (None, "none")


def test_without_an_openid_a_person_looks(fair: Fair, wechat: StandIn) -> None:
    """The account was closed in between, and its text not yet erased."""
    person, _ = fair.rated(comment="很好")
    with fair.app.app_context(), transaction() as session:
        session.execute(update(User).where(User.id == person.user_id).values(openid=None))
    run_jobs(fair.app)
    assert state(person) == ("很好", "review")
    assert wechat.count(CHECK_TEXT) == 0


# ---------------------------------------------------------------------------- who reads it


@pytest.mark.parametrize(
    ("checked", "organiser_reads", "auditor_reads"),
    [
        (CommentState.PASSED, "等太久", "等太久"),
        (CommentState.PENDING, "等太久", None),
        (CommentState.REVIEW, "等太久", None),
        (CommentState.REJECTED, None, None),
    ],
)
def test_unchecked_text_is_for_who_handles_it_and_marked(
    fair: Fair, checked: CommentState, organiser_reads: str | None, auditor_reads: str | None
) -> None:
    person, rectification_id = fair.complaint(comment="等太久")
    with fair.app.app_context(), transaction() as session:
        session.execute(
            update(Rating)
            .where(Rating.resident_id == person.resident_id)
            .values(comment_state=checked)
        )
    for reader, reads in (
        (fair.organiser, organiser_reads),
        (fair.world.staff(Role.AUDITOR), auditor_reads),
    ):
        for shown in (
            ok(reader.get(f"/rectifications/{rectification_id}")),
            ok(reader.get("/rectifications"))["items"][0],
        ):
            assert (shown["comment"], shown["comment_state"]) == (reads, checked.value)
    assert state(person) == ("等太久", checked.value)


def test_no_comment_is_ever_in_an_evaluation(fair: Fair) -> None:
    """Residents see aggregates: shown free text would be public comments to WeChat."""
    fair.rated(**BAD, comment="独一无二的一句")
    for person in (fair.organiser, fair.world.person()):
        response = person.get(f"/activities/{fair.id}/evaluation")
        assert "独一无二" not in response.get_data(as_text=True)


def test_a_comment_that_is_gone_is_not_checked(fair: Fair, wechat: StandIn) -> None:
    """Erased with its account; the job still in the queue finds nothing."""
    person, rating = fair.rated(comment="很好")
    assert person.delete("/me").status_code == 204
    run_jobs(fair.app)
    assert wechat.count(CHECK_TEXT) == 0
    with fair.app.app_context(), transaction() as session:
        row = session.execute(
            text("SELECT comment, comment_state FROM rating WHERE id = :id"),
            {"id": UUID(rating["id"])},
        ).one()
    assert tuple(row) == (None, "none")
