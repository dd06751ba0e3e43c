"""What `make demo` prints: columns that stand under each other, also in Chinese."""

import io

import pytest

from backend.local.demo import plan
from backend.local.demo.show import Progress, table, width


class Terminal(io.StringIO):
    """A terminal that remembers."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("text", "columns"),
    [("", 0), ("abc", 3), ("义诊", 4), ("量血压、测血糖", 14), ("A(1)", 4), ("e\u0301", 1)],
)
def test_width_counts_a_chinese_character_twice(text: str, columns: int) -> None:
    assert width(text) == columns


def test_a_table_has_straight_columns() -> None:
    lines = table(("项目", "n"), [("义诊", "7"), ("phone class", "1,024")]).splitlines()
    assert lines == [
        "项目             n",
        "──────────────────",
        "义诊             7",
        "phone class  1,024",
    ]
    assert {width(line) for line in lines} == {18}


def test_progress_moves_on_a_terminal_and_leaves_a_clean_line() -> None:
    out = Terminal()
    progress = Progress(out)
    progress.live("签到：1")
    progress.live("签到：2")
    progress.say("签到：3")
    assert out.getvalue().split("\r\x1b[K") == ["", "… 签到：1", "… 签到：2", "签到：3\n"]


def test_progress_is_plain_lines_elsewhere() -> None:
    out = io.StringIO()
    progress = Progress(out)
    progress.live("签到：1")
    progress.say("签到：2")
    assert out.getvalue() == "签到：2\n"


def test_the_same_day_is_drawn_each_time() -> None:
    first = plan.draw(300)
    assert first == plan.draw(300)
    assert len(first.people) == 300
    assert len(first.guests) == 18


def test_a_drawn_day_has_all_that_a_market_day_has() -> None:
    people = plan.draw(2000).people
    assert {person.arrival for person in people} == set(plan.Arrival)
    assert {p.opinion.score for p in people if p.opinion} == {1, 2, 3, 4, 5}
    for trait in ("cancels", "scanned_again", "gives_up", "away_when_called", "repeats"):
        assert 0.01 < sum(getattr(person, trait) for person in people) / len(people) < 0.2
