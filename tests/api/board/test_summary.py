"""The live numbers of a market: where each service is, and how long people have waited for it."""

from tests.support.market_day import MarketDay, at, shanghai
from tests.support.world import World

START = shanghai("2026-05-01 09:00")


def test_each_service_tells_its_stall_and_its_mean_wait(world: World) -> None:
    """From arrival to the first call; who still waits does not count yet."""
    with at(START) as clock:
        day = MarketDay.begin(world)
        quiet = day.offering(day.stall(number="B2", name="二号台"), title="义诊")
        first, second, _third = (day.number() for _ in range(3))
        clock.shift(4 * 60)
        day.called()
        day.acted(first, "recall", "start", "finish")
        clock.shift(4 * 60)
        day.called()
        day.acted(second, "start")
        summary = day.summary()
    by_id = {offering["offering_id"]: offering for offering in summary["offerings"]}
    busy, idle = by_id[day.offering_id], by_id[quiet]
    assert (busy["stall"]["name"], busy["mean_wait_minutes"]) == ("便民服务", 6)
    assert (busy["waiting"], busy["serving"], busy["served"]) == (1, 1, 1)
    assert idle["stall"] == {"number": "B2", "name": "二号台"}
    assert idle["mean_wait_minutes"] is None
