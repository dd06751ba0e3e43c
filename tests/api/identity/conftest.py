"""A market where volunteers write people in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from argon2 import PasswordHasher

from backend.identity.login import accounts
from tests.support.world import Market, Person, World, ok


@dataclass(frozen=True)
class Entrance:
    """A live market's entrance, with a volunteer at the desk."""

    market: Market
    volunteer: Person

    def write_in(self, **guest: Any) -> str:
        """Check somebody in who has no phone of their own; their resident id."""
        body = {"id": str(uuid4()), "source": "proxy", "guest": guest}
        response = self.volunteer.post(f"/activities/{self.market.id}/scans", body)
        assert response.status_code in (200, 201), response.get_data(as_text=True)
        resident_id: str = response.json["resident"]["id"]  # type: ignore[index]
        return resident_id

    def find(self, **query: str) -> list[dict[str, Any]]:
        """Whom a volunteer finds by phone or name."""
        path = f"/activities/{self.market.id}/residents/find"
        found: list[dict[str, Any]] = ok(self.volunteer.post(path, query))["items"]
        return found

    def confirm(self, person: Person, resident_id: str | None = None) -> dict[str, Any]:
        """Confirm a person's number, face to face, with the code on their phone."""
        query = {"resident_id": resident_id} if resident_id else {}
        code = ok(person.get("/me/code", **query))["code"]
        body = {"resident_code": code}
        answer: dict[str, Any] = ok(self.volunteer.post("/residents/confirm-phone", body))
        return answer


@pytest.fixture(scope="module")
def entrance(world: World) -> Entrance:
    return Entrance(world.live_market(), world.volunteer())


@pytest.fixture(scope="module", autouse=True)
def _weak_hashes() -> Iterator[None]:
    """A password's hash is to cost whoever guesses a tenth of a second, and would cost these tests
    half of theirs."""
    with pytest.MonkeyPatch.context() as patch:
        weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(accounts, "_hasher", weak)
        yield
