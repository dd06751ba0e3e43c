"""A browser at the desk of who runs the fair that is reported on."""

import pytest

from tests.support.desk import Desk
from tests.support.fair import Fair


@pytest.fixture
def desk(fair: Fair) -> Desk:
    return Desk(fair.world, fair.organiser)
