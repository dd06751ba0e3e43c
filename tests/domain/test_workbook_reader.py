"""Workbooks from whomever: what is written is read whoever wrote it, and no file takes more than
it may."""

import contextlib
import io
import json
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime, time
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.spreadsheets import reading, workbook_reader
from backend.core.spreadsheets.reading import (
    NotASpreadsheet,
    SpreadsheetsBusy,
    SpreadsheetTooLarge,
    read_workbook,
)
from backend.core.spreadsheets.values import as_text
from tests.support.workbooks import (
    MAIN,
    RELATED,
    XLS,
    book_of,
    book_part,
    far_xls,
    related,
    sheet_of,
    strings_of,
    styles_of,
)

LAUGHS = "<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'>]>"
FAR = '<row r="{0}"><c r="{1}{0}"><v>1</v></c></row>'
HEAD = '<row><c t="s"><v>0</v></c></row>'


def cells_of(content: bytes) -> dict[str, Any]:
    """What is in the only sheet, by address: a value as it is, other kinds with theirs."""
    (sheet,) = sheets_of(content)
    return {
        workbook_reader.address_of(row, column): value if kind == "value" else (kind, value)
        for row, column, kind, value in sheet["cells"]
    }


def sheets_of(content: bytes) -> list[dict[str, Any]]:
    answer = workbook_reader.answer(content)
    assert "sheets" in answer, answer
    return list(answer["sheets"])


def row_of(*cells: str) -> str:
    return f'<row r="1">{"".join(cells)}</row>'


# ---------------------------------------------------------------------------- bombs

# A few kilobytes each, and what becomes of them.
BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "a merged range": (lambda: merged("A1:CV20000"), "sheets 1"),
    "a merged sheet": (lambda: merged("A1:XFD1048576"), "sheets 1"),
    "a merged range with something at its end": (
        lambda: book_of(
            sheet_of(
                HEAD + FAR.format(5000, "CV"),
                after='<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>',
            )
        ),
        "表格里的内容太多了",
    ),
    "one range merged again and again": (
        lambda: book_of(
            sheet_of(
                HEAD + FAR.format(900, "CV"),
                after='<mergeCell ref="A2:XFD900"/>' * 9000,
            )
        ),
        "读不了",
    ),
    "links in a million cells": (
        lambda: book_of(
            sheet_of(
                HEAD,
                after='<hyperlinks><hyperlink ref="A1:XFD1048576" location="A1"/></hyperlinks>',
            )
        ),
        "sheets 1",
    ),
    "a cell at the end of the sheet": (
        lambda: book_of(sheet_of(HEAD + FAR.format(1_048_576, "XFD"))),
        "XFD1048576 有内容",
    ),
    "a row beyond all sheets": (
        lambda: book_of(sheet_of(f'{HEAD}<row r="4000000000"><c><v>1</v></c></row>')),
        "A4000000000 有内容",
    ),
    "a dimension": (
        lambda: book_of(sheet_of(HEAD, before='<dimension ref="A1:XFD1048576"/>')),
        "sheets 1",
    ),
    "counts": (
        lambda: book_of(
            sheet_of(HEAD),
            strings=strings_of("<si><t>甲</t></si>", 'count="4000000000" uniqueCount="4000000000"'),
        ),
        "sheets 1",
    ),
    "empty rows": (lambda: book_of(sheet_of(f"<row{' ' * 500}/>" * 20_000)), "整列整行设了格式"),
    "a shared string": (
        lambda: book_of(sheet_of(HEAD), strings=strings_of(f"<si><t>{'a' * 11_000_000}</t></si>")),
        "整列整行设了格式",
    ),
    "one long string in many cells": (
        lambda: book_of(
            sheet_of(row_of('<c t="s"><v>0</v></c>' * 90)),
            strings=strings_of(f"<si><t>{'a' * 1_000_000}</t></si>"),
        ),
        "表格里的内容太多了",
    ),
    "styles": (
        lambda: book_of(sheet_of(HEAD), styles=styles_of('<xf numFmtId="31"/>' * 200_000)),
        "sheets 1",
    ),
    "entities": (lambda: book_of(sheet_of(head=LAUGHS)), "读不了"),
    "entities in UTF-16": (
        lambda: book_of(
            sheet_of(head=f'<?xml version="1.0" encoding="UTF-16"?>{LAUGHS}').encode("utf-16")
        ),
        "读不了",
    ),
    "a part that nobody reads": (
        lambda: book_of(sheet_of(HEAD), others={"xl/media/image1.png": "\0" * 30_000_000}),
        "sheets 1",
    ),
    "a packing that claims gigabytes": (
        lambda: book_of(sheet_of(HEAD), method=zipfile.ZIP_LZMA),
        "读不了",
    ),
    "a size that lies": (lambda: lying(book_of(sheet_of("<row/>" * 100_000))), "读不了"),
    "an .xls with a cell at its end": (far_xls, "太复杂"),
}


def merged(cells: str) -> bytes:
    return book_of(sheet_of(after=f'<mergeCells count="1"><mergeCell ref="{cells}"/></mergeCells>'))


def lying(content: bytes) -> bytes:
    """An archive whose last part, the sheet, says that it unfolds to ten bytes."""
    entry = content.rindex(b"PK\x01\x02")
    return content[: entry + 24] + (10).to_bytes(4, "little") + content[entry + 28 :]


_MEASURE = """
import resource, sys
from pathlib import Path
# Where nothing bounds it, the machine goes on living.
resource.setrlimit(resource.RLIMIT_AS, (1_500_000_000, 1_500_000_000))
resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
from backend.core.errors import AppError
from backend.core.spreadsheets.reading import read_workbook
for path in sys.argv[1:]:
    try:
        print("sheets", len(read_workbook(Path(path).read_bytes()).sheets))
    except AppError as refusal:
        print(refusal.detail)
for whose in resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN:
    print(resource.getrusage(whose).ru_maxrss * 1024)
"""


def test_no_bomb_takes_more_memory_than_it_may(tmp_path: Path) -> None:
    """Measured by the kernel, over all of them: of the process that asks, and of the readers."""
    paths = []
    for number, (made, _) in enumerate(BOMBS.values()):
        paths.append(tmp_path / str(number))
        paths[-1].write_bytes(made())
    assert max(path.stat().st_size for path in paths) < 60_000
    # By way of a shell: the kernel counts what a process was before it became another program.
    shell = ["sh", "-c", '"$0" "$@"; exit $?', sys.executable, "-c", _MEASURE]
    measured = subprocess.run([*shell, *paths], capture_output=True, text=True, check=True)
    *outcomes, mine, readers = measured.stdout.splitlines()
    for outcome, (name, (_, words)) in zip(outcomes, BOMBS.items(), strict=True):
        assert words in outcome, name
    assert max(int(mine), int(readers)) < 100_000_000


def test_a_reader_is_bounded_by_the_kernel() -> None:
    """Memory, work, and no core file: whatever its own checks forget."""
    script = (
        "import resource, sys; from backend.core.spreadsheets import workbook_reader as reader;"
        "reader.main();"
        "print(*map(resource.getrlimit, (resource.RLIMIT_AS, resource.RLIMIT_CPU,"
        "resource.RLIMIT_CORE)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], input=b"", capture_output=True, check=True
    )
    memory, seconds = workbook_reader.MOST_MEMORY, workbook_reader.MOST_CPU_SECONDS
    assert done.stderr.decode().strip() == (f"({memory}, {memory}) ({seconds}, {seconds}) (0, 0)")


def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str) -> None:
    """Another program in the reader's place."""
    path = tmp_path / "reader.py"
    path.write_text(script, encoding="utf-8")
    monkeypatch.setattr(reading, "_READER", path)


def test_a_reader_that_does_not_end_is_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stand_in(monkeypatch, tmp_path, "import time; time.sleep(600)")
    monkeypatch.setattr(reading, "_READING_SECONDS", 0.2)
    with pytest.raises(SpreadsheetTooLarge, match="太复杂"):
        read_workbook(XLS)


def test_a_reader_gets_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    script = (
        "import json, os; print(json.dumps({'refused': str(dict(os.environ)), 'too_large': False}))"
    )
    stand_in(monkeypatch, tmp_path, script)
    with pytest.raises(NotASpreadsheet) as refusal:
        read_workbook(XLS)
    assert "secret" not in str(refusal.value.detail)


def test_more_than_two_at_once_wait_and_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """What all readers of a process take together is bounded; the place of one that failed is
    free again."""
    monkeypatch.setattr(reading, "_turns", threading.BoundedSemaphore(1))
    monkeypatch.setattr(reading, "_WAIT_SECONDS", 0.01)
    with reading._turns, pytest.raises(SpreadsheetsBusy):
        read_workbook(XLS)
    for content, refused in ((far_xls(), True), (b"", True), (XLS, False)):
        if refused:
            with pytest.raises((SpreadsheetTooLarge, NotASpreadsheet)):
                read_workbook(content)
        else:
            assert len(read_workbook(content).sheets) == 1


# ---------------------------------------------------------------------------- whoever wrote it

# Formats of a cell that shows 2027-03-15 or half past nine, and of some that show numbers.
DATES = ["14", "17", "22", "27", "31", "36", "50", "58"]
CODES = [
    'yyyy"年"m"月"d"日"', "[$-804]yyyy/m/d;@", "[DBNum1][$-804]m月d日", "[h]:mm", "上午/下午h点",
]  # fmt: skip
NUMBERS = [
    "General", "0.00_);[Red]\\(0.00\\)", '0"天d"', "[$USD-409]0", "0.0E+00", "@", "[Color5]0",
    '_-"h"* 0', '0;"m"', "\\d0", "[" * 40_000,
]  # fmt: skip


def test_days_are_told_from_numbers_by_format_however_it_is_written() -> None:
    formats = "".join(f'<xf numFmtId="{number}"/>' for number in ("0", *DATES))
    codes = [*CODES, *NUMBERS]
    formats += "".join(f'<xf numFmtId="{164 + at}"/>' for at in range(len(codes)))
    numbers = "".join(
        f'<numFmt numFmtId="{164 + at}" formatCode="{code.replace(chr(34), "&quot;")}"/>'
        for at, code in enumerate(codes)
    )
    days = len(DATES) + len(CODES)
    last = days + len(NUMBERS)
    cells = "".join(f'<c s="{style}"><v>46461</v></c>' for style in range(last + 2))
    read = cells_of(book_of(sheet_of(row_of(cells)), styles=styles_of(formats, numbers=numbers)))
    day = ("moment", "2027-03-15T00:00:00")
    # The last one's style is none that there is.
    expected = [46461] + [day] * days + [46461] * (len(NUMBERS) + 1)
    assert list(read.values()) == expected


@pytest.mark.parametrize(
    ("serial", "expected"),
    [
        ("0.999988425925926", ("time", "23:59:59")),
        ("0.99999999", ("time", "23:59:59")),
        ("0.395833333", ("time", "09:30:00")),
        ("0.39583332", ("time", "09:30:00")),
        ("0", ("time", "00:00:00")),
        ("46461.3958333333", ("moment", "2027-03-15T09:30:00")),
        ("46461.99999999", ("moment", "2027-03-16T00:00:00")),
        ("1", ("moment", "1900-01-01T00:00:00")),
        ("59", ("moment", "1900-02-28T00:00:00")),
        ("61", ("moment", "1900-03-01T00:00:00")),
        ("1e300", 1e300),
        ("2958466", 2958466),
        ("-1", -1),
        ("1e999", ("error", None)),
    ],
)
def test_serial_numbers_are_what_excel_shows(serial: str, expected: Any) -> None:
    sheet = sheet_of(row_of(f'<c s="1"><v>{serial}</v></c>'))
    styles = styles_of('<xf numFmtId="0"/><xf numFmtId="22"/>')
    assert cells_of(book_of(sheet, styles=styles)) == {"A1": expected}


def test_a_workbook_that_counts_from_1904() -> None:
    sheet = sheet_of(row_of('<c s="0"><v>44999</v></c><c s="0"><v>0.375</v></c>'))
    styles = styles_of('<xf numFmtId="14"/>')
    for said in ("1", "true"):
        content = book_of(sheet, styles=styles, properties=f'<workbookPr date1904="{said}"/>')
        assert cells_of(content) == {
            "A1": ("moment", "2027-03-15T00:00:00"),
            "B1": ("time", "09:00:00"),
        }


ODDITIES: dict[str, Callable[[], bytes]] = {
    "an empty fill": lambda: book_of(
        sheet_of(HEAD), styles=styles_of('<xf numFmtId="0"/>', fills="<fills><fill/></fills>")
    ),
    "an unknown font family": lambda: book_of(
        sheet_of(HEAD),
        styles=styles_of('<xf numFmtId="0"/>', fonts='<font><family val="99"/></font>'),
    ),
    "no styles": lambda: book_of(
        sheet_of(HEAD),
        others={"xl/_rels/workbook.xml.rels": related(
            worksheet="/xl/worksheets/sheet1.xml", sharedStrings="./sharedStrings.xml")},
    ),
    "an odd date in its properties": lambda: book_of(
        sheet_of(HEAD), others={"docProps/core.xml": "<coreProperties><created>今天</created>"}
    ),
    "Strict": lambda: book_of(
        sheet_of(HEAD)
        .replace(MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main")
        .replace(RELATED, "http://purl.oclc.org/ooxml/officeDocument/relationships"),
        others={"_rels/.rels": related(officeDocument="xl/workbook.xml").replace(
            RELATED, "http://purl.oclc.org/ooxml/officeDocument/relationships")},
    ),
    "a prefix": lambda: book_of(
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row><x:c t="s"><x:v>0</x:v></x:c></x:row>'
        "</x:sheetData></x:worksheet>"
    ),
    "UTF-16": lambda: book_of(
        sheet_of(HEAD, head='<?xml version="1.0" encoding="UTF-16"?>').encode("utf-16")
    ),
    "links to other files": lambda: book_of(
        sheet_of(HEAD),
        others={"xl/_rels/workbook.xml.rels": related(
            externalLink="file:///etc/passwd", worksheet="worksheets/sheet1.xml",
            sharedStrings="sharedStrings.xml").replace(
                'Target="file', 'TargetMode="External" Target="file')},
    ),
    "another name for its parts": lambda: renamed(book_of(sheet_of(HEAD))),
    "a pronunciation, runs and escapes": lambda: book_of(
        sheet_of(HEAD),
        strings=strings_of("<si><r><t>_x7532_</t></r><rPh><t>jia</t></rPh></si>"),
    ),
}  # fmt: skip


def renamed(content: bytes) -> bytes:
    """The archive as some programs of Windows write it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for member in old.infolist():
            new.writestr(member.filename.replace("xl/", "XL\\"), old.read(member))
    return buffer.getvalue()


@pytest.mark.parametrize("made", ODDITIES.values(), ids=ODDITIES.keys())
def test_style_and_metadata_do_not_matter(made: Callable[[], bytes]) -> None:
    assert cells_of(made()) == {"A1": "甲"}


def test_cells_of_all_kinds() -> None:
    cells = [
        '<c r="B1" t="str"><v>乙</v></c>', "<c/>", "<c><v> </v></c>", '<c t="s"/>',
        '<c t="b"><v>1</v></c>', '<c t="e"><v>#N/A</v></c>', "<c><f>1+1</f><v>2</v></c>",
        '<c t="d"><v>2027-03-15T09:30:00Z</v></c>', '<c t="d"><v>09:30:00.2</v></c>',
        '<c t="d"><v>2027-03-15</v></c>', '<c t="d"><v>三月</v></c>',
        '<c t="inlineStr"><is><r><t>甲</t></r><r><t>乙</t></r></is></c>',
        "<c><v>13800002288</v></c>", "<c><v>0.5</v></c>", "<c><v>1E20</v></c>", "<c><f>1+1</f></c>",
    ]  # fmt: skip
    assert cells_of(book_of(sheet_of(row_of(*cells)))) == {
        "B1": "乙", "F1": True, "G1": ("error", None), "H1": 2,
        "I1": ("moment", "2027-03-15T09:30:00"), "J1": ("time", "09:30:00"),
        "K1": ("moment", "2027-03-15T00:00:00"), "L1": "三月", "M1": "甲乙", "N1": 13800002288,
        "O1": 0.5, "P1": 1e20, "Q1": ("formula", None),
    }  # fmt: skip


def test_blank_cells_may_reach_as_far_as_they_like() -> None:
    """Offices give whole columns a format; only what is written counts."""
    content = book_of(sheet_of(HEAD + '<row r="1048576"><c r="XFD1048576" s="0"/></row>'))
    assert cells_of(content) == {"A1": "甲"}


def test_an_old_xls_is_read() -> None:
    (sheet,) = read_workbook(XLS).sheets
    assert [as_text(cell.value) for cell in sheet.rows[3].values()] == [
        "吾社集", "花园社区公益市集", "花园社区", "2027-03-15", "09:00", "23:59:59", "社区广场",
        "13800002288",
    ]  # fmt: skip
    assert sheet.rows[5][1].value == "并"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html><table></table></html>", "网页"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>', "网页或 XML"),
        ("没有逗号".encode("gb18030"), "不是 Excel 表格"),
        (b"a,b\n\xff\xff\xff", "读不了"),
        (b"\x89PNG\r\n\x1a\n\0\0", "不是 Excel 表格"),
        (b"", "不是 Excel 表格"),
        (XLS[:1000], "读不了"),
        (XLS[:512] + "EncryptedPackage".encode("utf-16-le"), "密码"),
        (b"PK\x03\x04broken", "读不了"),
        (book_of(sheet_of(), properties="<sheets></sheets><x>"), "读不了"),
        (book_of(sheet_of(), others={"xl/_rels/workbook.xml.rels": related()}), "没有工作表"),
        (book_of(sheet_of('<row><c r="1A"><v>1</v></c></row>')), "读不了"),
    ],
)  # fmt: skip
def test_what_only_has_excels_name_is_told_what_to_do(content: bytes, words: str) -> None:
    refused = workbook_reader.answer(content)
    assert words in refused["refused"]
    assert refused["too_large"] is False


# ---------------------------------------------------------------------------- what is beside values


def test_all_sheets_are_read_that_people_see() -> None:
    two = '<sheet name="二" sheetId="2" state="{}" r:id="second"/></sheets>'
    for state, names, hidden in (("visible", ["一", "二"], []), ("veryHidden", ["一"], ["二"])):
        content = book_of(sheet_of(HEAD), others={
            "xl/workbook.xml": book_part().replace("</sheets>", two.format(state)),
            "xl/_rels/workbook.xml.rels": related(
                worksheet="worksheets/sheet1.xml", sharedStrings="sharedStrings.xml"
            ).replace("</R", f'<Relationship Id="second" Type="{RELATED}/worksheet" '
                             'Target="worksheets/sheet2.xml"/></R'),
            "xl/worksheets/sheet2.xml": sheet_of(FAR.format(7, "B")),
        })  # fmt: skip
        book = read_workbook(content)
        assert ([sheet.name for sheet in book.sheets], book.hidden) == (names, hidden)


def test_a_sheet_that_is_too_large_hinders_no_other() -> None:
    far = '<sheet name="远" sheetId="2" r:id="second"/></sheets>'
    others = {
        "xl/workbook.xml": book_part().replace("</sheets>", far),
        "xl/_rels/workbook.xml.rels": related(
            worksheet="worksheets/sheet1.xml", second="worksheets/sheet2.xml",
            sharedStrings="sharedStrings.xml").replace(
                f"{RELATED}/second", f"{RELATED}/worksheet"),
        "xl/worksheets/sheet2.xml": sheet_of(FAR.format(9000, "B")),
    }  # fmt: skip
    book = read_workbook(book_of(sheet_of(HEAD), others=others))
    assert [sheet.name for sheet in book.sheets] == ["一"]
    assert "B9000 有内容" in book.unread["远"]
    with pytest.raises(SpreadsheetTooLarge, match="B9000"):
        read_workbook(book_of(sheet_of(""), others=others))


def test_more_sheets_than_anybody_has_are_refused() -> None:
    many = book_part().replace("</sheets>", '<sheet name="x" r:id="worksheet"/>' * 60 + "</sheets>")
    refused = workbook_reader.answer(book_of(sheet_of(HEAD), others={"xl/workbook.xml": many}))
    assert ("工作表太多" in refused["refused"], refused["too_large"]) == (True, True)


def test_hidden_rows_and_what_is_struck_through_are_told() -> None:
    fonts = "<font/><font><strike/></font><font><strike val='0'/></font>"
    formats = "".join(f'<xf numFmtId="0" fontId="{at}"/>' for at in (0, 1, 2, 9))
    run = "<r><rPr><strike/></rPr><t>旧</t></r>"
    content = book_of(
        sheet_of(
            '<row r="2" hidden="1"><c s="1" t="s"><v>0</v></c><c s="2"><v>1</v></c></row>'
            '<row r="3" hidden="false"><c t="s"><v>1</v></c><c t="s"><v>2</v></c>'
            '<c s="3"><v>1</v></c></row><row r="9999" hidden="1"/>'
        ),
        styles=styles_of(formats, fonts=fonts),
        strings=strings_of(f"<si><t>划</t></si><si>{run}</si><si>{run}<r><t>新</t></r></si>"),
    )
    (sheet,) = read_workbook(content).sheets
    assert sheet.hidden_rows == {2}
    found = {cell.address: (cell.value, cell.struck) for row in sheet.rows.values()
             for cell in row.values()}  # fmt: skip
    assert found == {
        "A2": ("划", True), "B2": (1, None), "A3": ("旧", True), "B3": ("新", False),
        "C3": (1, None),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("gb18030", "社区,日期\r\n花园,12月5日\r\n"),
        ("utf-8", "社区,日期\n花园,12月5日"),
        ("utf-8-sig", '社区;日期\n"花园";12月5日'),
        ("utf-16", "社区\t日期\r\n花园\t12月5日"),
    ],
)
def test_a_csv_is_read_as_excel_saves_it(encoding: str, text: str) -> None:
    assert cells_of(text.encode(encoding)) == {
        "A1": "社区", "B1": "日期", "A2": "花园", "B2": "12月5日",
    }  # fmt: skip


# ---------------------------------------------------------------------------- fuzz

_VALUES = st.one_of(
    st.none(), st.integers(-(10**9), 10**9), st.booleans(), st.text(max_size=9),
    st.datetimes(datetime(1905, 1, 1), datetime(2200, 1, 1)).map(  # noqa: DTZ001 - Excel has none
        lambda at: at.replace(microsecond=0)
    ),
    st.times().map(lambda at: at.replace(microsecond=0)),
)  # fmt: skip


def written(rows: Sequence[Sequence[Any]], **options: Any) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, **options})
    page = book.add_worksheet()
    look = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            if isinstance(value, datetime | time):
                page.write_datetime(row, column, value, look)
            elif isinstance(value, str):
                page.write_string(row, column, value)
            elif value is not None:
                page.write(row, column, value)
    book.close()
    return buffer.getvalue()


@given(st.lists(st.lists(_VALUES, max_size=4), max_size=4), st.booleans())
@settings(max_examples=25, deadline=None)
def test_an_xlsx_is_read_as_calamine_reads_it(rows: list[list[Any]], epoch_1904: bool) -> None:
    content = written(rows, date_1904=epoch_1904)
    (mine,), (theirs,) = workbook_reader.read(content), workbook_reader._read_xls(content)
    assert mine.cells == theirs.cells


@given(st.sampled_from([book_of(sheet_of(HEAD)), merged("A1:B2")]), st.data())
@settings(max_examples=150, deadline=None)
def test_a_broken_file_is_refused_or_read_and_nothing_else(content: bytes, data: Any) -> None:
    """Bytes changed anywhere: in the archive, or in one of its parts."""
    whole = data.draw(st.booleans())
    changed = _changed(content, data) if whole else _with_a_part_changed(content, data)
    answer = json.loads(json.dumps(workbook_reader.answer(changed)))
    for sheet in answer.get("sheets", ()):
        for row, column, kind, value in sheet["cells"]:
            reading._READ.get(kind, str)(value)
            assert (row, column) <= (workbook_reader.MOST_ROWS, workbook_reader.MOST_COLUMNS)
        reading._sheet(sheet)


@given(st.data())
@settings(max_examples=12, deadline=None)
def test_a_broken_xls_is_refused_or_read_and_nothing_else(data: Any) -> None:
    """In a process of its own, as everybody does: calamine aborts on some."""
    with contextlib.suppress(NotASpreadsheet, SpreadsheetTooLarge):
        read_workbook(_changed(XLS, data))


def _changed(content: bytes, data: Any) -> bytes:
    broken = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    return bytes(broken)


def _with_a_part_changed(content: bytes, data: Any) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        chosen = data.draw(st.sampled_from(old.namelist()))
        for name in old.namelist():
            new.writestr(name, _changed(old.read(name), data) if name == chosen else old.read(name))
    return buffer.getvalue()
