"""How long each line is, told with the activity itself: before anybody walks to a stall."""

from typing import Any

from flask import Flask

from tests.support.fair import Statements
from tests.support.market_day import MarketDay, at, minutes, shanghai
from tests.support.world import World, ok

START = shanghai("2026-05-01 09:00")


def _lines(day: MarketDay) -> dict[str, Any]:
    """As a visitor without login sees them, by offering."""
    activity = ok(day.world.http.get(f"/api/v1/activities/{day.id}"))
    return {
        offering["id"]: offering["line"]
        for stall in activity["stalls"]
        for offering in stall["offerings"]
    }


def test_each_line_is_what_its_own_screen_says(world: World) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world)
        busy, quiet = day.offering(minutes_per_person=10), day.offering()
        for _ in range(3):
            day.number(busy)
        clock.shift(minutes(5))
        lines = _lines(day)
        screen = ok(day.world.http.get(f"/api/v1/offerings/{busy}/queue"))
    assert lines[busy]["waiting"] == 3
    assert lines[busy]["estimate_minutes"] == screen["estimate_minutes"]
    assert lines[quiet]["waiting"] == 0


def test_who_is_called_or_has_stepped_out_does_not_wait(day: MarketDay) -> None:
    line = day.offering()
    numbers = [day.number(line) for _ in range(3)]
    day.called()
    day.acted(numbers[1], "park")
    assert _lines(day)[line]["waiting"] == 1


def test_where_one_walks_up_there_is_no_line(day: MarketDay) -> None:
    walk_up = day.offering(mode="open")
    assert _lines(day)[walk_up] is None


def test_a_market_that_is_over_has_no_lines(day: MarketDay) -> None:
    day.close()
    assert set(_lines(day).values()) == {None}


def test_one_statement_however_many_lines(day: MarketDay, app: Flask) -> None:
    def cost() -> int:
        with Statements(app) as sent:
            _lines(day)
        return len(sent)

    before = cost()
    for _ in range(4):
        day.number(day.offering())
    assert cost() == before
