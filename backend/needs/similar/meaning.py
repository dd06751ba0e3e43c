"""What a need's words mean, and how alike two needs are by it. It knows no table."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

from rapidfuzz import fuzz

from backend.core.config import SIMILAR, titles
from backend.needs.similar.words import sound, words


@dataclass(frozen=True, slots=True)
class Wording:
    """A need as it is compared.

    Attributes:
        service_kind: a key of config/, where it was chosen.
    """

    title: str
    details: str | None = None
    service_kind: str | None = None


@dataclass(frozen=True, slots=True)
class Meaning:
    """What stands in a need's words.

    Attributes:
        told: each thing that is named, each letter, and each pair of letters of words that no list
            has → how much it tells.
        whole: the sum of it.
        named: what the lists know of it.
        unknown: the words that none of them has.
        letters: all of its letters, in their order.
    """

    told: dict[str, float]
    whole: float
    named: frozenset[str]
    unknown: tuple[str, ...]
    letters: str


def grams_of(title: str, details: str | None) -> set[str]:
    """The letters of a need and its pairs of neighbouring letters; digits and marks part them."""
    return {gram for run in _runs(title, details) for gram in _grams(run)}


def wanted_grams(asked: Meaning) -> set[str]:
    """The grams by which needs like this one are looked for: of its own words that no list has,
    but for letters that everybody uses; and the pairs of all words that mean what its others do."""
    common = words().letters
    own = {gram for run in asked.unknown for gram in _grams(run) if gram not in common}
    named = (word for name in asked.named for word in words().spoken.get(name, ()))
    return own | {gram for word in named for gram in _pairs(word)}


def most_alike(asked: Meaning, others: Sequence[Meaning]) -> list[int]:
    """Which of the others are shown, the most alike first: by their place, at most `most`."""
    found = sorted(((likeness(asked, other), -place) for place, other in enumerate(others)),
                   reverse=True)  # fmt: skip
    enough = max(SIMILAR.least, SIMILAR.of_best * found[0][0]) if found else 0
    return [-place for like, place in found[: SIMILAR.most] if like >= enough]


def likeness(asked: Meaning, other: Meaning) -> float:
    """How alike two needs are, from 0 to 1: what both tell, as a share of what either does; and a
    little by how they are written, one within the other."""
    both = sum(min(weight, other.told.get(key, 0.0)) for key, weight in asked.told.items())
    told = both / sqrt(asked.whole * other.whole) if both else 0.0
    written = fuzz.partial_ratio(asked.letters, other.letters) / 100
    return (1 - SIMILAR.written) * told + SIMILAR.written * written


def meaning_of(need: Wording) -> Meaning:
    """What a need's words mean."""
    named: dict[str, float] = {}
    known: list[str] = []
    unknown: list[str] = []
    runs = _runs(need.title, need.details)
    for name, text in _parts(runs):
        if name is None:
            unknown.append(text)
        elif name:
            named[name] = words().weights[name]
            known.append(text)
    of_kind = dict.fromkeys(_named_by_kind(need.service_kind), SIMILAR.kind)
    told = _told_by_spelling(known) | of_kind | named | _told_by_letters(unknown)
    return Meaning(
        told, sum(told.values()), frozenset(of_kind | named), tuple(unknown), "".join(runs)
    )


def _named_by_kind(service_kind: str | None) -> set[str]:
    """What the title of a kind of service names."""
    title = titles("service_kinds")[service_kind] if service_kind else ""
    return {name for name, _ in _parts(_runs(title, None)) if name}


def _told_by_spelling(known: Iterable[str]) -> dict[str, float]:
    """What else a word says that a list has: others have it in words that none has."""
    common = words().letters
    return {letter: SIMILAR.spelt * common.get(letter, 1.0) for word in known for letter in word}


def _told_by_letters(unknown: Iterable[str]) -> dict[str, float]:
    """A letter tells the more the fewer people use it; a pair, the mean of its two."""
    common = words().letters
    told: dict[str, float] = {}
    for run in unknown:
        tells = {letter: common.get(letter, 1.0) for letter in run}
        told |= {letter: tells[letter] for letter in _letters(run)}
        told |= {pair: (tells[pair[0]] + tells[pair[1]]) / 2 for pair in _pairs(run)}
    return told


def _runs(title: str, details: str | None) -> list[str]:
    # A phone's details say its title again (needOf in miniprogram/packages/needs).
    whole = details if details and details.startswith(title) else f"{title}\n{details or ''}"
    text = unicodedata.normalize("NFKC", whole).casefold()
    return "".join(char if char.isalpha() else " " for char in text).split()


def _grams(run: str) -> Iterator[str]:
    yield from _letters(run)
    yield from _pairs(run)


def _letters(run: str) -> Iterator[str]:
    """One letter of an alphabet says nothing; a Chinese one may be a word."""
    return (letter for letter in run if not letter.isascii())


def _pairs(run: str) -> Iterator[str]:
    return (one + two for one, two in pairwise(run))


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
            name, length = word
            yield name, run[at : at + length]
            unknown, at = "", at + length
        if unknown:
            yield None, unknown


def _word_at(run: str, at: int) -> tuple[str, int] | None:
    """What the longest word there means, and its length: as it is written, else as it sounds."""
    lists = words()
    for length in lists.lengths.get(run[at], ()):
        word = run[at : at + length]
        if word in lists.by_letters:
            return lists.by_letters[word], len(word)
    for length in lists.lengths.get(sound(run[at])[0], ()):
        heard = run[at : at + length]
        # What was heard wrongly has a letter right: without one it is another word of that sound.
        for word in lists.by_sound.get(sound(heard), ()):
            if any(one == two for one, two in zip(word, heard, strict=True)):
                return lists.by_letters[word], len(word)
    return None
