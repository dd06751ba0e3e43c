"""Who has come, for staff with masked names; my own visits, for me."""

from typing import Any

import pytest

from backend.core.permissions import Role
from tests.support.market_day import GUEST, MarketDay
from tests.support.world import OTHER_SUBDISTRICT, Person, World, ok, refused


def _pages(person: Person, path: str, limit: int) -> list[list[dict[str, Any]]]:
    """All pages of a list."""
    pages, cursor = [], None
    while True:
        query = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        answer = ok(person.get(path, **query))
        pages.append(answer["items"])
        cursor = answer["next_cursor"]
        if cursor is None:
            return pages


def test_the_list_shows_masked_names_newest_first(day: MarketDay, world: World) -> None:
    for name in ("王秀英", "李明", "欧阳建国"):
        day.come(world.person(name))
    day.write_in(**GUEST)
    response = day.volunteer.get(f"/activities/{day.id}/attendances")
    names = [item["resident"]["display_name"] for item in ok(response)["items"]]
    assert names == ["李*奶", "欧**国", "李*", "王*英"]
    assert GUEST["phone"] not in response.get_data(as_text=True)
    assert "秀" not in response.get_data(as_text=True)


def test_the_list_comes_in_pages_that_newcomers_do_not_shift(day: MarketDay, world: World) -> None:
    ids = [day.come(world.person())["attendance"]["id"] for _ in range(5)]
    path = f"/activities/{day.id}/attendances"
    first = ok(day.volunteer.get(path, limit=2))
    day.come(world.person())
    rest = ok(day.volunteer.get(path, limit=2, cursor=first["next_cursor"]))
    assert [item["id"] for item in first["items"] + rest["items"]] == ids[:0:-1]
    assert [len(page) for page in _pages(day.volunteer, path, 2)] == [2, 2, 2]


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"cursor": "x"}])
def test_a_bad_page_is_refused(day: MarketDay, query: dict[str, Any]) -> None:
    response = day.volunteer.get(f"/activities/{day.id}/attendances", **query)
    refused(response, 422, "validation_failed")


def test_only_staff_of_the_place_read_the_list(day: MarketDay, world: World) -> None:
    """Never anyone with a link: 403, and 404 for what is not announced."""
    path = f"/activities/{day.id}/attendances"
    refused(world.person().get(path), 403, "forbidden")
    refused(world.volunteer(OTHER_SUBDISTRICT).get(path), 403, "forbidden")
    ok(world.staff(Role.AUDITOR).get(path))
    ok(day.organiser.get(path))
    draft = world.draft(day.organiser)
    hidden = f"/activities/{draft['id']}/attendances"
    refused(world.volunteer(OTHER_SUBDISTRICT).get(hidden), 404, "not_found")


def test_my_visits_are_mine_and_my_familys(day: MarketDay, world: World) -> None:
    """Newest first, with whole names; nobody else's."""
    person, other = world.person("王秀英"), world.person()
    member_id = ok(person.post("/me/family", {"name": "王奶奶"}), 201)["id"]
    day.come(person)
    day.come(person, resident_id=member_id)
    day.come(other)
    items = ok(person.get("/me/attendances"))["items"]
    assert [item["resident"]["display_name"] for item in items] == ["王奶奶", "王秀英"]
    assert {item["activity_id"] for item in items} == {day.id}
    assert {item["activity_title"] for item in items} == {"花园社区公益集市"}
    assert [len(page) for page in _pages(person, "/me/attendances", 1)] == [1, 1]


def test_a_removed_familys_visits_are_mine_no_more(day: MarketDay, world: World) -> None:
    """But they still count."""
    person = world.person()
    member_id = ok(person.post("/me/family", {"name": "王奶奶"}), 201)["id"]
    day.come(person, resident_id=member_id)
    ok(person.delete(f"/me/family/{member_id}"), 204)
    assert ok(person.get("/me/attendances"))["items"] == []
    assert day.summary()["visits"] == 1


def test_my_export_has_my_visits(day: MarketDay, world: World) -> None:
    """Taken-back ones too: what is stored about me is mine to read."""
    person = world.person()
    undone = day.come(person)
    ok(day.revert(undone["id"]), 201)
    standing = day.come(person)
    rows = ok(person.get("/me/export"))["attendances"]
    assert [row["id"] for row in rows] == [
        undone["attendance"]["id"], standing["attendance"]["id"]
    ]  # fmt: skip
    assert [bool(row["reverted_at"]) for row in rows] == [True, False]
