"""When a row's activity takes place: its cells of days and times, read together."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

from backend.schedule.reading.columns import DAY, ENDS, LAST_DAY, STARTS
from backend.schedule.reading.rows import Note, ReadCell
from backend.schedule.reading.said import Near, Said, Unclear
from backend.schedule.reading.when import said_in


def read_times(
    written: Mapping[str, ReadCell], near: Near
) -> tuple[dict[str, ReadCell], list[Note], list[Note]]:
    """The cells of days and times with what they mean, what was concluded, and what is doubtful.

    A day may say its times, 9:00-11:30 both of them, and an end its own day: what another cell says
    counts where a cell of its own is empty.
    """
    cells = {column: written[column] for column in (DAY, STARTS, LAST_DAY, ENDS)}
    said: dict[str, Said] = {}
    for column in cells:
        if said.get(DAY, said.get(STARTS, Said())).first:
            # The end is of the day on which it began, or a coming one.
            begun = said.get(DAY, Said()).first or said[STARTS].first
            later = Near(begun or near.today) if column in (LAST_DAY, ENDS) else near
        else:
            later = near
        cells[column], said[column] = _said(cells[column], later, cells[DAY])
    day, starts, ends = said[DAY], said[STARTS], said[ENDS]
    first = day.first or starts.first
    if starts.first not in (None, first):
        cells[STARTS] = replace(cells[STARTS], fault="写着另一个日期，与「日期」不一样")
    if starts.next_day and not starts.ends:
        cells[STARTS] = replace(cells[STARTS], fault="开始时间不能写次日，请写开始那一天的日期")
    last = said[LAST_DAY].first or ends.last or ends.first or day.last or starts.last
    # Of the cell that says the end: another one's 次日 does not outlive a new end.
    end_said = ends if ends.ends or ends.starts else starts if starts.ends else day
    if first and last is None and end_said.next_day:
        last = first + timedelta(days=1)
    values: dict[str, Any] = {
        DAY: first,
        STARTS: starts.starts or day.starts,
        LAST_DAY: last if last != first else None,
        ENDS: ends.ends or ends.starts or starts.ends or day.ends,
    }
    doubts = list(_doubts(said, values))
    notes = list(_notes(said, values, asked=bool(doubts)))
    return _filled(cells, values), notes, doubts


def _said(cell: ReadCell, near: Near, day: ReadCell) -> tuple[ReadCell, Said]:
    """What a cell says, and the cell, blamed where that is not clear."""
    if cell.fault or cell.value is None:
        return cell, Said()
    # Where no cell has the day, 「时间」 may: 12月5日 9:00-11:30.
    tried = {DAY: [True], LAST_DAY: [True], STARTS: [False] if day.raw else [True, False]}
    first_problem: Unclear | None = None
    for days in tried.get(cell.column, [False]):
        try:
            return cell, said_in(cell.value, near, days=days)
        except Unclear as unclear:
            first_problem = first_problem or unclear
    assert first_problem is not None
    fault = replace(cell, fault=first_problem.words, choices=first_problem.choices)
    return fault, Said()


def _filled(cells: Mapping[str, ReadCell], values: Mapping[str, Any]) -> dict[str, ReadCell]:
    """The cells with their values; an empty one is missing unless one that is not clear may say
    what belongs there."""
    unclear_day = bool(cells[DAY].fault and not cells[STARTS].raw)
    unclear_start = bool(cells[STARTS].fault)
    excused = {
        DAY: unclear_start and not cells[DAY].raw,
        STARTS: unclear_day,
        ENDS: unclear_day or unclear_start,
        LAST_DAY: True,
    }
    filled = {}
    for column, cell in cells.items():
        value: date | time | None = None if cell.fault else values[column]
        missing = value is None and not cell.fault and not excused[column]
        filled[column] = replace(cell, value=value, fault="必填" if missing else cell.fault)
    return filled


def _doubts(said: Mapping[str, Said], values: Mapping[str, Any]) -> Iterator[Note]:
    """Days in one cell with the times of one: each of them, or from the first to the last? A
    column of its own for the last day has said so."""
    first, last, starts, ends = (values[one] for one in (DAY, LAST_DAY, STARTS, ENDS))
    if not (first and last and starts and ends) or said[LAST_DAY].first or ends <= starts:
        return
    if any(one.last == last for one in said.values()):
        days, times = (last - first).days + 1, f"{starts:%H:%M}–{ends:%H:%M}"
        yield Note(
            DAY,
            f"写着 {days} 天、{times}：是每天一场，还是一场从 {first} {starts:%H:%M} 一直到"
            f" {last} {ends:%H:%M}？每天一场的点「不导入」，在表格里每天写一行再上传；"
            "是一场的点「要导入」",
        )


def _notes(said: Mapping[str, Said], values: Mapping[str, Any], *, asked: bool) -> Iterator[Note]:
    first, last = values[DAY], values[LAST_DAY]
    if first and any(one.year_added and one.first == first for one in said.values()):
        yield Note(DAY, f"没有写年份，按 {first.year} 年")
    if first and last and not (asked or _is_overnight(values)):
        yield Note(DAY, f"从 {first} 到 {last}，按一场活动")


def _is_overnight(values: Mapping[str, Any]) -> bool:
    """Whether an activity of two days is but one that ends after midnight."""
    starts, ends = values[STARTS], values[ENDS]
    return bool(
        starts and ends and ends < starts and values[LAST_DAY] - values[DAY] == timedelta(days=1)
    )
