"""An organiser at their desk, and drafts: one to arrange through the API, one for the workbench."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from backend.core import clock
from tests.support.world import Person, World, ok

# To come, whenever the tests run.
START = datetime(clock.today().year + 1, 5, 1, 1, 0, tzinfo=clock.SHANGHAI)
DAY = f"{START:%Y-%m-%d}"


@dataclass(frozen=True)
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


@pytest.fixture(scope="module")
def plan(world: World, organiser: Person) -> Plan:
    activity = world.draft(organiser)
    return Plan(organiser, activity, world.stall(organiser, activity["id"], number="1"))


@pytest.fixture(scope="module")
def market(world: World, organiser: Person) -> dict[str, Any]:
    """A draft with one stall and a service by slots, two of them."""
    draft = world.draft(organiser, starts_at=START, contact_phone="0519-1", organiser_name="民政局")
    stall = world.stall(organiser, draft["id"], number="1", name="义诊台")
    offering = world.offering(organiser, stall["id"], title="义诊", mode="slots")
    for index in range(2):
        starts = START + timedelta(minutes=30 * index)
        world.slot(organiser, offering["id"], starts.isoformat(), capacity=5)
    found: dict[str, Any] = ok(organiser.get(f"/activities/{draft['id']}"))
    return found
