"""What a field of a request body must not be given, by the kind of field."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import marshmallow as ma

from backend.activities.web.stall_schemas import StallNumber
from backend.core.web import fields

UNKNOWN = "a_field_that_nobody_knows"
_OBJECTS: list[Any] = [[], {}, [1], {"a": 1}]
_NUMBERS: list[Any] = [0, 1, -1, 1.5, 10**30, True, False]
_SURROGATES: list[Any] = ["\ud800", "x\udfff"]
_TEXTS: list[Any] = ["", "x", "\x00", "a\x00b", *_SURROGATES, "\u202etxt", "9" * 5000]


def wrong_values(field: ma.fields.Field[Any]) -> list[Any]:
    """Values of a wrong type or out of bounds; all must be refused.

    Raises TypeError for a kind of field that is not known here: add it.
    """
    match field:
        case StallNumber():
            return [*_OBJECTS, 1.5, True, *_long_and_blank(field)]
        case fields.Text():
            return [*_OBJECTS, *_NUMBERS, *_long_and_blank(field)]
        case fields.Phone():
            return [*_OBJECTS, 13800001111, *_TEXTS, "1380000111", "23800001111", "138000011112"]
        case fields.Int() | fields.Number():
            bounds = [field.minimum - 1, field.maximum + 1]
            return [*_OBJECTS, *_TEXTS, "1", True, False, 10**30, -(10**30), *bounds] + (
                [1.5] if isinstance(field, fields.Int) else []
            )
        case fields.Flag():
            return [*_OBJECTS, *_TEXTS, "true", 0, 1, 1.5]
        case fields.Instant():
            naive, no_day = "2026-05-01T09:00:00", "2026-02-30T09:00:00Z"
            far = ["1999-12-31T23:59:59Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"]
            return [*_OBJECTS, *_NUMBERS, *_TEXTS, "2026-05-01", naive, no_day, *far]
        case fields.Day():
            no_days = ["2026-02-30", "1999-12-31", "9999-12-31", "2026-05-01T09:00:00Z"]
            return [*_OBJECTS, *_NUMBERS, *_TEXTS, *no_days]
        case fields.TimeOfDay():
            return [*_OBJECTS, *_NUMBERS, *_TEXTS, "24:00", "9:60", "9", "09:00:00", "09:00\n"]
        case fields.Id():
            return [*_OBJECTS, *_NUMBERS, *_TEXTS, "0" * 31, "g" * 36, "{" + "0" * 34 + "}"]
        case fields.Choice() | fields.Key():
            return [*_OBJECTS, *_NUMBERS, *_TEXTS, "X" * 1000]
        case fields.Items():
            return ["", "x", {}, {"0": 1}, 1, True, [None] * (field.max_length + 1)]
        case fields.Part():
            return ["", "x", [], [{}], 1, True, {UNKNOWN: 1}]
    raise TypeError(f"what is wrong for {type(field).__name__}?")


def _long_and_blank(field: fields.Text) -> list[Any]:
    blank = [] if field.blank else ["", "   ", "\n", "\x00", "\u200b\u202e"]
    return ["长" * (field.max_length + 1), "x" * 5000, *_SURROGATES, *blank]


def wrong_bodies(schema: ma.Schema, body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(what is wrong, body) for each wrong value of each field of a valid body, nested ones too:
    wrong values, null where it is not meant, missing where required, fields that do not exist."""
    yield f"+{UNKNOWN}", body | {UNKNOWN: 1}
    for field in schema.fields.values():
        name = field.data_key or field.name
        assert name is not None
        for value in wrong_values(field):
            yield f"{name}={str(value)[:30]!r}", body | {name: value}
        if not field.allow_none:
            yield f"{name}=null", body | {name: None}
        if field.required and not schema.partial:
            yield f"-{name}", {key: value for key, value in body.items() if key != name}
        yield from _inside(field, name, body)


def _inside(
    field: ma.fields.Field[Any], name: str, body: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(field, fields.Part) and isinstance(body.get(name), dict):
        for what, part in wrong_bodies(field.schema, body[name]):
            yield f"{name}.{what}", body | {name: part}
    if isinstance(field, fields.Items) and body.get(name):
        for what, item in _wrong_items(field.inner, body[name][0]):
            yield f"{name}[].{what}", body | {name: [*deepcopy(body[name]), item]}


def _wrong_items(inner: ma.fields.Field[Any], item: Any) -> Iterator[tuple[str, Any]]:
    for value in wrong_values(inner):
        yield repr(value)[:30], value
    if isinstance(inner, fields.Part):
        yield from wrong_bodies(inner.schema, item)
