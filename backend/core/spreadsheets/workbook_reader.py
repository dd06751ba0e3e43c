"""What is written in a workbook's sheets: a program of its own, bounded by the kernel.

    python -I backend/core/spreadsheets/workbook_reader.py < file.xlsx    prints JSON

A workbook is somebody else's program for whoever reads it: two kilobytes can claim a billion cells.
So an .xlsx is read here as it streams by, in a few parts, and nothing is made because the file says
that it is there: not a range that is merged, not a dimension, not a count. Styles are looked at
only to tell dates from numbers and what is struck through, and properties, drawings, links and
macros never. An .xls is read by calamine, which allocates what a file claims and then aborts: the
process's own limits bound that, and whatever else was not thought of here. Text with commas or
tabs in it, as Excel saves a .csv, is a workbook of one sheet.

Started by reading.py, which knows what the answers mean. Imports nothing of the product and
little else, so that it starts in a twentieth of a second and has nothing to lose.
"""

import csv
import io
import json
import math
import posixpath
import re
import resource
import sys
import zipfile
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.parsers import expat

# Of the process: memory that it may ask for, and seconds that it may work. The largest file that
# the limits below let through takes a third of either.
MOST_MEMORY, MOST_CPU_SECONDS = 300_000_000, 5
# What the parts of an .xlsx that are read may unfold to, all together.
MOST_UNPACKED_BYTES = 10_000_000
# How far down and to the right something may be written; in how many cells, in how many letters,
# in how many sheets, all together.
MOST_ROWS, MOST_COLUMNS = 5000, 100
MOST_CELLS, MOST_CHARACTERS, MOST_SHEETS = 100_000, 2_000_000, 50

_CHUNK = 65_536
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ADDRESS = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})", re.ASCII)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_", re.ASCII)
# Built-in formats of dates and times; 27-36 and 50-58 are East Asian Excel's own.
_BUILT_IN_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
# What a format shows as it stands: quoted, escaped, a space as wide as a sign, a fill, a colour.
_SHOWN_AS_IS = re.compile(r'"[^"]*"?|[\\_*].|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.DOTALL)
_DATE_LETTERS = re.compile("[dmyhs]")
_LONGEST_CODE = 255
# By which letters a text's separator is told.
_FIRST_LETTERS = 4000
_SECONDS, _MOST_WHOLE = 86_400, 10**15
_BROKEN = "这个文件读不了，可能已损坏或加了密码。请用 Excel 或 WPS 打开，另存为新的 .xlsx 再上传"


class Refused(Exception):
    """A file that can't be taken.

    Args:
        words: why, and what to do.
        too_large: whether less of the same could be read.
    """

    def __init__(self, words: str, *, too_large: bool = False) -> None:
        super().__init__(words)
        self.words, self.too_large = words, too_large


class Room:
    """What may still be written, in all sheets of a workbook together."""

    def __init__(self) -> None:
        self._cells, self._characters = MOST_CELLS, MOST_CHARACTERS

    def take(self, characters: int) -> None:
        """Raises Refused for the cell that is one too many."""
        self._cells -= 1
        self._characters -= characters
        if min(self._cells, self._characters) < 0:
            raise Refused("表格里的内容太多了，请分成几个文件", too_large=True)


class Written:
    """What was found in a sheet, by row and column, both from 1.

    Attributes:
        name: the sheet's.
        hidden: whether it is; then it was not read.
        unread: why it could not be read to its end, where others could.
        cells: what each is ("value", "moment", "time", "formula", "error", "merged") with its
            value: text, number or truth value, for moments and times as ISO 8601 writes them; for
            a formula none, as nobody has computed it; for a merged cell the place of the one that
            is seen there.
        struck: cells that are struck through, with whether all of it is; of others the rest was
            read.
        hidden_rows: that are.
    """

    def __init__(self, name: str, room: Room, *, hidden: bool = False) -> None:
        self.name, self.hidden, self.unread = name, hidden, ""
        self.cells: dict[tuple[int, int], tuple[str, Any]] = {}
        self.struck: dict[tuple[int, int], bool] = {}
        self.hidden_rows: set[int] = set()
        self._room = room

    def put(self, row: int, column: int, kind: str, value: Any = None) -> None:
        """Keep a cell.

        Raises Refused where it stands too far off, or is one too many.
        """
        if kind == "value" and isinstance(value, str) and not value.strip():
            return
        if row > MOST_ROWS or column > MOST_COLUMNS:
            raise Refused(
                f"{address_of(row, column)} 有内容，太远了：最多读 {MOST_ROWS} 行、"
                f"{MOST_COLUMNS} 列。不需要的请删除那一行或那一列，再上传",
                too_large=True,
            )
        self._room.take(len(value) if isinstance(value, str) else 0)
        self.cells[row, column] = (kind, value)

    def merge(self, ranges: list[tuple[int, int, int, int]]) -> None:
        """Mark the cells that are merged into one, as far as something is written.

        Args:
            ranges: first row and column, last row and column.
        """
        rows = max((row for row, _ in self.cells), default=0)
        columns = max((column for _, column in self.cells), default=0)
        hidden = set()
        for top, left, bottom, right in ranges:
            if left > columns:
                continue
            for row in range(top, min(bottom, rows) + 1):
                for column in range(left, min(right, columns) + 1):
                    # Excel lets no two overlap, so a cell costs its work once.
                    if (row, column) in hidden:
                        raise ValueError("merged twice")
                    hidden.add((row, column))
                    if (row, column) != (top, left) and (top, left) in self.cells:
                        self.put(row, column, "merged", [top, left])


def address_of(row: int, column: int) -> str:
    """A cell as Excel names it: C5. Both from 1."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def read(content: bytes) -> list[Written]:
    """What is written in the sheets of an .xlsx, .xls or .csv.

    Raises Refused; and whatever a broken file breaks.
    """
    if content.startswith(_ZIP):
        return _Workbook(content).read()
    if content.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise Refused("这个文件加了密码，请去掉密码再上传")
        return _read_xls(content)
    return [_read_text(content)]


# ---------------------------------------------------------------------------- .csv


def _read_text(content: bytes) -> Written:
    """Text as Excel and WPS save it: in GBK, UTF-8, or UTF-16 with tabs."""
    text = _decoded(content)
    again = "请用 Excel 或 WPS 打开，另存为 .xlsx 再上传"
    if text.lstrip().startswith("<"):
        raise Refused(f"这个文件其实是网页或 XML，只是名字像 Excel，{again}")
    first = text[:_FIRST_LETTERS]
    separator = max(",\t;", key=first.count)
    if "\0" in text or separator not in first:
        raise Refused(f"这个文件不是 Excel 表格，{again}")
    written = Written("", Room())
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    for row, values in enumerate(lines, start=1):
        for column, value in enumerate(values, start=1):
            written.put(row, column, "value", value)
    return written


def _decoded(content: bytes) -> str:
    """The text of a file that says at most by its first bytes how it is written."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")


# ---------------------------------------------------------------------------- .xlsx

Attributes = Mapping[str, str]


class _Styles:
    """Which of a workbook's cell formats show days or times, and which strike through."""

    def __init__(self) -> None:
        self._codes: dict[str, str] = {}
        self._formats: list[Attributes] = []
        self._struck: list[bool] = []
        self._known: dict[str, bool] = {}
        self._inside = ""

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "numFmt":
            self._codes[attributes["numFmtId"]] = attributes.get("formatCode", "")
        elif name in ("fonts", "cellXfs"):
            self._inside = name
        elif name == "font" and self._inside == "fonts":
            self._struck.append(False)
        elif name == "strike" and self._inside == "fonts":
            self._struck[-1] = _is_on(attributes)
        elif name == "xf" and self._inside == "cellXfs":
            self._formats.append(attributes)

    def end(self, name: str) -> None:
        if name == self._inside:
            self._inside = ""

    def is_date(self, style: str) -> bool:
        """Whether a cell of this style shows a day or a time."""
        if style not in self._known:
            number = self._format(style).get("numFmtId", "0")
            code = self._codes.get(number)
            self._known[style] = int(number) in _BUILT_IN_DATES if code is None else _is_date(code)
        return self._known[style]

    def is_struck(self, style: str) -> bool:
        """Whether a cell of this style is struck through."""
        font = int(self._format(style).get("fontId", "0"))
        return font < len(self._struck) and self._struck[font]

    def _format(self, style: str) -> Attributes:
        return self._formats[int(style)] if int(style) < len(self._formats) else {}


def _is_on(attributes: Attributes) -> bool:
    """Whether a mark like <strike/> means what it says."""
    return attributes.get("val", "1") in ("1", "true")


def _is_date(code: str) -> bool:
    """Whether a format like yyyy"年"m"月" shows days or times."""
    bare = _SHOWN_AS_IS.sub("", code[:_LONGEST_CODE].lower())
    return bool(_DATE_LETTERS.search(bare.split(";")[0]))


class _Text:
    """The text of an element with runs; how it is pronounced is left out, and what is struck
    through where something is not."""

    def __init__(self) -> None:
        self._parts: tuple[list[str], list[str]] = ([], [])
        self._inside = self._pronounced = self._struck = False

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "r":
            self._struck = False
        elif name == "strike":
            self._struck = _is_on(attributes)
        self._pronounced = self._pronounced or name == "rPh"
        self._inside = name in ("t", "v") and not self._pronounced

    def end(self, name: str) -> None:
        self._inside = False
        self._pronounced = self._pronounced and name != "rPh"

    def data(self, text: str) -> None:
        if self._inside:
            self._parts[self._struck].append(text)

    def take(self) -> "_Said":
        plain, struck = ("".join(parts) for parts in self._parts)
        self._parts, self._struck = ([], []), False
        text = plain if plain.strip() else struck or plain
        if "_x" in text:
            text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
        return text, None if not struck.strip() else not plain.strip()


# A text, and whether all of it is struck through: None where nothing is.
_Said = tuple[str, bool | None]


class _Strings(list[_Said]):
    """A workbook's shared strings."""

    def __init__(self) -> None:
        super().__init__()
        self.text = _Text()

    def start(self, name: str, attributes: Attributes) -> None:
        self.text.start(name, attributes)

    def end(self, name: str) -> None:
        self.text.end(name)
        if name == "si":
            self.append(self.text.take())


class _Workbook:
    """An .xlsx: a few parts of an archive, each read once as it streams by."""

    def __init__(self, content: bytes) -> None:
        archive = zipfile.ZipFile(io.BytesIO(content))
        self._archive = archive
        self._members = {_path(member.filename): member for member in archive.infolist()}
        self._left = MOST_UNPACKED_BYTES
        self._epoch_1904 = False
        self._sheets: list[Attributes] = []
        self._styles, self._strings = _Styles(), _Strings()

    def read(self) -> list[Written]:
        """What is written in its sheets."""
        book = next(path for path, kind in self._related("").values() if kind == "officeDocument")
        self._parse(book, self._in_workbook)
        related = self._related(book)
        kinds = {kind: path for path, kind in related.values()}
        if "styles" in kinds:
            self._parse(kinds["styles"], self._styles.start, self._styles.end)
        if "sharedStrings" in kinds:
            strings = self._strings
            self._parse(kinds["sharedStrings"], strings.start, strings.end, strings.text.data)
        room, found = Room(), []
        for sheet in self._sheets:
            path, kind = related.get(_id_of(sheet), ("", ""))
            if kind == "worksheet":
                hidden = sheet.get("state", "visible") != "visible"
                written = Written(sheet.get("name", ""), room, hidden=hidden)
                found.append(written)
                if not hidden:
                    self._read_sheet(path, written)
        return found

    def _read_sheet(self, path: str, written: Written) -> None:
        """What is written in a sheet; one that is too large hinders no other."""
        sheet = _Sheet(written, self._strings, self._styles, epoch_1904=self._epoch_1904)
        try:
            self._parse(path, sheet.start, sheet.end, sheet.text.data)
            written.merge(sheet.merged)
        except Refused as refusal:
            written.unread = refusal.words

    def _in_workbook(self, name: str, attributes: Attributes) -> None:
        if name == "workbookPr":
            self._epoch_1904 = attributes.get("date1904") in ("1", "true")
        elif name == "sheet":
            self._sheets.append(attributes)
            if len(self._sheets) > MOST_SHEETS:
                raise Refused(f"工作表太多了，最多 {MOST_SHEETS} 张", too_large=True)

    def _related(self, part: str) -> dict[str, tuple[str, str]]:
        """The parts that a part names: path and kind, by id. "" stands for the archive itself."""
        folder, name = posixpath.split(part)
        found: dict[str, tuple[str, str]] = {}

        def start(name: str, attributes: Attributes) -> None:
            if name == "Relationship" and attributes.get("TargetMode") != "External":
                path = _path(posixpath.join(folder, attributes["Target"]))
                # Strict workbooks say the same under other addresses.
                found[attributes["Id"]] = (path, attributes["Type"].rpartition("/")[2])

        self._parse(_path(posixpath.join(folder, "_rels", f"{name}.rels")), start)
        return found

    def _parse(
        self,
        path: str,
        start: Callable[[str, Attributes], None],
        end: Callable[[str], None] | None = None,
        data: Callable[[str], None] | None = None,
    ) -> None:
        """Read a part through; names come without their prefix."""
        member = self._members[path]
        # Other methods (LZMA) take as much memory as the archive says.
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(member.compress_type)
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.StartElementHandler = lambda name, found: start(name.rpartition(":")[2], found)
        if end is not None:
            parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
        if data is not None:
            parser.CharacterDataHandler = data
        with self._archive.open(member) as stream:
            while chunk := stream.read(_CHUNK):
                self._left -= len(chunk)
                if self._left < 0:
                    raise Refused(
                        "表格太大了，多半是整列整行设了格式。请只把有内容的部分复制到一张新表，"
                        "另存后再上传",
                        too_large=True,
                    )
                parser.Parse(chunk, False)
        parser.Parse(b"", True)


def _id_of(sheet: Attributes) -> str:
    """Its r:id, under whatever prefix."""
    return next((at for key, at in sheet.items() if key.endswith(":id")), "")


def _path(name: str) -> str:
    """A part's name, however an archive or a relationship writes it."""
    parts: list[str] = []
    for part in name.replace("\\", "/").lower().split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _refuse_doctype(*_: Any) -> None:
    # Seen by the parser, whatever the encoding. No office program writes one, and entities are
    # how a kilobyte unfolds to gigabytes.
    raise ValueError("DOCTYPE")


class _Sheet:
    """A sheet's cells as they stream by."""

    def __init__(
        self, written: Written, strings: list[_Said], styles: _Styles, *, epoch_1904: bool
    ) -> None:
        self.written, self.text = written, _Text()
        self.merged: list[tuple[int, int, int, int]] = []
        self._strings, self._styles, self._epoch_1904 = strings, styles, epoch_1904
        self._inside = self._formula = False
        self._row = self._column = 0
        self._cell: Attributes = {}

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "sheetData":
            self._inside = True
        elif name == "mergeCell":
            first, _, last = attributes["ref"].partition(":")
            self.merged.append((*_place(first), *_place(last or first)))
        elif not self._inside:
            return
        elif name == "row":
            self._row, self._column = int(attributes.get("r", self._row + 1)), 0
            if attributes.get("hidden") in ("1", "true") and self._row <= MOST_ROWS:
                self.written.hidden_rows.add(self._row)
        elif name == "c":
            self._cell, self._formula = attributes, False
            if address := attributes.get("r"):
                self._row, self._column = _place(address)
            else:
                self._column += 1
        elif name == "f":
            self._formula = True
        else:
            self.text.start(name, attributes)

    def end(self, name: str) -> None:
        if name == "sheetData":
            self._inside = False
        elif name == "c" and self._inside:
            self._put(*self._read(*self.text.take()))
        else:
            self.text.end(name)

    def _put(self, kind: str, value: Any, struck: bool | None) -> None:
        if value is None and kind in ("value", "moment", "time"):
            return
        place = (self._row, self._column)
        self.written.put(*place, kind, value)
        if self._styles.is_struck(self._cell.get("s", "0")):
            struck = True
        if struck is not None and place in self.written.cells:
            self.written.struck[place] = struck

    def _read(self, text: str, struck: bool | None) -> tuple[str, Any, bool | None]:
        if self._formula and not text:
            return "formula", None, None
        match self._cell.get("t", "n"):
            case "s":
                return "value", *(self._strings[int(text)] if text else (None, None))
            case "str" | "inlineStr":
                return "value", text, struck
            case "b":
                return "value", text.strip() in ("1", "true"), None
            case "e":
                return "error", None, None
            case "d":
                return *_iso(text), None
            case _:
                return *self._number(text), None

    def _number(self, text: str) -> tuple[str, Any]:
        if not text.strip():
            return "value", None
        number = float(text)
        if not math.isfinite(number):
            return "error", None
        if self._styles.is_date(self._cell.get("s", "0")):
            return dated(number, epoch_1904=self._epoch_1904)
        return "value", _plain(number)


def _plain(value: Any) -> Any:
    """3 and not 3.0, as far as Excel's digits go."""
    whole = isinstance(value, float) and value.is_integer() and abs(value) < _MOST_WHOLE
    return int(value) if whole else value


def _place(address: str) -> tuple[int, int]:
    """Row and column of a cell's address."""
    found = _ADDRESS.fullmatch(address.replace("$", ""))
    if found is None:
        raise ValueError(address)
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]), column


# ---------------------------------------------------------------------------- days and times


def dated(serial: float, *, epoch_1904: bool) -> tuple[str, Any]:
    """A number that is shown as a day or a time, to the second, as Excel shows it.

    Excel counts days: 9:30 may come as 9:29:59.999. What is no day stays a number.
    """
    if serial < 0:
        return "value", serial
    if serial < 1:
        return "time", _time_of(serial)
    first = datetime(1904, 1, 1) if epoch_1904 else datetime(1899, 12, 30)  # noqa: DTZ001 - no zone
    if not epoch_1904 and serial < 61:
        # Lotus took 1900 for a leap year, and Excel does to this day.
        first += timedelta(days=1)
    try:
        return "moment", (first + timedelta(seconds=round(serial * _SECONDS))).isoformat()
    except OverflowError:
        return "value", serial


def _time_of(share: float) -> str:
    """So much of a day on the clock; its last half-second is still of that day."""
    minutes, second = divmod(min(round(share * _SECONDS), _SECONDS - 1), 60)
    return time(*divmod(minutes, 60), second).isoformat()


def _iso(text: str) -> tuple[str, Any]:
    """A day or time that is written in letters, as Strict workbooks do."""
    text = text.strip().removesuffix("Z")
    try:
        if ":" in text and "-" not in text:
            return "time", time.fromisoformat(text).replace(microsecond=0).isoformat()
        found = datetime.fromisoformat(text)
    except ValueError:
        return "value", text
    return "moment", found.replace(microsecond=0, tzinfo=None).isoformat()


# ---------------------------------------------------------------------------- .xls


def _read_xls(content: bytes) -> list[Written]:
    # Only here: an .xlsx needs no more than Python.
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    room, found = Room(), []
    for index, about in enumerate(book.sheets_metadata):
        if about.typ is SheetTypeEnum.WorkSheet:
            hidden = about.visible is not SheetVisibleEnum.Visible
            written = Written(about.name, room, hidden=hidden)
            found.append(written)
            if not hidden:
                _fill(written, book.get_sheet_by_index(index))
    return found


def _fill(written: Written, sheet: Any) -> None:
    for row, values in enumerate(sheet.to_python(skip_empty_area=False), start=1):
        for column, value in enumerate(values, start=1):
            if value != "":
                written.put(row, column, *_of_calamine(value))
    written.merge(
        [
            (top + 1, left + 1, bottom + 1, right + 1)
            for (top, left), (bottom, right) in sheet.merged_cell_ranges or []
        ]
    )


def _of_calamine(value: Any) -> tuple[str, Any]:
    if isinstance(value, datetime):
        near = value + timedelta(milliseconds=500)
        return "moment", near.replace(microsecond=0).isoformat()
    if isinstance(value, date):
        return "moment", datetime.combine(value, time.min).isoformat()
    if isinstance(value, time):
        value = timedelta(
            hours=value.hour,
            minutes=value.minute,
            seconds=value.second,
            microseconds=value.microsecond,
        )
    if isinstance(value, timedelta):
        days = value / timedelta(days=1)
        return ("time", _time_of(days)) if 0 <= days < 1 else ("value", days)
    return "value", _plain(value)


# ---------------------------------------------------------------------------- the process


def main() -> None:
    """Read standard input within bounds, and answer on standard output."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_SECONDS, MOST_CPU_SECONDS))
    if sys.platform != "darwin":  # which has the limit and doesn't keep it
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    json.dump(answer(sys.stdin.buffer.read()), sys.stdout)


def answer(content: bytes) -> dict[str, Any]:
    """What is printed: each sheet's `cells` with row, column, kind and value, and what is to be
    known of it; or why there are none."""
    try:
        sheets = read(content)
        if not sheets:
            raise Refused("这个文件里没有工作表")
    except Refused as refusal:
        return {"refused": refusal.words, "too_large": refusal.too_large}
    # A broken file breaks readers in more ways than they have errors for. Too little memory is
    # none of them.
    except MemoryError:
        raise
    except Exception:
        return {"refused": _BROKEN, "too_large": False}
    return {"sheets": [_answered(sheet) for sheet in sheets]}


def _answered(sheet: Written) -> dict[str, Any]:
    return {
        "name": sheet.name,
        "hidden": sheet.hidden,
        "unread": sheet.unread,
        "cells": [[*place, *cell] for place, cell in sheet.cells.items()],
        "struck": [[*place, whole] for place, whole in sheet.struck.items()],
        "hidden_rows": sorted(sheet.hidden_rows),
    }


if __name__ == "__main__":
    main()
