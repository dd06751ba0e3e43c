"""What a request gives, and what it leaves out.

Operations take frozen dataclasses. Where a change leaves a field out, it is UNSET there and what
stands stays; None is a value like any other: it empties the field.
"""

from collections.abc import Collection, Mapping
from dataclasses import fields
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from backend.core.db import Base


class Unset(Enum):
    """The type of UNSET: the one value that nobody can send."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET
T = TypeVar("T")
D = TypeVar("D", bound="DataclassInstance")
Given: TypeAlias = T | Unset


def or_else(value: Given[T], otherwise: T) -> T:
    """What is given; `otherwise` where nothing is."""
    return otherwise if isinstance(value, Unset) else value


def given(what: "DataclassInstance", *, but: Collection[str] = ()) -> dict[str, Any]:
    """The fields that are given, by name.

    Args:
        but: fields that are left out, because the caller sees to them itself.
    """
    every = ((one.name, getattr(what, one.name)) for one in fields(what) if one.name not in but)
    return {name: value for name, value in every if value is not UNSET}


def picked(kind: type[D], values: Mapping[str, Any]) -> D:
    """A frozen request, of the values that there are for its fields; the others are its own.

    Pages keep what their address says as it came, for their forms to show; what they hand on to a
    read is typed.
    """
    return kind(**{one.name: values[one.name] for one in fields(kind) if one.name in values})


def put(row: "Base", what: "DataclassInstance", *, but: Collection[str] = ()) -> None:
    """Write what is given into a row's columns of the same names; the others stay.

    Args:
        but: fields that are no columns, or are more than that: the caller sees to them itself.
    """
    for name, value in given(what, but=but).items():
        setattr(row, name, value)
