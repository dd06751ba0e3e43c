"""Numbers, flags, instants and days in bodies: strict and bounded (backend/core/web/fields.py)."""

import math
from datetime import UTC, date, datetime, timedelta
from typing import Any

import marshmallow as ma
import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from backend.core.web import fields
from backend.identity.web.shapes import BirthYear
from tests.domain.test_text_fields import faults

NO_INTEGER: list[Any] = ["1", "", 1.0, 1.5, True, False, [], {}, math.nan, "一", "0x1"]


@pytest.mark.parametrize("value", NO_INTEGER)
def test_an_integer_is_a_json_integer(value: Any) -> None:
    """Not a text that looks like one, and not `true`, which Python counts as 1."""
    assert faults(fields.Int(0, 10), value) == ["应为整数"]


@pytest.mark.parametrize(("value", "taken"), [(0, True), (10, True), (-1, False), (11, False)])
def test_an_integers_bounds_are_included(value: int, taken: bool) -> None:
    if taken:
        assert fields.Int(0, 10).deserialize(value) == value
    else:
        assert faults(fields.Int(0, 10), value) == ["应在 0 到 10 之间"]


@pytest.mark.parametrize("huge", [2**31, 2**63, 2**64, 10**400, -(10**400)])
def test_a_huge_integer_is_out_of_bounds(huge: int) -> None:
    assert faults(fields.Int(0, 10), huge) == ["应在 0 到 10 之间"]


@pytest.mark.parametrize(
    "value", ["", " 1", "1 ", "+1", "1.0", "1e2", "0x1", "１", "٣", "1" * 19, "--1", "1\n"]
)
def test_an_integer_in_a_query_is_plain_digits(value: str) -> None:
    assert faults(fields.QueryInt(0, 100), value) == ["应为整数"]


def test_an_integer_in_a_query_has_bounds_too() -> None:
    assert fields.QueryInt(-5, 100).deserialize("-5") == -5
    assert fields.QueryInt(0, 100).deserialize("007") == 7
    assert faults(fields.QueryInt(0, 100), "101") == ["应在 0 到 100 之间"]


@pytest.mark.parametrize("value", ["1", "", True, False, [], {}, "NaN", "Infinity"])
def test_a_number_is_a_json_number(value: Any) -> None:
    assert faults(fields.Number(-90, 90), value) == ["应为数字"]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 90.000001, -91, 10**400, 1e308])
def test_a_number_is_finite_and_within_bounds(value: float) -> None:
    assert faults(fields.Number(-90, 90), value) == ["应在 -90 到 90 之间"]


def test_nan_is_out_of_any_bounds() -> None:
    assert faults(fields.Number(-math.inf, math.inf), math.nan)
    assert faults(fields.Number(-math.inf, math.inf), math.inf)


@pytest.mark.parametrize("value", [-90, 90, 0, 31.72])
def test_a_number_becomes_a_float(value: float) -> None:
    taken = fields.Number(-90, 90).deserialize(value)
    assert taken == value
    assert isinstance(taken, float)


@pytest.mark.parametrize("value", ["true", "false", "yes", "1", "", 1, 0, 1.0, [], {}])
def test_a_flag_is_true_or_false(value: Any) -> None:
    assert faults(fields.Flag(), value) == ["应为 true 或 false"]


def test_a_flag_is_taken_as_it_is() -> None:
    assert fields.Flag().deserialize(True) is True
    assert fields.Flag().deserialize(False) is False
    assert faults(fields.Flag(), None) == ["不能为空"]


# ---------------------------------------------------------------------------- instants


@pytest.mark.parametrize(
    "value",
    [
        1746060000, 1.5, True, [], {}, "", "now", "2026-05-01", "20260501", "2026-05-01T09",
        "2026-05-01T09:00:00",  # naive
        "2026-05-01 09:00:00", "2026-13-01T09:00:00+08:00", "2026-02-30T09:00:00+08:00",
        "2026-05-01T25:00:00+08:00", "2026-05-01T09:00:00+25:00", "2026-05-01T09:00:00+08:00 ",
        "2026-05-01T09:00:00Zz", "２０２６-05-01T09:00:00+08:00", "2026-05-01T09:00:00+08:00\x00",
        "\ud8002026-05-01T09:00:00+08:00", "2026-05-01\ud80009:00:00+08:00", "T" * 40,
    ],
)  # fmt: skip
def test_an_instant_has_an_offset(value: Any) -> None:
    (message,) = faults(fields.Instant(), value)
    assert message.startswith("应为带时区的时间")


@pytest.mark.parametrize(
    "value",
    [
        "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00-14:00", "9999-12-31T23:59:59-14:00",
        "9999-12-31T23:59:59+14:00", "1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z",
        "2000-01-01T00:00:00+08:00",
    ],
)  # fmt: skip
def test_an_instant_is_in_this_century(value: str) -> None:
    """Judged in UTC; the ends of the calendar, where an offset overflows, are refused too."""
    (message,) = faults(fields.Instant(), value)
    assert message.startswith(("时间应在 2000 年到 2099 年之间", "应为带时区的时间"))


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("2026-05-01T09:00:00+08:00", datetime(2026, 5, 1, 1, tzinfo=UTC)),
        ("2026-05-01T09:00+08:00", datetime(2026, 5, 1, 1, tzinfo=UTC)),
        ("2026-05-01T01:00Z", datetime(2026, 5, 1, 1, tzinfo=UTC)),
        ("2026-05-01T01:00:00.123456Z", datetime(2026, 5, 1, 1, 0, 0, 123456, tzinfo=UTC)),
        ("2000-01-01T00:00:00Z", datetime(2000, 1, 1, tzinfo=UTC)),
        ("2099-12-31T23:59:59Z", datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_an_instant_becomes_utc(value: str, instant: datetime) -> None:
    taken = fields.Instant().deserialize(value)
    assert taken == instant
    assert taken.tzinfo is UTC


@given(st.datetimes(timezones=st.timezones()).map(datetime.isoformat) | st.text(max_size=40))
def test_any_text_is_an_instant_of_this_century_or_refused(value: str) -> None:
    try:
        taken = fields.Instant().deserialize(value)
    except ma.ValidationError:
        return
    assert datetime(2000, 1, 1, tzinfo=UTC) <= taken < datetime(2100, 1, 1, tzinfo=UTC)
    assert taken.tzinfo is UTC


# ---------------------------------------------------------------------------- days and years


@pytest.mark.parametrize(
    "value",
    [
        20260501, True, [], {}, "", "2026-5-1", "20260501", "2026-05-01T00:00", "2026-02-29",
        "2026-13-01", "2026-00-10", "２０２６-０５-０１", "0000-01-01", "2026-W18-5",
        "2026-05-01\n",
    ],
)  # fmt: skip
def test_a_day_is_year_month_day(value: Any) -> None:
    assert faults(fields.Day(), value) == ["应为日期，如 2026-05-01"]


@pytest.mark.parametrize("value", ["0001-01-01", "1999-12-31", "2100-01-01", "9999-12-31"])
def test_a_day_is_in_this_century(value: str) -> None:
    assert faults(fields.Day(), value) == ["日期应在 2000 年到 2099 年之间"]


def test_a_day_becomes_a_date() -> None:
    assert fields.Day().deserialize("2028-02-29") == date(2028, 2, 29)


def test_a_year_of_birth_ends_with_the_year_that_it_is() -> None:
    """Also in a process that has run since last year: the day is the one of the request."""
    field = BirthYear()
    with time_machine.travel(datetime(2031, 12, 31, 16, 0, tzinfo=UTC), tick=False):
        assert field.deserialize(2032) == 2032, "it is 2032 in Shanghai"
        assert faults(field, 2033) == ["应在 1900 到 2032 之间"]
    with time_machine.travel(
        datetime(2031, 12, 31, 16, 0, tzinfo=UTC) - timedelta(seconds=1), tick=False
    ):
        assert faults(field, 2032) == ["应在 1900 到 2031 之间"]
    assert faults(field, 1899)
    assert field.deserialize(1900) == 1900
