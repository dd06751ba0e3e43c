"""From when on what happens at an activity counts: its own day, however early somebody opens it
(docs/adr/0025). And until when it, and what was done there, can be rated (docs/adr/0007).
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func

from backend.activities.models import Activity
from backend.core import clock
from backend.core.config import RATING


def counts_from(activity: Any) -> datetime:
    """The first instant at which people are checked in and given numbers: the beginning of the
    activity's day, or from when on it checks people in, where that is the evening before.

    Args:
        activity: the model, or a row with `starts_at` and `checkin_opens_minutes`.
    """
    starts_at: datetime = activity.starts_at
    opens = starts_at - timedelta(minutes=activity.checkin_opens_minutes)
    return min(opens, clock.day_start(clock.local_day(starts_at)))


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
