"""Signing up: a place and a number in one step, in each mode, for oneself and one's family."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.bookings import places
from backend.bookings.statements import Place
from backend.core.ids import new_id
from tests.support.market_day import MarketDay, at, minutes, shanghai
from tests.support.world import World, ok, refused

START = shanghai("2026-05-01 09:00")


def test_an_appointment_has_a_place_and_a_number(slots: MarketDay, world: World) -> None:
    person = world.person("王秀英")
    booking = slots.booked(person)
    assert (booking["state"], booking["origin"], booking["ticket"]) == (
        "confirmed", "sign_up", "A001"
    )  # fmt: skip
    assert booking["slot_id"] == slots.slot_id
    assert booking["resident"] == {"id": str(person.resident_id), "display_name": "王秀英"}
    assert (booking["ahead"], booking["estimate_minutes"]) == (None, None)
    assert booking["activity_id"] == slots.id
    assert booking["stall"]["name"] == "便民服务"
    assert slots.taken() == (1, 1)
    assert slots.moves(booking) == [("sign_up", None, "confirmed")]
    ((slot,),) = [ok(person.get(f"/offerings/{slots.offering_id}"))["slots"]]
    assert (slot["taken"], slot["free"]) == (1, 2)


def test_a_queue_is_signed_up_for_without_a_slot(day: MarketDay, world: World) -> None:
    booking = day.booked(world.person())
    assert (booking["state"], booking["slot_id"]) == ("confirmed", None)


def test_an_open_service_needs_no_sign_up(day: MarketDay, world: World) -> None:
    open_one = day.offering(mode="open")
    refused(day.sign_up(world.person(), open_one), 409, "sign_up_not_needed")
    refused(day.ticket(day.volunteer, open_one), 409, "sign_up_not_needed")


def test_an_appointment_names_its_slot(slots: MarketDay, world: World) -> None:
    """422 without one, with one that isn't, and with another service's."""
    person = world.person()
    path = f"/offerings/{slots.offering_id}/bookings"
    other = slots.offering(mode="slots")
    begin = ok(person.get(f"/activities/{slots.id}"))["starts_at"]
    foreign = slots.slot(datetime.fromisoformat(begin), offering_id=other)
    for body in ({}, {"slot_id": None}, {"slot_id": str(new_id())}, {"slot_id": foreign}):
        problem = refused(person.post(path, body), 422, "validation_failed")
        assert "slot_id" in problem["errors"]
    assert slots.rows("SELECT id FROM booking") == []


def test_a_queue_has_no_slots(day: MarketDay, world: World) -> None:
    refused(day.sign_up(world.person(), slot_id=str(new_id())), 422, "validation_failed")


def test_the_slot_is_full_when_its_places_are_taken(slots: MarketDay, world: World) -> None:
    for _ in range(3):
        slots.booked(world.person())
    late = world.person()
    refused(slots.sign_up(late), 409, "slot_full")
    assert slots.taken() == (3, 3)
    assert slots.rows("SELECT id FROM booking WHERE resident_id = :id", id=late.resident_id) == []


def test_a_slot_that_is_moved_meanwhile_is_chosen_anew(
    slots: MarketDay, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever signs up has chosen a time, not a row (tests/concurrency/test_schedule.py races)."""
    real = places.take

    def moved_before(session: Session, values: Place) -> Any:
        session.execute(
            text(
                "UPDATE slot SET starts_at = starts_at + interval '1 hour',"
                " ends_at = ends_at + interval '1 hour' WHERE id = :id"
            ),
            {"id": slots.slot_id},
        )
        return real(session, values)

    monkeypatch.setattr(places, "take", moved_before)
    late = world.person()
    refused(slots.sign_up(late), 409, "slot_moved")
    assert slots.rows("SELECT id FROM booking WHERE resident_id = :id", id=late.resident_id) == []


@pytest.mark.parametrize(
    ("share", "places"), [(0, 10), (0.05, 10), (0.1, 9), (0.2, 8), (0.25, 8), (0.999, 1), (1, 0)]
)
def test_a_share_is_kept_for_walk_ins(world: World, share: float, places: int) -> None:
    """Rounded down, and shown as not free; a walk-in still gets a number."""
    day = MarketDay.begin(world, mode="slots", capacity=10, walk_in_share=share)
    (slot,) = ok(day.organiser.get(f"/offerings/{day.offering_id}"))["slots"]
    assert slot["free"] == places
    for _ in range(places):
        day.booked(world.person())
    refused(day.sign_up(world.person()), 409, "slot_full")
    day.number()


def test_the_day_has_a_capacity_over_all_ways_in(world: World) -> None:
    """Two appointments and a walk-in fill a day of three, though the slot has room."""
    day = MarketDay.begin(world, mode="slots", capacity=20)
    offering = f"/offerings/{day.offering_id}"
    ok(day.organiser.put(offering, {"capacity": 3}))
    first = day.booked(world.person())
    day.booked(world.person())
    day.number()
    refused(day.sign_up(world.person()), 409, "slot_full")
    refused(day.ticket(day.volunteer), 409, "slot_full")
    assert day.taken() == (2, 3)
    ok(day.act(first, "cancel"))
    day.number()
    refused(day.ticket(day.volunteer, resident_id=str(world.person().resident_id)), 409,
            "slot_full")  # fmt: skip
    ok(day.organiser.put(offering, {"capacity": None}))
    day.number()


def test_each_day_has_its_own_capacity(world: World) -> None:
    with at(START):
        day = MarketDay.begin(world, mode="slots", activity={"hours": 36}, starts_at=START)
        ok(day.organiser.put(f"/offerings/{day.offering_id}", {"capacity": 1}))
        tomorrow = day.slot(START + minutes(24 * 60))
        assert day.booked(world.person())["service_on"] == "2026-05-01"
        refused(day.sign_up(world.person()), 409, "slot_full")
        booking = day.booked(world.person(), slot_id=tomorrow)
        assert (booking["service_on"], booking["ticket"]) == ("2026-05-02", "A001")


def test_the_day_of_a_slot_is_the_one_in_shanghai(world: World) -> None:
    """07:30 in Shanghai is the day before in UTC."""
    start = shanghai("2026-05-02 07:30")
    with at(START):
        day = MarketDay.begin(world, mode="slots", starts_at=start)
        assert day.booked(world.person())["service_on"] == "2026-05-02"


def test_one_holds_a_service_once(slots: MarketDay, world: World) -> None:
    """In another slot of the day neither, nor by a walk-in number; another service is free."""
    person = world.person()
    slots.booked(person)
    begin = datetime.fromisoformat(ok(person.get(f"/activities/{slots.id}"))["starts_at"])
    later = slots.slot(begin + minutes(30))
    refused(slots.sign_up(person), 409, "already_booked")
    refused(slots.sign_up(person, slot_id=later), 409, "already_booked")
    taking = slots.ticket(slots.volunteer, resident_id=str(person.resident_id))
    refused(taking, 409, "already_booked")
    assert slots.taken() == (1, 1)
    slots.booked(person, slots.offering())


def test_a_family_is_signed_up_by_one_of_them(slots: MarketDay, world: World) -> None:
    """For each their own: grandma's booking is not mine."""
    person = world.person()
    member_id = ok(person.post("/me/family", {"name": "王奶奶"}), 201)["id"]
    booking = slots.booked(person, resident_id=member_id)
    assert booking["resident"] == {"id": member_id, "display_name": "王奶奶"}
    slots.booked(person)
    refused(slots.sign_up(person, resident_id=member_id), 409, "already_booked")
    (row,) = slots.rows("SELECT booked_by FROM booking WHERE resident_id = :id", id=member_id)
    assert row.booked_by == person.user_id


def test_nobody_signs_other_people_up(slots: MarketDay, world: World) -> None:
    """404 whether that id exists or not; a volunteer neither."""
    stranger = world.person()
    for resident_id in (str(stranger.resident_id), str(new_id())):
        for somebody in (world.person(), slots.volunteer):
            refused(slots.sign_up(somebody, resident_id=resident_id), 404, "not_found")
    assert slots.rows("SELECT id FROM booking") == []


def test_an_unknown_or_unannounced_service_is_not_found(world: World) -> None:
    organiser = world.organiser()
    draft = world.draft(organiser)
    offering = world.offering(organiser, world.stall(organiser, draft["id"])["id"])
    for somebody in (world.person(), organiser):
        path = f"/offerings/{offering['id']}"
        refused(somebody.post(f"{path}/bookings", {}), 404, "not_found")
        refused(somebody.post(f"{path}/tickets", {}), 404, "not_found")
    refused(organiser.post(f"/offerings/{new_id()}/bookings", {}), 404, "not_found")


def test_the_same_key_gets_the_first_answer(slots: MarketDay, world: World) -> None:
    """And another body with it is refused; a refusal is remembered too."""
    person, path = world.person(), f"/offerings/{slots.offering_id}/bookings"
    body: dict[str, Any] = {"slot_id": slots.slot_id}
    first = ok(person.post(path, body, key="once"), 201)
    assert ok(person.post(path, body, key="once"), 201) == first
    refused(person.post(path, {"slot_id": str(uuid4())}, key="once"), 409,
            "idempotency_key_reused")  # fmt: skip
    refused(person.post(path, body, key="again"), 409, "already_booked")
    ok(slots.act(first, "cancel"))
    refused(person.post(path, body, key="again"), 409, "already_booked")
    assert slots.taken() == (0, 0)


@pytest.mark.parametrize(("mine", "wanted"), [(None, 409), (-50, 409), (-59, 409), (-60, 201)])
def test_a_service_for_the_old(world: World, mine: int | None, wanted: int) -> None:
    """By the year of birth, which is all that is kept; without one it asks for it."""
    with at(START):
        day = MarketDay.begin(world, min_age=60)
        profile: dict[str, Any] = {} if mine is None else {"birth_year": 2026 + mine}
        person = world.person(**profile)
        response = day.sign_up(person)
        taking = day.ticket(day.volunteer, resident_id=str(person.resident_id))
    if wanted == 201:
        ok(response, 201)
    else:
        assert "60" in refused(response, 409, "not_eligible")["detail"]
        refused(taking, 409, "not_eligible")
