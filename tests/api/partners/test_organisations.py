"""GET /organisations: for those who give them a stall."""

import pytest

from backend.core.permissions import Role
from tests.support.world import API, World, ok, refused


def test_an_organiser_lists_organisations_by_name(world: World) -> None:
    """All of the deployment's, wherever they are based."""
    for name in ("B社工站", "A社工站"):
        world.organisation(name)
    page = ok(world.organiser().get("/organisations"))
    assert [item["name"][0] for item in page["items"]] == ["A", "B"]
    assert set(page["items"][0]) == {"id", "name", "region_id"}


def test_q_finds_part_of_a_name(world: World) -> None:
    """And takes % as the character it is."""
    world.organisation("善乐社工站")
    world.organisation("巧手理发队")
    organiser = world.organiser()
    assert len(ok(organiser.get("/organisations", q="理发"))["items"]) == 1
    assert ok(organiser.get("/organisations", q="%"))["items"] == []


def test_pages_neither_skip_nor_repeat(world: World) -> None:
    ids = {world.organisation(f"第{number}社工站") for number in range(5)}
    organiser = world.organiser()
    first = ok(organiser.get("/organisations", limit=3))
    second = ok(organiser.get("/organisations", limit=3, cursor=first["next_cursor"]))
    assert second["next_cursor"] is None
    seen = [item["id"] for page in (first, second) for item in page["items"]]
    assert len(seen) == 5
    assert set(seen) == ids


@pytest.mark.parametrize("role", [Role.VOLUNTEER, Role.PARTNER])
def test_only_organisers_admins_and_auditors_may(world: World, role: Role) -> None:
    organisation = world.organisation() if role is Role.PARTNER else None
    refused(world.staff(role, organisation_id=organisation).get("/organisations"), 403, "forbidden")


@pytest.mark.parametrize("role", [Role.ORGANISER, Role.ADMIN, Role.AUDITOR])
def test_those_who_plan_or_audit_may(world: World, role: Role) -> None:
    ok(world.staff(role).get("/organisations"))


def test_residents_and_visitors_may_not(world: World) -> None:
    refused(world.person().get("/organisations"), 403, "forbidden")
    refused(world.http.get(f"{API}/organisations"), 401, "not_logged_in")


@pytest.mark.parametrize("query", [{"q": ""}, {"q": "社" * 51}, {"limit": "0"}, {"name": "x"}])
def test_bad_parameters_are_refused(world: World, query: dict[str, str]) -> None:
    refused(world.organiser().get("/organisations", **query), 422, "validation_failed")
