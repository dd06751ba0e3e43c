"""Fixtures of the bookings' tests."""

import pytest

from tests.support.market_day import MarketDay
from tests.support.world import World


@pytest.fixture
def day(world: World) -> MarketDay:
    """An open market with a queue."""
    return MarketDay.begin(world)


@pytest.fixture
def slots(world: World) -> MarketDay:
    """An open market with appointments: one slot of three places, from its start."""
    return MarketDay.begin(world, mode="slots", capacity=3)
