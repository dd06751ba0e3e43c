"""Excel files for offices, written with XlsxWriter.

What somebody typed is always written as text, never as a formula.
"""

import io
import math
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Literal

from backend.core import clock

MIMETYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
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
