"""Time: one source of "now", and the only place that knows which day it is.

Instants are aware datetimes in UTC. A *day* is a day in Asia/Shanghai, where all our
districts are; computing it anywhere else is how bookings end up on the wrong date.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
# What lasts no longer than this is one day to those who come, though it may run past midnight.
ONE_SITTING = timedelta(hours=12)
_TICK = timedelta(microseconds=1)


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


def is_one_sitting(first: datetime, last: datetime) -> bool:
    """Whether an activity from `first` to `last` is one day to those who come."""
    return last - first <= ONE_SITTING


def day_within(instant: datetime, first: datetime, last: datetime) -> date:
    """The day of an activity to which an instant belongs: the Shanghai day, clipped to the days of
    the activity.

    What is over within half a day has one day, that of its beginning: whoever waits at a night
    market at midnight goes on waiting.

    Args:
        first, last: when the activity begins and ends; the end belongs to it no more.
    """
    begins = local_day(first)
    ends = begins if is_one_sitting(first, last) else local_day(last - _TICK)
    return max(begins, min(local_day(instant), ends))


def day_over_at(day: date, first: datetime, last: datetime) -> datetime:
    """The first instant after a day of an activity: midnight, and where the activity runs through
    that midnight, the next one after its end.

    Args:
        day: as `day_within` answers it.
    """
    if is_one_sitting(first, last):
        return max(day_end(day), day_end(local_day(last - _TICK)))
    return day_end(day)


def days_over(instant: datetime, first: datetime, last: datetime) -> bool:
    """Whether the last day of an activity is over by an instant, closed or not."""
    return instant >= day_over_at(day_within(instant, first, last), first, last)


def service_day(instant: datetime, first: datetime, last: datetime) -> date:
    """The day whose numbers are called at an instant: as `day_within`, and the instant's own, for
    which there are none, once the activity's days are over."""
    if days_over(instant, first, last):
        return local_day(instant)
    return day_within(instant, first, last)
