"""A form that somebody else has saved since it was opened, in another tab or at another desk: taken
over is what its sender has really changed, field by field.

A form carries, as `base`, the words that its fields showed when it was opened. What still reads so
was not touched, and shows what stands now; what both have changed is shown for choosing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import marshmallow as ma

from backend.core import clock
from backend.core.errors import AppError, BodyTooLarge, EditedMeanwhile

BASE = "base"
# More than the fields of any form show, in characters of JSON.
MOST_BASE = 10_000


class Base(ma.fields.Field[dict[str, str]]):
    """The words that a form's fields showed when it was opened, as JSON."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> dict[str, str]:
        return base_of(value)


def base_of(value: Any) -> dict[str, str]:
    """The words of a form's `base`; none where it has none of ours: then all is its sender's.

    Raises BodyTooLarge (413) for more than a page of ours gives.
    """
    if isinstance(value, str) and len(value) > MOST_BASE:
        raise BodyTooLarge
    try:
        words = json.loads(value or "{}")
    except (TypeError, ValueError, RecursionError):
        return {}
    texts = isinstance(words, dict) and all(isinstance(one, str) for one in words.values())
    return words if texts else {}


def as_base(words: Mapping[str, str]) -> str:
    """What a form carries as its `base`."""
    return json.dumps(words, ensure_ascii=False)


def words_of(values: Mapping[str, Any]) -> dict[str, str]:
    """Values as a form's fields show them."""
    return {name: _word(value) for name, value in values.items()}


def _word(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(clock.SHANGHAI).strftime("%Y-%m-%dT%H:%M")
    return str(value)


@dataclass(frozen=True, slots=True)
class Both:
    """What two have written in one field."""

    theirs: str
    mine: str


@dataclass(frozen=True, slots=True)
class Merged:
    """A form after somebody else has saved it.

    Attributes:
        words: of all its fields, with what the sender has changed.
        theirs: fields that others alone have changed.
        both: fields that both have changed, to choose from.
    """

    words: Mapping[str, str]
    theirs: list[str]
    both: Mapping[str, Both]


def merge(base: Mapping[str, str], mine: Mapping[str, str], now: Mapping[str, str]) -> Merged:
    """What a form shows whose sender was overtaken.

    Args:
        base: what its fields showed when it was opened.
        mine: as it was sent; a field that it lacks is as it was.
        now: what stands.
    """
    words, theirs, both = dict(now), [], {}
    for name, current in now.items():
        sent = mine.get(name, current).replace("\r\n", "\n")
        if sent in (current, base.get(name)):
            if current != base.get(name, current):
                theirs.append(name)
            continue
        words[name] = sent
        if current != base.get(name):
            both[name] = Both(current, sent)
    return Merged(words, theirs, both)


def opened(
    now: Mapping[str, Any], mark: str, seen: Any, typed: Any, problem: AppError | None
) -> dict[str, Any]:
    """What a form's page shows: its fields (`typed`), its hidden `marks`, and after somebody else
    has saved it what was `merged`, with what is to be chosen (`choosing`).

    Args:
        now: what stands.
        mark: the hidden field that says which version its sender has seen.
        seen: which version stands.
        typed: as it was sent, where it was refused; without a base it is another form of the same
            page, which shows the fields that they share.
    """
    words = words_of(now)
    marks = {mark: seen, BASE: as_base(words)}
    context: dict[str, Any] = {"marks": marks, "merged": None, "choosing": {}}
    if not typed:
        return context | {"typed": now}
    if not isinstance(problem, EditedMeanwhile) and BASE not in typed:
        return context | {"typed": {**now, **dict(typed.items())}}
    if not isinstance(problem, EditedMeanwhile):
        # What was refused is still of what its sender has seen.
        return context | {"typed": typed, "marks": {name: typed.get(name, "") for name in marks}}
    merged = merge(base_of(typed.get(BASE)), typed, words)
    return context | {"typed": merged.words, "merged": merged, "choosing": merged.both}
