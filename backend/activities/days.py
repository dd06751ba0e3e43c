"""From when on what happens at an activity counts: its own day, however early somebody opens it
(docs/adr/0025). And until when it, and what was done there, can be rated (docs/adr/0007).
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func

from backend.activities.models import Activity
from backend.core import clock
from backend.core.config import RATING, SCHEDULE
from backend.core.dates import moment


def counts_from(activity: Any) -> datetime:
    """The first instant at which people are checked in and given numbers: the beginning of the
    activity's day, or from when on it checks people in, where that is the evening before.

    Args:
        activity: the model, or a row with `starts_at` and `checkin_opens_minutes`.
    """
    starts_at: datetime = activity.starts_at
    opens = starts_at - timedelta(minutes=activity.checkin_opens_minutes)
    return min(opens, clock.day_start(clock.local_day(starts_at)))


def doubtful_time(starts_at: datetime, now: datetime) -> str:
    """What is to be looked at where an activity begins in the past, or so far ahead that its year
    may be wrong, in words; empty for any other. Nobody is refused for it."""
    words = doubt_of(starts_at, now)
    return words and f"{moment(starts_at)} {words}"


def doubt_of(starts_at: datetime, now: datetime) -> str:
    """As `doubtful_time`, beside a time that is shown already."""
    if starts_at <= now:
        return "已经过去，请核对年份和日期"
    if starts_at > now + timedelta(days=SCHEDULE.far_days):
        return f"离今天超过 {SCHEDULE.far_days} 天，请核对年份"
    return ""


def days_early(activity: Any) -> int:
    """How many days there are until the activity's day; 0 on it and after it."""
    now = clock.now()
    if now >= counts_from(activity):
        return 0
    return (clock.local_day(activity.starts_at) - clock.local_day(now)).days


def day_has_come() -> ColumnElement[bool]:
    """Whether an activity's day has come, in a statement that reads `Activity`."""
    return Activity.starts_at < clock.day_end(clock.today())


def ratable_until(ends_at: datetime, closed_at: datetime | None) -> datetime:
    """Until when an activity can be rated: `window_days` after its planned end, or after it was
    closed where that was later."""
    return max(ends_at, closed_at or ends_at) + timedelta(days=RATING.window_days)


def rating_is_over() -> ColumnElement[bool]:
    """Whether that instant has passed, in a statement that reads `Activity`."""
    end = func.greatest(Activity.ends_at, Activity.closed_at)
    return end <= clock.now() - timedelta(days=RATING.window_days)
