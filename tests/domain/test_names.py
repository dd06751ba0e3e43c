"""Names as staff and screens see them: enough to ask 「是王女士吗」, no more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.crypto import mask_phone
from backend.identity.names import NAMELESS, masked_name, own_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (None, "居民"),
        ("", "居民"),
        ("王", "王"),
        ("王英", "王*"),
        ("王秀英", "王*英"),
        ("欧阳秀英", "欧**英"),
        ("古丽娜尔·买买提", "古***提"),
        ("Elizabeth", "E***h"),
    ],
)
def test_a_name_is_masked(name: str | None, shown: str) -> None:
    assert masked_name(name) == shown


@given(st.text(min_size=2, max_size=30))
def test_a_masked_name_shows_two_characters_at_most(name: str) -> None:
    """And does not give away how long a long name is."""
    shown = masked_name(name)
    assert len(shown) <= 5
    assert "*" in shown
    assert len(shown.replace("*", "", 3)) <= 2


def test_people_see_their_own_name_whole() -> None:
    assert own_name("王秀英") == "王秀英"
    assert own_name(None) == own_name("") == NAMELESS


def test_a_phone_number_is_masked_in_its_middle() -> None:
    assert mask_phone("13812341234") == "138****1234"
