"""Calling: the head of the line, one number at a stall, one number for a press."""

from typing import Any
from uuid import uuid4

from backend.core.ids import new_id
from backend.core.permissions import Role
from tests.support.market_day import MarketDay
from tests.support.world import OTHER_SUBDISTRICT, Person, World, ok, refused


def _partner(world: World, organisation_id: str) -> Person:
    return world.staff(Role.PARTNER, organisation_id=organisation_id)


def test_the_head_of_the_line_is_called(day: MarketDay, world: World) -> None:
    person = world.person("王秀英")
    booking = day.number(resident_id=str(person.resident_id))
    called = day.called()
    assert (called["id"], called["state"], called["calls"]) == (booking["id"], "called", 1)
    assert called["called_at"]
    assert called["ahead"] is None
    assert called["resident"]["display_name"] == "王*英"
    assert day.moves(booking)[-1] == ("call", "arrived", "called")
    (entry,) = day.rows("SELECT * FROM audit_entry WHERE action = 'call'")
    assert (entry.actor_user_id, entry.details) == (
        day.volunteer.user_id, {"stall_id": day.market.stall_id}
    )  # fmt: skip
    assert entry.region_code


def test_nobody_waits(day: MarketDay) -> None:
    """204 without a body."""
    response = day.press()
    assert (response.status_code, response.data) == (204, b"")


def test_a_stall_holds_one_called_number(day: MarketDay) -> None:
    """Until that one has come, or was passed over, set aside or cancelled."""
    first, second = day.number(), day.number()
    day.called()
    problem = refused(day.press(), 409, "stall_busy")
    assert problem["ticket"] == first["ticket"]
    assert first["ticket"] in problem["detail"]
    out_of_order = day.press(booking_id=second["id"], reason="急用")
    refused(out_of_order, 409, "stall_busy")
    assert day.booking(second)["state"] == "arrived"
    day.acted(first, "start")
    assert day.called()["id"] == second["id"]


def test_while_one_is_served_the_next_may_be_called(day: MarketDay) -> None:
    """A stall may have several chairs."""
    numbers = [day.number() for _ in range(3)]
    for number in numbers:
        assert day.called()["id"] == number["id"]
        day.acted(number, "start")


def test_a_press_that_is_repeated_calls_once(day: MarketDay) -> None:
    first, second = day.number(), day.number()
    press = str(uuid4())
    answer = ok(day.press(press_id=press))
    assert answer["id"] == first["id"]
    assert ok(day.press(press_id=press)) == answer
    day.acted(first, "start", "finish")
    assert ok(day.press(press_id=press)) == answer
    assert day.booking(second)["state"] == "arrived"


def test_a_press_that_found_nobody_stays_so(day: MarketDay) -> None:
    press = str(uuid4())
    assert day.press(press_id=press).status_code == 204
    day.number()
    assert day.press(press_id=press).status_code == 204
    assert day.press().status_code == 200


def test_a_press_that_was_refused_stays_refused(day: MarketDay) -> None:
    first, _second = day.number(), day.number()
    day.called()
    press = str(uuid4())
    refused(day.press(press_id=press), 409, "stall_busy")
    day.acted(first, "start")
    refused(day.press(press_id=press), 409, "stall_busy")


def test_a_press_with_another_body_is_refused(day: MarketDay) -> None:
    """At another stall, or for another number."""
    _first, second = day.number(), day.number()
    other = day.stall()
    press = str(uuid4())
    day.press(press_id=press)
    reused = "idempotency_key_reused"
    refused(day.press(press_id=press, booking_id=second["id"], reason="急用"), 409, reused)
    refused(day.press(other, press_id=press), 409, reused)


def test_another_persons_press_is_another(day: MarketDay) -> None:
    first, second = day.number(), day.number()
    press = str(uuid4())
    day.press(press_id=press)
    day.acted(first, "start")
    assert ok(day.press(by=day.organiser, press_id=press))["id"] == second["id"]


def test_out_of_order_is_possible_with_a_reason_that_is_kept(day: MarketDay) -> None:
    first, second = day.number(), day.number()
    for body in ({"booking_id": second["id"]}, {"reason": "急用"}):
        refused(day.press(**body), 422, "validation_failed")
    called = ok(day.press(booking_id=second["id"], reason="孕妇"))
    assert (called["id"], called["state"], called["calls"]) == (second["id"], "called", 1)
    (entry,) = day.rows("SELECT details FROM audit_entry WHERE action = 'call'")
    assert entry.details == {
        "out_of_order": True, "stall_id": day.market.stall_id
    }  # fmt: skip
    assert day.booking(first)["state"] == "arrived"


def test_out_of_order_takes_only_who_waits_at_this_desk(day: MarketDay, world: World) -> None:
    """404 for another line's number or none, 409 for one that does not wait."""
    elsewhere = MarketDay.begin(world)
    other_line = day.number(day.offering(day.stall()))
    for booking_id in (elsewhere.number()["id"], other_line["id"], str(new_id())):
        refused(day.press(booking_id=booking_id, reason="急用"), 404, "not_found")
    expected = day.booked(world.person())
    problem = refused(
        day.press(booking_id=expected["id"], reason="急用"), 409, "illegal_transition"
    )
    assert (problem["from"], problem["to"]) == ("confirmed", "called")


def test_a_missed_number_keeps_when_it_was_called_first(day: MarketDay) -> None:
    number = day.number()
    day.called()

    def first_called_at() -> Any:
        return day.rows("SELECT first_called_at FROM booking")[0][0]

    first = first_called_at()
    day.acted(number, "park", "rejoin")
    day.called()
    day.acted(number, "park", "rejoin")
    ok(day.press(booking_id=number["id"], reason="急用"))
    assert first_called_at() == first


def test_who_has_left_is_asked_about_before_they_are_called(day: MarketDay, world: World) -> None:
    """By the server, which knows of those who went out a second ago."""
    people = [world.person("王秀英"), world.person()]
    for person in people:
        day.come(person)
    first, second = (day.number(resident_id=str(person.resident_id)) for person in people)
    for person in people:
        leave = {"source": "search", "resident_id": str(person.resident_id), "direction": "exit"}
        ok(day.scan(day.volunteer, **leave))
    press = str(uuid4())
    problem = refused(day.press(press_id=press), 409, "person_left")
    assert problem["booking"] == {
        "id": first["id"], "ticket": first["ticket"], "display_name": "王*英"
    }  # fmt: skip
    assert first["ticket"] in problem["detail"]
    assert refused(day.press(press_id=press), 409, "person_left") == problem
    other = day.press(although_left=second["id"])
    assert refused(other, 409, "person_left")["booking"]["id"] == first["id"]
    assert day.moves(first)[-1][0] == "take_number", "nothing has been done"
    assert ok(day.press(although_left=first["id"]))["id"] == first["id"]
    day.acted(first, "start")
    out_of_order = {"booking_id": second["id"], "reason": "急用"}
    refused(day.press(**out_of_order), 409, "person_left")
    called = day.press(**out_of_order, although_left=second["id"])
    assert ok(called)["state"] == "called"


def test_who_has_come_back_is_called_unasked(day: MarketDay, world: World) -> None:
    person = world.person()
    day.come(person)
    number = day.number(resident_id=str(person.resident_id))
    leave = {"source": "search", "resident_id": str(person.resident_id), "direction": "exit"}
    ok(day.scan(day.volunteer, **leave))
    ok(day.self_scan(person), 200)
    assert day.called()["id"] == number["id"]


# ---------------------------------------------------------------------------- who, and where


def test_a_partner_calls_at_its_own_stall_only(day: MarketDay, world: World) -> None:
    mine, theirs = world.organisation(), world.organisation()
    own = day.stall(organisation_id=mine)
    foreign = day.stall(organisation_id=theirs)
    line = day.offering(own)
    first = day.number(line)
    partner = _partner(world, mine)
    refused(day.press(foreign, partner), 403, "forbidden")
    refused(day.press(by=partner), 403, "forbidden")
    assert day.called(own, partner)["id"] == first["id"]
    for action in ("recall", "start", "finish"):
        refused(day.act(first, action, _partner(world, theirs)), 404, "not_found")
        ok(day.act(first, action, partner))


def test_who_may_not_call(day: MarketDay, world: World) -> None:
    day.number()
    for somebody in (
        world.person(),
        world.volunteer(OTHER_SUBDISTRICT),
        world.staff(Role.AUDITOR),
    ):
        refused(day.press(by=somebody), 403, "forbidden")
    refused(day.press(str(new_id())), 404, "not_found")


def test_a_stall_that_is_not_announced_is_not_there(world: World) -> None:
    """404 for those who may not see the draft; its own staff hear that it is not open."""
    organiser = world.organiser()
    draft = world.draft(organiser)
    stall = world.stall(organiser, draft["id"])["id"]
    path, body = f"/stalls/{stall}/call-next", {"press_id": str(uuid4())}
    refused(world.volunteer(OTHER_SUBDISTRICT).post(path, body), 404, "not_found")
    refused(organiser.post(path, body), 409, "market_not_open")


def test_desks_share_a_line(day: MarketDay, world: World) -> None:
    """Two stalls, one queue: each calls its head, the answer names the stall to go to."""
    second = day.stall(number="B2", name="二号台")
    line = day.offering(also_at_stall_ids=[second])
    numbers = [day.number(line) for _ in range(3)]
    assert day.called()["id"] == numbers[0]["id"]
    called = day.called(second)
    assert (called["id"], called["stall"]) == (
        numbers[1]["id"], {"number": "B2", "name": "二号台"}
    )  # fmt: skip
    refused(day.press(second), 409, "stall_busy")
    assert day.booking(numbers[2])["stall"]["name"] == "便民服务"
    third = day.stall()
    assert day.press(third).status_code == 204


def test_the_partner_at_the_second_desk_serves_whom_it_called(day: MarketDay, world: World) -> None:
    """Its right is that of its own stall, though the service is another's."""
    mine = world.organisation()
    desk = day.stall(organisation_id=mine)
    line = day.offering(also_at_stall_ids=[desk])
    partner = _partner(world, mine)
    waiting, number = day.number(line), None
    refused(partner.get(f"/bookings/{waiting['id']}"), 404, "not_found")
    number = day.called(desk, partner)
    assert number["id"] == waiting["id"]
    ok(day.act(number, "start", partner))
    ok(day.act(number, "finish", partner))


def test_a_stall_with_two_services_calls_the_head_of_both(day: MarketDay) -> None:
    second = day.offering(title="义诊")
    numbers = [day.number(), day.number(second), day.number()]
    assert day.serve_all() == [number["ticket"] for number in numbers]
