"""A published market is put off to another day: its slots, and who has signed up, go along, and it
is kept who has to be told."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from backend.core import clock
from tests.api.activities.workbench import M, facts, fields_of
from tests.support.desk import Desk, form_time
from tests.support.market_day import MarketDay
from tests.support.market_day import at as at_instant
from tests.support.world import Market, World, ok, refused

DAY = clock.today() + timedelta(days=5)
NEXT = DAY + timedelta(days=1)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=clock.SHANGHAI)


def market_of(world: World, *, mode: str = "slots", days: int = 1, **offering: Any) -> MarketDay:
    """A published market of some days from DAY on; one by slots has one at 9:00 of the first."""
    organiser = world.organiser()
    hours = 24 * (days - 1) + 3
    draft = world.draft(organiser, starts_at=at(DAY, 9), hours=hours)
    stall = world.stall(organiser, draft["id"])
    made = world.offering(organiser, stall["id"], mode=mode, **offering)
    slot = None
    if mode == "slots":
        slot = world.slot(organiser, made["id"], at(DAY, 9).isoformat())["id"]
    ok(organiser.post(f"/activities/{draft['id']}/publish"))
    market = Market(organiser, draft["id"], stall["id"], made["id"], slot)
    return MarketDay(world, market, world.volunteer())


def activity(day: MarketDay) -> dict[str, Any]:
    return dict(ok(day.organiser.get(f"/activities/{day.id}")))


def move(desk: Desk, day: MarketDay, to: datetime) -> str:
    """Move a market by the form, and confirm; answers what was shown before."""
    path = f"/console/schedule/{day.id}/move"
    page = desk.step(path, starts_at=form_time(to), version=str(activity(day)["version"]))
    assert desk.send(path, **fields_of(page)).status_code == 303
    return page


def shift(day: MarketDay, by: timedelta, **more: Any) -> Any:
    """Move a market by the API, both of its ends."""
    now = activity(day)
    body = {
        name: (datetime.fromisoformat(now[name]) + by).isoformat()
        for name in ("starts_at", "ends_at")
    }
    return day.organiser.put(f"/activities/{day.id}", body | more)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


# ---------------------------------------------------------------------------- the whole


@pytest.mark.parametrize("mode", ["slots", "queue"])
def test_who_has_signed_up_waits_in_line_on_the_new_day(world: World, mode: str) -> None:
    day = market_of(world, mode=mode)
    person, gone = world.person(), world.person()
    ok(day.act(day.booked(gone), "cancel", gone))
    booking = day.booked(person)
    page = move(Desk(world, day.organiser), day, at(NEXT, 9))
    for words in ("影响到谁", "1<small>个", "义剪", "确认改期", "小程序里会写明"):
        assert words in page
    moved = day.booking(booking)
    assert moved["service_on"] == NEXT.isoformat()
    assert moved["ticket"] == booking["ticket"]
    assert instant(moved["moved_from"]) == at(DAY, 9), "whom to tell"
    assert day.moves(booking)[-1][0] == "put_off"
    if mode == "slots":
        assert instant(moved["slot_starts_at"]) == at(NEXT, 9)
    taken = day.rows(
        "SELECT on_day, taken, last_number FROM service_day WHERE offering_id = :id AND taken > 0",
        id=day.offering_id,
    )
    assert [tuple(row) for row in taken] == [(NEXT, 1, 2)]
    with at_instant(at(NEXT, 8, 45)):
        day.come(person)
        assert day.booking(booking)["state"] == "arrived"
        later = day.booked(world.person())
    assert later["ticket"] == "A003", "numbers go on"


def test_the_workbench_says_how_many_are_to_be_told(world: World) -> None:
    day = market_of(world)
    first = day.booked(world.person())
    desk = Desk(world, day.organiser)
    move(desk, day, at(NEXT, 9))
    assert "1 个预约是改期以前报的" in desk.read(f"{M}/{day.id}")
    person = world.person()
    second = day.booked(person)
    assert "1 个预约是改期以前报的" in desk.read(f"{M}/{day.id}"), "who came after knows"
    move(desk, day, at(DAY, 9))
    assert day.booking(first)["moved_from"] is None, "what they know is true again"
    assert instant(day.booking(second)["moved_from"]) == at(NEXT, 9)
    ok(person.post(f"/bookings/{second['id']}/keep"))
    assert "1 个预约是改期以前报的" in desk.read(f"{M}/{day.id}"), "nor does an answer change that"


def test_the_facts_form_and_the_api_move_the_same(world: World) -> None:
    for by_api in (False, True):
        day = market_of(world)
        booking = day.booked(world.person())
        if by_api:
            ok(shift(day, timedelta(days=1)))
        else:
            desk, path = Desk(world, day.organiser), f"{M}/{day.id}/facts"
            times = {"starts_at": form_time(at(NEXT, 9)), "ends_at": form_time(at(NEXT, 12))}
            page = desk.step(path, **facts(activity(day), **times))
            assert "1 个时段" in page
            assert desk.send(path, **fields_of(page)).status_code == 303
        moved = day.booking(booking)
        assert instant(moved["slot_starts_at"]) == at(NEXT, 9)
        assert moved["service_on"] == NEXT.isoformat()


def test_a_new_day_and_another_length_keep_who_has_signed_up(world: World) -> None:
    """Without slots nothing hinders that: their day is the new one all the same."""
    day = market_of(world, mode="queue")
    booking = day.booked(world.person())
    times = {"starts_at": at(NEXT, 9).isoformat(), "ends_at": at(NEXT, 17).isoformat()}
    ok(day.organiser.put(f"/activities/{day.id}", times))
    assert day.booking(booking)["service_on"] == NEXT.isoformat()


def test_who_had_come_comes_again_and_counts_once(world: World) -> None:
    """Rain in the morning: the market is put off, with people at the entrance."""
    day = market_of(world)
    person, parked = world.person(), world.person()
    booking, aside = day.booked(person), day.booked(parked)
    with at_instant(at(DAY, 8, 45)):
        day.come(person)
        day.come(parked)
        ok(day.act(aside, "park", parked))
        ok(shift(day, timedelta(days=1)))
        assert day.booking(booking)["state"] == "confirmed"
        assert day.booking(aside)["state"] == "confirmed"
        assert day.moves(booking)[-1] == ("put_off", "arrived", "confirmed")
        assert day.summary()["visits"] == 0
    with at_instant(at(NEXT, 8, 45)):
        day.come(person)
        assert day.booking(booking)["state"] == "arrived"
        assert day.summary()["visits"] == 1


def test_one_that_is_on_keeps_its_day(world: World) -> None:
    day = market_of(world)
    ok(day.organiser.post(f"/activities/{day.id}/open"))
    refused(shift(day, timedelta(days=1)), 409, "already_begun")
    # Its hours may change; the slots stay where people have been sent.
    ok(day.organiser.put(f"/activities/{day.id}", {"ends_at": at(DAY, 13).isoformat()}))


def test_an_announced_market_is_not_moved_into_the_past(world: World) -> None:
    day = market_of(world)
    problem = refused(shift(day, timedelta(days=-30)), 422, "validation_failed")
    assert problem["errors"] == {"starts_at": ["不能改到已经过去的时间"]}


def test_sign_up_that_is_open_stays_open(world: World) -> None:
    opens, closes = clock.now() - timedelta(days=1), at(DAY, 8)
    day = market_of(world, sign_up_opens_at=opens.isoformat(), sign_up_closes_at=closes.isoformat())
    ok(shift(day, timedelta(days=7)))
    (offering,) = activity(day)["stalls"][0]["offerings"]
    assert instant(offering["sign_up_opens_at"]) <= clock.now()
    assert instant(offering["sign_up_closes_at"]) == closes + timedelta(days=7)
    day.booked(world.person())


def test_what_nobody_opened_stands_again_when_it_is_put_off(world: World) -> None:
    day = market_of(world, mode="queue")
    booking = day.booked(world.person())
    later = DAY + timedelta(days=7)
    with at_instant(at(NEXT, 9)):
        assert day.booking(booking)["state"] == "expired"
        page = move(Desk(world, day.organiser), day, at(later, 9))
        assert "1<small>个" in page, "they have to be told"
        assert day.booking(booking)["state"] == "confirmed"
        assert day.booking(booking)["service_on"] == later.isoformat()


def test_who_affirms_sees_the_newest(world: World) -> None:
    day = market_of(world)
    desk, path = Desk(world, day.organiser), f"/console/schedule/{day.id}/move"
    shown = desk.step(path, starts_at=form_time(at(NEXT, 9)), version="1")
    day.booked(world.person())
    late = desk.step(path, **fields_of(shown))
    assert "刚刚有变化" in late
    assert instant(activity(day)["starts_at"]) == at(DAY, 9)
    assert "asked=" not in desk.send(path, **fields_of(late)).location


# ---------------------------------------------------------------------------- one slot


def two_days(world: World, **offering: Any) -> tuple[MarketDay, str]:
    """A market of two days with a slot on each; answers the second's id too."""
    day = market_of(world, days=2, **offering)
    return day, day.slot(at(NEXT, 9))


def put_slot(day: MarketDay, slot_id: str, to: datetime) -> Any:
    body = {"starts_at": to.isoformat(), "ends_at": (to + timedelta(minutes=30)).isoformat()}
    return day.organiser.put(f"/slots/{slot_id}", body)


def test_a_slot_takes_its_people_to_another_day(world: World) -> None:
    day, other = two_days(world)
    there = day.booked(world.person(), slot_id=other)
    person = world.person()
    booking = day.booked(person)
    assert (there["ticket"], booking["ticket"]) == ("A001", "A001")
    ok(put_slot(day, day.slot_id, at(NEXT, 10)))
    moved = day.booking(booking)
    assert moved["service_on"] == NEXT.isoformat()
    assert moved["ticket"] == "A002", "the first number of that day is given already"
    assert instant(moved["moved_from"]) == at(DAY, 9)
    assert day.booking(there)["ticket"] == "A001"
    with at_instant(at(NEXT, 9, 20)):
        day.come(person)
        assert day.booking(booking)["state"] == "arrived"
        assert day.booked(world.person(), slot_id=other)["ticket"] == "A003"


def test_a_slot_is_not_put_where_its_people_cannot_go(world: World) -> None:
    day, other = two_days(world)
    person = world.person()
    booking = day.booked(person)
    day.booked(person, slot_id=other)
    refused(put_slot(day, day.slot_id, at(NEXT, 10)), 409, "day_held")
    assert day.booking(booking)["service_on"] == DAY.isoformat(), "nothing has moved"
    full, other = two_days(world, capacity=1)
    full.booked(world.person())
    full.booked(world.person(), slot_id=other)
    refused(put_slot(full, full.slot_id, at(NEXT, 10)), 409, "day_full")


def test_who_waits_for_a_slot_waits_for_its_new_time(world: World) -> None:
    day, _ = two_days(world)
    person = world.person()
    booking = day.booked(person)
    with at_instant(at(DAY, 8, 45)):
        day.come(person)
        ok(put_slot(day, day.slot_id, at(DAY, 10)))
        ((due_at,),) = day.rows("SELECT due_at FROM booking WHERE id = :id", id=booking["id"])
        assert due_at == at(DAY, 10)
        refused(put_slot(day, day.slot_id, at(NEXT, 10)), 409, "already_here")


def test_a_confirmation_that_cannot_be_gone_on_with_says_why(world: World) -> None:
    day = market_of(world)
    desk, path = Desk(world, day.organiser), f"/console/schedule/{day.id}/move"
    fields = {"starts_at": form_time(at(NEXT, 9)), "version": str(activity(day)["version"])}
    day.booked(world.person())
    asked = desk.send(path, **fields).location
    ok(day.organiser.post(f"/activities/{day.id}/cancel", {"reason": "台风"}))
    assert desk.http.get(asked).location == path
    page = desk.read(path)
    assert "不能再修改" in page
    assert "这一步已经完成" not in page
