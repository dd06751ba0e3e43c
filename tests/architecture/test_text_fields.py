"""All text that comes in is made one in one place (backend/core/text.py)."""

import re
from collections.abc import Iterator
from pathlib import Path

import marshmallow as ma

from backend import app  # noqa: F401 - every feature's schemas
from backend.core.web import fields
from backend.local.system import ROOT

# The last are words of a list, not text.
ONE_LINE_OR_MORE = (fields.Text, fields.Phone, fields.Key)
TEXTAREA = re.compile(r'ui\.field\("(\w+)",[^}]*?type="textarea"|<textarea [^>]*name="(\w+)"')
# Typed on the phone alone.
ON_THE_PHONE = {("feedback", "comment"), ("feedback", "words")}


def schemas(kind: type[fields.Schema] = fields.Schema) -> Iterator[type[fields.Schema]]:
    for below in kind.__subclasses__():
        if below.__module__.startswith("backend."):
            yield below
        yield from schemas(below)


def leaves(field: ma.fields.Field[object]) -> Iterator[ma.fields.Field[object]]:
    if isinstance(field, ma.fields.List):
        yield from leaves(field.inner)
    else:
        yield field


def incoming() -> list[tuple[type[fields.Schema], str, ma.fields.Field[object]]]:
    return [
        (schema, field.data_key or name, leaf)
        for schema in schemas()
        for name, field in schema().fields.items()
        for leaf in leaves(field)
    ]


def test_no_text_comes_in_as_it_was_typed() -> None:
    found = incoming()
    assert len(found) > 200
    raw = [
        f"{schema.__qualname__}.{name}"
        for schema, name, field in found
        if isinstance(field, ma.fields.String) and not isinstance(field, ONE_LINE_OR_MORE)
    ]
    assert raw == []


def test_text_has_several_lines_where_there_is_room_for_them() -> None:
    areas = {
        (folder_of(template), one or other)
        for template in (ROOT / "backend").glob("*/web/templates/**/*.html")
        for one, other in TEXTAREA.findall(template.read_text(encoding="utf-8"))
    }
    several = {
        (schema.__module__.split(".")[1], name)
        for schema, name, field in incoming()
        if isinstance(field, fields.Paragraphs)
    }
    assert several - ON_THE_PHONE == areas


def folder_of(template: Path) -> str:
    """Whose schemas say what its forms take: the schedule's form makes an activity."""
    feature = template.relative_to(ROOT / "backend").parts[0]
    return "activities" if feature == "schedule" else feature
