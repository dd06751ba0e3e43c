"""From a file to rows that mean something, before anything is looked up in the database."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time
from typing import Any

from backend.activities.models import LONGEST_ACTIVITY, Programme
from backend.activities.words import PROGRAMMES
from backend.core import clock
from backend.core.spreadsheets.reading import (
    Cell,
    NotASpreadsheet,
    ReadBook,
    ReadSheet,
    SpreadsheetTooLarge,
    read_workbook,
)
from backend.core.spreadsheets.values import as_text, narrowed
from backend.core.spreadsheets.workbook_reader import address_of
from backend.schedule.reading.cells import value_of
from backend.schedule.reading.columns import (
    COLUMNS,
    DAY,
    ENDS,
    FIELD,
    KIND,
    LAST_DAY,
    PROGRAMME,
    REMARK,
    REQUIRED,
    STARTS,
    STATE,
    TITLE,
    WEEKDAY,
    meant,
)
from backend.schedule.reading.heads import Head, find_head
from backend.schedule.reading.lines import passed_over
from backend.schedule.reading.rows import Note, PassedLine, ReadCell, ReadRow, ReadSchedule
from backend.schedule.reading.said import Near, Unclear
from backend.schedule.reading.times import read_times
from backend.schedule.reading.when import check_weekday, weekday_in

MOST_ROWS = 200
# What somebody has typed in place of what the sheet says, by the row's key and the column.
Typed = Mapping[tuple[str, str], str]
_EXAMPLE = "示例"
_YEAR = re.compile(r"(?<!\d)(20[2-9]\d)(?!\d)")
_MONTH = re.compile(r"(?<!\d)(1[0-2]|0?[1-9])\s*月")
# Above the head: not of the schedule, but of the paper.
_MADE_ON = re.compile("填报|填表|制表|导出|打印|报送|截止")
_OFF_WORDS = "取消|作废|暂停|暂缓|推迟|延期|停办|不办"
_OFF = re.compile(_OFF_WORDS)
# Of a name: 河滨集市（已取消），【延期】夜市，取消：夜市; not 取消烟草宣传活动.
_NAMED_OFF = re.compile(
    rf"[(\[【][^)\]】]*(?:{_OFF_WORDS})|(?:{_OFF_WORDS})了?$|^已?(?:{_OFF_WORDS})[:,\s]"
)
# In a column that may be about anything.
_SAID_OFF = re.compile(rf"^(?:已经?|本场|活动|集市|暂时?)*(?:{_OFF_WORDS})")
_MOST_WORDS = 60


def read_schedule(
    content: bytes, typed: Typed | None = None, *, file_name: str = ""
) -> ReadSchedule:
    """What a file says; the template's own example is passed over.

    Args:
        content: of a workbook, from whomever.
        typed: what stands in cells instead.
        file_name: may say of which year it is.

    Raises NotASpreadsheet, SpreadsheetTooLarge (422), SpreadsheetsBusy (503).
    """
    book = read_workbook(content)
    tables = [
        _Table(index, sheet, head, _about(sheet, head, file_name))
        for index, sheet in enumerate(book.sheets, start=1)
        if (head := find_head(sheet))
    ]
    if not tables:
        raise NotASpreadsheet(
            "没有找到排期的表头。请在一行里写上各列的名称，至少有活动名称、社区、日期、时间和场地，"
            "每场活动写一行"
        )
    rows: list[ReadRow] = []
    passed: list[PassedLine] = []
    for table in tables:
        for number in sorted(number for number in table.sheet.rows if number > table.head.last):
            line = table.line(number, typed or {})
            if isinstance(line, ReadRow):
                rows.append(line)
            elif line is not None:
                passed.append(line)
    if len(rows) > MOST_ROWS:
        raise SpreadsheetTooLarge(f"有 {len(rows)} 场活动，一次最多 {MOST_ROWS} 场")
    return ReadSchedule(rows, passed, list(_notices(book, tables)))


@dataclass(frozen=True, slots=True)
class _About:
    """What a sheet's title says of all its rows."""

    near: Near
    programme: Programme | None


def _about(sheet: ReadSheet, head: Head, file_name: str) -> _About:
    above = [
        as_text(cell.value)
        for number, cells in sheet.rows.items()
        if number < head.first
        for cell in cells.values()
        if not cell.merged
    ]
    titles = [text for text in above if not _MADE_ON.search(text)]
    sources = (titles, [sheet.name], [file_name])
    year, month = (next((found for texts in sources if (found := _only(pattern, texts))), None)
                   for pattern in (_YEAR, _MONTH))  # fmt: skip
    named = {key for key, word in PROGRAMMES.items() if word in "".join([*titles, sheet.name])}
    programme = named.pop() if len(named) == 1 else None
    return _About(Near(clock.today(), year, month), programme)


def _only(pattern: re.Pattern[str], texts: Iterable[str]) -> int | None:
    """The number that some texts name, if it is but one."""
    found = {int(number) for text in texts for number in pattern.findall(text)}
    return found.pop() if len(found) == 1 else None


def _notices(book: ReadBook, tables: Sequence["_Table"]) -> Iterable[str]:
    for table in tables:
        if len(book.sheets) > 1:
            yield f"读的是工作表「{table.sheet.name}」"
        if table.head.unused:
            yield f"没有用到的列：{'、'.join(table.head.unused)}"
    for name in book.hidden:
        yield f"工作表「{name}」是隐藏的，没有读"
    for name, why in book.unread.items():
        yield f"工作表「{name}」没有读：{why}"


# ---------------------------------------------------------------------------- lines


@dataclass(frozen=True, slots=True)
class _Table:
    index: int
    sheet: ReadSheet
    head: Head
    about: _About

    def line(self, number: int, typed: Typed) -> ReadRow | PassedLine | None:
        """What a line below the head is; None for one that says nothing, and for the example."""
        shown = self.sheet.rows[number]
        own = {at: cell for at, cell in shown.items() if not cell.merged}
        if not own or self._is_example(shown):
            return None
        if why := passed_over(own, self.head):
            words = " ".join(as_text(cell.value) for _, cell in sorted(own.items()))
            return PassedLine(self.sheet.name, number, words[:_MOST_WORDS], why)
        key = f"{self.index}.{number}"
        instead = {column: words for (row, column), words in typed.items() if row == key}
        return self._row(key, number, instead)

    def _is_example(self, cells: Mapping[int, Cell]) -> bool:
        title = self._at(cells, TITLE)
        return title is not None and as_text(title.value).startswith(_EXAMPLE)

    def _at(self, cells: Mapping[int, Cell], column: str) -> Cell | None:
        return cells.get(self.head.columns.get(column, 0))

    def _row(self, key: str, number: int, instead: Mapping[str, str]) -> ReadRow:
        shown = self.sheet.rows[number]
        aside = self._aside(number)
        written = {
            column: self._written(column, number, instead.get(column), struck=bool(aside))
            for column in self._order()
        }
        times, notes, doubts = read_times(written, self.about.near)
        cells = {column: times.get(column) or _read(cell) for column, cell in written.items()}
        if not written[PROGRAMME].raw and self.about.programme:
            cells[PROGRAMME] = replace(cells[PROGRAMME], value=self.about.programme, fault=None)
        notes += [Note(column, "划掉的字没有读") for column in written
                  if (cell := self._at(shown, column)) and cell.struck is False]  # fmt: skip
        row = ReadRow(key, self.sheet.name, number, cells, aside, tuple(notes), tuple(doubts))
        return _checked(row, self._at(shown, WEEKDAY))

    def _written(self, column: str, number: int, instead: str | None, *, struck: bool) -> ReadCell:
        """A cell as it was written: what it means is still open.

        Args:
            instead: what was typed in its place.
            struck: whether it does not matter that it is struck through.
        """
        at = self.head.columns.get(column)
        address = address_of(number, at) if at else None
        if instead is not None:
            return ReadCell(column, instead.strip(), address, instead.strip() or None, typed=True)
        cell = self.sheet.rows[number].get(at) if at else None
        if cell is None:
            return ReadCell(column, address=address)
        fault = cell.problem
        if cell.struck and not struck:
            fault = fault or "划了删除线，请写上现在的"
        raw = "" if cell.value is None else as_text(cell.value)
        return ReadCell(column, raw, address, cell.value, fault)

    def _order(self) -> list[str]:
        """All columns in the sheet's order; those that it lacks behind the one that they follow."""
        order = [column for column in self.head.columns if column in COLUMNS]
        for place, column in enumerate(COLUMNS):
            if column not in order:
                order.insert(order.index(COLUMNS[place - 1]) + 1 if place else 0, column)
        return order

    def _aside(self, number: int) -> str | None:
        """Why nobody may want a row, though it is an activity."""
        shown = self.sheet.rows[number]
        cells = [cell for column in COLUMNS
                 if (cell := self._at(shown, column)) and not cell.merged]  # fmt: skip
        reasons = []
        if number in self.sheet.hidden_rows:
            reasons.append("这一行是隐藏的")
        if cells and sum(cell.struck is True for cell in cells) * 2 > len(cells):
            reasons.append("这一行划了删除线")
        reasons += self._called_off(shown)
        return "，".join(reasons) or None

    def _called_off(self, cells: Mapping[int, Cell]) -> Iterable[str]:
        """Where a line says that its activity is not held."""
        sought = {at: (words, _OFF if meant(words) == REMARK else _SAID_OFF)
                  for words, at in self.head.unused.items()}  # fmt: skip
        for column, off in ((TITLE, _NAMED_OFF), (STATE, _OFF)):
            if at := self.head.columns.get(column):
                sought[at] = (column, off)
        for at, (where, off) in sorted(sought.items()):
            text = as_text(cells[at].value) if at in cells else ""
            if off.search(narrowed(text)):
                yield f"{where}写着「{text[:_MOST_WORDS]}」"


# ---------------------------------------------------------------------------- cells


def _read(written: ReadCell) -> ReadCell:
    """The cell with what it means."""
    if written.fault:
        return replace(written, value=None)
    value: Any = None
    if written.value is not None:
        try:
            value = value_of(written.column, written.value)
        except Unclear as unclear:
            return replace(written, value=None, fault=unclear.words, choices=unclear.choices)
    fault = "必填" if value is None and written.column in REQUIRED else None
    choices = tuple(PROGRAMMES.values()) if fault and written.column == PROGRAMME else ()
    return replace(written, value=value, fault=fault, choices=choices)


def _checked(row: ReadRow, weekday: Cell | None) -> ReadRow:
    """The row with cells blamed that don't fit together."""
    values, programme = row.values, row.values.get(PROGRAMME)
    first, last = values.get(DAY), values.get(LAST_DAY)
    if STARTS in values and ENDS in values and last is None and values[ENDS] <= values[STARTS]:
        overnight = not row.cells[LAST_DAY].raw
        choices = _later(values[STARTS], values[ENDS], overnight=overnight)
        row = row.blamed(ENDS, "应晚于开始时间", choices)
    if first and not 2000 <= first.year < 2100:
        row = row.blamed(DAY, "应在 2000 年到 2099 年之间")
    if first and last and not first <= last <= first + LONGEST_ACTIVITY:
        column = LAST_DAY if row.cells[LAST_DAY].raw else DAY
        row = row.blamed(column, f"结束日期应在开始之后，最长 {LONGEST_ACTIVITY.days} 天")
    if first and weekday and (written := weekday_in(as_text(weekday.value))):
        try:
            check_weekday(first, written)
        except Unclear as unclear:
            row = row.blamed(DAY, unclear.words, unclear.choices)
    if FIELD in values and programme not in (None, Programme.ACTION):
        row = row.blamed(FIELD, "只有「吾社行」活动有服务领域")
    if KIND in values and programme not in (None, Programme.EXCHANGE):
        row = row.blamed(KIND, "只有「吾社汇」活动有类别")
    return row


def _later(starts: time, ends: time, *, overnight: bool) -> list[str]:
    """The end in the afternoon where that is one, else on the next morning.

    Args:
        overnight: whether it may be the next morning's: no other cell says its day.
    """
    if ends.hour >= 12:
        return []
    later = ends.replace(hour=ends.hour + 12)
    if later > starts:
        return [f"{later:%H:%M}"]
    return [f"次日 {ends:%H:%M}"] if overnight else []
