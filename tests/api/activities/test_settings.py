"""The console's settings: regions and service kinds with what activities made of them."""

import re
from uuid import UUID

from backend.activities.models import Activity
from backend.core import clock
from backend.core.db import transaction
from backend.core.permissions import Role
from backend.identity import roles
from backend.identity.roles import Scope
from tests.support.desk import Desk
from tests.support.fair import Statements
from tests.support.world import (
    COMMUNITY,
    DISTRICT,
    OTHER_COMMUNITY,
    OTHER_SUBDISTRICT,
    SUBDISTRICT,
    World,
)

REGIONS, KINDS = "/console/settings/", "/console/settings/kinds"


def row_of(page: str, code: str) -> str:
    """A region's row of the tree, without its tags."""
    found = next(row for row in page.split("<tr")[1:] if f"<td>{code}</td>" in row)
    return " ".join(re.sub(r"<[^>]+>", " ", found.partition(">")[2]).split())


def test_the_tree_is_walked_level_by_level_with_its_figures(world: World) -> None:
    organiser = world.organiser()
    world.draft(organiser)
    world.draft(organiser)
    world.draft(world.organiser(OTHER_SUBDISTRICT), region=OTHER_COMMUNITY)
    desk = Desk(world, world.staff(Role.ADMIN, DISTRICT))
    page = desk.read(REGIONS)
    assert row_of(page, SUBDISTRICT).startswith("湖塘镇 320412100 1 2 ")
    assert row_of(page, DISTRICT).startswith("武进区合计 320412 2 3 ")
    assert "花园社区" not in page, "a level at a time"
    town = desk.read(f"{REGIONS}?region_id={world.region_id(SUBDISTRICT)}")
    assert row_of(town, COMMUNITY).startswith("花园社区 320412100001 – 2 ")
    assert town.count("武进区</a>") == 1, "and back"


def test_the_tree_shows_one_s_own_regions_alone(world: World) -> None:
    organiser = world.organiser()
    desk = Desk(world, organiser)
    for chosen in ("", f"?region_id={world.region_id(OTHER_SUBDISTRICT)}", "?region_id=x"):
        page = desk.read(REGIONS + chosen)
        assert "花园社区" in page
        assert "牛塘镇" not in page
        assert "武进区" not in page
    with transaction() as session:
        scope = Scope(region_id=UUID(world.region_id(OTHER_COMMUNITY)))
        roles.grant(session, None, organiser.user_id, Role.ORGANISER, scope)
    both = desk.read(REGIONS)
    assert "湖塘镇" in both
    assert "丫河社区" in both
    assert "合计" not in both


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


def test_settings_leave_out_what_an_undone_import_had_made(world: World) -> None:
    organiser = world.organiser()
    draft = world.draft(organiser)
    world.offering(organiser, world.stall(organiser, draft["id"])["id"], service_kind="haircut")
    desk = Desk(world, organiser)
    assert row_of(desk.read(REGIONS), COMMUNITY).startswith("花园社区 320412100001 – 1 ")
    with transaction() as session:
        session.get_one(Activity, UUID(draft["id"])).withdrawn_at = clock.now()
    assert row_of(desk.read(REGIONS), COMMUNITY) == "花园社区 320412100001 – 0 –"
    first = re.sub(r"<[^>]+>", " ", desk.read(KINDS).split("<tbody>")[1].split("</tr>")[0])
    assert first.split()[-2:] == ["0", "0"]


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
    assert sent == [7, 3, 7, 3]
