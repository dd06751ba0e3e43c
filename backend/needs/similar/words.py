"""The lists by which needs are compared (config/needs_words.toml), as they are looked up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from math import log
from typing import Any

from backend.core.config import SIMILAR, load


@dataclass(frozen=True, slots=True)
class Words:
    """What words and letters say.

    Attributes:
        by_letters: a word → what it means; "" for what says nothing.
        by_sound: the syllables of a word → the words that sound so.
        weights: a meaning → how much it tells.
        spoken: a meaning → the words for it; of those for whom it is asked, none.
        letters: of letters that everybody uses, how much each tells; of all others 1.
        lengths: how long the words are that begin with a letter, or with a syllable; the longest
            first.
    """

    by_letters: dict[str, str]
    by_sound: dict[tuple[str, ...], list[str]]
    weights: dict[str, float]
    spoken: dict[str, list[str]]
    letters: dict[str, float]
    lengths: dict[str, list[int]]


@cache
def words() -> Words:
    """The lists, read when the first need is compared."""
    lists: dict[str, Any] = load("needs_words")
    groups = {"about": SIMILAR.about, "way": SIMILAR.way, "thing": SIMILAR.thing}
    by_letters = dict.fromkeys(lists["nothing"], "")
    weights: dict[str, float] = {}
    for group, weight in groups.items():
        for name, spoken in lists[group].items():
            weights[name] = weight
            by_letters |= dict.fromkeys(spoken, name)
    by_sound: dict[tuple[str, ...], list[str]] = {}
    for word, name in by_letters.items():
        if name and len(word) > 1:
            by_sound.setdefault(sound(word), []).append(word)
    return Words(by_letters, by_sound, weights, lists["way"] | lists["thing"],
                 _weights_of(lists["common"]), _lengths_of([*by_letters, *by_sound]))  # fmt: skip


def sound(word: str) -> tuple[str, ...]:
    """Its syllables, without tones."""
    return tuple(map(_syllable, word))


@cache
def _syllable(letter: str) -> str:
    # Imported here, as by regions: what asks for similar needs is a small part of what is asked.
    from pypinyin import lazy_pinyin

    return str(lazy_pinyin(letter)[0])


def _lengths_of(written: Iterable[Sequence[str]]) -> dict[str, list[int]]:
    found: dict[str, set[int]] = {}
    for word in written:
        found.setdefault(word[0], set()).add(len(word))
    return {first: sorted(lengths, reverse=True) for first, lengths in found.items()}


def _weights_of(common: str) -> dict[str, float]:
    # The k-th most used letter stands in about one kth as many words as the first.
    return {letter: log(2 + place) / log(2 + len(common)) for place, letter in enumerate(common)}
