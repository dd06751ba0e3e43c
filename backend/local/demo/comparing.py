"""How two counts of one thing are compared, and how a difference is told."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

_SHOWN = 3
_DIGITS = 9
BAD, _SATISFIED, ENOUGH, TARGET = 2, 3, 10, 0.85
_Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison."""

    what: str
    expected: Any
    got: Any

    @property
    def holds(self) -> bool:
        """Whether both are the same; a share or mean up to the ninth digit."""
        return bool(_rounded(self.expected) == _rounded(self.got))

    def __str__(self) -> str:
        """A line for the person at the terminal."""
        return f"{self.what}：应为 {self.expected}，系统为 {self.got}"


def sorted_counts(pairs: Iterable[tuple[str | None, int]]) -> list[tuple[str, int, int]]:
    return sorted((str(of), score, n) for (of, score), n in Counter(pairs).items())


def same_rows(
    what: str, mine: Mapping[Any, Any], theirs: Iterable[tuple[Any, Any]]
) -> Iterator[Check]:
    """Nothing is missing, nothing is there twice or too much, and each row says the same."""
    listed = list(theirs)
    found = dict(listed)
    yield Check(f"{what}：条数", len(mine), len(listed))
    yield Check(f"{what}：缺少的", [], _few(mine.keys() - found.keys()))
    yield Check(f"{what}：多出的", [], _few(found.keys() - mine.keys()))
    differing = [key for key in mine.keys() & found.keys() if mine[key] != found[key]]
    yield Check(f"{what}：内容不同的", 0, len(differing))
    for key in differing[:_SHOWN]:
        yield Check(f"{what} {key}", mine[key], found[key])


def _few(keys: Iterable[Any]) -> list[Any]:
    """A few of them, and how many more there are."""
    listed = sorted(keys)
    more = len(listed) - _SHOWN
    return [*listed[:_SHOWN], *([f"另有 {more} 条"] if more > 0 else [])]


def ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def satisfied(scores: list[int]) -> dict[str, float] | None:
    """The share of 基本满意 or better, with Wilson's interval at 95 %, by the textbook."""
    n = len(scores)
    if n == 0:
        return None
    share = sum(score >= _SATISFIED for score in scores) / n
    shrink = 1 + _Z_95**2 / n
    middle = (share + _Z_95**2 / (2 * n)) / shrink
    half = _Z_95 * sqrt(share * (1 - share) / n + (_Z_95 / (2 * n)) ** 2) / shrink
    return {"value": share, "low": max(0.0, middle - half), "high": min(1.0, middle + half)}


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, _DIGITS)
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    return value
