"""The line as a screen shows it: numbers, stalls and minutes; never a name."""

from typing import Any

from backend.core.config import QUEUE
from backend.core.ids import new_id
from tests.support.market_day import GUEST, MarketDay, at, minutes, shanghai
from tests.support.world import Person, World, ok, refused

START = shanghai("2026-05-01 09:00")


def _screen(day: MarketDay, offering_id: str | None = None) -> Any:
    """As a visitor without login sees it."""
    path = f"/api/v1/offerings/{offering_id or day.offering_id}/queue"
    return ok(day.world.http.get(path))


def test_an_empty_line(day: MarketDay) -> None:
    screen = _screen(day)
    assert (screen["offering_id"], screen["calling"], screen["waiting"]) == (
        day.offering_id, [], 0
    )  # fmt: skip
    assert screen["estimate_minutes"]["low"] == 0


def test_who_is_called_where_and_how_many_wait(world: World) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world)
        second = day.stall(number="B2", name="二号台")
        line = day.offering(also_at_stall_ids=[second])
        numbers = [day.number(line) for _ in range(5)]
        day.called()
        clock.shift(60)
        day.acted(day.called(second), "recall")
        screen = _screen(day, line)
        assert [
            (call["ticket"], call["stall"]["name"], call["calls"]) for call in screen["calling"]
        ] == [(numbers[1]["ticket"], "二号台", 2), (numbers[0]["ticket"], "便民服务", 1)]
        assert screen["waiting"] == 3
        day.acted(numbers[0], "start", "finish")
        day.acted(numbers[2], "park")
        screen = _screen(day, line)
    assert [call["ticket"] for call in screen["calling"]] == [numbers[1]["ticket"]]
    assert screen["waiting"] == 2


def test_no_name_and_no_id_of_a_person_is_shown(day: MarketDay) -> None:
    for _ in range(2):
        day.number(guest={"name": "李奶奶", "another": True})
    booking = day.number(guest=GUEST)
    day.called()
    text = day.world.http.get(f"/api/v1/offerings/{day.offering_id}/queue").get_data(as_text=True)
    for private in ("李", GUEST["phone"], booking["id"], booking["resident"]["id"], "resident"):
        assert private not in text


def test_a_phone_that_polls_is_told_that_nothing_changed(day: MarketDay) -> None:
    path = f"/api/v1/offerings/{day.offering_id}/queue"
    http = day.world.http
    first = http.get(path)
    etag = first.headers["ETag"]
    again = http.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    day.number()
    changed = http.get(path, headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag


def test_a_line_that_is_not_announced_is_not_there(world: World) -> None:
    organiser = world.organiser()
    stall = world.stall(organiser, world.draft(organiser)["id"])
    offering = world.offering(organiser, stall["id"])["id"]
    refused(world.http.get(f"/api/v1/offerings/{offering}/queue"), 404, "not_found")
    refused(world.person().get(f"/offerings/{new_id()}/queue"), 404, "not_found")
    ok(organiser.get(f"/offerings/{offering}/queue"))


def test_the_estimate_follows_what_services_take(world: World) -> None:
    """The organiser's ten minutes at first, the real four after five services; half of that with
    a second desk that calls, and no longer half when it has stopped calling."""
    with at(START) as clock:
        day = MarketDay.begin(world, minutes_per_person=10)
        second = day.stall()
        offering = f"/offerings/{day.offering_id}"
        ok(day.organiser.put(offering, {"also_at_stall_ids": [second]}))
        for _ in range(5):
            day.number()
        assert _screen(day)["estimate_minutes"] == {"low": 37, "high": 75}
        for _ in range(5):
            day.acted(day.called(), "start")
            clock.shift(minutes(4))
            (serving,) = day.rows("SELECT id FROM booking WHERE state = 'serving'")
            day.acted({"id": str(serving.id)}, "finish")
        for _ in range(4):
            day.number()
        assert _screen(day)["estimate_minutes"] == {"low": 16, "high": 20}
        day.called(second)
        assert _screen(day)["waiting"] == 3
        assert _screen(day)["estimate_minutes"] == {"low": 6, "high": 8}
        clock.shift(minutes(QUEUE.open_desk_minutes - 1))
        day.called()
        clock.shift(minutes(1))
        assert _screen(day)["estimate_minutes"] == {"low": 8, "high": 12}


def test_my_booking_says_how_many_are_before_me(day: MarketDay, world: World) -> None:
    """And for how long; nothing of it once I am called."""
    people = [world.person() for _ in range(3)]
    for person in people:
        day.come(person)
    mine = [ok(day.ticket(person), 201) for person in people]

    def seen(person: Person, booking: Any) -> Any:
        return ok(person.get(f"/bookings/{booking['id']}"))

    last = seen(people[2], mine[2])
    assert (last["ahead"], last["estimate_minutes"]["low"] > 0) == (2, True)
    day.acted(day.called(), "start", "finish")
    assert seen(people[2], mine[2])["ahead"] == 1
    served = seen(people[0], mine[0])
    assert (served["ahead"], served["estimate_minutes"]) == (None, None)
