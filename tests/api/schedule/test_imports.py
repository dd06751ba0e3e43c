"""A schedule from Excel: bad cells are named, all or nothing is made, and nothing twice."""

import io
import re
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import delete, func, select, text
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from backend.activities import copies
from backend.activities.models import Activity, ImportedRow, ScheduleImport
from backend.activities.requests import ActivityEdit
from backend.activities.words import NOT_SETTLED, PRIVATE_NUMBER, SLOT_CHOICES, SlotChoice
from backend.core import clock
from backend.core.audit import AuditEntry
from backend.core.db import transaction
from backend.core.errors import ValidationFailed
from backend.core.ids import new_id
from backend.core.permissions import Role
from backend.core.spreadsheets import reading
from backend.core.web import sent
from backend.identity.models import RoleAssignment
from backend.needs.models import Need, NeedSource
from backend.schedule.imports import corrections as import_cells
from backend.schedule.imports import operations as imports
from backend.schedule.reading import columns
from backend.schedule.reading.schedule import MOST_ROWS
from backend.schedule.web import imports as import_pages
from tests.api.schedule.communities import community
from tests.support.desk import Desk
from tests.support.fair import Statements
from tests.support.workbooks import XLS, far_xls, read_here
from tests.support.world import (
    COMMUNITY,
    DISTRICT,
    OTHER_COMMUNITY,
    OTHER_SUBDISTRICT,
    SUBDISTRICT,
    Person,
    World,
    ok,
)

DAY = clock.today() + timedelta(days=40)
HEADER = [*columns.REQUIRED, *columns.OPTIONAL]


@pytest.fixture(autouse=True)
def _read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    read_here(monkeypatch)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=clock.SHANGHAI)


def line(**changes: Any) -> dict[str, Any]:
    """A good row, by its columns."""
    return {
        columns.PROGRAMME: "吾社集", columns.TITLE: "花园社区公益集市",
        columns.COMMUNITY: "花园社区", columns.DAY: DAY,
        columns.STARTS: "9:00", columns.ENDS: "11:30", columns.VENUE: "社区广场",
    } | changes  # fmt: skip


def file_of(*lines: dict[str, Any], merge: str | None = None) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADER)
    for values in lines:
        sheet.append([values.get(column) for column in HEADER])
    if merge:
        sheet.merge_cells(merge)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def upload(desk: Desk, content: bytes, **fields: Any) -> TestResponse:
    return desk.send("/console/schedule/import", file=(io.BytesIO(content), "五月.xlsx"), **fields)


def send_bytes(desk: Desk, content: bytes) -> TestResponse:
    """As `upload`; the client's own way leaves a large file open."""
    fields = {"csrf_token": desk.token(), "file": FileStorage(io.BytesIO(content), "大.xlsx")}
    boundary, body = encode_multipart(fields)
    kind = f"multipart/form-data; boundary={boundary}"
    return desk.http.post("/console/schedule/import", data=body, content_type=kind)


def preview(desk: Desk, *lines: dict[str, Any], **fields: Any) -> str:
    answer = upload(desk, file_of(*lines), **fields)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return desk.read(answer.location)


def confirm(desk: Desk, content: bytes, **fields: Any) -> TestResponse:
    answer = upload(desk, content, **fields)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return confirm_seen(desk, answer.location)


def seen(page: str) -> str:
    """Which plan a preview shows; nothing where it has none to confirm."""
    found = re.search(r'name="seen" value="(\w+)"', page)
    return found[1] if found else "nothing"


def confirm_seen(desk: Desk, path: str, **fields: Any) -> TestResponse:
    """Confirm what a preview shows."""
    return desk.send(f"{path}/confirm", **({"seen": seen(desk.read(path))} | fields))


def correct(desk: Desk, path: str, *cells: tuple[int, str, str], **more: str) -> str:
    """Type something in cells of a preview: a row's number, a column, words; the page then."""
    typed = {f"cell:1.{number}:{column}": words for number, column, words in cells}
    answer = desk.send(f"{path}/cells", **typed, **more)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return desk.read(answer.location)


def activities() -> list[Activity]:
    with transaction() as session:
        return list(session.execute(select(Activity).order_by(Activity.starts_at)).scalars())


def market(world: World, organiser: Person) -> dict[str, Any]:
    """A market to copy, 9:00 to 12:00, whose slots end at 10:30."""
    draft = world.draft(
        organiser, title="样板集市", contact_phone="0519-1",
        starts_at=at(DAY + timedelta(days=300), 9),
    )  # fmt: skip
    stall = world.stall(organiser, draft["id"])
    offering = world.offering(organiser, stall["id"], mode="slots")
    body = {"from": draft["starts_at"], "minutes": 30, "capacity": 5,
            "to": (at(DAY + timedelta(days=300), 10, 30)).isoformat()}  # fmt: skip
    ok(organiser.post(f"/offerings/{offering['id']}/slots", body), 201)
    return draft


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
    other = line(**{columns.PROGRAMME: "吾社行"})
    page = preview(desk, other, model_id=model["id"])
    assert "参照活动「样板集市」是吾社集，品牌项目应相同" in page


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


# ---------------------------------------------------------------------------- put right


def blamed(page: str) -> list[str]:
    """The cells that a preview says are wrong, in its order."""
    return [words[: words.index("\uff08")] for words in faults(page)]


def faults(page: str) -> list[str]:
    """What a preview says is wrong, in its order."""
    return re.findall(r'<li><a href="#(?:cell|slots)-[^"]+">([^<]+)</a>', page)


def shown(page: str, column: str) -> list[str]:
    """What a column of a preview says, row by row, with what is to be looked at behind it."""
    cells = re.findall(rf'<td id="in-[^"]*-{column}"[^>]*>(.*?)</td>', page, re.DOTALL)
    return [" ".join(re.sub("<[^>]*>", " ", cell).split()) for cell in cells]


def fates(page: str) -> list[str]:
    """What becomes of each row of a preview."""
    return re.findall(r'class="import-fate">\s*<span[^>]*>(?:<[^>]*>|\s)*([^<]+)', page)


def test_cells_are_put_right_one_after_the_other_without_uploading_again(
    world: World, organiser: Person, desk: Desk
) -> None:
    model = market(world, organiser)
    bad = line(**{columns.DAY: "五一", columns.COMMUNITY: "无此社区", columns.STARTS: "上午"})
    other = line(**{columns.TITLE: "另一场"})
    path = upload(desk, file_of(bad, other), model_id=model["id"]).location
    page = desk.read(path)
    assert blamed(page) == [
        "第 2 行 社区", "第 2 行 日期", "第 2 行 开始时间",
    ], "in the order of columns"  # fmt: skip
    assert f'name="cell:1.2:{columns.DAY}"' in page
    page = correct(desk, path, (2, columns.DAY, f"{DAY:%Y-%m-%d}"))
    assert len(faults(page)) == 2
    page = correct(desk, path, (2, columns.COMMUNITY, "花园社区"))
    assert blamed(page) == ["第 2 行 开始时间"]
    # Another browser, after another log-in: all of it is there.
    assert len(faults(Desk(world, organiser).read(path))) == 1
    page = correct(desk, path, (2, columns.STARTS, "8:15"), (2, columns.ENDS, "8:30"))
    assert "的时段放不下，请选怎么办" in faults(page)[0], "looked at again as a whole"
    page = correct(desk, path, (2, columns.STARTS, "8:00"), (2, columns.ENDS, "10:00"))
    assert faults(page) == []
    assert confirm_seen(desk, path).status_code == 303
    first, second, _ = activities()
    assert (first.starts_at, second.starts_at) == (at(DAY, 8), at(DAY, 9))
    assert {str(first.copied_from_id), str(second.copied_from_id)} == {model["id"]}


def test_what_is_said_again_as_it_is_changes_nothing(desk: Desk) -> None:
    path = upload(desk, file_of(line(**{columns.COMMUNITY: "无此社区"}))).location
    correct(desk, path, (2, columns.COMMUNITY, "无此社区"), (2, columns.VENUE, "社区广场"),
            (2, "没有这一列", "x"), (9, columns.VENUE, "x"))  # fmt: skip
    with transaction() as session:
        assert session.execute(select(ScheduleImport.typed)).scalar_one() == {}
    page = correct(desk, path, (2, columns.VENUE, "\0" + "广" * 6000))
    assert "场地" in faults(page)[1]
    with transaction() as session:
        typed = session.execute(select(ScheduleImport.typed)).scalar_one()
    assert len(typed["1.2"][columns.VENUE]) == 5000
    page = correct(desk, path, restore="1.2")
    assert len(faults(page)) == 1
    assert "恢复" not in page


def test_which_of_two_communities_is_chosen(world: World) -> None:
    community("320412102009", "花园社区")
    district = Desk(world, world.organiser(DISTRICT))
    path = upload(district, file_of(line())).location
    page = district.read(path)
    choice = page[page.index('id="cell-1.2-社区"') :]
    choice = choice[: choice.index("</select>")]
    likely, _, others = choice.partition("<optgroup")
    assert re.findall(r"<option[^>]*>([^<]+)", likely) == [
        "花园社区", "湖塘镇花园社区", "牛塘镇花园社区",
    ]  # fmt: skip
    assert "丫河社区" in others, "who meant none of them finds theirs"
    page = correct(district, path, (2, columns.COMMUNITY, "牛塘镇花园社区"))
    assert faults(page) == []
    confirm_seen(district, path)
    assert activities()[0].region_code == "320412102009"


def test_a_time_that_is_none_of_those_meant_can_be_typed(desk: Desk) -> None:
    path = upload(desk, file_of(line())).location
    page = correct(desk, path, (2, columns.ENDS, "8:00"))
    cell = page[page.index(f'id="cell-1.2-{columns.ENDS}"') :]
    offered = re.findall(r"<option[^>]*>([^<]+)", cell.split("</td>")[0])
    assert offered == ["08:00", "20:00", "都不是，自己填"]
    page = correct(desk, path, (2, columns.ENDS, ""))
    assert re.search(rf'<input[^>]* id="cell-1.2-{columns.ENDS}"', page)
    page = correct(desk, path, (2, columns.ENDS, "11:15"))
    assert faults(page) == []
    page = correct(desk, path, (2, columns.ENDS, "次日 00:30"))
    assert faults(page) == []
    assert 'value="次日 00:30"' in page, "what was chosen, and not what was refused"


def test_a_programme_that_is_in_no_row_is_chosen_once(desk: Desk) -> None:
    titles = ("甲", "乙", "丙")
    lines = [line(**{columns.TITLE: title, columns.PROGRAMME: None}) for title in titles]
    path = upload(desk, file_of(line(**{columns.PROGRAMME: "集市"}), *lines)).location
    page = desk.read(path)
    assert "没有写品牌项目的 3 行" in page
    assert len(faults(page)) == 1, "they are asked of together, above the table"
    desk.send(f"{path}/cells", **{"every:programme": "没有这个项目"})
    assert "没有写品牌项目的 3 行" in desk.read(path)
    page = correct(desk, path, (4, columns.PROGRAMME, "吾社汇"), **{"every:programme": "吾社行"})
    with transaction() as session:
        typed = session.execute(select(ScheduleImport.typed)).scalar_one()
    chosen = [typed[f"1.{row}"][columns.PROGRAMME] for row in (3, 4, 5)]
    assert chosen == ["吾社行", "吾社汇", "吾社行"], "what is said of a row goes before"
    assert blamed(page) == [f"第 2 行 {columns.PROGRAMME}"], "what a row says is its own"
    assert "3 行可以导入，1 行要改" in page
    assert "没有写品牌项目的" not in page


def test_good_rows_are_taken_alone_and_the_rest_later(desk: Desk) -> None:
    bad = line(**{columns.TITLE: "要改的", columns.ENDS: "很晚"})
    path = upload(desk, file_of(line(), bad)).location
    other_tab = seen(desk.read(path))
    answer = confirm_seen(desk, path)
    page = desk.read(answer.location)
    assert answer.location == path, "what is to be put right is shown again"
    assert "共 2 行：1 行已导入，1 行要改" in page
    assert f"/console/markets/{activities()[0].id}" in page
    # From a tab that still shows both: nothing is made that it does not show.
    page = correct(desk, path, (3, columns.ENDS, "11:00"), (2, columns.TITLE, "已经建了的"))
    answer = desk.send(f"{path}/confirm", seen=other_tab)
    assert answer.status_code == 409
    assert "刚刚有变化，一行都没有导入" in answer.get_data(as_text=True)
    assert len(activities()) == 1
    assert confirm_seen(desk, path).status_code == 303
    assert {one.title for one in activities()} == {"花园社区公益集市", "要改的"}
    assert undo(desk, path).status_code == 303
    assert all(one.withdrawn_at for one in activities())


def test_a_row_is_left_out_and_taken_in_again(desk: Desk) -> None:
    path = upload(desk, file_of(line(), line(**{columns.VENUE: "文化广场"}))).location
    assert "场地却不同" in desk.read(path)
    page = correct(desk, path, leave="1.3")
    assert faults(page) == []
    assert "1 行可以导入，1 行不导入" in page
    assert "确认导入 1 场" in page
    page = correct(desk, path, take="1.3")
    assert len(faults(page)) == 1
    assert "要导入" not in page


def test_every_cell_of_a_row_can_be_opened(desk: Desk) -> None:
    path = upload(desk, file_of(line())).location
    assert "cell:1.2" not in desk.read(path)
    page = desk.read(f"{path}?edit=1.2")
    assert page.count('name="cell:1.2:') == len(columns.COLUMNS)
    answer = desk.send(f"{path}/cells?edit=1.2", **{f"cell:1.2:{columns.CONTACT}": "0519-1"})
    assert answer.location == f"{path}?edit=1.2"
    confirm_seen(desk, path)
    assert activities()[0].contact_phone == "0519-1"


def test_the_rest_is_a_file_that_says_what_is_wrong_and_comes_in_again(desk: Desk) -> None:
    bad = line(**{columns.TITLE: "要改的", columns.ENDS: "很晚", columns.COMMUNITY: "无此社区"})
    path = upload(desk, file_of(line(), bad)).location
    correct(desk, path, (3, columns.COMMUNITY, "花园社区"))
    answer = desk.http.get(f"{path}/rest")
    book = load_workbook(io.BytesIO(answer.get_data()))
    sheet = book.worksheets[0]
    head, row = sheet.iter_rows(values_only=True)
    said = dict(zip(head, row, strict=True))
    assert said[columns.TITLE] == "要改的"
    assert said[columns.COMMUNITY] == "花园社区", "as it was put right"
    assert "结束时间：应为时间" in str(said[import_cells.TO_MEND])
    sheet.cell(2, list(head).index(columns.ENDS) + 1, "12:00")
    buffer = io.BytesIO()
    book.save(buffer)
    assert confirm(desk, buffer.getvalue()).status_code == 303
    assert activities()[0].title == "要改的"


def test_the_chosen_model_stays_and_can_be_chosen_anew(
    world: World, organiser: Person, desk: Desk
) -> None:
    model, other = market(world, organiser), market(world, organiser)
    assert f'value="{model["id"]}" selected' in desk.read(
        f"/console/schedule/import?model_id={model['id']}"
    )
    path = upload(desk, file_of(line()), model_id=model["id"]).location
    assert f"/console/schedule/import?model_id={model['id']}" in desk.read(path)
    ok(organiser.post(f"/activities/{model['id']}/cancel"))
    assert "上面选的那一场已取消或不归您管" in faults(desk.read(path))[0]
    page = correct(desk, path, model_id=other["id"])
    assert faults(page) == []
    page = correct(desk, path, (2, columns.VENUE, "文化广场"))
    chosen = f'value="{other["id"]}" selected'
    assert chosen in page
    assert chosen not in correct(desk, path, model_id="")
    foreign = world.draft(world.organiser(OTHER_SUBDISTRICT), region=OTHER_COMMUNITY)
    assert desk.send(f"{path}/cells", model_id=foreign["id"]).status_code == 404
    assert desk.send(f"{path}/cells", model_id="x").status_code == 422


def test_of_a_model_that_is_longer_what_becomes_of_the_slots_is_asked_once(
    world: World, organiser: Person, desk: Desk
) -> None:
    """One row that fits is copied as it is; those that do not are asked about together. A row may
    be otherwise, or do without."""
    model = market(world, organiser)
    short = [line(**{columns.TITLE: title, columns.ENDS: "10:00"})
             for title in ("裁", "排", "不搬", "太短")]  # fmt: skip
    short[3][columns.ENDS] = "9:20"
    path = upload(desk, file_of(line(), *short), model_id=model["id"]).location
    page = desk.read(path)
    assert faults(page) == [
        "第 3 行、第 4 行、第 5 行、第 6 行：照搬「样板集市」的时段放不下，请选怎么办"
    ]
    assert "cell:" not in page, "asked once, and not in each row"
    question = re.search(rf'<select[^>]*name="slots:{model["id"]}".*?</select>', page, re.DOTALL)
    assert question is not None
    offered = ["放不下的不要", "按起止时间重排"]
    assert re.findall(r"<option[^>]*>([^<]+)<", question[0]) == ["请选择", *offered]
    page = correct(desk, path, bare="1.5", **{f"slots:{model['id']}": "放不下的不要"})
    assert faults(page) == []
    assert shown(page, columns.SLOTS) == [
        "全部照搬", "放不下的不要", "放不下的不要", "–",
        "放不下的不要 「义剪」一个时段也放不下，建好后要补上时段才能提交",
    ]  # fmt: skip
    # What no file and no row of this one asks is not kept.
    correct(desk, path, **{f"slots:{new_id()}": "放不下的不要"})
    page = correct(desk, path, (4, columns.SLOTS, "按起止时间重排"))
    assert "时段放不下的 2 行" in page, "that row says it itself"
    assert confirm_seen(desk, path).status_code == 303
    made = {}
    for one in activities():
        stalls = ok(organiser.get(f"/activities/{one.id}"))["stalls"]
        slots = stalls[0]["offerings"][0]["slots"] if stalls else None
        made[one.title] = None if slots is None else len(slots)
    assert made == {"花园社区公益集市": 3, "裁": 2, "排": 2, "不搬": None, "太短": 0, "样板集市": 3}


def test_what_is_doubtful_waits_for_the_clerks_word_with_its_reason_at_the_cell(
    desk: Desk,
) -> None:
    confirm(desk, file_of(line()))
    past, far = clock.today() - timedelta(days=3), clock.today() + timedelta(days=500)
    night = {columns.TITLE: "夜市", columns.STARTS: "20:00", columns.ENDS: "次日0:30"}
    lines = [
        line(**{columns.TITLE: "换了名字", columns.STARTS: "9:30", columns.VENUE: "待定"}),
        line(**{columns.TITLE: "上周", columns.DAY: past}),
        line(**{columns.TITLE: "后年", columns.DAY: far}),
        line(**night, **{columns.CONTACT: "王师傅 138 0000 2288"}),
        line(**night | {columns.STARTS: "19:00"}),
    ]  # fmt: skip
    path = upload(desk, file_of(*lines)).location
    page = desk.read(path)
    assert fates(page) == ["要您确认", "要您确认", "要您确认", "新建", "要您确认"]
    assert "1 行可以导入，4 行要您确认" in page
    days, titles = shown(page, columns.DAY), shown(page, columns.TITLE)
    assert "像是同一场" in titles[0]
    assert "已经过去，请核对年份和日期" in days[1]
    assert "离今天超过" in days[2]
    assert "与第 5 行名称相同、时间重叠" in titles[4]
    assert shown(page, columns.ENDS) == ["11:30", "11:30", "11:30", "次日 00:30", "次日 00:30"]
    assert "像是个人手机号，发布后谁都看得到" in shown(page, columns.CONTACT)[3]
    assert shown(page, columns.VENUE) == [f"待定 {NOT_SETTLED}"] + ["社区广场"] * 4
    private = f"第 5 行 {columns.CONTACT}：{PRIVATE_NUMBER}</a>"
    assert private in page
    assert f"第 2 行 {columns.VENUE}：{NOT_SETTLED}</a>" in page
    page = correct(desk, path, (3, columns.VENUE, "文化广场"), take="1.3")
    assert fates(page)[1] == "新建"
    earlier = (past - timedelta(days=1)).isoformat()
    page = correct(desk, path, (3, columns.DAY, earlier))
    assert fates(page)[1] == "要您确认", "another day was not confirmed"
    correct(desk, path, take="1.3")
    page = correct(desk, path, (3, columns.ADDRESS, "花园路 1 号"))
    assert fates(page)[1] == "新建", "what is not doubtful asks nothing"
    page = correct(desk, path, restore="1.3")
    assert fates(page)[1] == "要您确认", "what was confirmed is no longer what stands there"
    page = correct(desk, path, take="1.3")
    answer = confirm_seen(desk, path)
    assert answer.location == path, "what waits is shown again"
    assert "1 场的咨询电话像是个人手机号" in desk.read(path)
    assert {one.title for one in activities()} == {"花园社区公益集市", "上周", "夜市"}
    page = correct(desk, path, leave="1.6")
    assert private in page, "it is there now, and still somebody's own"
    forms = re.findall(r"<form.*?</form>", page, re.DOTALL)
    form = next(one for one in forms if "都核对过，2 行都要导入" in one)
    assert "data-import" not in form, "Enter in a cell would press it"
    shown_rows = re.findall(r'name="take" value="([^"]+)"', form)
    assert shown_rows == ["1.2", "1.4"]
    assert desk.send(f"{path}/cells", take=shown_rows).status_code == 303
    page = desk.read(path)
    assert fates(page) == ["新建", "已导入", "新建", "已导入", "不导入"]
    assert confirm_seen(desk, path).status_code == 303
    assert len(activities()) == 5


def test_not_copied_and_how_slots_are_can_stand_in_the_file(
    world: World, organiser: Person, desk: Desk
) -> None:
    model = market(world, organiser)
    lines = (
        line(**{columns.MODEL: "不照搬", columns.TITLE: "甲"}),
        line(**{columns.SLOTS: "放不下的不要", columns.ENDS: "9:30", columns.TITLE: "乙"}),
        line(**{columns.SLOTS: "随便", columns.TITLE: "丙"}),
    )
    page = preview(desk, *lines, model_id=model["id"])
    assert [one for one in faults(page) if "照搬时段" not in one] == []
    assert "应为全部照搬、放不下的不要、按起止时间重排之一" in faults(page)[0]
    assert shown(page, columns.MODEL) == ["不照搬", "样板集市", "样板集市"]


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
    shown = {"seen": seen(desk.read(path)), "_key": str(new_id())}
    assert [desk.send(f"{path}/confirm", **shown).status_code for _ in range(2)] == [303, 303]
    answer = desk.send(f"{path}/confirm", seen=shown["seen"])
    assert answer.status_code == 409
    assert "已经导入过了" in answer.get_data(as_text=True)
    assert "共 1 行：1 行已导入" in desk.read(path)
    assert len(activities()) == 1


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


def undo(desk: Desk, path: str) -> TestResponse:
    return desk.send(f"{path}/undo")


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
        session.add(
            Need(region_id=world.region_id(COMMUNITY), title="磨剪刀", source=NeedSource.VISIT,
                 raised_on=clock.today(), activity_id=ids["排了需求的"])
        )  # fmt: skip
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


# ---------------------------------------------------------------------------- files


def test_what_is_no_filled_in_template_is_said_beside_the_field(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    example = line(**{columns.TITLE: "示例：花园社区公益集市"})
    for content, words in (
        (b"name,day\n", "没有找到排期的表头"),
        (far_xls(), "这个文件太复杂"),
        (file_of(), "表格里没有活动"),
        (file_of(example), "表格里没有活动"),
        (file_of(*[line()] * (MOST_ROWS + 1)), "一次最多 200 场"),
    ):
        answer = upload(desk, content)
        assert answer.status_code == 422
        page = answer.get_data(as_text=True)
        assert words in page[page.index('id="file-error"') :]
    assert "请选择填好的 Excel 文件" in desk.send("/console/schedule/import").get_data(as_text=True)


def test_an_old_xls_is_previewed_as_an_xlsx_is(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # by a process of its own, as everybody's is
    answer = upload(desk, XLS)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    page = desk.read(answer.location)
    assert "花园社区公益\u5e02\u96c6" in page  # as its office wrote it
    assert "第 4 行 社区（C4）：没有这个社区" in page


def test_a_file_that_finds_no_turn_is_told_to_come_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(reading, "_WAIT_SECONDS", 0.01)
    with reading._turns, reading._turns:
        answer = upload(desk, XLS)
    assert answer.status_code == 503
    assert "正在读别人的表格" in answer.get_data(as_text=True)


def test_a_file_that_is_too_large_is_answered_with_a_sentence(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = import_pages.FILE.most_bytes
    for size in (most + 1, most + 200_000):
        answer = send_bytes(desk, b"x" * size)
        assert answer.status_code == 413
        page = answer.get_data(as_text=True)
        assert "文件太大了，没有上传" in page
        assert "最大 1 MB" in page
    monkeypatch.setattr(sent, "_MOST_DRAINED", 1000)
    assert send_bytes(desk, b"x" * (most + 200_000)).status_code == 413


def test_a_file_is_its_senders_alone(world: World, desk: Desk) -> None:
    path = upload(desk, file_of(line())).location
    colleague = Desk(world, world.organiser())
    colleague.read(path, 404)
    for step in ("confirm", "cells", "undo"):
        assert colleague.send(f"{path}/{step}", seen="x").status_code == 404
        assert desk.send(f"{path}/{step}", seen="x", csrf_token="forged").status_code == 403
    colleague.read(f"{path}/rest", 404)
    assert activities() == []


def test_another_regions_activity_is_no_model(world: World, desk: Desk) -> None:
    foreign = world.draft(world.organiser(OTHER_SUBDISTRICT), region=OTHER_COMMUNITY)
    assert upload(desk, file_of(line()), model_id=foreign["id"]).status_code == 404


def test_an_end_before_the_model_s_last_slot_is_no_copy(world: World, organiser: Person) -> None:
    """The second guard, below the preview's: slots never lie outside of their activity."""
    model = market(world, organiser)
    with transaction() as session:
        source = copies.read_source(session, session.get_one(Activity, model["id"]))
        place = copies.Place(
            at(DAY, 9), source.activity.region_id, ActivityEdit(ends_at=at(DAY, 10))
        )
        with pytest.raises(ValidationFailed, match="有误"):
            copies.copy_to(session, None, source, place)  # type: ignore[arg-type]


def test_a_towns_own_activity_names_the_town(world: World, desk: Desk) -> None:
    confirm(desk, file_of(line(**{columns.COMMUNITY: "湖塘镇"})))
    (made,) = activities()
    assert made.region_code == SUBDISTRICT


def test_a_preview_asks_a_fixed_number_of_questions(
    world: World, organiser: Person, desk: Desk
) -> None:
    model = market(world, organiser)
    lines = [line(**{columns.TITLE: f"第{number}场"}) for number in range(20)]
    path = upload(desk, file_of(*lines), model_id=model["id"]).location
    with Statements(world.app) as statements:
        desk.read(path)
    assert len(statements) <= 9, statements.sent


def test_old_files_are_deleted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    upload(desk, file_of(line()))
    imports.purge()
    with transaction() as session:
        assert session.execute(select(func.count(ScheduleImport.id))).scalar_one() == 1
    later = clock.now() + imports.KEEP
    monkeypatch.setattr(clock, "now", lambda: later)
    imports.purge()
    with transaction() as session:
        assert session.execute(select(func.count(ScheduleImport.id))).scalar_one() == 0
