"""GET /activities: who sees what, filters, order, distance."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection

from backend.core.permissions import Role
from tests.support.world import (
    API,
    COMMUNITY,
    DISTRICT,
    OTHER_COMMUNITY,
    OTHER_SUBDISTRICT,
    SUBDISTRICT,
    Person,
    World,
    ok,
    refused,
)

MIDNIGHT = datetime(2026, 4, 30, 16, tzinfo=UTC)  # the first of May begins in Shanghai
HOUR = timedelta(hours=1)


@pytest.fixture
def district(world: World) -> Person:
    return world.organiser(DISTRICT)


def announced(world: World, organiser: Person, **more: Any) -> str:
    draft = world.ready(organiser, **more)
    ok(organiser.post(f"/activities/{draft['id']}/publish"))
    activity_id: str = draft["id"]
    return activity_id


def listed(world: World, who: Person | None = None, /, **query: Any) -> list[str]:
    """Titles in the list, as a visitor sees it or somebody who is logged in."""
    response = who.get("/activities", **query) if who else world.http.get(
        f"{API}/activities", query_string=query
    )  # fmt: skip
    return [item["title"] for item in ok(response)["items"]]


def test_visitors_see_what_has_been_announced_and_is_not_cancelled(
    world: World, district: Person
) -> None:
    for number, moves in enumerate(
        [[], ["submit"], ["publish"], ["publish", "open"], ["publish", "open", "close"],
         ["publish", "cancel"]]
    ):  # fmt: skip
        draft = world.ready(district, title=f"{number}")
        for move in moves:
            ok(district.post(f"/activities/{draft['id']}/{move}"))
    assert sorted(listed(world)) == ["2", "3", "4"]
    assert sorted(listed(world, world.person())) == ["2", "3", "4"]
    assert sorted(listed(world, world.volunteer())) == ["2", "3", "4"]
    assert sorted(listed(world, district)) == ["0", "1", "2", "3", "4", "5"]
    assert listed(world, state="draft") == listed(world, state="cancelled") == []
    assert listed(world, district, state="submitted") == ["1"]
    assert listed(world, state="live") == ["3"]


def test_drafts_are_seen_in_their_scope_alone(world: World, district: Person) -> None:
    here = world.draft(district, title="这里")["id"]
    there = world.draft(district, title="那里", region=OTHER_COMMUNITY)["id"]
    seen = {
        "town": (world.organiser(), ["这里"], 200, 404),
        "community": (world.organiser(COMMUNITY), ["这里"], 200, 404),
        "neighbour": (world.organiser(OTHER_SUBDISTRICT), ["那里"], 404, 200),
        "auditor": (world.staff(Role.AUDITOR, SUBDISTRICT), ["这里"], 200, 404),
        "volunteer": (world.volunteer(), [], 404, 404),
        "partner": (
            world.staff(Role.PARTNER, organisation_id=world.organisation()), [], 404, 404,
        ),
        "resident": (world.person(), [], 404, 404),
    }  # fmt: skip
    for name, (person, titles, of_here, of_there) in seen.items():
        assert listed(world, person) == titles, name
        assert person.get(f"/activities/{here}").status_code == of_here, name
        assert person.get(f"/activities/{there}").status_code == of_there, name
    refused(world.http.get(f"{API}/activities/{here}"), 404, "not_found")


def test_parts_of_a_draft_are_hidden_with_it(world: World, district: Person) -> None:
    draft = world.draft(district)
    stall = world.stall(district, draft["id"])
    offering = world.offering(district, stall["id"])
    stranger = world.organiser(OTHER_SUBDISTRICT)
    refused(stranger.get(f"/offerings/{offering['id']}"), 404, "not_found")
    refused(stranger.put(f"/offerings/{offering['id']}", {}), 404, "not_found")
    refused(stranger.delete(f"/stalls/{stall['id']}"), 404, "not_found")
    ok(district.post(f"/activities/{draft['id']}/publish"))
    ok(stranger.get(f"/offerings/{offering['id']}"))
    ok(world.http.get(f"{API}/offerings/{offering['id']}"))
    refused(stranger.put(f"/offerings/{offering['id']}", {}), 403, "forbidden")
    refused(stranger.delete(f"/stalls/{stall['id']}"), 403, "forbidden")


def test_by_programme(world: World, district: Person) -> None:
    announced(world, district, title="集")
    announced(world, district, title="行", programme="action", field="health")
    announced(world, district, title="汇", programme="exchange", kind="visit")
    assert listed(world, programme="market") == ["集"]
    assert listed(world, programme="action") == ["行"]
    assert listed(world, programme="exchange") == ["汇"]


def test_by_region_and_all_below_it(world: World, district: Person) -> None:
    announced(world, district, title="花园", region=COMMUNITY)
    announced(world, district, title="丫河", region=OTHER_COMMUNITY)
    announced(world, district, title="全区", region=DISTRICT)

    def within(code: str) -> list[str]:
        return sorted(listed(world, region_id=world.region_id(code)))

    assert within(DISTRICT) == sorted(["花园", "丫河", "全区"])
    assert within(SUBDISTRICT) == within(COMMUNITY) == ["花园"]
    assert within(OTHER_SUBDISTRICT) == ["丫河"]


@pytest.fixture
def may_day(world: World, district: Person) -> None:
    """One that ends at midnight, one that begins then, one over two days, one on the next."""
    for title, start, hours in [
        ("夜场", MIDNIGHT - 2 * HOUR, 2),
        ("零点", MIDNIGHT, 1),
        ("跨日", MIDNIGHT + 23 * HOUR, 2),
        ("次日", MIDNIGHT + 24 * HOUR, 1),
    ]:
        announced(world, district, title=title, starts_at=start, hours=hours)


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({"from": "2026-05-01", "to": "2026-05-01"}, ["零点", "跨日"]),
        ({"from": "2026-05-01"}, ["零点", "跨日", "次日"]),
        ({"to": "2026-04-30"}, ["夜场"]),
        ({"from": "2026-05-02", "to": "2026-05-02"}, ["跨日", "次日"]),
        ({"from": "2026-05-03"}, []),
        ({"from": "2026-05-01T00:30:00+08:00", "to": "2026-05-01T01:00:00+08:00"}, ["零点"]),
        ({"from": "2026-05-01T01:00:00+08:00", "to": "2026-05-01T02:00:00+08:00"}, []),
        ({"from": "2026-04-30T15:59:59Z", "to": "2026-04-30T16:00:01Z"}, ["夜场", "零点"]),
        ({"from": "2026-05-01T00:30:00 08:00", "to": "2026-05-01T01:00:00 08:00"}, ["零点"]),
    ],
)
def test_by_time_with_days_as_in_shanghai(
    may_day: None, world: World, query: dict[str, str], titles: list[str]
) -> None:
    """What takes place in between; a day is whole, `to` included; a "+" may come as a space."""
    assert listed(world, None, **query) == titles


@pytest.fixture
def titled(world: World, district: Person) -> None:
    announced(world, district, title="100%满意集市", venue={"name": "Garden Square"})
    announced(world, district, title="春_夏集市", venue={"name": "广场"})
    announced(world, district, title="反斜\\杠集市", venue={"name": "礼堂"})


@pytest.mark.parametrize(
    ("words", "count"),
    [("集市", 3), ("100%", 1), ("%", 1), ("_", 1), ("春_", 1), ("春夏", 0), ("\\", 1), ("'", 0),
     ("garden", 1), ("SQUARE", 1), ("广场", 1), (" 礼堂 ", 1), ("没有", 0)],
)  # fmt: skip
def test_by_words_of_title_or_venue(titled: None, world: World, words: str, count: int) -> None:
    """% and _ are the characters that they are; letters in any case."""
    assert len(listed(world, q=words)) == count


def test_filters_add_up(may_day: None, world: World, district: Person) -> None:
    announced(world, district, title="零点行", programme="action", starts_at=MIDNIGHT)
    assert listed(world, q="零点", programme="market") == ["零点"]
    assert listed(world, None, **{"q": "零点", "from": "2026-05-02"}) == []


# ---------------------------------------------------------------------------- distance

HERE = "31.7200,119.9500"


@pytest.fixture
def places(world: World, district: Person) -> None:
    for title, latitude, longitude in [
        ("远", 31.8200, 119.9500), ("近", 31.7210, 119.9500), ("东", 31.7200, 119.9600),
    ]:  # fmt: skip
        venue = {"name": title, "latitude": latitude, "longitude": longitude}
        announced(world, district, title=title, venue=venue)
    announced(world, district, title="不知何处")


def test_the_nearest_comes_first_with_its_distance(places: None, world: World) -> None:
    items = ok(world.http.get(f"{API}/activities", query_string={"near": HERE}))["items"]
    found = {item["title"]: item["distance_m"] for item in items}
    assert list(found) == ["近", "东", "远", "不知何处"]
    assert found["近"] == pytest.approx(111, abs=2)
    assert found["东"] == pytest.approx(947, abs=5)
    assert found["远"] == pytest.approx(11_120, abs=50)
    assert found["不知何处"] is None


def test_by_distance_page_by_page(places: None, world: World) -> None:
    titles: list[str] = []
    query: dict[str, Any] = {"near": HERE, "limit": 1}
    while True:
        page = ok(world.http.get(f"{API}/activities", query_string=query))
        titles += [item["title"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert titles == ["近", "东", "远", "不知何处"]


def test_several_without_coordinates_are_paged_too(world: World, district: Person) -> None:
    ids = sorted(announced(world, district) for _ in range(3))
    first = ok(world.http.get(f"{API}/activities", query_string={"near": HERE, "limit": 2}))
    second = ok(
        world.http.get(
            f"{API}/activities",
            query_string={"near": HERE, "limit": 2, "cursor": first["next_cursor"]},
        )
    )
    assert [item["id"] for item in first["items"] + second["items"]] == ids


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"near": "31.72"}, "near"),
        ({"near": "91,0"}, "near"),
        ({"near": "0,181"}, "near"),
        ({"near": "a,b"}, "near"),
        ({"near": "31.72,119.95,0"}, "near"),
        ({"near": "NaN,0"}, "near"),
        ({"near": "1e1,0"}, "near"),
        ({"near": ""}, "near"),
        ({"programme": "party"}, "programme"),
        ({"state": "open"}, "state"),
        ({"region_id": "320412"}, "region_id"),
        ({"region_id": str(uuid4())}, "region_id"),
        ({"from": "2026-5-1"}, "from"),
        ({"from": "2026-02-30"}, "from"),
        ({"from": "2026-05-01T09:00:00"}, "from"),
        ({"to": "yesterday"}, "to"),
        ({"to": "0001-01-01"}, "to"),
        ({"to": "9999-12-31"}, "to"),
        ({"q": ""}, "q"),
        ({"q": "集" * 51}, "q"),
    ],
)
def test_bad_parameters_are_named(world: World, query: dict[str, str], field: str) -> None:
    response = world.http.get(f"{API}/activities", query_string=query)
    assert list(refused(response, 422, "validation_failed")["errors"]) == [field]


def test_an_item_says_what_a_card_shows(world: World, outer: Connection) -> None:
    market = world.live_market()
    (item,) = ok(world.http.get(f"{API}/activities"))["items"]
    assert item["id"] == market.id
    assert set(item) == {
        "id", "programme", "title", "state", "region_id", "region_name", "venue", "starts_at",
        "ends_at", "organiser_name", "field", "kind", "distance_m",
    }  # fmt: skip
    assert item["venue"] == {
        "name": "社区广场", "address": "花园路 1 号", "latitude": None, "longitude": None,
        "wheelchair": True,
    }  # fmt: skip


def test_the_catalogue_is_the_districts_own(world: World) -> None:
    catalogue = ok(world.http.get(f"{API}/catalogue"))
    assert {"key": "haircut", "title": "义剪"} in catalogue["service_kinds"]
    assert len(catalogue["fields"]) == 8
    assert {"key": "escort", "title": "需要陪同"} in catalogue["special_needs"]
    assert {entry["purpose"] for entry in catalogue["consents"]} == {
        "privacy", "phone", "special_needs", "guardian",
    }  # fmt: skip
