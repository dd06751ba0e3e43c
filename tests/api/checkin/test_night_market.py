"""A market from eight in the evening until one: visits are of two days, people are there once."""

from typing import Any

from tests.support.market_day import MarketDay, at, minutes, shanghai
from tests.support.world import Person, World, ok, refused

EVENING, MIDNIGHT = shanghai("2026-05-01 20:00"), shanghai("2026-05-02 00:00")
ADMITTED, KNOWN = "admitted", "already_checked_in"


def _night(world: World) -> MarketDay:
    return MarketDay.begin(world, activity={"hours": 5})


def _uploaded(day: MarketDay, person: Person, minute: float, direction: str) -> dict[str, Any]:
    """A volunteer's scan, made some minutes after midnight and uploaded now."""
    made = (MIDNIGHT + minutes(minute)).isoformat()
    return dict(day.scan(
        day.volunteer, source="search", resident_id=str(person.resident_id), scanned_at=made,
        direction=direction,
    ).json or {})  # fmt: skip


def _left(day: MarketDay, person: Person) -> list[float | None]:
    """Of each of somebody's visits, by its day, when it was left: minutes after midnight."""
    visits = day.rows(
        "SELECT left_at FROM attendance WHERE resident_id = :id AND reverted_at IS NULL"
        " ORDER BY on_day",
        id=person.resident_id,
    )
    return [left_at and (left_at - MIDNIGHT) / minutes(1) for (left_at,) in visits]


def _presence(day: MarketDay) -> tuple[int, int, int]:
    """(visits, people, inside now)"""
    summary = day.summary()
    return summary["visits"], summary["people"], summary["inside_now"]


def test_who_came_before_midnight_leaves_that_visit_after_it(world: World) -> None:
    """The exit was refused. Whoever has a number of the evening is no more called unasked."""
    with at(EVENING) as clock:
        day, person = _night(world), world.person("王秀英")
        came = day.come(person)["attendance"]
        number = ok(day.ticket(person), 201)
        clock.move_to(MIDNIGHT + minutes(15))
        out = ok(day.self_scan(person, direction="exit"))
        assert (out["verdict"], out["attendance"]["id"]) == (ADMITTED, came["id"])
        assert (_left(day, person), _presence(day)) == ([15], (1, 1, 0))
        assert refused(day.press(), 409, "person_left")["booking"]["id"] == number["id"]
        clock.shift(minutes(5))
        again = ok(day.self_scan(person, direction="exit"))
        assert (again["verdict"], again["message"]) == (KNOWN, "王秀英 00:15 已经签退过了")
        ok(day.revert(out["id"]), 201)
        assert (_left(day, person), _presence(day)) == ([None], (1, 1, 1))
        assert day.called()["id"] == number["id"]


def test_who_was_scanned_on_both_sides_of_midnight_leaves_both_visits(world: World) -> None:
    """Nobody had seen them go in between: the evening's visit stayed open for ever, they were
    counted twice, and called though they had gone."""
    with at(EVENING) as clock:
        day, person = _night(world), world.person()
        day.come(person)
        ok(day.ticket(person), 201)
        clock.move_to(MIDNIGHT + minutes(5))
        second = day.come(person)
        assert _presence(day) == (2, 1, 1)
        clock.shift(minutes(10))
        out = ok(day.self_scan(person, direction="exit"))
        assert out["attendance"]["id"] == second["attendance"]["id"]
        assert (_left(day, person), _presence(day)) == ([15, 15], (2, 1, 0))
        refused(day.press(), 409, "person_left")
        ok(day.revert(out["id"]), 201)
        assert (_left(day, person), _presence(day)) == ([None, None], (2, 1, 1))
        ok(day.revert(second["id"]), 201)
        assert _presence(day) == (1, 1, 1)
        ok(day.self_scan(person, direction="exit"))
        assert (_left(day, person), _presence(day)) == ([15], (1, 1, 0))


def test_who_is_back_after_midnight_is_here(world: World) -> None:
    """The visit of the evening, which they had left, was shown instead."""
    with at(MIDNIGHT - minutes(60)) as clock:
        day, person = _night(world), world.person("夜归人")
        day.come(person)
        ok(day.self_scan(person, direction="exit"))
        clock.move_to(MIDNIGHT + minutes(5))
        back = day.come(person)
        assert ok(day.self_scan(person))["verdict"] == KNOWN
        find = f"/activities/{day.id}/residents/find"
        (shown,) = ok(day.volunteer.post(find, {"name": "夜归人"}))["items"]
        assert shown["checked_in_at"] == back["attendance"]["attended_at"]
        assert shown["left_at"] is None
        assert (_left(day, person), _presence(day)) == ([-60, None], (2, 1, 1))


def test_what_is_uploaded_late_is_of_its_own_side_of_midnight(world: World) -> None:
    """An exit of before midnight leaves who is back inside; an entry of after midnight, of which we
    learn when they have gone, brings nobody back."""
    with at(EVENING) as clock:
        day, first, second = _night(world), world.person(), world.person()
        day.come(first)
        clock.move_to(MIDNIGHT + minutes(20))
        day.come(first)
        assert _uploaded(day, first, -5, "exit")["verdict"] == ADMITTED
        assert (_left(day, first), _presence(day)) == ([-5, None], (2, 1, 1))
        assert _uploaded(day, second, -30, "entry")["verdict"] == ADMITTED
        ok(day.self_scan(second, direction="exit"))
        clock.shift(minutes(20))
        assert _uploaded(day, second, 10, "entry")["verdict"] == ADMITTED
        assert (_left(day, second), _presence(day)) == ([20, 20], (4, 2, 1))
