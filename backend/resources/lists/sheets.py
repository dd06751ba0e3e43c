"""The list of resources as an Excel file; what it says is read again as it was written."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from backend.core import clock
from backend.core.config import titles
from backend.core.dates import day
from backend.core.errors import ValidationFailed
from backend.core.spreadsheets.reading import ReadSheet, read_workbook
from backend.core.spreadsheets.values import as_text, narrowed
from backend.core.spreadsheets.writing import Column, Sheet, write_workbook
from backend.resources import reading
from backend.resources.models import ResourceState

MOST_ROWS = 500
# Within so many rows stands the one with the headings.
_HEADINGS_WITHIN = 10
# Our columns by the form's fields, and what else they are called.
_COLUMNS: dict[str, tuple[str, str]] = {
    "organisation": ("单位", "(?:服务|提供|所属)?(?:单位|机构|组织|团队|队伍)(?:名称|全称)?"),
    "title": ("名称", "(?:服务|资源|项目)(?:名称|项目)?|名称"),
    "service_kind": ("服务类别", "(?:服务|资源)?(?:类别|类型|种类)"),
    "people": ("来几个人", "来几个?人|(?:参与|服务|到场)?人员?数"),
    "stations": ("同时能服务几人", "同时(?:能|可)?服务(?:几人|人数)|工位数?|服务台数?"),
    "minutes_per_person": ("每人几分钟", "每人(?:几|多少)?(?:分钟数?|时长|用时)"),
    "regions": ("服务地区", "(?:服务|可去)?(?:地区|范围|区域|社区)"),
    "weekdays": ("星期几能来", "(?:可服务)?(?:星期几?|周几)(?:能来|可来)?"),
    "from_time": ("最早几点", "最早(?:几点|时间)|开始时间"),
    "to_time": ("最晚几点", "最晚(?:几点|时间)|结束时间"),
    "days_off": ("不能来的日子", "不能来的(?:日子|日期)|休息日?"),
    "lead_days": ("提前几天约", "提前(?:几天约?|天数|预约天数)"),
    "most_per_month": ("每月最多几场", "每月(?:最多)?(?:几场|场数|场次)"),
    "requires": ("场地要准备", "场地(?:要准备|要求|需求|需要)|(?:需要|所需)(?:场地|设备|设施)"),
}
_REQUIRED = ("organisation", "title", "service_kind", "people", "stations", "minutes_per_person")
_NUMBERS = ("people", "stations", "minutes_per_person", "lead_days", "most_per_month")
_COUNTED = re.compile("([0-9]{1,6})(?:个|人|名|位|分钟?|天|场|次)*")
_MARKS = re.compile(r"\([^()]*\)|[\s*、/:?]")


def resources_file(
    rows: Sequence[Any],
    regions: Mapping[UUID, str],
    states: Mapping[ResourceState, str],
) -> bytes:
    """An .xlsx file of resources.

    Args:
        rows: as `queries.list_resources` answers them.
        regions: those that they name, as they are read again.
        states: their words.
    """
    kinds = titles("service_kinds")
    widths = (28, 20, 14, 10, 16, 12, 30, 20, 10, 10, 30, 12, 14, 16)
    columns = [
        Column(title, width) for (title, _), width in zip(_COLUMNS.values(), widths, strict=True)
    ]
    lines = (
        (
            row.organisation_name,
            row.Resource.title,
            kinds[row.Resource.service_kind],
            row.Resource.people,
            row.Resource.stations,
            row.Resource.minutes_per_person,
            "、".join(regions[one] for one in row.Resource.region_ids),
            reading.say_weekdays(row.Resource.weekdays),
            reading.say_time(row.Resource.from_time),
            reading.say_time(row.Resource.to_time),
            reading.say_days(row.Resource.days_off),
            row.Resource.lead_days,
            row.Resource.most_per_month,
            reading.say_equipment(row.Resource.requires),
            states[row.Resource.state],
        )
        for row in rows
    )
    note = f"共 {len(rows)} 项，{day(clock.today())} 导出"
    sheet = Sheet("资源清单", [*columns, Column("状态", 10)], lines, heading="资源清单", note=note)
    return write_workbook([sheet])


def titles_of_columns() -> list[str]:
    """What the columns are called, the required ones first."""
    return [title for title, _ in _COLUMNS.values()]


def title_of(name: str) -> str:
    """What the column of a field is called."""
    return _COLUMNS[name][0] if name in _COLUMNS else name


def rows_of_file(content: bytes) -> dict[int, dict[str, str]]:
    """What the rows of a file say, by their number: the fields of the form in words.

    Raises NotASpreadsheet, SpreadsheetTooLarge, ValidationFailed (422) for a file without our
    columns, or with too many rows.
    """
    for sheet in read_workbook(content).sheets:
        found = _headings(sheet)
        if found is not None:
            return _rows(sheet, *found)
    wanted = "、".join(_COLUMNS[name][0] for name in _REQUIRED)
    raise ValidationFailed(errors={"file": [f"没有找到表头，至少要有这几列：{wanted}"]})


def _headings(sheet: ReadSheet) -> tuple[int, dict[int, str]] | None:
    """The row of the headings, and which column is which field."""
    for number in sorted(sheet.rows)[:_HEADINGS_WITHIN]:
        columns: dict[int, str] = {}
        for column, cell in sheet.rows[number].items():
            name = _meant(as_text(cell.value))
            if name is not None and name not in columns.values():
                columns[column] = name
        if set(_REQUIRED) <= set(columns.values()):
            return number, columns
    return None


def _meant(heading: str) -> str | None:
    bare = _MARKS.sub("", narrowed(heading))
    for name, (title, others) in _COLUMNS.items():
        if bare == title or re.fullmatch(others, bare):
            return name
    return None


def _rows(sheet: ReadSheet, headings: int, columns: dict[int, str]) -> dict[int, dict[str, str]]:
    found = {}
    for number, cells in sorted(sheet.rows.items()):
        said = {
            columns[column]: _plain(columns[column], as_text(cell.value))
            for column, cell in cells.items()
            if column in columns and cell.value is not None and not cell.struck
        }
        filled = {name: words for name, words in said.items() if words}
        if number > headings and number not in sheet.hidden_rows and filled:
            found[number] = filled
    if not found:
        raise ValidationFailed(errors={"file": ["表头下面没有内容"]})
    if len(found) > MOST_ROWS:
        raise ValidationFailed(errors={"file": [f"一次最多 {MOST_ROWS} 行"]})
    return found


def _plain(name: str, words: str) -> str:
    """A number without what it counts, as in 「12 分钟」; anything else as it is."""
    if name not in _NUMBERS:
        return words
    counted = _COUNTED.fullmatch(narrowed(words))
    return counted[1] if counted else words
