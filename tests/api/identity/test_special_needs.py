"""特殊需求: said by whoever agrees to that, kept encrypted, gone with the consent."""

from typing import Any

import pytest
from sqlalchemy import Connection, text

from backend.core.config import load
from tests.support.market_day import MarketDay
from tests.support.world import Person, World, ok, refused

NEEDS = {"tags": ["hearing", "escort"], "words": "请站在左边说话"}
AGREED = {"purpose": "special_needs", "version": load("consents")["special_needs"]["version"]}


@pytest.fixture
def person(world: World) -> Person:
    """Somebody who has agreed."""
    person = world.person()
    ok(person.post("/me/consents", AGREED), 201)
    return person


def kept(outer: Connection) -> list[bytes]:
    statement = text("SELECT special_needs_encrypted FROM resident ORDER BY id")
    return [needs for needs in outer.execute(statement).scalars() if needs is not None]


def test_they_are_kept_of_oneself_and_ones_family(person: Person, outer: Connection) -> None:
    said = ok(
        person.put("/me", {"special_needs": NEEDS | {"tags": ["escort", "hearing", "escort"]}})
    )
    assert said["special_needs"] == NEEDS
    member = ok(person.post("/me/family", {"name": "王奶奶", "special_needs": NEEDS}), 201)
    assert ok(person.get("/me/family"))["items"] == [member | {"special_needs": NEEDS}]
    # What another change does not name stays; nothing said is nothing kept.
    assert ok(person.put("/me", {"name": "王秀英"}))["special_needs"] == NEEDS
    assert [one["special_needs"] for one in ok(person.get("/me/export"))["people"]] == [NEEDS] * 2
    assert all(needs.startswith(b"gAAAA") for needs in kept(outer))
    changed = {"name": "王奶奶", "special_needs": {"tags": [], "words": None}}
    assert ok(person.put(f"/me/family/{member['id']}", changed))["special_needs"] is None
    assert len(kept(outer)) == 1


def test_nothing_is_kept_without_the_consent(world: World) -> None:
    person = world.person()
    family = {"name": "王奶奶", "special_needs": NEEDS}
    for answer in (person.put("/me", {"special_needs": NEEDS}), person.post("/me/family", family)):
        problem = refused(answer, 409, "consent_required")
        assert (problem["purpose"], problem["detail"]) == (
            "special_needs", "请先同意使用特殊需求信息，再填写"
        )  # fmt: skip
    assert ok(person.get("/me/family"))["items"] == []
    # Taking it back needs no consent.
    assert ok(person.put("/me", {"special_needs": None}))["special_needs"] is None


@pytest.mark.parametrize(
    ("needs", "field"),
    [
        ({"words": "轮椅"}, "tags"),
        ({"tags": ["rich"]}, "tags"),
        ({"tags": [], "words": "电话 13812345678"}, "words"),
        ({"tags": [], "words": "长" * 61}, "words"),
    ],
)
def test_what_is_no_need_is_refused(person: Person, needs: Any, field: str) -> None:
    answer = refused(person.put("/me", {"special_needs": needs}), 422, "validation_failed")
    assert list(answer["errors"]["special_needs"]) == [field]


def test_the_desk_that_calls_sees_them_until_the_consent_is_withdrawn(
    world: World, person: Person, outer: Connection
) -> None:
    """Of whom it has called or serves, and of nobody else; nor does anybody else see them."""
    day = MarketDay.begin(world)
    ok(person.put("/me", {"special_needs": NEEDS}))
    member = ok(person.post("/me/family", {"name": "王奶奶", "special_needs": NEEDS}, key="m"), 201)
    number = day.number(resident_id=str(person.resident_id))
    day.number(resident_id=member["id"])
    desk = f"/stalls/{day.market.stall_id}/desk"

    def seen() -> list[Any]:
        answer = ok(day.volunteer.get(desk))
        shown = [answer["calling"], *answer["serving"], *answer["waiting"], *answer["finished"]]
        return [one["special_needs"] for one in shown if one]

    assert seen() == [None, None]
    at_desk = NEEDS | {"titles": ["听力不便", "需要陪同"]}
    assert day.called()["special_needs"] == at_desk
    assert seen() == [at_desk, None]
    assert "special_needs" not in day.acted(number, "start") | day.booking(number)
    assert seen() == [at_desk, None]
    day.acted(number, "finish")
    assert seen() == [None, None]
    day.called()
    assert seen() == [at_desk, None]
    # Another text says of others who see it: it has to be agreed to, and they themselves alone see
    # what they said until then.
    outer.execute(text("UPDATE consent SET version = 'older'"))
    assert seen() == [None, None]
    assert ok(person.get("/me"))["special_needs"] == NEEDS
    refused(person.put("/me", {"special_needs": NEEDS}), 409, "consent_required")
    ok(person.post("/me/consents", AGREED), 201)
    assert seen() == [at_desk, None]
    assert person.delete("/me/consents/special_needs").status_code == 204
    assert (seen(), kept(outer)) == ([None, None], [])
    repeats = outer.execute(text("SELECT convert_from(body, 'UTF8') FROM idempotency_record"))
    assert not [body for body in repeats.scalars() if NEEDS["words"] in body]


def test_they_go_with_the_person(person: Person, outer: Connection) -> None:
    ok(person.put("/me", {"special_needs": NEEDS}))
    member = ok(person.post("/me/family", {"name": "王奶奶", "special_needs": NEEDS}), 201)
    assert person.delete(f"/me/family/{member['id']}").status_code == 204
    assert len(kept(outer)) == 1
    assert person.delete("/me").status_code == 204
    assert kept(outer) == []
