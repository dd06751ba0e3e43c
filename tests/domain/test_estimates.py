"""The wait is shown as a range: from what services have lately taken, over the open desks."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.bookings.line.estimates import FEWEST_SERVICES, Minutes, estimate_wait

LIKE_CLOCKWORK = [10.0] * 8


@pytest.mark.parametrize(
    ("ahead", "recent", "usual", "desks", "low", "high"),
    [
        # Nothing served yet: the organiser's minutes, a quarter less to a quarter more.
        (0, [], 10, 1, 0, 13),
        (1, [], 10, 1, 7, 25),
        (4, [], 10, 1, 30, 63),
        (4, [], 10, 2, 15, 32),
        (4, [], 10, 8, 3, 8),
        # Too few to say.
        (4, [1.0] * (FEWEST_SERVICES - 1), 10, 1, 30, 63),
        # Enough: the middle half of them, whatever was planned.
        (4, LIKE_CLOCKWORK, 3, 1, 40, 50),
        (4, LIKE_CLOCKWORK, 3, 4, 10, 13),
        (0, LIKE_CLOCKWORK, 3, 1, 0, 10),
        (2, [2.0, 4.0, 6.0, 8.0, 10.0], 60, 1, 6, 27),
        # One that took all afternoon does not count for more than one.
        (2, [*LIKE_CLOCKWORK, 300.0], 3, 1, 20, 30),
        # Served in an instant: somebody presses twice by mistake.
        (3, [0.0] * 8, 10, 1, 0, 0),
    ],
)
def test_the_range(
    ahead: int, recent: list[float], usual: int, desks: int, low: int, high: int
) -> None:
    assert estimate_wait(ahead, recent, usual, desks) == Minutes(low, high)


durations = st.lists(st.floats(0, 240, allow_nan=False), max_size=20)


@given(st.integers(0, 500), durations, st.integers(1, 240), st.integers(1, 60))
def test_it_is_a_range_of_whole_minutes(
    ahead: int, recent: list[float], usual: int, desks: int
) -> None:
    found = estimate_wait(ahead, recent, usual, desks)
    assert 0 <= found.low <= found.high
    assert math.isfinite(found.high)


@given(st.integers(0, 100), durations, st.integers(1, 240), st.integers(1, 20))
def test_more_people_never_wait_less_and_more_desks_never_longer(
    ahead: int, recent: list[float], usual: int, desks: int
) -> None:
    found = estimate_wait(ahead, recent, usual, desks)
    longer = estimate_wait(ahead + 1, recent, usual, desks)
    assert (found.low, found.high) <= (longer.low, longer.high)
    faster = estimate_wait(ahead, recent, usual, desks + 1)
    assert faster.low <= found.low
    assert faster.high <= found.high


@pytest.mark.parametrize(
    ("ahead", "due_in", "low", "high"),
    [
        # Checked in at 8:57 for 10:30: now, where nobody waits, and at 10:30 at the latest.
        (0, 93, 0, 103),
        (3, 93, 30, 103),
        # However many wait, its time comes.
        (30, 12.5, 12, 23),
        # Its time has come: as for everybody.
        (1, 0, 10, 20),
        (1, -5, 10, 20),
    ],
)
def test_an_early_appointment_ends_with_its_time(
    ahead: int, due_in: float, low: int, high: int
) -> None:
    assert estimate_wait(ahead, LIKE_CLOCKWORK, 3, 1, due_in) == Minutes(low, high)
