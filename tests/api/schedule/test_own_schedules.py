"""An office's own schedule: its names for our communities, and our exports as files to import."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from backend.activities.models import Activity, ActivityState, Venue
from backend.core.db import transaction
from backend.core.permissions import Actor, Grant, Role
from backend.schedule.imports import operations as imports
from backend.schedule.imports.plans import Fate, Plan
from backend.schedule.imports.regions import Found, Place, find_places
from backend.schedule.reading import columns
from tests.api.schedule.communities import community
from tests.api.schedule.importing import DAY, at, confirm, line, preview, upload
from tests.support.desk import Desk
from tests.support.world import (
    COMMUNITY,
    DISTRICT,
    OTHER_SUBDISTRICT,
    SUBDISTRICT,
    Person,
    World,
    ok,
)

CASES = Path(__file__).parents[2] / "support" / "schedules"
NAMES = ["明湖社区", "春晖社区", "景云社区", "东庭社区", "文澜社区", "长桥里社区", "聚湖社区"]


@pytest.fixture(autouse=True)
def towns_communities(world: World) -> None:
    for number, name in enumerate([*NAMES, "中村"], start=11):
        community(f"{SUBDISTRICT}0{number}", name)


def found(world: World, person: Person, *places: Place, region: str = SUBDISTRICT) -> list[Found]:
    actor = Actor(person.user_id, person.resident_id, None, (Grant(Role.ORGANISER, region),))
    with world.app.app_context(), transaction() as session:
        answers = find_places(session, actor, places)
        return [answers[place] for place in places]


# ---------------------------------------------------------------------------- names


def test_a_community_is_known_by_what_people_call_it(world: World, organiser: Person) -> None:
    meant = {
        "花园": "花园社区", "花园社区居委会": "花园社区", "花 园 社区": "花园社区",
        "花园居民委员会": "花园社区", "湖塘花园": "花园社区", "湖塘镇花园居委会": "花园社区",
        "３２０４１２１００００１": "花园社区", "花园社区（320412100001）": "花园社区",
        "中村": "中村", "中村村委会": "中村", "长桥里": "长桥里社区", "湖塘镇": "湖塘镇",
    }  # fmt: skip
    answers = found(world, organiser, *(Place(name) for name in meant))
    assert [one.region and one.region.name for one in answers] == list(meant.values())


def test_what_may_be_several_communities_or_none_is_asked(world: World, organiser: Person) -> None:
    community(f"{SUBDISTRICT}030", "花园村")
    community(f"{OTHER_SUBDISTRICT}030", "花园社区")
    several, exact, none, foreign = found(
        world, organiser, Place("花园"), Place("花园社区"), Place("明胡社区"), Place("丫河")
    )
    assert (several.region, several.choices) == (None, ["湖塘镇花园社区", "湖塘镇花园村"])
    assert exact.region is not None
    assert exact.region.code == COMMUNITY
    assert (none.fault[:7], none.choices) == ("没有这个社区，", ["明湖社区"])
    assert foreign.fault == "不在您负责的地区内"
    for choice in (*several.choices, *none.choices):
        assert found(world, organiser, Place(choice))[0].region is not None


def test_the_town_beside_it_tells_communities_apart(world: World, organiser: Person) -> None:
    community(f"{OTHER_SUBDISTRICT}030", "花园社区")
    here, there, nowhere, town = found(
        world, organiser, Place("花园", "湖塘"), Place("花园社区", "武进区牛塘镇"),
        Place("明湖", "牛塘镇"), Place("湖塘镇", "湖塘镇"), region=DISTRICT,
    )  # fmt: skip
    assert [one.region and one.region.code for one in (here, there, town)] == [
        COMMUNITY, f"{OTHER_SUBDISTRICT}030", SUBDISTRICT,
    ]  # fmt: skip
    assert (nowhere.fault, nowhere.choices) == ("不在牛塘镇，请核对", ["湖塘镇明湖社区"])


def offered(desk: Desk) -> list[str]:
    """What the template's drop-down of communities offers."""
    answer = desk.http.get("/console/schedule/import/template")
    sheet = load_workbook(io.BytesIO(answer.get_data()))["可选项"]
    column = sheet.iter_rows(2, min_col=2, max_col=2, values_only=True)
    return [str(name) for (name,) in column if name]


def test_the_template_offers_nothing_that_can_t_be_used(world: World) -> None:
    """Not even where one town has two communities of one name, as older trees may."""
    community("320412102009", "花园社区")
    community("320412102010", "丫河社区")
    desk = Desk(world, world.organiser(DISTRICT))
    names = offered(desk)
    assert [name for name in names if name not in (*NAMES, "中村")] == [
        "湖塘镇花园社区", "牛塘镇丫河社区 320412102001", "牛塘镇花园社区",
        "牛塘镇丫河社区 320412102010",
    ]  # fmt: skip
    lines = [line(**{columns.COMMUNITY: name}) for name in names]
    assert f"确认导入 {len(names)} 场" in preview(desk, *lines)


# ---------------------------------------------------------------------------- files


def plan_of(desk: Desk, person: Person, content: bytes) -> Plan:
    """What the preview of a file shows."""
    path = upload(desk, content).location
    grants = (Grant(Role.ORGANISER, SUBDISTRICT),)
    actor = Actor(person.user_id, person.resident_id, None, grants)
    with transaction() as session:
        kept = imports.access_import(session, actor, UUID(path.rsplit("/", 1)[1]))
        return imports.plan_of(session, actor, kept)


@pytest.mark.parametrize(
    ("name", "asked"),
    [("own-headings.xlsx", ["景云社区"]), ("template-messy.xlsx", []),
     ("template-second-sheet.xlsx", [])],
)  # fmt: skip
def test_an_offices_own_schedule_becomes_its_markets(
    desk: Desk, organiser: Person, name: str, asked: list[str]
) -> None:
    """Eight; in one file the end of one is asked for. What is there twice is made once."""
    plan = plan_of(desk, organiser, (CASES / name).read_bytes())
    # Once a day is past its row asks whether it is meant.
    made = [one.region.name for one in plan.rows
            if one.region and one.fate in (Fate.NEW, Fate.DOUBTFUL)]  # fmt: skip
    assert made == [one for one in ("花园社区", *NAMES) if one not in asked]
    faulty = [(one.region and one.region.name, [cell.column for cell in one.row.faults])
              for one in plan.rows if one.row.faults]  # fmt: skip
    assert faulty == [(one, [columns.ENDS]) for one in asked]
    assert [planned.row.number for planned in plan.rows if planned.same_as] == [13]


def activities() -> list[tuple[Any, ...]]:
    """What there is and was not cancelled: what an export says of it, and its id."""
    statement = (
        select(
            Activity.programme, Activity.title, Activity.region_code, Activity.starts_at,
            Activity.ends_at, Activity.organiser_name, Activity.contact_phone, Activity.field,
            Activity.kind, Venue.name, Venue.address, Activity.id,
        )
        .join(Venue)
        .where(Activity.state != ActivityState.CANCELLED)
        .order_by(Activity.starts_at)
    )  # fmt: skip
    with transaction() as session:
        return [tuple(row) for row in session.execute(statement)]


def test_what_we_export_can_be_imported(world: World, organiser: Person, desk: Desk) -> None:
    """Every column of it; also what lasts for days, and without what was cancelled."""
    more: list[dict[str, Any]] = [
        {"organiser_name": "民政局", "contact_phone": "0519-86310000", "title": "=1+1"},
        {"programme": "action", "field": "ecology", "title": "河道清洁", "hours": 50},
        {"programme": "exchange", "kind": "training", "title": "骨干培训", "region": SUBDISTRICT},
    ]
    for number, one in enumerate(more):
        world.draft(organiser, starts_at=at(DAY + timedelta(days=number), 9), **one)
    cancelled = world.draft(organiser, title="取消的", starts_at=at(DAY, 14))
    ok(organiser.post(f"/activities/{cancelled['id']}/cancel"))
    content = desk.send("/console/schedule/export").get_data()
    plan = plan_of(desk, organiser, content)
    assert [planned.exists for planned in plan.rows if not planned.row.aside] == [True] * 3
    assert [row.aside for row in plan.read.rows if row.aside] == ["状态写着「已取消」"]
    before = activities()
    for *_, activity_id in before:
        ok(organiser.post(f"/activities/{activity_id}/cancel"))
    assert confirm(desk, content).status_code == 303
    assert [row[:-1] for row in activities()] == [row[:-1] for row in before]


def test_the_template_as_it_is_says_nothing(desk: Desk) -> None:
    content = desk.http.get("/console/schedule/import/template").get_data()
    assert upload(desk, content).status_code == 422
