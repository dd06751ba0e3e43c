"""When a market admits: from some minutes before its start, or once it has been opened; until it
is closed, or its last day in Shanghai is over."""

from datetime import datetime
from typing import Any

from tests.support.market_day import MarketDay, at, minutes, shanghai
from tests.support.world import Market, World, ok

START = shanghai("2026-05-01 09:00")


def _published(world: World, now: datetime, **activity: Any) -> MarketDay:
    """A market that begins at START and has been announced, not opened."""
    with at(now):
        organiser = world.organiser()
        draft = world.ready(organiser, **{"starts_at": START, **activity})
        ok(organiser.post(f"/activities/{draft['id']}/publish"))
        market = Market(organiser, draft["id"], "", "", None)
        return MarketDay(world, market, world.volunteer())


def _verdict(day: MarketDay, now: datetime) -> tuple[str, str | None]:
    """What somebody new who scans the market's code then is told."""
    with at(now):
        answer = day.self_scan(day.world.person()).json
    assert answer is not None
    return answer["verdict"], answer["reason"]


def _person(world: World, now: datetime) -> Any:
    """Somebody who logged in then."""
    with at(now):
        return world.person()


ADMITTED, NOT_YET, EXPIRED = ("admitted", None), ("refused", "not_yet"), ("refused", "expired")
SECOND = minutes(1 / 60)


def test_an_announced_market_admits_from_half_an_hour_before(world: World) -> None:
    day = _published(world, START - minutes(120))
    assert _verdict(day, START - minutes(30) - SECOND) == NOT_YET
    assert _verdict(day, START - minutes(30)) == ADMITTED
    assert _verdict(day, START + minutes(60)) == ADMITTED


def test_the_organiser_says_how_early(world: World) -> None:
    day = _published(world, START - minutes(120), checkin_opens_minutes=0)
    assert _verdict(day, START - SECOND) == NOT_YET
    assert _verdict(day, START) == ADMITTED


def test_an_opened_market_admits_at_once(world: World) -> None:
    """The organiser on the spot knows better than the plan."""
    day = _published(world, START - minutes(120))
    with at(START - minutes(90)):
        ok(day.organiser.post(f"/activities/{day.id}/open"))
    assert _verdict(day, START - minutes(90)) == ADMITTED


def test_it_admits_past_its_end_until_the_day_is_over(world: World) -> None:
    """Markets run late; a market that nobody closed does not admit for ever."""
    day = _published(world, START - minutes(120), hours=3)
    assert _verdict(day, START + minutes(181)) == ADMITTED
    assert _verdict(day, shanghai("2026-05-01 23:59")) == ADMITTED
    assert _verdict(day, shanghai("2026-05-02 00:00")) == EXPIRED


def test_a_live_market_expires_with_its_last_day_too(world: World) -> None:
    day = _published(world, START - minutes(120))
    with at(START):
        ok(day.organiser.post(f"/activities/{day.id}/open"))
    assert _verdict(day, shanghai("2026-05-02 00:00")) == EXPIRED


def test_a_visit_is_of_the_day_in_shanghai(world: World) -> None:
    """23:59 and 00:01 are two visits, in whichever day they fall in UTC; 07:59 and 08:01, when
    UTC's day changes, are one."""
    day = _published(world, START - minutes(120), hours=48)
    person = _person(world, START - minutes(120))
    with at(shanghai("2026-05-01 23:59")):
        first = day.come(person)
    with at(shanghai("2026-05-02 00:01")):
        second = day.come(person)
    with at(shanghai("2026-05-02 07:59")):
        assert ok(day.self_scan(person))["verdict"] == "already_checked_in"
    with at(shanghai("2026-05-02 08:01")):
        again = ok(day.self_scan(person))
        assert again["verdict"] == "already_checked_in"
        summary = day.summary()
    assert first["attendance"]["id"] != second["attendance"]["id"] == again["attendance"]["id"]
    assert (summary["visits"], summary["people"]) == (2, 1)
    days = {str(row.on_day) for row in day.rows("SELECT on_day FROM attendance")}
    assert days == {"2026-05-01", "2026-05-02"}


def test_yesterdays_visit_cannot_be_left_today(world: World) -> None:
    day = _published(world, START - minutes(120), hours=48)
    person = _person(world, START - minutes(120))
    with at(START):
        day.come(person)
    with at(START + minutes(24 * 60)):
        answer = ok(day.self_scan(person, direction="exit"))
    assert (answer["verdict"], answer["reason"]) == ("refused", "invalid")
