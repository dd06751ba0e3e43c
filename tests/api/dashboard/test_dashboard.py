"""The dashboard: whose it is, its periods, and that every figure is the length or the sum of the
list that it opens."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from uuid import UUID

import pytest
from flask import Flask

from backend.activities.models import ActivityRecord
from backend.core import clock
from backend.core.db import transaction
from backend.core.permissions import Role
from backend.dashboard.periods import Period, months_back, periods_touched
from backend.needs.models import Need, NeedSource, NeedState
from tests.support import recount
from tests.support.dashboard import dashboard, move_to, refresh
from tests.support.desk import Desk
from tests.support.fair import Fair, Statements
from tests.support.market_day import MarketDay, shanghai
from tests.support.world import (
    COMMUNITY,
    DISTRICT,
    OTHER_COMMUNITY,
    OTHER_SUBDISTRICT,
    SUBDISTRICT,
    Person,
    World,
    refused,
)


def record(app: Flask, activity_id: str, minutes: int, yuan: int) -> None:
    with app.app_context(), transaction() as session:
        session.add(
            ActivityRecord(
                activity_id=UUID(activity_id), volunteer_minutes=minutes, funds_yuan=yuan
            )
        )


def need(world: World, region: str, state: NeedState, raised_on: date) -> None:
    with world.app.app_context(), transaction() as session:
        session.add(
            Need(
                region_id=UUID(world.region_id(region)), title="修伞", source=NeedSource.VISIT,
                state=state, raised_on=raised_on,
            )
        )  # fmt: skip


@pytest.fixture
def admin(world: World) -> Person:
    return world.staff(Role.ADMIN, DISTRICT)


# ---------------------------------------------------------------------------- periods


@pytest.mark.parametrize(
    ("key", "first", "last", "title"),
    [
        ("all", None, None, "全部时间"),
        ("2024", date(2024, 1, 1), date(2024, 12, 31), "2024年"),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29), "2024年2月"),
        ("2026-12", date(2026, 12, 1), date(2026, 12, 31), "2026年12月"),
    ],
)
def test_a_period_is_whole_days_of_shanghai(
    key: str, first: date | None, last: date | None, title: str
) -> None:
    period = Period.of(key)
    assert (period.first, period.last, period.title) == (first, last, title)
    if first is not None:
        assert period.start == datetime(first.year, first.month, first.day, tzinfo=clock.SHANGHAI)


@pytest.mark.parametrize("key", ["", "26", "2026-13", "2026-00", "1999", "2026-1", "ALL", "2026\n"])
def test_other_words_are_no_period(key: str) -> None:
    with pytest.raises(ValueError, match="no period"):
        Period.of(key)


def test_an_activity_touches_the_months_that_it_lasts_into() -> None:
    """Until midnight of Shanghai is not the next day."""
    evening = shanghai("2025-12-31 20:00")
    midnight = shanghai("2026-01-01 00:00")
    assert list(periods_touched(evening, midnight)) == ["all", "2025", "2025-12"]
    assert list(periods_touched(evening, midnight + timedelta(minutes=1))) == [
        "all", "2025", "2026", "2025-12", "2026-01",
    ]  # fmt: skip


def test_months_back_pass_into_the_year_before() -> None:
    assert [month.key for month in months_back(date(2026, 1, 31), 3)] == [
        "2025-11", "2025-12", "2026-01",
    ]  # fmt: skip


def test_a_wrong_period_is_told_and_a_page_passes_it_over(admin: Person, world: World) -> None:
    problem = refused(admin.get("/dashboard", period="2026-13"), 422, "validation_failed")
    assert "period" in problem["errors"]
    assert f"{clock.today().year}年" in Desk(world, admin).read("/console/dashboard/?period=x")


# ---------------------------------------------------------------------------- figures


@pytest.fixture(scope="module")
def two_towns(world: World) -> list[MarketDay]:
    """Two markets of this month in two towns, and one of a year ago, with people and ratings."""
    admin = world.staff(Role.ORGANISER, DISTRICT)
    days = [
        MarketDay.begin(world, organiser=admin, activity={"region": region})
        for region in (COMMUNITY, OTHER_COMMUNITY, COMMUNITY)
    ]
    both = world.person()
    for day in days:
        day.come(both)
        day.come(world.person())
        Fair(world, day.market).answers([5, 4, 2])
    for day, minutes in zip(days, (90, 30, 600), strict=True):
        record(world.app, day.id, minutes, 10 * minutes)
    move_to(world.app, days[2].id, clock.now() - timedelta(days=366))
    refresh(world.app)
    return days


@pytest.mark.parametrize("region", [DISTRICT, SUBDISTRICT, OTHER_COMMUNITY])
@pytest.mark.parametrize("key", ["all", "year", "month"])
def test_figures_are_those_of_a_recount(
    two_towns: list[MarketDay], admin: Person, world: World, region: str, key: str
) -> None:
    today = clock.today()
    period = Period.of({"all": "all", "year": f"{today:%Y}", "month": f"{today:%Y-%m}"}[key])
    totals = dashboard(admin, region_id=world.region_id(region), period=period.key)["totals"]
    counted = recount.figures(world.app, region, period.start, period.end)
    satisfied = counted.pop("satisfied")
    assert {name: totals[name] for name in counted} == counted
    assert totals["satisfied_share"]["value"] == pytest.approx(satisfied / counted["rated"])


def test_somebody_at_two_markets_is_one_person(two_towns: list[MarketDay], admin: Person) -> None:
    totals = dashboard(admin, period=f"{clock.today().year}")["totals"]
    assert (totals["visits"], totals["people"]) == (4, 3)
    assert (totals["communities_reached"], totals["communities"]) == (2, 2)


def test_the_trend_s_month_is_the_month_s_own_dashboard(
    two_towns: list[MarketDay], admin: Person
) -> None:
    """Also for what lasts from one month into the next."""
    today = clock.today()
    turn = clock.day_start(today.replace(day=1))
    move_to(admin.http.application, two_towns[1].id, turn - timedelta(hours=2), hours=4)
    refresh(admin.http.application)
    months = {month["month"]: month for month in dashboard(admin, period="all")["months"]}
    for key in (f"{today:%Y-%m}", f"{turn.astimezone(UTC):%Y-%m}"):
        own = dashboard(admin, period=key)["totals"]
        for name in ("activities", "visits", "rated", "satisfied_share"):
            assert months[key][name] == own[name], (key, name)


def test_needs_are_those_raised_in_the_period(admin: Person, world: World) -> None:
    today = clock.today()
    for state in (NeedState.EVALUATED, NeedState.CLOSED_UNSOLVED, NeedState.OPEN):
        need(world, COMMUNITY, state, today)
    need(world, OTHER_COMMUNITY, NeedState.EVALUATED, date(2019, 5, 1))
    assert dashboard(admin, period=f"{today:%Y-%m}")["needs"] == {
        "raised": 3, "evaluated": 1, "solved": 1, "closed_unsolved": 1, "declined": 0,
    }  # fmt: skip
    assert dashboard(admin, period="all")["needs"]["raised"] == 4
    town = world.region_id(SUBDISTRICT)
    assert dashboard(admin, region_id=town, period="2019")["needs"]["raised"] == 0


# ---------------------------------------------------------------------------- lists


def links(page: str) -> dict[str, str]:
    """The address behind each figure, by its label."""
    found = re.findall(
        r'class="subheader">([^<]+)</div>\s*<div class="figure-value"><a href="([^"]+)">', page
    )
    return {label: unescape(address) for label, address in found}


def rows(page: str) -> int:
    """How many rows a list shows; it stands below the tables behind the charts."""
    bodies = re.findall(r"<tbody>(.*?)</tbody>", page, re.DOTALL)
    return bodies[-1].count("<tr>") if bodies else 0


def footer(page: str) -> list[str]:
    """The cells of a list's totals."""
    foot = re.search(r"<tfoot>(.*?)</tfoot>", page, re.DOTALL)
    assert foot is not None, page
    return [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td.*?</td>", foot[1])]


def test_every_figure_opens_a_list_of_that_length_or_sum(
    two_towns: list[MarketDay], admin: Person, world: World
) -> None:
    today = clock.today()
    need(world, COMMUNITY, NeedState.EVALUATED, today)
    need(world, COMMUNITY, NeedState.EVALUATED, date(2019, 5, 1))
    desk, key = Desk(world, admin), f"{today:%Y}"
    figures = dashboard(admin, period=key)
    totals = figures["totals"]
    opened = links(desk.read(f"/console/dashboard/?period={key}"))
    assert set(opened) == {
        "活动", "服务人次", "服务人数", "走进社区", "满意率", "志愿时长", "投入资金", "需求已评价",
    }  # fmt: skip
    lists = {label: desk.read(address) for label, address in opened.items()}
    assert rows(lists["活动"]) == totals["activities"] == 2
    assert footer(lists["服务人次"])[0] == f"{totals['visits']:,}"
    assert rows(lists["走进社区"]) == totals["communities_reached"] == 2
    assert rows(lists["满意率"]) == totals["activities"]
    assert f"{100 * totals['satisfied_share']['value']:.1f}%" in lists["满意率"]
    assert footer(lists["志愿时长"])[4] == f"{totals['volunteer_minutes'] / 60:,.1f}" == "2.0"
    assert footer(lists["投入资金"])[5] == f"{totals['funds_yuan']:,.0f} 元" == "1,200 元"
    assert rows(lists["需求已评价"]) == figures["needs"]["evaluated"] == 1


def test_a_service_kind_opens_its_activities_with_what_was_served_of_it(
    two_towns: list[MarketDay], admin: Person, world: World
) -> None:
    fair = Fair(world, two_towns[0].market)
    clinic = fair.offering("义诊", "clinic")
    fair.answers([1, 1, 1], clinic)
    refresh(world.app)
    haircut, _ = sorted(
        dashboard(admin, period="all")["service_kinds"], key=lambda kind: -kind["served"]
    )
    assert (haircut["service_kind"], haircut["served"], haircut["activities"]) == ("haircut", 9, 3)
    page = Desk(world, admin).read("/console/dashboard/activities?period=all&kind=haircut")
    assert rows(page) == haircut["activities"]
    assert footer(page)[2] == "9"
    # What was said of the clinic, at one of these activities, is not in it.
    assert f"{100 * haircut['satisfied_share']['value']:.1f}%" in footer(page)[3]


def test_the_list_goes_on_by_keyset(
    two_towns: list[MarketDay], admin: Person, world: World
) -> None:
    desk = Desk(world, admin)
    page = desk.read("/console/dashboard/activities?period=all&limit=2")
    assert rows(page) == 2
    following = re.search(r'href="([^"]*cursor=[^"]*)"', page)
    assert following is not None
    rest = desk.read(unescape(following[1]))
    assert rows(rest) == 1
    assert footer(rest) == footer(page), "totals are over all pages"


def test_lists_are_narrowed_by_programme_record_and_last_market(
    two_towns: list[MarketDay], admin: Person, world: World
) -> None:
    desk = Desk(world, admin)
    base = "/console/dashboard/activities?period=all"
    assert rows(desk.read(f"{base}&programme=market")) == 3
    assert "这段时间没有已开始的活动" in desk.read(f"{base}&programme=action")
    assert rows(desk.read(f"{base}&recorded=true")) == 3
    places = "/console/dashboard/communities?period=all"
    assert rows(desk.read(f"{places}&last_market=recent")) == 2
    assert "没有这样的社区" in desk.read(f"{places}&last_market=never")
    assert "没有这样的社区" in desk.read(f"{places}&reached=false")


# ---------------------------------------------------------------------------- who


def test_an_organiser_sees_their_own_regions(two_towns: list[MarketDay], world: World) -> None:
    organiser = world.organiser(OTHER_SUBDISTRICT)
    own = dashboard(organiser, period="all")
    assert own["region"]["code"] == OTHER_SUBDISTRICT
    assert own["totals"]["visits"] == 2
    for region in (DISTRICT, SUBDISTRICT, COMMUNITY):
        answer = organiser.get("/dashboard", region_id=world.region_id(region))
        refused(answer, 404, "not_found")
        for page in ("", "wall", "activities", "communities"):
            Desk(world, organiser).read(
                f"/console/dashboard/{page}?region_id={world.region_id(region)}", 404
            )


def test_an_auditor_sees_the_district(two_towns: list[MarketDay], world: World) -> None:
    auditor = Desk(world, world.staff(Role.AUDITOR, DISTRICT))
    assert "武进区" in auditor.read("/console/dashboard/")
    assert "武进区" in auditor.read("/console/dashboard/wall")


# ---------------------------------------------------------------------------- cost


@pytest.mark.parametrize(
    ("page", "blocks"), [("", 6), ("wall", 6), ("activities", 1), ("communities", 1)]
)
def test_a_page_costs_the_same_however_much_there_is(
    two_towns: list[MarketDay], admin: Person, world: World, page: str, blocks: int
) -> None:
    desk, address = Desk(world, admin), f"/console/dashboard/{page}?period=all"
    desk.read(address)
    with Statements(world.app) as few:
        desk.read(address)
    for day in [MarketDay.begin(world) for _ in range(3)]:
        day.come(world.person())
        Fair(world, day.market).answers([5, 1])
    refresh(world.app)
    with Statements(world.app) as many:
        desk.read(address)
    assert len(many) == len(few) <= 6 + blocks, many.sent


def test_nothing_of_the_page_reads_visits_bookings_or_ratings(
    two_towns: list[MarketDay], admin: Person, world: World
) -> None:
    """But whether a published activity has begun: an EXISTS on an index; and the menu's badge,
    which counts what is open of each kind."""
    desk = Desk(world, admin)
    with Statements(world.app) as sent:
        desk.read("/console/dashboard/?period=all")
    whole = re.compile(r"(FROM|JOIN) (attendance|booking|rating)\b(?! \nWHERE \w+\.activity_id)")
    assert len([statement for statement in sent.sent if whole.search(statement)]) == 1
