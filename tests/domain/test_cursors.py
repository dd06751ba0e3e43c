"""A cursor says where a page ended. It comes back from a phone, so it may be anything."""

import base64
import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.errors import ValidationFailed
from backend.core.pagination import decode_cursor, encode_cursor

INSTANT = datetime(2026, 5, 1, 1, 2, 3, 456789, tzinfo=UTC)
KINDS: list[type] = [str, UUID, datetime, date, float, int]


def forged(values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


def refused(cursor: str, *kinds: type) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        decode_cursor(cursor, kinds)
    assert list(refusal.value.errors or {}) == ["cursor"]


def test_what_is_encoded_comes_back() -> None:
    values = ["王", uuid4(), INSTANT, date(2026, 5, 1), 12.5, 7]
    assert decode_cursor(encode_cursor(values), KINDS) == values


@given(st.tuples(st.text(), st.uuids(), st.floats(allow_nan=False, allow_infinity=False)))
def test_any_sort_values_come_back(values: tuple[str, UUID, float]) -> None:
    if "\x00" in values[0]:
        refused(encode_cursor(values), str, UUID, float)
    else:
        assert tuple(decode_cursor(encode_cursor(values), [str, UUID, float])) == values


@pytest.mark.parametrize(
    "cursor", ["", "!", "AAAA", "bm9uc2Vuc2U=", "a", "=", "页", "W10", "bnVsbA==", "e30=", "\x00"]
)
def test_nonsense_is_refused(cursor: str) -> None:
    refused(cursor, str)


@pytest.mark.parametrize("values", [[], ["a", "b"], {"0": "a"}, "a", None, 1])
def test_a_cursor_of_another_shape_is_refused(values: Any) -> None:
    refused(forged(values), str)


WRONG: dict[type, list[Any]] = {
    str: [1, None, True, 1.5, [], {}, "a\x00b"],
    UUID: [1, None, True, 1.5, [], {}, "x", "\x00"],
    datetime: [1, None, True, [], {}, "x", "2026-05-01", "2026-05-01T09:00:00", "\x00"],
    date: [1, None, True, [], {}, "x", "2026-13-01", "\x00"],
    float: ["1", None, True, False, [], {}],
    int: ["1", None, True, False, 1.5, [], {}],
}


@pytest.mark.parametrize(("kind", "value"), [(k, v) for k, found in WRONG.items() for v in found])
def test_a_cursor_with_a_value_of_another_type_is_refused(kind: type, value: Any) -> None:
    refused(forged([value]), kind)


def test_deep_nesting_is_refused() -> None:
    refused(base64.urlsafe_b64encode(b"[" * 300 + b"]" * 300).decode(), str)
    refused(base64.urlsafe_b64encode(b"[" * 370).decode(), str)


@given(st.text(max_size=100), st.sampled_from(KINDS))
def test_any_text_is_refused_or_read(cursor: str, kind: type) -> None:
    try:
        (value,) = decode_cursor(cursor, [kind])
    except ValidationFailed:
        return
    assert isinstance(value, kind)


@given(
    st.lists(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
        | st.lists(st.integers(), max_size=1) | st.dictionaries(st.text(), st.none(), max_size=1),
        max_size=3,
    ),
    st.lists(st.sampled_from(KINDS), min_size=1, max_size=3),
)  # fmt: skip
def test_any_forged_values_are_refused_or_of_their_types(
    values: list[Any], kinds: list[type]
) -> None:
    try:
        found = decode_cursor(forged(values), kinds)
    except ValidationFailed:
        return
    assert all(isinstance(value, kind) for value, kind in zip(found, kinds, strict=True))
