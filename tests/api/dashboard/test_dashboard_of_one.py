"""The dashboard where there is nothing yet, or one market: what it says, also of totals that stand
still."""

import re
from datetime import timedelta

import pytest

from backend.core import clock
from backend.core.config import DASHBOARD
from backend.core.permissions import Role
from tests.support.dashboard import dashboard, move_to, refresh
from tests.support.desk import Desk
from tests.support.fair import Fair
from tests.support.market_day import MarketDay, at
from tests.support.world import DISTRICT, Person, World


@pytest.fixture
def fair(world: World) -> Fair:
    """Of the tests alone that ask for it: the others count all there is."""
    return Fair.live(world)


@pytest.fixture
def admin(world: World) -> Person:
    return world.staff(Role.ADMIN, DISTRICT)


def test_an_empty_region_says_what_to_do_first(world: World, admin: Person) -> None:
    page = Desk(world, admin).read("/console/dashboard/")
    assert "还没有办过活动" in page
    assert "去排期" in page


@pytest.mark.parametrize("page", ["", "wall", "activities", "communities"])
def test_a_page_says_when_the_totals_stand_still(fair: Fair, admin: Person, page: str) -> None:
    words = "统计可能中断" if page == "wall" else "可能不是最新的"
    path = f"/console/dashboard/{page}?period=all"
    assert words in Desk(fair.world, admin).read(path), "never counted"
    refresh(fair.app)
    with at(clock.now() + timedelta(minutes=DASHBOARD.late_minutes, seconds=-5)):
        assert words not in Desk(fair.world, admin).read(path)
    with at(clock.now() + timedelta(minutes=DASHBOARD.late_minutes, seconds=5)):
        late = Desk(fair.world, admin).read(path)
    assert words in late
    assert f"已{'经' * (page != 'wall')}超过 {DASHBOARD.late_minutes} 分钟没有更新" in late


def test_programs_are_told_when_the_totals_stand_still(fair: Fair, admin: Person) -> None:
    assert dashboard(admin, period="all")["late"] is True, "never counted"
    refresh(fair.app)
    assert dashboard(admin, period="all")["late"] is False
    with at(clock.now() + timedelta(minutes=DASHBOARD.late_minutes, seconds=5)):
        assert dashboard(admin, period="all")["late"] is True


def test_drafts_and_cancelled_ones_are_no_figure(admin: Person, world: World) -> None:
    day = MarketDay.begin(world)
    day.come(world.person())
    world.draft(day.organiser)
    day.cancel()
    refresh(world.app)
    totals = dashboard(admin, period="all")["totals"]
    assert (totals["activities"], totals["visits"], totals["people"]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("days", "words"), [(0, "今天"), (30, "30 天前"), (31, "31 天前"), (91, "91 天前")]
)
def test_a_tile_says_how_long_ago_the_last_market_was(
    fair: Fair, admin: Person, days: int, words: str
) -> None:
    move_to(fair.app, fair.id, clock.now() - timedelta(days=days))
    refresh(fair.app)
    page = Desk(fair.world, admin).read("/console/dashboard/?period=all")
    edge = {0: "recent", 30: "recent", 31: "a_while", 91: "long_ago"}[days]
    tiles = re.findall(r'<li class="tile tile-(\w+)" data-row>.*?</li>', page, re.DOTALL)
    assert sorted(tiles) == sorted([edge, "never"])
    assert words in page


@pytest.mark.parametrize(
    ("scores", "words"),
    [([], "无评价"), ([5] * 9, "评价太少"), ([5] * 10, "达标"), ([5] * 5 + [1] * 5, "待改进")],
)
def test_a_tile_says_what_satisfaction_comes_to(
    fair: Fair, admin: Person, scores: list[int], words: str
) -> None:
    fair.answers(scores)
    refresh(fair.app)
    page = Desk(fair.world, admin).read("/console/dashboard/?period=all")
    tile = re.search(r'<li class="tile tile-recent" data-row>.*?</li>', page, re.DOTALL)
    assert tile is not None
    assert words in tile[0]
    # Few answers are no figure, neither the large one nor a dot of a chart.
    drawn = page.replace(" ", "")
    few = words == "评价太少"
    assert ('"small":true' in drawn) is few
    assert ('"value":1.0' in drawn) is (words == "达标")
