"""Lists by keyset: nothing skipped, nothing twice, whatever is written meanwhile."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from backend.core import clock
from backend.core.pagination import DEFAULT_LIMIT, MAX_LIMIT, encode_cursor
from tests.support.world import API, Person, World, ok, refused

COUNT = 5


def drafts(world: World, organiser: Person, *starts: datetime) -> list[str]:
    return [world.draft(organiser, starts_at=start)["id"] for start in starts]


def page(person: Person, **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = ok(person.get("/activities", **query))
    return found


def walk(person: Person, **query: Any) -> list[str]:
    """All ids, page by page."""
    ids: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        found = page(person, **query, **cursor)
        ids += [item["id"] for item in found["items"]]
        if found["next_cursor"] is None:
            return ids
        cursor = {"cursor": found["next_cursor"]}


def test_pages_together_are_the_list(world: World, organiser: Person) -> None:
    start = clock.now()
    ids = drafts(world, organiser, *(start + timedelta(hours=n) for n in range(COUNT)))
    for limit in (1, 2, 4, 5, 6):
        assert walk(organiser, limit=limit) == ids


def test_rows_that_sort_alike_are_told_apart_by_their_id(world: World, organiser: Person) -> None:
    ids = drafts(world, organiser, *[clock.now()] * COUNT)
    assert walk(organiser, limit=2) == sorted(ids)


def test_a_full_last_page_has_no_next(world: World, organiser: Person) -> None:
    drafts(world, organiser, clock.now(), clock.now())
    assert page(organiser, limit=2)["next_cursor"] is None
    assert page(organiser, limit=1)["next_cursor"] is not None


def test_an_empty_list_is_an_empty_page(world: World) -> None:
    found = ok(world.http.get(f"{API}/activities"))
    assert found == {"items": [], "next_cursor": None}


def test_what_is_written_between_two_pages_neither_skips_nor_repeats(
    world: World, organiser: Person
) -> None:
    """Rows before the cursor don't shift the next page; rows after it are seen."""
    start = clock.now()
    ids = drafts(world, organiser, *(start + timedelta(hours=n) for n in range(4)))
    first = page(organiser, limit=2)
    assert [item["id"] for item in first["items"]] == ids[:2]
    drafts(world, organiser, start - timedelta(hours=1), start + timedelta(minutes=30))
    (late,) = drafts(world, organiser, start + timedelta(hours=2, minutes=30))
    second = page(organiser, limit=3, cursor=first["next_cursor"])
    assert [item["id"] for item in second["items"]] == [ids[2], late, ids[3]]


def test_a_cursor_outlives_the_row_that_it_names(world: World, organiser: Person) -> None:
    start = clock.now()
    ids = drafts(world, organiser, *(start + timedelta(hours=n) for n in range(3)))
    first = page(organiser, limit=1)
    ok(organiser.put(f"/activities/{ids[0]}", {"title": "改名", "starts_at": later(start)}))
    second = page(organiser, limit=5, cursor=first["next_cursor"])
    assert [item["id"] for item in second["items"]] == [ids[1], ids[0], ids[2]]


def later(start: datetime) -> str:
    return (start + timedelta(hours=1, minutes=30)).isoformat()


def test_a_page_has_a_default_and_a_greatest_length(world: World, organiser: Person) -> None:
    start = clock.now()
    drafts(world, organiser, *(start + timedelta(minutes=n) for n in range(DEFAULT_LIMIT + 1)))
    assert len(page(organiser)["items"]) == DEFAULT_LIMIT
    assert len(page(organiser, limit=MAX_LIMIT)["items"]) == DEFAULT_LIMIT + 1
    refused(organiser.get("/activities", limit=MAX_LIMIT + 1), 422, "validation_failed")


@pytest.mark.parametrize(
    "values", [[], ["x", "y"], [5, 5], ["2026-05-01T00:00:00+00:00", 5], [None, None], [1.5, "x"]]
)
def test_a_forged_cursor_is_refused_by_the_list(organiser: Person, values: list[Any]) -> None:
    response = organiser.get("/activities", cursor=encode_cursor(values))
    assert list(refused(response, 422, "validation_failed")["errors"]) == ["cursor"]


def test_a_cursor_of_another_order_is_refused(world: World, organiser: Person) -> None:
    """A page by start can't be continued by distance."""
    drafts(world, organiser, clock.now(), clock.now())
    cursor = page(organiser, limit=1)["next_cursor"]
    response = organiser.get("/activities", cursor=cursor, near="31.7,119.9")
    refused(response, 422, "validation_failed")


def test_a_cursor_at_the_ends_of_the_calendar_is_read(organiser: Person) -> None:
    """Forged, but well formed: an empty or a whole page, never a 500."""
    row = "00000000-0000-0000-0000-000000000000"
    for instant in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        ok(organiser.get("/activities", cursor=encode_cursor([instant, row])))


def test_newest_first_goes_on_with_the_older(world: World) -> None:
    """The descending lists: what came meanwhile is on the first page, not on the second."""
    market = world.live_market()
    volunteer, organiser = world.volunteer(), market.organiser
    for n in range(3):
        ok(volunteer.post(f"/activities/{market.id}/scans", guest(world, n)), 201)
    path = f"/activities/{market.id}/attendances"
    first = ok(organiser.get(path, limit=2))
    ok(volunteer.post(f"/activities/{market.id}/scans", guest(world, 3)), 201)
    second = ok(organiser.get(path, limit=2, cursor=first["next_cursor"]))
    names = [v["resident"]["display_name"] for v in first["items"] + second["items"]]
    assert names == ["来*2", "来*1", "来*0"]


def guest(world: World, n: int) -> dict[str, Any]:
    """A scan of somebody without a phone."""
    start = world.person().resident_id  # any fresh UUID
    return {"id": str(start), "source": "proxy", "guest": {"name": f"来宾{n}"}}
