"""Numbers end with their day: at midnight in Shanghai, whether or not the job has come by."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine

from backend.activities.checks.changes import affected_by
from backend.activities.models import Activity
from backend.board.alerts import Alert
from backend.board.display import display_of
from backend.board.queries import board_of
from backend.bookings.tasks import BATCH, end_days
from backend.core.config import QUEUE
from backend.core.db import transaction
from tests.support.desk import Desk
from tests.support.market_day import MarketDay, at, minutes, shanghai
from tests.support.world import Person, World, ok, refused

FIRST_MORNING = shanghai("2026-05-01 09:00")
LAST_SECOND = shanghai("2026-05-01 23:59:59")
MIDNIGHT = shanghai("2026-05-02 00:00")
SECOND_MORNING = shanghai("2026-05-02 09:00")
THREE_DAYS = {"hours": 56}
STEPPED = ("recall",) * (QUEUE.calls_before_missed - 1)
# What a number is at midnight, and what it is when its day is over.
ENDS = {
    "confirmed": "no_show",
    "arrived": "expired",
    "called": "expired",
    "serving": "served",
    "missed": "expired",
    "parked": "expired",
    "served": "served",
    "cancelled": "cancelled",
}


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """It stands at nine in the morning of the first day."""
    with at(FIRST_MORNING) as frozen:
        yield frozen


@pytest.fixture
def fair(clock: time_machine.Traveller, world: World) -> MarketDay:
    """A market of three days, opened on the first."""
    return MarketDay.begin(world, activity=THREE_DAYS)


def one_in_each_state(day: MarketDay, offering_id: str | None = None) -> dict[str, Any]:
    """A number in each state, by that state; each person's own."""
    numbers = {"confirmed": day.booked(day.world.person(), offering_id)}
    for state in ("served", "serving", "missed", "parked", "called", "arrived", "cancelled"):
        numbers[state] = day.number(offering_id)
    day.acted(numbers["cancelled"], "cancel")
    day.acted(day.called(), "start", "finish")
    day.acted(day.called(), "start")
    day.acted(day.called(), *STEPPED, "miss")
    day.acted(numbers["parked"], "park")
    day.called()
    assert {day.booking(number)["state"] for number in numbers.values()} == set(ENDS)
    return numbers


def run_job(day: MarketDay) -> None:
    with day.app.app_context():
        end_days()


def stored(day: MarketDay, number: dict[str, Any]) -> str:
    ((state,),) = day.rows("SELECT state FROM booking WHERE id = :id", id=number["id"])
    return str(state)


def entries(day: MarketDay) -> int:
    return int(day.rows("SELECT count(*) FROM audit_entry")[0][0])


def screen(day: MarketDay, offering_id: str | None = None) -> Any:
    return ok(day.world.http.get(f"/api/v1/offerings/{offering_id or day.offering_id}/queue"))


def desk(day: MarketDay) -> Any:
    return ok(day.volunteer.get(f"/stalls/{day.market.stall_id}/desk"))


def display(day: MarketDay) -> Any:
    with day.app.app_context(), transaction() as session:
        (stall,) = display_of(session, session.get_one(Activity, UUID(day.id)))
        return stall


def board(day: MarketDay) -> Any:
    with day.app.app_context(), transaction() as session:
        session.expire_all()
        return board_of(session, session.get_one(Activity, UUID(day.id)))


def mine(person: Person, **query: Any) -> list[Any]:
    return list(ok(person.get("/me/bookings", **query))["items"])


# ---------------------------------------------------------------------------- the desk


def test_a_number_called_yesterday_holds_up_nobody(
    clock: time_machine.Traveller, fair: MarketDay
) -> None:
    """Not in the evening's last second: then the desk must see to it. Without the job."""
    yesterday = fair.number()
    fair.called()
    clock.move_to(LAST_SECOND)
    refused(fair.press(), 409, "stall_busy")
    clock.move_to(SECOND_MORNING)
    assert fair.press().status_code == 204
    today = fair.number()
    assert today["ticket"] == yesterday["ticket"] == "A001"
    called = fair.called()
    assert called["id"] == today["id"]
    assert desk(fair)["calling"]["id"] == today["id"]
    assert [call["called_at"] for call in screen(fair)["calling"]] == [called["called_at"]]
    refused(fair.press(), 409, "stall_busy")


def test_who_was_served_over_night_is_no_business_of_todays_desk(
    clock: time_machine.Traveller, fair: MarketDay
) -> None:
    one_in_each_state(fair)
    before = desk(fair)
    assert [len(before[part]) for part in ("serving", "waiting", "missed", "parked")] == [1] * 4
    clock.move_to(MIDNIGHT)
    after = desk(fair)
    assert after["calling"] is None
    assert after["serving"] == after["waiting"] == after["missed"] == after["parked"] == []
    assert after["counts"] == {
        "waiting": 0, "parked": 0, "missed": 0, "served": 0, "mean_wait_minutes": None,
    }  # fmt: skip


def test_one_of_yesterday_is_not_called_out_of_order(
    clock: time_machine.Traveller, fair: MarketDay
) -> None:
    yesterday = fair.number()
    clock.move_to(MIDNIGHT)
    refused(fair.press(booking_id=yesterday["id"], reason="急用"), 409, "number_over")


def test_nothing_is_done_with_a_number_whose_day_is_over(
    clock: time_machine.Traveller, fair: MarketDay
) -> None:
    """Neither by its person nor by the desk; and before the job as after it."""
    numbers = one_in_each_state(fair)
    acts = ("cancel", "park", "rejoin", "recall", "start", "finish", "miss")
    clock.move_to(LAST_SECOND)
    fair.acted(numbers["parked"], "rejoin", "park")
    clock.move_to(MIDNIGHT)
    for _ in range(2):
        for number in numbers.values():
            for act in acts:
                refused(fair.act(number, act), 409, "number_over")
        run_job(fair)


# ---------------------------------------------------------------------------- what is shown


def test_the_line_of_yesterday_is_empty_from_midnight_on(
    clock: time_machine.Traveller, fair: MarketDay, world: World
) -> None:
    """On each screen, in the resident's own list, and in the market's page."""
    person = world.person()
    fair.come(person)
    ok(fair.ticket(person), 201)
    fair.number()
    fair.called()
    fair.number()
    clock.move_to(LAST_SECOND)
    (before,) = mine(person)
    assert (before["state"], screen(fair)["waiting"], display(fair)["waiting"]) == ("called", 2, 2)
    assert datetime.fromisoformat(before["valid_until"]) == MIDNIGHT
    clock.move_to(MIDNIGHT)
    (after,) = mine(person)
    assert (after["state"], after["ahead"], after["estimate_minutes"]) == ("expired", None, None)
    assert after["activity_open"]
    assert mine(person, state="called") == []
    assert [one["id"] for one in mine(person, state="expired")] == [after["id"]]
    listed = f"/activities/{fair.id}/bookings"
    assert ok(fair.organiser.get(listed, state="arrived"))["items"] == []
    assert len(ok(fair.organiser.get(listed, state="expired"))["items"]) == 3
    shown = display(fair)
    assert (shown["called"], shown["next"], shown["waiting"]) == (None, [], 0)
    line = screen(fair)
    assert (line["calling"], line["waiting"], line["estimate_minutes"]["low"]) == ([], 0, 0)
    market = ok(person.get(f"/activities/{fair.id}"))
    assert market["stalls"][0]["offerings"][0]["line"]["waiting"] == 0
    summary = fair.summary()["offerings"][0]
    assert (summary["waiting"], summary["calling"], summary["expired"]) == (0, 0, 3)


def test_each_state_is_what_its_day_makes_of_it(
    clock: time_machine.Traveller, fair: MarketDay
) -> None:
    """To whoever asks it is from midnight on; the job only writes it down, once."""
    numbers = one_in_each_state(fair)
    clock.move_to(LAST_SECOND)
    run_job(fair)
    assert {state: stored(fair, number) for state, number in numbers.items()} == {
        state: state for state in ENDS
    }
    clock.move_to(MIDNIGHT)
    assert {state: fair.booking(number)["state"] for state, number in numbers.items()} == ENDS
    summary = fair.summary()["offerings"][0]
    assert {name: summary[name] for name in ("booked", "waiting", "calling", "serving")} == {
        "booked": 0, "waiting": 0, "calling": 0, "serving": 0,
    }  # fmt: skip
    assert {name: summary[name] for name in ("served", "no_show", "expired", "cancelled")} == {
        "served": 2, "no_show": 1, "expired": 4, "cancelled": 1,
    }  # fmt: skip
    run_job(fair)
    assert {state: stored(fair, number) for state, number in numbers.items()} == ENDS
    assert fair.summary()["offerings"][0] == summary
    for state, number in numbers.items():
        if ENDS[state] != state:
            assert fair.moves(number)[-1] == ("day_over", state, ENDS[state])
    written = entries(fair)
    run_job(fair)
    assert entries(fair) == written
    told = fair.rows("SELECT kind, count(*) FROM notice GROUP BY kind")
    assert {kind: count for kind, count in told if kind in ("number_over", "rating_asked")} == {
        "number_over": 5, "rating_asked": 2,
    }, "who was being served is asked too"  # fmt: skip


def test_a_late_job_ends_the_past_and_leaves_today(
    clock: time_machine.Traveller, fair: MarketDay
) -> None:
    yesterday = one_in_each_state(fair)
    clock.move_to(SECOND_MORNING)
    today = one_in_each_state(fair)
    run_job(fair)
    assert {state: stored(fair, number) for state, number in yesterday.items()} == ENDS
    assert {stored(fair, number) for number in today.values()} == set(ENDS)


def test_more_than_one_batch_is_ended(
    clock: time_machine.Traveller, fair: MarketDay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.bookings.tasks.BATCH", 2)
    assert BATCH > 2
    numbers = [fair.number() for _ in range(5)]
    clock.move_to(MIDNIGHT)
    run_job(fair)
    assert {stored(fair, number) for number in numbers} == {"expired"}


# ---------------------------------------------------------------------------- what stays open


def test_who_was_being_served_has_been_served(
    clock: time_machine.Traveller, fair: MarketDay, world: World
) -> None:
    """They can rate it; nobody knows how long it took, so no estimate goes by it."""
    person = world.person()
    fair.come(person)
    number = ok(fair.ticket(person), 201)
    fair.acted(fair.called(), "start")
    clock.move_to(SECOND_MORNING)
    ok(person.post("/ratings", {"booking_id": number["id"], "score": 5}), 201)
    run_job(fair)
    assert fair.booking(number)["finished_at"] is None
    for _ in range(5):
        fair.number()
        called = fair.called()
        fair.acted(called, "start")
        clock.shift(minutes(4))
        fair.acted(called, "finish")
    fair.number()
    assert screen(fair)["estimate_minutes"] == {"low": 4, "high": 8}


def test_the_board_names_who_was_left_at_the_desk(
    clock: time_machine.Traveller, fair: MarketDay
) -> None:
    """For a day, to those on the spot; before the job as after it."""
    for _ in range(3):
        fair.number()
    for _ in range(2):
        fair.acted(fair.called(), "start")
    fair.acted(fair.called(), "start", "finish")
    assert board(fair)["warnings"] == []
    clock.move_to(SECOND_MORNING)
    page = f"/console/board/{fair.id}"
    for _ in range(2):
        (warned,) = board(fair)["warnings"]
        assert (warned.alert, list(warned.tickets)) == (Alert.LEFT_OPEN, ["A001", "A002"])
        assert "A001、A002 号，已按办完计入昨天" in Desk(fair.world, fair.organiser).read(page)
        run_job(fair)
    clock.shift(timedelta(days=1))
    assert board(fair)["warnings"] == []


def test_closing_on_a_later_day_ends_each_day_as_its_own(
    clock: time_machine.Traveller, fair: MarketDay
) -> None:
    yesterday = one_in_each_state(fair)
    clock.move_to(SECOND_MORNING)
    today = fair.number()
    serving = fair.number()
    fair.acted(fair.press(booking_id=serving["id"], reason="急用").json or {}, "start")
    fair.close()
    assert {state: stored(fair, number) for state, number in yesterday.items()} == ENDS
    assert (stored(fair, today), stored(fair, serving)) == ("expired", "serving")
    fair.acted(serving, "finish")


def test_cancelling_on_a_later_day_cancels_what_is_still_to_come(
    clock: time_machine.Traveller, fair: MarketDay
) -> None:
    """And gives back no places of a day that was held."""
    yesterday = one_in_each_state(fair)
    taken = "SELECT on_day, taken FROM service_day WHERE offering_id = :id ORDER BY on_day"
    ((_, held),) = fair.rows(taken, id=fair.offering_id)
    clock.move_to(SECOND_MORNING)
    today = fair.number()
    fair.cancel()
    assert {state: stored(fair, number) for state, number in yesterday.items()} == ENDS
    assert stored(fair, today) == "cancelled"
    assert [n for _, n in fair.rows(taken, id=fair.offering_id)] == [held, 0]


def test_a_closed_account_cancels_what_is_still_to_come(
    clock: time_machine.Traveller, fair: MarketDay, world: World
) -> None:
    person = world.person()
    yesterday = fair.booked(person)
    clock.move_to(SECOND_MORNING)
    today = fair.booked(person)
    assert person.delete("/me").status_code == 204
    run_job(fair)
    assert (stored(fair, yesterday), stored(fair, today)) == ("no_show", "cancelled")


def test_a_change_concerns_those_who_are_still_to_come(
    clock: time_machine.Traveller, fair: MarketDay
) -> None:
    one_in_each_state(fair)
    clock.move_to(SECOND_MORNING)
    fair.number()
    with fair.app.app_context(), transaction() as session:
        affected = affected_by(session, UUID(fair.id))
    assert (affected.bookings, affected.people) == (1, 1)


# ---------------------------------------------------------------------------- which day it is


def test_a_market_that_nobody_closed_calls_and_gives_no_numbers_the_next_day(
    clock: time_machine.Traveller, world: World
) -> None:
    day = MarketDay.begin(world)
    waiting = day.number()
    clock.move_to(LAST_SECOND)
    day.number()
    clock.move_to(MIDNIGHT)
    refused(day.press(), 409, "market_not_open")
    resident = str(world.person().resident_id)
    refused(day.ticket(day.volunteer, resident_id=resident), 409, "market_not_open")
    seen = day.booking(waiting)
    assert (seen["state"], seen["activity_open"]) == ("expired", False)
    assert (screen(day)["waiting"], desk(day)["waiting"], board(day)["waiting"]) == (0, [], 0)
    run_job(day)
    assert stored(day, waiting) == "expired"


def test_a_night_market_is_one_day(clock: time_machine.Traveller, world: World) -> None:
    """Who waits at midnight goes on waiting; numbers, calls and check-ins go on."""
    clock.move_to(shanghai("2026-05-01 20:00"))
    day = MarketDay.begin(world, activity={"hours": 4.5})
    slots = day.offering(title="义诊", mode="slots")
    slot = day.slot(MIDNIGHT, offering_id=slots)
    people = [world.person() for _ in range(3)]
    for person in people[:2]:
        day.come(person)
    ok(day.ticket(people[0]), 201)
    appointment = day.booked(people[1], slots, slot_id=slot)
    assert (appointment["service_on"], appointment["state"]) == ("2026-05-01", "arrived")
    clock.move_to(shanghai("2026-05-02 00:15"))
    day.come(people[2])
    run_job(day)
    numbers = [mine(people[0])[0], *(ok(day.ticket(person), 201) for person in people[1:])]
    assert [number["ticket"] for number in numbers] == ["A001", "A002", "A003"]
    assert {number["service_on"] for number in numbers} == {"2026-05-01"}
    assert (mine(people[0])[0]["state"], screen(day)["waiting"]) == ("arrived", 3)
    shown = board(day)
    assert (shown["waiting"], shown["inside_now"]) == (4, 3)
    assert sum(n for _, n in shown["arrivals"]) == 3
    assert [service["free"] for service in shown["services"]] == [None, 19]
    assert day.called()["id"] == appointment["id"]
    day.acted(appointment, "start", "finish")
    assert day.called()["id"] == numbers[0]["id"]
    clock.move_to(shanghai("2026-05-03 00:00"))
    refused(day.press(), 409, "market_not_open")
    run_job(day)
    assert stored(day, numbers[0]) == "expired"


@pytest.mark.parametrize(
    ("begins", "hours", "over"),
    [
        ("2026-05-01 09:00", 3, "2026-05-02 00:00"),
        ("2026-05-01 18:00", 6 - 1 / 60, "2026-05-02 00:00"),  # ends at midnight sharp
        ("2026-05-01 18:00", 6, "2026-05-03 00:00"),  # a minute later
        ("2026-05-01 20:00", 12, "2026-05-03 00:00"),
        ("2026-05-01 20:00", 12.1, "2026-05-02 00:00"),  # two days of a longer one
        ("2026-05-01 09:00", 56, "2026-05-02 00:00"),
    ],
)
def test_one_number_and_all_of_a_list_end_at_one_instant(
    clock: time_machine.Traveller, world: World, begins: str, hours: float, over: str
) -> None:
    """What a person is shown and what a statement counts: two forms of one rule. A market begins
    a minute after it is made."""
    clock.move_to(shanghai(begins))
    day = MarketDay.begin(world, activity={"hours": hours})
    person = world.person()
    booked = day.booked(person)
    assert datetime.fromisoformat(booked["valid_until"]) == shanghai(over)
    for instant, state in (
        (shanghai(over) - timedelta(seconds=1), "confirmed"),
        (shanghai(over), "no_show"),
    ):
        clock.move_to(instant)
        assert [one["state"] for one in mine(person)] == [state]
        assert len(mine(person, state=state)) == 1
        run_job(day)
        assert stored(day, booked) == state


def test_an_appointment_of_another_day_is_of_that_day(
    clock: time_machine.Traveller, fair: MarketDay, world: World
) -> None:
    """Its place, its number and its person's cap are that day's."""
    slots = fair.offering(title="义诊", mode="slots", capacity=2)
    today = fair.slot(shanghai("2026-05-01 22:00"), capacity=5, offering_id=slots)
    tomorrow = fair.slot(SECOND_MORNING + minutes(60), capacity=5, offering_id=slots)
    person = world.person()
    booked = [fair.booked(person, slots, slot_id=slot) for slot in (today, tomorrow)]
    assert [one["ticket"] for one in booked] == ["B001", "B001"]
    fair.booked(world.person(), slots, slot_id=today)
    refused(fair.sign_up(world.person(), slots, slot_id=today), 409, "slot_full")
    fair.booked(world.person(), slots, slot_id=tomorrow)
    clock.move_to(MIDNIGHT)
    assert [fair.booking(one)["state"] for one in booked] == ["no_show", "confirmed"]
    fair.come(person)
    assert [fair.booking(one)["state"] for one in booked] == ["no_show", "arrived"]


def test_nobody_has_stayed_away_from_what_was_never_opened(
    clock: time_machine.Traveller, world: World
) -> None:
    """Such a market can still be put off, and then its sign-ups stand again."""
    organiser = world.organiser()
    draft = world.draft(organiser)
    stall = world.stall(organiser, draft["id"])
    offering = world.offering(organiser, stall["id"])["id"]
    ok(organiser.post(f"/activities/{draft['id']}/publish"))
    person = world.person()
    ok(person.post(f"/offerings/{offering}/bookings", {}), 201)
    clock.move_to(MIDNIGHT)
    with world.app.app_context():
        end_days()
    assert [one["state"] for one in mine(person)] == ["expired"]
    later = {
        "starts_at": SECOND_MORNING.isoformat(),
        "ends_at": shanghai("2026-05-02 12:00").isoformat(),
    }
    ok(organiser.put(f"/activities/{draft['id']}", later))
    assert [one["state"] for one in mine(person)] == ["confirmed"]
