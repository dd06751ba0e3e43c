"""The repository's Chinese: full-width marks, one word for 集市 (python -m tests.marks --fix)."""

import re

import pytest

from backend.local.system import ROOT
from tests.marks import mended, texts


def test_chinese_has_full_width_marks_and_one_word_for_a_market() -> None:
    wrong = [
        f"{path}:{number}"
        for path, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if mended(line) != line
    ]
    assert not wrong, "python -m tests.marks --fix rewrites:\n" + "\n".join(wrong)


def test_dates_for_people_are_written_in_one_place() -> None:
    """In words, by core/dates.py; what a file's cell said is said as it stood there."""
    numbers = re.compile(r"[:{]%Y-%m-%d[ }]|strftime\(\"[^\"T]*%m-%d[^T]")
    found = {
        path.relative_to(ROOT / "backend").as_posix()
        for path in (ROOT / "backend").rglob("*.py")
        if numbers.search(path.read_text("utf-8"))
    }
    assert found == {"core/spreadsheets/values.py"}


@pytest.mark.parametrize(
    ("written", "better"),
    [
        ("\u60a8\u597d,\u8bf7\u8fdb", "\u60a8\u597d\uff0c\u8bf7\u8fdb"),
        ("\u9547(\u8857\u9053):", "\u9547\uff08\u8857\u9053\uff09\uff1a"),
        ("{n} \u4eba({m} \u4efd)", "{n} \u4eba\uff08{m} \u4efd\uff09"),
        ("A005,\u672a\u529e\u7406", "A005\uff0c\u672a\u529e\u7406"),
        ("`\u7b7e\u5230:${who}`", "`\u7b7e\u5230\uff1a${who}`"),
        ("\u5e02\u96c6 \u57ce\u5e02\u96c6\u4e2d", "\u96c6\u5e02 \u57ce\u5e02\u96c6\u4e2d"),
    ],
)
def test_what_a_mark_beside_chinese_becomes(written: str, better: str) -> None:
    assert mended(written) == better
    assert mended(better) == better


@pytest.mark.parametrize(
    "written",
    [
        "says \u300c\u662f\u5417\u300d, no more",
        r'"\d\u65e5?"',
        "=\u53ef\u9009\u9879!$A$2",
        '"\u540d": 1',
        "postgresql://wushe:\u53e3\u4ee4@127.0.0.1/wushe",
        "9:00, 12 (a)",
    ],
)
def test_english_code_and_patterns_keep_their_marks(written: str) -> None:
    assert mended(written) == written
