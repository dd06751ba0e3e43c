"""Limits hold across connections: of many tries at once no more are let through than may be."""

from itertools import product

import pytest
from flask import Flask
from sqlalchemy import select

from backend.core import limits
from backend.core.db import transaction
from backend.identity.login.sessions import KEPT, create
from backend.identity.models import LoginSession
from tests.support.limits import set_limit
from tests.support.threads import together
from tests.support.world import World, ok

TRIES = 24


def test_of_many_at_once_exactly_as_many_as_may(
    committed_app: Flask, committed_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the API: each try on a connection of its own, as from several processes."""
    set_limit(monkeypatch, "cancel", most=5)
    person = committed_world.person()
    path = "/bookings/0197f3a0-0000-7000-8000-000000000000/cancel"
    statuses = together(TRIES, lambda _: person.post(path).status_code)
    assert sorted(statuses) == [404] * 5 + [429] * (TRIES - 5)


def test_of_many_sign_ups_at_once_no_more_than_may(
    committed_app: Flask, committed_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For oneself and one's family, of services of their own: nothing else is in their way."""
    set_limit(monkeypatch, "sign_up", most=5)
    market = committed_world.live_market()
    person = committed_world.person()
    member = ok(person.post("/me/family", {"name": "王奶奶"}), 201)["id"]
    services = [committed_world.offering(market.organiser, market.stall_id)["id"] for _ in range(6)]
    tries = list(product(services, ({}, {"resident_id": member})))

    def sign_up(number: int) -> int:
        service, body = tries[number]
        return person.post(f"/offerings/{service}/bookings", body).status_code

    assert sorted(together(len(tries), sign_up)) == [201] * 5 + [429] * (len(tries) - 5)


def test_the_first_refusal_is_one(committed_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is told of it is told once."""
    set_limit(monkeypatch, "find", most=5)

    def spend(_: int) -> limits.Spent:
        with committed_app.app_context(), transaction() as session:
            return limits.spend(session, "find", "somebody")

    spent = together(TRIES, spend)
    assert sum(one.first for one in spent) == 1
    assert sum(one.wait == 0 for one in spent) == 5


def test_many_wrong_passwords_at_once_are_no_more_tries_than_one_after_the_other(
    committed_app: Flask, committed_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def try_password(_: int) -> int:
        http = committed_app.test_client()
        page = http.get("/console/login").get_data(as_text=True)
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        fields = {"username": "x", "password": "y", "code": "000000", "csrf_token": token}
        return http.post("/console/login/password", data=fields).status_code

    assert sorted(together(8, try_password)) == [422] * 5 + [429] * 3


def test_many_logins_of_one_person_at_once_leave_the_newest(
    committed_app: Flask, committed_world: World
) -> None:
    person = committed_world.person()

    def log_in(_: int) -> None:
        with committed_app.app_context(), transaction() as session:
            create(session, person.user_id)

    together(TRIES, log_in)
    log_in(0)
    with committed_app.app_context(), transaction() as session:
        rows = session.execute(
            select(LoginSession.id).where(LoginSession.user_id == person.user_id)
        ).all()
    assert len(rows) == KEPT
