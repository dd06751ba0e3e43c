"""Looking a resident up: by exact number or code, masked, counted, audited with its reason."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import select
from werkzeug.test import TestResponse

from backend.core.audit import AuditEntry
from backend.core.config import limit_rules
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.core.permissions import Role
from backend.identity.models import User, UserState
from tests.support.desk import Desk
from tests.support.inbox import inbox
from tests.support.limits import set_limit
from tests.support.world import (
    COMMUNITY,
    DISTRICT,
    OTHER_COMMUNITY,
    OTHER_SUBDISTRICT,
    Market,
    Person,
    World,
    ok,
)

PAGE = "/console/people/residents"
PHONE = "13812341234"
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


@pytest.fixture
def noon() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as now:
        yield now


@pytest.fixture
def resident(world: World) -> Person:
    person = world.person("王秀英", region_id=UUID(world.region_id(COMMUNITY)))
    ok(person.post("/me/phone", {"phone": PHONE}))
    return person


def look_up(desk: Desk, who: str = PHONE, reason: str = "来电询问预约") -> TestResponse:
    return desk.send(PAGE, who=who, reason=reason)


def shown(answer: TestResponse) -> str:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def audited() -> list[AuditEntry]:
    with transaction() as session:
        statement = select(AuditEntry).where(AuditEntry.action == "look_up_resident")
        return list(session.execute(statement.order_by(AuditEntry.id)).scalars())


def visit(market: Market, person: Person) -> None:
    scan: dict[str, Any] = {
        "id": str(new_id()), "source": "search", "resident_id": str(person.resident_id),
    }  # fmt: skip
    ok(market.organiser.post(f"/activities/{market.id}/scans", scan), 201)


def take_number(market: Market, person: Person) -> None:
    body = {"resident_id": str(person.resident_id)}
    ok(market.organiser.post(f"/offerings/{market.offering_id}/tickets", body), 201)


def test_what_is_shown_is_masked_and_counted_in_my_regions(
    world: World, organiser: Person, desk: Desk, resident: Person
) -> None:
    market = world.live_market(organiser)
    visit(market, resident)
    take_number(market, resident)
    elsewhere = world.live_market(
        world.organiser(OTHER_SUBDISTRICT), activity={"region": OTHER_COMMUNITY}
    )
    visit(elsewhere, resident)
    page = shown(look_up(desk))
    assert "王*英" in page
    assert "138****1234" in page
    assert "王秀英" not in page
    assert PHONE not in page
    row = page.split("<tbody>")[1]
    assert row.count('<td class="number">1</td>') == 2, "one visit, one number; not the other town"


def test_who_was_looked_up_learns_by_what_office_when_and_why(
    noon: time_machine.Traveller, world: World, desk: Desk, resident: Person
) -> None:
    """One account is told once, of itself and its family; no name of who has looked; a guest with
    the same number has nobody to tell."""
    member = ok(resident.post("/me/family", {"name": "王奶奶", "phone": PHONE}), 201)
    market = world.live_market(world.organiser())
    take_number(market, replace(resident, resident_id=member["id"]))
    assert "王*奶" in shown(look_up(desk, reason="来电询问预约。"))
    (notice,) = [notice for notice in inbox(resident) if notice["kind"] == "looked_up"]
    assert notice["title"] == "有工作人员查看了您、王奶奶的信息"
    assert notice["text"].startswith(
        "11月23日 周一 12:00，湖塘镇的组织者按手机号查询了您、王奶奶的登记信息。"
        "写明的原因：来电询问预约。觉得"
    )


def test_nobody_is_listed_without_a_question(desk: Desk, resident: Person) -> None:
    page = desk.read(PAGE)
    assert "王*英" not in page
    assert "138****" not in page
    refused = desk.send(PAGE, who=PHONE)
    assert refused.status_code == 422, "a reason is asked for"
    assert PHONE in refused.get_data(as_text=True), "what was typed stays"
    assert audited() == []


@pytest.mark.parametrize("who", ["1234", "13812341235", "王秀英"])
def test_part_of_a_number_a_name_or_another_number_finds_nobody(
    desk: Desk, resident: Person, who: str
) -> None:
    answer = look_up(desk, who)
    assert answer.status_code in (200, 422)
    assert "王*英" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("written", ["138 1234 1234", "\u202d+86 138-1234-1234\u202c"])
def test_a_number_is_a_number_however_it_was_written(
    desk: Desk, resident: Person, written: str
) -> None:
    assert "王*英" in shown(look_up(desk, written))
    assert audited()[0].details["by"] == "phone"


def test_what_is_neither_number_nor_code_is_said_to_be_neither(desk: Desk) -> None:
    answer = look_up(desk, "+852 6123 4567")
    assert answer.status_code == 422
    assert "应为 11 位手机号" in answer.get_data(as_text=True)


def test_each_look_up_is_audited_with_who_when_whom_and_why(
    organiser: Person, desk: Desk, resident: Person
) -> None:
    shown(look_up(desk))
    assert "没有查到" in shown(look_up(desk, "13812340000", "核对名单"))
    found, nobody = audited()
    assert (found.actor_user_id, found.object_type, found.object_id) == (
        organiser.user_id, "resident", resident.resident_id,
    )  # fmt: skip
    assert found.details == {
        "by": "phone", "found": [str(resident.resident_id)],
    }  # fmt: skip
    assert (nobody.details["found"], nobody.reason) == ([], "核对名单")
    assert PHONE not in str(found.details)


def test_by_number_only_those_who_have_to_do_with_my_regions(
    world: World, resident: Person
) -> None:
    """Who lives elsewhere and never came is as unknown as a number that nobody has."""
    stranger_organiser = world.organiser(OTHER_SUBDISTRICT)
    stranger = Desk(world, stranger_organiser)
    unknown = shown(look_up(stranger))
    assert "没有查到" in unknown
    assert "王*英" not in unknown
    (entry,) = audited()
    assert entry.details["found"] == []
    market = world.live_market(stranger_organiser, activity={"region": OTHER_COMMUNITY})
    take_number(market, resident)
    assert "王*英" in shown(look_up(stranger))


def test_a_code_shown_by_the_person_finds_them_anywhere(world: World, resident: Person) -> None:
    stranger = Desk(world, world.organiser(OTHER_SUBDISTRICT))
    code = ok(resident.get("/me/code"))["code"]
    assert "王*英" in shown(look_up(stranger, code))
    assert audited()[0].details["by"] == "code"


def test_an_old_or_forged_code_is_refused(
    world: World, noon: time_machine.Traveller, desk: Desk, resident: Person
) -> None:
    code = ok(resident.get("/me/code"))["code"]
    noon.shift(timedelta(minutes=5))
    for wrong in (code, "A" * len(code)):
        answer = look_up(desk, wrong)
        assert answer.status_code == 422
        assert "请居民刷新后再出示" in answer.get_data(as_text=True)


def test_a_revoked_code_is_refused(desk: Desk, resident: Person) -> None:
    code = ok(resident.get("/me/code"))["code"]
    ok(resident.delete("/me"), 204)
    assert look_up(desk, code).status_code == 422


def test_a_family_that_shares_a_number_is_shown_whole(
    world: World, desk: Desk, resident: Person
) -> None:
    home = {"region_id": world.region_id(COMMUNITY)}
    member = ok(resident.post("/me/family", {"name": "王大明", "phone": PHONE}), 201)
    ok(resident.put("/me", home))
    page = shown(look_up(desk))
    assert "王*英" in page
    assert "王*明" not in page, "never came, and says no home"
    code = ok(resident.get("/me/code", resident_id=member["id"]))["code"]
    assert "王*明" in shown(look_up(desk, code))


def test_a_blocked_account_is_not_found(desk: Desk, resident: Person) -> None:
    with transaction() as session:
        session.get_one(User, resident.user_id).state = UserState.BLOCKED
    assert "没有查到" in shown(look_up(desk))


def test_only_what_was_looked_up_counts_and_refusals_have_an_end(
    world: World, organiser: Person, resident: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limit(monkeypatch, "look_up", most=2)
    set_limit(monkeypatch, "changes", staff=6)
    desk = Desk(world, organiser)
    for who, reason in (("1381234", "来电"), (PHONE, ""), ("x" * 20, "来电")):
        assert look_up(desk, who, reason).status_code == 422
    for _ in range(2):
        assert "王*英" in shown(look_up(desk))
    assert look_up(desk).status_code == 429
    admin = Desk(world, world.staff(Role.ADMIN, DISTRICT))
    answers = [admin.send("/console/people/find", who="1381234").status_code for _ in range(7)]
    assert (answers[0], answers[-1]) == (422, 429), "lest a flood of those be free"


def test_an_hour_has_its_limit_and_says_so(
    world: World, noon: time_machine.Traveller, organiser: Person, resident: Person
) -> None:
    desk = Desk(world, organiser)
    for _ in range(limit_rules("look_up").most):
        shown(look_up(desk, "13812340000"))
        noon.shift(timedelta(minutes=1))
    refused = look_up(desk)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == str(30 * 60)
    assert "请等 30 分钟再试" in refused.get_data(as_text=True)
    assert "王*英" not in refused.get_data(as_text=True)
    other = Desk(world, world.organiser())
    assert "王*英" in shown(look_up(other)), "each has their own"
    for _ in range(3):
        noon.shift(timedelta(minutes=11))
        desk.read(PAGE)  # or the session would be idle
    assert "王*英" in shown(look_up(desk)), "an hour after the first there is room again"


def test_what_finds_nobody_counts_too(
    world: World, resident: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else numbers could be tried through by what is refused."""
    set_limit(monkeypatch, "look_up", most=4)
    desk = Desk(world, world.staff(Role.ADMIN, DISTRICT))
    for _ in range(2):
        assert "没有查到" in shown(look_up(desk, "13812340000"))
        assert desk.send("/console/people/find", who="13812340000").status_code == 422
    assert look_up(desk).status_code == 429


def test_auditors_and_volunteers_look_nobody_up(world: World, resident: Person) -> None:
    auditor = Desk(world, world.staff(Role.AUDITOR, DISTRICT))
    assert auditor.http.get(PAGE).status_code == 403
    assert look_up(auditor).status_code == 403
    assert "居民查询" not in auditor.read("/console/people/")
    assert audited() == []
