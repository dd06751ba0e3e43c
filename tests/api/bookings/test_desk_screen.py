"""A desk's screen: who is called and served here, who is next, who stepped out, the counts."""

from typing import Any

from backend.core import clock
from backend.core.config import QUEUE
from backend.core.permissions import Role
from tests.support.market_day import MarketDay, at, minutes
from tests.support.world import OTHER_SUBDISTRICT, Person, World, ok, refused


def _desk(day: MarketDay, stall_id: str | None = None, by: Person | None = None) -> Any:
    return ok((by or day.volunteer).get(f"/stalls/{stall_id or day.market.stall_id}/desk"))


def _tickets(bookings: list[dict[str, Any]]) -> list[str]:
    return [booking["ticket"] for booking in bookings]


def _miss(day: MarketDay, booking: dict[str, Any]) -> None:
    day.acted(booking, *["recall"] * (QUEUE.calls_before_missed - 1), "miss")


def test_a_desk_before_anybody_has_come(day: MarketDay) -> None:
    desk = _desk(day)
    assert (desk["stall"]["id"], desk["stall"]["name"]) == (day.market.stall_id, "便民服务")
    assert (desk["activity"]["id"], desk["activity"]["state"]) == (day.id, "live")
    assert [one["id"] for one in desk["offerings"]] == [day.offering_id]
    assert desk["calling"] is None
    assert desk["serving"] == desk["waiting"] == desk["missed"] == desk["parked"] == []
    assert desk["finished"] == []
    assert desk["counts"] == {
        "waiting": 0, "parked": 0, "missed": 0, "served": 0, "mean_wait_minutes": None,
    }  # fmt: skip
    assert desk["calls_before_missed"] == QUEUE.calls_before_missed
    assert desk["call_counts_after_seconds"] == QUEUE.call_counts_after_seconds


def test_everybody_is_where_they_are(day: MarketDay, world: World) -> None:
    served, serving, missed, parked, called, first, second = (day.number() for _ in range(7))
    day.called()
    day.acted(served, "start", "finish")
    day.called()
    day.acted(serving, "start")
    day.called()
    _miss(day, missed)
    day.acted(parked, "park")
    day.called()
    urgent = day.number(
        resident_id=str(world.person("王秀英").resident_id), urgent=True, reason="头晕"
    )
    desk = _desk(day)
    assert desk["calling"]["ticket"] == called["ticket"]
    assert _tickets(desk["serving"]) == [serving["ticket"]]
    assert _tickets(desk["finished"]) == [served["ticket"]]
    assert _tickets(desk["waiting"]) == _tickets([urgent, first, second])
    assert desk["waiting"][0]["resident"]["display_name"] == "王*英"
    assert _tickets(desk["missed"]) == [missed["ticket"]]
    assert _tickets(desk["parked"]) == [parked["ticket"]]
    assert desk["counts"] == {
        "waiting": 3, "parked": 1, "missed": 1, "served": 1, "mean_wait_minutes": 0,
    }  # fmt: skip


def test_the_head_of_a_long_line(day: MarketDay) -> None:
    numbers = [day.number() for _ in range(12)]
    desk = _desk(day)
    assert _tickets(desk["waiting"]) == _tickets(numbers[:10])
    assert desk["counts"]["waiting"] == 12


def test_two_stalls_share_a_line_but_not_their_people(day: MarketDay) -> None:
    second = day.stall(number="B2", name="二号台")
    line = day.offering(also_at_stall_ids=[second])
    numbers = [day.number(line) for _ in range(4)]
    day.called()
    day.acted(day.called(second), "start", "finish")
    day.called(second)
    here, there = _desk(day), _desk(day, second)
    assert here["calling"]["ticket"] == numbers[0]["ticket"]
    assert there["calling"]["ticket"] == numbers[2]["ticket"]
    assert _tickets(here["waiting"]) == _tickets(there["waiting"]) == _tickets(numbers[3:])
    assert (here["counts"]["served"], there["counts"]["served"]) == (0, 1)
    assert [one["id"] for one in there["offerings"]] == [line]


def test_who_was_finished_here_is_shown_while_it_can_be_undone(day: MarketDay) -> None:
    second = day.stall(number="B2", name="二号台")
    line = day.offering(also_at_stall_ids=[second])
    numbers = [day.number(line) for _ in range(2)]
    day.acted(day.called(), "start", "finish")
    day.acted(day.called(second), "start", "finish")
    assert _tickets(_desk(day)["finished"]) == _tickets(numbers[:1])
    day.let_pass(numbers[0], "finished_at", QUEUE.undo_finish_seconds)
    assert _desk(day)["finished"] == []


def test_who_has_left_waits_on_and_is_marked(day: MarketDay, world: World) -> None:
    """Signed out, or the check-in undone; back again, or given a number face to face, they are
    here."""

    def left() -> list[bool]:
        return [one["left"] for one in _desk(day)["waiting"]]

    out, undone = world.person(), world.person()
    day.come(out)
    scan = day.come(undone)
    for person in (out, undone):
        ok(day.ticket(person), 201)
    day.number()  # never checked in, but stands at the desk
    assert left() == [False, False, False]
    ok(day.scan(day.volunteer, source="search", resident_id=str(out.resident_id),
                direction="exit"))  # fmt: skip
    ok(day.revert(scan["id"]), 201)
    assert left() == [True, True, False]
    assert ok(out.get("/me/bookings"))["items"][0]["left"]
    day.come(undone)
    ok(day.self_scan(out), 200)
    assert left() == [False, False, False]


def test_the_mean_wait_is_of_those_called_here(day: MarketDay) -> None:
    second = day.stall(number="B2", name="二号台")
    line = day.offering(also_at_stall_ids=[second])
    with at(clock.now()) as now:
        for _ in range(3):
            day.number(line)
        now.shift(minutes(4))
        day.acted(day.called(), "start", "finish")
        now.shift(minutes(4))
        day.called()
        now.shift(minutes(22))
        day.called(second)
        here, there = _desk(day), _desk(day, second)
    assert here["counts"]["mean_wait_minutes"] == 6
    assert there["counts"]["mean_wait_minutes"] == 30


def test_what_is_walked_up_to_has_no_line(day: MarketDay) -> None:
    open_stall = day.stall(number="C3", name="反诈宣传台")
    day.offering(open_stall, mode="open")
    assert _desk(day, open_stall)["offerings"] == []


def test_an_unchanged_desk_is_not_sent_again(day: MarketDay) -> None:
    path = f"/stalls/{day.market.stall_id}/desk"
    etag = {"If-None-Match": day.volunteer.get(path).headers["ETag"]}
    assert day.volunteer.request("GET", path, headers=etag).status_code == 304
    day.number()
    assert day.volunteer.request("GET", path, headers=etag).status_code == 200


def test_a_partner_sees_its_own_desk_and_gives_no_numbers(day: MarketDay, world: World) -> None:
    organisation = world.organisation()
    mine = day.stall(number="D4", organisation_id=organisation)
    partner = world.staff(Role.PARTNER, organisation_id=organisation)
    assert not _desk(day, mine, partner)["may_issue"]
    assert _desk(day, mine)["may_issue"]
    refused(partner.get(f"/stalls/{day.market.stall_id}/desk"), 403, "forbidden")
    foreign = world.volunteer(OTHER_SUBDISTRICT)
    refused(foreign.get(f"/stalls/{day.market.stall_id}/desk"), 403, "forbidden")


def test_a_desk_of_a_draft_is_not_there(day: MarketDay, world: World) -> None:
    draft = world.draft(day.organiser)["id"]
    stall = world.stall(day.organiser, draft)["id"]
    refused(day.volunteer.get(f"/stalls/{stall}/desk"), 404, "not_found")
