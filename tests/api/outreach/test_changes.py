"""What is kept of a change of what was announced: itself, and whom it concerned just then."""

from datetime import timedelta
from typing import Any

from tests.api.outreach.conftest import family_of, nine
from tests.support.market_day import MarketDay
from tests.support.world import World, ok


def move(day: MarketDay, days: int) -> None:
    body = {
        "starts_at": nine(days).isoformat(),
        "ends_at": (nine(days) + timedelta(hours=3)).isoformat(),
    }
    ok(day.organiser.put(f"/activities/{day.id}", body))


def changes(day: MarketDay) -> list[tuple[Any, ...]]:
    rows = day.rows(
        "SELECT c.kind, c.words, c.accounts, c.guests, count(a.id) FROM activity_change c"
        " LEFT JOIN addressee a ON a.change_id = c.id WHERE c.activity_id = :id"
        " GROUP BY c.id ORDER BY c.id",
        id=day.id,
    )
    return [tuple(row) for row in rows]


def test_a_change_keeps_whom_it_concerned(day: MarketDay) -> None:
    carer, other, gone = (day.world.person() for _ in range(3))
    for resident_id in (None, family_of(carer)):
        day.booked(carer, **({"resident_id": resident_id} if resident_id else {}))
    day.booked(other)
    ok(day.act(day.booked(gone), "cancel", gone))
    move(day, 1)
    ok(day.act(ok(other.get("/me/bookings"))["items"][0], "cancel", other))
    ok(day.organiser.put(f"/activities/{day.id}", {"venue": {"name": "文化宫"}}))
    ok(
        day.organiser.put(
            f"/activities/{day.id}", {"venue": {"name": "文化宫", "wheelchair": True}}
        )
    )
    slot = day.slot(nine(1) + timedelta(hours=1))
    ok(
        day.organiser.put(
            f"/slots/{slot}",
            {
                "starts_at": (nine(1) + timedelta(hours=2)).isoformat(),
                "ends_at": (nine(1) + timedelta(hours=3)).isoformat(),
            },
        )
    )
    ok(day.organiser.post(f"/activities/{day.id}/cancel", {"reason": "大雨"}))
    moved, place, later, cancelled = changes(day)
    assert (moved[0], *moved[2:]) == ("moved", 2, 0, 3), "two accounts, three people"
    assert "9:00–12:00 改到" in moved[1]
    assert place == ("place", "从 社区广场（花园路 1 号） 改到 文化宫", 1, 0, 2)
    assert (later[0], *later[2:]) == ("moved", 0, 0, 0), "a slot that nobody has booked"
    assert cancelled == ("cancelled", "大雨", 1, 0, 2), "who cancelled before is not among them"


def test_of_a_draft_nobody_is_told(day: MarketDay) -> None:
    draft = day.world.draft(day.organiser, starts_at=nine())
    ok(day.organiser.put(f"/activities/{draft['id']}", {"venue": {"name": "文化宫"}}))
    ok(day.organiser.post(f"/activities/{draft['id']}/cancel", {"reason": "大雨"}))
    assert day.rows("SELECT 1 FROM activity_change WHERE activity_id = :id", id=draft["id"]) == []


def test_who_is_here_on_the_day_is_told_of_another_place_and_counted(world: World) -> None:
    day = MarketDay.begin(world)
    here, expected = world.person(), world.person()
    for person in (here, expected):
        day.booked(person)
    day.come(here)
    day.number(guest={"name": "李奶奶", "phone": "13800001111"})
    ok(day.organiser.put(f"/activities/{day.id}", {"venue": {"name": "文化宫"}}))
    ok(day.organiser.post(f"/activities/{day.id}/cancel", {"reason": "大雨"}))
    place, cancelled = changes(day)
    assert place[2:] == (2, 1, 3), "the same who are told, and the guest who must be"
    assert cancelled[2:] == (2, 1, 3), "all who hold a number, with the guest who has no account"
