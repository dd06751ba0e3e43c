"""A draft with stalls to arrange."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.world import Person, World, ok


@dataclass
class Plan:
    """A draft market with one stall, as its organiser arranges it."""

    organiser: Person
    activity: dict[str, Any]
    stall: dict[str, Any]

    @property
    def path(self) -> str:
        return f"/activities/{self.activity['id']}"

    def read(self) -> dict[str, Any]:
        found: dict[str, Any] = ok(self.organiser.get(self.path))
        return found

    def announce(self, *moves: str) -> None:
        for move in moves or ("publish",):
            ok(self.organiser.post(f"{self.path}/{move}"))


@pytest.fixture
def plan(world: World) -> Plan:
    organiser = world.organiser()
    activity = world.draft(organiser)
    return Plan(organiser, activity, world.stall(organiser, activity["id"], number="1"))
