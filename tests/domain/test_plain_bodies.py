"""A body with nothing wrong in it is read without marshmallow (core/web/fields.py), and comes out
as marshmallow reads it."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import marshmallow as ma

from backend.core.web import fields


class _Inner(fields.Schema):
    name = fields.Text(5, required=True)
    age = fields.Int(0, 150)


class _Body(fields.Schema):
    id = fields.Id(required=True)
    from_ = fields.Day(data_key="from")
    tags = fields.Items(fields.Text(3), 2, load_default=list)
    note = fields.Text(5, allow_none=True)
    even = fields.Int(0, 9, load_default=2, validate=lambda n: n % 2 == 0)
    inner = fields.Part(_Inner)

    @ma.validates_schema
    def not_both(self, data: dict[str, Any], **_: object) -> None:
        if "note" in data and "inner" in data:
            raise ma.ValidationError("二选一", "note")


class _AsMarshmallow(_Body):
    _deserialize = ma.Schema._deserialize  # type: ignore[assignment]


_ID = "0197f3a0-0000-7000-8000-000000000001"
_RIGHT = {"id": _ID, "from": "2026-05-01", "tags": ["a"], "even": 4, "inner": {"name": "王"}}


def _bodies() -> Iterator[Any]:
    yield from (_RIGHT, {"id": _ID}, {"id": _ID, "note": None}, {"id": _ID, "note": " 好 "})
    yield from ({}, None, [], [_RIGHT], "body", {"from_": "2026-05-01"}, {"id": None})
    wrong = {
        "id": "x", "from": "2026-13-01", "tags": ["long"], "note": "too long", "even": 3,
        "inner": {"age": 200}, "unknown": 1,
    }  # fmt: skip
    for name, value in wrong.items():
        yield _RIGHT | {name: value}
    yield wrong
    yield _RIGHT | {"note": "两个", "inner": {"name": "王", "age": 1}}


def _outcome(schema: ma.Schema, body: Any) -> Any:
    try:
        return schema.load(body)
    except ma.ValidationError as error:
        return error.normalized_messages()  # type: ignore[no-untyped-call]


def test_a_body_is_read_as_marshmallow_reads_it() -> None:
    for partial in (None, False, True, ("id",)):
        for unknown, many in product((ma.RAISE, ma.EXCLUDE, ma.INCLUDE), (False, True)):
            options: dict[str, Any] = {"partial": partial, "unknown": unknown, "many": many}
            ours, its = _Body(**options), _AsMarshmallow(**options)
            for body in (*_bodies(), [*_bodies()]):
                assert _outcome(ours, body) == _outcome(its, body), (options, body)
