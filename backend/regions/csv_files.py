"""Reading regions from CSV files, as statistics bureaus and spreadsheets write them.

Nothing here knows the database. All faults of all files are found in one go, each with its
file, row (as a spreadsheet counts: the header is row 1) and column.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from backend.core.errors import AppError
from backend.core.text import one_line
from backend.regions.models import CODE_LENGTHS, RegionLevel

NAME_LENGTH = 50
FAULTS_SHOWN = 20
# Nobody corrects more of them at a time, and in a file that is none each row has one.
MOST_FAULTS = 1000
# The country's communities are 30 MB.
MOST_FILE_BYTES = 50_000_000
MOST_COLUMNS = 100
REPORT_EVERY = 1000
# A header that stands below titles is looked for in so many.
HEAD_ROWS = 10
_COLUMNS = ("code", "name")
# How .xlsx and .xls begin, and UTF-16.
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_CODE = re.compile(r"[0-9]+")

# Told (step, done, total), so that somebody at a terminal sees it move.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the files something stands; row 0 is the file as a whole."""

    file: str
    row: int

    def __str__(self) -> str:
        return f"{self.file} 第 {self.row} 行" if self.row else self.file


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one cell, in a sentence for the person who made the file."""

    place: Place
    column: str | None
    message: str

    def __str__(self) -> str:
        return f"{self.place}{f' {self.column}' if self.column else ''}：{self.message}"


@dataclass(frozen=True, slots=True)
class RegionRow:
    """A region as a file tells it."""

    code: str
    name: str
    place: Place

    @property
    def level(self) -> RegionLevel:
        return CODE_LENGTHS[len(self.code)]


@dataclass(slots=True)
class RegionFiles:
    """What was read: regions by code, and what the reader should know of (passed-over columns)."""

    rows: dict[str, RegionRow] = field(default_factory=dict)
    # Also of rows with another fault: they are there, once that is mended.
    codes: set[str] = field(default_factory=set)
    notices: list[str] = field(default_factory=list)


class RegionFilesInvalid(AppError):
    """Nothing was imported; `faults` names the cells that must be corrected first, `counted` how
    many there are: so many, or more than are kept."""

    status = 422
    code = "region_files_invalid"
    title = "地区文件有误，没有导入任何内容"

    def __init__(self, faults: Iterable[Fault]) -> None:
        found = list(islice(faults, MOST_FAULTS + 1))
        self.faults = tuple(found[:MOST_FAULTS])
        and_more = "以上" if len(found) > MOST_FAULTS else ""
        self.counted = f"{len(self.faults):,} 处{and_more}"
        lines = [str(fault) for fault in self.faults[:FAULTS_SHOWN]]
        if len(self.faults) > 1:
            lines.insert(0, f"{self.title}（共 {self.counted}）：")
        if len(self.faults) > FAULTS_SHOWN:
            left = f"{len(self.faults) - FAULTS_SHOWN:,} 处{and_more}"
            lines.append(f"……还有 {left}，改好后再导入会继续列出")
        super().__init__("\n".join(lines))


# What else may be wrong with the rows that are right in themselves.
Also = Callable[[RegionFiles], Iterable[Fault]]


def read_region_files(
    paths: Iterable[Path], progress: Progress, also: Also = lambda _: ()
) -> RegionFiles:
    """The regions in several files, which may refer to each other and overlap.

    Args:
        paths: UTF-8 CSV files, with or without a byte order mark, with columns code and name.
        also: finds further faults, to be named with these in one round.

    Raises RegionFilesInvalid (422) naming all faults: bytes that are not UTF-8, missing columns,
    codes that are none, names empty or too long, one code with two names.
    """
    found = RegionFiles()
    faults: list[Fault] = []
    for path in paths:
        faults += _read_file(path, found, progress)
        if len(faults) > MOST_FAULTS:
            break
    return _settled(found, faults, also)


def read_region_content(
    name: str, content: bytes, progress: Progress, also: Also = lambda _: ()
) -> RegionFiles:
    """The regions in one file that is at hand, as `read_region_files`.

    Args:
        name: what the faults call it.

    Raises RegionFilesInvalid (422).
    """
    found = RegionFiles()
    return _settled(found, _read_content(name, content, found, progress), also)


def _settled(found: RegionFiles, faults: list[Fault], also: Also) -> RegionFiles:
    if len(faults) <= MOST_FAULTS:
        faults = [*faults, *also(found)]
    if not faults:
        return found
    files: dict[str, int] = {}
    for fault in faults:
        files.setdefault(fault.place.file, len(files))
    raise RegionFilesInvalid(
        sorted(faults, key=lambda fault: (files[fault.place.file], fault.place.row))
    )


def _read_file(path: Path, found: RegionFiles, progress: Progress) -> list[Fault]:
    whole = Place(str(path), 0)
    try:
        # A pipe or a device may never come to an end.
        if path.exists() and not path.is_file() and not path.is_dir():
            return [Fault(whole, None, "不是普通文件，请给出 CSV 文件")]
        with path.open("rb") as file:
            content = file.read(MOST_FILE_BYTES + 1)
    except OSError as error:
        return [Fault(whole, None, _unreadable(error))]
    if len(content) > MOST_FILE_BYTES:
        return [Fault(whole, None, f"超过 {MOST_FILE_BYTES // 1_000_000} MB，请分成几个文件")]
    return _read_content(path.name, content, found, progress)


def _read_content(name: str, content: bytes, found: RegionFiles, progress: Progress) -> list[Fault]:
    if content.startswith(_WORKBOOKS):
        return [Fault(Place(name, 0), None, "这是 Excel 工作簿，请另存为「CSV UTF-8」")]
    reader = _FileReader(name, found, progress)
    try:
        return reader.read(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
    wrong = Fault(Place(name, row), None, "不是 UTF-8 编码，请另存为「CSV UTF-8」")
    try:  # what Excel writes by default, so that its other faults are named too
        text = content.decode("utf-16" if content.startswith(_UTF_16) else "gb18030")
    except UnicodeDecodeError:
        return [wrong]
    return [wrong, *reader.read(text)]


def _unreadable(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "找不到这个文件"
    if isinstance(error, IsADirectoryError):
        return "这是文件夹，请给出 CSV 文件"
    return "无法读取这个文件，请检查权限"


class _FileReader:
    """Reads one file's rows into what was found before it."""

    def __init__(self, name: str, found: RegionFiles, progress: Progress) -> None:
        self._name, self._found, self._progress = name, found, progress
        self._faults: list[Fault] = []
        self._first: list[str] = []
        # The index of each of our columns; None until the header is found, none where it can't be.
        self._columns: dict[str, int] | None = None
        self._width = 0

    def read(self, text: str) -> list[Fault]:
        total = text.count("\n")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        row = rows_read = 0
        try:
            for row, cells in enumerate((list(map(one_line, row)) for row in reader), start=1):
                if self._columns is None:
                    self._look_for_header(row, cells)
                    if row == HEAD_ROWS and self._columns is None:
                        break
                elif any(cells):
                    rows_read += 1
                    self._row(Place(self._name, row), cells, self._columns)
                if len(self._faults) > MOST_FAULTS or self._columns == {}:
                    break
                if row % REPORT_EVERY == 0:
                    self._progress(f"读取 {self._name}", row, total)
        except csv.Error:
            self._fault(Place(self._name, row + 1), None, "引号不配对或单元格过长，无法识别")
        if row and self._columns is None:
            self._no_header()
        if not rows_read and not self._faults:
            self._fault(Place(self._name, 0), None, "没有数据，至少要有表头和一行地区")
        self._progress(f"读取 {self._name}", total, total)
        return self._faults

    def _fault(self, place: Place, column: str | None, message: str) -> None:
        self._faults.append(Fault(place, column, message))

    def _look_for_header(self, row: int, cells: list[str]) -> None:
        """Take the row for the header if it is one: row 1 with some of our columns, or one with
        all of them below a title, which is a fault. Without a column the others are read."""
        place = Place(self._name, 1)
        names = [cell.lower() for cell in cells]
        if row == 1:
            self._first = cells
            if len(cells) > MOST_COLUMNS:
                self._fault(place, None, f"有 {len(cells)} 列，最多 {MOST_COLUMNS} 列")
                self._columns = {}
                return
        there = [column for column in _COLUMNS if column in names]
        if not there or (row > 1 and len(there) < len(_COLUMNS)):
            return
        if row > 1:
            self._fault(
                place, None,
                f"第一行应是表头，这里表头在第 {row} 行。"
                "请删去上面的标题行（有合并的单元格先取消合并）",
            )  # fmt: skip
        for column in _COLUMNS:
            if names.count(column) > 1:
                self._fault(place, column, "有重复的列")
            elif column not in names:
                self._fault(place, column, _missing(names))
        self._width = len(cells)
        columns = {column: names.index(column) for column in there if names.count(column) == 1}
        # A row's faults are named in the order of its cells.
        self._columns = dict(sorted(columns.items(), key=lambda item: item[1]))
        others = [
            _shown(cell)
            for cell, name in zip(cells, names, strict=True)
            if name and name not in _COLUMNS
        ]
        if others:
            self._found.notices.append(f"{self._name}：其他列未导入：{''.join(others)}")

    def _no_header(self) -> None:
        filled = [cell for cell in self._first if cell]
        if len(filled) == 1 < len(self._first):
            title = f"第一行只有{_shown(filled[0])}，像是合并的单元格"
            message = f"{title}。请取消合并或删去，第一行写表头 code 和 name"
            self._fault(Place(self._name, 1), None, message)
            return
        for column in _COLUMNS:
            self._fault(Place(self._name, 1), column, _missing(self._first))

    def _row(self, place: Place, cells: list[str], columns: dict[str, int]) -> None:
        if len(cells) > self._width:
            self._fault(place, None, "单元格比表头多，含逗号的名称请加英文双引号")
            return
        cells = cells + [""] * (self._width - len(cells))
        told = {column: cells[index] for column, index in columns.items()}
        if "code" in told:
            # As an input method for Chinese types digits.
            told["code"] = unicodedata.normalize("NFKC", told["code"])
        wrong = {column: why for column, cell in told.items() if (why := _FAULT_OF[column](cell))}
        for column, why in wrong.items():
            self._fault(place, column, why)
        if "code" in told and "code" not in wrong:
            self._found.codes.add(told["code"])
        if not wrong and len(told) == len(_COLUMNS):
            self._keep(RegionRow(told["code"], told["name"], place))

    def _keep(self, row: RegionRow) -> None:
        before = self._found.rows.setdefault(row.code, row)
        if before.name != row.name:
            self._fault(
                row.place,
                "code",
                f"代码 {row.code} 在 {before.place} 已是「{before.name}」，这里是「{row.name}」",
            )


def _code_fault(code: str) -> str | None:
    if not code:
        return "不能为空"
    if not _CODE.fullmatch(code):
        return f"{_shown(code)}应全是数字（表格软件请把这一列设为文本）"
    if len(code) not in CODE_LENGTHS:
        return f"{_shown(code)}有 {len(code)} 位，应为 2、4、6、9 或 12 位"
    return None


def _name_fault(name: str) -> str | None:
    if not name:
        return "不能为空"
    if len(name) > NAME_LENGTH:
        return f"有 {len(name)} 个字，最多 {NAME_LENGTH} 个字"
    return None


_FAULT_OF = {"code": _code_fault, "name": _name_fault}


def _missing(header: list[str]) -> str:
    blank = "；表头里有空的单元格，像是合并过，请取消合并" if "" in header else ""
    return f"缺少这一列（第一行应是表头）{blank}"


def _shown(cell: str) -> str:
    """A cell in a message."""
    return f"「{cell[:20]}」"
