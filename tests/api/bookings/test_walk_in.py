"""Numbers on the spot: from a volunteer for anybody, by oneself after checking in."""

from typing import Any

import pytest

from backend.core.ids import new_id
from backend.core.permissions import Role
from tests.support.market_day import GUEST, MarketDay, at, minutes, shanghai
from tests.support.world import OTHER_SUBDISTRICT, World, ok, refused


def test_a_volunteer_gives_a_number_to_a_resident(day: MarketDay, world: World) -> None:
    """Who stands at the desk need not have checked in."""
    person = world.person("王秀英")
    booking = day.number(resident_id=str(person.resident_id))
    assert (booking["state"], booking["origin"], booking["ahead"]) == ("arrived", "walk_in", 0)
    assert booking["resident"]["display_name"] == "王*英"
    assert booking["arrived_at"]
    assert day.moves(booking) == [("take_number", None, "arrived")]
    (mine,) = ok(person.get("/me/bookings"))["items"]
    assert mine["id"] == booking["id"]


def test_a_volunteer_gives_a_number_to_a_guest(day: MarketDay) -> None:
    booking = day.number(guest=GUEST)
    assert booking["resident"]["display_name"] == "李*奶"
    refused(day.ticket(day.volunteer, guest=GUEST), 409, "already_booked")
    day.number(guest={"name": "李奶奶", "another": True})


def test_a_resident_takes_their_own_after_checking_in(day: MarketDay, world: World) -> None:
    person = world.person("王秀英")
    refused(day.ticket(person), 409, "not_checked_in")
    scan = day.come(person)
    booking = ok(day.ticket(person), 201)
    assert (booking["state"], booking["resident"]["display_name"]) == ("arrived", "王秀英")
    ok(day.act(booking, "cancel", person))
    ok(day.revert(scan["id"]), 201)
    refused(day.ticket(person), 409, "not_checked_in")


def test_who_has_signed_out_checks_in_again_first(world: World) -> None:
    """And is told why; what they sign up for meanwhile waits once they are back."""
    with at(shanghai("2026-05-01 09:00")) as clock:
        day = MarketDay.begin(world)
        other = day.offering()
        person = world.person()
        day.come(person)
        clock.shift(minutes(22))
        ok(day.self_scan(person, direction="exit"))
        problem = refused(day.ticket(person), 409, "not_checked_in")
        assert problem["detail"] == "09:22 已经签退了，请先在现场扫码签到，再取号"
        signed_up = day.booked(person, other)
        assert signed_up["state"] == "confirmed", "nobody is here who could wait"
        clock.shift(minutes(1))
        ok(day.self_scan(person), 200)
        assert day.booking(signed_up)["state"] == "arrived"
        ok(day.ticket(person), 201)


def test_a_resident_takes_one_for_their_family(day: MarketDay, world: World) -> None:
    """Who must be there themselves."""
    person = world.person()
    member_id = ok(person.post("/me/family", {"name": "王奶奶"}), 201)["id"]
    day.come(person)
    refused(day.ticket(person, resident_id=member_id), 409, "not_checked_in")
    day.come(person, resident_id=member_id)
    assert ok(day.ticket(person, resident_id=member_id), 201)["resident"]["id"] == member_id


def test_a_check_in_elsewhere_or_yesterday_does_not_count(world: World) -> None:
    with at(shanghai("2026-05-01 09:00")) as clock:
        day = MarketDay.begin(world, activity={"hours": 36})
        other = MarketDay.begin(world)
        person, elsewhere = world.person(), world.person()
        day.come(person)
        other.come(elsewhere)
        refused(day.ticket(elsewhere), 409, "not_checked_in")
        clock.shift(minutes(24 * 60))
        refused(day.ticket(person), 409, "not_checked_in")
        day.come(person)
        ok(day.ticket(person), 201)


def test_nobody_takes_one_for_a_stranger(day: MarketDay, world: World) -> None:
    """404 for residents and for volunteers of another place, whether the id exists or not."""
    stranger = str(world.person().resident_id)
    for somebody in (world.person(), world.volunteer(OTHER_SUBDISTRICT)):
        for resident_id in (stranger, str(new_id())):
            refused(day.ticket(somebody, resident_id=resident_id), 404, "not_found")
    refused(day.ticket(day.volunteer, resident_id=str(new_id())), 404, "not_found")


def test_only_staff_of_the_place_write_guests_in(day: MarketDay, world: World) -> None:
    outsiders = [
        world.person(),
        world.volunteer(OTHER_SUBDISTRICT),
        world.staff(Role.PARTNER, organisation_id=world.organisation()),
    ]
    for somebody in outsiders:
        refused(day.ticket(somebody, guest=GUEST), 403, "forbidden")
    assert day.rows("SELECT id FROM resident WHERE name = :name", name=GUEST["name"]) == []


def test_urgent_is_for_staff_with_a_reason(day: MarketDay, world: World) -> None:
    person = world.person()
    resident_id = str(person.resident_id)
    day.come(person)
    refused(day.ticket(person, urgent=True, reason="头晕"), 403, "forbidden")
    problem = refused(
        day.ticket(day.volunteer, resident_id=resident_id, urgent=True), 422, "validation_failed"
    )
    assert "reason" in problem["errors"]
    booking = day.number(resident_id=resident_id, urgent=True, reason="头晕")
    assert booking["urgent"]
    (entry,) = day.rows("SELECT details FROM audit_entry WHERE action = 'take_number'")
    assert entry.details == {}
    assert day.rows("SELECT text FROM audit_note")[0].text == "头晕"


def test_one_or_the_other(day: MarketDay, world: World) -> None:
    body: dict[str, Any] = {"resident_id": str(world.person().resident_id), "guest": GUEST}
    refused(day.ticket(day.volunteer, **body), 422, "validation_failed")


def test_a_service_with_appointments_has_walk_in_numbers_too(
    slots: MarketDay, world: World
) -> None:
    booking = slots.number()
    assert (booking["slot_id"], booking["state"]) == (None, "arrived")
    assert slots.rows("SELECT taken FROM slot")[0][0] == 0


@pytest.mark.parametrize("by", ["organiser", "volunteer"])
def test_staff_take_their_own_like_everybody_they_serve(
    day: MarketDay, world: World, by: str
) -> None:
    booking = ok(day.ticket(getattr(day, by)), 201)
    assert booking["resident"]["id"] == str(getattr(day, by).resident_id)
