"""How dates and times are said to people, in words: on pages and in messages as they are read now,
without the year where it is this one; in files and titles, which are kept, with it (`dated`)."""

from datetime import date, datetime

from backend.core import clock

_WEEKDAYS = "一二三四五六日"


def moment(instant: datetime) -> str:
    """11月24日 周二 9:00"""
    at = instant.astimezone(clock.SHANGHAI)
    return f"{day(at.date())} {at.hour}:{at.minute:02}"


def day(of: date) -> str:
    """11月24日 周二; with the year where it is not this one."""
    year = "" if of.year == clock.today().year else f"{of.year}年"
    return f"{year}{of.month}月{of.day}日 周{_WEEKDAYS[of.weekday()]}"


def dated(of: date | datetime) -> str:
    """2026年11月24日; of an instant 2026年11月24日 9:00."""
    if isinstance(of, datetime):
        return f"{dated(clock.local_day(of))} {time_of_day(of)}"
    return f"{of.year}年{of.month}月{of.day}日"


def time_of_day(instant: datetime) -> str:
    """9:00"""
    at = instant.astimezone(clock.SHANGHAI)
    return f"{at.hour}:{at.minute:02}"


def period(start: datetime, end: datetime) -> str:
    """11月24日 周二 9:00–11:30; with the second day where there is one."""
    same = clock.local_day(start) == clock.local_day(end)
    return f"{moment(start)}–{time_of_day(end) if same else moment(end)}"
