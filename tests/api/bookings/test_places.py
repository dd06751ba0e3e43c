"""A place that is given back is free: by the person, by closing an account, by a market that is
cancelled, or when two turn out to be one."""

from typing import Any

from backend.core.ids import new_id
from tests.support.inbox import last
from tests.support.market_day import GUEST, MarketDay
from tests.support.world import Person, World, ok, refused


def test_a_cancelled_place_can_be_taken_again(slots: MarketDay, world: World) -> None:
    """By another, and by the same person."""
    people = [world.person() for _ in range(3)]
    bookings = [slots.booked(person) for person in people]
    late = world.person()
    refused(slots.sign_up(late), 409, "slot_full")
    cancelled = ok(slots.act(bookings[0], "cancel", people[0]))
    assert cancelled["state"] == "cancelled"
    assert slots.taken() == (2, 2)
    assert slots.moves(bookings[0])[-1] == ("cancel", "confirmed", "cancelled")
    slots.booked(late)
    refused(slots.sign_up(people[0]), 409, "slot_full")
    ok(slots.act(bookings[1], "cancel", people[1]))
    slots.booked(people[1])
    assert slots.taken() == (3, 3)


def test_a_place_is_given_back_once(slots: MarketDay, world: World) -> None:
    person = world.person()
    booking = slots.booked(person)
    slots.booked(world.person())
    ok(slots.act(booking, "cancel", person))
    refused(slots.act(booking, "cancel", person), 409, "illegal_transition")
    assert slots.taken() == (1, 1)


def test_a_volunteer_cancels_for_somebody(slots: MarketDay, world: World) -> None:
    booking = slots.booked(world.person())
    ok(slots.act(booking, "cancel"))
    assert slots.taken() == (0, 0)


def test_a_walk_ins_place_is_the_days(slots: MarketDay) -> None:
    slots.booked(slots.world.person())
    booking = slots.number()
    assert slots.taken() == (1, 2)
    ok(slots.act(booking, "cancel"))
    assert slots.taken() == (1, 1)


def test_what_is_served_missed_or_not_come_keeps_its_place(slots: MarketDay, world: World) -> None:
    """The time was given; only a cancelled one can be given to another."""
    person = world.person()
    booking = slots.booked(person)
    slots.booked(world.person())
    slots.come(person)
    ok(slots.press(booking_id=booking["id"], reason="测试"))
    slots.acted(booking, "start", "finish")
    slots.close()
    assert slots.taken() == (2, 2)


# ---------------------------------------------------------------------------- the whole market


def test_a_cancelled_market_gives_all_places_back(slots: MarketDay, world: World) -> None:
    """But that of who is being served, or was."""
    served, serving, waiting = (world.person() for _ in range(3))
    bookings = [slots.booked(person) for person in (served, serving, waiting)]
    for person in (served, serving, waiting):
        slots.come(person)
    walk_in = slots.number()
    for booking in bookings[:2]:
        ok(slots.press(booking_id=booking["id"], reason="测试"))
        slots.acted(booking, "start")
    slots.acted(bookings[0], "finish")
    assert slots.taken() == (3, 4)
    slots.cancel()
    states = [slots.booking(each)["state"] for each in (*bookings, walk_in)]
    assert states == ["served", "serving", "cancelled", "cancelled"]
    assert slots.taken() == (2, 2)


def test_a_cancelled_market_without_bookings_is_fine(slots: MarketDay) -> None:
    slots.cancel()
    assert slots.rows("SELECT taken FROM slot")[0][0] == 0


def test_the_end_of_one_market_is_not_that_of_another(day: MarketDay, world: World) -> None:
    other = MarketDay.begin(world)
    booking = other.booked(world.person())
    day.booked(world.person())
    day.close()
    assert other.booking(booking)["state"] == "confirmed"


# ---------------------------------------------------------------------------- people who go


def test_closing_an_account_frees_its_places(slots: MarketDay, world: World) -> None:
    """The family's too; what is being served is served, what was served stays."""
    person = world.person()
    member_id = ok(person.post("/me/family", {"name": "王奶奶"}), 201)["id"]
    mine, theirs = slots.booked(person), slots.booked(person, resident_id=member_id)
    queue, other = slots.offering(), slots.offering()
    serving = slots.number(queue, resident_id=str(person.resident_id))
    served = slots.number(other, resident_id=str(person.resident_id))
    for booking, acts in ((serving, ["start"]), (served, ["start", "finish"])):
        ok(slots.press(booking_id=booking["id"], reason="测试"))
        slots.acted(booking, *acts)
    ok(person.delete("/me"), 204)
    states = [slots.booking(each)["state"] for each in (mine, theirs, serving, served)]
    assert states == ["cancelled", "cancelled", "serving", "served"]
    assert slots.taken() == (0, 0)
    assert slots.moves(mine)[-1] == ("cancel", "confirmed", "cancelled")
    (entry,) = slots.rows(
        "SELECT region_code FROM audit_entry WHERE action = 'cancel' AND object_id = :id",
        id=mine["id"],
    )
    assert entry.region_code == "320412100001"
    assert slots.booking(serving)["resident"]["display_name"] == "居民"


def test_removing_a_family_member_frees_theirs_only(slots: MarketDay, world: World) -> None:
    person = world.person()
    member_id = ok(person.post("/me/family", {"name": "王奶奶"}), 201)["id"]
    mine, theirs = slots.booked(person), slots.booked(person, resident_id=member_id)
    ok(person.delete(f"/me/family/{member_id}"), 204)
    assert slots.booking(mine)["state"] == "confirmed"
    assert slots.booking(theirs)["state"] == "cancelled"
    assert slots.taken() == (1, 1)
    assert [item["id"] for item in ok(person.get("/me/bookings"))["items"]] == [mine["id"]]


# ---------------------------------------------------------------------------- two who are one


def _become(day: MarketDay, person: Person) -> None:
    ok(person.post("/me/phone", {"phone": GUEST["phone"]}))
    code = ok(person.get("/me/code"))["code"]
    ok(day.volunteer.post("/residents/confirm-phone", {"resident_code": code}))


def _mine(person: Person) -> dict[str, str]:
    """My bookings' ids with their states."""
    return {item["id"]: item["state"] for item in ok(person.get("/me/bookings"))["items"]}


def test_a_guests_numbers_become_the_residents(day: MarketDay, world: World) -> None:
    waiting = day.number(guest=GUEST)
    other = day.number(day.offering(), guest=GUEST)
    ok(day.act(other, "cancel"))
    person = world.person("李奶奶")
    _become(day, person)
    assert _mine(person) == {waiting["id"]: "arrived", other["id"]: "cancelled"}
    (entry,) = day.rows("SELECT * FROM audit_entry WHERE action = 'merge_bookings'")
    assert entry.object_id == person.resident_id
    assert entry.details["count"] == 2
    refused(day.ticket(day.volunteer, resident_id=str(person.resident_id)), 409, "already_booked")


def test_where_both_hold_one_the_guests_is_cancelled(slots: MarketDay, world: World) -> None:
    """And frees its place; one ticket for each person, service and day."""
    person = world.person("李奶奶")
    own, guests = slots.booked(person), slots.number(guest=GUEST)
    assert slots.taken() == (1, 2)
    _become(slots, person)
    assert _mine(person) == {own["id"]: "confirmed", guests["id"]: "cancelled"}
    assert slots.taken() == (1, 1)
    assert slots.moves(guests)[-1] == ("merge", "arrived", "cancelled")
    assert "有两个号，A002 已取消，请认准 A001。" in last(person)["text"]


def test_who_is_being_served_as_a_guest_loses_the_other_ticket(
    slots: MarketDay, world: World
) -> None:
    """The confirmation of a phone number must not fail because of it."""
    person = world.person("李奶奶")
    own, guests = slots.booked(person), slots.number(guest=GUEST)
    slots.called()
    slots.acted(guests, "start")
    _become(slots, person)
    assert _mine(person) == {own["id"]: "cancelled", guests["id"]: "serving"}
    assert slots.taken() == (0, 1)
    assert "有两个号，A001 已取消，请认准 A002。" in last(person)["text"]


def test_both_at_a_desk_this_moment_stay_as_they_are(day: MarketDay, world: World) -> None:
    """It cannot be one person then, or one of them is finished by mistake: nothing is lost."""
    person = world.person("李奶奶")
    own = day.number(resident_id=str(person.resident_id))
    guests = day.number(guest=GUEST)
    for booking in (own, guests):
        day.called()
        day.acted(booking, "start")
    _become(day, person)
    assert _mine(person) == {own["id"]: "serving"}
    assert day.acted(guests, "finish")["state"] == "served"


def test_a_served_guest_and_a_new_number_are_both_kept(day: MarketDay, world: World) -> None:
    guests = day.number(guest=GUEST)
    day.acted(day.called(), "start", "finish")
    person = world.person("李奶奶")
    own = day.booked(person)
    _become(day, person)
    assert _mine(person) == {own["id"]: "confirmed", guests["id"]: "served"}


def test_a_guest_without_numbers_leaves_no_entry(day: MarketDay, world: World) -> None:
    day.write_in(**GUEST)
    person = world.person("李奶奶")
    _become(day, person)
    assert day.rows("SELECT id FROM audit_entry WHERE action = 'merge_bookings'") == []


def test_an_unknown_booking_is_not_found(day: MarketDay) -> None:
    unknown: dict[str, Any] = {"id": str(new_id())}
    for action in ("cancel", "park", "rejoin", "recall", "start", "finish", "miss"):
        refused(day.act(unknown, action), 404, "not_found")
