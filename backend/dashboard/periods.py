"""The periods that a dashboard speaks of: everything, a year, a month; in Shanghai's days."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from backend.core import clock

_KEY = re.compile(r"(20\d\d)(?:-(0[1-9]|1[0-2]))?", re.ASCII)
ALL = "all"


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of whole days.

    Attributes:
        key: "all", "2026" or "2026-11".
        first, last: its first and last day; None for everything.
    """

    key: str
    first: date | None = None
    last: date | None = None

    @classmethod
    def of(cls, key: str) -> "Period":
        """The period with this key.

        Raises ValueError for a word that is none.
        """
        if key == ALL:
            return cls(ALL)
        match = _KEY.fullmatch(key)
        if match is None:
            raise ValueError("no period")
        year, month = int(match[1]), match[2]
        if month is None:
            return cls(key, date(year, 1, 1), date(year, 12, 31))
        first = date(year, int(month), 1)
        return cls(key, first, _next_month(first) - timedelta(days=1))

    @property
    def start(self) -> datetime | None:
        """Its first instant."""
        return clock.day_start(self.first) if self.first else None

    @property
    def end(self) -> datetime | None:
        """The first instant after it."""
        return clock.day_end(self.last) if self.last else None

    @property
    def is_month(self) -> bool:
        return len(self.key) == len("2026-11")

    @property
    def title(self) -> str:
        """2026年11月、2026年、全部时间."""
        if self.first is None:
            return "全部时间"
        return f"{self.first.year}年{self.first.month}月" if self.is_month else f"{self.key}年"


def month_of(day: date) -> Period:
    """The month that a day is in."""
    return Period.of(f"{day:%Y-%m}")


def this_year() -> Period:
    """The current year in Shanghai."""
    return Period.of(f"{clock.today():%Y}")


def months_back(last: date, count: int) -> list[Period]:
    """So many months up to the one of `last`, the earliest first."""
    months = []
    first = last.replace(day=1)
    for _ in range(count):
        months.append(month_of(first))
        first = (first - timedelta(days=1)).replace(day=1)
    return months[::-1]


def periods_touched(starts_at: datetime, ends_at: datetime) -> Iterator[str]:
    """The keys of all periods that something overlaps which lasts from `starts_at` until just
    before `ends_at`: the lists of the console mean the same by "in this period"."""
    first = clock.local_day(starts_at).replace(day=1)
    last = clock.local_day(ends_at - timedelta(microseconds=1))
    yield ALL
    yield from (str(year) for year in range(first.year, last.year + 1))
    while first <= last:
        yield f"{first:%Y-%m}"
        first = _next_month(first)


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)
