"""A live market for the tests of its figures, a fair, and a browser at the organiser's desk."""

import pytest

from tests.api.feedback.fair import Fair
from tests.support.desk import Desk
from tests.support.market_day import MarketDay
from tests.support.world import World


@pytest.fixture(scope="module")
def day(world: World) -> MarketDay:
    return MarketDay.begin(world)


@pytest.fixture(scope="module")
def fair(world: World) -> Fair:
    return Fair.live(world)


@pytest.fixture
def desk(fair: Fair) -> Desk:
    return Desk(fair.world, fair.organiser)
