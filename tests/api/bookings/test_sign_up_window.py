"""From when until when one can sign up."""

from datetime import datetime

from tests.support.market_day import MarketDay, at, minutes, shanghai
from tests.support.world import World, ok, refused

START = shanghai("2026-05-01 09:00")
SECOND = minutes(1 / 60)


def _can(day: MarketDay, now: datetime) -> bool:
    """Whether somebody new can sign up then."""
    with at(now):
        response = day.sign_up(day.world.person())
        if response.status_code == 201:
            return True
        refused(response, 409, "sign_up_closed")
        return False


def test_one_signs_up_until_the_slot_is_over(world: World) -> None:
    with at(START - minutes(60)):
        day = MarketDay.begin(world, mode="slots", starts_at=START)
    assert _can(day, START - minutes(60))
    assert _can(day, START + minutes(30) - SECOND)
    with at(START + minutes(30)):
        nothing_left = refused(day.sign_up(day.world.person()), 409, "sign_up_closed")
        hour = {"starts_at": (START + minutes(30)).isoformat(),
                "ends_at": (START + minutes(60)).isoformat(), "capacity": 1}  # fmt: skip
        slots = ok(
            day.organiser.post(f"/offerings/{day.offering_id}/slots", {"slots": [hour]}), 201
        )
        another = refused(day.sign_up(day.world.person()), 409, "sign_up_closed")
        later = next(one["id"] for one in slots["slots"] if one["free"] == 1)
        ok(day.sign_up(day.world.person(), slot_id=later), 201)
        full = refused(day.sign_up(day.world.person()), 409, "sign_up_closed")
    assert another["detail"] == "这个时段已经过了，请选后面的"
    assert nothing_left["detail"] == full["detail"] == "这个时段已经过了，后面没有能约的时段了"
    assert nothing_left["slot_over"] is another["slot_over"] is True


def test_without_slots_until_the_market_is_over(world: World) -> None:
    with at(START - minutes(60)):
        day = MarketDay.begin(world, starts_at=START)
    assert _can(day, START + minutes(180) - SECOND)
    assert not _can(day, START + minutes(180))


def test_the_organiser_sets_the_window(world: World) -> None:
    """From the first instant to the last but one; never past the slot's end."""
    with at(START - minutes(60)):
        window = {
            "sign_up_opens_at": (START - minutes(30)).isoformat(),
            "sign_up_closes_at": (START + minutes(10)).isoformat(),
        }
        day = MarketDay.begin(world, mode="slots", starts_at=START, **window)
    assert not _can(day, START - minutes(30) - SECOND)
    assert _can(day, START - minutes(30))
    assert _can(day, START + minutes(10) - SECOND)
    assert not _can(day, START + minutes(10))
    with at(START):
        later = {"sign_up_closes_at": (START + minutes(120)).isoformat()}
        ok(day.organiser.put(f"/offerings/{day.offering_id}", later))
    assert _can(day, START + minutes(29))
    assert not _can(day, START + minutes(30))


def test_a_published_market_takes_sign_ups_and_gives_no_numbers(world: World) -> None:
    """Numbers are for those who stand there: `market_not_open` before and after."""
    with at(START - minutes(60)):
        organiser = world.organiser()
        draft = world.draft(organiser, starts_at=START)
        stall = world.stall(organiser, draft["id"])
        offering = world.offering(organiser, stall["id"])["id"]
        ok(organiser.post(f"/activities/{draft['id']}/publish"))
        person = world.person()
        ok(person.post(f"/offerings/{offering}/bookings", {}), 201)
        guest = {"guest": {"name": "李奶奶"}}
        path = f"/offerings/{offering}/tickets"
        refused(organiser.post(path, guest), 409, "market_not_open")
        refused(person.post(path, {}), 409, "market_not_open")
        press = organiser.post(f"/stalls/{stall['id']}/call-next",
                               {"press_id": "00000000-0000-4000-8000-000000000001"})  # fmt: skip
        refused(press, 409, "market_not_open")


def test_a_market_that_is_over_takes_nobody(day: MarketDay, world: World) -> None:
    person = world.person()
    day.close()
    problem = refused(day.sign_up(person), 409, "sign_up_closed")
    assert "活动已经结束" in problem["title"], "not only that it has not begun"
    refused(day.ticket(day.volunteer), 409, "market_not_open")
    refused(day.press(), 409, "market_not_open")


def test_a_cancelled_market_takes_nobody(day: MarketDay, world: World) -> None:
    day.cancel()
    refused(day.sign_up(world.person()), 409, "sign_up_closed")
    refused(day.ticket(day.volunteer), 409, "market_not_open")
    refused(day.press(), 409, "market_not_open")
