"""A complaint is a case: who complained sees what becomes of it, and opens it again
(docs/rules/ratings.md, A bad rating)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import select

from backend.core import clock
from backend.core.config import RATING
from backend.core.db import transaction
from backend.feedback import comments
from backend.feedback.models import RectificationRound
from tests.gateways.standin import StandIn
from tests.support.desk import Desk
from tests.support.fair import BAD, Fair, audit_of, waiting_jobs
from tests.support.world import Person, ok, refused

REPLY = {"reply": "已增加一名理发师"}
HAPPY: dict[str, Any] = {"note": "电话里说认可", "satisfied": True}
UNHAPPY: dict[str, Any] = {"note": "还是要等很久", "satisfied": False}
WORDS = {"words": "昨天去还是等了一个小时"}


def act(fair: Fair, found: str, *steps: tuple[str, Any], by: Person | None = None) -> None:
    for step, body in steps:
        ok((by or fair.organiser).post(f"/rectifications/{found}/{step}", body))


def complaint(person: Person) -> tuple[str, dict[str, Any]]:
    """The person's only rating, and what became of it."""
    (rating,) = ok(person.get("/me/ratings"))["items"]
    assert ok(person.get(f"/ratings/{rating['id']}")) == rating
    return rating["id"], rating["complaint"]


def unsolved(person: Person, rating_id: str, words: dict[str, Any] = WORDS) -> Any:
    return person.post(f"/ratings/{rating_id}/unsolved", words)


def told(person: Person) -> list[dict[str, Any]]:
    """What they were told of the complaint, the oldest first."""
    items = ok(person.get("/me/notices"))["items"]
    return [one for one in reversed(items) if one["kind"].startswith("complaint_")]


def test_who_complained_sees_each_step_and_no_word_of_the_office(fair: Fair) -> None:
    person, found = fair.complaint()
    rating_id, shown = complaint(person)
    assert (shown["state"], shown["reopenable"], shown["rounds"]) == ("open", False, [])
    act(fair, found, ("reply", REPLY))
    shown = complaint(person)[1]
    assert (shown["reply"], shown["reopenable"]) == ("已增加一名理发师", True)
    act(fair, found, ("call-back", HAPPY), ("close", {}))
    shown = complaint(person)[1]
    assert (shown["state"], shown["resident_satisfied"], shown["reopenable"]) == (
        "closed", True, True,
    )  # fmt: skip
    assert shown["closed_at"]
    assert "电话里说认可" not in str(shown)
    notices = told(person)
    assert [one["kind"] for one in notices] == [
        "complaint_received", "complaint_measures", "complaint_call_back", "complaint_closed",
    ]  # fmt: skip
    assert {one["page"] for one in notices} == {f"/pages/complaint/complaint?id={rating_id}"}
    assert "已增加一名理发师" in notices[1]["text"]
    assert "电话里说认可" not in str(notices)


@pytest.mark.parametrize(
    "steps",
    [
        [("reply", REPLY)],
        [("reply", REPLY), ("call-back", UNHAPPY)],
        [("reply", REPLY), ("call-back", HAPPY), ("close", {})],
    ],
)
def test_not_solved_opens_it_again_whenever_it_was_answered(
    fair: Fair, steps: list[tuple[str, Any]]
) -> None:
    person, found = fair.complaint()
    rating_id, before = complaint(person)
    act(fair, found, *steps)
    with time_machine.travel(clock.now() + timedelta(days=2), tick=False):
        ok(unsolved(person, rating_id))
        due_at = clock.day_end(clock.today() + timedelta(days=RATING.rectify_days))
    shown = complaint(person)[1]
    (ended,) = shown["rounds"]
    assert (shown["state"], shown["reply"], shown["closed_at"]) == ("open", None, None)
    assert datetime.fromisoformat(shown["due_at"]) == due_at
    assert due_at > datetime.fromisoformat(before["due_at"])
    assert (ended["reply"], ended["words"]) == ("已增加一名理发师", "昨天去还是等了一个小时")
    assert (ended["closed_at"] is not None) == (len(steps) == 3)
    detail = ok(fair.organiser.get(f"/rectifications/{found}"))
    assert [one["words"] for one in detail["rounds"]] == ["昨天去还是等了一个小时"]
    listed = ok(fair.organiser.get("/rectifications", reopened="true"))["items"]
    assert [one["id"] for one in listed] == [found]
    entry = audit_of(fair.app, "rectification", found)[-1]
    assert (entry.action, entry.to_state, entry.actor_user_id) == ("reopen", "open", None)
    assert told(person)[-1]["kind"] == "complaint_reopened"
    refused(unsolved(person, rating_id), 409, "illegal_transition")
    # It goes on as the first time.
    act(fair, found, ("reply", {"reply": "又加了一名"}), ("call-back", HAPPY), ("close", {}))
    assert ok(fair.organiser.get("/rectifications", reopened="true"))["items"] == []


def test_it_can_be_opened_again_for_some_days_after_it_was_closed(fair: Fair) -> None:
    person, found = fair.complaint()
    rating_id, _ = complaint(person)
    refused(unsolved(person, rating_id), 409, "illegal_transition")
    act(fair, found, ("reply", REPLY), ("call-back", HAPPY), ("close", {}))
    closed_at = datetime.fromisoformat(complaint(person)[1]["closed_at"])
    over = closed_at + timedelta(days=RATING.reopen_days)
    with time_machine.travel(over, tick=False):
        assert complaint(person)[1]["reopenable"] is False
        refused(unsolved(person, rating_id), 409, "reopening_over")
    with time_machine.travel(over - timedelta(seconds=1), tick=False):
        assert complaint(person)[1]["reopenable"] is True
        ok(unsolved(person, rating_id))


def test_only_who_complained_opens_it_and_only_a_complaint(fair: Fair) -> None:
    person, found = fair.complaint()
    rating_id, _ = complaint(person)
    act(fair, found, ("reply", REPLY))
    for other in (fair.world.person(), fair.organiser):
        refused(unsolved(other, rating_id), 404, "not_found")
        refused(other.get(f"/ratings/{rating_id}"), 404, "not_found")
    for body in (
        {},
        {"words": " "},
        {"words": "好" * 501},
        {"words": 1},
        WORDS | {"state": "open"},
    ):
        refused(unsolved(person, rating_id, body), 422, "validation_failed")
    happy, rating = fair.rated(score=5)
    assert rating["complaint"] is None
    refused(unsolved(happy, rating["id"]), 404, "not_found")


def test_familys_is_opened_by_who_acts_for_them(fair: Fair) -> None:
    person = fair.world.person()
    granny = ok(person.post("/me/family", {"name": "王奶奶"}), 201)
    body = BAD | {"booking_id": fair.booking(granny["id"])}
    rating = ok(person.post("/ratings", body), 201)
    found = fair.rectification_of(rating["id"])
    assert "您替王奶奶对" in told(person)[0]["text"]
    act(fair, found, ("reply", REPLY))
    ok(unsolved(person, rating["id"]))
    act(fair, found, ("reply", REPLY))
    assert person.delete(f"/me/family/{granny['id']}").status_code == 204
    refused(unsolved(person, rating["id"]), 404, "not_found")
    # Nobody is left to be called: it ends truthfully without, by somebody else.
    refused(fair.organiser.post(f"/rectifications/{found}/call-back", HAPPY), 409, "call_unwanted")
    refused(fair.organiser.post(f"/rectifications/{found}/contact", {"reason": "回访"}), 409,
            "no_contact")  # fmt: skip
    other = fair.world.organiser()
    page = Desk(fair.world, other).read(f"/console/rectifications/{found}")
    assert "居民的资料已删除，不用回访" in page
    act(fair, found, ("close", {}), by=other)
    assert told(person) == []


def test_who_has_answered_it_does_not_close_it_over_a_no(fair: Fair) -> None:
    """Nor whoever answered it before; a new answer that satisfies lets them."""
    person, found = fair.complaint()
    other, third = fair.world.organiser(), fair.world.organiser()
    why = {"reason": "场地太小。"}
    path = f"/rectifications/{found}/close"
    act(fair, found, ("reply", REPLY), ("call-back", UNHAPPY))
    refused(fair.organiser.post(path, why), 409, "answered_by_you")
    act(fair, found, ("reply", {"reply": "又加了一名"}), ("call-back", UNHAPPY), by=other)
    for one in (fair.organiser, other):
        refused(one.post(path, why), 409, "answered_by_you")
    refused(third.post(path, {}), 422, "unsolved_reason_missing")
    ok(third.post(path, why))
    shown = complaint(person)[1]
    assert (shown["state"], shown["unsolved_reason"]) == ("closed", "场地太小。")
    assert [(one["reply"], one["words"]) for one in shown["rounds"]] == [("已增加一名理发师", None)]
    notice = told(person)[-1]
    assert notice["title"] == "问题没能解决：义剪"
    assert "的评价里说的问题没能解决，很抱歉，已办结。原因：场地太小。14 天内" in notice["text"]
    ok(unsolved(person, complaint(person)[0]))
    act(fair, found, ("reply", REPLY), ("call-back", HAPPY), ("close", {}))
    refused(other.post(f"/rectifications/{found}/reply", REPLY), 409, "illegal_transition")


def test_who_is_satisfied_is_not_answered_anew(fair: Fair) -> None:
    _, found = fair.complaint()
    act(fair, found, ("reply", REPLY), ("call-back", HAPPY))
    again = fair.organiser.post(f"/rectifications/{found}/reply", REPLY)
    refused(again, 409, "illegal_transition")


def test_who_wants_no_call_is_not_called(fair: Fair) -> None:
    person, found = fair.complaint(may_call=False)
    ok(person.post("/me/phone", {"phone": "13912345678"}))
    organiser = fair.organiser
    assert ok(organiser.get(f"/rectifications/{found}"))["may_call"] is False
    contact = organiser.post(f"/rectifications/{found}/contact", {"reason": "电话回访"})
    refused(contact, 409, "call_unwanted")
    refused(organiser.post(f"/rectifications/{found}/close", {}), 409, "illegal_transition")
    act(fair, found, ("reply", REPLY))
    refused(organiser.post(f"/rectifications/{found}/call-back", HAPPY), 409, "call_unwanted")
    act(fair, found, ("close", {}))
    assert complaint(person)[1]["state"] == "closed"
    # Over 「还没解决」 somebody else closes it, without a call as before.
    ok(unsolved(person, complaint(person)[0]))
    act(fair, found, ("reply", {"reply": "又加了一名"}))
    refused(organiser.post(f"/rectifications/{found}/close", {}), 409, "answered_by_you")
    page = f"/console/rectifications/{found}"
    assert "不能由您办结" in Desk(fair.world, organiser).read(page)
    other = fair.world.organiser()
    assert "确实没能解决的，写明原因" in Desk(fair.world, other).read(page)
    act(fair, found, ("close", {}), by=other)
    assert told(person)[-1]["title"] == "评价已办结：义剪"


def test_a_no_to_calls_stands_where_it_was_not_asked_again(fair: Fair) -> None:
    person, found = fair.complaint(may_call=False)
    rating_id, _ = complaint(person)
    for change in ({"score": 4, "may_call": None}, {"score": 1}):
        assert ok(person.put(f"/ratings/{rating_id}", change))["may_call"] is False
    refused(fair.organiser.post(f"/rectifications/{found}/contact", {"reason": "回访"}), 409,
            "call_unwanted")  # fmt: skip
    assert ok(person.put(f"/ratings/{rating_id}", {"may_call": True}))["may_call"] is True


def rounds(fair: Fair) -> list[RectificationRound]:
    with fair.app.app_context(), transaction() as session:
        session.expire_all()
        return list(session.execute(select(RectificationRound)).scalars())


def test_what_is_not_solved_is_checked_as_a_comment_is(fair: Fair, wechat: StandIn) -> None:
    http = fair.app.test_client()
    login = ok(http.post("/api/v1/auth/wechat", json={"code": "ok:wang"}))
    user = login["user"]
    person = Person(http, "wang", UUID(user["id"]), UUID(user["resident_id"]), login["token"])
    body = BAD | {"booking_id": fair.booking(person.resident_id)}
    rating = ok(person.post("/ratings", body), 201)
    found = fair.rectification_of(rating["id"])
    act(fair, found, ("reply", REPLY))
    ok(unsolved(person, rating["id"], {"words": "这里有违规内容"}))
    (arguments,) = waiting_jobs(fair.app, "feedback.check_words")
    for _ in range(2):  # a second run finds nothing that waits
        with fair.app.app_context():
            comments.check_words(**arguments)
    assert [row.words_state.value for row in rounds(fair)] == ["rejected"]
    (ended,) = ok(fair.organiser.get(f"/rectifications/{found}"))["rounds"]
    assert (ended["words"], ended["words_state"]) == (None, "rejected")


def test_a_closed_account_leaves_no_words_and_an_export_has_them(fair: Fair) -> None:
    person, found = fair.complaint()
    rating_id, _ = complaint(person)
    act(fair, found, ("reply", REPLY))
    ok(unsolved(person, rating_id))
    (exported,) = ok(person.get("/me/export"))["ratings"]
    assert exported["complaint"]["rounds"][0]["words"] == "昨天去还是等了一个小时"
    assert person.delete("/me").status_code == 204
    (row,) = rounds(fair)
    assert (row.reply, row.words, row.words_state.value) == (None, None, "none")
    act(fair, found, ("reply", REPLY))
