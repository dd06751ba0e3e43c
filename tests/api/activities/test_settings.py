"""The console's settings: regions and service kinds with what activities made of them."""

import re

from backend.core.permissions import Role
from tests.api.feedback.fair import Statements
from tests.support.desk import Desk
from tests.support.world import (
    COMMUNITY,
    DISTRICT,
    OTHER_COMMUNITY,
    OTHER_SUBDISTRICT,
    World,
)

REGIONS, KINDS = "/console/settings/", "/console/settings/kinds"


def row_of(page: str, code: str) -> str:
    """A region's row of the tree, without its tags."""
    found = next(row for row in page.split("<tr")[1:] if f"<td>{code}</td>" in row)
    return " ".join(re.sub(r"<[^>]+>", " ", found.partition(">")[2]).split())


def test_the_tree_counts_communities_and_activities(world: World) -> None:
    organiser = world.organiser()
    world.draft(organiser)
    world.draft(organiser)
    world.draft(world.organiser(OTHER_SUBDISTRICT), region=OTHER_COMMUNITY)
    page = Desk(world, world.staff(Role.ADMIN, DISTRICT)).read(REGIONS)
    assert row_of(page, DISTRICT).startswith("武进区 320412 2 3 ")
    assert row_of(page, COMMUNITY).startswith("花园社区 320412100001 2 ")
    town = Desk(world, organiser).read(REGIONS)
    assert "湖塘镇" in town
    assert "牛塘镇" not in town, "one's own regions alone"
    assert "武进区" not in town


def test_service_kinds_say_how_often_they_are_offered_in_my_regions(world: World) -> None:
    organiser, stranger = world.organiser(), world.organiser(OTHER_SUBDISTRICT)
    for person, region in ((organiser, COMMUNITY), (stranger, OTHER_COMMUNITY)):
        draft = world.draft(person, region=region)
        for _ in range(2):
            stall = world.stall(person, draft["id"])
            world.offering(person, stall["id"], service_kind="haircut")
    page = Desk(world, organiser).read(KINDS)
    rows = page.split("<tbody>")[1]
    first = re.sub(r"<[^>]+>", " ", rows.split("</tr>")[0]).split()
    assert first == ["义剪", "12", "2", "1"], "minutes as configured, two offerings at one market"
    assert "义诊" in rows, "what nobody offered yet is listed too"
    assert "请联系系统管理员" in page


def test_settings_cost_the_same_however_many_activities_there_are(world: World) -> None:
    organiser = world.organiser()
    desk, statements = Desk(world, organiser), Statements(world.app)
    sent = []
    for more in (0, 4):
        for _ in range(more):
            world.draft(organiser)
        for path in (REGIONS, KINDS):
            with statements:
                desk.read(path)
            sent.append(len(statements))
    assert sent == [3, 1, 3, 1]
