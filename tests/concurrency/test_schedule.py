"""Two organisers at one schedule at the same moment: one outcome each, and nothing twice."""

import io
import re
from datetime import datetime, timedelta
from itertools import count

import pytest
from flask import Flask
from openpyxl import Workbook
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from backend.activities.models import Activity, ActivityState, Venue
from backend.core import clock
from backend.core.audit import AuditEntry
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.schedule.reading import columns
from tests.concurrency.conftest import together
from tests.concurrency.outcomes import outcomes
from tests.support.desk import Desk
from tests.support.market_day import MarketDay
from tests.support.world import Market, Person, World, ok

DAY = clock.today() + timedelta(days=40)


@pytest.fixture
def organiser(committed_world: World) -> Person:
    return committed_world.organiser()


def desks(world: World, person: Person, count: int = 2) -> list[tuple[Desk, str]]:
    """Browsers of one organiser, each with its page's token: asked for before the race."""
    with world.app.app_context():
        made = [Desk(world, person) for _ in range(count)]
        return [(desk, desk.token()) for desk in made]


def statuses(answers: list[TestResponse]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


def audited(app: Flask, action: str, object_id: str) -> int:
    with app.app_context(), transaction() as session:
        statement = select(func.count()).where(
            AuditEntry.action == action, AuditEntry.object_id == object_id
        )
        return session.execute(statement).scalar_one()


def test_of_two_who_move_one_draft_the_second_is_told(
    committed_app: Flask, committed_world: World, organiser: Person
) -> None:
    start = datetime.combine(DAY, datetime.min.time(), tzinfo=clock.SHANGHAI) + timedelta(hours=9)
    draft = committed_world.draft(organiser, starts_at=start)
    stall = committed_world.stall(organiser, draft["id"])
    offering = committed_world.offering(organiser, stall["id"], mode="slots")
    committed_world.slot(organiser, offering["id"], draft["starts_at"])
    browsers = desks(committed_world, organiser, 4)

    def move(number: int) -> TestResponse:
        desk, token = browsers[number]
        return desk.http.post(
            f"/console/schedule/{draft['id']}/move",
            data={"csrf_token": token, "version": "1", "starts_at": f"{DAY}T{12 + number}:00"},
        )

    assert statuses(together(4, move)) == [303, 409, 409, 409]
    assert audited(committed_app, "reschedule", draft["id"]) == 1
    found = ok(organiser.get(f"/activities/{draft['id']}"))
    slot = found["stalls"][0]["offerings"][0]["slots"][0]
    assert slot["starts_at"] == found["starts_at"], "its slot has gone along, once"
    assert found["version"] == 2


def put_off(world: World, organiser: Person, mode: str) -> tuple[MarketDay, datetime]:
    """A published market of two days, with a slot on each where it has some."""
    start = datetime.combine(DAY, datetime.min.time(), tzinfo=clock.SHANGHAI) + timedelta(hours=9)
    draft = world.draft(organiser, starts_at=start, hours=27)
    stall = world.stall(organiser, draft["id"])
    offering = world.offering(organiser, stall["id"], mode=mode)
    slot = world.slot(organiser, offering["id"], draft["starts_at"]) if mode == "slots" else None
    ok(organiser.post(f"/activities/{draft['id']}/publish"))
    slot_id = slot["id"] if slot else None
    market = Market(organiser, draft["id"], stall["id"], offering["id"], slot_id)
    return MarketDay(world, market, organiser), start


@pytest.mark.parametrize(
    ("mode", "what"), [("slots", "market"), ("queue", "market"), ("slots", "slot")]
)
def test_who_signs_up_while_it_is_moved_goes_along_or_chooses_again(
    committed_world: World, organiser: Person, mode: str, what: str
) -> None:
    for _ in range(3):
        day, start = put_off(committed_world, organiser, mode)
        people = [committed_world.person() for _ in range(8)]
        to = start + timedelta(days=1)

        def move(day: MarketDay = day, to: datetime = to) -> TestResponse:
            if what == "slot":
                ends = to + timedelta(minutes=30)
                path = f"/slots/{day.slot_id}"
            else:
                ends, path = to + timedelta(hours=27), f"/activities/{day.id}"
            times = {"starts_at": to.isoformat(), "ends_at": ends.isoformat()}
            return day.organiser.put(path, times)

        asking = [lambda one=one, day=day: day.sign_up(one) for one in people]
        found = outcomes(*asking[:4], move, *asking[4:])
        assert set(found) <= {"200", "201", "409 slot_moved"}
        assert found["200"] == 1
        assert mode == "slots" or found["201"] == len(people)
        days = day.rows("SELECT service_on FROM booking WHERE activity_id = :id", id=day.id)
        assert {row.service_on for row in days} <= {clock.local_day(to)}, found
        taken = day.rows(
            "SELECT on_day, taken FROM service_day WHERE offering_id = :id AND taken > 0",
            id=day.offering_id,
        )
        assert sum(row.taken for row in taken) == len(days) == found["201"]


_days = (DAY + timedelta(days=number) for number in count())


def file_of(title: str) -> bytes:
    """A file of one row, on a day of its own: what others have made stays, and would be doubted."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(columns.REQUIRED)
    sheet.append(["吾社行", title, "花园社区", str(next(_days)), "9:00", "11:00", "社区广场"])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def seen(desk: Desk, path: str) -> str:
    """Which plan a preview shows."""
    found = re.search(r'name="seen" value="(\w+)"', desk.read(path))
    assert found is not None
    return found[1]


def test_one_preview_in_several_tabs_keeps_all_that_is_typed_and_makes_one_set(
    committed_app: Flask, committed_world: World, organiser: Person
) -> None:
    title = f"几个标签页{new_id().hex[-6:]}"
    tabs = desks(committed_world, organiser, 3)
    desk, token = tabs[0]
    with committed_app.app_context():
        path = desk.http.post(
            "/console/schedule/import",
            data={"csrf_token": token, "file": (io.BytesIO(file_of("待改")), "五月.xlsx")},
        ).location
    typed = [(columns.TITLE, title), (columns.VENUE, "文化广场"), (columns.STARTS, "10:00")]

    def correct(number: int) -> TestResponse:
        desk, token = tabs[number]
        column, words = typed[number]
        cell = {f"cell:1.2:{column}": words}
        return desk.http.post(f"{path}/cells", data={"csrf_token": token} | cell)

    assert statuses(together(3, correct)) == [303, 303, 303]
    with committed_app.app_context():
        plan = seen(desk, path)

    def confirm(number: int) -> TestResponse:
        desk, token = tabs[number]
        return desk.http.post(f"{path}/confirm", data={"csrf_token": token, "seen": plan})

    assert statuses(together(3, confirm)) == [303, 409, 409]
    with committed_app.app_context(), transaction() as session:
        (made,) = session.execute(select(Activity).where(Activity.title == title)).scalars()
        assert session.get_one(Venue, made.venue_id).name == "文化广场"
        assert made.starts_at.astimezone(clock.SHANGHAI).hour == 10


def test_one_file_imported_by_two_makes_one_set(
    committed_app: Flask, committed_world: World
) -> None:
    title = f"同一个文件{new_id().hex[-6:]}"
    content = file_of(title)
    browsers = [
        pair for _ in range(3) for pair in desks(committed_world, committed_world.organiser(), 1)
    ]
    paths = []
    for desk, token in browsers:
        with committed_app.app_context():
            answer = desk.http.post(
                "/console/schedule/import",
                data={"csrf_token": token, "file": (io.BytesIO(content), "五月.xlsx")},
            )
            assert answer.status_code == 303
            paths.append((f"{answer.location}/confirm", seen(desk, answer.location)))

    def confirm(number: int) -> TestResponse:
        desk, token = browsers[number]
        path, plan = paths[number]
        return desk.http.post(path, data={"csrf_token": token, "seen": plan})

    assert statuses(together(3, confirm)) == [303, 409, 409], "who comes late sees what is there"
    with committed_app.app_context(), transaction() as session:
        statement = select(func.count()).where(Activity.title == title)
        assert session.execute(statement).scalar_one() == 1


def test_an_import_is_undone_once_or_what_it_made_is_published(
    committed_app: Flask, committed_world: World, organiser: Person
) -> None:
    """Two undo an import while another publishes what it made: one of the two happens, whole."""
    title = f"撤销与发布{new_id().hex[-6:]}"
    browsers = desks(committed_world, organiser, 3)
    desk, token = browsers[0]
    with committed_app.app_context():
        path = desk.http.post(
            "/console/schedule/import",
            data={"csrf_token": token, "file": (io.BytesIO(file_of(title)), "五月.xlsx")},
        ).location
        confirmed = {"csrf_token": token, "seen": seen(desk, path)}
        assert desk.http.post(f"{path}/confirm", data=confirmed).status_code == 303
        with transaction() as session:
            activity_id = session.execute(
                select(Activity.id).where(Activity.title == title)
            ).scalar_one()

    def act(number: int) -> TestResponse:
        desk, token = browsers[number]
        address, more = (f"{path}/undo", {}) if number else (
            "/console/schedule/many",
            {"action": "publish", "looked": "1", "ids": str(activity_id)},
        )  # fmt: skip
        return desk.http.post(address, data={"csrf_token": token} | more)

    published, *undone = [answer.status_code for answer in together(3, act)]
    with committed_app.app_context(), transaction() as session:
        made = session.get_one(Activity, activity_id)
    if published == 303:
        assert undone == [409, 409]
        assert (made.state, made.withdrawn_at) == (ActivityState.PUBLISHED, None)
    else:
        assert undone == [303, 303]
        assert made.state is ActivityState.CANCELLED
        assert made.withdrawn_at is not None
    assert audited(committed_app, "withdraw", str(activity_id)) == (published != 303)


def test_one_list_published_by_two_is_published_once(
    committed_app: Flask, committed_world: World, organiser: Person
) -> None:
    ids = [committed_world.draft(organiser, programme="action")["id"] for _ in range(3)]
    browsers = desks(committed_world, organiser)

    def publish(number: int) -> TestResponse:
        desk, token = browsers[number]
        chosen = ids if number else ids[::-1]
        return desk.http.post(
            "/console/schedule/many",
            data={"csrf_token": token, "action": "publish", "looked": "1", "ids": chosen},
        )

    assert statuses(together(2, publish)) == [303, 409]
    assert [audited(committed_app, "publish", one) for one in ids] == [1, 1, 1]
