"""A booking is its person's, their family's, and of those who serve there."""

from typing import Any

import pytest

from backend.core.ids import new_id
from backend.core.permissions import Role
from tests.support.market_day import MarketDay, minutes
from tests.support.world import OTHER_SUBDISTRICT, Person, World, ok, refused


def _see(person: Person, booking: dict[str, Any]) -> Any:
    return person.get(f"/bookings/{booking['id']}")


def test_one_sees_ones_own_and_the_familys_in_full(day: MarketDay, world: World) -> None:
    person = world.person("王秀英")
    member_id = ok(person.post("/me/family", {"name": "王奶奶"}), 201)["id"]
    mine, theirs = day.booked(person), day.booked(person, resident_id=member_id)
    assert ok(_see(person, mine))["resident"]["display_name"] == "王秀英"
    assert ok(_see(person, theirs))["resident"]["display_name"] == "王奶奶"


def test_staff_see_it_with_the_name_masked(day: MarketDay, world: World) -> None:
    booking = day.booked(world.person("王秀英"))
    for staff in (day.volunteer, day.organiser, world.staff(Role.ADMIN)):
        assert ok(_see(staff, booking))["resident"]["display_name"] == "王*英"


def test_a_partner_sees_those_of_its_stall(day: MarketDay, world: World) -> None:
    mine = world.organisation()
    line = day.offering(day.stall(organisation_id=mine))
    partner = world.staff(Role.PARTNER, organisation_id=mine)
    assert ok(_see(partner, day.booked(world.person(), line)))
    refused(_see(partner, day.booked(world.person())), 404, "not_found")


def test_nobody_else_sees_it(day: MarketDay, world: World) -> None:
    booking = day.booked(world.person())
    outsiders = [
        world.person(),
        world.volunteer(OTHER_SUBDISTRICT),
        world.organiser(OTHER_SUBDISTRICT),
        world.staff(Role.AUDITOR),
        world.staff(Role.PARTNER, organisation_id=world.organisation()),
    ]
    for outsider in outsiders:
        refused(_see(outsider, booking), 404, "not_found")
    refused(day.organiser.get(f"/bookings/{new_id()}"), 404, "not_found")
    refused(world.http.get(f"/api/v1/bookings/{booking['id']}"), 401, "not_logged_in")


# ---------------------------------------------------------------------------- lists


def test_my_bookings_newest_first_in_pages(day: MarketDay, world: World) -> None:
    person = world.person("王秀英")
    member_id = ok(person.post("/me/family", {"name": "王奶奶"}), 201)["id"]
    made = [day.booked(person), day.booked(person, resident_id=member_id)]
    made.append(day.booked(person, day.offering(title="义诊")))
    day.booked(world.person())
    first = ok(person.get("/me/bookings", limit=2))
    second = ok(person.get("/me/bookings", limit=2, cursor=first["next_cursor"]))
    listed = first["items"] + second["items"]
    assert [item["id"] for item in listed] == [booking["id"] for booking in made[::-1]]
    assert second["next_cursor"] is None
    assert [item["resident"]["display_name"] for item in listed] == ["王秀英", "王奶奶", "王秀英"]
    assert listed[0]["offering_title"] == "义诊"
    assert listed[0]["activity_title"] == "花园社区公益集市"
    assert listed[0]["venue"] == {"name": "社区广场", "address": "花园路 1 号"}


def test_my_bookings_by_when_they_are(day: MarketDay, world: World) -> None:
    """What comes next comes first, page by page; then what is over, the last of it first."""
    person = world.person()
    day.rows(
        "UPDATE activity SET starts_at = starts_at - interval '5 days',"
        " ends_at = ends_at + interval '5 days' WHERE id = :id RETURNING id",
        id=day.id,
    )
    days = (-1, 3, 0, -4, 1)
    by_day = {}
    for shift in days:
        booking = day.booked(person, day.offering())
        by_day[shift] = booking["id"]
        day.rows("UPDATE booking SET service_on = service_on + :shift WHERE id = :id RETURNING id",
                 shift=shift, id=booking["id"])  # fmt: skip
    listed: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(3):
        page = ok(person.get("/me/bookings", order="when", limit=2, **cursor))
        listed += [item["id"] for item in page["items"]]
        cursor = {"cursor": page["next_cursor"]}
    assert listed == [by_day[shift] for shift in (0, 1, 3, -1, -4)]
    assert page["next_cursor"] is None
    made = ok(person.get("/me/bookings", limit=2))
    by_other = {"order": "when", "cursor": made["next_cursor"]}
    refused(person.get("/me/bookings", **by_other), 422, "validation_failed")


def test_my_bookings_of_one_day_are_in_the_order_of_their_times(
    slots: MarketDay, world: World
) -> None:
    person = world.person()
    ((starts_at,),) = slots.rows("SELECT starts_at FROM slot WHERE id = :id", id=slots.slot_id)
    line = slots.offering(mode="slots")
    later = slots.booked(person, line, slot_id=slots.slot(starts_at + minutes(60), 1, line))
    sooner = slots.booked(person)
    listed = ok(person.get("/me/bookings", order="when"))["items"]
    assert [item["id"] for item in listed] == [sooner["id"], later["id"]]


def test_my_bookings_by_state(day: MarketDay, world: World) -> None:
    person = world.person()
    kept = day.booked(person)
    gone = day.booked(person, day.offering())
    ok(day.act(gone, "cancel", person))
    for state, booking in (("confirmed", kept), ("cancelled", gone)):
        items = ok(person.get("/me/bookings", state=state))["items"]
        assert [item["id"] for item in items] == [booking["id"]]
    refused(person.get("/me/bookings", state="lost"), 422, "validation_failed")


def test_a_list_says_ahead_as_the_line_does(day: MarketDay, world: World) -> None:
    """Of each line by itself."""
    person = world.person()
    day.come(person)
    second = day.offering()
    for offering in (None, None, second):
        day.number(offering)
    mine = {ok(day.ticket(person), 201)["id"]: 2, ok(day.ticket(person, second), 201)["id"]: 1}
    items = ok(person.get("/me/bookings"))["items"]
    assert {item["id"]: item["ahead"] for item in items} == mine


def test_the_staffs_list_in_the_order_they_were_made(day: MarketDay, world: World) -> None:
    second = day.offering()
    made = [day.booked(world.person("王秀英")), day.number(), day.booked(world.person(), second)]
    other = MarketDay.begin(world)
    other.number()
    path = f"/activities/{day.id}/bookings"
    page = ok(day.volunteer.get(path, limit=2))
    rest = ok(day.volunteer.get(path, limit=2, cursor=page["next_cursor"]))
    listed = page["items"] + rest["items"]
    assert [item["id"] for item in listed] == [booking["id"] for booking in made]
    assert listed[0]["resident"]["display_name"] == "王*英"
    by_service = ok(day.volunteer.get(path, offering_id=second))["items"]
    assert [item["id"] for item in by_service] == [made[2]["id"]]
    by_state = ok(day.volunteer.get(path, state="arrived"))["items"]
    assert [item["id"] for item in by_state] == [made[1]["id"]]


def test_only_staff_of_the_place_read_that_list(day: MarketDay, world: World) -> None:
    path = f"/activities/{day.id}/bookings"
    for outsider in (
        world.person(),
        world.volunteer(OTHER_SUBDISTRICT),
        world.staff(Role.PARTNER, organisation_id=world.organisation()),
        world.staff(Role.AUDITOR),
    ):
        refused(outsider.get(path), 403, "forbidden")
    refused(day.volunteer.get(f"/activities/{new_id()}/bookings"), 404, "not_found")


@pytest.mark.parametrize("query", [{"limit": "0"}, {"cursor": "x"}, {"offering_id": "x"}])
def test_a_bad_query_is_refused(day: MarketDay, query: dict[str, str]) -> None:
    refused(day.volunteer.get(f"/activities/{day.id}/bookings", **query), 422, "validation_failed")


def test_my_export_has_my_bookings(day: MarketDay, world: World) -> None:
    person = world.person()
    booking = day.booked(person)
    (row,) = ok(person.get("/me/export"))["bookings"]
    assert (row["id"], row["ticket"], row["state"]) == (booking["id"], "A001", "confirmed")
    assert row["service_on"] == booking["service_on"]
