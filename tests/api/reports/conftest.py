"""A live market for the tests of its figures."""

import pytest

from tests.api.feedback.fair import Fair
from tests.support.market_day import MarketDay
from tests.support.world import World


@pytest.fixture
def day(world: World) -> MarketDay:
    return MarketDay.begin(world)


@pytest.fixture
def fair(world: World) -> Fair:
    return Fair.live(world)
