"""A market that is opened before its day: it is said, it can be undone, and nothing counts."""

from datetime import timedelta
from typing import Any

import pytest

from backend.core import clock
from tests.api.activities.test_put_off import DAY, activity, at, market_of
from tests.api.activities.workbench import M
from tests.support.desk import Desk
from tests.support.market_day import MarketDay
from tests.support.market_day import at as at_instant
from tests.support.world import DISTRICT, World, ok, refused


def act(day: MarketDay, action: str) -> Any:
    return day.organiser.post(f"/activities/{day.id}/{action}")


@pytest.fixture(scope="module")
def early(world: World) -> MarketDay:
    """A market of in five days with a sign-up, opened by mistake today."""
    day = market_of(world, mode="queue")
    day.booked(world.person())
    ok(act(day, "open"))
    return day


def test_who_opens_is_told_the_date_and_may_take_it_back(world: World) -> None:
    day = market_of(world)
    desk = Desk(world, day.organiser)
    words = "还有 5 天。现在开始，居民会看到「进行中」"
    for path in (f"{M}/{day.id}", f"/console/board/{day.id}"):
        assert words in desk.read(path)
    assert desk.send(f"{M}/{day.id}/open").status_code == 303
    page = desk.read(f"{M}/{day.id}")
    assert "提前开始了" in page
    assert "结束活动" not in page, "its end is not what is wanted"
    assert "撤回开始" in desk.read(f"/console/board/{day.id}")
    assert desk.send(f"{M}/{day.id}/undo-open").status_code == 303
    now = activity(day)
    assert (now["state"], now["opened_at"]) == ("published", None)
    assert "撤回开始" in desk.read(f"{M}/{day.id}/history")
    with at_instant(at(DAY, 8)):
        page = Desk(world, day.organiser).read(f"{M}/{day.id}")
        assert "居民从现在起可以签到和取号" in page
        assert words not in page


def test_nobody_is_checked_in_or_given_a_number_before_the_day(
    world: World, early: MarketDay
) -> None:
    person = world.person()
    scan = ok(early.self_scan(person))
    assert (scan["verdict"], scan["reason"]) == ("refused", "not_yet")
    problem = refused(
        early.ticket(early.volunteer, resident_id=str(person.resident_id)), 409, "market_not_open"
    )
    assert f"{DAY:%-m月%-d日}当天才能取号" in problem["detail"]
    assert early.booked(person)["state"] == "confirmed", "sign-up goes on"
    with at_instant(at(DAY, 6)):
        early.come(person)
        early.number()


def test_it_has_not_taken_place(world: World, early: MarketDay) -> None:
    desk = Desk(world, world.organiser(DISTRICT))
    for path in ("/console/evaluations/", "/console/board/"):
        assert early.id not in desk.read(path)
    figures = ok(early.organiser.get("/dashboard"))["totals"]
    assert figures["live"] == figures["activities"] == figures["communities_reached"] == 0
    assert early.organiser.put(f"/activities/{early.id}", {"description": "新"}).status_code == 200
    refused(act(early, "close"), 409, "not_its_day")
    form = {"version": "0", "volunteers": "3"}
    desk = Desk(world, early.organiser)
    assert desk.send(f"{M}/{early.id}/record", **form).status_code == 409


def test_what_has_happened_is_named_and_keeps_it_open(world: World) -> None:
    day = MarketDay.begin(world)
    visit = day.come(world.person())
    number = day.number()
    problem = refused(act(day, "undo-open"), 409, "people_have_come")
    assert problem["detail"] == "已有 1 人签到、1 个号取过或叫过"
    ok(day.revert(visit["id"]), 201)
    ok(day.act(number, "cancel"))
    ok(act(day, "undo-open"))
    refused(act(day, "undo-open"), 409, "illegal_transition")


def test_who_had_come_before_it_was_opened_stays(world: World) -> None:
    """The entrance opens half an hour before: that is no result of the opening."""
    day = market_of(world)
    person = world.person()
    booking = day.booked(person)
    with at_instant(at(DAY, 8, 45)) as now:
        day.come(person)
        now.shift(timedelta(minutes=1))
        ok(act(day, "open"))
        ok(act(day, "undo-open"))
        assert day.booking(booking)["state"] == "arrived"
        assert day.summary()["visits"] == 1


def test_only_what_is_on_is_undone_and_publishing_undoes_nothing(world: World) -> None:
    day = market_of(world)
    refused(act(day, "undo-open"), 409, "illegal_transition")
    ok(act(day, "open"))
    refused(act(day, "publish"), 409, "illegal_transition")
    assert activity(day)["opened_at"] is not None


def test_the_evening_before_a_market_at_midnight_counts(world: World) -> None:
    """Where check-in itself begins before the day does."""
    start = at(DAY, 0, 10)
    organiser = world.organiser()
    draft = world.ready(organiser, starts_at=start)
    ok(organiser.post(f"/activities/{draft['id']}/publish"))
    with at_instant(start - timedelta(minutes=25)):
        assert clock.today() < DAY
        code = ok(organiser.get(f"/activities/{draft['id']}/code"))["code"]
        body = {"id": draft["id"], "source": "self", "code": code}
        ok(world.person().post(f"/activities/{draft['id']}/scans", body), 201)
