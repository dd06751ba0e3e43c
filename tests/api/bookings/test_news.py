"""What people are told of their bookings: who, once, with all that is theirs, and nobody else."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from werkzeug.test import TestResponse

from backend.bookings import tasks
from backend.core import clock
from backend.core.db import transaction
from backend.notices.messages import sending
from backend.notices.models import Notice
from tests.api.activities.test_put_off import activity, shift
from tests.support.fair import Statements
from tests.support.inbox import inbox, kinds, last
from tests.support.market_day import GUEST, MarketDay
from tests.support.market_day import at as at_instant
from tests.support.messages import outcomes
from tests.support.world import Market, Person, World, ok

DAY = clock.today() + timedelta(days=5)


def member(person: Person, name: str) -> str:
    return str(ok(person.post("/me/family", {"name": name}), 201)["id"])


def at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=clock.SHANGHAI)


def announced(world: World, on: date = DAY) -> MarketDay:
    """A published market from nine to twelve."""
    organiser = world.organiser()
    draft = world.draft(organiser, starts_at=at(on, 9))
    stall = world.stall(organiser, draft["id"])
    made = world.offering(organiser, stall["id"], mode="queue")
    ok(organiser.post(f"/activities/{draft['id']}/publish"))
    market = Market(organiser, draft["id"], stall["id"], made["id"], None)
    return MarketDay(world, market, world.volunteer())


def move_to(day: MarketDay, place: str) -> TestResponse:
    return day.organiser.put(f"/activities/{day.id}", {"venue": {"name": place}})


def test_who_signs_up_is_told_all_that_they_need(world: World) -> None:
    day = announced(world)
    person = world.person()
    day.booked(person)
    day.booked(person, resident_id=member(person, "王奶奶"))
    own, family = inbox(person)
    assert own["kind"] == "booking_made"
    assert own["title"] == "报名成功：义剪 A001"
    assert "您报名了「花园社区公益集市」的「义剪」，号码 A001。" in own["text"]
    assert " 9:00–12:00；地点：社区广场（花园路 1 号），" in own["text"]
    assert "王奶奶报名了" in family["text"]
    assert own["page"] == "/pages/bookings/bookings"


def test_a_number_is_told_to_whose_it_is(world: World) -> None:
    """Also where a volunteer gives it; a guest has no inbox."""
    day = MarketDay.begin(world)
    person = world.person()
    day.number(resident_id=str(person.resident_id))
    day.number(guest=GUEST)
    assert kinds(person) == ["number_taken"]
    assert "number_taken" not in kinds(day.volunteer)


def test_each_call_that_counts_is_told(world: World) -> None:
    day = MarketDay.begin(world)
    person = world.person()
    number = day.number(resident_id=str(person.resident_id))
    press: dict[str, Any] = {"press_id": "0197f3a0-0000-7000-8000-000000000002"}
    first = ok(day.press(**press))
    assert day.press(**press).json == first, "a press that is sent again"
    ok(day.act(number, "recall"))
    assert kinds(person) == ["number_taken", "called"], "too soon to count"
    assert last(person)["title"] == "轮到您了：A001"
    assert "号摊位「" in last(person)["text"]
    day.acted(number, "recall", "recall")
    assert [one["kind"] for one in inbox(person)[1:]] == ["called"] * 3
    assert "第 3 次叫号" in last(person)["text"]


def test_who_is_passed_over_is_told_whether_they_may_come_back(world: World) -> None:
    day = MarketDay.begin(world)
    person = world.person()
    number = day.number(resident_id=str(person.resident_id))
    for words in ("重新排队」，只有这一次", "不能再排"):
        day.called()
        day.acted(number, "recall", "recall", "miss")
        assert last(person)["kind"] == "passed_over"
        assert words in last(person)["text"]
        if words.startswith("重新"):
            ok(day.act(number, "rejoin", person))


def test_no_call_is_sent_after_it_was_passed_over_or_served(world: World) -> None:
    day, over, served = MarketDay.begin(world), world.person(), world.person()
    for person, then in ((over, ("recall", "recall", "miss")), (served, ("start", "finish"))):
        ok(person.post("/me/message-credits", {"called": 1}))
        number = day.number(resident_id=str(person.resident_id))
        day.called()
        day.acted(number, *then)
        sending.tidy()
    assert outcomes(served) == {"given_up: joined": 1}
    assert outcomes(over) == {"given_up: joined": 3, "owed": 1}


def line_of(day: MarketDay, count: int) -> list[tuple[Person, dict[str, Any]]]:
    people = [day.world.person() for _ in range(count)]
    return [(one, day.number(resident_id=str(one.resident_id))) for one in people]


def near(line: list[tuple[Person, dict[str, Any]]]) -> list[int]:
    """Who of a line was told that their turn is near, by place from 1 on; fails where somebody was
    told twice."""
    told = [kinds(person).count("number_near") for person, _ in line]
    assert max(told) <= 1
    return [place for place, times in enumerate(told, 1) if times]


def test_who_becomes_third_is_told_once(world: World) -> None:
    """Whatever brings them there: a call, of the first or out of order, one who steps out or
    cancels. What happens behind them brings nobody nearer."""
    day = MarketDay.begin(world)
    line = line_of(day, 8)
    assert near(line) == []
    first = day.called()
    assert near(line) == [4]
    assert last(line[3][0])["title"] == "快轮到您了：A004"
    day.acted(line[5][1], "park")
    assert near(line) == [4]
    day.acted(first, "start", "finish")
    ok(day.press(booking_id=line[1][1]["id"], reason="赶车"))
    assert near(line) == [4, 5]
    day.acted(line[5][1], "rejoin")
    ok(line[3][0].post(f"/bookings/{line[3][1]['id']}/cancel"))
    assert near(line) == [4, 5, 6]
    day.acted(line[2][1], "park", "rejoin", "park")
    assert near(line) == [4, 5, 6, 7]


def test_who_was_served_is_asked_once_to_rate_it(world: World) -> None:
    day = MarketDay.begin(world)
    person = world.person()
    number = day.number(resident_id=str(person.resident_id))
    day.called()
    day.acted(number, "start", "finish", "undo-finish", "finish")
    assert kinds(person).count("rating_asked") == 1
    assert last(person)["page"] == f"/pages/rate/rate?booking={number['id']}"


def test_only_what_others_cancel_is_told(world: World) -> None:
    day = announced(world)
    own, staffs = world.person(), world.person()
    ok(day.act(day.booked(own), "cancel", own))
    ok(day.act(day.booked(staffs), "cancel", day.organiser))
    assert kinds(own) == ["booking_made"]
    assert kinds(staffs) == ["booking_made", "booking_cancelled"]


def test_whose_number_ends_with_the_market_is_told(world: World) -> None:
    day = MarketDay.begin(world)
    waiting, served = world.person(), world.person()
    second = day.number(resident_id=str(served.resident_id))
    day.number(resident_id=str(waiting.resident_id))
    day.number(resident_id=member(waiting, "王奶奶"))
    day.called()
    day.acted(second, "start", "finish")
    day.close()
    assert kinds(waiting).count("number_over") == 1
    text = last(waiting)["text"]
    assert "您的「义剪」A002 没有轮到" in text
    assert "王奶奶的「义剪」A003" in text
    assert kinds(served)[-1] == "rating_asked"


def test_a_market_that_moves_about_is_told_as_it_is(world: World) -> None:
    """A person with three of a family is told once of each change, who has cancelled of none, and
    each notice says what holds then."""
    day = announced(world)
    person, gone, late = world.person(), world.person(), world.person()
    for resident_id in (None, member(person, "王奶奶"), member(person, "李爷爷")):
        day.booked(person, **({"resident_id": resident_id} if resident_id else {}))
    cancelled = day.booked(gone)
    ok(shift(day, timedelta(days=1)))
    ok(day.act(cancelled, "cancel", gone))
    ok(shift(day, timedelta(days=1)))
    day.booked(late)
    colleague = world.organiser()
    now = activity(day)
    back = at(DAY, 9) - datetime.fromisoformat(now["starts_at"])
    ok(shift(replace(day, market=replace(day.market, organiser=colleague)), back))
    for _ in range(2):
        ok(move_to(day, "文化礼堂"))
    day.cancel()
    changes = ["market_moved"] * 3 + ["place_changed", "market_cancelled"]
    assert kinds(person) == ["booking_made"] * 3 + changes
    assert kinds(gone) == ["booking_made", "market_moved"]
    assert kinds(late) == ["booking_made", "market_moved", "place_changed", "market_cancelled"]
    once, twice, put_back, place, over = (one["text"] for one in inbox(person)[3:])
    for text in (once, twice, put_back, place, over):
        assert all(f"{who}的「义剪」A00{n}" in text
                   for n, who in enumerate(("您", "王奶奶", "李爷爷"), 1)), text  # fmt: skip
    first, second, third = (f"{(DAY + timedelta(days=n)).day}日" for n in range(3))
    assert f"A003 从 {DAY.month}月{first}" in once
    assert second in twice
    assert third in twice
    assert "不算了" in twice
    assert "又改回原来的" in put_back
    assert third in put_back
    assert "不用再确认；来不了请" in put_back
    assert "改期后还来" not in put_back, "there is no such button"
    assert "改在文化礼堂，原来是社区广场（花园路 1 号）" in place
    assert "原因：大雨" in over
    assert "文化礼堂" in over
    assert "改期以前" not in over, "it is on the day that they signed up for"
    theirs = inbox(late)[-1]["text"]
    assert "（改期以前是 " in theirs
    assert third in theirs, "the day that they know, though they have read of no move"
    assert all("点「改期后还来」；来不了请" in text for text in (once, twice))
    with transaction() as session:
        told = session.execute(select(Notice).where(Notice.kind.in_(changes))).scalars().all()
        causes = {(one.kind, one.cause_id) for one in told}
    assert len(causes) == len(changes), "one cause for each change"


def test_with_an_account_go_the_notices_that_its_end_has_told(world: World) -> None:
    """A family's numbers are cancelled one after the other, which brings another of it near."""
    day, person = MarketDay.begin(world), world.person()
    family = [member(person, name) for name in ("王奶奶", "李爷爷", "赵叔叔")]
    for resident_id in (str(person.resident_id), *family):
        day.number(resident_id=resident_id)
    ok(person.delete("/me"), 204)
    with transaction() as session:
        assert session.query(Notice).filter_by(user_id=person.user_id).all() == []


def test_a_change_costs_the_same_however_many_are_told(world: World) -> None:
    day, statements, sent = announced(world), Statements(world.app), []
    for number, place in ((1, "文化礼堂"), (4, "体育馆")):
        for _ in range(number):
            day.booked(world.person())
        with statements:
            ok(shift(day, timedelta(days=1)))
            ok(move_to(day, place))
        sent.append(len(statements))
    assert sent[0] == sent[1]


def test_tomorrow_is_told_once_in_shanghais_daytime(world: World) -> None:
    day = announced(world)
    person, gone = world.person(), world.person()
    day.booked(person)
    ok(day.act(day.booked(gone), "cancel", gone))
    eve = DAY - timedelta(days=1)
    for hour, told in ((8, 0), (9, 1), (10, 1), (21, 1)):
        with at_instant(at(eve, hour)):
            tasks.tell_tomorrow()
        assert kinds(person).count("market_tomorrow") == told
    assert "9:00–12:00" in last(person)["text"]
    assert kinds(gone) == ["booking_made"]
