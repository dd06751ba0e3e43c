"""From a file to rows that mean something, before anything is looked up in the database."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

from backend.activities.models import Programme
from backend.activities.schedule_reading.columns import (
    ABOUT,
    ADDRESS,
    COLUMNS,
    COMMUNITY,
    CONTACT,
    DAY,
    ENDS,
    FIELD,
    KIND,
    MODEL,
    OPTIONAL,
    ORGANISER,
    PROGRAMME,
    REQUIRED,
    STARTS,
    TITLE,
    VENUE,
)
from backend.activities.schedule_reading.rows import ReadCell, ReadRow, ReadSchedule
from backend.activities.words import EXCHANGE_KINDS, PROGRAMMES
from backend.core.config import titles
from backend.core.spreadsheets import Cell, as_day, as_text, as_time, narrowed, read_rows
from backend.core.text import one_line, paragraphs

MOST_ROWS = 200
# What somebody has typed in place of what the sheet says, by the row's key and the column.
Typed = Mapping[tuple[str, str], str]
# A column's title and a cell's value to what it means; ValueError with what to write instead.
_Reader = Callable[[str, Any], Any]
_LENGTHS = {
    TITLE: 60, COMMUNITY: 60, VENUE: 60, ADDRESS: 200, ORGANISER: 60, CONTACT: 20, ABOUT: 2000,
    MODEL: 60,
}  # fmt: skip


def read_schedule(content: bytes, typed: Typed | None = None) -> ReadSchedule:
    """What a file says; the template's own example is passed over.

    Args:
        content: of a workbook, from whomever.
        typed: what stands in cells instead.

    Raises NotASpreadsheet, SpreadsheetTooLarge (422), SpreadsheetsBusy (503).
    """
    rows = []
    for read in read_rows(content, REQUIRED, OPTIONAL, most_rows=MOST_ROWS):
        key = f"1.{read.number}"
        instead = {column: words for (row, column), words in (typed or {}).items() if row == key}
        rows.append(_row(key, read.number, read.cells, instead))
    return ReadSchedule(
        [row for row in rows if not str(row.values.get(TITLE, "")).startswith("示例")]
    )


def _row(key: str, number: int, cells: Mapping[str, Cell], instead: Mapping[str, str]) -> ReadRow:
    read = {column: _cell(column, cells.get(column), instead.get(column)) for column in COLUMNS}
    return _checked(ReadRow(key, "", number, read))


def _cell(column: str, written: Cell | None, instead: str | None) -> ReadCell:
    address = written.address if written else None
    value = written.value if written and instead is None else instead
    raw = "" if value is None else as_text(value)
    cell = ReadCell(column, raw, address, typed=instead is not None)
    if written and written.problem and instead is None:
        return replace(cell, fault=written.problem)
    if not one_line(raw):
        return replace(cell, fault="必填") if column in REQUIRED else cell
    try:
        reader: _Reader = _READERS.get(column, _text)
        return replace(cell, value=reader(column, value))
    except ValueError as error:
        return replace(cell, fault=str(error))


def _text(column: str, value: Any) -> str:
    if isinstance(value, datetime | date | time | bool):
        raise ValueError("应为文字")
    text = (paragraphs if column == ABOUT else one_line)(as_text(value))
    if len(text) > _LENGTHS[column]:
        raise ValueError(f"最多 {_LENGTHS[column]} 个字")
    return text


def _key_of(words: Mapping[Any, str]) -> _Reader:
    def read(_: str, value: Any) -> Any:
        text = narrowed(as_text(value))
        for key, title in words.items():
            if text == title:
                return key
        raise ValueError(f"应为{'、'.join(words.values())}之一")

    return read


_READERS: dict[str, _Reader] = {
    PROGRAMME: _key_of(PROGRAMMES),
    FIELD: _key_of(titles("fields")),
    KIND: _key_of(EXCHANGE_KINDS),
    DAY: lambda _, value: as_day(value),
    STARTS: lambda _, value: as_time(value),
    ENDS: lambda _, value: as_time(value),
}


def _checked(row: ReadRow) -> ReadRow:
    """The row with cells blamed that don't fit together."""
    values, programme = row.values, row.values.get(PROGRAMME)
    if STARTS in values and ENDS in values and values[ENDS] <= values[STARTS]:
        row = row.blamed(ENDS, "应晚于开始时间")
    if DAY in values and not 2000 <= values[DAY].year < 2100:
        row = row.blamed(DAY, "应在 2000 年到 2099 年之间")
    if FIELD in values and programme not in (None, Programme.ACTION):
        row = row.blamed(FIELD, "只有「吾社行」活动有服务领域")
    if KIND in values and programme not in (None, Programme.EXCHANGE):
        row = row.blamed(KIND, "只有「吾社汇」活动有类别")
    return row
