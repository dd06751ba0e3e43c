"""A live market for the tests of its board and its walls."""

import pytest

from tests.support.market_day import MarketDay
from tests.support.world import World


@pytest.fixture(scope="module")
def day(world: World) -> MarketDay:
    return MarketDay.begin(world)
