"""The dashboard at a desk and on the wall: figures open their lists, and outlast the network."""

import re

import pytest
from playwright.sync_api import Page, expect
from procrastinate import App, SyncPsycopgConnector
from sqlalchemy import Engine, text

from backend.local.system import LocalSystem
from backend.local.waiting import wait_until
from tests.console.offices import OpenOffice

YEARS = "/console/dashboard/?period=all"
WALL = "/console/dashboard/wall?period=all"


def figure(page: Page, label: str) -> int:
    """The number of a figure."""
    shown = page.locator(".figure", has=page.get_by_text(label, exact=True)).locator("a")
    return int(shown.inner_text().replace(",", ""))


def open_figure(page: Page, label: str) -> None:
    page.locator(".figure", has=page.get_by_text(label, exact=True)).locator("a").click()


@pytest.mark.parametrize(("width", "height", "suffix"), [(1440, 900, ""), (1366, 768, "-1366")])
def test_the_pages_at_both_sizes(office: OpenOffice, width: int, height: int, suffix: str) -> None:
    desk = office("admin", width=width, height=height)
    page = desk.open(YEARS)
    expect(page.locator("[data-chart] canvas")).to_have_count(4)
    desk.axe()
    desk.screenshot("dashboard" + suffix)
    for name in ("activities", "communities"):
        desk.open(f"/console/dashboard/{name}?period=all")
        desk.axe()
        desk.screenshot(f"dashboard-{name}{suffix}")


def test_every_figure_opens_the_list_that_it_is_counted_from(
    office: OpenOffice, system: LocalSystem, database: Engine
) -> None:
    visits = _count_now(system, database)
    page = office("admin").open(YEARS)
    assert figure(page, "服务人次") == visits
    activities = figure(page, "活动")
    open_figure(page, "服务人次")
    total = page.locator("tfoot")
    expect(total).to_contain_text(f"合计（{activities} 场）")
    expect(total).to_contain_text(f"{visits:,}")
    page.go_back()
    reached = figure(page, "走进社区")
    open_figure(page, "走进社区")
    expect(page.locator("tbody tr")).to_have_count(reached)
    page.go_back()
    solved = figure(page, "需求已评价")
    open_figure(page, "需求已评价")
    expect(page.locator("tbody tr")).to_have_count(solved)
    page.go_back()
    open_figure(page, "满意率")
    expect(page.locator(".figure", has_text="场")).to_contain_text(f"{activities:,}")


def _count_now(system: LocalSystem, database: Engine) -> int:
    """Have the worker count the totals now, not within the minute: other tests have just let people
    check in. Their visits."""
    with database.connect() as connection:
        visits: int = connection.execute(
            text("SELECT count(*) FROM attendance WHERE reverted_at IS NULL")
        ).scalar_one()
    with App(connector=SyncPsycopgConnector(conninfo=system.database_url)).open() as queue:
        queue.configure_task("reports.refresh_totals").defer()
    with database.connect() as connection:
        wait_until(
            lambda: (
                connection.execute(text("SELECT sum(visits) FROM activity_total")).scalar()
                == visits
            ),
            timeout_s=90,
            what="the totals",
        )
    return visits


def test_a_tile_and_a_count_in_the_legend_open_what_they_say(office: OpenOffice) -> None:
    page = office("admin").open(YEARS)
    long_ago = page.locator(".legend .tile-long_ago a")
    n = int(re.findall(r"\d+", long_ago.inner_text())[0])
    long_ago.click()
    expect(page.locator("tbody tr")).to_have_count(n)
    page.go_back()
    page.locator(".tile", has_text="明湖社区").get_by_role("link").click()
    expect(page.locator("tbody")).to_contain_text("明湖社区公益集市")


def test_another_period_stays_in_the_address_and_an_empty_one_says_what_to_do(
    office: OpenOffice,
) -> None:
    desk = office("organiser")
    page = desk.open("/console/dashboard/")
    page.get_by_label("时间").select_option("all")
    page.wait_for_url(re.compile("period=all"))
    expect(page.get_by_label("时间")).to_have_value("all")
    # An organiser sees their own town.
    expect(page.locator(".tile-town")).to_have_count(1)
    page = desk.open("/console/dashboard/activities?period=2019")
    expect(page.get_by_text("这段时间没有已开始的活动")).to_be_visible()
    desk.axe()


# ---------------------------------------------------------------------------- on the wall


@pytest.mark.parametrize(("width", "height", "suffix"), [(1920, 1080, ""), (1440, 900, "-1440")])
def test_the_wall_has_three_sizes_of_text_and_none_is_small(
    office: OpenOffice, width: int, height: int, suffix: str
) -> None:
    desk = office("admin", width=width, height=height)
    page = desk.open(WALL)
    sizes: set[float] = set()
    for number in range(3):
        if number < 2:
            expect(page.locator("[data-chart]:visible canvas")).to_have_count(2)
        desk.axe()
        desk.screenshot(f"dashboard-wall-{number + 1}{suffix}")
        sizes |= set(page.evaluate(_SIZES))
        page.get_by_role("button", name="下一页").click()
    assert len(sizes) == 3
    assert min(sizes) >= 28
    # Nothing stands outside of the screen: there is nobody to scroll.
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.documentElement.scrollHeight") <= height


# The sizes of all text that is on the screen.
_SIZES = """() => {
  const sizes = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const holder = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !holder.getClientRects().length) continue;
    sizes.add(parseFloat(getComputedStyle(holder).fontSize));
  }
  return [...sizes];
}"""


def test_the_wall_turns_its_panels_and_stops_when_asked(office: OpenOffice) -> None:
    desk = office("admin", width=1440, height=900)
    desk.page.clock.install()
    page = desk.open(WALL)
    first = page.get_by_role("region", name="各月")
    expect(first).to_be_visible()
    page.clock.fast_forward(21_000)
    expect(first).to_be_hidden()
    page.get_by_role("button", name="暂停翻页").click()
    shown = page.locator("[data-panel]:visible").get_attribute("aria-label")
    page.clock.fast_forward(120_000)
    assert page.locator("[data-panel]:visible").get_attribute("aria-label") == shown


def test_every_community_comes_past_on_the_wall(office: OpenOffice) -> None:
    """A long panel is turned row by row to its end before the next one comes."""
    page = office("admin", width=1440, height=900).open(WALL)
    turn = page.get_by_role("button", name="下一页")
    for _ in range(2):
        turn.click()
    seen: set[str] = set()
    while page.locator(".brand-communities").is_visible():
        seen |= set(page.evaluate(_TILES_IN_VIEW))
        turn.click()
    assert len(seen) == 99


_TILES_IN_VIEW = """() => {
  const view = document.querySelector("[data-scroll]").getBoundingClientRect();
  return [...document.querySelectorAll(".tile")]
    .filter((tile) => {
      const at = tile.getBoundingClientRect();
      return at.top >= view.top - 1 && at.bottom <= view.bottom + 1;
    })
    .map((tile) => tile.querySelector(".tile-name").textContent + at_town(tile));
  function at_town(tile) { return tile.closest(".tile-group").querySelector("h3").textContent; }
}"""


def test_the_wall_outlasts_the_network_and_says_so(office: OpenOffice, database: Engine) -> None:
    desk = office("admin", width=1920, height=1080)
    desk.page.clock.install()
    page = desk.open(WALL)
    figures = page.locator("#figures")
    before = figures.inner_text()
    page.context.route("**/dashboard/wall*", lambda route: route.abort("internetdisconnected"))
    with page.expect_event("requestfailed"):
        page.clock.fast_forward(61_000)
    expect(page.locator("[data-live-notice]")).to_contain_text("网络断开")
    assert figures.inner_text() == before
    desk.axe()
    desk.screenshot("dashboard-wall-offline")
    page.context.unroute("**/dashboard/wall*")
    _add_visits(database, 1000)
    with page.expect_response("**/dashboard/wall*"):
        page.clock.fast_forward(31_000)  # its longest pause
    expect(page.locator("[data-live-notice]")).to_be_empty()
    expect(figures).not_to_have_text(before)
    _add_visits(database, -1000)
    desk.faults().clear()  # Chromium reports each question that found no network


def _add_visits(database: Engine, count: int) -> None:
    """To a total of the year behind, which nobody counts anew."""
    with database.begin() as connection:
        connection.execute(
            text(
                "UPDATE activity_total SET visits = visits + :count WHERE activity_id ="
                " (SELECT activity_id FROM activity_total ORDER BY starts_at LIMIT 1)"
            ),
            {"count": count},
        )
