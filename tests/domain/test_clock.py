"""The day is a day in Shanghai, computed in one place
(docs/ARCHITECTURE.md, Time, people, secrets)."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from backend.core import clock

MAY_DAY = date(2026, 5, 1)
MIDNIGHT = datetime(2026, 4, 30, 16, 0, tzinfo=UTC)  # 00:00 in Shanghai
TICK = timedelta(microseconds=1)


def test_the_day_changes_at_midnight_in_shanghai() -> None:
    assert clock.local_day(MIDNIGHT - TICK) == date(2026, 4, 30)
    assert clock.local_day(MIDNIGHT) == MAY_DAY
    assert clock.local_day(MIDNIGHT + timedelta(days=1) - TICK) == MAY_DAY
    assert clock.local_day(MIDNIGHT + timedelta(days=1)) == date(2026, 5, 2)


def test_the_offset_of_an_instant_does_not_move_its_day() -> None:
    """The same instant, said in other zones, is on the same day."""
    for hours in (-12, 0, 8, 14):
        zone = timezone(timedelta(hours=hours))
        assert clock.local_day(MIDNIGHT.astimezone(zone)) == MAY_DAY


def test_a_naive_datetime_has_no_day() -> None:
    with pytest.raises(ValueError, match="naive"):
        clock.local_day(datetime(2026, 5, 1))  # noqa: DTZ001 - what must be refused


def test_a_day_begins_and_ends_at_midnight_in_shanghai() -> None:
    assert clock.day_start(MAY_DAY) == MIDNIGHT
    assert clock.day_end(MAY_DAY) == MIDNIGHT + timedelta(days=1)
    assert clock.day_start(MAY_DAY).tzinfo is UTC
    assert clock.day_end(MAY_DAY).tzinfo is UTC


@given(st.dates(date(2000, 1, 1), date(2099, 12, 30)))
def test_days_follow_each_other_without_a_gap(day: date) -> None:
    assert clock.day_end(day) == clock.day_start(day + timedelta(days=1))
    assert clock.local_day(clock.day_start(day)) == day
    assert clock.local_day(clock.day_end(day) - TICK) == day


@pytest.mark.parametrize(
    ("utc", "day"),
    [
        ("2026-04-30T15:59:59Z", date(2026, 4, 30)),
        ("2026-04-30T16:00:00Z", MAY_DAY),
        ("2026-12-31T16:00:00Z", date(2027, 1, 1)),
        ("2028-02-28T16:00:00Z", date(2028, 2, 29)),
    ],
)
def test_today_is_todays_day_in_shanghai(utc: str, day: date) -> None:
    with time_machine.travel(datetime.fromisoformat(utc), tick=False):
        assert clock.today() == day
        assert clock.now() == datetime.fromisoformat(utc)
        assert clock.now().tzinfo is UTC


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=clock.SHANGHAI)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2026-05-01 00:00", MAY_DAY),
        ("2026-04-30 23:59", MAY_DAY),  # early: the first day
        ("2026-04-01 09:00", MAY_DAY),
        ("2026-05-02 12:00", date(2026, 5, 2)),
        ("2026-05-03 00:30", date(2026, 5, 3)),
        ("2026-05-04 00:00", date(2026, 5, 3)),  # late: the last day
        ("2027-01-01 00:00", date(2026, 5, 3)),
    ],
)
def test_a_day_within_an_activity_is_clipped_to_its_days(instant: str, day: date) -> None:
    """Who comes half an hour early, just before midnight, comes for the activity's first day."""
    first, last = shanghai("2026-05-01 00:10"), shanghai("2026-05-03 11:30")
    assert clock.day_within(shanghai(instant), first, last) == day
