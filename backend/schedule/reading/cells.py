"""What stands in a cell, of every column but those of days and times."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any

from backend.activities.words import EXCHANGE_KINDS, PROGRAMMES, SLOT_CHOICES
from backend.core.config import titles
from backend.core.spreadsheets.values import as_text, narrowed
from backend.core.text import one_line, paragraphs
from backend.schedule.reading.columns import (
    ABOUT,
    ADDRESS,
    COMMUNITY,
    CONTACT,
    FIELD,
    KIND,
    MODEL,
    ORGANISER,
    PROGRAMME,
    SLOTS,
    TITLE,
    TOWN,
    VENUE,
)
from backend.schedule.reading.said import Unclear

_LENGTHS = {
    TITLE: 60, COMMUNITY: 60, TOWN: 60, VENUE: 60, ADDRESS: 200, ORGANISER: 60, CONTACT: 20,
    ABOUT: 2000, MODEL: 60,
}  # fmt: skip


def value_of(column: str, value: Any) -> Any:
    """What a cell means; None where nothing is left of it.

    Args:
        value: as it was read, or text as it was typed instead.

    Raises Unclear.
    """
    reader = _READERS.get(column)
    return reader(value) if reader else _text(column, value)


def _text(column: str, value: Any) -> str | None:
    if isinstance(value, datetime | date | time | bool):
        raise Unclear("应为文字")
    text = (paragraphs if column == ABOUT else one_line)(as_text(value))
    if len(text) > _LENGTHS[column]:
        raise Unclear(f"最多 {_LENGTHS[column]} 个字")
    return text or None


def _one_of(words: Mapping[Any, str]) -> Callable[[Any], Any]:
    """One of a few: its word alone, or within others, as in 「吾社集（公益集市）」."""

    def read(value: Any) -> Any:
        text = narrowed(as_text(value))
        found = [key for key, word in words.items() if word == text]
        found = found or [key for key, word in words.items() if word in text]
        if len(found) != 1:
            raise Unclear(f"应为{'、'.join(words.values())}之一", tuple(words.values()))
        return found[0]

    return read


_READERS = {
    PROGRAMME: _one_of(PROGRAMMES),
    FIELD: _one_of(titles("fields")),
    KIND: _one_of(EXCHANGE_KINDS),
    SLOTS: _one_of(SLOT_CHOICES),
}
