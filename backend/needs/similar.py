"""How alike two needs are, by their words (docs/rules/needs.md, Similar).

`grams_of` is what the database keeps of a need and finds it by; `likeness` judges what was found,
by what the words mean (config/needs_words.toml) and by their letters. It knows no table.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from rapidfuzz import fuzz

from backend.core.config import SIMILAR, load


@dataclass(frozen=True, slots=True)
class Meaning:
    """What stands in a need's words.

    Attributes:
        named: what the lists of config/ know: name → weight.
        rest: pairs of letters of all else.
        letters: all letters that say something, in their order.
    """

    named: dict[str, float]
    rest: frozenset[str]
    letters: str


@dataclass(frozen=True, slots=True)
class _Words:
    """The lists: word → what it means ("" for what says nothing), also by its sound."""

    by_letters: dict[str, str]
    by_sound: dict[tuple[str, ...], list[str]]
    weights: dict[str, float]
    longest: int
    spoken: dict[str, list[str]]


def grams_of(title: str, details: str | None) -> list[str]:
    """The distinct pairs of neighbouring letters of a need, in order; digits and marks part them.

    One letter that stands alone is one of its own, so that nothing with letters has none.
    """
    runs = _runs(title, details)
    return sorted({gram for run in runs for gram in _grams(run)})


def wanted_grams(title: str, details: str | None) -> list[str]:
    """The grams by which needs are looked for: its own, without those of words that say nothing,
    and those of all words that mean the same as its own."""
    lists = _words()
    meaning = meaning_of(title, details)
    others = (word for name in meaning.named for word in lists.spoken.get(name, ()))
    return sorted(meaning.rest | {gram for word in others for gram in _grams(word)})


def likeness(asked: Meaning, other: Meaning) -> float:
    """How alike two needs are, from 0 to 1: mostly by what both name, else by their letters."""
    letters = fuzz.ratio(asked.letters, other.letters) / 100
    rest = _share(dict.fromkeys(asked.rest, 1.0), dict.fromkeys(other.rest, 1.0))
    written = max(letters, rest)
    if not asked.named or not other.named:
        return written
    named = _share(asked.named, other.named)
    return SIMILAR.named * named + (1 - SIMILAR.named) * written


def most_alike(asked: Meaning, others: Sequence[Meaning]) -> list[int]:
    """Which of the others are shown, the most alike first: by their place, at most `most`."""
    found = sorted(((likeness(asked, other), -place) for place, other in enumerate(others)),
                   reverse=True)  # fmt: skip
    enough = max(SIMILAR.least, SIMILAR.of_best * found[0][0]) if found else 0
    return [-place for like, place in found[: SIMILAR.most] if like >= enough]


def meaning_of(title: str, details: str | None) -> Meaning:
    """What a need's words mean."""
    named: dict[str, float] = {}
    rest: set[str] = set()
    letters: list[str] = []
    for name, text in _parts(_runs(title, details)):
        if name:
            named[name] = _words().weights[name]
        elif name is None:
            rest.update(_grams(text))
        letters.append(text if name is None else name and _words().spoken[name][0])
    return Meaning(named, frozenset(rest), "".join(letters))


def _share(one: dict[str, float], other: dict[str, float]) -> float:
    """What both have, as a share of what they have on the average."""
    both = sum(weight for key, weight in one.items() if key in other)
    whole = sum(one.values()) + sum(other.values())
    return 2 * both / whole if whole else 0.0


def _runs(title: str, details: str | None) -> list[str]:
    text = unicodedata.normalize("NFKC", f"{title}\n{details or ''}").casefold()
    return "".join(char if char.isalpha() else " " for char in text).split()


def _grams(run: str) -> Iterable[str]:
    return (one + two for one, two in pairwise(run)) if len(run) > 1 else (run,)


def _parts(runs: Iterable[str]) -> Iterator[tuple[str | None, str]]:
    """A need's words, each with what it means: None for what no list knows, "" for nothing."""
    for run in runs:
        unknown, at = "", 0
        while at < len(run):
            word = _word_at(run, at)
            if word is None:
                unknown, at = unknown + run[at], at + 1
                continue
            if unknown:
                yield None, unknown
            yield word[0], run[at : at + word[1]]
            unknown, at = "", at + word[1]
        if unknown:
            yield None, unknown


def _word_at(run: str, at: int) -> tuple[str, int] | None:
    """What the longest word there means, and its length: as it is written, else as it sounds."""
    lists = _words()
    lengths = range(min(lists.longest, len(run) - at), 0, -1)
    for length in lengths:
        name = lists.by_letters.get(run[at : at + length])
        if name is not None:
            return name, length
    for length in lengths:
        heard = run[at : at + length]
        # What was heard wrongly has a letter right: without one it is another word of that sound.
        for word in lists.by_sound.get(_sound(heard), ()) if length > 1 else ():
            if any(one == two for one, two in zip(word, heard, strict=True)):
                return lists.by_letters[word], length
    return None


def _sound(word: str) -> tuple[str, ...]:
    return tuple(map(_syllable, word))


@cache
def _syllable(letter: str) -> str:
    # Imported here, as by regions: what asks for similar needs is a small part of what is asked.
    from pypinyin import lazy_pinyin

    return str(lazy_pinyin(letter)[0])


@cache
def _words() -> _Words:
    """The lists of config/, read when the first need is compared."""
    lists: dict[str, Any] = load("needs_words")
    groups = {"about": SIMILAR.about, "way": SIMILAR.way, "thing": SIMILAR.thing}
    by_letters = dict.fromkeys(lists["nothing"], "")
    weights: dict[str, float] = {}
    spoken: dict[str, list[str]] = {}
    for group, weight in groups.items():
        for name, words in lists[group].items():
            weights[name], spoken[name] = weight, words
            by_letters |= dict.fromkeys(words, name)
    by_sound: dict[tuple[str, ...], list[str]] = {}
    for word, name in by_letters.items():
        if name and len(word) > 1:
            by_sound.setdefault(_sound(word), []).append(word)
    return _Words(by_letters, by_sound, weights, max(map(len, by_letters)), spoken)
