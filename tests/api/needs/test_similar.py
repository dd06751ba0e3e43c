"""Similar needs over HTTP: of the subdistrict, under way, and of those that the caller may read."""

from typing import Any
from uuid import uuid4

from tests.api.needs.test_needs import move
from tests.api.needs.test_voices import WHY, checked, raised
from tests.support.desk import Desk
from tests.support.fair import Statements
from tests.support.world import (
    API,
    COMMUNITY,
    OTHER_COMMUNITY,
    SUBDISTRICT,
    Person,
    World,
    ok,
)

WISH = "老娘走勿动，阿有人到屋里来剃头"


def found(world: World, asks: Person, title: str = WISH, code: str = COMMUNITY) -> list[Any]:
    answer = ok(asks.get("/needs/similar", region_id=world.region_id(code), title=title))
    items: list[Any] = answer["items"]
    return items


def ids(world: World, asks: Person, title: str = WISH, code: str = COMMUNITY) -> list[str]:
    return [need["id"] for need in found(world, asks, title, code)]


def test_what_may_be_read_is_found_by_who_is_about_to_ask_for_the_same(
    world: World, organiser: Person
) -> None:
    need = raised(world, world.person(), title="想请师傅上门理发", details="她下不了床")
    neighbour = world.person()
    assert ids(world, organiser) == [need["id"]], "a clerk sees what is open"
    assert ids(world, neighbour) == []
    ok(organiser.post(f"/needs/{need['id']}/accept"))
    assert ids(world, neighbour) == [], "its words aren't checked yet"
    checked(need)
    (shown,) = found(world, neighbour, code=SUBDISTRICT)
    assert (shown["title"], shown["details"]) == (need["title"], need["details"])
    assert (shown["voices"], shown["state"]) == (1, "accepted")
    asked = {"region_id": world.region_id(COMMUNITY), "title": WISH}
    nobody = world.app.test_client().get(f"{API}/needs/similar", query_string=asked)
    assert ok(nobody)["items"] == [shown]
    ok(neighbour.post(f"/needs/{need['id']}/support"), 201)
    assert found(world, neighbour)[0]["voices"] == 2
    assert ids(world, neighbour, "123") == ids(world, neighbour, "路灯不亮") == []
    assert ids(world, neighbour, code=OTHER_COMMUNITY) == [], "of another subdistrict"
    nowhere = neighbour.get("/needs/similar", region_id=str(uuid4()), title=WISH)
    assert ok(nowhere)["items"] == []
    ok(
        organiser.post(
            f"/needs/{need['id']}/close-unsolved", WHY | {"reason_code": "no_resource_yet"}
        )
    )
    assert ids(world, organiser) == [], "it has ended"


def test_at_most_five_the_most_alike_first_in_a_fixed_number_of_statements(
    world: World, organiser: Person
) -> None:
    said = [
        f"路灯坏了{place}"
        for place in ("", "在北门", "在南门边", "在西门车棚", "在河边小路", "在桥头")
    ]
    needs = [raised(world, organiser, title=title, source="visit")["id"] for title in said]
    assert ids(world, organiser, said[3])[0] == needs[3]
    with Statements(world.app) as many:
        assert len(ids(world, organiser, said[0])) == 5
    with Statements(world.app) as one:
        assert ids(world, organiser, "桥头的路灯坏了") != []
    assert len(many) == len(one)


def test_beside_a_need_stand_those_like_it_that_the_clerk_sees(world: World) -> None:
    desk = Desk(world, world.organiser(SUBDISTRICT))
    person = world.person()
    need, like, of_town = (
        raised(world, person, title=title, region_id=world.region_id(code))["id"]
        for title, code in (("想请师傅上门理发", COMMUNITY), ("上门剪头发", COMMUNITY),
                            ("卧床老人要上门理发", SUBDISTRICT))
    )  # fmt: skip
    page = f"/console/needs/{need}"
    beside = desk.read(page).partition("类似的需求")[2]
    assert f'href="/console/needs/{like}"' in beside
    assert f'href="/console/needs/{of_town}"' in beside
    assert f'href="{page}"' not in beside
    own = Desk(world, world.organiser(COMMUNITY)).read(page)
    assert like in own
    assert of_town not in own
    move(desk, need, "decline", **WHY)
    assert "类似的需求" not in desk.read(page)
