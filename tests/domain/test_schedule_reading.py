"""Schedules as offices make them: what is clear is understood, and nothing is guessed.

The reader of workbooks answers in this process: starting one for each costs more than all else
here. test_workbook_reader.py starts it as everybody does.
"""

import io
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from backend.core.spreadsheets.reading import NotASpreadsheet, SpreadsheetTooLarge
from backend.schedule.reading.columns import (
    ABOUT,
    COMMUNITY,
    CONTACT,
    DAY,
    ENDS,
    LAST_DAY,
    PROGRAMME,
    STARTS,
    TITLE,
    TOWN,
    VENUE,
    meant,
)
from backend.schedule.reading.rows import Note, ReadRow, ReadSchedule
from backend.schedule.reading.said import Near, Said, Unclear
from backend.schedule.reading.schedule import MOST_ROWS, read_schedule
from backend.schedule.reading.when import said_in
from tests.support.workbooks import XLS, read_here

CASES = Path(__file__).parents[1] / "support" / "schedules"
TODAY = date(2026, 11, 30)
NEAR = Near(TODAY)
HEAD = ["项目", "活动名称", "社区", "日期", "时间", "地点"]


@pytest.fixture(autouse=True)
def _read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    read_here(monkeypatch)


def line(**changes: Any) -> list[Any]:
    values = {"项目": "吾社集", "活动名称": "花园集市", "社区": "花园", "日期": "2027-03-15",
              "时间": "9:00-11:30", "地点": "广场"} | changes  # fmt: skip
    return [values[title] for title in HEAD]


def sheet_of(*rows: Sequence[Any]) -> Worksheet:
    sheet = Workbook().active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    return sheet


def book(sheet: Worksheet) -> Workbook:
    assert sheet.parent is not None
    return sheet.parent


def saved(sheet: Worksheet) -> bytes:
    buffer = io.BytesIO()
    book(sheet).save(buffer)
    return buffer.getvalue()


def read(*rows: Sequence[Any], **options: Any) -> ReadSchedule:
    return read_schedule(saved(sheet_of(*rows)), **options)


def only(schedule: ReadSchedule) -> ReadRow:
    (row,) = schedule.rows
    return row


def when(row: ReadRow) -> str:
    """12-05 09:00-11:30, with 「?」 for what is missing."""
    values = row.values
    starts, ends = (f"{at:%H:%M}" if (at := values.get(one)) else "?" for one in (STARTS, ENDS))
    last = f" {values[LAST_DAY]:%m-%d}" if LAST_DAY in values else ""
    return f"{values[DAY]:%m-%d} {starts}-{ends}{last}" if DAY in values else f"? {starts}-{ends}"


def faults(row: ReadRow) -> list[str]:
    return [f"{cell.column} {cell.address}: {cell.fault}" for cell in row.faults]


# ---------------------------------------------------------------------------- of real offices

# Without the row that is there twice: that is seen once the regions are known.
DECEMBER = [
    ("花园", "12-05 09:00-11:30"), ("明湖社区", "12-06 09:00-11:30"), ("春晖", "12-08 08:30-16:30"),
    ("景云社区", "12-09 09:00-11:30"), ("东庭", "12-11 09:00-11:30"),
    ("文澜社区", "12-14 09:00-11:00"), ("长桥里", "12-15 14:00-16:30"),
    ("聚湖社区", "12-16 09:00-11:30"), ("聚湖社区", "12-16 09:00-11:30"),
]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["own-headings.xlsx", "template-messy.xlsx", "template-second-sheet.xlsx"]
)
def test_an_offices_own_schedule_comes_in(name: str) -> None:
    schedule = read_schedule((CASES / name).read_bytes())
    expected = list(DECEMBER)
    if name == "own-headings.xlsx":
        # Nobody has written when it ends.
        expected[3] = ("景云社区", "12-09 09:00-?")
        assert faults(schedule.rows[3]) == ["结束时间 None: 必填"]
    assert [(row.values[COMMUNITY], when(row)) for row in schedule.rows] == expected
    assert {row.values[DAY].year for row in schedule.rows} == {2026}
    assert [row.values[PROGRAMME] for row in schedule.rows].index("action") == 5
    assert schedule.rows[0].values[CONTACT] == "0519-00000000"
    assert schedule.rows[3].notes == (Note(DAY, "没有写年份，按 2026 年"),)
    (passed,) = schedule.passed_over
    assert (passed.number, passed.why) == (15, "合计")
    assert "读的是工作表「12月排期」" in schedule.notices


@pytest.mark.parametrize("name", ["built-in-date-format.xlsx", "empty-fill-style.xlsx"])
def test_style_does_not_matter(name: str) -> None:
    row = only(read_schedule((CASES / name).read_bytes()))
    assert (row.faults, row.values[DAY].isoformat()[:8]) == ([], "2027-03-")


# ---------------------------------------------------------------------------- odd workbooks


def test_merged_cells_say_what_is_seen_there() -> None:
    sheet = sheet_of(
        ["湖塘镇集市安排"], HEAD, ["一、上旬"], line(), line(活动名称="二", 社区=None),
        line(活动名称="三", 社区=None, 日期=None), ["二、中旬"], line(活动名称="四"),
    )  # fmt: skip
    for cells in ("A1:F1", "A3:F3", "C4:C6", "D5:D6", "A7:F7"):
        sheet.merge_cells(cells)
    schedule = read_schedule(saved(sheet))
    assert [row.values[COMMUNITY] for row in schedule.rows] == ["花园"] * 4
    assert [row.faults for row in schedule.rows] == [[]] * 4
    assert schedule.rows[2].cells[COMMUNITY].address == "C6"
    assert [(one.number, one.words) for one in schedule.passed_over] == [
        (3, "一、上旬"), (7, "二、中旬"),
    ]  # fmt: skip


def test_a_head_of_two_lines() -> None:
    sheet = sheet_of(
        ["序号", "项目", "基本情况", None, "时间", None, None, "地点"],
        [None, None, "活动名称", "村（社区）", "日期", "开始", "结束", None],
        [1, "吾社集", "花园集市", "花园", "3月15日", "9点", "11点半", "广场"],
    )
    for cells in ("A1:A2", "B1:B2", "C1:D1", "E1:G1", "H1:H2"):
        sheet.merge_cells(cells)
    sheet.title = "2027年"
    schedule = read_schedule(saved(sheet))
    row = only(schedule)
    assert (row.faults, when(row), row.values[VENUE]) == ([], "03-15 09:00-11:30", "广场")
    assert row.cells[ENDS].address == "G3"
    assert row.values[DAY].year == 2027


def test_one_heading_over_two_columns_of_times() -> None:
    sheet = sheet_of(
        ["项目", "名称", "社区", "日期", "活动时间", None, "地点"],
        ["吾社集", "花园集市", "花园", "2027.3.15", "9:00", "11:30", "广场"],
    )
    sheet.merge_cells("E1:F1")
    assert when(only(read_schedule(saved(sheet)))) == "03-15 09:00-11:30"


def test_days_one_after_the_other_are_one_activity_if_that_is_meant() -> None:
    row = only(read(HEAD, line(日期="2027年3月15日（周一）-17日（周三）", 时间="每天9:00-11:30")))
    assert when(row) == "03-15 09:00-11:30 03-17"
    (doubt,) = row.doubts
    assert doubt.column == DAY
    assert doubt.words.startswith(
        "写着 3 天、09:00–11:30：是每天一场，还是一场从 2027-03-15 09:00 一直到 2027-03-17 11:30？"
    )
    row = only(read(HEAD, line(日期="3.15-3.16", 时间="20:00-6:00")))
    assert row.doubts == (), "a night, or what no day ends before it begins"
    assert faults(only(read(HEAD, line(日期="2027-03-15至2027-05-30")))) == [
        "日期 D2: 结束日期应在开始之后，最长 31 天"
    ]
    assert "每天写一行" in faults(only(read(HEAD, line(日期="2027年3月15日、17日"))))[0]


def test_a_day_of_its_own_for_the_end() -> None:
    head = ["项目", "活动名称", "社区", "开始日期", "结束日期", "时间", "地点"]
    values = ["吾社集", "夜市", "花园", "2027-03-15", "3月16日", "18:00-21:00", "广场"]
    assert when(only(read(head, values))) == "03-15 18:00-21:00 03-16"
    values[4] = "2027-03-14"
    assert "结束日期 E2" in faults(only(read(head, values)))[0]


def test_notes_come_first_and_there_is_a_title_above() -> None:
    sheet = sheet_of(["填表须知"], ["社区", "请填社区全称"], ["日期", "如 2026-05-01"])
    sheet.title = "说明"
    for title, day in (("2027年3月", "15日"), ("2027年4月", "2日")):
        other = book(sheet).create_sheet(title)
        market = line()
        market[HEAD.index("日期")] = day
        for row in ([f"{title}集市安排表"], ["制表日期：2026年12月1日"], HEAD, market):
            other.append(row)
    secret = book(sheet).create_sheet("旧表")
    secret.append(HEAD)
    secret.append(line())
    secret.sheet_state = "hidden"
    schedule = read_schedule(saved(sheet))
    assert [(row.key, row.values[DAY].isoformat()) for row in schedule.rows] == [
        ("2.4", "2027-03-15"), ("3.4", "2027-04-02"),
    ]  # fmt: skip
    assert "工作表「旧表」是隐藏的，没有读" in schedule.notices


def test_hidden_and_struck_through_rows_are_named_and_left_to_the_clerk() -> None:
    sheet = sheet_of(
        HEAD, line(), line(活动名称="藏"), line(活动名称="划"), line(活动名称="改"),
        [*line(活动名称="消")], line(活动名称="留"), line(活动名称="河滨集市（取消）"),
        line(活动名称="取消「一刀切」座谈"), line(活动名称="情"), line(活动名称="变"),
    )  # fmt: skip
    sheet["G1"], sheet["G6"], sheet["G7"] = "备注", "因雨取消", "请带伞"
    sheet["H1"], sheet["H10"], sheet["I1"] = "情况说明", "场地维修，延期", "最新消息"
    sheet["I9"], sheet["I11"] = "雨天不取消", "已取消"
    sheet.row_dimensions[3].hidden = True
    for cell in sheet[4]:
        cell.font = Font(strike=True)
    sheet["F5"].font = Font(strike=True)
    schedule = read_schedule(saved(sheet))
    assert [row.aside for row in schedule.rows] == [
        None, "这一行是隐藏的", "这一行划了删除线", None, "备注写着「因雨取消」", None,
        "活动名称写着「河滨集市（取消）」", None, "情况说明写着「场地维修，延期」",
        "最新消息写着「已取消」",
    ]  # fmt: skip
    assert [faults(row) for row in schedule.rows if row.faults] == [
        ["场地 F5: 划了删除线，请写上现在的"]
    ]
    assert "没有用到的列：备注、情况说明、最新消息" in schedule.notices


def test_lines_that_are_no_activities_are_passed_over_and_named() -> None:
    schedule = read(
        HEAD, line(), [], HEAD, line(活动名称="下半月"), ["小计", "2 场"], ["合　计", None, 2],
        ["填表人：王某", None, None, "审核：李某", "2027年3月1日"],
        ["备注：以实际为准"], ["吾社集", None, "明湖"],
    )  # fmt: skip
    assert len(schedule.rows) == 2
    assert [(one.number, one.why) for one in schedule.passed_over] == [
        (4, "重复的表头"), (6, "合计"), (7, "合计"), (8, "填表信息"), (9, "说明"),
        (10, "没有写活动名称和日期"),
    ]  # fmt: skip


def test_everything_in_full_width() -> None:
    head = [
        "品牌　项目＊",
        "活动名称：",
        "社　区（必填）",
        "日期（年．月．日）",
        "开始　时间",
        "结束\n时间",
        "场　地",
    ]
    row = only(read(head, ["吾社集　", "花园（春季）集市", "花　园", "２０２７年３月１５日（周一）",
                           "９：００", "１１点３０分", "广场"]))  # fmt: skip
    assert (row.faults, when(row)) == ([], "03-15 09:00-11:30")
    assert row.values[TITLE] == "花园（春季）集市", "what people read stays as they wrote it"


@pytest.mark.parametrize(
    ("encoding", "comma"), [("gb18030", ","), ("utf-8-sig", ","), ("utf-16", "\t")]
)
def test_a_csv(encoding: str, comma: str) -> None:
    rows = [HEAD, line(日期="46461", 时间="9:00-11:30"), line(时间="0.375")]
    content = "\r\n".join(comma.join(row) for row in rows).encode(encoding)
    first, second = read_schedule(content).rows
    assert (first.faults, when(first)) == ([], "03-15 09:00-11:30")
    assert (when(second), faults(second)) == ("03-15 09:00-?", ["结束时间 None: 必填"])


def test_an_old_xls() -> None:
    first, second = read_schedule(XLS).rows
    assert (first.faults, when(first)) == ([], "03-15 09:00-23:59")
    assert when(second) == "03-16 09:00-11:30"


def test_one_column_may_say_day_and_time() -> None:
    head = ["项目", "活动名称", "社区", "活动时间", "地点"]
    said = "三月十五日（周一）上午九点至十一点半"
    row = only(read(["2027年三月集市"], head, ["吾社集", "花园集市", "花园", said, "广场"]))
    assert (row.faults, when(row)) == ([], "03-15 09:00-11:30")
    moment = datetime(2027, 3, 15, 9)  # noqa: DTZ001 - Excel has no zone
    row = only(read(head, ["吾社集", "花园集市", "花园", moment, "广场"]))
    assert when(row) == "03-15 09:00-?"
    row = only(read(head, ["吾社集", "花园集市", "花园", "上午9点到11点", "广场"]))
    assert (when(row), faults(row)) == ("? 09:00-11:00", ["日期 None: 必填"])


def test_a_town_beside_the_community() -> None:
    head = ["镇（街道）", "村（社区）", "项目", "集市名称", "日期", "时间", "地点"]
    row = only(
        read(head, ["湖塘镇", "花园", "吾社集", "花园集市", "2027/3/15", "9:00-11:30", "广场"])
    )
    assert (row.values[TOWN], row.values[COMMUNITY], row.faults) == ("湖塘镇", "花园", [])
    head[:2] = ["地区", "社区"]
    row = only(
        read(head, ["湖塘镇", "花园", "吾社集", "花园集市", "2027/3/15", "9:00-11:30", "广场"])
    )
    assert (row.values[TOWN], row.values[COMMUNITY]) == ("湖塘镇", "花园")


def test_the_project_may_be_the_title_and_the_title_above_the_programme() -> None:
    row = only(read(["吾社集三月安排"], ["项目名称", "地区", "日期", "时间", "地点"],
                    ["花园集市", "花园", "2027-3-15", "9:00-11:30", "广场"]))  # fmt: skip
    assert (row.values[TITLE], row.values[PROGRAMME], row.faults) == ("花园集市", "market", [])
    row = only(read(["项目名称", "地区", "日期", "时间", "地点"],
                    ["花园集市", "花园", "2027-3-15", "9:00-11:30", "广场"]))  # fmt: skip
    (fault,) = row.faults
    assert (fault.column, fault.choices) == (PROGRAMME, ("吾社集", "吾社行", "吾社汇"))


def test_a_weekday_of_its_own_column_must_fit() -> None:
    row = only(read([*HEAD, "星期"], [*line(), "星期二"]))
    (fault,) = row.faults
    assert (fault.address, fault.fault) == ("D2", "2027-03-15 是周一，写的却是周二")
    assert fault.choices == ("2027-03-15", "2027-03-16")
    assert only(read([*HEAD, "星期"], [*line(), "一"])).faults == []


def test_faults_come_in_the_order_of_columns_with_what_was_written() -> None:
    head = ["地点", "时间", "日期", "社区", "活动名称", "项目"]
    row = only(read(head, [None, "全天", "五一", None, "花园集市", "集市"]))
    assert faults(row) == [
        "场地 A2: 必填", "开始时间 B2: 应为时间，如 9:00", "日期 C2: 应为日期，如 2026-05-01",
        "社区 D2: 必填", "品牌项目 F2: 应为吾社集、吾社行、吾社汇之一",
    ]  # fmt: skip
    assert [cell.raw for cell in row.faults] == ["", "全天", "五一", "", "集市"]


def test_what_is_typed_stands_in_a_cells_place() -> None:
    content = saved(sheet_of(HEAD, line(日期="五一", 时间="2:30-4:30", 地点=None), line()))
    first, second = read_schedule(content).rows
    assert first.cells[STARTS].choices == ("14:30-16:30", "02:30-04:30")
    typed = {("1.2", DAY): "5月1日（周六）", ("1.2", STARTS): "14:30-16:30",
             ("1.2", VENUE): " 广场 ", ("1.3", ENDS): "12点"}  # fmt: skip
    first, second = read_schedule(content, typed, file_name="2027年集市.xlsx").rows
    assert (first.faults, when(first), first.values[VENUE]) == ([], "05-01 14:30-16:30", "广场")
    assert first.cells[DAY].typed
    assert (first.cells[DAY].raw, first.cells[DAY].address) == ("5月1日（周六）", "D2")
    assert when(second) == "03-15 09:00-12:00", "what is typed counts before the range"
    emptied = read_schedule(content, {("1.3", DAY): ""}).rows[1]
    assert faults(emptied) == ["日期 D3: 必填"]


def test_what_a_formula_last_showed_counts() -> None:
    sheet = sheet_of(HEAD, line())
    sheet["D2"] = "=DATE(2027,3,15)"
    assert "没有算出来的结果" in faults(only(read_schedule(saved(sheet))))[0]


def test_an_end_before_its_beginning_asks_for_the_afternoon() -> None:
    head = [*HEAD[:4], "开始时间", "结束时间", "地点"]
    row = only(read(head, [*line()[:4], time(14, 30), time(4, 30), "广场"]))
    (fault,) = row.faults
    assert (fault.column, fault.fault, fault.choices) == (ENDS, "应晚于开始时间", ("16:30",))


def test_what_ends_after_midnight_ends_on_the_next_day() -> None:
    for written in ("18:00-次日0:30", "晚上6点至第二天凌晨0点半"):
        row = only(read(HEAD, [*line()[:4], written, "广场"]))
        assert (row.faults, row.notes, when(row)) == ([], (), "03-15 18:00-00:30 03-16")
    assert when(only(read(HEAD, line(时间="18:00-24:00")))) == "03-15 18:00-00:00 03-16"
    content = saved(sheet_of(HEAD, line(时间="22:00-0:30")))
    (fault,) = only(read_schedule(content)).faults
    assert (fault.column, fault.choices) == (ENDS, ("次日 00:30",))
    assert faults(only(read_schedule(content, {("1.2", ENDS): "次日 00:30"}))) == []
    (fault,) = only(read(HEAD, line(时间="16:00-14:00"))).faults
    assert (fault.column, fault.fault, fault.choices) == (ENDS, "应晚于开始时间", ())
    (fault,) = only(read([*HEAD, "结束日期"], [*line(时间="22:00-0:30"), "2027-03-15"])).faults
    assert fault.choices == (), "the other cell would still say the same day"
    over = saved(sheet_of(HEAD, line(时间="22:00-次日0:30")))
    assert when(only(read_schedule(over, {("1.2", ENDS): "23:00"}))) == "03-15 22:00-23:00"
    assert "开始时间 E2: 开始时间不能写次日" in faults(only(read(HEAD, line(时间="次日9:00"))))[0]


def test_what_is_no_schedule_is_refused_with_what_to_do() -> None:
    wrong: list[list[list[str]]] = [[["说明"]], [["日期", "天气"], ["12月5日", "晴"]], [[]]]
    for rows in wrong:
        with pytest.raises(NotASpreadsheet, match="没有找到排期的表头"):
            read(*rows)
    with pytest.raises(NotASpreadsheet, match="「社区」这一列出现了两次"):
        read([*HEAD, "社区"], [*line(), "花园"])
    with pytest.raises(SpreadsheetTooLarge, match=f"有 {MOST_ROWS + 1} 场活动"):
        read(HEAD, *[line()] * (MOST_ROWS + 1))


# ---------------------------------------------------------------------------- headings


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("地区", COMMUNITY), ("村社区", COMMUNITY), ("村（社区）", COMMUNITY),
        ("所在村居", COMMUNITY),
        ("镇、社区", COMMUNITY), ("社区名称", COMMUNITY), ("乡镇（街道）", TOWN), ("镇/街道", TOWN),
        ("项目", PROGRAMME), ("品牌项目*", PROGRAMME), ("活动项目名称", PROGRAMME),
        ("活动主题", TITLE), ("集市名称", TITLE), ("活　动", TITLE),
        ("拟举办日期", DAY), ("日期（月/日）", DAY), ("活动时间", STARTS), ("时间段", STARTS),
        ("时间（结束）", ENDS), ("结束\n时间", ENDS), ("截止日期", LAST_DAY),
        ("举办地点", VENUE), ("场　地", VENUE), ("联系电话：", CONTACT), ("联系人电话", CONTACT),
        ("联系人及联系电话", CONTACT), ("负责人（手机）", CONTACT), ("手机号码", CONTACT),
        ("电话/手机", CONTACT), ("社区联系方式", CONTACT), ("对外咨询热线", CONTACT),
        ("服务方式", None), ("报名方式", None), ("活动起止日期", DAY), ("时间安排", STARTS),
        ("活动名", TITLE), ("行政村", COMMUNITY), ("拟定地点", VENUE), ("主要内容", ABOUT),
        ("序号", None), ("", None),
        ("社区书记", None), ("联系人", None), ("参加人数", None),
    ],
)  # fmt: skip
def test_headings_by_meaning(heading: str, column: str | None) -> None:
    assert meant(heading) == column


# ---------------------------------------------------------------------------- days and times


def spoken(value: Any, *, days: bool, near: Near = NEAR) -> str:
    said = said_in(value, near, days=days)
    parts = [str(one) if one else "" for one in (said.first, said.last)]
    parts += [f"{at:%H:%M}" if at else "" for at in (said.starts, said.ends)]
    return " ".join(part for part in parts if part)


DAYS = {
    "2026年12月5日": "2026-12-05", "2026.12.8": "2026-12-08", "2026/12/8": "2026-12-08",
    "2026-12-08": "2026-12-08", "26.12.8": "2026-12-08", "20261208": "2026-12-08",
    "12月9日": "2026-12-09", "12月9号": "2026-12-09", "12/9": "2026-12-09", "12-9": "2026-12-09",
    "12.10": "2026-12-10", "十二月五日": "2026-12-05", "二〇二六年十二月二十五日": "2026-12-25",
    "1月5日": "2027-01-05", "2月29日": "2028-02-29", "46362": "2026-12-06",
    "46362.375": "2026-12-06 09:00", "2027年3月15日（周一）": "2027-03-15",
    "星期六 2026年12月5日": "2026-12-05", "12 月 5 日": "2026-12-05",
    "2026 / 12 / 5": "2026-12-05",
    "２０２６－１２－０５": "2026-12-05", "2026年12月5日上午": "2026-12-05",
    "12月5日-7日": "2026-12-05 2026-12-07", "12月5-7日": "2026-12-05 2026-12-07",
    "12.5-12.7": "2026-12-05 2026-12-07", "2026.12.5—7": "2026-12-05 2026-12-07",
    "12月30日至1月2日（共4天）": "2026-12-30 2027-01-02",
    "12月5日（周六）~6日（周日）": "2026-12-05 2026-12-06",
    "12月5日 9:00-11:30": "2026-12-05 09:00 11:30",
    "2026-12-05T09:00:00": "2026-12-05 09:00",
}  # fmt: skip
TIMES = {
    "9:00": "09:00", "９：３０": "09:30", "9点": "09:00", "9点半": "09:30", "9时05分": "09:05",
    "9点1刻": "09:15", "九点半": "09:30", "0.375": "09:00", "上午9点": "09:00", "下午2:30": "14:30",
    "中午12点": "12:00", "中午1点": "13:00", "2:30 PM": "14:30", "晚上7点半": "19:30",
    "9:00开始": "09:00", "02:30": "02:30", "23:59:59": "23:59", "9.30": "09:30", "9；00": "09:00",
    "9 ： 30": "09:30",
    "9:00-11:30": "09:00 11:30", "9:00—11:30": "09:00 11:30", "９：００～１１：３０": "09:00 11:30",
    "9:00至11:30": "09:00 11:30", "上午9:00到下午4:00": "09:00 16:00", "9-11点": "09:00 11:00",
    "上午9-11点半": "09:00 11:30", "下午2点-4点半": "14:00 16:30", "9.30-11.30": "09:30 11:30",
    "9:00\n11:30": "09:00 11:30", "上午9:00，下午4:00": "09:00 16:00",
    "9:00-11:30（上午）": "09:00 11:30", "12月5日9:00-11:30": "2026-12-05 09:00 11:30",
    "12-05 11:30": "2026-12-05 11:30",
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), DAYS.items())
def test_days_as_people_write_them(text: str, expected: str) -> None:
    assert spoken(text, days=True) == expected


@pytest.mark.parametrize(("text", "expected"), TIMES.items())
def test_times_as_people_write_them(text: str, expected: str) -> None:
    assert spoken(text, days=False) == expected


def test_days_and_times_of_excel_itself() -> None:
    moment = datetime(2026, 12, 5, 9, 0, 59)  # noqa: DTZ001 - Excel has no zone
    assert spoken(moment, days=True) == "2026-12-05 09:00"
    assert said_in(datetime(2026, 12, 5), NEAR, days=False) == Said(date(2026, 12, 5))  # noqa: DTZ001
    assert spoken(time(23, 59, 59), days=False) == "23:59"
    assert [spoken(number, days=False) for number in (0.375, 0.395833333, 0.99999)] == [
        "09:00", "09:30", "23:59",
    ]  # fmt: skip
    assert spoken(20261205, days=True) == "2026-12-05"


def test_a_year_is_the_titles_or_the_coming_one() -> None:
    assert spoken("12月9日", days=True, near=Near(TODAY, 2025)) == "2025-12-09"
    assert spoken("11月30日", days=True) == "2026-11-30"
    assert spoken("11月29日", days=True) == "2027-11-29"
    assert spoken("15日", days=True, near=Near(TODAY, 2026, 12)) == "2026-12-15"


UNCLEAR: list[tuple[Any, bool, str, tuple[str, ...]]] = [
    ("2027年3月15日（周二）", True, "2027-03-15 是周一，写的却是周二",
     ("2027-03-15", "2027-03-16")),
    (12.1, True, "应为日期", ("12月1日", "12月10日")),
    (12.9, True, "应为日期", ("12月9日",)),
    ("2026-02-30", True, "没有这个日期", ()),
    ("2月30日", True, "没有这个日期", ()),
    ("五一", True, "应为日期", ()), ("每周六", True, "应为日期", ()),
    ("2026年12月", True, "应为日期", ()),
    (True, True, "应为日期", ()), (time(9), True, "应为日期", ()), (0.5, True, "应为日期", ()),
    ("12月5日、6日", True, "写了不止一天", ()), ("12月5、6日", True, "写了不止一天", ()),
    ("9", False, "应为时间", ("9:00",)), ("9-11", False, "应为时间", ("9:00-11:00",)),
    ("9-4", False, "应为时间", ("09:00-16:00",)), ("20-24", False, "应为时间", ("20:00-次日0:00",)),
    ("9-30", False, "应为时间", ()), ("16-14", False, "应为时间", ()),
    ("上午", False, "应为时间", ()), ("全天", False, "应为时间", ()), (9.5, False, "应为时间", ()),
    ("9:5", False, "应为时间", ()), ("9:00-10:00-11:00", False, "应为时间", ()),
    (True, False, "应为时间", ()), ("9:00-", False, "应为时间", ()),
    ("25:00", False, "没有这个时间", ()),
    ("9:60", False, "没有这个时间", ()),
    ("2:30-4:30", False, "是上午还是下午", ("14:30-16:30", "02:30-04:30")),
    ("9:00-4:30", False, "是上午还是下午", ("09:00-16:30",)),
    ("9:00-11:00，14:00-16:00", False, "写了不止一个时段",
     ("09:00-11:00", "14:00-16:00", "09:00-16:00")),
]  # fmt: skip


@pytest.mark.parametrize(("value", "days", "words", "choices"), UNCLEAR)
def test_what_is_not_clear_is_asked(
    value: Any, days: bool, words: str, choices: tuple[str, ...]
) -> None:
    with pytest.raises(Unclear, match=words.replace("(", r"\(")) as unclear:
        said_in(value, NEAR, days=days)
    assert unclear.value.choices == choices
    for choice in choices:
        assert spoken(choice, days=days), "each of them is understood"
