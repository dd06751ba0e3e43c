"""A market's day on the board: its figures, what it warns of and when, and who may see it."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from backend.activities.models import Activity
from backend.board.alerts import Alert
from backend.board.display import spoken
from backend.board.queries import board_of
from backend.core.audit import AuditEntry
from backend.core.config import BOARD
from backend.core.db import transaction
from backend.core.permissions import Role
from tests.support.desk import Desk
from tests.support.fair import Statements
from tests.support.market_day import MarketDay, at, minutes, shanghai
from tests.support.world import (
    DISTRICT,
    OTHER_COMMUNITY,
    OTHER_SUBDISTRICT,
    Person,
    World,
    ok,
)

START = shanghai("2026-05-01 09:00")


def board(day: MarketDay) -> dict[str, Any]:
    with day.app.app_context(), transaction() as session:
        session.expire_all()
        return board_of(session, session.get_one(Activity, UUID(day.id)))


def line(day: MarketDay, offering_id: str | None = None) -> dict[str, Any]:
    """One service's line of the board."""
    wanted = UUID(offering_id or day.offering_id)
    services: dict[UUID, dict[str, Any]] = {one["id"]: one for one in board(day)["services"]}
    return services[wanted]


def alerts(day: MarketDay) -> list[tuple[Alert, int]]:
    return [(warned.alert, warned.minutes) for warned in board(day)["warnings"]]


def statements(desk: Desk, path: str) -> list[str]:
    """What a page asks the database."""
    with Statements(desk.http.application) as counted:
        desk.read(path)
    return counted.sent


def text_of(page: str) -> str:
    """What a page says, without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


# ---------------------------------------------------------------------------- figures


def test_the_figures_of_a_day(world: World) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world, starts_at=START)
        quiet = day.offering(day.stall(number="B2", name="二号台"), title="反诈宣传", mode="open")
        people = [world.person() for _ in range(3)]
        visits = [day.come(person) for person in people]
        day.scan(day.volunteer, source="search", resident_id=str(people[0].resident_id),
                 direction="exit")  # fmt: skip
        ok(day.revert(visits[2]["id"]), 201)
        first, second, third = (day.number() for _ in range(3))
        clock.shift(4 * 60)
        day.acted(day.called(), "start", "finish")
        day.acted(day.called(), "start")
        clock.shift(6 * 60)
        day.called()
        fourth = day.number()
        clock.shift(3 * 60)
        shown, own = board(day), line(day)
    assert (shown["visits"], shown["people"], shown["inside_now"]) == (2, 2, 1)
    assert (shown["waiting"], shown["calling"], shown["serving"], shown["served"]) == (1, 1, 1, 1)
    assert own["called_tickets"] == [third["ticket"]]
    assert own["mean_wait_minutes"] == round((4 + 4 + 10) / 3)
    assert own["longest_wait_minutes"] == 3
    assert own["free"] is None
    assert {first["ticket"], second["ticket"], fourth["ticket"]}.isdisjoint(own["called_tickets"])
    assert UUID(quiet) in [one["id"] for one in shown["services"]]
    print("SV", shown["services"])


def test_free_places_leave_out_what_is_kept_for_walk_ins_and_what_is_over(world: World) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world, starts_at=START, mode="slots", capacity=4, walk_in_share=0.25)
        day.slot(START + minutes(31), capacity=8)
        day.booked(world.person())
        assert line(day)["free"] == 2 + 6
        assert line(day)["booked"] == 1
        clock.shift(31 * 60)
        assert line(day)["free"] == 6


def test_arrivals_by_half_hours_with_those_in_which_nobody_came(world: World) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world, starts_at=START)
        day.come(world.person())
        day.come(world.person())
        clock.shift(65 * 60)
        day.come(world.person())
        arrivals = board(day)["arrivals"]
    assert arrivals == [(START, 2), (START + minutes(30), 0), (START + minutes(60), 1)]


def test_scans_that_made_no_visit_are_counted_by_reason(world: World) -> None:
    with at(START):
        day = MarketDay.begin(world, starts_at=START)
        person = world.person()
        day.come(person)
        for _ in range(2):
            ok(day.self_scan(person))
        day.self_scan(world.person(), code="wrong")
        scans = board(day)["scans"]
        page = text_of(Desk(world, day.organiser).read(f"/console/board/{day.id}"))
    assert scans["repeated"] == 2
    assert [(reason.value, n) for reason, n in scans["refused"]] == [("invalid", 1)]
    assert "码无效 1 次" in page


def test_a_second_day_counts_its_own_numbers_and_who_is_there_today(world: World) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world, activity={"hours": 30})
        person = world.person()
        day.come(person)
        day.number()
        clock.shift(24 * 3600)
        day.come(person)
        shown = board(day)
    assert (shown["visits"], shown["people"], shown["inside_now"]) == (2, 1, 1)
    assert shown["waiting"] == 0
    assert [n for _, n in shown["arrivals"]][-1] == 1


# ---------------------------------------------------------------------------- warnings


def test_a_long_wait_is_told_at_its_threshold(world: World) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world, starts_at=START)
        day.number()
        day.called()
        day.number()
        clock.shift(minutes(BOARD.long_wait_minutes) - timedelta(seconds=1))
        assert alerts(day) == []
        clock.shift(1)
        assert alerts(day) == [(Alert.LONG_WAIT, BOARD.long_wait_minutes)]
        page = Desk(world, day.organiser).read(f"/console/board/{day.id}")
        assert f"最久的一位已等 {BOARD.long_wait_minutes} 分钟" in page


def test_who_comes_early_to_an_appointment_waits_from_its_time_on(world: World) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world, starts_at=START, mode="slots")
        slot = day.slot(START + minutes(90))
        person = world.person()
        day.booked(person, slot_id=slot)
        day.come(person)
        day.number()
        day.acted(day.called(), "start", "finish")
        clock.shift(85 * 60)
        assert line(day)["longest_wait_minutes"] == 0
        assert alerts(day) == []
        clock.shift((5 + BOARD.long_wait_minutes) * 60)
        assert alerts(day) == [(Alert.LONG_WAIT, BOARD.long_wait_minutes)]


def test_a_stall_that_calls_nobody_has_not_started(world: World) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world, starts_at=START)
        clock.shift(20 * 60)
        assert alerts(day) == []  # nobody waits
        day.number()
        clock.shift(minutes(BOARD.stall_start_minutes) - timedelta(seconds=1))
        assert alerts(day) == []
        clock.shift(1)
        assert alerts(day) == [(Alert.STALL_NOT_STARTED, BOARD.stall_start_minutes)]
        day.called()
        assert alerts(day) == []


def test_a_stall_has_not_started_when_its_first_appointment_has_begun(world: World) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world, starts_at=START, mode="slots")
        clock.shift(BOARD.stall_start_minutes * 60)
        assert alerts(day) == []  # an appointment that nobody has booked
        day.booked(world.person(), slot_id=day.slot(START + minutes(30)))
        clock.shift(15 * 60 + BOARD.stall_start_minutes * 60 - 60)
        assert alerts(day) == []
        clock.shift(60)
        found = [alert for alert, _ in alerts(day)]
        assert found == [Alert.STALL_NOT_STARTED]


def test_each_stall_of_a_shared_line_starts_for_itself(world: World) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world, starts_at=START)
        second = day.stall(number="B2", name="二号台")
        shared = day.offering(also_at_stall_ids=[second], title="义诊")
        for _ in range(2):
            day.number(shared)
        day.called()
        clock.shift(BOARD.stall_start_minutes * 60)
        (warned,) = board(day)["warnings"]
    assert (warned.alert, warned.stall) == (Alert.STALL_NOT_STARTED, "B2 二号台")


@pytest.mark.parametrize(
    ("booked", "came", "told"),
    [
        (BOARD.slot_fewest_booked, 0, True),
        (BOARD.slot_fewest_booked - 1, 0, False),
        (4, 1, True),
        (4, 2, False),  # half of them: not fewer
    ],
)
def test_an_appointment_time_stays_empty(world: World, booked: int, came: int, told: bool) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world, starts_at=START, mode="slots", capacity=10)
        people = [world.person() for _ in range(booked)]
        for person in people:
            day.booked(person)
        for person in people[:came]:
            day.come(person)
        day.acted(day.number(), "park")
        clock.shift(minutes(BOARD.slot_check_minutes) - timedelta(seconds=1))
        assert Alert.SLOT_EMPTYING not in dict(alerts(day))
        clock.shift(1)
        assert (Alert.SLOT_EMPTYING in dict(alerts(day))) is told
        clock.shift(30 * 60)  # it is over
        assert Alert.SLOT_EMPTYING not in dict(alerts(day))


def test_a_market_that_is_over_warns_of_nothing(world: World) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world, starts_at=START, mode="slots")
        for _ in range(3):
            day.booked(world.person())
        clock.shift(20 * 60)
        assert alerts(day)
        day.close()
        assert alerts(day) == []


# ---------------------------------------------------------------------------- the pages


@pytest.fixture
def desk(day: MarketDay) -> Desk:
    return Desk(day.world, day.organiser)


def test_a_warning_and_the_line_stand_on_desk_and_wall(day: MarketDay, desk: Desk) -> None:
    day.number()
    ticket = day.called()["ticket"]
    for path in ("", "?wall=1", "/now", "/now?wall=1"):
        assert ticket in desk.read(f"/console/board/{day.id}{path}")
    assert 'data-bs-theme="dark"' in desk.read(f"/console/board/{day.id}?wall=1")


def test_another_regions_market_is_refused_and_trying_is_kept(day: MarketDay) -> None:
    stranger = Desk(day.world, day.world.organiser(OTHER_SUBDISTRICT))
    for path in ("", "/now"):
        stranger.read(f"/console/board/{day.id}{path}", 403)
    assert day.id not in stranger.read("/console/board/")
    assert stranger.send(f"/console/board/{day.id}/close").status_code == 403
    draft = day.world.draft(day.organiser)["id"]
    stranger.read(f"/console/board/{draft}", 404)
    assert ok(day.organiser.get(f"/activities/{day.id}"))["state"] == "live"
    with transaction() as session:
        kept = select(func.count()).where(
            AuditEntry.action == "refuse", AuditEntry.details["code"].as_string() == "forbidden"
        )
        assert session.execute(kept).scalar_one() == 2, "the page, and the form"


def test_whoever_watches_alone_has_no_buttons(day: MarketDay) -> None:
    auditor = Desk(day.world, day.world.staff(Role.AUDITOR, DISTRICT))
    assert "结束活动</button>" not in auditor.read(f"/console/board/{day.id}")
    assert auditor.send(f"/console/board/{day.id}/close").status_code == 403


def test_a_market_is_opened_and_closed_and_the_second_is_told(world: World) -> None:
    organiser = world.organiser()
    draft = world.ready(organiser)["id"]
    desk = Desk(world, organiser)
    ok(organiser.post(f"/activities/{draft}/publish"))
    assert "确定开始活动" in desk.read(f"/console/board/{draft}")
    assert desk.send(f"/console/board/{draft}/open").status_code == 303
    again = desk.send(f"/console/board/{draft}/open")
    assert again.status_code == 409
    assert 'role="alert"' in again.get_data(as_text=True)
    assert desk.send(f"/console/board/{draft}/close").status_code == 303
    assert ok(organiser.get(f"/activities/{draft}"))["state"] == "closed"
    assert desk.send(f"/console/board/{draft}/close").status_code == 409


def test_closing_asks_the_same_everywhere_naming_what_happens_to_whom(world: World) -> None:
    """On the board and on the workbench; the phone's words are in tests/miniprogram/test_staff.py.
    Those of the days to come are named too."""
    asked = (
        "还没办的 3 个号将作废（等候 2、已叫号 1、暂时离开 0、过号 0）；"
        "没有来的 2 个预约记为未到场；正在服务的 1 位可以办完；结束后不能再开。"
    )
    with at(START):
        day = MarketDay.begin(world, starts_at=START, mode="slots", activity={"hours": 32})
        day.booked(world.person())
        day.booked(world.person(), slot_id=day.slot(START + timedelta(days=1)))
        for _ in range(4):
            day.number()
        day.acted(day.called(), "start")
        day.called()
        desk = Desk(world, day.organiser)
        for path in (f"board/{day.id}", f"board/{day.id}/now", f"markets/{day.id}"):
            assert asked in desk.read(f"/console/{path}")


def test_an_open_board_does_not_keep_anybody_logged_in(world: World) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world, activity={"hours": 8})
        desk = Desk(world, day.organiser)
        for _ in range(2):
            clock.shift(20 * 60)
            desk.read(f"/console/board/{day.id}")
        for _ in range(5):
            clock.shift(5 * 60)
            desk.read(f"/console/board/{day.id}/now")
            # A display on the same PC neither.
            desk.read(f"/console/board/{day.id}/display/now")
        clock.shift(5 * 60)
        path = f"/console/board/{day.id}/now"
        ended = desk.http.get(path, headers={"HX-Request": "true"})
        assert (ended.status_code, ended.headers["HX-Redirect"]) == (401, "/console/login")
        desk.read(f"/console/board/{day.id}/display/now")


def test_what_has_not_changed_is_not_sent_again(world: World) -> None:
    with at(START):
        day = MarketDay.begin(world, starts_at=START)
        desk = Desk(world, day.organiser)
        for part in ("now", "display/now"):
            path = f"/console/board/{day.id}/{part}"
            first = desk.http.get(path)
            seen = {"If-None-Match": first.headers["ETag"]}
            assert desk.http.get(path, headers=seen).status_code == 304
            day.number()
            assert desk.http.get(path, headers=seen).status_code == 200


def test_the_pages_cost_the_same_however_much_happens(day: MarketDay, desk: Desk) -> None:
    """Five and one for each block: figures, arrivals, lines (3), appointments, stalls, scans, what
    closing would end."""
    day.number()
    day.called()
    for path, most in (("", 14), ("/now", 14), ("/display/now", 6), ("/display", 6)):
        before = statements(desk, f"/console/board/{day.id}{path}")
        for _ in range(2):
            offering = day.offering(day.stall(), mode="queue")
            day.number(offering)
        after = statements(desk, f"/console/board/{day.id}{path}")
        assert len(after) == len(before) <= most, after


# ---------------------------------------------------------------------------- the list


def test_the_days_markets_the_live_one_first(world: World) -> None:
    organiser = world.organiser(DISTRICT)
    with at(START - timedelta(days=1)):
        forgotten = world.live_market(organiser).id
    with at(START - minutes(120)):
        early = world.ready(organiser, starts_at=START - minutes(60))["id"]
        ok(organiser.post(f"/activities/{early}/publish"))
        other = world.ready(organiser, region=OTHER_COMMUNITY, starts_at=START)["id"]
        ok(organiser.post(f"/activities/{other}/publish"))
        draft = world.ready(organiser)["id"]
    with at(START):
        day = MarketDay.begin(world, starts_at=START)
        day.come(world.person())
        desk = Desk(world, organiser)
        page = desk.read("/console/board/")
        where = [page.index(f"/{one}") for one in (forgotten, day.id, early, other)]
        assert where == sorted(where)
        assert draft not in page
        yesterday = desk.read("/console/board/?on=2026-04-30")
        assert (forgotten in yesterday, day.id in yesterday) == (True, False)
        assert "这一天没有活动" in desk.read("/console/board/?on=2026-05-09")
        there = desk.read(f"/console/board/?region_id={world.region_id(OTHER_SUBDISTRICT)}")
        assert (other in there, early in there) == (True, False)
        first = desk.read("/console/board/?limit=2")
        assert early not in first
        following = re.search(r'href="(/console/board/\?[^"]*cursor[^"]*)"', first)
        assert following is not None
        second = desk.read(following[1].replace("&amp;", "&"))
        assert (early in second, day.id in second) == (True, False)


def test_the_list_costs_the_same_for_one_market_and_for_ten(world: World) -> None:
    organiser = world.organiser()
    world.live_market(organiser)
    desk = Desk(world, organiser)
    one = statements(desk, "/console/board/")
    for _ in range(3):
        world.live_market(organiser)
    four = statements(desk, "/console/board/")
    assert len(one) == len(four) <= 6, four


# ---------------------------------------------------------------------------- the display


Reader = Callable[..., str]


@pytest.fixture
def screen(world: World) -> Reader:
    """A screen in the square: nobody is logged in there."""
    nobody = Desk(world)

    def read(day: MarketDay, query: str = "", status: int = 200) -> str:
        whole = nobody.read(f"/console/board/{day.id}/display{query}", status)
        if status == 200:
            part = nobody.read(f"/console/board/{day.id}/display/now{query}")
            assert text_of(part).strip() in text_of(whole)
        return whole

    return read


def test_a_screen_shows_numbers_and_no_names(world: World, screen: Reader) -> None:
    with at(START):
        day = MarketDay.begin(world, starts_at=START)
        number = ok(day.organiser.put(f"/stalls/{day.market.stall_id}",
                                      {"number": "3", "name": "理发角"}))["number"]  # fmt: skip
        guests = [day.number(guest={"name": "李奶奶", "another": True}) for _ in range(6)]
        day.acted(day.called(), "start")
        day.called()
        page = screen(day)
    assert number == "3"
    text = text_of(page)
    assert "A001" not in text  # served, and somebody else is called
    assert f'data-spoken="{spoken("A002", "3", "理发角")}"' in page
    assert "接下来 A003 A004 A005 等候 4 人" in text
    for private in ("李", *(guest["id"] for guest in guests)):
        assert private not in page


def test_the_words_of_a_voice() -> None:
    assert spoken("A012", "3", "理发角") == "请 A 零 一 二 号，到 3 号摊位 理发角"


def test_a_recall_is_a_call_of_its_own(world: World, screen: Reader) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world, starts_at=START)
        booking = day.number()
        day.called()
        first = re.findall(r'data-called-at="([^"]+)"', screen(day))
        clock.shift(30)
        day.acted(booking, "recall")
        second = re.findall(r'data-called-at="([^"]+)"', screen(day))
    called = [datetime.fromisoformat(one) for one in (*first, *second)]
    assert called == [START, START + timedelta(seconds=30)]


def test_a_screen_in_front_of_some_stalls_shows_those(world: World, screen: Reader) -> None:
    day = MarketDay.begin(world)
    for number in ("1", "2", "3"):
        day.offering(day.stall(number=number, name=f"{number}号台"))
    page = screen(day, "?stall=1&stall=3")
    assert ("1号台" in page, "2号台" in page, "3号台" in page) == (True, False, True)
    assert "这里没有要叫号的摊位" in screen(day, "?stall=99")


@pytest.mark.parametrize(("stalls", "screens"), [(15, [15]), (16, [8, 8]), (31, [11, 11, 9])])
def test_stalls_are_spread_evenly_over_screens(
    world: World, screen: Reader, stalls: int, screens: list[int]
) -> None:
    day = MarketDay.begin(world)
    for _ in range(stalls - 1):
        day.offering(day.stall())
    found = re.findall(r'class="called-grid called-grid-(\d+)"', screen(day))
    assert [int(n) for n in found] == screens


def test_a_screen_says_when_it_begins_and_that_it_is_over(world: World, screen: Reader) -> None:
    organiser: Person = world.organiser()
    with at(START):
        draft = world.ready(organiser, starts_at=START + minutes(60))["id"]
        day = MarketDay.begin(world, organiser=organiser)
        coming = replace(day, market=replace(day.market, id=draft))
        screen(coming, status=404)
        ok(organiser.post(f"/activities/{draft}/publish"))
        assert "10:00 开始" in screen(coming)
        coming.cancel()
        assert "集市已取消" in screen(coming)
        day.number()
        day.called()
        day.close()
        page = screen(day)
    assert "谢谢您的光临" in page
    assert "data-call=" not in page
