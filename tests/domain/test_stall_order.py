"""Stall numbers are sorted as people count."""

import random

from backend.activities.words import stall_order


def test_numbers_are_in_the_order_in_which_people_count() -> None:
    right = ["1", "2", "9", "10", "11", "100", "A", "A1", "A2", "A11", "B1", "东1", "东12"]
    mixed = random.Random(7).sample(right, len(right))
    assert sorted(mixed, key=stall_order) == right
