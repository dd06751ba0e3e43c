"""Where stalls stand: a plain grid of rows and places, written in words into `Stall.place`.

Residents read the words in the mini-program (第2排第3位); the console draws them as a plan. What
else is written there (东门左侧) stays as a note behind them.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from backend.activities.models import Stall

MOST = 12  # rows, and places in a row
_FEWEST_ROWS, _FEWEST_COLUMNS = 3, 6
_SPOT = re.compile(r"第(\d{1,2})排第(\d{1,2})位(?: (.*))?", re.ASCII | re.DOTALL)


class Spot(NamedTuple):
    """A place on the plan; both count from 1, the first row at the front."""

    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The stalls as they stand.

    Attributes:
        rows: the grid, front row first; None where nobody stands.
        off: stalls without a place on it, or where another stands already.
    """

    rows: list[list[Stall | None]]
    off: list[Stall]


def read_place(place: str | None) -> tuple[Spot | None, str]:
    """The spot in a stall's place, if it names one, and the note beside it."""
    found = _SPOT.fullmatch(place or "")
    if found is None:
        return None, place or ""
    spot = Spot(int(found[1]), int(found[2]))
    if not (1 <= spot.row <= MOST and 1 <= spot.column <= MOST):
        return None, place or ""
    return spot, found[3] or ""


def write_place(spot: Spot | None, note: str) -> str | None:
    """A stall's place in words; None where there is nothing to say."""
    if spot is None:
        return note or None
    return f"第{spot.row}排第{spot.column}位" + (f" {note}" if note else "")


def spots_of(stalls: Iterable[Stall]) -> dict[Spot, Stall]:
    """Who stands where; of two at one spot the first."""
    found: dict[Spot, Stall] = {}
    for stall in stalls:
        spot, _ = read_place(stall.place)
        if spot is not None:
            found.setdefault(spot, stall)
    return found


def plan_of(stalls: Sequence[Stall]) -> Plan:
    """The stalls on a grid with a free row at the back and a free place at the end, while it may
    still grow."""
    spots = spots_of(stalls)
    rows = max((spot.row for spot in spots), default=0)
    columns = max((spot.column for spot in spots), default=0)
    height = min(MOST, max(_FEWEST_ROWS, rows + 1))
    width = min(MOST, max(_FEWEST_COLUMNS, columns + 1))
    placed = {stall.id for stall in spots.values()}
    return Plan(
        [
            [spots.get(Spot(row, column)) for column in range(1, width + 1)]
            for row in range(1, height + 1)
        ],
        [stall for stall in stalls if stall.id not in placed],
    )


def free_spots(stalls: Sequence[Stall]) -> list[Spot]:
    """The spots that are free, in reading order, on a grid as wide as it is usually drawn."""
    taken = spots_of(stalls)
    every = (Spot(row, column) for row in range(1, MOST + 1) for column in range(1, 7))
    return [spot for spot in every if spot not in taken]
