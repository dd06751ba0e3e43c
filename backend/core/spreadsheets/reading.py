"""Excel files from offices, read with the address of every cell by a process of its own
(workbook_reader.py, docs/adr/0022).

Of a formula counts what Excel last showed, which is what people have seen.
"""

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from pathlib import Path
from typing import Any

from backend.core.errors import AppError, ValidationFailed
from backend.core.spreadsheets.workbook_reader import address_of

_log = logging.getLogger(__name__)
_READER = Path(__file__).with_name("workbook_reader.py")
# Files that a process reads at once, so that what its readers may take together is bounded too;
# how long another waits for its turn; and how long reading may take by the clock on the wall.
_turns = threading.BoundedSemaphore(2)
_WAIT_SECONDS, _READING_SECONDS = 5, 20


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
