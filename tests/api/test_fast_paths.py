"""The paths on which people wait in line run hand-written statements alone (make bench): none needs
SQLAlchemy's session, which would cost as much as another statement (docs/adr/0014). Who is told of
it costs one, however many they are."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import Mock

import pytest
from sqlalchemy import Connection, text

from backend.core import clock
from backend.core.config import MESSAGES
from backend.notices.statements import TELL
from tests.support.market_day import MarketDay
from tests.support.transactions import joins_of
from tests.support.world import World, ok


@contextmanager
def fast(outer: Connection, monkeypatch: pytest.MonkeyPatch, told: int = 0) -> Iterator[None]:
    """What is done runs without a session, on plans made once (backend/core/db/statement.py).

    Args:
        told: by how many statements people are told of it.
    """
    joined = joins_of(monkeypatch)
    outer.execute(text("SET LOCAL plan_cache_mode = auto"))
    tell = Mock(wraps=TELL.rows)
    with monkeypatch.context() as patch:
        patch.setattr(TELL, "rows", tell)
        yield
    assert joined == []
    assert tell.call_count == told
    assert outer.execute(text("SHOW plan_cache_mode")).scalar_one() == "force_generic_plan"


def test_check_in(world: World, outer: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    day = MarketDay.begin(world)
    person, code = world.person(), day.code()
    for verdict in ("admitted", "already_checked_in"):
        with fast(outer, monkeypatch):
            answer = day.scan(person, source="self", code=code)
        assert answer.get_json()["verdict"] == verdict


def test_sign_up(world: World, outer: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    day = MarketDay.begin(world, mode="slots")
    slot, person = day.slot(clock.now() + timedelta(hours=1)), world.person()
    with fast(outer, monkeypatch, told=1):
        ok(person.post(f"/offerings/{day.offering_id}/bookings", {"slot_id": slot}), 201)


def test_walk_in_number_and_call(
    world: World, outer: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = MarketDay.begin(world)
    person = world.person()
    body = {"resident_id": str(person.resident_id)}
    with fast(outer, monkeypatch, told=1):
        ok(day.volunteer.post(f"/offerings/{day.offering_id}/tickets", body), 201)
    for _ in range(MESSAGES.near):
        day.number()
    press = {"press_id": "0197f3a0-0000-7000-8000-000000000001"}
    with fast(outer, monkeypatch, told=1):
        called = ok(day.volunteer.post(f"/stalls/{day.market.stall_id}/call-next", press))
    assert called["state"] == "called"
