"""A market that is changed: five days ahead, announced, with one appointment time."""

from datetime import datetime, time, timedelta

import pytest

from backend.core import clock
from tests.support.market_day import MarketDay
from tests.support.world import Market, Person, World, ok

DAY = clock.today() + timedelta(days=5)


def nine(days: int = 0) -> datetime:
    return datetime.combine(DAY + timedelta(days=days), time(9), tzinfo=clock.SHANGHAI)


@pytest.fixture
def day(world: World) -> MarketDay:
    """A published market with one appointment time."""
    organiser = world.organiser()
    draft = world.draft(organiser, starts_at=nine())
    stall = world.stall(organiser, draft["id"])
    made = world.offering(organiser, stall["id"], mode="slots")
    slot = world.slot(organiser, made["id"], draft["starts_at"], capacity=40)
    ok(organiser.post(f"/activities/{draft['id']}/publish"))
    market = Market(organiser, draft["id"], stall["id"], made["id"], slot["id"])
    return MarketDay(world, market, world.volunteer())


def family_of(person: Person) -> str:
    member = ok(person.post("/me/family", {"name": "王大爷", "relation": "parent"}), 201)
    return str(member["id"])
