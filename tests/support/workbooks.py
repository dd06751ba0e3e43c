"""Workbooks part by part, as no library would write them: bombs, oddities, other offices' files."""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from backend.core.spreadsheets import reading, workbook_reader

# Made with xlwt: a title, the header in its second row, two rows, a merged cell in A5:A6.
XLS = (Path(__file__).parent / "schedule.xls").read_bytes()

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OPEN = f'xmlns="{MAIN}" xmlns:r="{RELATED}"'
# What openpyxl asks for beyond what is read.
FILLS = '<fills><fill><patternFill patternType="none"/></fill></fills>'
_HEAD = '<row r="1"><c r="A1" t="inlineStr"><is><t>甲</t></is></c></row>'
_TYPES = f"""<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType=
"application/vnd.openxmlformats-package.relationships+xml"/>""" + "".join(
    f'<Override PartName="/xl/{part}.xml" ContentType='
    f'"application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}+xml"/>'
    for part, kind in (
        ("workbook", "sheet.main"),
        ("worksheets/sheet1", "worksheet"),
        ("styles", "styles"),
        ("sharedStrings", "sharedStrings"),
    )
)  # fmt: skip


def read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workbooks be read in this process until `monkeypatch.undo()`: starting one for each costs
    more than reading. tests/domain/test_workbook_reader.py reads as everybody does."""

    def answer(content: bytes) -> Any:
        return json.loads(json.dumps(workbook_reader.answer(content)))

    monkeypatch.setattr(reading, "_read_apart", answer)


def related(**targets: str) -> str:
    """A part that names others, by the last word of their type."""
    return (
        f'<Relationships xmlns="{PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="{kind}" Type="{RELATED}/{kind}" Target="{target}"/>'
            for kind, target in targets.items()
        )
        + "</Relationships>"
    )


def sheet_of(rows: str = _HEAD, before: str = "", after: str = "", head: str = "") -> str:
    """A sheet's part; what stands before and after its rows, and at the very beginning."""
    return f"{head}<worksheet {_OPEN}>{before}<sheetData>{rows}</sheetData>{after}</worksheet>"


def styles_of(formats: str, *, numbers: str = "", fills: str = FILLS, fonts: str = "") -> str:
    """The part of styles, with these cell formats."""
    return (
        f"<styleSheet {_OPEN}><numFmts>{numbers}</numFmts><fonts>{fonts}</fonts>{fills}"
        f"<cellXfs>{formats}</cellXfs></styleSheet>"
    )


def strings_of(strings: str, counts: str = "") -> str:
    """The part of shared strings."""
    return f"<sst {_OPEN} {counts}>{strings}</sst>"


def book_part(properties: str = "") -> str:
    """The part that names the sheets: one."""
    return (
        f'<workbook {_OPEN}>{properties}<sheets><sheet name="一" sheetId="1" r:id="worksheet"/>'
        "</sheets></workbook>"
    )


def book_of(
    sheet: str | bytes,
    *,
    styles: str | None = None,
    strings: str = strings_of("<si><t>甲</t></si>"),
    properties: str = "",
    method: int = zipfile.ZIP_DEFLATED,
    others: Mapping[str, str] = MappingProxyType({}),
) -> bytes:
    """An .xlsx of these parts.

    Args:
        properties: of the workbook, like <workbookPr date1904="1"/>.
        method: how the archive packs.
        others: further parts of the archive, or other ones in place of these.
    """
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": f"{_TYPES}</Types>",
        "_rels/.rels": related(officeDocument="xl/workbook.xml"),
        "xl/workbook.xml": book_part(properties),
        "xl/_rels/workbook.xml.rels": related(
            worksheet="worksheets/sheet1.xml",
            styles="styles.xml",
            sharedStrings="sharedStrings.xml",
        ),
        "xl/styles.xml": styles or styles_of('<xf numFmtId="0"/>'),
        "xl/sharedStrings.xml": strings,
        "xl/worksheets/sheet1.xml": sheet,
    }
    parts |= others
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def far_xls() -> bytes:
    """XLS, one of whose cells stands in the last row and column that there are: IV65536."""
    # A NUMBER record's head, with row 2 and column 7 from 0.
    here, there = b"\x03\x02\x0e\x00\x02\x00\x07\x00", b"\x03\x02\x0e\x00\xff\xff\xff\x00"
    assert XLS.count(here) == 1
    return XLS.replace(here, there)
