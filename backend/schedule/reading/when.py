"""Days and times as people write them: 2026年12月5日, 12月9日（周三）, 9:00-11:30, 下午2点半.

What is clear is understood, and nothing is guessed: where two things may be meant, or a weekday
contradicts its day, the answer is what may be meant.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from backend.core.spreadsheets.values import narrowed
from backend.schedule.reading.said import Near, Said, Unclear

_FIRST_SERIAL, _LAST_SERIAL = 36526, 73050  # 2000-01-01 and 2099-12-31, as Excel counts days
_EXCELS_ZERO = date(1899, 12, 30)
_SECONDS = 86_400
_NOT_A_DAY = "应为日期，如 2026-05-01"
_NOT_A_TIME = "应为时间，如 9:00"
_NO_SUCH_DAY, _NO_SUCH_TIME = "没有这个日期", "没有这个时间"

_DIGITS = {char: str(value) for value, char in enumerate("〇一二三四五六七八九")} | {"零": "0"}
_WEEKDAYS = "一二三四五六日"
# Numbers in Chinese where a unit follows; 周一 and 星期二 are left alone.
_CHINESE_NUMBER = re.compile(r"(?<![周期拜])([〇零一二三四五六七八九十]+)(?=[年月日号点时分刻])")
_DASHES = re.compile(r"\s*(?:[\u2010-\u2015\u2212~〜-]+|至|到)\s*")
_SPACES_WITHIN = re.compile(r"\s*([:/.(),;]|[年月日号点时分刻、])\s*")
_SEMICOLON = re.compile(r"(?<=\d);(?=\d\d)")

_YEAR = r"(?P<year>20\d\d|[2-4]\d)"
_WHOLE = re.compile(rf"{_YEAR}[./年-](?P<month>\d{{1,2}})[./月-](?P<day>\d{{1,2}})(?![\d:])[日号]?")
_EIGHT = re.compile(r"(?P<year>20\d\d)(?P<month>\d\d)(?P<day>\d\d)(?!\d)")
_MONTH_DAY = re.compile(r"(?P<month>\d{1,2})月(?P<day>\d{1,2})(?![\d:点时])[日号]?")
_SHORT = re.compile(r"(?P<month>\d{1,2})[./](?P<day>\d{1,2})(?![\d:点时./])[日号]?")
_DASHED = re.compile(r"(?P<month>\d{1,2})-(?P<day>\d{1,2})(?![\d:点时./日号-])")
# 05-03 11:30: a time follows, so that it is no time itself.
_SHORT_BEFORE_TIME = re.compile(r"(?P<month>\d{1,2})[./-](?P<day>\d{1,2})(?=\s\d{1,2}[:点时])")
_DAY_ALONE = re.compile(r"(?P<day>\d{1,2})[日号]")
_UNTIL_DAY = re.compile(r"(?P<day>\d{1,2})(?![\d:点时月./])[日号]?")
_WEEKDAY = re.compile(rf"\s*\(?(?:星期|周|礼拜)([{_WEEKDAYS}天])\)?")
_COUNT = re.compile(r"\(?共?\d+天\)?")
_MORE_DAYS = re.compile(r"[、,/;及和]\s*\d{1,2}(?:[月日号./]|$)")

_PERIOD = "凌晨|清晨|早上|早晨|早|上午|中午|下午|午后|傍晚|晚上|晚|夜里|夜间|am|pm"
_LATE = {"下午", "午后", "傍晚", "晚上", "晚", "夜里", "夜间", "pm"}
_EARLY_HOURS = {"凌晨"}
_TIME = re.compile(
    rf"(?P<period>{_PERIOD})?\s*(?P<hour>\d{{1,2}})"
    r"(?:(?P<unit>[:点时.])(?:(?P<half>半)|(?P<quarter>[13])刻|整|(?P<minute>\d{1,2})分?"
    r"(?::\d{1,2}(?:\.\d+)?)?)?钟?)?"
    r"(?:\s*(?P<after>am|pm))?(?:整|起|开始|左右|前|正式开始|结束|止)*"
)
_EACH_DAY = re.compile(r"^(?:每天|每日|均为|时间:?)+")
_PERIOD_AFTER = re.compile(rf"^(.*?)\(({_PERIOD})\)$")
# 次日1:00, and midnight as the end of a day: 24:00.
_NEXT_DAY = re.compile(r"(?:次日|次晨|翌日|第二天|第二日|隔天)|(?<![\d:.点时])24(?=[:点时]|$)")
_BETWEEN_SESSIONS = re.compile(r"[,、;/]|及|和|\s+(?=[上中下晚])")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
# 9.30: a time, where 0.375 is a share of a day.
_POINTED = re.compile(r"(?!0\.)\d{1,2}\.\d\d")


def said_in(value: Any, near: Near, *, days: bool) -> Said:
    """What a cell says of days and times.

    Args:
        value: Excel's own day or time, a number, or text.
        near: what helps with a day that is not whole.
        days: whether a day is expected rather than a time: 12.9 is one then.

    Raises Unclear.
    """
    expected = _NOT_A_DAY if days else _NOT_A_TIME
    if isinstance(value, datetime):
        at = _to_the_minute(value.time())
        return Said(value.date(), starts=at if at != time.min else None)
    if isinstance(value, time):
        if days:
            raise Unclear(_NOT_A_DAY)
        return Said(starts=_to_the_minute(value))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _of_number(value, days=days)
    if not isinstance(value, str):
        raise Unclear(expected)
    text = _plain(value)
    if _NUMBER.fullmatch(text) and not (_SHORT if days else _POINTED).fullmatch(text):
        return _of_number(float(text), days=days)
    said, rest = _days(text, near, days=days)
    if rest and not (days and said.first and re.fullmatch(_PERIOD, rest)):
        said = _with_times(said, rest, expected if said.first is None else _NOT_A_TIME)
    if days and said.first is None:
        raise Unclear(_NOT_A_DAY)
    return said


def _to_the_minute(at: time) -> time:
    """Never up: 23:59:59 is not the midnight before."""
    return at.replace(second=0, microsecond=0)


def _of_number(number: float, *, days: bool) -> Said:
    """A number whose format says nothing: how Excel counts days, or a share of one."""
    if _FIRST_SERIAL <= number < _LAST_SERIAL + 1:
        whole = int(number)
        at = _share(number - whole)
        return Said(_EXCELS_ZERO + timedelta(days=whole), starts=at if at != time.min else None)
    if days:
        text = str(int(number)) if float(number).is_integer() else str(number)
        if match := _EIGHT.fullmatch(text):
            return Said(_day_of(match, None))
        raise Unclear(_NOT_A_DAY, _as_month_and_day(text))
    if 0 <= number < 1:
        return Said(starts=_share(number))
    if float(number).is_integer() and number < 24:
        raise Unclear(_NOT_A_TIME, [f"{int(number)}:00"])
    raise Unclear(_NOT_A_TIME)


def _share(part: float) -> time:
    """So much of a day on the clock, to the second as Excel shows it; then to the minute."""
    minutes = min(round(part * _SECONDS), _SECONDS - 1) // 60
    return time(*divmod(minutes, 60))


def _as_month_and_day(text: str) -> list[str]:
    """12.1 as a number was the first of December, or the tenth."""
    match = re.fullmatch(r"(1[0-2]|[1-9])\.([1-9]|[12]\d|3[01])", text)
    if match is None:
        return []
    month, day = match.groups()
    return [f"{month}月{one}日" for one in (day, f"{day}0") if int(one) <= 31]


# ---------------------------------------------------------------------------- text


def _plain(text: str) -> str:
    """Narrow, with one kind of dash, digits for numbers, and spaces only where they part."""
    text = narrowed(text.replace("\u2236", ":")).lower()
    text = " ".join(text.replace("t", " ").split()) if "-" in text else " ".join(text.split())
    text = _SEMICOLON.sub(":", text)
    text = _CHINESE_NUMBER.sub(lambda found: _number(found[1]), text)
    text = _DASHES.sub("-", text)
    return _SPACES_WITHIN.sub(r"\1", text)


def _number(chinese: str) -> str:
    """Digits for 二十五 and for 二〇二六."""
    if "十" not in chinese:
        return "".join(_DIGITS[char] for char in chinese)
    tens, _, ones = chinese.partition("十")
    return str(int(_DIGITS.get(tens, "1")) * 10 + int(_DIGITS.get(ones, "0")))


def _days(text: str, near: Near, *, days: bool) -> tuple[Said, str]:
    """The days at a text's beginning, and the rest of it."""
    patterns = [_WHOLE, _EIGHT, _MONTH_DAY]
    patterns += [_SHORT, _DASHED] if days else [_SHORT_BEFORE_TIME]
    if near.month:
        patterns.append(_DAY_ALONE)
    weekday = _WEEKDAY.match(text)
    start = weekday.end() if weekday else 0
    match = _first_match(patterns, text, start + (text[start : start + 1] == " "))
    if match is None:
        return Said(), text
    first = _day_of(match, near)
    position = _checked_weekday(text, match.end(), first, weekday)
    said = Said(first, year_added=not match.groupdict().get("year"))
    if text[position : position + 1] == "-":
        until = _first_match([*patterns, _UNTIL_DAY], text, position + 1)
        if until is not None:
            last = _day_of(until, near, after=first)
            position = _checked_weekday(text, until.end(), last, None)
            said = replace(said, last=last)
    if _MORE_DAYS.match(text, position):
        raise Unclear("写了不止一天，请每天写一行")
    if match := _COUNT.match(text, position):
        position = match.end()
    return said, text[position:].lstrip(" ,;").rstrip()


def _first_match(
    patterns: Sequence[re.Pattern[str]], text: str, position: int
) -> re.Match[str] | None:
    return next((found for one in patterns if (found := one.match(text, position))), None)


def _day_of(match: re.Match[str], near: Near | None, after: date | None = None) -> date:
    """The day that was written; without a year that of the title, or the coming one.

    Args:
        after: the first of several days: this is the last.
    """
    parts = match.groupdict()
    day = int(parts["day"])
    month = int(parts.get("month") or (after.month if after else (near and near.month) or 0))
    if year := parts.get("year"):
        return _date(int(year) + (2000 if len(year) == 2 else 0), month, day)
    assert near is not None
    if after is not None:
        found = _date(after.year, month, day)
        return found if found >= after else _date(after.year + 1, month, day)
    if near.year is not None:
        return _date(near.year, month, day)
    # The 29th of February is in eight years at the latest.
    for ahead in range(9):
        try:
            found = date(near.today.year + ahead, month, day)
        except ValueError:
            continue
        if found >= near.today:
            return found
    raise Unclear(_NO_SUCH_DAY)


def _date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise Unclear(_NO_SUCH_DAY) from None


def _checked_weekday(text: str, position: int, day: date, before: re.Match[str] | None) -> int:
    """Where the text goes on after a day's weekday.

    Raises Unclear for one that contradicts the day.
    """
    match = _WEEKDAY.match(text, position)
    for found in (before, match):
        if found:
            check_weekday(day, found[1])
    return match.end() if match else position


def check_weekday(day: date, written: str) -> None:
    """Raises Unclear where a day falls on another weekday than was written.

    Args:
        written: 一 to 六，日 or 天.
    """
    wanted = _WEEKDAYS.index(written.replace("天", "日"))
    if day.weekday() != wanted:
        near = (wanted - day.weekday() + 3) % 7 - 3
        raise Unclear(
            f"{day} 是周{_WEEKDAYS[day.weekday()]}，写的却是周{_WEEKDAYS[wanted]}",
            [day.isoformat(), (day + timedelta(days=near)).isoformat()],
        )


def weekday_in(text: str) -> str | None:
    """The weekday that a cell names: 一 to 日； None where it names none."""
    match = re.search(rf"[{_WEEKDAYS}天]", text)
    return match[0] if match else None


# ---------------------------------------------------------------------------- times


def _with_times(said: Said, text: str, expected: str) -> Said:
    """What was said, with the times in the rest of a text."""
    text = _EACH_DAY.sub("", text.strip())
    if match := _PERIOD_AFTER.match(text):
        text = match[2] + match[1]
    text, over = _NEXT_DAY.subn(lambda found: "0" if found[0] == "24" else "", text.strip("() "))
    sessions = [part.strip() for part in _BETWEEN_SESSIONS.split(text) if part.strip()]
    if len(sessions) > 1:
        ranges = [_range(part, expected, next_day=bool(over)) for part in sessions]
        if len(ranges) > 2 or any(len(one) > 1 for one in ranges):
            _refuse_sessions(ranges)
        found = [one[0] for one in ranges]
    else:
        found = _range(text, expected, next_day=bool(over))
    ends = found[1] if len(found) == 2 else None
    return replace(said, starts=found[0], ends=ends, next_day=bool(over))


def _refuse_sessions(ranges: Sequence[Sequence[time]]) -> None:
    times = [[f"{one:%H:%M}" for one in found] for found in ranges]
    choices = ["-".join(found) for found in times]
    if all(len(found) == 2 for found in times):
        choices.append(f"{times[0][0]}-{times[-1][1]}")
    raise Unclear("写了不止一个时段，请每个时段写一行", choices)


def _range(text: str, expected: str, *, next_day: bool) -> list[time]:
    """One or two times: from and until.

    Args:
        next_day: whether the end is of the day after.
    """
    matches = list(_times(text, expected))
    if len(matches) > 2:
        raise Unclear(expected)
    if all(match["unit"] is None for match in matches) and not any(
        match["period"] or match["after"] for match in matches
    ):
        raise Unclear(expected, _on_the_hour([match["hour"] for match in matches], next_day))
    hours = [_minutes(match) for match in matches]
    said = [match["period"] or match["after"] for match in matches]
    if len(hours) == 2 and said[0] in _LATE and not (said[1] or next_day) and hours[1] < hours[0]:
        hours[1] += 12 * 60
    if any(minutes >= 24 * 60 for minutes in hours):
        raise Unclear(_NO_SUCH_TIME)
    if not (any(said) or next_day):
        _refuse_twelve_hours(matches, hours)
    return [time(*divmod(minutes, 60)) for minutes in hours]


def _on_the_hour(hours: Sequence[str], next_day: bool) -> Sequence[str]:
    """9-11 as times: what may be meant, as far as that can be taken."""
    times = [f"{hour}:00" for hour in hours]
    if next_day:
        times[-1] = f"次日{times[-1]}"
    written = "-".join(times)
    try:
        said = _with_times(Said(), written, _NOT_A_TIME)
    except Unclear as unclear:
        return unclear.choices
    backwards = said.starts and said.ends and said.ends <= said.starts and not next_day
    return [] if backwards else [written]


def _times(text: str, expected: str) -> Iterator[re.Match[str]]:
    position = 0
    while position < len(text) or position == 0:
        match = _TIME.match(text, position)
        if match is None:
            raise Unclear(expected)
        if match["unit"] in (":", ".") and len(match["minute"] or "") != 2:
            raise Unclear(expected)
        yield match
        position = match.end()
        if position < len(text):
            between = re.compile(r"\s*-\s*|\s+").match(text, position)
            if between is None or between.end() == len(text):
                raise Unclear(expected)
            position = between.end()


def _minutes(match: re.Match[str]) -> int:
    """Of a day, as far as it was said which half of it is meant."""
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    period = match["period"] or match["after"]
    if match["half"]:
        minute = 30
    elif match["quarter"]:
        minute = int(match["quarter"]) * 15
    if hour > 24 or minute > 59:
        raise Unclear(_NO_SUCH_TIME)
    if hour < 12 and (period in _LATE or (period == "中午" and hour < 3)):
        hour += 12
    elif hour == 12 and (period in _EARLY_HOURS or period == "am"):
        hour = 0
    return hour * 60 + minute


def _refuse_twelve_hours(matches: Sequence[re.Match[str]], hours: Sequence[int]) -> None:
    """9:00-4:30 ends in the afternoon, and 2:30 is hardly at night: not without being asked. An
    end after noon has said which half it is of."""
    noon = 12 * 60
    late = list(hours)
    if len(hours) == 2 and hours[1] < noon and hours[1] <= hours[0] < hours[1] + noon:
        late[1] += noon
    elif all(hour < 6 * 60 for hour in hours) and all(len(one["hour"]) == 1 for one in matches):
        late = [hour + noon for hour in hours]
    if late != list(hours):
        choices = ["-".join(f"{one // 60:02}:{one % 60:02}" for one in times)
                   for times in (late, list(hours)) if sorted(times) == times]  # fmt: skip
        raise Unclear("是上午还是下午？请写成 24 小时，如 14:30", choices)
