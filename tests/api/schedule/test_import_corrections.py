"""What can not be understood of a schedule is put right in its preview, cell by cell."""

import io
import re
from datetime import timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from backend.activities.models import ScheduleImport
from backend.activities.words import NOT_SETTLED, PRIVATE_NUMBER
from backend.core import clock
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.schedule.imports import corrections as import_cells
from backend.schedule.reading import columns
from tests.api.schedule.communities import community
from tests.api.schedule.importing import (
    DAY,
    activities,
    at,
    confirm,
    confirm_seen,
    correct,
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
    DISTRICT,
    OTHER_COMMUNITY,
    OTHER_SUBDISTRICT,
    Person,
    World,
    ok,
)


@pytest.fixture(autouse=True)
def _read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    read_here(monkeypatch)


def blamed(page: str) -> list[str]:
    """The cells that a preview says are wrong, in its order."""
    return [words[: words.index("\uff08")] for words in faults(page)]


def faults(page: str) -> list[str]:
    """What a preview says is wrong, in its order."""
    return re.findall(r'<li><a href="#(?:cell|slots)-[^"]+">([^<]+)</a>', page)


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
    left = "五月.xlsx：还有 1 行没有导入</a>"
    assert left in desk.read("/console/")
    assert "新建了 1 场草稿，还有 1 行没有导入" in desk.read("/console/schedule/import")
    correct(desk, path, leave="1.3")
    assert desk.waiting() == {}, "what is left out is meant so"
    correct(desk, path, take="1.3")
    assert f"/console/markets/{activities()[0].id}" in page
    # From a tab that still shows both: nothing is made that it does not show.
    page = correct(desk, path, (3, columns.ENDS, "11:00"), (2, columns.TITLE, "已经建了的"))
    answer = desk.send(f"{path}/confirm", seen=other_tab)
    assert answer.status_code == 409
    assert "刚刚有变化，一行都没有导入" in answer.get_data(as_text=True)
    assert len(activities()) == 1
    assert left in desk.read("/console/"), "it is right, and not imported"
    assert confirm_seen(desk, path).status_code == 303
    assert desk.waiting() == {}
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
    heads = re.findall(r'<th scope="col">([^<]+)', page)
    assert heads == [*columns.REQUIRED, columns.SLOTS, columns.CONTACT], (
        "what waits for an answer is in sight"
    )
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


def test_days_with_the_times_of_one_wait_for_the_clerks_word(desk: Desk) -> None:
    days = f"{DAY}至{DAY + timedelta(days=1)}"
    path = upload(desk, file_of(line(**{columns.DAY: days}))).location
    page = desk.read(path)
    assert fates(page) == ["要您确认"]
    assert "写着 2 天、09:00–11:30：是每天一场" in shown(page, columns.DAY)[0]
    assert fates(correct(desk, path, take="1.2")) == ["新建"]
    confirm_seen(desk, path)
    assert activities()[0].ends_at == at(DAY + timedelta(days=1), 11, 30)


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
