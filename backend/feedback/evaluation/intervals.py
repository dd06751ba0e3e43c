"""How far a share or a mean can be trusted: 95 % confidence intervals, pure arithmetic."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

Z_95 = 1.959963984540054
"""The 97.5 % quantile of the normal distribution, for two-sided 95 % intervals."""

_T_95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
"""Student's t for 1 to 30 degrees of freedom (NIST/SEMATECH e-Handbook, 1.3.6.7.2)."""

LOWEST_SCORE, HIGHEST_SCORE = 1, 5


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


def wilson(successes: int, n: int) -> Interval:
    """The share `successes / n` with Wilson's score interval at 95 %.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    JASA 22 (1927) 209-212; recommended for small n by Brown, Cai and DasGupta, "Interval
    estimation for a binomial proportion", Statistical Science 16 (2001) 101-133. Without
    continuity correction.

    Args:
        successes: how many of the answers count, 0 to n.
        n: how many answers there are, 1 or more.

    Raises ValueError for counts that are none.
    """
    if not 0 <= successes <= n or n == 0:
        raise ValueError("successes must be 0 to n, and n at least 1")
    share, z2 = successes / n, Z_95 * Z_95
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 / (1 + z2 / n) * sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    # At the ends the interval begins at 0 or stops at 1 exactly; rounding must not move that.
    low = 0.0 if successes == 0 else middle - half
    high = 1.0 if successes == n else middle + half
    return Interval(share, low, high)


@dataclass(frozen=True, slots=True)
class MeanInterval:
    """A mean score; without an interval where one answer alone tells nothing of the spread."""

    mean: float
    low: float | None
    high: float | None


def mean_interval(scores: Mapping[int, int]) -> MeanInterval | None:
    """The mean of scores with Student's t interval at 95 %, kept within 1 to 5.

    The interval takes the scores for a sample of what everybody served would say. Where all
    answers are the same it has no width.

    Args:
        scores: how many answers there are of each score.

    Returns None without answers; `low` and `high` are None for a single one.
    """
    n = sum(scores.values())
    if n == 0:
        return None
    mean = sum(score * count for score, count in scores.items()) / n
    if n == 1:
        return MeanInterval(mean, None, None)
    squares = sum(count * (score - mean) ** 2 for score, count in scores.items())
    half = _t_quantile(n - 1) * sqrt(squares / (n - 1) / n)
    return MeanInterval(mean, max(LOWEST_SCORE, mean - half), min(HIGHEST_SCORE, mean + half))


def _t_quantile(degrees: int) -> float:
    """The 97.5 % quantile of Student's t; beyond the table by its expansion around the normal
    (Abramowitz and Stegun, 26.7.5), exact to four decimals there."""
    if degrees <= len(_T_95):
        return _T_95[degrees - 1]
    z = Z_95
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    return z + first / degrees + second / degrees**2
