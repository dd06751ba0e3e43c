"""Chinese text has full-width marks, and one word for 集市.

`python -m tests.marks` names each half-width mark beside a Chinese letter in the repository's text,
`python -m tests.marks --fix` rewrites them; tests/architecture/test_marks.py keeps it so
(docs/rules/look-and-words.md, Words).
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Letters, and the closing or opening marks that stand where a letter would.
_LETTER = "\u3400-\u4dbf\u4e00-\u9fff"
_BEFORE = f"[{_LETTER}\u300b\u300d\u300f\u3011\u201d\uff09]"
_AFTER = f"[{_LETTER}\u300a\u300c\u300e\u3010\u201c]"
# What may stand on the other side of a mark that belongs to Chinese: a number, a placeholder's end.
# A code of many digits is a cell's: what divides cells stays.
_JOINED = "[A-Za-z0-9_*}%>\uff09]"
# Files whose text isn't ours to write, that must stay as they once ran, or that are made of cells.
_LEFT_ALONE = re.compile(
    r"^backend/migrations/|/vendor/|^LICENSE$|package-lock\.json$|\.csv$"
    r"|^tests/(cli/test_regions_import|api/regions/test_import|concurrency/test_region_imports)\.py"
    r"|^tests/domain/test_(spreadsheets|workbook_reader)\.py"
)
# A line with a regular expression, a table's head, a drop-down's list or an address with a
# password: its marks are syntax.
_PATTERN = re.compile(r"\\d|\(\?[:=!]|code,name|formula1|' in choices|://[^/\s]+:[^/\s]+@")
_ENGLISH = re.compile(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}")
_WIDER = 0xFEE0  # Unicode's distance from an ASCII mark to its full-width form


def _widened(match: re.Match[str]) -> str:
    return chr(ord(match[0]) + _WIDER)


def mended(line: str) -> str:
    """The line with full-width marks in its Chinese, and 集市 for its other order.

    A bracket takes the width of the one that opens it. English that quotes Chinese keeps its own
    marks: where a space and a small letter follow, or where it breaks at the mark.
    """
    if line.isascii() or _PATTERN.search(line):
        return line
    english_end = "$| [0-9]" if _ENGLISH.search(line) else "(?!)"
    line = re.sub(rf"(?<={_BEFORE})[,:;?!](?! [a-z`]|(?<=!)\$|{english_end})", _widened, line)
    line = re.sub(rf"(?<={_BEFORE})\(", _widened, line)
    inside = rf"(?=[^()\"'`]*[{_LETTER}][^()\"'`]*\))"
    line = re.sub(rf"(?:(?<={_JOINED})|(?<=[^r]\"))\({inside}", _widened, line)
    line = _paired(line)
    line = re.sub(rf"(?<=\uff09)[,:;?!](?! [a-z]|{english_end})", _widened, line)
    line = re.sub(
        rf"(?:(?<={_JOINED})(?<![0-9]{{4}})(?<!ok)|(?<=[\"'`]))[,:;?!](?={_AFTER})", _widened, line
    )
    line = re.sub(rf"([\uff0c\uff1a\uff1b\uff1f\uff01]) (?={_AFTER})", r"\1", line)
    return re.sub("\u5e02\u96c6(?![\u4e2d\u5408\u4f53])", "\u96c6\u5e02", line)


def _paired(line: str) -> str:
    marks, opened = list(line), list[str]()
    for place, mark in enumerate(line):
        if mark in "(\uff08":
            opened.append(mark)
        elif mark in ")\uff09" and opened:
            marks[place] = ")" if opened.pop() == "(" else "\uff09"
    return "".join(marks)


def texts() -> Iterator[tuple[Path, str]]:
    """Each text file of the repository that we write, with what it holds."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if _LEFT_ALONE.search(name) or not path.is_file() or path.is_symlink():
            continue
        try:
            yield path, path.read_bytes().decode()
        except UnicodeDecodeError:
            continue


def main() -> int:
    """Name the lines that should be written otherwise, or rewrite them; 1 where any was left."""
    fix, left = "--fix" in sys.argv[1:], 0
    for path, text in texts():
        lines = text.splitlines(keepends=True)
        better = [mended(line) for line in lines]
        if fix and better != lines:
            path.write_bytes("".join(better).encode())
            continue
        for number, (line, new) in enumerate(zip(lines, better, strict=True), 1):
            if line != new:
                left += 1
                print(f"{path.relative_to(ROOT)}:{number}: {new.strip()}")
    return min(left, 1)


if __name__ == "__main__":
    sys.exit(main())
