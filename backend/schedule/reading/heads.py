"""Where in a sheet the head of its table is, and which of our columns stands where."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from backend.activities.words import PROGRAMMES
from backend.core.spreadsheets.reading import Cell, NotASpreadsheet, ReadSheet
from backend.core.spreadsheets.values import as_text
from backend.schedule.reading.columns import (
    COLUMNS,
    COMMUNITY,
    DAY,
    ENDS,
    KIND,
    PREFERRED,
    PROGRAMME,
    REMARK,
    STARTS,
    TITLE,
    TOWN,
    VENUE,
    bare,
    meant,
)

# Above the head there may stand so much, and so many of our columns make one.
_WITHIN, _LEAST = 30, 3


@dataclass(frozen=True, slots=True)
class Head:
    """A table's head.

    Attributes:
        first, last: its rows: one or two.
        columns: where each of ours stands, in the sheet's order.
        unused: headings that mean none of ours, and where each stands.
    """

    first: int
    last: int
    columns: Mapping[str, int]
    unused: Mapping[str, int]


def find_head(sheet: ReadSheet) -> Head | None:
    """The head of a sheet's table; None where it has no table of activities.

    Raises NotASpreadsheet (422) where a column stands twice.
    """
    candidates = [one for number in sorted(sheet.rows)[:_WITHIN] for one in _from(sheet, number)]
    # Of one line rather than of two, where the second says no more.
    first, last, cells = max(
        candidates,
        key=lambda one: (len(_known(one[2])), one[0] - one[1], -one[0]),
        default=(0, 0, {}),
    )
    if not _is_head(_known(cells)):
        return None
    while _repeats(sheet, last):
        last += 1
    placed = _placed(cells)
    _reconsider(sheet, last, placed)
    used = {at for column, at in placed.items() if column != REMARK}
    unused = {as_text(cell.value): at for at, cell in cells.items() if at not in used}
    in_order = dict(sorted(placed.items(), key=lambda item: item[1]))
    return Head(first, last, in_order, {words: at for words, at in unused.items() if words})


def _from(sheet: ReadSheet, number: int) -> Iterable[tuple[int, int, dict[int, Cell]]]:
    """What may be a head from a row on: its rows, and its cells by column."""
    yield number, number, dict(sheet.rows[number])
    if number + 1 in sheet.rows:
        yield number, number + 1, _both(sheet, number)


def _repeats(sheet: ReadSheet, number: int) -> bool:
    """Whether the next row is but the lower part of merged cells."""
    below = sheet.rows.get(number + 1, {})
    above = sheet.rows[number]
    return bool(below) and all(
        cell.merged and at in above and above[at].value == cell.value for at, cell in below.items()
    )


def _known(cells: Mapping[int, Cell]) -> set[str]:
    return {column for cell in cells.values() if (column := _meant(cell))}


def _is_head(known: set[str]) -> bool:
    ours = known & set(COLUMNS)
    return (
        len(ours) >= _LEAST
        and bool(ours & {DAY, STARTS})
        and bool(ours & {TITLE, COMMUNITY, VENUE, TOWN})
    )


def _meant(cell: Cell) -> str | None:
    return meant(cell.value) if isinstance(cell.value, str) else None


def _both(sheet: ReadSheet, number: int) -> dict[int, Cell]:
    """A head of two lines as one: the lower line says what the upper one leaves open."""
    upper, lower = sheet.rows[number], sheet.rows[number + 1]
    both = {}
    for column in sorted({*upper, *lower}):
        above, below = upper.get(column), lower.get(column)
        if above is None or below is None:
            both[column] = above or below
        elif _meant(below) or above.value == below.value:
            both[column] = below
        else:
            whole = Cell(below.address, f"{as_text(above.value)}{as_text(below.value)}")
            both[column] = whole if _meant(whole) else below
    return {column: cell for column, cell in both.items() if cell is not None}


def _placed(cells: Mapping[int, Cell]) -> dict[str, int]:
    placed: dict[str, int] = {}
    for at, cell in sorted(cells.items()):
        column = _meant(cell)
        if column is None:
            continue
        if column == STARTS and cell.merged and placed.get(STARTS) == at - 1:
            # 「时间」 over two columns: from and until.
            placed.setdefault(ENDS, at)
        elif column not in placed:
            placed[column] = at
        elif not cell.merged:
            _choose(placed, column, cells, at)
    return placed


def _choose(placed: dict[str, int], column: str, cells: Mapping[int, Cell], at: int) -> None:
    """Of two headings that mean the same column, the one that says it better."""
    first, second = (bare(as_text(cells[one].value)) for one in (placed[column], at))
    if first == second:
        raise NotASpreadsheet(f"「{as_text(cells[at].value)}」这一列出现了两次，请删去一列")
    wanted = PREFERRED.get(column, ())
    ranks = [wanted.index(one) if one in wanted else len(wanted) for one in (first, second)]
    other = at
    if ranks[1] < ranks[0]:
        other, placed[column] = placed[column], at
    if column == COMMUNITY:
        # 地区 beside 社区 is the town.
        placed.setdefault(TOWN, other)


def _reconsider(sheet: ReadSheet, last: int, placed: dict[str, int]) -> None:
    """「项目」 may be the programme or the title, 「类别」 the programme or a kind: what stands in
    the column tells."""

    def has_programmes(column: str) -> bool:
        cells = (row.get(placed[column]) for number, row in sheet.rows.items() if number > last)
        texts = (as_text(cell.value) for cell in cells if cell)
        return any(word in text for text in texts for word in PROGRAMMES.values())

    if PROGRAMME in placed and TITLE not in placed and not has_programmes(PROGRAMME):
        placed[TITLE] = placed.pop(PROGRAMME)
    if KIND in placed and PROGRAMME not in placed and has_programmes(KIND):
        placed[PROGRAMME] = placed.pop(KIND)
