"""The schedule as Excel files: what is exported, the template, and how a filled-in one is read."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

from backend.activities.models import Programme
from backend.activities.words import ACTIVITY_STATES, EXCHANGE_KINDS, PROGRAMMES
from backend.core import clock
from backend.core.config import titles
from backend.core.spreadsheets import (
    Column,
    ReadRow,
    Sheet,
    as_day,
    as_text,
    as_time,
    narrowed,
    read_rows,
    write_workbook,
)

MOST_ROWS = 200
# A column's title and a cell's value to what it means; ValueError with what to write instead.
Reader = Callable[[str, Any], Any]
PROGRAMME, TITLE, COMMUNITY, DAY = "品牌项目", "活动名称", "社区", "日期"
STARTS, ENDS, VENUE, ADDRESS = "开始时间", "结束时间", "场地", "地址"
ORGANISER, CONTACT, FIELD, KIND = "主办单位", "咨询电话", "服务领域", "类别"
ABOUT, MODEL = "活动介绍", "参照活动"
REQUIRED = (PROGRAMME, TITLE, COMMUNITY, DAY, STARTS, ENDS, VENUE)
OPTIONAL = (ADDRESS, ORGANISER, CONTACT, FIELD, KIND, ABOUT, MODEL)
# What comes along when text is pasted from web pages: wide, fixed and zero-width spaces.
_SPACES = re.compile("[\t\u00a0\u2000-\u200a\u3000]")
_INVISIBLE = re.compile("[\u200b\u2060\ufeff]")
_LENGTHS = {
    TITLE: 60, COMMUNITY: 60, VENUE: 60, ADDRESS: 200, ORGANISER: 60, CONTACT: 20, ABOUT: 2000,
    MODEL: 60,
}  # fmt: skip
_NOTES = (
    ("怎么填", "每行一场活动。带 * 的列必填,其余可空。名称以「示例」开头的行不会导入。"),
    (PROGRAMME, "吾社集、吾社行或吾社汇,从下拉列表选。"),
    (COMMUNITY, "写社区名称或 12 位区划代码;重名的写成「镇名+社区名」。镇、街道自己办的写镇名。"),
    (DAY, "如 2026-05-01,也可写 2026/5/1 或 2026年5月1日。"),
    (f"{STARTS}、{ENDS}", "如 9:00。活动应在同一天内结束。"),
    (FIELD, "只有吾社行填写。"),
    (KIND, "只有吾社汇填写。"),
    (MODEL, "写一场已有活动的名称,它的摊位、服务和时段会照搬过来,时间随开始时间移动。"
            "不填的用上传时选的那一场,也没有选的只建活动本身。"),
    ("导入规则", f"一次最多 {MOST_ROWS} 行。先预览,有一处不对就一行也不导入。"
                 "同一社区、同一时间、同名的活动已经有了的,不会重复建。"),
    ("不要这样", "不要合并单元格,不要用公式,不要改表头。"),
)  # fmt: skip


# ---------------------------------------------------------------------------- out


def schedule_file(rows: Sequence[Any], period: str) -> bytes:
    """The schedule as an Excel file.

    Args:
        rows: as schedule.export_rows answers them.
        period: what of it, in words.
    """
    fields = titles("fields")
    columns = [
        Column("状态", 8), Column(PROGRAMME, 10), Column(TITLE, 36), Column("地区", 14),
        Column(DAY, 12, "day"), Column(STARTS, 9), Column(ENDS, 9), Column(VENUE, 24),
        Column(ADDRESS, 28), Column(ORGANISER, 18), Column(CONTACT, 15), Column(FIELD, 10),
        Column(KIND, 10),
    ]  # fmt: skip
    values = [
        [
            ACTIVITY_STATES[row.state], PROGRAMMES[row.programme], row.title, row.region_name,
            clock.local_day(row.starts_at), _hour(row.starts_at), _end(row), row.venue_name,
            row.address, row.organiser_name, row.contact_phone, fields.get(row.field or ""),
            EXCHANGE_KINDS.get(row.kind),
        ]
        for row in rows
    ]  # fmt: skip
    made = clock.now().astimezone(clock.SHANGHAI)
    note = f"{period};共 {len(rows)} 场。{made:%Y-%m-%d %H:%M} 导出"
    return write_workbook([Sheet("排期", columns, values, heading="活动排期", note=note)])


def _hour(instant: datetime) -> str:
    return instant.astimezone(clock.SHANGHAI).strftime("%H:%M")


def _end(row: Any) -> str:
    """The end's time; with its day where that is another one."""
    if clock.local_day(row.starts_at) == clock.local_day(row.ends_at):
        return _hour(row.ends_at)
    return str(row.ends_at.astimezone(clock.SHANGHAI).strftime("%m-%d %H:%M"))


def template_file(communities: Sequence[str], models: Sequence[str]) -> bytes:
    """The file to fill in: the header with its drop-downs, an example, and how it is done.

    Args:
        communities: what the drop-down of communities offers.
        models: names of activities that can be copied.
    """
    fields, kinds = list(titles("fields").values()), list(EXCHANGE_KINDS.values())
    columns = [
        Column(f"{PROGRAMME}*", 11, choices=list(PROGRAMMES.values())),
        Column(f"{TITLE}*", 32),
        Column(f"{COMMUNITY}*", 16, choices=_range("A", communities)),
        Column(f"{DAY}*", 13, "day", hint="如 2026-05-01"),
        Column(f"{STARTS}*", 10, hint="如 9:00"),
        Column(f"{ENDS}*", 10, hint="如 11:30"),
        Column(f"{VENUE}*", 22),
        Column(ADDRESS, 26),
        Column(ORGANISER, 18),
        Column(CONTACT, 15),
        Column(FIELD, 10, choices=fields, hint="只有吾社行填写"),
        Column(KIND, 10, choices=kinds, hint="只有吾社汇填写"),
        Column(ABOUT, 30),
        Column(MODEL, 32, choices=_range("B", models), hint="照搬它的摊位、服务和时段;可不填"),
    ]
    example = [
        "吾社集", "示例:花园社区公益市集", communities[0] if communities else "花园社区",
        date(clock.today().year + 1, 1, 1), "9:00", "11:30", "社区广场", "花园路 1 号",
        "区民政局", "0519-00000000", None, None, None, None,
    ]  # fmt: skip
    size = max(len(communities), len(models))
    lists = [
        [
            communities[index] if index < len(communities) else None,
            models[index] if index < len(models) else None,
        ]
        for index in range(size)
    ]
    return write_workbook(
        [
            Sheet("排期", columns, [example]),
            Sheet("填写说明", [Column("项", 18), Column("说明", 90)], _NOTES),
            Sheet("可选项", [Column("可选社区", 24), Column("可参照的活动", 40)], lists),
        ]
    )


def _range(column: str, values: Sequence[str]) -> str:
    """Where a drop-down's values stand; Excel takes no more than 255 characters in place."""
    return f"=可选项!${column}$2:${column}${len(values) + 1}" if values else ""


# ---------------------------------------------------------------------------- in


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one cell: 「第 5 行 开始时间(E5):应为时间,如 9:00」."""

    column: str
    address: str
    words: str


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row as it was read, before anything is looked up.

    Attributes:
        values: by column; those with a fault are left out.
        addresses: of its cells, by column.
    """

    number: int
    values: dict[str, Any]
    addresses: dict[str, str]
    faults: list[Fault]

    def blame(self, column: str, words: str) -> None:
        """Note what is wrong with a cell."""
        self.faults.append(Fault(column, self.addresses[column], words))

    def copy(self) -> "SheetRow":
        """The row as it stands: who looks it up blames a copy."""
        return replace(self, faults=list(self.faults))


def read_schedule(content: bytes) -> list[SheetRow]:
    """The rows of a filled-in template; the template's own example is passed over.

    Raises NotASpreadsheet, SpreadsheetTooLarge (422).
    """
    rows = [_row(row) for row in read_rows(content, REQUIRED, OPTIONAL, most_rows=MOST_ROWS)]
    return [row for row in rows if not str(row.values.get(TITLE, "")).startswith("示例")]


def _row(row: ReadRow) -> SheetRow:
    addresses = {column: cell.address for column, cell in row.cells.items()}
    read = SheetRow(row.number, {}, addresses, [])
    for column, cell in row.cells.items():
        if cell.problem:
            read.blame(column, cell.problem)
        elif cell.value is not None:
            try:
                reader: Reader = _READERS.get(column, _text)
                read.values[column] = reader(column, cell.value)
            except ValueError as error:
                read.blame(column, str(error))
        elif column in REQUIRED:
            read.blame(column, "必填")
    _check_together(read)
    return read


def _text(column: str, value: Any) -> str:
    if isinstance(value, datetime | date | time | bool):
        raise ValueError("应为文字")
    text = _INVISIBLE.sub("", _SPACES.sub(" ", as_text(value).replace("\r\n", "\n"))).strip()
    if any(not char.isprintable() and char != "\n" for char in text):
        raise ValueError("含有不能使用的字符")
    if len(text) > _LENGTHS[column]:
        raise ValueError(f"最多 {_LENGTHS[column]} 个字")
    return text


def _key_of(words: Mapping[Any, str]) -> Reader:
    def read(_: str, value: Any) -> Any:
        text = narrowed(as_text(value))
        for key, title in words.items():
            if text == title:
                return key
        raise ValueError(f"应为{'、'.join(words.values())}之一")

    return read


def _read_day(_: str, value: Any) -> date:
    return as_day(value)


def _read_time(_: str, value: Any) -> time:
    return as_time(value)


_READERS: dict[str, Reader] = {
    PROGRAMME: _key_of(PROGRAMMES),
    FIELD: _key_of(titles("fields")),
    KIND: _key_of(EXCHANGE_KINDS),
    DAY: _read_day,
    STARTS: _read_time,
    ENDS: _read_time,
}


def _check_together(row: SheetRow) -> None:
    """Note cells that don't fit together."""
    values, programme = row.values, row.values.get(PROGRAMME)
    if STARTS in values and ENDS in values and values[ENDS] <= values[STARTS]:
        row.blame(ENDS, "应晚于开始时间")
    if DAY in values and not 2000 <= values[DAY].year < 2100:
        row.blame(DAY, "应在 2000 年到 2099 年之间")
    if FIELD in values and programme not in (None, Programme.ACTION):
        row.blame(FIELD, "只有「吾社行」活动有服务领域")
    if KIND in values and programme not in (None, Programme.EXCHANGE):
        row.blame(KIND, "只有「吾社汇」活动有类别")


def instant(day: date, at: time) -> datetime:
    """A day and a time on a clock in Shanghai as an instant."""
    return datetime.combine(day, at, tzinfo=clock.SHANGHAI)
