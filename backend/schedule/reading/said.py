"""What a cell says of days and times, what helps to understand it, and that it is not clear."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time


class Unclear(ValueError):
    """What can't be understood for certain.

    Args:
        words: why, and what to write instead.
        choices: what may be meant; each of them is understood.
    """

    def __init__(self, words: str, choices: Sequence[str] = ()) -> None:
        super().__init__(words)
        self.words, self.choices = words, tuple(choices)


@dataclass(frozen=True, slots=True)
class Near:
    """What is known of the days of a sheet before one is read.

    Attributes:
        today: the first day that is still to come.
        year, month: of all the sheet's days, as its title has them.
    """

    today: date
    year: int | None = None
    month: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What a cell says.

    Attributes:
        first, last: days; the last where it is another one.
        starts, ends: times of day.
        year_added: whether the year of its days is not written there.
        next_day: whether the end is of the day after.
    """

    first: date | None = None
    last: date | None = None
    starts: time | None = None
    ends: time | None = None
    year_added: bool = False
    next_day: bool = False
