"""The labelled needs: read, and how well similar ones are found among them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

Text = tuple[str, str | None]
Find = Callable[[Text], Sequence[Text]]


@dataclass(frozen=True, slots=True)
class Block:
    """One need as it stands in the list, the same in others' words, and what is near it."""

    stands: Text
    same: tuple[Text, ...]
    near: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """Of all who asked: whose need was among the five, and what else they were shown."""

    asked: int
    recall: float
    false_a_query: float
    missed: tuple[str, ...]


# Which files are what (see the head of each).
PARTS = {
    "development": ("needs-1", "needs-2"),
    "held out": ("needs-3",),
    "new": ("needs-4",),
    "blind": ("needs-5",),
}


def blocks(files: Sequence[str] = tuple(chain(*PARTS.values()))) -> list[Block]:
    """All that stand in these files, in their order."""
    found = []
    for file in files:
        whole = (Path(__file__).parent / f"{file}.txt").read_text(encoding="utf-8").strip()
        found += [_block(part) for part in whole.split("\n\n") if not part.startswith("#")]
    return found


def listed(of: Sequence[Block]) -> list[Text]:
    """What stands in the list of needs."""
    return [text for block in of for text in (block.stands, *block.near)]


def judged(of: Sequence[Block], find: Find) -> Judged:
    """How well `find` does for those who ask for the needs of these blocks."""
    found = wrong = 0
    missed: list[str] = []
    queries = [(query, block.stands) for block in of for query in block.same]
    for query, wanted in queries:
        answer = list(find(query))
        found += wanted in answer
        wrong += sum(text != wanted for text in answer)
        if wanted not in answer:
            missed.append(f"{query[0]} → {wanted[0]}")
    return Judged(len(queries), found / len(queries), wrong / len(queries), tuple(missed))


def _block(part: str) -> Block:
    lines = [(line[0], _text(line[2:])) for line in part.splitlines()]
    (stands,) = (text for mark, text in lines if mark == "=")
    same, near = (tuple(text for mark, text in lines if mark == wanted) for wanted in "+~")
    return Block(stands, same, near)


def _text(line: str) -> Text:
    title, _, details = line.partition(" | ")
    return title, details or None
