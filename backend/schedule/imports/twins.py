"""Which rows of a file say the same as another, or as an activity that there is; and which may."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.activities.words import quoted
from backend.schedule import calendar
from backend.schedule.imports.plans import PlannedRow
from backend.schedule.reading import columns
from backend.schedule.reading.rows import Note


def find_twins(session: Session, rows: Sequence[PlannedRow], made: Collection[UUID]) -> None:
    """Note rows that say the same as another, or as an activity that there is; and what else
    takes place in the same region on the same day. Of two that are one activity and say different
    things of it the later is blamed.

    Args:
        made: the activities that other rows of the file have become.
    """
    whole = [planned for planned in rows if planned.region and planned.starts_at]
    region_ids = {planned.region.id for planned in whole if planned.region}
    days = {planned.row.values[columns.DAY] for planned in whole}
    planned_already = calendar.taking_place(session, region_ids, days)
    seen: dict[Any, PlannedRow] = {}
    that_day: dict[Any, list[PlannedRow]] = defaultdict(list)
    for planned in whole:
        assert planned.region is not None
        values = planned.row.values
        place = (planned.region.id, values[columns.DAY])
        others = planned_already.get(place, [])
        same = (values.get(columns.PROGRAMME), planned.title, planned.starts_at)
        if (first := seen.setdefault((place, same), planned)) is not planned:
            _compare(planned, first)
        elif any((one.programme, one.title, one.starts_at) == same for one in others):
            planned.exists = True
        else:
            _note_neighbours(planned, others, that_day[place], made)
            that_day[place].append(planned)


def _compare(planned: PlannedRow, first: PlannedRow) -> None:
    """Say of a row that is one activity with an earlier one whether they differ."""
    number = first.row.number
    if differing := _differing(first, planned):
        words = f"与第 {number} 行是同一场，{differing}却不同，请改成一样或删去一行"
        planned.blame(differing, words)
    else:
        planned.same_as = number
        planned.notes.append(Note(columns.TITLE, f"与第 {number} 行完全相同，只建一场"))


def _note_neighbours(
    planned: PlannedRow,
    others: Sequence[Any],
    rows: Sequence[PlannedRow],
    made: Collection[UUID],
) -> None:
    """Note what else is in a row's region on its day, and doubt the row where that may be the same.

    Args:
        others: activities that there are.
        rows: earlier ones of the file. Within it two names are two activities; what was planned
            elsewhere may have been given another name since.
        made: of the others, those that are of this file.
    """
    elsewhere = [one for one in others if one.id not in made]
    if twin := next((one for one in elsewhere if _may_be_one(planned, one, one.programme)), None):
        words = f"排期里已有同一时间的{quoted(twin.title)}，像是同一场"
        planned.doubts.append(Note(columns.TITLE, words))
        return
    for row in rows:
        programme = row.row.values.get(columns.PROGRAMME)
        if row.title == planned.title and _may_be_one(planned, row, programme):
            words = f"与第 {row.row.number} 行名称相同、时间重叠，像是同一场"
            planned.doubts.append(Note(columns.TITLE, words))
            return
    if others:
        words = f"当天该社区已有{quoted(others[0].title)}"
        planned.notes.append(Note(columns.DAY, words))
    elif rows:
        words = f"与第 {rows[0].row.number} 行同一天、同一社区"
        planned.notes.append(Note(columns.DAY, words))


def _may_be_one(planned: PlannedRow, other: Any, programme: Any) -> bool:
    """Whether another of the same region is of the same programme, and at the same time.

    Args:
        other: with `starts_at` and `ends_at`.
    """
    assert planned.starts_at is not None
    assert planned.ends_at is not None
    return bool(
        programme == planned.row.values.get(columns.PROGRAMME)
        and other.starts_at < planned.ends_at
        and planned.starts_at < other.ends_at
    )


def _differing(first: PlannedRow, second: PlannedRow) -> str | None:
    """The first column in which two rows of one activity differ."""
    one, other = first.row.values, second.row.values
    where = (columns.COMMUNITY, columns.TOWN)
    compared = [column for column in columns.COLUMNS if column not in where]
    return next((column for column in compared if one.get(column) != other.get(column)), None)
