"""How often somebody may do something: counted by person or by address, answered 429 with the time
to wait, over when that time is."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from backend.core import limits
from backend.core.audit import AuditEntry
from backend.core.config import LIMITS, limit_rules
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.core.limits import LimitUse
from backend.core.permissions import Role
from backend.identity.login.sessions import KEPT
from backend.identity.models import LoginSession
from backend.identity.tasks import purge
from tests.gateways.standin import StandIn
from tests.support.desk import Desk
from tests.support.limits import set_limit
from tests.support.market_day import MarketDay
from tests.support.world import API, DISTRICT, OTHER_SUBDISTRICT, Person, World, ok, refused

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


@pytest.fixture
def noon() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as now:
        yield now


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three changes a minute, five of staff."""
    set_limit(monkeypatch, "changes", most=3, staff=5, seconds=60)


def _change(person: Person) -> TestResponse:
    """One that is refused, and counts all the same."""
    return person.post("/bookings/0197f3a0-0000-7000-8000-000000000000/rejoin")


def test_what_is_too_much_is_told_how_long_to_wait(
    world: World, noon: time_machine.Traveller, few: None
) -> None:
    person = world.person()
    assert [_change(person).status_code for _ in range(3)] == [404] * 3
    noon.shift(timedelta(seconds=20))
    answer = _change(person)
    problem = refused(answer, 429, "too_many_requests")
    assert problem["detail"] == "您刚才操作得太多，请等 40 秒再试"
    assert answer.headers["Retry-After"] == "40"
    noon.shift(timedelta(seconds=39))
    assert _change(person).headers["Retry-After"] == "1"
    noon.shift(timedelta(seconds=1))
    assert [_change(person).status_code for _ in range(4)] == [404] * 3 + [429]


def test_each_person_is_counted_alone_and_staff_have_more(
    world: World, noon: time_machine.Traveller, few: None
) -> None:
    person, other, volunteer = world.person(), world.person(), world.volunteer()
    assert [_change(person).status_code for _ in range(4)] == [404] * 3 + [429]
    assert _change(other).status_code == 404
    assert [_change(volunteer).status_code for _ in range(6)] == [404] * 5 + [429]


def test_who_may_not_do_it_uses_nothing_up(world: World, few: None) -> None:
    """Else a visitor without a login would fill the table."""
    person, path = world.person(), "/scans/0197f3a0-0000-7000-8000-000000000000/revert"
    before = _uses()
    for _ in range(5):
        refused(person.post(path, {"reason": "x"}), 403, "forbidden")
        assert world.http.post(f"{API}/bookings/x/rejoin").status_code in (401, 404)
    assert _uses() == before + 1, "one row for all that one known person is refused there"


def test_a_clock_that_was_ahead_keeps_nobody_out(
    world: World, noon: time_machine.Traveller, few: None
) -> None:
    person = world.person()
    noon.shift(timedelta(days=1))
    assert [_change(person).status_code for _ in range(4)] == [404] * 3 + [429]
    noon.shift(timedelta(days=-1))
    assert _change(person).status_code == 404


def test_windows_that_are_over_are_swept(
    world: World, noon: time_machine.Traveller, few: None
) -> None:
    _change(world.person())
    assert _uses() > 0
    purge()
    assert _uses() > 0, "not while they count"
    noon.shift(timedelta(hours=2))
    purge()
    assert _uses() == 0


def _uses() -> int:
    with transaction() as session:
        return len(session.execute(select(LimitUse.key)).all())


def test_nothing_of_whom_it_counts_stands_in_the_table(world: World) -> None:
    person = world.person()
    _change(person)
    with transaction() as session:
        rows = session.execute(text("SELECT l::text FROM limit_use l")).scalars().all()
    assert rows
    assert not any(str(person.user_id) in row or "127.0.0.1" in row for row in rows)


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("", "nowhere"),
    ],
)
def test_an_address_is_counted_as_its_holder_has_it(app: Flask, address: str, counted: str) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert limits.here() == counted


# ---------------------------------------------------------------------------- the floods


def test_pairs_of_sign_up_and_cancel_do_not_use_the_numbers_up(
    world: World, noon: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One person made 31 pairs a second; the next one's number was B129."""
    set_limit(monkeypatch, "sign_up", most=3)
    day = MarketDay.begin(world)
    flooder, path = world.person(), f"/offerings/{day.offering_id}/bookings"
    for _ in range(3):
        booking = ok(flooder.post(path), 201)
        ok(flooder.post(f"/bookings/{booking['id']}/cancel"))
        noon.shift(timedelta(minutes=10))
    answer = flooder.post(path)
    refused(answer, 429, "too_many_requests")
    assert answer.headers["Retry-After"] == str(30 * 60), "an hour after the first"
    assert ok(world.person().post(path), 201)["ticket"] == "A004"
    day.come(flooder)
    ok(flooder.post(f"/offerings/{day.offering_id}/tickets"), 201)
    noon.shift(timedelta(minutes=30))
    refused(flooder.post(path), 409, "already_booked")
    other = day.offering()
    ok(flooder.post(f"/offerings/{other}/bookings"), 201)


def test_who_tries_on_is_told_how_long_the_longest_limit_lasts(
    world: World, noon: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """「请等 14 秒」 was the window of the tries, with fifty minutes of the hour left."""
    set_limit(monkeypatch, "sign_up", most=1)
    set_limit(monkeypatch, "sign_up_tries", most=4)
    day = MarketDay.begin(world)
    person, path = world.person(), f"/offerings/{day.offering_id}/bookings"
    booking = ok(person.post(path), 201)
    ok(person.post(f"/bookings/{booking['id']}/cancel"))
    noon.shift(timedelta(minutes=5))
    for _ in range(7):
        answer = person.post(path)
        problem = refused(answer, 429, "too_many_requests")
        assert answer.headers["Retry-After"] == str(55 * 60)
        assert problem["detail"].endswith("请等 55 分钟再试")
    hasty = world.person()
    for _ in range(4):
        assert hasty.post(path).status_code in (201, 409)
    assert hasty.post(path).headers["Retry-After"] == "60", "there the tries alone are too many"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, " 1 秒"), (59, " 59 秒"), (60, " 1 分钟"), (61, " 2 分钟"), (3541, " 1 小时"),
     (3600, " 1 小时"), (3601, " 1 小时 1 分钟"), (7200, " 2 小时")],
)  # fmt: skip
def test_a_time_to_wait_is_said_in_hours_and_minutes(seconds: int, words: str) -> None:
    assert limits.in_words(seconds) == words


def test_a_market_logs_in_behind_one_address(wechat_app: Flask, world: World) -> None:
    """300 people, each with a retry, within fifteen seconds fit in four times over."""
    login = limit_rules("login")
    assert login.most / login.seconds >= 2 * 300 / 60
    assert login.most >= 4 * 300
    for number in range(20):
        assert _log_in(wechat_app, f"ok:resident-{number}").status_code == 200


def _log_in(app: Flask, code: str, address: str = "203.0.113.7") -> TestResponse:
    return app.test_client().post(
        f"{API}/auth/wechat", json={"code": code}, environ_overrides={"REMOTE_ADDR": address}
    )


def test_an_address_that_tries_codes_without_end_is_stopped(
    wechat_app: Flask, world: World, wechat: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before WeChat is asked."""
    set_limit(monkeypatch, "login", most=3)
    assert [_log_in(wechat_app, "wrong").status_code for _ in range(3)] == [401] * 3
    asked = wechat.count("/sns/jscode2session")
    problem = refused(_log_in(wechat_app, "ok:wang"), 429, "too_many_requests")
    assert problem["detail"].startswith("同一网络下的操作太多")
    assert wechat.count("/sns/jscode2session") == asked
    assert _log_in(wechat_app, "ok:wang", "203.0.113.8").status_code == 200


def test_one_person_makes_no_sessions_without_end(
    wechat_app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """380 sessions of one user were made."""
    tokens = [ok(_log_in(wechat_app, "ok:wang"))["token"] for _ in range(KEPT + 3)]
    with transaction() as session:
        kept = session.execute(select(LoginSession.id)).all()
    assert len(kept) == KEPT
    statuses = [_me(world, token) for token in tokens]
    assert statuses == [401] * 3 + [200] * KEPT, "the newest go on"
    set_limit(monkeypatch, "login_person", most=KEPT + 3)
    refused(_log_in(wechat_app, "ok:wang", "203.0.113.9"), 429, "too_many_requests")
    assert _log_in(wechat_app, "ok:li").status_code == 200


def _me(world: World, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return world.http.get(f"{API}/me", headers=headers).status_code


def test_scans_and_calls_are_counted_without_a_statement(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = MarketDay.begin(world)
    person, code = world.person(), day.code()
    set_limit(monkeypatch, "scans", most=2)
    set_limit(monkeypatch, "calls", staff=2)
    uses = _uses()
    for _ in range(2):
        assert day.scan(person, source="self", code=code).status_code in (200, 201)
        assert day.press(stall_id=day.market.stall_id).status_code == 204
    refused(day.scan(person, source="self", code=code), 429, "too_many_requests")
    refused(day.press(stall_id=day.market.stall_id), 429, "too_many_requests")
    assert _uses() == uses


def test_guests_are_not_written_in_without_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limit(monkeypatch, "guests", most=2)
    day = MarketDay.begin(world)
    for name in ("李奶奶", "王奶奶"):
        day.write_in(name=name)
    body = {"id": "0197f3a0-0000-7000-8000-000000000009", "source": "proxy", "guest": {}}
    answer = day.volunteer.post(f"/activities/{day.id}/scans", body)
    refused(answer, 429, "too_many_requests")
    guest = {"guest": {"name": "李奶奶"}}
    answer = day.volunteer.post(f"/offerings/{day.offering_id}/tickets", guest)
    refused(answer, 429, "too_many_requests")


def test_a_desk_and_an_entrance_are_never_stopped() -> None:
    """Sixty scans a minute; forty people called, each with every press a desk has for them."""
    assert (limit_rules("scans").staff or 0) >= 60
    assert (limit_rules("changes").staff or 0) >= 40 * 4
    assert (limit_rules("tickets").staff or 0) / 3600 >= 20 / 60
    assert all(rules.most >= 1 and rules.seconds >= 1 for rules in LIMITS.values())


def test_a_form_is_shown_again_with_the_time_to_wait(
    world: World, noon: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(world, world.organiser())
    # One was to confirm the login.
    set_limit(monkeypatch, "changes", staff=2)
    path, fields = "/console/needs/new", {"title": "想要一次义诊"}
    assert desk.send(path, **fields).status_code in (303, 422)
    answer = desk.send(path, **fields)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 429, page
    assert answer.headers["Retry-After"] == "60"
    assert "您刚才操作得太多，请等 1 分钟再试" in page
    assert "想要一次义诊" in page, "what was typed stays"


# ---------------------------------------------------------------------------- the audit log


def _entries(action: str) -> list[AuditEntry]:
    with transaction() as session:
        statement = select(AuditEntry).where(AuditEntry.action == action)
        return list(session.execute(statement.order_by(AuditEntry.id)).scalars())


def test_who_is_not_logged_in_writes_no_audit_entry(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """The auditor's first page was 50 of 50 such entries."""
    stranger = world.app.test_client()
    # To the login, which leads back; its own form is refused.
    forms = (("/console/schedule/new", 303), ("/console/logout", 303),
             ("/console/login/password", 403))  # fmt: skip
    for path, status in forms:
        assert stranger.post(path, data={"title": "x"}).status_code == status
        elsewhere = {"Origin": "https://elsewhere.example"}
        assert stranger.post(path, data={}, headers=elsewhere).status_code == 403
    assert _entries("refuse") == []
    assert [one.__dict__["code"] for one in caplog.records if one.msg == "refused"] == [
        "forged_form"
    ] * 4


def test_the_same_refusal_of_one_person_is_kept_once_in_ten_minutes(
    world: World, noon: time_machine.Traveller
) -> None:
    """Whatever ids they try: nobody makes the log long."""
    organiser = world.organiser()
    desk = Desk(world, organiser)
    for _ in range(5):
        assert desk.http.post("/console/logout").status_code == 403
        assert desk.send("/console/people/find", who="x").status_code == 403
    kept = [(one.actor_user_id, one.details["route"]) for one in _entries("refuse")]
    assert sorted(kept) == sorted(
        [(organiser.user_id, "/console/logout"), (organiser.user_id, "/console/people/find")]
    )
    noon.shift(timedelta(minutes=10))
    assert desk.http.post("/console/logout").status_code == 403
    assert len(_entries("refuse")) == 3


def test_a_phones_refusals_are_kept_as_the_consoles_are(
    world: World, noon: time_machine.Traveller, caplog: pytest.LogCaptureFixture
) -> None:
    """Reads of what one may not see, and writes to what is another's; of strangers nothing."""
    markets = [world.live_market() for _ in range(3)]
    resident, organiser = world.person(), world.organiser(OTHER_SUBDISTRICT)
    for market in markets:
        refused(resident.post(f"/activities/{market.id}/close"), 403, "forbidden")
        refused(resident.get(f"/activities/{market.id}/attendances"), 403, "forbidden")
        refused(organiser.post(f"/activities/{market.id}/close"), 403, "forbidden")
        refused(organiser.post(f"/bookings/{new_id()}/cancel"), 404, "not_found")
        assert organiser.get(f"/bookings/{new_id()}").status_code == 404
        assert world.http.post(f"{API}/activities/{market.id}/close").status_code == 401
        assert world.http.post(f"{API}/activities/{new_id()}/scans").status_code == 401
    kept = _entries("refuse")
    assert [(one.actor_user_id, one.details["method"], one.details["code"]) for one in kept] == [
        (resident.user_id, "POST", "forbidden"), (resident.user_id, "GET", "forbidden"),
        (organiser.user_id, "POST", "forbidden"), (organiser.user_id, "POST", "not_found"),
    ]  # fmt: skip
    assert {one.object_type for one in kept} == {"api_call"}
    assert kept[0].details["path"] == f"{API}/activities/{markets[0].id}/close"
    noon.shift(timedelta(minutes=10))
    resident.post(f"/activities/{markets[0].id}/close")
    assert len(_entries("refuse")) == 5
    assert "refused" not in {record.msg for record in caplog.records}


def test_a_page_that_is_not_theirs_is_kept_and_an_open_one_is_not(world: World) -> None:
    """A page that asks again by itself is no new try."""
    desk = Desk(world, world.organiser())
    for path in ("/console/audit/", f"/console/settings/imports/{new_id()}/progress"):
        desk.read(path, 403)
    assert [(one.object_type, one.details["path"]) for one in _entries("refuse")] == [
        ("page", "/console/audit/")
    ]


def test_an_entry_says_where_the_request_came_from(world: World) -> None:
    """Those that hand-written statements write too."""
    day = MarketDay.begin(world)
    person = world.person()

    def send(path: str, body: dict[str, Any], by: Person) -> Any:
        return by.request("POST", path, json=body, environ_overrides={"REMOTE_ADDR": "203.0.113.7"})

    ok(send(f"/offerings/{day.offering_id}/bookings", {}, person), 201)
    day.come(person)
    press = {"press_id": "0197f3a0-0000-7000-8000-000000000001"}
    called = ok(send(f"/stalls/{day.market.stall_id}/call-next", press, day.volunteer))
    ok(send(f"/bookings/{called['id']}/start", {}, day.volunteer))
    for action in ("sign_up", "call", "start"):
        assert [one.address for one in _entries(action)] == ["203.0.113.7"], action
    (arrived,) = _entries("arrive")
    assert arrived.address == "127.0.0.1"


def test_the_auditor_reads_the_address(world: World) -> None:
    world.live_market()
    auditor = Desk(world, world.staff(Role.AUDITOR, DISTRICT))
    page = auditor.read("/console/audit/?action=open")
    entry = re.search(r'href="(/console/audit/[0-9a-f-]{36})"', page)
    assert entry is not None
    assert "网络地址 127.0.0.1" in auditor.read(entry[1])
