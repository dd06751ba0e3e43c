"""Two organisers at one market's workbench at the same moment: the second is told."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from backend.activities.models import Activity, Duty, Stall
from backend.activities.stalls.plan import plan_of
from backend.core import clock
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.outreach.models import Announcement, AnnouncementState, Audience
from tests.api.activities.workbench import hidden
from tests.concurrency.conftest import together
from tests.support.desk import Desk
from tests.support.market_day import MarketDay
from tests.support.world import Person, World, ok

TIMES = 6
M = "/console/markets"


@dataclass
class Seat:
    """One browser with the token of its forms, for a thread of its own."""

    desk: Desk
    token: str

    def send(self, path: str, **fields: Any) -> TestResponse:
        return self.desk.http.post(path, data={"csrf_token": self.token} | fields)


@pytest.fixture
def organiser(committed_world: World) -> Person:
    return committed_world.organiser()


@pytest.fixture
def seats(committed_app: Flask, committed_world: World, organiser: Person) -> list[Seat]:
    with committed_app.app_context():
        desks = [Desk(committed_world, organiser) for _ in range(TIMES)]
        return [Seat(desk, desk.token()) for desk in desks]


def test_of_facts_saved_at_once_the_first_stand(
    committed_app: Flask, committed_world: World, organiser: Person, seats: list[Seat]
) -> None:
    draft = committed_world.draft(organiser)
    form = {
        "version": "1", "starts_at": "2027-05-01T09:00", "ends_at": "2027-05-01T11:00",
        "venue_name": "广场", "checkin_opens_minutes": "30",
    }  # fmt: skip
    path = f"{M}/{draft['id']}/facts"
    answers = together(TIMES, lambda n: seats[n].send(path, title=f"第{n}版", **form))
    assert sorted(answer.status_code for answer in answers) == [303] + [409] * (TIMES - 1)
    (kept,) = [n for n, answer in enumerate(answers) if answer.status_code == 303]
    for n, answer in enumerate(answers):
        if n != kept:
            page = answer.get_data(as_text=True)
            assert f'value="第{n}版"' in page, "what was typed is kept"
            assert f"第{kept}版" in page, "and beside it what stands now"
    with committed_app.app_context(), transaction() as session:
        saved = session.get_one(Activity, draft["id"])
        assert (saved.title, saved.version) == (f"第{kept}版", 2)


def test_a_colleague_is_assigned_once(
    committed_app: Flask, committed_world: World, organiser: Person, seats: list[Seat]
) -> None:
    draft = committed_world.draft(organiser)
    form = {"user_id": str(organiser.user_id), "words": "签到"}
    answers = together(TIMES, lambda n: seats[n].send(f"{M}/{draft['id']}/people", **form))
    assert [answer.status_code for answer in answers].count(303) == 1
    assert {answer.status_code for answer in answers} == {303, 409}
    with committed_app.app_context(), transaction() as session:
        count = select(func.count()).where(Duty.activity_id == draft["id"])
        assert session.execute(count).scalar_one() == 1


def test_of_announcements_written_at_once_as_many_go_as_there_may_be(
    committed_app: Flask, committed_world: World, organiser: Person, seats: list[Seat]
) -> None:
    market = committed_world.live_market(organiser)
    person = committed_world.person()
    ok(person.post(f"/offerings/{market.offering_id}/bookings", {}), 201)
    form = {"to": "signed_up", "text": "休息到 10:30", "confirmed": "true"}
    path = f"/console/changes/of/{market.id}/announce"
    answers = together(TIMES, lambda n: seats[n].send(path, **form))
    assert sorted(answer.status_code for answer in answers) == [303] * 3 + [409] * (TIMES - 3)


def test_of_who_sends_and_who_withdraws_an_announcement_one_does(
    committed_app: Flask, committed_world: World, organiser: Person, seats: list[Seat]
) -> None:
    market = committed_world.live_market(organiser)
    person = committed_world.person()
    ok(person.post(f"/offerings/{market.offering_id}/bookings", {}), 201)
    writer = committed_world.organiser().user_id
    sent = 0
    for nth in range(1, 4):
        with committed_app.app_context(), transaction() as session:
            held = Announcement(
                id=new_id(), activity_id=UUID(market.id), audience=Audience.SIGNED_UP,
                text="休息到 10:30", state=AnnouncementState.HELD, written_by=writer,
                on_day=clock.today(), nth=nth,
            )  # fmt: skip
            session.add(held)
        path = f"/console/changes/of/{market.id}/held/{held.id}"
        paths = [f"{path}/release", f"{path}/withdraw"]
        released, withdrawn = together(2, lambda n, paths=paths: seats[n].send(paths[n]))
        assert {released.status_code, withdrawn.status_code} == {303, 409}
        sent += released.status_code == 303
    told = [one["kind"] for one in ok(person.get("/me/notices"))["items"]]
    assert told.count("announcement") == sent


def test_who_signs_up_while_a_service_is_dropped_is_told_or_too_late(
    committed_app: Flask, committed_world: World, organiser: Person, seats: list[Seat]
) -> None:
    for _ in range(3):
        day = MarketDay.begin(committed_world, organiser=organiser)
        day.booked(committed_world.person())
        people = [committed_world.person() for _ in range(TIMES)]
        path = f"{M}/offerings/{day.offering_id}/delete"
        with committed_app.app_context():
            seen = hidden(seats[0].desk.read(path), "seen")

        def act(n: int, day: MarketDay = day, people: list[Person] = people,
                path: str = path, seen: str = seen) -> TestResponse:  # fmt: skip
            return day.sign_up(people[n - 1]) if n else seats[0].send(path, seen=seen)

        dropped, *booked = together(TIMES + 1, act)
        assert {answer.status_code for answer in booked} <= {201, 404}
        held = 1 + [answer.status_code for answer in booked].count(201)
        told = day.rows("SELECT 1 FROM notice WHERE kind = 'service_dropped' AND activity_id = :id",
                        id=day.id)  # fmt: skip
        stands = "SELECT 1 FROM booking WHERE activity_id = :id AND state != 'cancelled'"
        standing = len(day.rows(stands, id=day.id))
        assert (dropped.status_code, standing, len(told)) in {(303, 0, held), (409, held, 0)}


def test_nobody_comes_at_a_time_that_they_were_not_shown(
    committed_app: Flask, committed_world: World, organiser: Person
) -> None:
    """「还来」 while the market is moved again: it is of the time before, or refused."""
    draft = committed_world.ready(organiser, starts_at=clock.now() + timedelta(days=5))
    stall = ok(organiser.get(f"/activities/{draft['id']}"))["stalls"][0]
    offering = committed_world.offering(organiser, stall["id"])
    ok(organiser.post(f"/activities/{draft['id']}/publish"))
    person = committed_world.person()
    booking = ok(person.post(f"/offerings/{offering['id']}/bookings", {}), 201)
    start = datetime.fromisoformat(draft["starts_at"])

    def move(days: int) -> TestResponse:
        begins = start + timedelta(days=days)
        body = {
            "starts_at": begins.isoformat(),
            "ends_at": (begins + timedelta(hours=3)).isoformat(),
        }
        return organiser.put(f"/activities/{draft['id']}", body)

    for days in (1, 3, 5):
        ok(move(days))
        shown = {"service_on": ok(person.get(f"/bookings/{booking['id']}"))["service_on"]}

        def act(n: int, days: int = days, shown: dict[str, str] = shown) -> TestResponse:
            if n:
                return move(days + 1)
            return person.post(f"/bookings/{booking['id']}/keep", shown)

        kept, moved = together(2, act)
        assert (kept.status_code, moved.status_code) in {(200, 200), (409, 200)}
        assert ok(person.get(f"/bookings/{booking['id']}"))["kept_at"] is None


def test_stalls_put_on_one_spot_at_once_all_stand_apart(
    committed_app: Flask, committed_world: World, organiser: Person, seats: list[Seat]
) -> None:
    """Nobody is put on top of another: of those who have looked at one plan the first moves."""
    draft = committed_world.draft(organiser)
    stalls = [
        committed_world.stall(organiser, draft["id"], number=str(n), place=f"第2排第{n + 1}位")
        for n in range(TIMES)
    ]
    (seen,) = set(
        re.findall(r'name="plan" value="(\w+)"', seats[0].desk.read(f"{M}/{draft['id']}/stalls"))
    )
    form = {"row": "1", "column": "1", "plan": seen}
    answers = together(
        TIMES, lambda n: seats[n].send(f"{M}/stalls/{stalls[n]['id']}/place", **form)
    )
    assert [answer.status_code for answer in answers].count(303) == 1
    assert {answer.status_code for answer in answers} == {303, 409}
    with committed_app.app_context(), transaction() as session:
        found = session.execute(select(Stall).where(Stall.activity_id == draft["id"])).scalars()
        drawn = plan_of(list(found))
        assert drawn.off == []
        assert drawn.rows[0][0] is not None
