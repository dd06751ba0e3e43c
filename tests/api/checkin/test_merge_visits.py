"""A guest who turns out to be a resident was one person all the time."""

from tests.support.market_day import GUEST, MarketDay
from tests.support.world import Person, World, ok


def _become(day: MarketDay, person: Person) -> None:
    """The resident types the guest's number, and a volunteer confirms it face to face."""
    ok(person.post("/me/phone", {"phone": GUEST["phone"]}))
    code = ok(person.get("/me/code"))["code"]
    ok(day.volunteer.post("/residents/confirm-phone", {"resident_code": code}))


def test_the_guests_visit_becomes_the_residents(day: MarketDay, world: World) -> None:
    visit = day.write_in(**GUEST)["attendance"]
    person = world.person("李奶奶")
    _become(day, person)
    (mine,) = ok(person.get("/me/attendances"))["items"]
    assert mine["id"] == visit["id"]
    assert ok(day.self_scan(person))["verdict"] == "already_checked_in"
    assert (day.summary()["visits"], day.summary()["people"]) == (1, 1)


def test_one_person_counted_twice_on_a_day_counts_once(day: MarketDay, world: World) -> None:
    """The resident's own visit stands, the guest's is taken back; both scans stay."""
    person = world.person("李奶奶")
    day.write_in(**GUEST)
    own = day.come(person)["attendance"]
    assert day.summary()["visits"] == 2
    _become(day, person)
    assert (day.summary()["visits"], day.summary()["people"]) == (1, 1)
    (mine,) = ok(person.get("/me/attendances"))["items"]
    assert mine["id"] == own["id"]
    assert len(day.rows("SELECT id FROM scan")) == 2


def test_two_guests_of_one_name_are_one_visit(day: MarketDay, world: World) -> None:
    """Written in with and without a name, by two volunteers."""
    day.write_in(**GUEST)
    day.write_in(phone=GUEST["phone"], another=True)
    person = world.person("李奶奶")
    _become(day, person)
    assert (day.summary()["visits"], day.summary()["people"]) == (1, 1)


def test_visits_to_other_markets_move_along(day: MarketDay, world: World) -> None:
    other = MarketDay.begin(world)
    day.write_in(**GUEST)
    other.write_in(**GUEST)
    person = world.person("李奶奶")
    day.come(person)
    _become(day, person)
    visits = ok(person.get("/me/attendances"))["items"]
    assert {visit["activity_id"] for visit in visits} == {day.id, other.id}
    assert len(visits) == 2


def test_a_taken_back_visit_moves_without_coming_alive(day: MarketDay, world: World) -> None:
    scan = day.write_in(**GUEST)
    ok(day.revert(scan["id"]), 201)
    person = world.person("李奶奶")
    booking = day.booked(person)
    _become(day, person)
    assert day.summary()["visits"] == 0
    assert day.booking(booking)["state"] == "confirmed"
    day.come(person)


def test_what_the_resident_had_signed_up_for_waits_since_the_guest_came(
    day: MarketDay, world: World
) -> None:
    """A second check-in could not tell it: they are here already. Without this the booking would
    end as a no-show of somebody who stood at the entrance."""
    person = world.person("李奶奶")
    booking = day.booked(person)
    visit = day.write_in(**GUEST)["attendance"]
    _become(day, person)
    arrived = day.booking(booking)
    assert (arrived["state"], arrived["arrived_at"]) == ("arrived", visit["attended_at"])
    assert day.moves(booking)[-1] == ("arrive", "confirmed", "arrived")
