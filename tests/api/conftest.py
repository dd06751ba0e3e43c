"""Who acts in most tests of the API and the console's pages; a folder may have others."""

import pytest

from tests.support.desk import Desk
from tests.support.fair import Fair
from tests.support.world import Person, World


@pytest.fixture(scope="module")
def organiser(world: World) -> Person:
    return world.organiser()


@pytest.fixture
def desk(world: World, organiser: Person) -> Desk:
    """The organiser's browser."""
    return Desk(world, organiser)


@pytest.fixture(scope="module")
def fair(world: World) -> Fair:
    """A live market where people are served, come and rate."""
    return Fair.live(world)
