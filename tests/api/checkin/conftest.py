"""Fixtures of the check-in's tests."""

import pytest

from tests.support.market_day import MarketDay
from tests.support.world import World


@pytest.fixture(scope="module")
def day(world: World) -> MarketDay:
    """A market that its organiser has opened, a minute before its start."""
    return MarketDay.begin(world)
