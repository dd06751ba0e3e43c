"""`flask accounts …`: user names for staff who log in to the console without WeChat."""

import re

import pyotp
import pytest
from flask import Flask
from sqlalchemy import func, select

from backend.core.audit import AuditEntry
from backend.core.db import transaction
from backend.identity.models import PasswordAccount
from tests.support.commands import Run, done, failed
from tests.support.desk import Desk
from tests.support.world import OTHER_SUBDISTRICT, World

PASSWORD = "correct horse battery"
ANOTHER = "another horse battery"


@pytest.fixture
def world(app: Flask) -> World:
    return World(app)


def secret_in(output: str) -> str:
    found = re.search(r"密钥 (\w+)", output)
    assert found is not None
    return found[1]


def create(run: Run, world: World, username: str = "wujin.li") -> str:
    organiser = world.organiser()
    return secret_in(
        done(run("accounts", "create", organiser.user_id, "--username", username,
                 "--password", PASSWORD))
    )  # fmt: skip


def logs_in(world: World, password: str, secret: str) -> bool:
    code = pyotp.TOTP(secret).now()
    answer = Desk(world).send(
        "/console/login/password", username="wujin.li", password=password, code=code
    )
    return answer.status_code == 303


def accounts(app: Flask) -> int:
    with app.app_context(), transaction() as session:
        return session.execute(select(func.count()).select_from(PasswordAccount)).scalar_one()


def test_a_new_account_logs_in_with_its_code(run: Run, world: World) -> None:
    assert logs_in(world, PASSWORD, create(run, world))


def test_a_reset_makes_the_old_password_and_secret_worthless(
    app: Flask, run: Run, world: World
) -> None:
    old = create(run, world)
    new = secret_in(done(run("accounts", "reset", "wujin.li", "--password", ANOTHER)))
    assert not logs_in(world, PASSWORD, old)
    assert not logs_in(world, ANOTHER, old)
    assert logs_in(world, ANOTHER, new)
    with app.app_context(), transaction() as session:
        actions = list(session.execute(select(AuditEntry.action)).scalars())
    assert "reset_password_account" in actions


def test_a_reset_ends_what_is_logged_in(run: Run, world: World) -> None:
    organiser = world.organiser()
    done(run("accounts", "create", organiser.user_id, "--username", "wujin.li",
             "--password", PASSWORD))  # fmt: skip
    desk = Desk(world, organiser)
    desk.read("/console/schedule/")
    done(run("accounts", "reset", "wujin.li", "--password", ANOTHER))
    desk.read("/console/schedule/", 303)


def test_a_name_or_a_user_has_one_account(app: Flask, run: Run, world: World) -> None:
    create(run, world)
    stranger = world.organiser(OTHER_SUBDISTRICT)
    assert "已被使用" in failed(run("accounts", "create", stranger.user_id, "--username",
                                    "wujin.li", "--password", PASSWORD))  # fmt: skip
    assert accounts(app) == 1


@pytest.mark.parametrize(
    ("username", "password", "says"),
    [
        ("Li", PASSWORD, "用户名"),
        ("李", PASSWORD, "用户名"),
        ("wujin li", PASSWORD, "用户名"),
        ("wujin.li", "short", "密码"),
        ("wujin.li", "x" * 129, "密码"),
    ],
)
def test_bad_names_and_passwords_change_nothing(
    app: Flask, run: Run, world: World, username: str, password: str, says: str
) -> None:
    organiser = world.organiser()
    answer = run("accounts", "create", organiser.user_id, "--username", username,
                 "--password", password)  # fmt: skip
    assert says in failed(answer)
    assert accounts(app) == 0


def test_who_is_not_there_gets_none(run: Run) -> None:
    assert "没有这个用户" in failed(run("accounts", "create", "nobody", "--username", "wujin.li",
                                    "--password", PASSWORD))  # fmt: skip
    assert "没有这个用户名" in failed(run("accounts", "reset", "wujin.li", "--password", PASSWORD))
