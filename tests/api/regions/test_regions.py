"""GET /regions: the tree, as somebody who chooses a place walks it."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection

from backend.core.db import transaction
from backend.regions.csv_files import Place, RegionRow
from backend.regions.operations import import_regions, with_pinyin
from tests.support.world import API, COMMUNITY, DISTRICT, SUBDISTRICT, World, ok, refused

TREE = {
    "320404": "钟楼区",
    "320412": "武进区",
    "320412100": "湖塘镇",
    "320412102": "牛塘镇",
    "320412106": "横山桥镇",
    "320412119": "嘉泽镇",
    "320412100001": "花园社区",
    "320412100002": "100%满意社区",
    "320412102001": "丫河社区",
}


def quietly(step: str, done: int, total: int) -> None: ...


@pytest.fixture
def tree(app: Flask, outer: Connection) -> World:
    """Two districts, of which one has towns and communities."""
    with app.app_context(), transaction() as session:
        rows = [RegionRow(code, name, Place("t.csv", 2)) for code, name in TREE.items()]
        import_regions(session, None, with_pinyin(rows, quietly), quietly)
    return World(app)


def listed(world: World, **query: Any) -> list[str]:
    """The names in one page of regions, in their order."""
    page = ok(world.http.get(f"{API}/regions", query_string=query))
    return [item["name"] for item in page["items"]]


def test_visitors_see_the_topmost_regions_first(tree: World) -> None:
    """Without parameters: the deployment's top, whichever level it begins at; no login."""
    page = ok(tree.http.get(f"{API}/regions"))
    assert page["next_cursor"] is None
    assert [(item["code"], item["level"], item["parent_id"]) for item in page["items"]] == [
        ("320412", "district", None),
        ("320404", "district", None),
    ]
    assert set(page["items"][0]) == {"id", "code", "name", "level", "parent_id"}


def test_children_are_those_directly_below(tree: World) -> None:
    """parent_id answers one step down, not the whole branch."""
    district = tree.region_id(DISTRICT)
    page = ok(tree.http.get(f"{API}/regions", query_string={"parent_id": district}))
    assert {item["level"] for item in page["items"]} == {"subdistrict"}
    assert {item["parent_id"] for item in page["items"]} == {district}


def test_names_are_sorted_by_pinyin(tree: World) -> None:
    """héng, hú, jiā, niú: neither the order of codes nor of code points."""
    assert listed(tree, parent_id=tree.region_id(DISTRICT)) == [
        "横山桥镇",
        "湖塘镇",
        "嘉泽镇",
        "牛塘镇",
    ]


def test_level_below_a_parent_reaches_any_depth(tree: World) -> None:
    """All communities of a district in one list."""
    district = tree.region_id(DISTRICT)
    assert set(listed(tree, parent_id=district, level="community")) == {
        "花园社区",
        "100%满意社区",
        "丫河社区",
    }
    town = tree.region_id(SUBDISTRICT)
    assert "丫河社区" not in listed(tree, parent_id=town, level="community")


def test_level_alone_answers_all_of_that_level(tree: World) -> None:
    assert listed(tree, level="district") == ["武进区", "钟楼区"]


def test_q_finds_part_of_a_name_or_the_beginning_of_a_code(tree: World) -> None:
    """And takes % and _ as the characters they are."""
    assert listed(tree, q="塘") == ["湖塘镇", "牛塘镇"]
    assert listed(tree, q="320412102") == ["牛塘镇", "丫河社区"]
    assert listed(tree, q="0%") == ["100%满意社区"]
    assert listed(tree, q="0_") == []
    assert listed(tree, q="社区", parent_id=tree.region_id("320412102")) == ["丫河社区"]


def test_a_parent_is_not_below_itself(tree: World) -> None:
    assert listed(tree, q="湖塘", parent_id=tree.region_id(SUBDISTRICT)) == []


def test_pages_neither_skip_nor_repeat(tree: World) -> None:
    """By keyset on (pinyin, id): one by one they give what one page gives."""
    whole = listed(tree, level="subdistrict")
    found, cursor = [], None
    while True:
        query = {"level": "subdistrict", "limit": 1} | ({"cursor": cursor} if cursor else {})
        page = ok(tree.http.get(f"{API}/regions", query_string=query))
        found += [item["name"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == whole
    assert len(whole) == 4


def test_regions_of_one_name_are_paged_by_id(app: Flask, outer: Connection) -> None:
    """Every town may have its 和平社区; the id decides where a page ends."""
    with app.app_context(), transaction() as session:
        towns = [f"32041210{n}" for n in range(1, 6)]
        codes = ["320412", *towns, *(f"{town}001" for town in towns)]
        rows = [RegionRow(code, "和平", Place("t.csv", 2)) for code in codes]
        import_regions(session, None, with_pinyin(rows, quietly), quietly)
    world = World(app)
    first = ok(world.http.get(f"{API}/regions", query_string={"level": "community", "limit": 3}))
    query = {"level": "community", "limit": 3, "cursor": first["next_cursor"]}
    second = ok(world.http.get(f"{API}/regions", query_string=query))
    codes_seen = [item["code"] for page in (first, second) for item in page["items"]]
    assert sorted(codes_seen) == [f"32041210{n}001" for n in range(1, 6)]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"parent_id": "湖塘"}, "parent_id"),
        ({"parent_id": "00000000-0000-7000-8000-000000000000"}, "parent_id"),
        ({"level": "town"}, "level"),
        ({"q": ""}, "q"),
        ({"q": "社" * 51}, "q"),
        ({"q": "\x00"}, "q"),
        ({"limit": "101"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"cursor": "AAAA"}, "cursor"),
        ({"parent": "x"}, "parent"),
    ],
)
def test_bad_parameters_are_named(tree: World, query: dict[str, str], field: str) -> None:
    problem = refused(tree.http.get(f"{API}/regions", query_string=query), 422, "validation_failed")
    assert list(problem["errors"]) == [field]


def test_a_community_has_no_children(tree: World) -> None:
    assert listed(tree, parent_id=tree.region_id(COMMUNITY)) == []
