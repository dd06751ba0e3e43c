"""Fixtures of the bookings' tests."""

from collections.abc import Iterator

import pytest
import time_machine

from backend.core import clock
from tests.support.market_day import MarketDay
from tests.support.world import World

_LATE = 22


@pytest.fixture(scope="module", autouse=True)
def within_one_day() -> Iterator[None]:
    """What these tests do within an hour is of one day; late in the evening they go back to its
    noon. (Those of midnight choose their own time.)"""
    now = clock.now().astimezone(clock.SHANGHAI)
    if now.hour < _LATE:
        yield
        return
    with time_machine.travel(now.replace(hour=12), tick=True):
        yield


@pytest.fixture(scope="module")
def day(world: World) -> MarketDay:
    """An open market with a queue."""
    return MarketDay.begin(world)


@pytest.fixture(scope="module")
def slots(world: World) -> MarketDay:
    """An open market with appointments: one slot of three places, from its start."""
    return MarketDay.begin(world, mode="slots", capacity=3)
