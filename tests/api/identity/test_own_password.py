"""Changing one's own password in the console."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import time_machine
from sqlalchemy import select
from werkzeug.test import TestResponse

from backend.core.audit import AuditEntry
from backend.core.db import transaction
from backend.core.web.sent import FORM_KEY
from backend.identity.login import accounts
from backend.identity.login.passwords import weakness
from tests.support.desk import Desk
from tests.support.world import Person, World

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
OLD, NEW = "correct horse", "battery staple"
PAGE = "/console/account"


@pytest.fixture
def noon() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as now:
        yield now


@pytest.fixture
def organiser(world: World, noon: time_machine.Traveller) -> Person:
    return world.organiser()


@pytest.fixture
def secret(organiser: Person) -> str:
    with transaction() as session:
        return accounts.create_account(session, organiser.user_id, "clerk", OLD)


@pytest.fixture
def desk(world: World, organiser: Person, secret: str) -> Desk:
    return Desk(world, organiser)


def change(
    desk: Desk, secret: str, old: str = OLD, new: str = NEW, again: str | None = None, **more: str
) -> TestResponse:
    code = pyotp.TOTP(secret).now()
    fields = {"old": old, "code": code, "new": new, "again": again or new} | more
    return desk.send("/console/account/password", **fields)


def log_in(world: World, secret: str, password: str) -> int:
    fields = {"username": "clerk", "password": password, "code": pyotp.TOTP(secret).now()}
    return Desk(world).send("/console/login/password", **fields).status_code


def changes() -> list[AuditEntry]:
    with transaction() as session:
        asked = select(AuditEntry).where(AuditEntry.action == "change_password")
        return list(session.execute(asked).scalars())


def test_the_new_one_lets_in_and_the_other_desks_are_out(
    world: World, desk: Desk, organiser: Person, secret: str, noon: time_machine.Traveller
) -> None:
    other, colleague = Desk(world, organiser), Desk(world, world.organiser())
    assert change(desk, secret).status_code == 303
    assert "密码已经改好" in desk.read(PAGE)
    other.read(PAGE, 303)
    colleague.read(PAGE)
    noon.shift(timedelta(seconds=30))
    assert log_in(world, secret, OLD) == 422
    assert log_in(world, secret, NEW) == 303
    (entry,) = changes()
    assert (entry.actor_user_id, entry.details) == (organiser.user_id, {"ended": 1})


def test_a_code_that_logged_in_changes_nothing(world: World, desk: Desk, secret: str) -> None:
    assert log_in(world, secret, OLD) == 303
    assert change(desk, secret).status_code == 422
    assert changes() == []


def test_a_repeat_does_nothing_and_is_told_so_much(desk: Desk, secret: str) -> None:
    """The button pressed twice; and the page sent again by hand, with another key."""
    answers = [change(desk, secret, **{FORM_KEY: key}).status_code for key in ("k1", "k1", "k2")]
    assert answers == [303] * 3
    assert len(changes()) == 1


def test_a_wrong_old_password_counts_as_a_failed_login(
    world: World, desk: Desk, secret: str
) -> None:
    for _ in range(2):
        assert log_in(world, secret, "wrong") == 422
    tries = [change(desk, secret, old="wrong") for _ in range(4)]
    assert [one.status_code for one in tries] == [422] * 3 + [429]
    assert "旧密码或动态码不对" in tries[0].get_data(as_text=True)
    assert change(desk, secret).status_code == 429
    assert log_in(world, secret, OLD) == 429


@pytest.mark.parametrize(
    ("new", "again", "field", "says"),
    [
        ("Ab1", None, "new", "太简单"),
        ("abcdefg1", None, "new", "太简单"),
        ("Woaini1314", None, "new", "很常见"),
        ("xx-CLERK-2026", None, "new", "不能有用户名"),
        (NEW, "something else", "again", "不一样"),
    ],
)
def test_what_is_wrong_with_the_new_one_stands_beside_it(
    desk: Desk, secret: str, new: str, again: str | None, field: str, says: str
) -> None:
    answer = change(desk, secret, new=new, again=again)
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert says in page.partition(f'id="{field}-error"')[2].partition("</div>")[0]
    assert OLD not in page
    assert changes() == []


def test_who_scans_has_no_password_to_change(world: World) -> None:
    desk = Desk(world, world.organiser())
    assert "没有密码" in desk.read(PAGE)
    assert change(desk, pyotp.random_base32()).status_code == 404


@pytest.mark.parametrize(
    "password", ["woaini1314", "a123456789", "AA123456", "Wujin@123", "P@ssw0rd", "123456789012"]
)
def test_what_everybody_takes_is_refused(password: str) -> None:
    assert weakness("clerk", password) is not None


@pytest.mark.parametrize(
    "password", ["Ab1defgh", "ab-12345", "abcdefghijkl", "密码密码密码密码密码密码"]
)
def test_what_is_long_or_mixed_will_do(password: str) -> None:
    assert weakness("clerk", password) is None
