"""Where stalls stand: a plain grid of rows and places, one stall on each.

Residents read it in words in the mini-program (第2排第3位 东门左侧, `Stall.place`); the console
draws it as a plan.
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
        off: stalls without a place on it.
    """

    rows: list[list[Stall | None]]
    off: list[Stall]


def read_place(words: str | None) -> tuple[Spot | None, str | None]:
    """The spot that somebody has written in words, if they name one, and the note beside it."""
    found = _SPOT.fullmatch(words or "")
    if found is None:
        return None, words or None
    spot = Spot(int(found[1]), int(found[2]))
    if not (1 <= spot.row <= MOST and 1 <= spot.column <= MOST):
        return None, words
    return spot, found[3] or None


def columns_of(spot: Spot | None) -> dict[str, int | None]:
    """A stall's columns that say where it stands; None: not on the plan."""
    row, column = spot or (None, None)
    return {"spot_row": row, "spot_column": column}


def spot_of(stall: Stall) -> Spot | None:
    """Where a stall stands on the plan, if it does."""
    if stall.spot_row is None or stall.spot_column is None:
        return None
    return Spot(stall.spot_row, stall.spot_column)


def spots_of(stalls: Iterable[Stall]) -> dict[Spot, Stall]:
    """Who stands where."""
    return {spot: stall for stall in stalls if (spot := spot_of(stall)) is not None}


def plan_of(stalls: Sequence[Stall]) -> Plan:
    """The stalls on a grid with a free row at the back and a free place at the end, while it may
    still grow."""
    spots = spots_of(stalls)
    rows = max((spot.row for spot in spots), default=0)
    columns = max((spot.column for spot in spots), default=0)
    height = min(MOST, max(_FEWEST_ROWS, rows + 1))
    width = min(MOST, max(_FEWEST_COLUMNS, columns + 1))
    return Plan(
        [
            [spots.get(Spot(row, column)) for column in range(1, width + 1)]
            for row in range(1, height + 1)
        ],
        [stall for stall in stalls if spot_of(stall) is None],
    )


def free_spots(stalls: Sequence[Stall]) -> list[Spot]:
    """The spots that are free, in reading order, on a grid as wide as it is usually drawn."""
    taken = spots_of(stalls)
    every = (Spot(row, column) for row in range(1, MOST + 1) for column in range(1, 7))
    return [spot for spot in every if spot not in taken]
