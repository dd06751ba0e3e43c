"""Undoing a check-in is a new fact with a reason; what followed from the scan is taken back."""

from uuid import uuid4

import pytest

from backend.core.ids import new_id
from tests.support.market_day import GUEST, MarketDay, at, minutes, shanghai
from tests.support.world import OTHER_SUBDISTRICT, World, ok, refused

START = shanghai("2026-05-01 09:00")


def test_a_revert_takes_the_visit_back(day: MarketDay, world: World) -> None:
    """201; it counts nowhere any more, the scan stays, and the audit says who and why."""
    person = world.person()
    scan = day.come(person)
    revert = ok(day.revert(scan["id"], reason="扫错了人"), 201)
    assert (revert["scan_id"], revert["reason"]) == (scan["id"], "扫错了人")
    assert day.summary()["visits"] == 0
    assert ok(day.volunteer.get(f"/activities/{day.id}/attendances"))["items"] == []
    assert ok(person.get("/me/attendances"))["items"] == []
    (kept,) = day.rows("SELECT derived_verdict FROM scan")
    assert kept.derived_verdict == "admitted"
    (entry,) = day.rows("SELECT * FROM audit_entry WHERE action = 'revert_scan'")
    assert (entry.actor_user_id, str(entry.object_id)) == (day.volunteer.user_id, scan["id"])
    assert (entry.from_state, entry.to_state) == ("admitted", "reverted")
    assert entry.details == {"attendance_id": scan["attendance"]["id"]}
    (note,) = day.rows("SELECT * FROM audit_note")
    assert (note.entry_id, note.text) == (entry.id, "扫错了人")
    assert day.rows("SELECT reason FROM scan_revert")[0].reason is None, "nothing is erased there"
    assert entry.region_code


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": None}])
def test_a_revert_needs_a_reason(day: MarketDay, world: World, body: dict[str, str]) -> None:
    scan = day.come(world.person())
    refused(day.volunteer.post(f"/scans/{scan['id']}/revert", body), 422, "validation_failed")
    assert day.summary()["visits"] == 1


def test_a_scan_is_reverted_once(day: MarketDay, world: World) -> None:
    scan = day.come(world.person())
    ok(day.revert(scan["id"]), 201)
    refused(day.revert(scan["id"]), 409, "already_reverted")


def test_a_scan_that_made_no_visit_has_nothing_to_undo(day: MarketDay, world: World) -> None:
    """A refused one, and the second one of a person."""
    person = world.person()
    day.come(person)
    second = ok(day.self_scan(person))
    refused_scan = ok(day.self_scan(person, code="nonsense"))
    for scan in (second, refused_scan):
        refused(day.revert(scan["id"]), 409, "not_revertible")
    assert day.summary()["visits"] == 1


def test_a_new_scan_after_a_revert_makes_a_new_visit(day: MarketDay, world: World) -> None:
    person = world.person()
    first = day.come(person)
    ok(day.revert(first["id"]), 201)
    second = day.come(person)
    assert second["attendance"]["id"] != first["attendance"]["id"]
    assert day.summary()["visits"] == 1
    ok(day.revert(second["id"]), 201)
    assert day.summary()["visits"] == 0


def test_who_may_revert(day: MarketDay, world: World) -> None:
    """403 without the right anywhere, 404 for staff of another place; nothing changes."""
    person = world.person()
    scan = day.come(person)
    refused(day.revert(scan["id"], person), 403, "forbidden")
    refused(day.revert(scan["id"], world.volunteer(OTHER_SUBDISTRICT)), 404, "not_found")
    refused(day.revert(str(new_id())), 404, "not_found")
    refused(day.revert(str(uuid4())), 404, "not_found")
    assert day.summary()["visits"] == 1
    ok(day.revert(scan["id"], day.organiser), 201)


def test_a_reverted_exit_leaves_the_person_inside(day: MarketDay, world: World) -> None:
    person = world.person()
    day.come(person)
    left = ok(day.self_scan(person, direction="exit"))
    ok(day.revert(left["id"]), 201)
    assert day.summary()["inside_now"] == 1
    assert day.summary()["visits"] == 1


def test_a_reverted_exit_leaves_a_later_or_earlier_exit_standing(world: World) -> None:
    """What stands is what the scans that are left say."""
    with at(START) as clock:
        day = MarketDay.begin(world)
        person = world.person()
        day.come(person)
        clock.shift(minutes(40))

        def left_at() -> object:
            return day.rows("SELECT left_at FROM attendance")[0][0]

        exits = {}
        for made in (30, 20, 10):
            # Uploaded late, each from before the one that was known.
            scanned_at = (START + minutes(made)).isoformat()
            exit_ = ok(day.self_scan(person, direction="exit", scanned_at=scanned_at))
            exits[made] = exit_["id"]
            assert (exit_["verdict"], left_at()) == ("admitted", START + minutes(made))
        ok(day.revert(exits[10]), 201)
        assert left_at() == START + minutes(20)
        ok(day.revert(exits[30]), 201)
        assert left_at() == START + minutes(20)
        ok(day.revert(exits[20]), 201)
        assert left_at() is None


def test_a_reverted_exit_does_not_send_out_who_came_back(world: World) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world)
        person = world.person()
        day.come(person)
        clock.shift(minutes(10))
        first = ok(day.self_scan(person, direction="exit"))["id"]
        clock.shift(minutes(10))
        ok(day.self_scan(person))
        ok(day.revert(first), 201)
        assert day.summary()["inside_now"] == 1


def test_appointments_are_expected_again(world: World) -> None:
    """Who waits for an appointment was not there; a walk-in number from the desk stays, and so
    does who has been called already."""
    day = MarketDay.begin(world, mode="slots")
    queue, called = day.offering(), day.offering(title="义诊")
    person = world.person()
    booking = day.booked(person)
    called_one = day.booked(person, called)
    scan = day.come(person)
    walk_in = ok(day.ticket(person, queue), 201)
    assert day.booking(booking)["state"] == "arrived"
    ok(day.press(booking_id=called_one["id"], reason="急用"))
    revert = ok(day.revert(scan["id"]), 201)
    kept = {one["booking_id"]: one["ticket"] for one in revert["tickets"]}
    assert kept == {one["id"]: one["ticket"] for one in (walk_in, called_one)}, "asked about"
    again = refused(day.revert(scan["id"]), 409, "already_reverted")
    assert again["tickets"] == revert["tickets"], "who lost the first answer is asked too"
    undone = day.booking(booking)
    assert (undone["state"], undone["arrived_at"], undone["ahead"]) == ("confirmed", None, None)
    assert day.booking(walk_in)["state"] == "arrived"
    assert day.booking(called_one)["state"] == "called"
    assert day.moves(booking)[-1] == ("undo_arrival", "arrived", "confirmed")
    day.come(person)
    assert day.booking(booking)["state"] == "arrived"
    again = refused(day.revert(scan["id"]), 409, "already_reverted")
    assert again["tickets"] == [], "they are here"


def test_a_revert_of_yesterday_leaves_today_as_it_is(world: World) -> None:
    """Of a market over two days, each day is for itself."""
    with at(START) as clock:
        day = MarketDay.begin(world, activity={"hours": 36}, starts_at=START)
        person = world.person()
        yesterday = day.come(person)
        clock.shift(minutes(24 * 60))
        booking = day.booked(person)
        day.come(person)
        assert day.booking(booking)["state"] == "arrived"
        ok(day.revert(yesterday["id"]), 201)
        assert day.booking(booking)["state"] == "arrived"


def test_a_revert_follows_a_guest_who_became_a_resident(day: MarketDay, world: World) -> None:
    """The visit moved to the resident, so it is the resident's appointments that are expected
    again, and the visit is nobody's."""
    person = world.person("李奶奶")
    booking = day.booked(person)
    scan = day.write_in(**GUEST)
    _become(day, person)
    assert day.booking(booking)["state"] == "arrived"
    ok(day.revert(scan["id"]), 201)
    assert day.booking(booking)["state"] == "confirmed"
    assert ok(person.get("/me/attendances"))["items"] == []


def test_a_revert_of_a_doubled_visit_leaves_the_residents_own(day: MarketDay, world: World) -> None:
    """Guest and resident stood there on one day: the guest's visit was taken back when they
    turned out to be one, so undoing the guest's scan changes nothing more."""
    person = world.person("李奶奶")
    booking = day.booked(person)
    guest = day.write_in(**GUEST)
    day.come(person)
    _become(day, person)
    ok(day.revert(guest["id"]), 201)
    assert day.booking(booking)["state"] == "arrived"
    assert day.summary()["visits"] == 1


def _become(day: MarketDay, person: object) -> None:
    """The resident types the guest's number, and a volunteer confirms it face to face."""
    ok(person.post("/me/phone", {"phone": GUEST["phone"]}))  # type: ignore[attr-defined]
    code = ok(person.get("/me/code"))["code"]  # type: ignore[attr-defined]
    ok(day.volunteer.post("/residents/confirm-phone", {"resident_code": code}))
