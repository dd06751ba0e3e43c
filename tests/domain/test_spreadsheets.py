"""Excel files: what is written can be read, and what can't be taken is named with its cell."""

import io
from datetime import UTC, date, datetime
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from backend.core.spreadsheets.reading import Cell, SpreadsheetTooLarge, read_workbook
from backend.core.spreadsheets.values import as_text
from backend.core.spreadsheets.writing import Column, Sheet, write_workbook


def file_of(*rows: list[Any], merge: str | None = None) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    if merge:
        sheet.merge_cells(merge)
    return saved(book)


def saved(book: Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_what_is_written_is_read_again() -> None:
    columns = [Column("名称"), Column("日期", kind="day"), Column("人次", kind="number")]
    sheet = Sheet("台账", columns, [["市集", date(2026, 5, 1), 12]], heading="标题", note="说明")
    (read,) = read_workbook(write_workbook([sheet])).sheets
    assert read.name == "台账"
    assert [as_text(cell.value) for cell in read.rows[4].values()] == ["市集", "2026-05-01", "12"]
    assert (read.rows[4][3].address, read.rows[4][3].value) == ("C4", 12)


def test_text_that_looks_like_a_formula_stays_text_and_instants_are_shanghais() -> None:
    columns = [Column("留言"), Column("时间", kind="moment"), Column("空", kind="money")]
    at = datetime(2026, 5, 1, 16, 30, tzinfo=UTC)
    content = write_workbook([Sheet("表", columns, [["=1+1", at, None]], totals=["合计", None, 1])])
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    assert (sheet["A2"].value, sheet["A2"].data_type) == ("=1+1", "s")
    assert sheet["B2"].value == datetime(2026, 5, 2, 0, 30)  # noqa: DTZ001 - Excel knows no zone
    assert sheet["A3"].font.bold
    assert sheet.freeze_panes == "A2"


@pytest.mark.parametrize(
    "words", ["=1+1", "{=1+1}", "+1", "-1", "@SUM(A1)", "\t=1", "https://a.cn"]
)
def test_no_text_is_written_as_anything_else(words: str) -> None:
    """In a cell, a heading, a note, and where there are totals."""
    page = Sheet("表", [Column("甲")], [[words]], heading=words, note=words, totals=[words])
    (sheet,) = load_workbook(io.BytesIO(write_workbook([page]))).worksheets
    assert [(row[0].value, row[0].data_type) for row in sheet.iter_rows()] == [
        (words, "s"), (words, "s"), ("甲", "s"), (words, "s"), (words, "s"),
    ]  # fmt: skip
    assert not any(row[0].hyperlink for row in sheet.iter_rows())


def test_a_column_offers_its_choices() -> None:
    columns = [Column("项目", choices=("吾社集", "吾社行")), Column("备注", hint="可不填")]
    sheet = load_workbook(io.BytesIO(write_workbook([Sheet("模板", columns)]))).worksheets[0]
    first, second = sheet.data_validations.dataValidation
    assert (first.type, first.formula1) == ("list", '"吾社集,吾社行"')
    assert second.prompt == "可不填"


def test_formulas_and_errors_are_named_and_merged_cells_say_what_is_seen_there() -> None:
    content = file_of(["甲", "乙"], ["=1+1", "#N/A"], ["并", None], merge="A3:B3")
    (sheet,) = read_workbook(content).sheets
    assert "公式" in (sheet.rows[2][1].problem or "")
    assert "错误值" in (sheet.rows[2][2].problem or "")
    assert sheet.rows[3][2] == Cell("B3", "并", merged=True)


def test_a_sheet_that_reaches_far_is_refused_with_the_cell() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A1"], sheet["A1048576"] = "甲", "远"
    with pytest.raises(SpreadsheetTooLarge, match="A1048576 有内容"):
        read_workbook(saved(book))
