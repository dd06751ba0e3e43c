"""A phone that lost the answer sends its scan again: the same id gets the first answer, and
nothing more is written; the same id with anything else is refused."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from backend.core import clock
from backend.core.context import composed
from backend.core.crypto import PhoneVault
from backend.core.idempotency import fingerprint
from tests.support.market_day import GUEST, MarketDay, at, minutes, shanghai
from tests.support.world import World, ok, refused

TABLES = ("scan", "attendance", "resident", "audit_entry", "booking")


def _counts(day: MarketDay) -> list[int]:
    return [day.rows(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES]


def _body(day: MarketDay, world: World, kind: str) -> dict[str, Any]:
    """A volunteer's or organiser's scan of each kind; all of them may be sent by the volunteer."""
    person = world.person()
    bodies: dict[str, dict[str, Any]] = {
        "code": {"source": "scan", "resident_code": ok(person.get("/me/code"))["code"]},
        "found": {"source": "search", "resident_id": str(person.resident_id)},
        "guest": {"source": "proxy", "guest": {"name": "张三"}},
        "guest with a phone": {"source": "proxy", "guest": GUEST},
        "already here": {"source": "search", "resident_id": str(person.resident_id)},
        "refused": {"source": "scan", "resident_code": "nonsense"},
        "exit": {
            "source": "search",
            "resident_id": str(person.resident_id),
            "direction": "exit",
        },
    }
    if kind in ("already here", "exit"):
        day.come(person)
    return bodies[kind] | {
        "id": str(uuid4()),
        "device_id": "phone-7",
        "scanned_at": clock.now().isoformat(),
    }


@pytest.mark.parametrize(
    "kind", ["code", "found", "guest", "guest with a phone", "already here", "refused", "exit"]
)
def test_the_same_scan_gets_the_first_answer(day: MarketDay, world: World, kind: str) -> None:
    """Status and body alike; no row more in any table."""
    body = _body(day, world, kind)
    first = day.scan(day.volunteer, **body)
    assert first.status_code == (201 if kind in ("code", "found") or "guest" in kind else 200)
    before = _counts(day)
    again = day.scan(day.volunteer, **body)
    assert (again.status_code, again.json) == (first.status_code, first.json)
    assert _counts(day) == before


def test_a_self_scan_again_gets_the_first_answer(day: MarketDay, world: World) -> None:
    """With the whole name, as the first time."""
    person, body = world.person("王秀英"), {"id": str(uuid4()), "code": day.code()}
    first = day.come(person, **body)
    assert ok(day.self_scan(person, **body), 201) == first


def test_the_order_of_its_keys_does_not_make_another_scan(day: MarketDay, world: World) -> None:
    body = _body(day, world, "guest with a phone")
    first = ok(day.scan(day.volunteer, **body), 201)
    turned = {key: body[key] for key in reversed(body)}
    assert ok(day.scan(day.volunteer, **turned), 201) == first


def test_the_first_answer_stands_when_the_world_has_moved_on(world: World) -> None:
    """The code has expired, the visit was undone, the market is closed: still the first answer."""
    with at(shanghai("2026-05-01 09:00")) as time:
        day = MarketDay.begin(world)
        body = _body(day, world, "code")
        first = ok(day.scan(day.volunteer, **body), 201)
        time.shift(minutes(10))
        assert ok(day.scan(day.volunteer, **body), 201) == first
        ok(day.revert(body["id"]), 201)
        assert ok(day.scan(day.volunteer, **body), 201) == first
        day.close()
        assert ok(day.scan(day.volunteer, **body), 201) == first


def test_a_refused_scan_stays_refused(day: MarketDay, world: World) -> None:
    """Even if the market has been opened since: the same scan, the same answer."""
    start = shanghai("2099-05-01 09:00")
    with at(start - timedelta(hours=3)):
        organiser = world.organiser()
        draft = world.ready(organiser, starts_at=start)
        ok(organiser.post(f"/activities/{draft['id']}/publish"))
        person = world.person()
        body = {"id": str(uuid4()), "source": "self",
                "code": ok(organiser.get(f"/activities/{draft['id']}/code"))["code"]}  # fmt: skip
        path = f"/activities/{draft['id']}/scans"
        first = ok(person.post(path, body))
        assert first["reason"] == "not_yet"
        ok(organiser.post(f"/activities/{draft['id']}/open"))
        assert ok(person.post(path, body)) == first
        ok(person.post(path, body | {"id": str(uuid4())}), 201)


@pytest.mark.parametrize("source", ["search", "self"])
def test_the_first_answer_outlives_the_person(day: MarketDay, world: World, source: str) -> None:
    """A removed family member is found by nobody, but the scan that admitted them was answered,
    and a phone that sends it again must be able to strike it off its list."""
    person = world.person()
    member_id = ok(person.post("/me/family", {"name": "王奶奶"}), 201)["id"]
    body = {"id": str(uuid4()), "source": source, "resident_id": member_id}
    if source == "self":
        body["code"] = day.code()
    by = person if source == "self" else day.volunteer
    first = ok(day.scan(by, **body), 201)
    ok(person.delete(f"/me/family/{member_id}"), 204)
    again = ok(day.scan(by, **body), 201)
    assert again["attendance"] == first["attendance"]
    assert (again["id"], again["verdict"]) == (first["id"], first["verdict"])


CHANGES: list[dict[str, Any]] = [
    {"source": "paper"},
    {"direction": "exit"},
    {"device_id": "phone-8"},
    {"scanned_at": "2026-05-01T09:00:01+08:00"},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
@pytest.mark.parametrize("kind", ["found", "refused"])
def test_the_same_id_with_another_body_is_refused(
    day: MarketDay, world: World, kind: str, change: dict[str, Any]
) -> None:
    body = _body(day, world, kind)
    ok(day.scan(day.volunteer, **body), 201 if kind == "found" else 200)
    before = _counts(day)
    refused(day.scan(day.volunteer, **(body | change)), 409, "scan_id_reused")
    assert _counts(day) == before


def test_the_same_id_with_another_person_is_refused(day: MarketDay, world: World) -> None:
    body = _body(day, world, "found")
    ok(day.scan(day.volunteer, **body), 201)
    other = body | {"resident_id": str(world.person().resident_id)}
    refused(day.scan(day.volunteer, **other), 409, "scan_id_reused")
    refused(
        day.scan(day.volunteer, id=body["id"], source="proxy", guest=GUEST), 409, "scan_id_reused"
    )


def test_the_same_id_from_another_operator_is_refused(day: MarketDay, world: World) -> None:
    """And tells them nothing about the first scan."""
    body = _body(day, world, "found")
    ok(day.scan(day.volunteer, **body), 201)
    problem = refused(day.scan(day.organiser, **body), 409, "scan_id_reused")
    assert not {"resident", "attendance", "verdict"} & set(problem)
    own = {"id": body["id"], "source": "self", "code": day.code()}
    refused(day.scan(world.person(), **own), 409, "scan_id_reused")


def test_the_same_id_at_another_market_is_refused(day: MarketDay, world: World) -> None:
    other = MarketDay.begin(world)
    body = _body(day, world, "found")
    ok(day.scan(day.volunteer, **body), 201)
    refused(other.scan(day.volunteer, **body), 409, "scan_id_reused")


def test_a_scan_keeps_a_keyed_hash_of_what_was_given(
    app: Flask, day: MarketDay, world: World
) -> None:
    """A scan is kept for good. Two deployments with other keys keep other hashes of the same
    request, so nobody who reads the table can try all numbers. And it is the same in every
    release: who sent a scan to the one before, and sends it again to this one, is known."""
    body = _body(day, world, "guest with a phone")
    body["guest"] = GUEST | {"another": False}
    ok(day.scan(day.volunteer, **body, sent_at=body["scanned_at"]), 201)
    ((kept,),) = day.rows("SELECT request_hash FROM scan WHERE id = :id", id=body["id"])
    plain = fingerprint(str(day.volunteer.user_id), day.id, body | {"direction": "entry"})
    with app.app_context():
        assert bytes(kept) == composed(PhoneVault).lookup_hash(plain.hex()) != plain
