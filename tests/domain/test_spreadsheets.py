"""Excel files: what is written can be read, and what can't be taken is named with its cell."""

import io
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from backend.core.spreadsheets import (
    Column,
    NotASpreadsheet,
    Sheet,
    SpreadsheetTooLarge,
    as_day,
    as_text,
    as_time,
    read_rows,
    write_workbook,
)


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
    (row,) = read_rows(write_workbook([sheet]), ["名称", "日期"], ["人次"], most_rows=10)
    assert row.number == 4
    assert row.cells["名称"].value == "市集"
    assert as_day(row.cells["日期"].value) == date(2026, 5, 1)
    assert (row.cells["人次"].address, row.cells["人次"].value) == ("C4", 12)


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


def test_formulas_errors_and_merged_cells_are_named() -> None:
    content = file_of(["甲", "乙"], ["=1+1", "#N/A"], ["并", None], merge="A3:B3")
    formula, merged = read_rows(content, ["甲", "乙"], most_rows=10)
    assert (formula.cells["甲"].address, formula.cells["甲"].problem is None) == ("A2", False)
    assert "公式" in (formula.cells["甲"].problem or "")
    assert "错误值" in (formula.cells["乙"].problem or "")
    assert merged.cells["乙"].address == "B3"
    assert "合并" in (merged.cells["乙"].problem or "")


def test_blank_rows_are_passed_over_and_a_required_title_may_have_its_star() -> None:
    content = file_of(["", "甲*"], [None, " "], ["旁", None], [None, 3.0])
    (row,) = read_rows(content, ["甲"], most_rows=1)
    assert (row.number, as_text(row.cells["甲"].value)) == (4, "3")


def test_no_sheet_is_taken_that_does_not_fit() -> None:
    with pytest.raises(NotASpreadsheet, match="其实是文本"):
        read_rows(b"name,day\n", ["甲"], most_rows=1)
    with pytest.raises(NotASpreadsheet, match="缺少这些列：乙"):
        read_rows(file_of(["甲"]), ["甲", "乙"], most_rows=1)
    with pytest.raises(NotASpreadsheet, match="出现了两次"):
        read_rows(file_of(["甲", "甲"]), ["甲"], most_rows=1)
    with pytest.raises(SpreadsheetTooLarge, match="有 2 行"):
        read_rows(file_of(["甲"], [1], [2]), ["甲"], most_rows=1)


def test_a_sheet_that_reaches_far_is_refused_with_the_cell() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A1"], sheet["A1048576"] = "甲", "远"
    with pytest.raises(SpreadsheetTooLarge, match="A1048576 有内容"):
        read_rows(saved(book), ["甲"], most_rows=9)


@pytest.mark.parametrize(
    "value",
    [date(2026, 5, 1), datetime.fromisoformat("2026-05-01T09:00"), "2026-05-01", "2026/5/1",
     "2026.5.1", "2026年5月1日", "\uff12\uff10\uff12\uff16-05-01 "],
)  # fmt: skip
def test_days_as_offices_write_them(value: Any) -> None:
    assert as_day(value) == date(2026, 5, 1)


@pytest.mark.parametrize("value", ["2026-02-30", "五一", 46143, None, True])
def test_what_is_no_day_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="日"):
        as_day(value)


@pytest.mark.parametrize(
    "value",
    [time(9, 30), time(9, 30, 59), datetime.fromisoformat("2026-05-01T09:30"), "9:30",
     "09:30:00", "\uff19\uff1a30", "9点30分"],
)  # fmt: skip
def test_times_as_offices_write_them(value: Any) -> None:
    assert as_time(value) == time(9, 30)


@pytest.mark.parametrize("value", ["25:00", "上午", 0.375, None])
def test_what_is_no_time_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="时间"):
        as_time(value)
