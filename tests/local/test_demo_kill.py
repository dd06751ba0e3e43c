"""`make demo` with something killed in the middle, and a recount that must notice everything."""

import io
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import psycopg
import pytest

from backend.local.demo import plan
from backend.local.demo.client import Phone
from backend.local.demo.crowd import KINDS
from backend.local.demo.recount import Result, recount
from backend.local.demo.show import Progress
from backend.local.demo.tally import Tally
from backend.local.demo_day import play_day, prepare, report
from backend.local.postgres.server import FAST_KILLABLE
from backend.local.system import LocalSystem
from tests.support import prepared

RESIDENTS = 200
DISTURBED_PHASES = 4
"""Sign-up, check-in, queues, ratings."""
KILLS = ("database", "web")
"""What is killed in each of them; the database first, which is back before much more is done."""


class Place:
    """A running system, and the day that was played in it."""

    def __init__(self, system: LocalSystem) -> None:
        self.system = system
        self.shown = io.StringIO()
        self.progress = Progress(self.shown)
        tally = Tally()
        self._staff = prepare(system, tally, self.progress)
        drawn = plan.draw(RESIDENTS)
        self.day = play_day(self.system, self._staff, drawn, tally, self.progress, kills=KILLS)

    def recount(self) -> Result:
        """The recount of the day once more."""
        with closing(Phone(self.system.web)) as phone:
            return recount(phone, self._staff, self.day.market, self.day.tally, self.system)

    def execute(self, statement: bytes, *values: str) -> None:
        """Tamper with the database."""
        with psycopg.connect(self.system.database_url) as connection:
            assert connection.execute(statement, values).rowcount == 1


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """A system of two web workers on a database that survives SIGKILL."""
    with prepared.system(
        workers=2,
        restart=True,
        database_settings=FAST_KILLABLE,
        environ={"LIMITS_TIMES": "100"},  # a day passes in seconds
    ) as system:
        yield Place(system)


def test_whatever_is_killed_nothing_is_lost_or_counted_twice(place: Place) -> None:
    day = place.day
    assert [str(check) for check in day.result.differences] == []
    assert day.kills == DISTURBED_PHASES * len(KILLS)
    assert day.retries > 0
    # A day on which all of it happened.
    tally = day.tally
    assert {"sign_up", "take_number", "arrive", "call", "start", "finish"} <= set(tally.moves)
    assert ("报名", "slot_full") in tally.refused
    assert tally.repeated > 0
    assert tally.guests
    assert tally.ratings


def test_the_table_ends_the_day(place: Place) -> None:
    assert report(place.day, place.progress) == 0
    shown = place.shown.getvalue()
    assert f"评价清单 · {place.day.market.title}（实时）" in shown
    assert "与自己的记录全部一致" in shown
    for kind in KILLS:
        assert f"{KINDS[kind]}被 kill -9" in shown


@pytest.mark.parametrize(
    ("what", "tamper", "named"),
    [
        (
            "rating",
            b"DELETE FROM rating WHERE id = %s",
            ["评价清单：评价数", "评价：缺少的", "评价清单：均分"],
        ),
        (
            "visit",
            b"UPDATE attendance SET left_at = now() WHERE id = %s",
            ["现场人数（未签退）", "签到名单：内容不同的"],
        ),
        (
            "booking",
            b"UPDATE booking SET state = 'expired' WHERE id = %s",
            ["报名与取号：内容不同的", "评价清单：服务人次"],
        ),
    ],
)
def test_a_tampered_row_is_named(place: Place, what: str, tamper: bytes, named: list[str]) -> None:
    tally = place.day.tally
    good = [i for i, rated in tally.ratings.items() if rated.score > 2]
    victim = {
        "rating": good[0],
        "visit": next(i for i, visit in tally.visits.items() if visit.inside),
        "booking": next(i for i, booked in tally.bookings.items() if booked.state == "served"),
    }[what]
    place.execute(tamper, victim)
    result = place.recount()
    differences = {check.what for check in result.differences}
    assert set(named) <= differences
    day = replace(place.day, result=result)
    place.shown.truncate(0)
    assert report(day, place.progress) == 1
    shown = place.shown.getvalue()
    assert "不一致" in shown
    for name in named:
        assert f"\n  {name}：应为 " in shown
