"""Time: one source of "now", and the only place that knows which day it is.

Instants are aware datetimes in UTC. A *day* is a day in Asia/Shanghai, where all our
districts are; computing it anywhere else is how bookings end up on the wrong date.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The current instant, in UTC."""
    return datetime.now(UTC)


def local_day(instant: datetime) -> date:
    """The day in Shanghai on which an aware instant falls.

    Raises ValueError for a naive datetime.
    """
    if instant.tzinfo is None:
        raise ValueError("a naive datetime has no day")
    return instant.astimezone(SHANGHAI).date()


def today() -> date:
    """The current day in Shanghai."""
    return local_day(now())


def day_start(day: date) -> datetime:
    """The first instant of a Shanghai day, in UTC."""
    return datetime.combine(day, time.min, tzinfo=SHANGHAI).astimezone(UTC)


def day_end(day: date) -> datetime:
    """The first instant after a Shanghai day, in UTC."""
    return day_start(day + timedelta(days=1))


def day_within(instant: datetime, first: datetime, last: datetime) -> date:
    """The Shanghai day of an instant, clipped to the days from `first` to `last`."""
    return max(local_day(first), min(local_day(instant), local_day(last)))
