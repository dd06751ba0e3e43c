"""The intervals of the evaluation checklist against published values."""

from math import isclose, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.feedback.evaluation.intervals import _t_quantile, mean_interval, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611),
     (1, 29, 0.0061, 0.1718)],
)  # fmt: skip
def test_wilsons_interval_as_newcombe_published_it(
    successes: int, n: int, low: float, high: float
) -> None:
    """R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in
    Medicine 17 (1998) 857-872, table I, method 3."""
    interval = wilson(successes, n)
    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)
    assert interval.value == successes / n


def test_an_end_of_the_scale_is_met_exactly() -> None:
    assert wilson(0, 7).low == 0.0
    assert wilson(7, 7).high == 1.0


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_stays_within_0_and_1_and_mirrors(
    counts: tuple[int, int],
) -> None:
    successes, n = counts
    interval, mirrored = wilson(successes, n), wilson(n - successes, n)
    assert 0 <= interval.low <= interval.value <= interval.high <= 1
    assert isclose(interval.low, 1 - mirrored.high, abs_tol=1e-12)


def test_more_answers_narrow_it() -> None:
    widths = [interval.high - interval.low for interval in (wilson(n // 2, n) for n in (10, 100))]
    assert widths[1] < widths[0]


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_counts_that_are_none_are_refused(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match="successes"):
        wilson(successes, n)


@pytest.mark.parametrize(
    ("degrees", "t"),
    [(1, 12.706), (9, 2.262), (30, 2.042), (31, 2.040), (40, 2.021), (60, 2.000), (100, 1.984),
     (194, 1.9723)],
)  # fmt: skip
def test_students_t_as_published(degrees: int, t: float) -> None:
    """NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, and 1.3.5.2 for 194."""
    assert abs(_t_quantile(degrees) - t) < 0.0006


def test_the_mean_with_students_interval() -> None:
    """Ten answers 5,5,5,5,5,4,4,4,3,2 by hand: s² = 1.0667, t(9) = 2.262."""
    interval = mean_interval({5: 5, 4: 3, 3: 1, 2: 1})
    assert interval is not None
    assert interval.low is not None
    half = 2.262 * sqrt(9.6 / 9 / 10)
    assert isclose(interval.mean, 4.2)
    assert isclose(interval.low, 4.2 - half)
    assert isclose(interval.high or 0, 4.2 + half)


def test_the_means_interval_stays_on_the_scale() -> None:
    interval = mean_interval({5: 2, 1: 1})
    assert interval is not None
    assert (interval.low, interval.high) == (1, 5)


def test_one_answer_has_no_spread_and_none_no_mean() -> None:
    assert mean_interval({}) is None
    single = mean_interval({4: 1})
    assert single is not None
    assert (single.mean, single.low, single.high) == (4, None, None)
