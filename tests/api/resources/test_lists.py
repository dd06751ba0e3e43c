"""The month of resources, and the list as an Excel file, out and in."""

import re
from datetime import date, timedelta
from io import BytesIO
from typing import Any

from openpyxl import Workbook, load_workbook

from backend.core import clock
from backend.core.permissions import Role
from tests.support.desk import Desk
from tests.support.world import (
    COMMUNITY,
    OTHER_COMMUNITY,
    OTHER_SUBDISTRICT,
    Person,
    World,
    ok,
)

LIST = "/console/resources/"
HEADINGS = ["服务单位", "服务项目", "类别", "人数", "工位", "每人用时", "服务范围", "周几",
            "休息日", "场地要求（必填）", "备注"]  # fmt: skip


def approved(world: World, clerk: Person, organisation: str, **changes: Any) -> str:
    resource = {
        "organisation_id": organisation, "title": "义剪", "service_kind": "haircut", "people": 4,
        "stations": 3, "minutes_per_person": 12, "region_ids": [world.region_id(COMMUNITY)],
    } | changes  # fmt: skip
    made = str(ok(clerk.post("/resources", resource), 201)["id"])
    ok(clerk.post(f"/resources/{made}/submit"))
    ok(clerk.post(f"/resources/{made}/approve"))
    return made


def month(desk: Desk, on: date, organisation: str) -> list[str]:
    """What the days of a month are, of the one resource that an organisation offers."""
    page = desk.read(f"{LIST}month?on={on}&organisation_id={organisation}")
    return re.findall(r'<td class="month-(\w+)"', page)


def test_the_month_says_when_a_resource_is_free(
    world: World, desk: Desk, organiser: Person, organisation: str
) -> None:
    first = (clock.today().replace(day=1) + timedelta(days=70)).replace(day=1)
    off, market, plan = (first + timedelta(days=number) for number in (4, 10, 11))
    others = [day for day in range(1, 8) if day not in {off.isoweekday()}]
    made = approved(world, organiser, organisation, weekdays=others, most_per_month=2)
    days = month(desk, first, organisation)
    assert len(days) >= 28
    assert (days[4], days[10], set(days)) == ("off", "free", {"off", "free"})

    def planned(clerk: Person, on: date, region: str, title: str) -> None:
        at = clock.day_start(on) + timedelta(hours=9)
        draft = world.draft(clerk, starts_at=at, region=region, title=title)
        world.stall(clerk, draft["id"], organisation_id=organisation)

    planned(organiser, market, COMMUNITY, "花园集市")
    planned(world.organiser(OTHER_SUBDISTRICT), plan, OTHER_COMMUNITY, "丫河的草稿")
    days = month(desk, first, organisation)
    assert (days[10], days[11], days[12 if 12 % 7 != 4 else 13]) == ("busy", "busy", "full")
    page = desk.read(f"{LIST}month?on={first}")
    assert "花园集市" in page
    assert "丫河的草稿" not in page, "plans of others are theirs"
    before = month(desk, clock.today() - timedelta(days=40), organisation)
    assert set(before) == {"off", "late"}
    ok(organiser.post(f"/resources/{made}/retire"))
    assert month(desk, first, organisation) == []


def test_what_is_taken_as_a_file_can_be_brought_again(
    world: World, desk: Desk, organiser: Person, organisation: str
) -> None:
    made = approved(world, organiser, organisation, weekdays=[6, 7], requires=["power"],
                    days_off=["2026-10-01", "2026-10-02"], from_time="09:00")  # fmt: skip
    taken = desk.send(f"{LIST}export?organisation_id={organisation}")
    sheet = load_workbook(BytesIO(taken.data)).active
    assert sheet is not None
    said = [cell for row in sheet.iter_rows(values_only=True) for cell in row]
    for words in ("周六、周日", "电", "2026-10-01至2026-10-02", "湖塘镇花园社区", "可安排"):
        assert words in said

    def bring(content: bytes) -> Any:
        return desk.send(f"{LIST}import", file=(BytesIO(content), "资源.xlsx"))

    assert bring(taken.data).status_code == 303
    assert "登记了 0 项草稿，另有 1 项已经有了" in desk.read(LIST)
    ok(organiser.post(f"/resources/{made}/retire"))
    assert bring(taken.data).status_code == 303
    (again,) = ok(organiser.get("/resources", organisation_id=organisation, state="draft"))["items"]
    was = ok(organiser.get(f"/resources/{made}"))
    for name in set(was) - {"id", "state"}:
        assert again[name] == was[name], name


def test_an_office_s_own_sheet_is_read_and_all_of_it_or_nothing(
    world: World, desk: Desk, organiser: Person
) -> None:
    organisation = world.organisation()
    name = next(one["name"] for one in ok(organiser.get("/organisations", limit=100))["items"]
                if one["id"] == organisation)  # fmt: skip
    rows: list[list[Any]] = [
        [f" {name}", "磨刀", "磨刀", "2人", 2.0, "6分钟", "花园", "周末", date(2026, 10, 1),
         "桌椅、水", "自带工具"],
        [name, "配钥匙", "配钥匙", 1, 1, 6, "花园社区", "", "", "", ""],
    ]  # fmt: skip

    def bring(rows: list[list[Any]]) -> Any:
        book, written = Workbook(), BytesIO()
        assert book.active is not None
        for row in (["2026 年资源征集"], HEADINGS, *rows):
            book.active.append(row)
        book.save(written)
        return desk.send(f"{LIST}import", file=(BytesIO(written.getvalue()), "资源.xlsx"))

    def drafts() -> list[Any]:
        return list(ok(organiser.get("/resources", organisation_id=organisation))["items"])

    wrong = [*rows, ["没有的单位", "x", "磨刀", 1, 1, 1], [name, "x", "磨刀", 0, 1, 1, "天边"],
             [name, "y", "缝补", 1, 1, 1], [name, "z", "磨刀", 1, 1, 1, "牛塘镇"]]  # fmt: skip
    page = bring(wrong).get_data(as_text=True)
    for words in ("第 5 行", "没有「没有的单位」这个单位", "第 6 行", "来几个人：", "服务类别："):
        assert words in page
    assert bring([*rows, wrong[-1]]).status_code == 422, "beyond the clerk's own regions"
    assert drafts() == []
    assert bring(rows).status_code == 303
    second, first = drafts()
    assert (first["people"], first["stations"], first["minutes_per_person"]) == (2, 2, 6)
    assert (first["weekdays"], first["days_off"]) == ([6, 7], ["2026-10-01"])
    assert (first["requires"], second["title"]) == (["table", "water"], "配钥匙")
    assert "没有找到表头" in desk.send(
        f"{LIST}import", file=(BytesIO(b"a,b\n1,2\n"), "x.csv")
    ).get_data(as_text=True)
    assert Desk(world, world.staff(Role.AUDITOR, COMMUNITY)).send(
        f"{LIST}import", file=(BytesIO(b"x"), "x.xlsx")
    ).status_code == 403  # fmt: skip
