"""A partner, and what it offers."""

import pytest

from backend.core.permissions import Role
from tests.support.world import Person, World


@pytest.fixture
def organisation(world: World) -> str:
    return world.organisation()


@pytest.fixture
def partner(world: World, organisation: str) -> Person:
    return world.staff(Role.PARTNER, organisation_id=organisation)
