"""Logging in to the console: by a scanned code, by password, and not otherwise."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import time_machine
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from backend.core.audit import AuditEntry
from backend.core.config import SESSIONS
from backend.core.db import transaction
from backend.identity.login import accounts
from backend.identity.login.sessions import KEPT
from backend.identity.models import ConsoleSession, User, UserState
from tests.support.desk import Desk
from tests.support.limits import set_limit
from tests.support.world import Person, World, ok, refused

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
HOME = "/console/schedule/"
STRONG = accounts._hasher


class Browser(Desk):
    def is_in(self) -> bool:
        return self.http.get(HOME).status_code == 200


@pytest.fixture
def noon() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as now:
        yield now


@pytest.fixture
def browser(world: World, noon: time_machine.Traveller) -> Browser:
    return Browser(world)


@pytest.fixture
def organiser(world: World, noon: time_machine.Traveller) -> Person:
    return world.organiser()


# ---------------------------------------------------------------------------- by scanning


def test_a_scanned_and_confirmed_code_lets_its_browser_in(
    browser: Browser, organiser: Person
) -> None:
    code = browser.ask()
    assert browser.http.get("/console/login/qr").status_code == 204
    assert ok(organiser.get(f"/console-logins/{code}"))["browser"] == "浏览器 · 电脑"
    ok(organiser.post(f"/console-logins/{code}/confirm"), 204)
    assert browser.http.get("/console/login/qr").status_code == 286
    assert browser.send("/console/login/qr/enter").status_code == 303
    assert browser.is_in()


def test_only_the_browser_that_asked_gets_in(
    world: World, browser: Browser, organiser: Person
) -> None:
    ok(organiser.post(f"/console-logins/{browser.ask()}/confirm"), 204)
    other = Browser(world)
    other.ask()
    assert other.send("/console/login/qr/enter").status_code == 409
    assert not other.is_in()


def test_a_confirmed_login_is_used_once(browser: Browser, organiser: Person) -> None:
    ok(organiser.post(f"/console-logins/{browser.ask()}/confirm"), 204)
    assert browser.send("/console/login/qr/enter").status_code == 303
    assert browser.send("/console/login/qr/enter").status_code == 409


def test_a_qr_code_that_comes_late_does_not_end_a_login(browser: Browser) -> None:
    # Both answers cross on the way to the browser: what the earlier request sets counts last.
    answer = browser.send("/console/login/qr")
    assert not [one for one in answer.headers.getlist("Set-Cookie") if one.startswith("console=")]


def test_nobody_is_let_in_before_confirming(browser: Browser) -> None:
    browser.ask()
    assert browser.send("/console/login/qr/enter").status_code == 409


def test_a_code_lives_three_minutes(
    browser: Browser, organiser: Person, noon: time_machine.Traveller
) -> None:
    code = browser.ask()
    noon.shift(timedelta(minutes=3))
    refused(organiser.post(f"/console-logins/{code}/confirm"), 409, "login_code_expired")
    assert "已过期" in browser.http.get("/console/login/qr").get_data(as_text=True)


def test_one_confirms_a_second_cannot_take_over(
    world: World, browser: Browser, organiser: Person
) -> None:
    code = browser.ask()
    ok(organiser.post(f"/console-logins/{code}/confirm"), 204)
    ok(organiser.post(f"/console-logins/{code}/confirm"), 204)
    refused(world.organiser().post(f"/console-logins/{code}/confirm"), 409, "login_code_expired")


def test_residents_and_volunteers_have_no_console(world: World, browser: Browser) -> None:
    for person in (world.person(), world.volunteer()):
        refused(person.post(f"/console-logins/{browser.ask()}/confirm"), 403, "forbidden")


# ---------------------------------------------------------------------------- by password


@pytest.fixture
def secret(organiser: Person) -> str:
    """The organiser's account `clerk`; the secret of its one-time codes."""
    with transaction() as session:
        return accounts.create_account(session, organiser.user_id, "clerk", "correct horse")


ELSEWHERE = "203.0.113.7"


def _log_in(
    browser: Browser, secret: str, password: str = "correct horse", address: str = "127.0.0.1"
) -> int:
    return _tried(browser, "clerk", password, pyotp.TOTP(secret).now(), address).status_code


def _tried(
    browser: Browser, username: str, password: str, code: str, address: str = "127.0.0.1"
) -> TestResponse:
    fields = {"username": username, "password": password, "code": code}
    return browser.http.post(
        "/console/login/password",
        data=fields | {"csrf_token": browser.token()},
        environ_overrides={"REMOTE_ADDR": address},
    )


def test_password_and_code_let_in(browser: Browser, secret: str) -> None:
    assert _log_in(browser, secret) == 303
    assert browser.is_in()


def test_a_one_time_code_works_once(world: World, browser: Browser, secret: str) -> None:
    assert _log_in(browser, secret) == 303
    assert _log_in(Browser(world), secret) == 422


def test_a_code_of_a_minute_ago_is_too_old(
    browser: Browser, secret: str, noon: time_machine.Traveller
) -> None:
    code = pyotp.TOTP(secret).now()
    noon.shift(timedelta(minutes=1))
    fields = {"username": "clerk", "password": "correct horse", "code": code}
    assert browser.send("/console/login/password", **fields).status_code == 422


def test_five_failures_lock_for_fifteen_minutes(
    browser: Browser, secret: str, noon: time_machine.Traveller
) -> None:
    assert [_log_in(browser, secret, "wrong") for _ in range(5)] == [422] * 5
    assert _log_in(browser, secret) == 429
    noon.shift(timedelta(minutes=14, seconds=59))
    assert _log_in(browser, secret) == 429
    noon.shift(timedelta(seconds=1))
    assert _log_in(browser, secret) == 303


def test_a_success_forgives_the_failures_before(
    browser: Browser, secret: str, noon: time_machine.Traveller
) -> None:
    for _ in range(2):
        assert [_log_in(browser, secret, "wrong") for _ in range(4)] == [422] * 4
        assert _log_in(browser, secret) == 303
        noon.shift(timedelta(minutes=1))


def test_nobody_locks_the_owner_out(
    world: World, browser: Browser, secret: str, organiser: Person,
    noon: time_machine.Traveller,
) -> None:  # fmt: skip
    """Who keeps the account locked from their address keeps it locked for themselves alone."""
    for _ in range(3):
        tries = [_log_in(browser, secret, "wrong", ELSEWHERE) for _ in range(6)]
        assert tries == [422] * 5 + [429]
        assert _log_in(browser, secret, address=ELSEWHERE) == 429
        assert _log_in(Browser(world), secret) == 303
        noon.shift(timedelta(minutes=15))
    _log_in(browser, secret, "wrong")
    code = browser.ask()
    ok(organiser.post(f"/console-logins/{code}/confirm"), 204)
    assert browser.send("/console/login/qr/enter").status_code == 303


def test_the_lock_says_how_long_and_what_else_to_do(browser: Browser, secret: str) -> None:
    for _ in range(5):
        _log_in(browser, secret, "wrong")
    answer = _tried(browser, "clerk", "correct horse", pyotp.TOTP(secret).now())
    assert answer.headers["Retry-After"] == "900"
    page = answer.get_data(as_text=True)
    assert "在这个网络上连续输错 5 次" in page
    assert "请等 15 分钟再试，或用小程序扫码登录" in page
    assert 'value="clerk"' in page
    assert "correct horse" not in page


def test_wrong_passwords_slow_their_address_down_and_right_ones_do_not(
    browser: Browser, secret: str, noon: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many names from one address; an office with many clerks behind one is not slowed down."""
    set_limit(monkeypatch, "password", most=4)
    for _ in range(6):
        assert _log_in(browser, secret) == 303
        noon.shift(timedelta(seconds=30))
    for number in range(4):
        assert _tried(browser, f"nobody{number}", "x", "000000").status_code == 422
    answer = _tried(browser, "nobody5", "x", "000000")
    assert answer.status_code == 429
    assert "同一网络下的操作太多" in answer.get_data(as_text=True)
    assert _log_in(browser, secret) == 429
    assert _log_in(browser, secret, address=ELSEWHERE) == 303


def test_an_unknown_name_is_refused_in_the_same_words(browser: Browser, secret: str) -> None:
    """Up to the lock, and then too."""
    for username in ("nobody", "clerk"):
        answers = [_tried(browser, username, "wrong", "000000") for _ in range(6)]
        assert [one.status_code for one in answers] == [422] * 5 + [429]
        assert "用户名、密码或动态码不对" in answers[0].get_data(as_text=True)
        assert "在这个网络上连续输错 5 次" in answers[5].get_data(as_text=True)


def test_an_unknown_name_takes_as_long(
    browser: Browser, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One hash is checked for every try, for nobody one of the same strength as a password made
    today has."""
    assert not STRONG.check_needs_rehash(accounts.NOBODYS_HASH)
    checked: list[str] = []
    real = accounts._password_fits

    def fits(password_hash: str, password: str) -> bool:
        checked.append(password_hash)
        return real(password_hash, password)

    monkeypatch.setattr(accounts, "_password_fits", fits)
    for username in ("nobody", "clerk"):
        _tried(browser, username, "wrong", "000000")
    assert len(checked) == 2
    assert checked[0] == accounts.NOBODYS_HASH != checked[1]


def test_failures_are_logged_and_the_lock_alone_is_audited(
    browser: Browser, secret: str, organiser: Person, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever is not logged in can't fill the audit log."""
    for username in ("clerk", "nobody"):
        for _ in range(20):
            _tried(browser, username, "wrong", "000000")
    with transaction() as session:
        (entry,) = session.execute(
            select(AuditEntry).where(AuditEntry.action == "console_login_failed")
        ).scalars()
    assert (entry.object_id, entry.details) == (organiser.user_id, {"failures": 5})
    assert entry.address == "127.0.0.1"
    assert [one.msg for one in caplog.records].count("console login failed") == 10


def test_one_person_keeps_the_newest_console_sessions(
    world: World, organiser: Person, noon: time_machine.Traveller
) -> None:
    browsers = [Browser(world) for _ in range(KEPT + 2)]
    for browser in browsers:
        ok(organiser.post(f"/console-logins/{browser.ask()}/confirm"), 204)
        assert browser.send("/console/login/qr/enter").status_code == 303
    assert [browser.is_in() for browser in browsers] == [False] * 2 + [True] * KEPT


# ---------------------------------------------------------------------------- staying in


def test_thirty_idle_minutes_end_a_session(
    browser: Browser, secret: str, noon: time_machine.Traveller
) -> None:
    _log_in(browser, secret)
    for _ in range(3):
        noon.shift(timedelta(minutes=29))
        assert browser.is_in()
    noon.shift(timedelta(minutes=30))
    assert browser.http.get(HOME).location.startswith("/console/login?")


def test_the_next_page_says_when_one_was_logged_in_before(
    world: World, browser: Browser, secret: str, noon: time_machine.Traveller
) -> None:
    _log_in(browser, secret)
    assert "上次登录" not in browser.read(HOME)
    noon.shift(timedelta(hours=1))
    again = Browser(world)
    _log_in(again, secret)
    page = again.read(HOME)
    assert "上次登录：2026 年 11 月 23 日 12:00，网络地址 127.0.0.1，方式：密码" in page
    assert "alert-info" in page, "nothing that was done, and so not in green"
    assert "上次登录" not in again.read(HOME), "said once"


def test_a_session_in_use_ends_with_its_day(
    browser: Browser, secret: str, noon: time_machine.Traveller
) -> None:
    _log_in(browser, secret)
    for _ in range(SESSIONS.console_hours * 3 - 1):
        noon.shift(timedelta(minutes=20))
        assert browser.is_in()
    noon.shift(timedelta(minutes=20))
    assert browser.http.get(HOME).location.startswith("/console/login?")


def test_logging_out_ends_the_session_for_copies_of_the_cookie_too(
    world: World, browser: Browser, secret: str
) -> None:
    _log_in(browser, secret)
    with browser.http.session_transaction("/console/") as cookie:
        token = cookie["token"]
    assert browser.send("/console/logout").status_code == 303
    with browser.http.session_transaction("/console/") as cookie:
        cookie["token"] = token
    assert not browser.is_in()


def test_a_form_without_its_token_is_refused_and_audited(browser: Browser, secret: str) -> None:
    _log_in(browser, secret)
    assert browser.http.post("/console/logout").status_code == 403
    assert browser.is_in()
    assert _refusals() == 1


def test_a_form_from_another_site_is_refused_and_audited(browser: Browser, secret: str) -> None:
    _log_in(browser, secret)
    fields = {"csrf_token": browser.token()}
    forged = {"Origin": "https://elsewhere.example"}
    answer = browser.http.post("/console/logout", data=fields, headers=forged)
    assert answer.status_code == 403
    assert browser.is_in()
    assert _refusals() == 1


def _refusals() -> int:
    with transaction() as session:
        return session.execute(
            select(func.count())
            .select_from(AuditEntry)
            .where(AuditEntry.action == "refuse", AuditEntry.actor_user_id.isnot(None))
        ).scalar_one()


def test_a_blocked_account_is_out_at_once(browser: Browser, secret: str, organiser: Person) -> None:
    _log_in(browser, secret)
    with transaction() as session:
        session.get_one(User, organiser.user_id).state = UserState.BLOCKED
    assert not browser.is_in()


def test_reading_pages_moves_the_session_at_most_once_a_minute(
    browser: Browser, secret: str, noon: time_machine.Traveller
) -> None:
    _log_in(browser, secret)
    noon.shift(timedelta(seconds=59))
    browser.is_in()
    with transaction() as session:
        assert session.execute(select(ConsoleSession.last_used_at)).scalar_one() == NOON


def test_pages_may_load_nothing_from_elsewhere_and_run_nothing_inline(browser: Browser) -> None:
    policy = browser.http.get("/console/login").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'self';")
