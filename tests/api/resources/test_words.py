"""When a resource is free and what it needs, as people write it."""

from datetime import date

import pytest

from backend.resources import reading


@pytest.mark.parametrize(
    ("written", "days", "said"),
    [
        ("周六、周日", (6, 7), "周六、周日"),
        ("周一至周五", (1, 2, 3, 4, 5), "周一至周五"),
        ("星期一 - 星期三，周六日", (1, 2, 3, 6, 7), "周一、周二、周三、周六、周日"),
        ("五到一", (1, 5, 6, 7), "周一、周五、周六、周日"),
        ("工作日和周天", (1, 2, 3, 4, 5, 7), "周一、周二、周三、周四、周五、周日"),
        ("每天", (), ""),
    ],
)
def test_weekdays_are_read_as_written_and_as_said(
    written: str, days: tuple[int, ...], said: str
) -> None:
    assert reading.read_weekdays(written) == days
    assert reading.say_weekdays(days) == said
    assert reading.read_weekdays(said) == days


def test_days_and_equipment_are_read_as_written_and_as_said() -> None:
    days = reading.read_days("2026年12月5日，2026/12/24 至 2026.12.26")
    assert days == (date(2026, 12, 5), *(date(2026, 12, day) for day in (24, 25, 26)))
    assert reading.say_days(days) == "2026-12-05、2026-12-24至2026-12-26"
    assert reading.read_days(reading.say_days(days)) == days
    assert reading.read_equipment("遮阳棚、用电") == ("power", "shade")
    assert reading.read_equipment("都不需要") == ()


@pytest.mark.parametrize(
    ("read", "written"),
    [
        (reading.read_weekdays, "初一"),
        (reading.read_days, "国庆节"),
        (reading.read_days, "2026-02-30"),
        (reading.read_days, "2026-10-07至2026-10-01"),
        (reading.read_days, "2020-01-01至2020-12-30、2022-01-01至2022-12-30"),
        (reading.read_equipment, "煤气"),
    ],
)
def test_what_can_t_be_read_is_said(read: object, written: str) -> None:
    with pytest.raises(reading.Unreadable):
        read(written)  # type: ignore[operator]
