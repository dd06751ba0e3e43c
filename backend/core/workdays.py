"""Which days are worked: a year's holidays and the weekend days worked for them are published by
the State Council (config/workdays.toml); beyond that, Monday to Friday."""

from datetime import date, timedelta
from functools import cache

from backend.core.config import load

_SATURDAY = 5


def is_workday(day: date) -> bool:
    """Whether offices are open on a day."""
    off, on = _of_year(day.year)
    return day in on or (day.weekday() < _SATURDAY and day not in off)


def workdays_on(day: date, count: int) -> date:
    """The last of the `count` working days that follow a day."""
    while count > 0:
        day += timedelta(days=1)
        count -= is_workday(day)
    return day


def workdays_until(today: date, day: date) -> int:
    """How many working days follow `today`, up to and with `day`."""
    return sum(is_workday(today + timedelta(days=n + 1)) for n in range((day - today).days))


@cache
def _of_year(year: int) -> tuple[frozenset[date], frozenset[date]]:
    """The holidays of a year, and its weekend days that are worked; none where they are not
    published."""
    published = load("workdays").get(str(year), {"holidays": [], "workdays": []})
    off = {
        first + timedelta(days=n)
        for first, last in published["holidays"]
        for n in range((last - first).days + 1)
    }
    return frozenset(off), frozenset(published["workdays"])
