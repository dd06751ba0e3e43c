"""How the console says times and numbers. States and kinds are said by their features."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from backend.activities.words import quoted
from backend.core import clock
from backend.core.dates import day, moment, period, time_of_day
from backend.core.jobs import JobsStandStill


def short_moment(instant: datetime) -> str:
    """11-24 09:05:33, for tables with many times; with the year where it is not this one."""
    at = instant.astimezone(clock.SHANGHAI)
    year = "" if at.year == clock.today().year else f"{at.year}-"
    return f"{year}{at:%m-%d %H:%M:%S}"


def seconds(instant: datetime) -> str:
    """:05, to follow a moment where it matters."""
    return f":{instant.astimezone(clock.SHANGHAI):%S}"


def file_size(size: int) -> str:
    """35 KB; 1.2 MB"""
    return f"{max(1, round(size / 1024))} KB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


def last_day(end: datetime) -> str:
    """The last day before an end that is a midnight: 11月24日 周二."""
    return day(clock.local_day(end - timedelta(microseconds=1)))


def number(value: float | None) -> str:
    """1,234; 「–」 where there is none."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def percent(share: float | None) -> str:
    """93.5%; 「–」 where there is none."""
    return "–" if share is None else f"{100 * share:.1f}%"


def yuan(value: float | Decimal | None) -> str:
    """1,234 元； 5,798.0 万元 from a million on; 「–」 where there is none."""
    if value is None:
        return "–"
    return f"{value / 10_000:,.1f} 万元" if value >= 1_000_000 else f"{value:,.0f} 元"


def hours(minutes: int | None) -> str:
    """12.5 of so many minutes; 「–」 where there are none."""
    return "–" if minutes is None else f"{minutes / 60:,.1f}"


def local_input(instant: datetime | str | None) -> str:
    """A value for <input type="datetime-local">, in Shanghai."""
    if instant is None or isinstance(instant, str):
        return instant or ""
    return instant.astimezone(clock.SHANGHAI).strftime("%Y-%m-%dT%H:%M")


FILTERS: dict[str, Any] = {
    "moment": moment,
    "day": day,
    "last_day": last_day,
    "short_moment": short_moment,
    "seconds": seconds,
    "file_size": file_size,
    "time_of_day": time_of_day,
    "number": number,
    "percent": percent,
    "yuan": yuan,
    "hours": hours,
    "local_input": local_input,
    "quoted": quoted,
}
TITLES: dict[str, Any] = {"period": period, "JOBS_STAND_STILL": JobsStandStill.title}
