"""Lists by keyset: a page begins after the last row of the one before.

An offset skips and repeats rows while people sign up; a keyset doesn't, and page 500 costs what
page 1 costs.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, tuple_
from sqlalchemy.orm import Session

from backend.core.db import AnySelect
from backend.core.errors import ValidationFailed

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which page of a list is asked for; a list's own filters come on top.

    Attributes:
        cursor: `next_cursor` of the page before; None for the first.
    """

    cursor: str | None = None
    limit: int = DEFAULT_LIMIT


@dataclass(frozen=True, slots=True)
class Page:
    items: Sequence[Any]
    next_cursor: str | None


def encode_cursor(values: Sequence[Any]) -> str:
    """The sort values of a page's last row as one opaque URL-safe word."""
    return base64.urlsafe_b64encode(orjson.dumps([_plain(value) for value in values])).decode()


def decode_cursor(cursor: str, types: Sequence[type]) -> list[Any]:
    """The sort values in a cursor, as the given types.

    Raises ValidationFailed (422) for anything that `encode_cursor` has not made.
    """
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor.encode()))
        if not isinstance(values, list) or len(values) != len(types):
            raise ValueError("wrong length")
        return [_typed(value, kind) for value, kind in zip(values, types, strict=True)]
    except (ValueError, TypeError, binascii.Error, OverflowError):
        raise ValidationFailed(errors={"cursor": ["翻页标记无效，请从第一页重新查看"]}) from None


def paginate(
    session: Session,
    statement: AnySelect,
    keys: Sequence[tuple[ColumnElement[Any], type]],
    *,
    cursor: str | None,
    limit: int,
    key_of: Callable[[Any], Sequence[Any]],
    descending: bool = False,
    scalars: bool = True,
) -> Page:
    """One page of `statement`, sorted by `keys`.

    Args:
        keys: sort columns with their Python types, the last one unique.
        key_of: the sort values of an answered row.
        descending: newest first.
        scalars: answer the row's first column (an entity) in place of the row.
    """
    columns = [column for column, _ in keys]
    if cursor is not None:
        after = tuple_(*decode_cursor(cursor, [kind for _, kind in keys]))
        position = tuple_(*columns)
        statement = statement.where(position < after if descending else position > after)
    order = [column.desc() if descending else column.asc() for column in columns]
    result = session.execute(statement.order_by(*order).limit(limit + 1))
    rows: Sequence[Any] = result.scalars().all() if scalars else result.all()
    return page_of(rows, limit, key_of)


def page_of(rows: Sequence[Any], limit: int, key_of: Callable[[Any], Sequence[Any]]) -> Page:
    """A page of rows that were read with a limit of one more than it shows."""
    more = len(rows) > limit
    rows = rows[:limit]
    return Page(rows, encode_cursor(key_of(rows[-1])) if more else None)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else value


def _typed(value: Any, kind: type) -> Any:
    if kind is datetime or kind is date:
        parsed = kind.fromisoformat(value)
        if isinstance(parsed, datetime) and parsed.tzinfo is None:
            raise ValueError("naive")
        return parsed
    if isinstance(value, bool):  # an int to Python, not to PostgreSQL
        raise TypeError("no column is sorted by true and false")
    if kind is UUID and isinstance(value, str):
        return UUID(value)
    if kind is float and isinstance(value, int | float):
        return float(value)
    if not isinstance(value, kind) or (isinstance(value, str) and "\x00" in value):
        raise TypeError("wrong type in a cursor")
    return value
