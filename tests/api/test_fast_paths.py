"""The paths on which people wait in line run hand-written statements alone: none of them needs
SQLAlchemy's session, which would cost as much as another statement (docs/adr/0014, make bench)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from backend.core import clock
from backend.core.db import db
from tests.support.market_day import MarketDay
from tests.support.world import World, ok


@contextmanager
def without_session() -> Iterator[None]:
    db.session.remove()
    yield
    assert not db.session.registry.has()


def test_check_in(world: World) -> None:
    day = MarketDay.begin(world)
    person, code = world.person(), day.code()
    for verdict in ("admitted", "already_checked_in"):
        with without_session():
            answer = day.scan(person, source="self", code=code)
        assert answer.get_json()["verdict"] == verdict


def test_sign_up(world: World) -> None:
    day = MarketDay.begin(world, mode="slots")
    slot, person = day.slot(clock.now() + timedelta(hours=1)), world.person()
    with without_session():
        ok(person.post(f"/offerings/{day.offering_id}/bookings", {"slot_id": slot}), 201)


def test_walk_in_number_and_call(world: World) -> None:
    day = MarketDay.begin(world)
    person = world.person()
    body = {"resident_id": str(person.resident_id)}
    with without_session():
        ok(day.volunteer.post(f"/offerings/{day.offering_id}/tickets", body), 201)
    press = {"press_id": "0197f3a0-0000-7000-8000-000000000001"}
    for _ in range(2):  # the second is a repeat
        with without_session():
            called = ok(day.volunteer.post(f"/stalls/{day.stalls[0]}/call-next", press))
        assert called["state"] == "called"
