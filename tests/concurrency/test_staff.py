"""Two admins at the same moment: one always remains, and a limit is a limit."""

from typing import Any

import pyotp
from flask import Flask
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from backend.core import clock
from backend.core.db import transaction
from backend.core.errors import AppError
from backend.core.permissions import Actor, Grant, Role
from backend.core.web.problems import refusal_for
from backend.identity import roles
from backend.identity.login import accounts
from backend.identity.staff import operations as staff
from backend.partners import operations as partners
from backend.partners.permissions import access_organisation_for_edit
from backend.regions.operations import region_by_code
from tests.concurrency.conftest import together
from tests.support.world import SUBDISTRICT, Person, World, refused

ROUNDS = 8


def admin(person: Person) -> Actor:
    grant = Grant(Role.ADMIN, SUBDISTRICT)
    return Actor(person.user_id, person.resident_id, None, (grant,))


def attempt(app: Flask, act: Any) -> AppError | None:
    """Do something in a transaction of its own; the refusal that it met."""
    with app.app_context():
        try:
            with transaction() as session:
                act(session)
        except AppError as refusal:
            return refusal
        except DBAPIError as error:
            return refusal_for(error)
        return None


def test_two_admins_who_take_each_other_s_role_back_leave_one(
    committed_app: Flask, committed_world: World
) -> None:
    for _ in range(ROUNDS):
        pair = [committed_world.staff(Role.ADMIN, SUBDISTRICT) for _ in range(2)]

        def take(number: int, pair: list[Person] = pair) -> AppError | None:
            me, other = pair[number], pair[1 - number]

            def act(session: Any) -> None:
                (one,) = roles.active(session, other.user_id)
                staff.take_back(session, admin(me), other.user_id, one.id)

            return attempt(committed_app, act)

        answers = together(2, take)
        assert sorted(type(answer).__name__ for answer in answers) == ["LastAdmin", "NoneType"]
        with committed_app.app_context(), transaction() as session:
            left = [person for person in pair if roles.active(session, person.user_id)]
            assert len(left) == 1
            # So that the next two are alone again.
            for one in roles.active(session, left[0].user_id):
                one.revoked_at = clock.now()


def test_two_admins_who_close_their_accounts_at_once_leave_one(
    committed_app: Flask, committed_world: World
) -> None:
    """Whichever way a role ends, its region keeps an admin."""
    pair = [committed_world.staff(Role.ADMIN, SUBDISTRICT) for _ in range(2)]
    answers = together(2, lambda number: pair[number].delete("/me"))
    assert sorted(answer.status_code for answer in answers) == [204, 409]
    (told,) = [answer for answer in answers if answer.status_code == 409]
    refused(told, 409, "last_admin")
    with committed_app.app_context(), transaction() as session:
        for person in pair:
            for one in roles.active(session, person.user_id):
                one.revoked_at = clock.now()


def test_of_two_who_take_one_role_back_the_second_is_told(
    committed_app: Flask, committed_world: World
) -> None:
    me = committed_world.staff(Role.ADMIN, SUBDISTRICT)
    volunteer = committed_world.volunteer()
    with committed_app.app_context(), transaction() as session:
        (one,) = roles.active(session, volunteer.user_id)

    def take(_: int) -> AppError | None:
        return attempt(
            committed_app,
            lambda session: staff.take_back(session, admin(me), volunteer.user_id, one.id),
        )

    answers = together(ROUNDS, take)
    assert answers.count(None) == 1
    others = {type(answer) for answer in answers if answer is not None}
    assert others == {staff.RoleTakenBackAlready}


def test_of_two_who_give_organisations_one_name_the_second_is_told(
    committed_app: Flask, committed_world: World
) -> None:
    """Also of names that differ by width and spaces alone, which no constraint knows: one looks
    and takes the name at a time."""
    actor = admin(committed_world.staff(Role.ADMIN, SUBDISTRICT))
    with committed_app.app_context(), transaction() as session:
        region = region_by_code(session, SUBDISTRICT)
        made = [
            partners.enter_organisation(session, actor, f"第{number}服务队", region)
            for number in range(2)
        ]
    names = ("同名服务队", "同名\u3000服务队")

    def rename(number: int) -> AppError | None:
        def act(session: Session) -> None:
            one = access_organisation_for_edit(session, actor, made[number])
            partners.edit_organisation(
                session, actor, one, name=names[number], region=region, version=1
            )

        return attempt(committed_app, act)

    answers = together(2, rename)
    assert sorted(type(answer).__name__ for answer in answers) == ["NameTaken", "NoneType"]


def test_of_two_password_changes_at_once_one_is_made(
    committed_app: Flask, committed_world: World
) -> None:
    person = committed_world.staff(Role.ADMIN, SUBDISTRICT)
    with committed_app.app_context(), transaction() as session:
        secret = accounts.create_account(session, person.user_id, "twice", "correct horse")
    new, code = ["battery staple", "staple battery"], pyotp.TOTP(secret).now()

    def change(number: int) -> AppError | None:
        with committed_app.app_context(), transaction() as session:
            return accounts.change_password(
                session, admin(person), "correct horse", code, new[number]
            )

    answers = [type(one).__name__ for one in together(2, change)]
    assert sorted(answers) == ["NoneType", "OldPasswordWrong"]
