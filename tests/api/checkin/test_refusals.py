"""Every reason for which a scan admits nobody; a refused scan is a fact too, and is kept."""

import base64
from typing import Any
from uuid import UUID

import pytest
import time_machine

from backend.core.context import composed
from backend.core.db import transaction
from backend.identity.models import User, UserState
from backend.identity.personal_codes import PersonalCodes
from tests.support.market_day import MarketDay, at, minutes, shanghai
from tests.support.world import Person, World, ok

START = shanghai("2026-05-01 09:00")


def _is_refused(response: Any, reason: str) -> dict[str, Any]:
    """The answer, 200, that admits nobody for this reason."""
    answer: dict[str, Any] = ok(response, 200)
    assert (answer["verdict"], answer["reason"], answer["attendance"]) == ("refused", reason, None)
    assert answer["message"]
    assert "签到成功" not in answer["message"]
    return answer


def _block(day: MarketDay, person: Person) -> None:
    with day.app.app_context(), transaction() as session:
        session.get_one(User, person.user_id).state = UserState.BLOCKED


def test_a_word_that_is_no_code_is_invalid(day: MarketDay, world: World) -> None:
    person = world.person()
    _is_refused(day.self_scan(person, code="nonsense"), "invalid")
    _is_refused(day.self_scan(person, code=f"{day.code()}x"), "invalid")
    _is_refused(day.self_scan(person, code=day.code().swapcase()), "invalid")


def test_another_markets_code_is_the_wrong_market(day: MarketDay, world: World) -> None:
    other = MarketDay.begin(world)
    _is_refused(day.self_scan(world.person(), code=other.code()), "wrong_market")


def test_a_revoked_market_code_is_revoked(day: MarketDay, world: World) -> None:
    """Printed posters become worthless at once; the new code admits."""
    person, printed = world.person(), day.code()
    ok(day.organiser.post(f"/activities/{day.id}/code/revoke"))
    _is_refused(day.self_scan(person, code=printed), "revoked")
    day.come(person)


def test_a_rotating_code_expires(world: World) -> None:
    """Good in its own window and the next one, for who scanned just as it changed; the printed
    word alone never."""
    with at(START) as clock:
        day = MarketDay.begin(world, activity={"code_rotates_seconds": 30})
        shown = day.code()
        clock.shift(minutes(0.5))
        day.come(world.person(), code=shown)
        clock.shift(minutes(0.5))
        person = world.person()
        _is_refused(day.self_scan(person, code=shown), "expired")
        _is_refused(day.self_scan(person, code=shown.partition(".")[0]), "expired")
        day.come(person)


def test_an_old_personal_code_is_expired(world: World) -> None:
    """90 seconds, and 5 more because clocks differ."""
    with at(START) as clock:
        day = MarketDay.begin(world)
        first, second = world.person(), world.person()
        codes = [ok(person.get("/me/code"))["code"] for person in (first, second)]
        clock.shift(95)
        ok(day.scan(day.volunteer, source="scan", resident_code=codes[0]), 201)
        clock.shift(1)
        answer = _is_refused(
            day.scan(day.volunteer, source="scan", resident_code=codes[1]), "expired"
        )
        assert answer["resident"] is None


def test_a_forged_or_future_personal_code_is_invalid(day: MarketDay, world: World) -> None:
    person = world.person()
    code = ok(person.get("/me/code"))["code"]
    raw = bytearray(base64.urlsafe_b64decode(code + "=" * (-len(code) % 4)))
    raw[5] ^= 1
    forged = base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")
    foreign = PersonalCodes(bytes(32)).issue(UUID(int=1)).code
    with time_machine.travel(minutes(2), tick=False):
        future = ok(person.get("/me/code"))["code"]
    for bad in (forged, foreign, future, code[:-1], "x"):
        _is_refused(day.scan(day.volunteer, source="scan", resident_code=bad), "invalid")


def test_a_code_of_somebody_who_has_gone_is_revoked(day: MarketDay, world: World) -> None:
    """Closing the account gives the row a new handle: every code shown before is worth nothing."""
    person = world.person()
    code = ok(person.get("/me/code"))["code"]
    ok(person.delete("/me"), 204)
    answer = _is_refused(day.scan(day.volunteer, source="scan", resident_code=code), "revoked")
    assert answer["resident"] is None


def test_a_well_signed_code_without_a_person_is_revoked(day: MarketDay) -> None:
    with day.app.app_context():
        code = composed(PersonalCodes).issue(UUID(int=7)).code
    _is_refused(day.scan(day.volunteer, source="scan", resident_code=code), "revoked")


def test_a_blocked_person_and_their_family_are_sent_to_the_desk(
    day: MarketDay, world: World
) -> None:
    person = world.person()
    member_id = ok(person.post("/me/family", {"name": "王奶奶"}), 201)["id"]
    code = ok(person.get("/me/code"))["code"]
    _block(day, person)
    for body in (
        {"resident_code": code},
        {"resident_id": str(person.resident_id)},
        {"resident_id": member_id},
    ):
        answer = _is_refused(day.scan(day.volunteer, source="scan", **body), "blocked")
        assert answer["message"] == "请到服务台人工登记"


def test_a_cancelled_market_admits_nobody(day: MarketDay, world: World) -> None:
    person, code = world.person(), day.code()
    day.cancel()
    _is_refused(day.self_scan(person, code=code), "cancelled")
    found = {"source": "search", "resident_id": str(person.resident_id)}
    _is_refused(day.scan(day.volunteer, **found), "cancelled")


def test_a_closed_market_admits_nobody(day: MarketDay, world: World) -> None:
    person, code = world.person(), day.code()
    day.close()
    _is_refused(day.self_scan(person, code=code), "expired")


def test_the_markets_state_is_told_before_the_codes_fault(day: MarketDay, world: World) -> None:
    """A cancelled market is the news; that the code is bad too is not."""
    day.cancel()
    _is_refused(day.self_scan(world.person(), code="nonsense"), "cancelled")
    _is_refused(day.scan(day.volunteer, source="scan", resident_code="nonsense"), "cancelled")


@pytest.mark.parametrize("direction", ["entry", "exit"])
def test_a_refused_scan_is_kept(day: MarketDay, world: World, direction: str) -> None:
    """With who meant whom, and why it was refused; no visit follows."""
    person = world.person()
    _is_refused(
        day.self_scan(person, code="nonsense", direction=direction, device_id="p1"), "invalid"
    )
    (kept,) = day.rows("SELECT * FROM scan")
    assert (kept.derived_verdict, kept.reason) == ("refused", "invalid")
    assert (kept.direction, kept.source, kept.device_id) == (direction, "self", "p1")
    assert (kept.resident_id, kept.attendance_id) == (person.resident_id, None)
    assert day.rows("SELECT id FROM attendance") == []


def test_an_exit_without_a_visit_is_invalid(day: MarketDay, world: World) -> None:
    person = world.person()
    answer = _is_refused(day.self_scan(person, direction="exit"), "invalid")
    assert answer["resident"]["id"] == str(person.resident_id)


def test_a_guest_is_not_written_in_by_a_refused_scan(day: MarketDay) -> None:
    day.close()
    _is_refused(day.scan(day.volunteer, source="proxy", guest={"name": "张三丰"}), "expired")
    assert day.rows("SELECT id FROM resident WHERE name = '张三丰'") == []
