"""When a resource is free and what it needs, as people write it: said for pages and files, and
read from them as forgivingly as they are written."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, time, timedelta

from backend.core.spreadsheets.values import narrowed
from backend.resources.models import Equipment

# A list of days that is longer is no list of exceptions.
MOST_DAYS_OFF = 366
_WEEK = "一二三四五六日"
_SEPARATED = re.compile(r"[、,;/\s和及]+")
_DAYS_SEPARATED = re.compile(r"[、,;\s和及]+")
_TO = "[至到~—–-]+"
_NUMBERED = {**{name: number for number, name in enumerate(_WEEK, 1)}, "天": 7}
_WEEKDAY = f"(?:周|星期|礼拜)?([{_WEEK}天]+)"
_WEEKDAYS = re.compile(f"{_WEEKDAY}(?:{_TO}{_WEEKDAY})?")
_CALLED = {
    "每天": (), "不限": (), "都可以": (), "工作日": (1, 2, 3, 4, 5),
    "周末": (6, 7), "双休日": (6, 7), "周末双休": (6, 7),
}  # fmt: skip
_DAY = r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
_DAYS = re.compile(f"{_DAY}(?:[至到~—–]{_DAY})?")
_EQUIPMENT = {
    Equipment.POWER: ("电", "电源", "用电", "接电", "通电", "插座"),
    Equipment.WATER: ("水", "水源", "用水", "接水", "自来水"),
    Equipment.TABLE: ("桌子", "桌", "桌椅", "桌凳"),
    Equipment.SHADE: ("遮阳", "遮阳棚", "遮阳伞", "帐篷", "雨棚", "棚"),
}
_NOTHING = ("无", "没有", "不需要", "都不需要")


class Unreadable(ValueError):
    """What is written can't be told; its text says so to who wrote it."""


def say_weekdays(weekdays: Sequence[int]) -> str:
    """As people write them, 周一至周五 where they follow one another; empty for any day."""
    if len(weekdays) > 2 and weekdays[-1] - weekdays[0] == len(weekdays) - 1:
        return f"周{_WEEK[weekdays[0] - 1]}至周{_WEEK[weekdays[-1] - 1]}"
    return "、".join(f"周{_WEEK[number - 1]}" for number in weekdays)


def read_weekdays(written: str) -> tuple[int, ...]:
    """Days of the week, Monday is 1; none for any day.

    Raises Unreadable.
    """
    found: set[int] = set()
    for part in _parts(written):
        if part in _CALLED:
            found.update(_CALLED[part])
            continue
        matched = _WEEKDAYS.fullmatch(part)
        if matched is None:
            raise Unreadable(f"看不懂「{part}」，请写成「周六、周日」或「周一至周五」")
        found.update(_weekdays_of(matched[1], matched[2]))
    return tuple(sorted(found))


def _weekdays_of(first: str, last: str | None) -> Iterable[int]:
    numbers = [_NUMBERED[name] for name in first]
    if last is None:
        return numbers
    *alone, begin = numbers
    end = _NUMBERED[last[0]]
    days = range(begin, begin + (end - begin) % 7 + 1)
    return [*alone, *((day - 1) % 7 + 1 for day in days), *(_NUMBERED[one] for one in last[1:])]


def say_days(days: Sequence[date]) -> str:
    """2026-12-05、2026-12-24至2026-12-26"""
    return "、".join(
        str(first) if first == last else f"{first}至{last}" for first, last in _spans(days)
    )


def _spans(days: Sequence[date]) -> Iterator[tuple[date, date]]:
    """Days in order as first and last of those that follow one another."""
    begin = None
    for number, day in enumerate(days):
        begin = begin or day
        if number + 1 == len(days) or days[number + 1] != day + timedelta(days=1):
            yield begin, day
            begin = None


def read_days(written: str) -> tuple[date, ...]:
    """Days, alone or from one to another.

    Raises Unreadable.
    """
    found: set[date] = set()
    for part in _parts(written, _DAYS_SEPARATED):
        matched = _DAYS.fullmatch(part)
        if matched is None:
            raise Unreadable(f"看不懂「{part}」，请写成「2026-10-01」或「2026-10-01至2026-10-07」")
        first = _date(*matched.group(1, 2, 3))
        last = _date(*matched.group(4, 5, 6)) if matched[4] else first
        length = (last - first).days
        if not 0 <= length < MOST_DAYS_OFF:
            raise Unreadable(f"「{part}」的起止日期不对")
        found.update(first + timedelta(days=number) for number in range(length + 1))
    if len(found) > MOST_DAYS_OFF:
        raise Unreadable(f"最多 {MOST_DAYS_OFF} 天")
    return tuple(sorted(found))


def _date(year: str, month: str, day: str) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise Unreadable(f"没有「{year}-{month}-{day}」这一天") from None


def say_equipment(needed: Collection[str]) -> str:
    """电、桌子"""
    return "、".join(called[0] for one, called in _EQUIPMENT.items() if one in needed)


def read_equipment(written: str) -> tuple[Equipment, ...]:
    """What the place must have.

    Raises Unreadable.
    """
    found = set()
    for part in _parts(written):
        if part in _NOTHING:
            continue
        known = [one for one, called in _EQUIPMENT.items() if part in called]
        if not known:
            raise Unreadable(f"看不懂「{part}」，可以写：电、水、桌子、遮阳")
        found.update(known)
    return tuple(one for one in Equipment if one in found)


def say_time(of_day: time | None) -> str:
    """09:00"""
    return of_day.strftime("%H:%M") if of_day is not None else ""


def _parts(written: str, separated: re.Pattern[str] = _SEPARATED) -> list[str]:
    """What is written one after the other, narrow; a span keeps no spaces about its mark."""
    joined = re.sub(rf"\s*({_TO})\s*", r"\1", narrowed(written))
    return [part for part in separated.split(joined) if part]
