"""A schedule from Excel: bad cells are named, all or nothing is made, and nothing twice."""

import io
import re
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from openpyxl import load_workbook
from sqlalchemy import delete, select, text, update

from backend.activities.models import ImportedRow, ScheduleImport
from backend.activities.words import SLOT_CHOICES, SlotChoice
from backend.core import clock
from backend.core.audit import AuditEntry
from backend.core.config import TODOS
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.core.permissions import Role
from backend.identity.models import RoleAssignment
from backend.needs.models import Need, NeedPlan, NeedSource
from backend.schedule.reading import columns
from tests.api.schedule.communities import community
from tests.api.schedule.importing import (
    DAY,
    activities,
    at,
    confirm,
    confirm_seen,
    file_of,
    line,
    market,
    preview,
    seen,
    shown,
    undo,
    upload,
)
from tests.support.desk import Desk
from tests.support.workbooks import read_here
from tests.support.world import (
    COMMUNITY,
    DISTRICT,
    Person,
    World,
    ok,
)


@pytest.fixture(autouse=True)
def _read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    read_here(monkeypatch)


# ---------------------------------------------------------------------------- the way through


def test_the_template_can_be_filled_in_and_imported(world: World, desk: Desk) -> None:
    answer = desk.http.get("/console/schedule/import/template")
    assert answer.status_code == 200
    book = load_workbook(io.BytesIO(answer.get_data()))
    sheet = book.worksheets[0]
    choices = {rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert '"吾社集,吾社行,吾社汇"' in choices
    assert book["可选项"]["B2"].value == "花园社区"
    # A field only where the programme has fields.
    assert 'IF($A2="吾社行",可选项!$C$2:$C$9,可选项!$A$2:$A$2)' in choices
    assert book["可选项"]["A2"].value is None
    for index, cell in enumerate(sheet[1], start=1):
        title = str(cell.value).rstrip("*")
        sheet.cell(3, index, line().get(title))
    buffer = io.BytesIO()
    book.save(buffer)
    assert confirm(desk, buffer.getvalue()).status_code == 303
    (made,) = activities()
    assert (made.title, made.starts_at, made.ends_at) == (
        "花园社区公益集市", at(DAY, 9), at(DAY, 11, 30),
    )  # fmt: skip


def test_what_is_confirmed_is_made_and_kept_in_the_log(
    world: World, organiser: Person, desk: Desk
) -> None:
    more = {
        columns.PROGRAMME: "吾社行", columns.TITLE: "河道清洁", columns.FIELD: "生态",
        columns.ADDRESS: "剑湖路 1 号", columns.CONTACT: 51986310000, columns.ORGANISER: "民政局",
        columns.ABOUT: "带\u3000好\u200b手套", columns.STARTS: time(14), columns.ENDS: "16点30分",
    }  # fmt: skip
    page = preview(desk, line(), line(**more))
    assert "新建 2 场" in page
    assert "同一天、同一社区" in page
    assert activities() == [], "looking makes nothing"
    answer = confirm(desk, file_of(line(), line(**more)))
    assert "导入 2 场草稿" in desk.read(answer.location)
    _, action = activities()
    assert (action.field, action.contact_phone, action.description) == (
        "ecology", "51986310000", "带 好手套",
    )  # fmt: skip
    with transaction() as session:
        entry = session.execute(
            select(AuditEntry).where(AuditEntry.action == "import")
        ).scalar_one()
        kept = session.get_one(ScheduleImport, entry.object_id)
    assert (entry.details["made"], kept.made) == (2, 2)
    auditor = Desk(world, world.staff(Role.AUDITOR, DISTRICT))
    for path in (f"/console/audit/{entry.id}", f"/console/audit/?object_id={kept.id}"):
        assert "五月.xlsx" in auditor.read(path)
    with transaction() as session:
        session.execute(delete(ImportedRow))
        session.execute(delete(ScheduleImport))
    assert "文件已到期删除" in auditor.read(f"/console/audit/{entry.id}")


def test_stalls_and_services_come_from_another_activity(
    world: World, organiser: Person, desk: Desk
) -> None:
    model = market(world, organiser)
    named = line(**{columns.MODEL: "样板集市", columns.TITLE: "照名字", columns.STARTS: "13:00",
                    columns.ENDS: "15:00"})  # fmt: skip
    page = preview(desk, line(), named, model_id=model["id"])
    assert shown(page, columns.MODEL) == ["样板集市", "样板集市"]
    assert shown(page, columns.CONTACT) == ["– 空着：照搬参照活动的 0519-1"] * 2
    confirm(desk, file_of(line(), named), model_id=model["id"])
    for made in activities()[:2]:
        found = ok(organiser.get(f"/activities/{made.id}"))
        (slot, *_, last) = found["stalls"][0]["offerings"][0]["slots"]
        assert datetime.fromisoformat(slot["starts_at"]) == made.starts_at
        assert datetime.fromisoformat(last["ends_at"]) - made.starts_at == timedelta(minutes=90)
        assert made.copied_from_id is not None
        number = 3 if made.title == "照名字" else 2
        said = f"由文件「五月.xlsx」第 {number} 行，照搬自「样板集市」"
        assert said in desk.read(f"/console/markets/{made.id}/history")
        assert made.ends_at - made.starts_at in (timedelta(hours=2.5), timedelta(hours=2))
    assert {made.title for made in activities()[:2]} == {"花园社区公益集市", "照名字"}


# ---------------------------------------------------------------------------- bad cells

WRONG: list[tuple[dict[str, Any], str]] = [
    ({columns.TITLE: None}, "第 2 行 活动名称（B2）：必填"),
    ({columns.TITLE: "市" * 61}, "第 2 行 活动名称（B2）：最多 60 个字"),
    ({columns.TITLE: "\u202e\u200b"}, "第 2 行 活动名称（B2）：必填"),
    ({columns.TITLE: at(DAY, 9).replace(tzinfo=None)}, "第 2 行 活动名称（B2）：应为文字"),
    ({columns.PROGRAMME: "集市"}, "第 2 行 品牌项目（A2）：应为吾社集、吾社行、吾社汇之一"),
    ({columns.COMMUNITY: None}, "第 2 行 社区（C2）：必填"),
    ({columns.COMMUNITY: "无此社区"}, "第 2 行 社区（C2）：没有这个社区"),
    ({columns.COMMUNITY: "丫河社区"}, "第 2 行 社区（C2）：不在您负责的地区内"),
    ({columns.DAY: "五一"}, "第 2 行 日期（D2）：应为日期"),
    ({columns.DAY: date(1999, 5, 1)}, "第 2 行 日期（D2）：应在 2000 年到 2099 年之间"),
    ({columns.STARTS: "=9/24"}, "第 2 行 开始时间（E2）：是公式"),
    ({columns.STARTS: "上午"}, "第 2 行 开始时间（E2）：应为时间"),
    ({columns.ENDS: "8:00"}, "第 2 行 结束时间（F2）：应晚于开始时间"),
    ({columns.FIELD: "生态"}, "服务领域（K2）：只有「吾社行」活动有服务领域"),
    ({columns.KIND: "培训"}, "类别（L2）：只有「吾社汇」活动有类别"),
    ({columns.MODEL: "没有的集市"}, "参照活动（N2）：在您负责的地区内没有这个名称的活动"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "words"), WRONG)
def test_a_bad_cell_is_named_and_its_row_is_not_made(
    desk: Desk, change: dict[str, Any], words: str
) -> None:
    good = line(**{columns.TITLE: "好的一行", columns.COMMUNITY: "320412100001"})
    page = preview(desk, line(**change), good)
    assert words in page
    assert "1 行可以导入，1 行要改" in page
    confirm(desk, file_of(line(**change), good))
    assert [one.title for one in activities()] == ["好的一行"]


def test_one_activity_written_twice_is_made_once_and_the_rows_named(desk: Desk) -> None:
    page = preview(desk, line(), line(**{columns.STARTS: time(9)}))
    assert "与第 2 行完全相同，只建一场" in page
    assert "确认导入 1 场" in page
    page = preview(desk, line(), line(**{columns.VENUE: "文化广场"}))
    assert "第 3 行 场地（G3）：与第 2 行是同一场，场地却不同" in page
    confirm(desk, file_of(line(), line()))
    assert len(activities()) == 1


def test_a_model_must_fit(world: World, organiser: Person, desk: Desk) -> None:
    model = market(world, organiser)
    early = line(**{columns.ENDS: "10:00"})
    page = preview(desk, early, model_id=model["id"])
    assert shown(page, columns.SLOTS) == ["时段要到 10:30，放不下"]
    page = preview(desk, early, early, model_id=model["id"])
    assert "共 2 行：1 行要改，1 行重复，只建一场。" in page, "not both at once"
    assert "时段放不下的 1 行" in page
    other = line(**{columns.PROGRAMME: "吾社行"})
    page = preview(desk, other, other | {columns.TITLE: "又一场"}, model_id=model["id"])
    assert f"第 2 行 {columns.MODEL}（N2）：吾社行不能照搬吾社集「样板集市」的摊位和服务" in page
    assert "这行不照搬" in shown(page, columns.MODEL)[0]
    assert "项目不同的 2 行都不照搬" in page
    path = upload(desk, file_of(other, other | {columns.TITLE: "又一场"}), model_id=model["id"])
    rows = re.findall(r'type="hidden" name="bare" value="([^"]+)"', page)
    desk.send(f"{path.location}/cells", bare=rows)
    assert "确认导入 2 场" in desk.read(path.location)


def test_a_model_whose_slots_overlap_is_not_copied(
    world: World, organiser: Person, desk: Desk
) -> None:
    """They were made before that was refused."""
    model = market(world, organiser)
    with transaction() as session:
        session.execute(text("UPDATE slot SET ends_at = ends_at + interval '10 minutes'"))
    count = len(activities())
    anew = line(**{columns.SLOTS: SLOT_CHOICES[SlotChoice.ANEW]})
    assert "确认导入 1 场" in preview(desk, anew, model_id=model["id"]), "refused when it is made"
    answer = confirm(desk, file_of(line()), model_id=model["id"])
    assert answer.status_code == 409
    assert "有重叠的时段" in answer.get_data(as_text=True)
    assert len(activities()) == count


def test_communities_of_one_name_are_told_apart(world: World) -> None:
    community("320412102009", "花园社区")
    district = Desk(world, world.organiser(DISTRICT))
    assert "有重名，请写明是哪一个：湖塘镇花园社区、牛塘镇花园社区" in preview(district, line())
    full = line(**{columns.COMMUNITY: "牛塘镇 花园社区"})
    assert "确认导入 1 场" in preview(district, full)
    assert "确认导入 1 场" in preview(Desk(world, world.organiser()), line())


# ---------------------------------------------------------------------------- nothing twice


def test_the_same_file_again_makes_nothing_twice(desk: Desk) -> None:
    confirm(desk, file_of(line()))
    second = line(**{columns.TITLE: "下午场", columns.STARTS: "14:00", columns.ENDS: "16:00"})
    page = preview(desk, line(), second)
    assert "1 行排期里已有，不再建" in page
    assert "当天该社区已有「花园社区公益集市」" in page
    confirm(desk, file_of(line(), second))
    assert len(activities()) == 2
    assert "文件里的活动都已经有了" in preview(desk, line())
    answer = confirm(desk, file_of(line()))
    assert answer.status_code == 409
    assert "没有可以导入的行" in answer.get_data(as_text=True)


def test_confirmed_twice_makes_one_set(desk: Desk) -> None:
    path = upload(desk, file_of(line())).location
    to_do = "上传了还没有导入的排期"
    assert desk.waiting() == {to_do: 1}
    assert f'href="{path}">五月.xlsx</a>' in desk.read("/console/")
    shown = {"seen": seen(desk.read(path)), "_key": str(new_id())}
    assert [desk.send(f"{path}/confirm", **shown).status_code for _ in range(2)] == [303, 303]
    assert desk.waiting() == {}
    answer = desk.send(f"{path}/confirm", seen=shown["seen"])
    assert answer.status_code == 409
    assert "已经导入过了" in answer.get_data(as_text=True)
    assert "共 1 行：1 行已导入" in desk.read(path)
    assert len(activities()) == 1


def test_a_file_that_is_not_imported_is_spoken_of_for_some_days(world: World, desk: Desk) -> None:
    upload(desk, file_of(line()))
    colleague = Desk(world, world.organiser())
    assert colleague.waiting() == {}, "who has uploaded it"
    with transaction() as session:
        old = clock.now() - timedelta(days=TODOS.file_days)
        session.execute(update(ScheduleImport).values(created_at=old))
    assert desk.waiting() == {}


def test_what_was_cancelled_can_be_imported_again(organiser: Person, desk: Desk) -> None:
    confirm(desk, file_of(line()))
    ok(organiser.post(f"/activities/{activities()[0].id}/cancel"))
    assert "确认导入 1 场" in preview(desk, line())


# ---------------------------------------------------------------------------- undone


def imported(desk: Desk, *lines: dict[str, Any], **fields: Any) -> str:
    """The page of a file that has been imported."""
    path = upload(desk, file_of(*lines), **fields).location
    assert confirm_seen(desk, path).status_code == 303
    return str(path)


def test_an_import_is_undone_and_can_be_made_again(
    world: World, organiser: Person, desk: Desk
) -> None:
    model = market(world, organiser)
    afternoon = line(**{columns.TITLE: "下午场", columns.STARTS: "14:00", columns.ENDS: "16:00"})
    path = imported(desk, line(), afternoon, model_id=model["id"])
    made = [one for one in activities() if str(one.id) != model["id"]]
    page = desk.read(path)
    assert f"{path}/undo" in page
    assert "保存，再查一遍" not in page, "nothing is left that could be put right"
    assert 'id="model_id"' not in page
    assert all(f"/console/markets/{one.id}" in page for one in made)
    assert "五月.xlsx" in desk.read("/console/schedule/import")
    answer = undo(desk, path)
    assert answer.status_code == 303
    page = desk.read(answer.location)
    assert "已撤销导入，2 场草稿不再出现在排期里" in page
    assert "确认导入 2 场" in page
    for listed in (
        desk.read("/console/schedule/"),
        desk.read("/console/schedule/?state=cancelled"),
        str(ok(organiser.get("/activities"))),
    ):
        assert "下午场" not in listed
    with transaction() as session:
        taken = select(AuditEntry.object_id).where(AuditEntry.action == "withdraw")
        assert set(session.execute(taken).scalars()) == {one.id for one in made}
        entry = session.execute(
            select(AuditEntry).where(AuditEntry.action == "undo_import")
        ).scalar_one()
    assert entry.details == {"count": 2}
    # Once more it makes no difference.
    assert "没有要撤销的" in desk.read(undo(desk, path).location)
    assert confirm_seen(desk, path).status_code == 303
    assert len(activities()) == 5
    assert "下午场" in desk.read("/console/schedule/")
    # What was undone before is not undone with it.
    assert undo(desk, path).status_code == 303
    assert "下午场" not in desk.read("/console/schedule/")


def test_what_somebody_has_touched_keeps_an_import_from_being_undone(
    world: World, organiser: Person, desk: Desk
) -> None:
    titles = ["没动过", "发布的", "改过的", "加了摊位", "排了需求的"]
    lines = [line(**{columns.TITLE: title}) for title in titles]
    path = imported(desk, *lines)
    ids = {one.title: str(one.id) for one in activities()}
    facts = {"title": "改过的", "version": 1}
    ok(organiser.put(f"/activities/{ids['改过的']}", facts))
    for one in ("加了摊位", "发布的"):
        world.stall(organiser, ids[one])
    ok(organiser.post(f"/activities/{ids['发布的']}/publish"))
    with transaction() as session:
        need = Need(region_id=UUID(world.region_id(COMMUNITY)), title="磨剪刀",
                    source=NeedSource.VISIT, raised_on=clock.today())  # fmt: skip
        session.add(need)
        session.flush()
        planned_for = UUID(ids["排了需求的"])
        session.add(NeedPlan(need_id=need.id, activity_id=planned_for, round=1))
    assert f"{path}/undo" not in desk.read(path), "what would be refused is not offered"
    assert "有人动过，不能撤销：「" in desk.read(path)
    answer = undo(desk, path)
    assert answer.status_code == 409
    page = answer.get_data(as_text=True)
    day = f"{DAY.month}月{DAY.day}日"
    for words in (
        "导入以后已经有人动过，不能撤销", f"「发布的」（{day}）已发布", f"「改过的」（{day}）改过",
        f"「加了摊位」（{day}）改过", f"「排了需求的」（{day}）排了需求",
    ):  # fmt: skip
        assert words in page
    assert "「没动过」" not in page
    assert {one.withdrawn_at for one in activities()} == {None}, "all or nothing"
    assert "没动过" in desk.read("/console/schedule/")


def test_who_may_not_edit_any_more_undoes_nothing(
    world: World, organiser: Person, desk: Desk
) -> None:
    path = imported(desk, line())
    assert undo(Desk(world, world.organiser()), path).status_code == 404
    with transaction() as session:
        session.execute(delete(RoleAssignment).where(RoleAssignment.user_id == organiser.user_id))
    assert undo(desk, path).status_code == 403
    assert activities()[0].withdrawn_at is None
