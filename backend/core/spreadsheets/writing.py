"""Excel files: sheets written for offices, and sheets read with the address of every cell.

Written with XlsxWriter, read by a process of its own (workbook_reader.py, docs/adr/0022). What
somebody typed is always written as text, never as a formula; of a formula that is read counts what
Excel last showed, which is what people have seen.
"""

import io
import json
import logging
import math
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Literal

from backend.core import clock
from backend.core.errors import AppError, ValidationFailed
from backend.core.spreadsheets.workbook_reader import address_of
from backend.core.text import one_line

MIMETYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_log = logging.getLogger(__name__)
_READER = Path(__file__).with_name("workbook_reader.py")
# Files that a process reads at once, so that what its readers may take together is bounded too;
# how long another waits for its turn; and how long reading may take by the clock on the wall.
_turns = threading.BoundedSemaphore(2)
_WAIT_SECONDS, _READING_SECONDS = 5, 20
# Rows of a template that get a column's drop-down.
_VALIDATED_ROWS = 1000

Kind = Literal["text", "plain", "number", "money", "share", "day", "moment"]
_FORMATS: dict[Kind, str] = {
    "text": "@",
    "plain": "General",
    "number": "#,##0",
    "money": "#,##0.00",
    "share": "0.0%",
    "day": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm",
}


class NotASpreadsheet(ValidationFailed):
    code = "not_a_spreadsheet"
    title = "这个文件不是能读的 Excel 表格，请用 .xlsx 文件"


class SpreadsheetTooLarge(AppError):
    status = 422
    code = "spreadsheet_too_large"
    title = "表格太大了，请分成几个文件"


class SpreadsheetsBusy(AppError):
    status = 503
    code = "spreadsheets_busy"
    title = "正在读别人的表格，请过一会儿再上传"


# ---------------------------------------------------------------------------- writing


@dataclass(frozen=True, slots=True)
class Column:
    """A column to write.

    Attributes:
        width: in characters; a Chinese one counts two.
        choices: a drop-down of these values; a range like "=说明!$A$2:$A$99" where they are many.
        hint: shown beside a cell that is being filled in.
    """

    title: str
    width: float = 14
    kind: Kind = "text"
    choices: Sequence[str] | str = ()
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of a sheet's own rows, drawn by Excel below them: lying bars, or with `low` and
    `high` a dot for each value on the line of its interval.

    Attributes:
        names, values: which columns, from 0.
        low, high: columns with the ends of the values' intervals.
        faint: rows, from 0, whose values stand on too little to be more than a hint.
    """

    title: str
    names: int
    values: int
    unit: str
    low: int | None = None
    high: int | None = None
    faint: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet to write: perhaps a title and a note, the frozen header, the rows, perhaps totals.

    Attributes:
        rows: values by column; None stays empty; an instant is written as Shanghai's time.
        heading: a line above the header.
        note: a second one, smaller: the period, when it was made, what is counted how.
        totals: the last row, in bold.
        charts: below all of them.
    """

    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Any]] = ()
    heading: str | None = None
    note: str | None = None
    totals: Sequence[Any] | None = None
    charts: Sequence[Chart] = ()


def write_workbook(sheets: Sequence[Sheet]) -> bytes:
    """An .xlsx file of these sheets, ready to print on A4 across."""
    # Imported here: most processes never write one.
    import xlsxwriter

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False})
    for sheet in sheets:
        _write_sheet(book, sheet)
    book.close()
    return buffer.getvalue()


def _write_sheet(book: Any, sheet: Sheet) -> None:
    page = book.add_worksheet(sheet.title)
    top = 0
    for words, look in (
        (sheet.heading, {"bold": True, "font_size": 14}),
        (sheet.note, {"font_color": "#4B5563"}),
    ):
        if words:
            _write_line(page, top, words, sheet.columns, book.add_format(look))
            top += 1
    header = book.add_format(
        {"bold": True, "border": 1, "bg_color": "#FBEAE8", "text_wrap": True, "valign": "vcenter"}
    )
    formats = [_cell_format(book, column.kind) for column in sheet.columns]
    for index, column in enumerate(sheet.columns):
        page.set_column(
            index, index, column.width, book.add_format({"num_format": _FORMATS[column.kind]})
        )
        page.write_string(top, index, column.title, header)
        _validate(page, top + 1, index, column)
    _fit_height(page, top, [column.title for column in sheet.columns], sheet.columns)
    rows = list(sheet.rows)
    last = top + len(rows)
    for number, row in enumerate(rows, start=top + 1):
        _write_row(page, number, row, formats)
        _fit_height(page, number, row, sheet.columns)
    if last > top and sheet.columns:
        page.autofilter(top, 0, last, len(sheet.columns) - 1)
    if sheet.totals is not None:
        bold = [_cell_format(book, column.kind, bold=True) for column in sheet.columns]
        _write_row(page, last + 1, sheet.totals, bold)
    if rows:
        _draw_charts(book, page, sheet, rows, top + 1)
    page.freeze_panes(top + 1, 0)
    page.repeat_rows(top)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.set_footer("&C第 &P 页，共 &N 页")


def _write_line(page: Any, row: int, words: str, columns: Sequence[Column], look: Any) -> None:
    """A line above the table; one that is wider is broken, so that it does not widen the print."""
    lines = _lines(words, sum(column.width for column in columns))
    if lines > 1 and len(columns) > 1:
        look.set_text_wrap()
        look.set_align("top")
        page.merge_range(row, 0, row, len(columns) - 1, "", look)
        page.set_row(row, _LINE_POINTS * lines)
    page.write_string(row, 0, words, look)


def _lines(words: str, width: float) -> int:
    """How many lines a text takes in so many characters; a Chinese one counts two."""

    def wide(line: str) -> int:
        return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)

    return sum(max(1, math.ceil(wide(line) / max(width, 1))) for line in words.split("\n"))


def _fit_height(page: Any, row: int, values: Sequence[Any], columns: Sequence[Column]) -> None:
    """Room for text that is broken: not every office program makes it by itself."""
    lines = max(
        (
            _lines(value, column.width)
            for value, column in zip(values, columns, strict=True)
            if isinstance(value, str)
        ),
        default=1,
    )
    if lines > 1:
        page.set_row(row, _LINE_POINTS * min(lines, _MOST_LINES))


# Of a line of text, in points; Excel's rows are at most 409 high.
_LINE_POINTS, _MOST_LINES = 16, 25
_COLOUR, _FAINT, _LINES = "#1F6F78", "#FFFFFF", "#E5E0D8"
# Of a row, in pixels as Excel draws it, and of a chart.
_ROW_HEIGHT, _CHART_WIDTH, _CHART_HEIGHT, _BAR_HEIGHT = 20, 760, 320, 26


def _draw_charts(
    book: Any, page: Any, sheet: Sheet, rows: Sequence[Sequence[Any]], first: int
) -> None:
    last = first + len(rows) - 1
    below = last + 2 + (sheet.totals is not None)
    for chart in sheet.charts:
        if chart.low is None or chart.high is None:
            drawn, height = _bars(book, sheet, chart, first, last), _BAR_HEIGHT * len(rows) + 130
        else:
            ends = (chart.low, chart.high)
            drawn, height = _intervals(book, sheet, chart, ends, first, last), _CHART_HEIGHT
        drawn.set_title({"name": chart.title, "name_font": {"size": 12}, "overlay": False})
        drawn.set_legend({"none": True})
        drawn.set_size({"width": _CHART_WIDTH, "height": height})
        page.insert_chart(below, 0, drawn, {"description": chart.title})
        below += height // _ROW_HEIGHT + 2


def _series(sheet: Sheet, chart: Chart, column: int, first: int, last: int) -> dict[str, Any]:
    return {
        "name": sheet.columns[column].title,
        "categories": [sheet.title, first, chart.names, last, chart.names],
        "values": [sheet.title, first, column, last, column],
    }


def _values_axis(sheet: Sheet, chart: Chart) -> dict[str, Any]:
    axis: dict[str, Any] = {"name": chart.unit, "min": 0}
    axis |= {"major_gridlines": {"visible": True, "line": {"color": _LINES}}}
    if sheet.columns[chart.values].kind == "share":
        axis |= {"max": 1, "num_format": "0%"}
    return axis


def _bars(book: Any, sheet: Sheet, chart: Chart, first: int, last: int) -> Any:
    drawn = book.add_chart({"type": "bar"})
    look = {"fill": {"color": _COLOUR}, "gap": 60, "data_labels": {"value": True}}
    drawn.add_series(_series(sheet, chart, chart.values, first, last) | look)
    # Of lying bars y is the axis of names. The first row is on top, as in the table, and the
    # figures below.
    drawn.set_y_axis({"reverse": True, "crossing": "max", "num_font": {"size": 9}})
    drawn.set_x_axis(_values_axis(sheet, chart))
    return drawn


def _intervals(
    book: Any, sheet: Sheet, chart: Chart, ends: tuple[int, int], first: int, last: int
) -> Any:
    drawn = book.add_chart({"type": "line"})
    for column in (*ends, chart.values):
        series = _series(sheet, chart, column, first, last) | {"line": {"none": True}}
        marker: dict[str, Any] = {"type": "long_dash", "size": 9, "fill": {"color": _COLOUR}}
        if column == chart.values:
            fills = [_FAINT if row in chart.faint else _COLOUR for row in range(last - first + 1)]
            border = {"border": {"color": _COLOUR, "width": 1.5}}
            marker = {"type": "circle", "size": 9, "fill": {"color": _COLOUR}} | border
            series["points"] = [{"fill": {"color": fill}} | border for fill in fills]
        drawn.add_series(series | {"marker": marker})
    drawn.set_high_low_lines({"line": {"color": _COLOUR, "width": 2}})
    drawn.set_x_axis({"num_font": {"size": 9}})
    drawn.set_y_axis(_values_axis(sheet, chart))
    return drawn


def _cell_format(book: Any, kind: Kind, *, bold: bool = False) -> Any:
    look = {"num_format": _FORMATS[kind], "border": 1, "border_color": "#E5E0D8", "bold": bold}
    return book.add_format(look | {"valign": "top", "text_wrap": kind == "text"})


def _validate(page: Any, first: int, index: int, column: Column) -> None:
    if not column.choices and not column.hint:
        return
    rule: dict[str, Any] = {"validate": "any"}
    if column.choices:
        source = column.choices if isinstance(column.choices, str) else list(column.choices)
        rule = {"validate": "list", "source": source, "error_title": column.title,
                "error_message": "请从下拉列表中选择"}  # fmt: skip
    if column.hint:
        rule |= {"input_title": column.title, "input_message": column.hint}
    page.data_validation(first, index, first + _VALIDATED_ROWS, index, rule)


def _write_row(page: Any, row: int, values: Sequence[Any], formats: Sequence[Any]) -> None:
    for index, (value, look) in enumerate(zip(values, formats, strict=True)):
        if value is None:
            page.write_blank(row, index, None, look)
        elif isinstance(value, datetime):
            local = value.astimezone(clock.SHANGHAI).replace(tzinfo=None)
            page.write_datetime(row, index, local, look)
        elif isinstance(value, date):
            page.write_datetime(row, index, datetime.combine(value, time.min), look)
        elif isinstance(value, str):
            page.write_string(row, index, value, look)
        else:
            page.write_number(row, index, value, look)


# ---------------------------------------------------------------------------- reading


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell in which something is written.

    Attributes:
        address: as Excel names it: C5.
        value: text, number, date, time or truth value.
        problem: why its value can't be taken: a formula that nobody has computed, an error.
        struck: whether all of it is struck through; False where a part is, which was left out.
        merged: whether it only shows what is written in the first cell of a merged range.
    """

    address: str
    value: Any = None
    problem: str | None = None
    struck: bool | None = None
    merged: bool = False


@dataclass(frozen=True, slots=True)
class ReadSheet:
    """A sheet that was read.

    Attributes:
        rows: the cells in which something is written, by row and column, both from 1.
        hidden_rows: that are, also by a filter.
    """

    name: str
    rows: Mapping[int, Mapping[int, Cell]]
    hidden_rows: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class ReadBook:
    """What is written in a workbook.

    Attributes:
        sheets: that were read, in their order.
        hidden: names of sheets that were not, because nobody sees them.
        unread: names of sheets that were too large, with what to do.
    """

    sheets: Sequence[ReadSheet]
    hidden: Sequence[str] = ()
    unread: Mapping[str, str] = field(default_factory=dict)


_READ = {"moment": datetime.fromisoformat, "time": time.fromisoformat}
_PROBLEMS = {
    "formula": "是公式，没有算出来的结果，请改成数值（复制后「选择性粘贴：值」）",
    "error": "是错误值，请重新填写",
}


def read_workbook(content: bytes) -> ReadBook:
    """What is written in the sheets of a file.

    Args:
        content: an .xlsx, .xls or .csv file, from whomever: what reading it takes is bounded.

    Raises NotASpreadsheet (422) for a file that is none; SpreadsheetTooLarge (422) where no sheet
    could be read; SpreadsheetsBusy (503).
    """
    answer = _read_apart(content)
    if "refused" in answer:
        kind = SpreadsheetTooLarge if answer["too_large"] else NotASpreadsheet
        raise kind(answer["refused"])
    sheets = answer["sheets"]
    unread = {sheet["name"]: sheet["unread"] for sheet in sheets if sheet["unread"]}
    seen = [sheet for sheet in sheets if not sheet["unread"] and not sheet["hidden"]]
    if unread and not any(sheet["cells"] for sheet in seen):
        raise SpreadsheetTooLarge(next(iter(unread.values())))
    hidden = [sheet["name"] for sheet in sheets if sheet["hidden"]]
    return ReadBook([_sheet(sheet) for sheet in seen], hidden, unread)


def _sheet(answer: Mapping[str, Any]) -> ReadSheet:
    struck = {(row, column): whole for row, column, whole in answer["struck"]}
    rows: dict[int, dict[int, Cell]] = {}
    merged = []
    for row, column, kind, value in answer["cells"]:
        if kind == "merged":
            merged.append((row, column, *value))
            continue
        read = _READ.get(kind)
        rows.setdefault(row, {})[column] = Cell(
            address_of(row, column),
            read(value) if read else value,
            _PROBLEMS.get(kind),
            struck.get((row, column)),
        )
    for row, column, top, left in merged:
        first = rows[top][left]
        shown = replace(first, address=address_of(row, column), merged=True)
        rows.setdefault(row, {})[column] = shown
    return ReadSheet(answer["name"], rows, frozenset(answer["hidden_rows"]))


def _read_apart(content: bytes) -> dict[str, Any]:
    """What the reader answers: it is killed where the file takes more than it may.

    Raises SpreadsheetTooLarge, SpreadsheetsBusy.
    """
    if not _turns.acquire(timeout=_WAIT_SECONDS):
        raise SpreadsheetsBusy
    try:
        # Nothing of our environment: no secret is where a file might reach it.
        done = subprocess.run(  # noqa: S603 - our own file; what was uploaded is but its input
            [sys.executable, "-I", str(_READER)],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            timeout=_READING_SECONDS,
            check=True,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        _log.warning("a workbook of %d bytes was given up: %s", len(content), error)
        raise SpreadsheetTooLarge(
            "这个文件太复杂，读不完。请只把有内容的部分复制到一张新表（选择性粘贴：值），"
            "另存为 .xlsx 再上传"
        ) from error
    finally:
        _turns.release()
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


# ---------------------------------------------------------------------------- values


def as_text(value: Any) -> str:
    """A cell's value as people see it: 3 and not 3.0, a day without midnight, no space around."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}" if value.time() == time.min else f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, time):
        return f"{value:%H:%M:%S}" if value.second else f"{value:%H:%M}"
    return str(value).strip()


def narrowed(text: str) -> str:
    """Full-width digits, letters and signs made plain, as they are typed in Chinese: 9:00."""
    return unicodedata.normalize("NFKC", one_line(text))
