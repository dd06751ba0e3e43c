"""What a request leaves out is told from what it empties (core/given.py)."""

from dataclasses import dataclass

from backend.activities.models import Stall
from backend.core.given import UNSET, Given, given, or_else, picked, put


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    name: Given[str] = UNSET
    place_note: Given[str | None] = UNSET
    version: Given[int] = UNSET


def test_none_empties_a_field_and_what_is_left_out_stays() -> None:
    stall = Stall(name="义诊", place_note="东门左侧")
    put(stall, Edit(place_note=None))
    assert (stall.name, stall.place_note) == ("义诊", None)
    put(stall, Edit(name="义剪", version=3), but=("version",))
    assert (stall.name, stall.place_note) == ("义剪", None)


def test_only_what_is_given_is_named() -> None:
    assert given(Edit(place_note=None, version=3)) == {"place_note": None, "version": 3}
    assert given(Edit(place_note=None, version=3), but=("version",)) == {"place_note": None}
    assert [or_else(Edit(version=3).version, 1), or_else(Edit().version, 1)] == [3, 1]


def test_of_what_an_address_says_the_fields_alone_are_picked() -> None:
    assert picked(Edit, {"name": "义诊", "wall": "1"}) == Edit(name="义诊")
