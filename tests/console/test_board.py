"""The live board and the calling display in a browser: they refresh by themselves, outlast a lost
network, say what they show, and the display speaks.

Time is the browser's own clock, which the tests move; the network is taken away by the browser.
"""

import re

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import Engine, text

from backend.local.system import LocalSystem
from tests.console.offices import OpenOffice
from tests.miniprogram.town import (
    Caller,
    Market,
    Service,
    change,
    make_market,
    new_name,
    put_back_a_day,
)

EVERY_S, DISPLAY_EVERY_S = 5, 3
LONGEST_PAUSE_S = 30

# A voice that finishes only when the test says so, and writes down what it was to say.
RECORDER = """
window.said = []; window.voices = [{ lang: 'zh-CN', name: '测试' }];
let speaking = null;
window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
const engine = {
  getVoices: () => window.voices, addEventListener() {},
  speak(speech) { window.said.push(speech.text); speaking = speech; },
  cancel() { speaking = null; },
};
Object.defineProperty(window, 'speechSynthesis', { value: engine });
window.finish = () => { const done = speaking; speaking = null; done?.onend(); };
"""


@pytest.fixture
def staff(system: LocalSystem) -> Caller:
    return Caller(system.web, "organiser")


@pytest.fixture
def market(staff: Caller) -> Market:
    """A market of its own, whose first stalls have numbers."""
    return make_market(staff)


def _come(market: Market, web: str, service: Service, count: int) -> list[str]:
    """So many new residents come and take a number; their tickets."""
    tickets = []
    for _ in range(count):
        resident = Caller(web, new_name()).resident_id
        market.admit(resident)
        tickets.append(str(market.give_number(service, resident)["ticket"]))
    return tickets


def _drop_network(page: Page) -> None:
    page.context.route("**/now*", lambda route: route.abort("internetdisconnected"))


def _restore_network(page: Page) -> None:
    page.context.unroute("**/now*")


def _pass(page: Page, seconds: float) -> None:
    """Let the browser's time pass, with the answer to the question that falls due in it: the page's
    patience is measured in that time too, and would end it while the server is still at it."""
    page.clock.fast_forward(int(1000 * seconds))
    _settled(page)


def _next_answer(page: Page, seconds: float) -> None:
    """Let so much time pass, and wait for the answer to what is asked then."""
    with page.expect_response("**/now*"):
        _pass(page, seconds)


def _next_failure(page: Page, seconds: float) -> None:
    """The same where the network is away."""
    with page.expect_event("requestfailed"):
        _pass(page, seconds)


def _settled(page: Page) -> None:
    """The page has taken the answer in and waits for its next question."""
    expect(page.locator("[data-live]:not([data-asking])")).to_have_count(1)


def test_the_days_markets_lead_to_their_boards(office: OpenOffice, market: Market) -> None:
    desk = office("organiser")
    page = desk.open("/console/board/")
    expect(page.get_by_role("link", name="现场").first).to_have_attribute("aria-current", "page")
    desk.axe()
    desk.screenshot("boards")
    page.locator(f"a[href='/console/board/{market.id}']").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(market.title)
    desk.open("/console/board/?on=2020-01-01")
    expect(page.get_by_text("这一天没有活动")).to_be_visible()
    desk.axe()
    small = office("organiser", 1366, 768)
    small.open("/console/board/")
    small.screenshot("boards-1366")


def test_a_board_refreshes_by_itself_and_outlasts_a_lost_network(
    office: OpenOffice, system: LocalSystem, market: Market
) -> None:
    desk = office("organiser")
    page = desk.page
    page.clock.install()
    desk.open(f"/console/board/{market.id}")
    waiting = page.get_by_role("row", name=re.compile("理发角")).locator("td").nth(2)
    expect(waiting).to_have_text("0")
    _come(market, system.web, market.haircut, 3)
    called = market.call_next(market.haircut)["ticket"]
    _next_answer(page, EVERY_S)
    expect(waiting).to_have_text("2")
    expect(page.get_by_role("row", name=re.compile("理发角"))).to_contain_text(called)
    # Its chart and its question follow.
    expect(page.locator("[data-sure-of-board]")).to_have_attribute(
        "data-confirm", re.compile("还没办的 3 个号将作废")
    )
    assert '"values": [3]' in page.locator("[data-chart] script").evaluate("e => e.textContent")
    _drop_network(page)
    _come(market, system.web, market.haircut, 1)
    _next_failure(page, EVERY_S)
    notice = page.locator("[data-live-notice]")
    expect(notice).to_have_text(re.compile(r"^网络断开，显示的是 \d{1,2}:\d{2} 的情况$"))
    expect(waiting).to_have_text("2")
    desk.axe()
    desk.screenshot("board-offline")
    _restore_network(page)
    _next_answer(page, LONGEST_PAUSE_S)
    expect(waiting).to_have_text("3")
    expect(notice).to_be_empty()
    desk.axe()
    desk.faults().clear()  # Chromium reports each question that found no network


def test_the_boards_looks(
    office: OpenOffice, system: LocalSystem, market: Market, database: Engine
) -> None:
    _warn(market, system, database)
    for width, height, suffix in ((1440, 900, ""), (1366, 768, "-1366")):
        desk = office("organiser", width, height)
        desk.open(f"/console/sign-ups/of/{market.id}")
        desk.axe()
        desk.screenshot(f"sign-ups{suffix}")
        page = desk.open(f"/console/board/{market.id}")
        expect(page.locator("[data-chart] canvas")).to_have_count(1)
        expect(page.locator(".warned")).to_have_count(2)
        desk.axe()
        desk.screenshot(f"board{suffix}")
        page.get_by_role("link", name="大屏").click()
        expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
        desk.axe()
        desk.screenshot(f"board-wall{suffix}")
    wall = office("organiser", 1920, 1080)
    wall.open(f"/console/board/{market.id}?wall=1")
    expect(wall.page.locator("[data-chart] canvas")).to_have_count(1)
    assert _smallest_text(wall.page) >= 28
    assert wall.page.evaluate("document.documentElement.scrollHeight") <= 1080
    wall.axe()
    wall.screenshot("board-wall-1920")


def _warn(market: Market, system: LocalSystem, database: Engine) -> None:
    """Let somebody have waited for 40 minutes at a stall that has called nobody."""
    _come(market, system.web, market.haircut, 2)
    _come(market, system.web, market.clinic, 3)
    market.serve_next(market.clinic)
    market.call_next(market.clinic)
    for statement in (
        "UPDATE booking SET arrived_at = arrived_at - interval '40 minutes'"
        " WHERE activity_id = :id AND state = 'arrived' AND ticket LIKE 'B%'",
        "UPDATE activity SET opened_at = opened_at - interval '1 hour' WHERE id = :id",
    ):
        change(database, statement, id=market.id)


def _smallest_text(page: Page) -> float:
    """The smallest font on the screen, in CSS pixels."""
    return float(
        page.evaluate(
            """() => Math.min(...[...document.querySelectorAll('body *')]
              .filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 &&
                node.textContent.trim()) && one.checkVisibility() && one.tagName !== 'SCRIPT')
              .map((one) => parseFloat(getComputedStyle(one).fontSize)))"""
        )
    )


def test_the_second_day_of_a_market_begins_with_empty_screens(
    office: OpenOffice, system: LocalSystem, market: Market, database: Engine
) -> None:
    """And with who was left at a desk the evening before; the job has not come by."""
    _come(market, system.web, market.haircut, 3)
    left = market.call_next(market.haircut)
    market.act(left, "start")
    called = market.call_next(market.haircut)["ticket"]
    put_back_a_day(database, market)
    desk = office("organiser")
    page = desk.open(f"/console/board/{market.id}")
    ended = f"理发角：{left['ticket']} 号，已按办完"
    expect(page.locator(".warned")).to_have_text(re.compile(ended))
    row = page.get_by_role("row", name=re.compile("理发角")).locator("td")
    expect(row.nth(2)).to_have_text("0")
    expect(row.nth(3)).to_have_text("–")
    desk.axe()
    desk.screenshot("board-second-day")
    page.goto(f"{system.web}/console/board/{market.id}/display")
    expect(page.get_by_text("理发角").first).to_be_visible()
    expect(page.get_by_text(called)).to_have_count(0)
    market.admit(resident := Caller(system.web, new_name()).resident_id)
    market.give_number(market.haircut, resident)
    assert market.call_next(market.haircut)["ticket"] == left["ticket"]  # numbers begin anew


def test_a_market_is_closed_after_it_was_said_what_that_does(
    office: OpenOffice, system: LocalSystem, market: Market, database: Engine
) -> None:
    desk = office("organiser")
    _come(market, system.web, market.haircut, 2)
    page = desk.open(f"/console/board/{market.id}")
    page.get_by_role("button", name="结束活动").click()
    expect(page.get_by_role("dialog")).to_contain_text("还没办的 2 个号将作废")
    page.get_by_role("button", name="取消").click()
    page.get_by_role("button", name="结束活动").click()
    with page.expect_navigation():
        page.get_by_role("button", name="确定").click()
    expect(page.locator(".board .state").first).to_have_text("已结束")
    with database.connect() as connection:
        state = text("SELECT state FROM activity WHERE id = :id")
        assert connection.execute(state, {"id": market.id}).scalar_one() == "closed"


def test_a_board_tells_that_somebody_else_has_closed_the_market(
    office: OpenOffice, staff: Caller, market: Market
) -> None:
    desk = office("organiser")
    desk.page.clock.install()
    page = desk.open(f"/console/board/{market.id}")
    staff.post(f"/activities/{market.id}/close")
    _next_answer(page, EVERY_S)
    expect(page.locator(".board .state").first).to_have_text("已结束")
    expect(page.get_by_role("button", name="结束活动")).to_have_count(0)


def test_a_board_says_before_and_after_that_it_is_logged_out(
    office: OpenOffice, database: Engine, market: Market
) -> None:
    desk = office("organiser")
    desk.page.clock.install()
    page = desk.open(f"/console/board/{market.id}")
    expect(page.get_by_text("再过 5 分钟会自动退出登录")).to_be_hidden()
    with page.expect_response("**/now*"):
        page.clock.fast_forward("25:00")
    _settled(page)
    expect(page.get_by_text("再过 5 分钟会自动退出登录")).to_be_visible()
    expect(page.locator("[data-live-notice]")).to_be_empty()
    # As if half an hour had passed on the server too.
    change(database, "UPDATE console_session SET last_used_at = now() - interval '31 minutes'")
    _next_answer(page, EVERY_S)
    notice = page.locator("[data-live-notice]")
    expect(notice).to_contain_text("已自动退出登录，显示的是")
    expect(page.get_by_text("再过 5 分钟会自动退出登录")).to_be_hidden()
    link = notice.get_by_role("link", name="重新登录")
    expect(link).to_have_attribute("href", re.compile("^/console/login"))
    expect(page.get_by_role("row", name=re.compile("理发角"))).to_be_visible()
    desk.axe()
    desk.screenshot("board-logged-out")
    # Somebody logs in again in another tab: the cookie is the same.
    change(database, "UPDATE console_session SET last_used_at = now()")
    _next_answer(page, LONGEST_PAUSE_S)
    expect(notice).to_be_empty()


def test_another_regions_board_is_refused(office: OpenOffice, system: LocalSystem) -> None:
    elsewhere = make_market(Caller(system.web, "admin"), region="320412104001")
    desk = office("organiser")
    page = desk.open(f"/console/board/{elsewhere.id}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("[data-live]")).to_have_count(0)
    expect(page.get_by_text(elsewhere.title)).to_have_count(0)


# ---------------------------------------------------------------------------- the display


def test_a_display_needs_no_login_and_reads_from_ten_metres(
    office: OpenOffice, system: LocalSystem, market: Market
) -> None:
    _come(market, system.web, market.haircut, 4)
    _come(market, system.web, market.clinic, 1)
    called = market.call_next(market.haircut)
    screen = office(None, 1920, 1080)
    page = screen.open(f"/console/board/{market.id}/display")
    card = page.get_by_role("region", name="2 号摊位 理发角")
    expect(card.locator(".called-ticket")).to_have_text(called["ticket"])
    expect(card).to_contain_text("接下来")
    assert _smallest_text(page) >= 28
    _check_ten_metres(page)
    screen.axe()
    screen.screenshot("display-1920")


def _check_ten_metres(page: Page) -> None:
    """Capitals of 80 px: 50 mm on a 55-inch screen, a two-hundredth of ten metres."""
    height = page.locator(".called-ticket").first.evaluate(
        """(one) => { const canvas = document.createElement('canvas').getContext('2d');
          const style = getComputedStyle(one);
          canvas.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
          return canvas.measureText('A').actualBoundingBoxAscent; }"""
    )
    assert height >= 80
    # And it fits its card, and the cards the screen.
    assert page.evaluate(
        """() => [...document.querySelectorAll('.called-card')]
          .filter((card) => card.checkVisibility())
          .every((card) => {
            const words = document.createRange();
            const box = card.getBoundingClientRect();
            return box.bottom <= innerHeight && [...card.children].every((one) => {
              words.selectNodeContents(one);
              const { left, right, bottom } = words.getBoundingClientRect();
              return one.className === 'called-stall' ||
                (left >= box.left && right <= box.right && bottom <= box.bottom + 8);
            });
          })"""
    )


def _check_titles(page: Page) -> None:
    """On an office's screen too each card shows whole lines: its stall, its number, who is next."""
    cut = page.evaluate(
        """() => [...document.querySelectorAll('.called-card')]
          .filter((card) => card.checkVisibility())
          .flatMap((card) => [...card.children].filter((one) => {
            const inside = card.getBoundingClientRect(), box = one.getBoundingClientRect();
            return box.height + 1 < parseFloat(getComputedStyle(one).fontSize) ||
              box.top < inside.top || box.bottom > inside.bottom + 1 || inside.bottom > innerHeight;
          })).map((one) => one.outerHTML)"""
    )
    assert cut == []


@pytest.mark.parametrize("stalls", [7, 15, 18])
def test_many_stalls_fit_or_take_turns(
    office: OpenOffice, system: LocalSystem, staff: Caller, market: Market, stalls: int
) -> None:
    names = ["健康体检", "法律咨询", "家电维修", "磨刀补鞋", "中医推拿", "视力检查", "手机课堂"]
    services = [market.clinic, market.haircut]
    for number in range(4, stalls + 2):
        made = staff.post(f"/activities/{market.id}/stalls",
                          {"number": str(number), "name": names[number % len(names)]})  # fmt: skip
        body = {"title": "服务", "service_kind": "other", "mode": "queue"}
        offering = staff.post(f"/stalls/{made['id']}/offerings", body)
        services.append(Service("服务", made["id"], offering["id"]))
    person = Caller(system.web, new_name()).resident_id
    market.admit(person)
    _come(market, system.web, services[0], 5)
    for service in services[1:7]:
        market.give_number(service, person)
    for service in services[:7]:
        market.call_next(service)
    screen = office(None, 1920, 1080)
    screen.page.clock.install()
    page = screen.open(f"/console/board/{market.id}/display")
    on_screen = stalls if stalls <= 15 else 9
    expect(page.locator(".called-card:visible")).to_have_count(on_screen)
    assert _smallest_text(page) >= 28
    _check_ten_metres(page)
    screen.axe()
    screen.screenshot(f"display-{stalls}")
    for width, height in ((1440, 900), (1366, 768)):
        page.set_viewport_size({"width": width, "height": height})
        _check_titles(page)
        screen.screenshot(f"display-{stalls}-{width}")
    wall = office("organiser", 1920, 1080)
    wall.open(f"/console/board/{market.id}?wall=1")
    assert wall.page.evaluate("document.documentElement.scrollHeight") <= 1080
    wall.screenshot(f"board-wall-{stalls}")
    if stalls > 15:
        expect(page.locator("[data-pages]")).to_have_text("第 1 屏，共 2 屏")
        last = page.get_by_role("region", name=re.compile(f"^{stalls + 1} 号"))
        expect(last).to_be_hidden()
        _pass(page, 12)
        expect(last).to_be_visible()
        _pass(page, 12)
        expect(last).to_be_hidden()
        # Who is called on the other screen is shown at once.
        market.give_number(services[-1], person)
        market.call_next(services[-1])
        _next_answer(page, DISPLAY_EVERY_S)
        expect(last).to_be_visible()
        expect(last).to_have_class(re.compile("just-called"))


def test_each_call_is_spoken_twice_and_a_recall_again(
    office: OpenOffice, system: LocalSystem, market: Market
) -> None:
    _come(market, system.web, market.haircut, 3)
    screen = office(None, 1920, 1080)
    page = screen.page
    page.clock.install()
    page.add_init_script(RECORDER)
    screen.open(f"/console/board/{market.id}/display")
    # Not before somebody has pressed: browsers would not speak.
    first = market.call_next(market.haircut)
    _next_answer(page, DISPLAY_EVERY_S)
    expect(page.locator(".called-ticket")).to_have_text(first["ticket"])
    assert page.evaluate("said") == []
    page.get_by_role("button", name="打开语音").click()
    expect(page.get_by_role("button", name="关闭语音")).to_have_attribute("aria-pressed", "true")
    _finish(page)
    market.recall(first)
    _next_answer(page, DISPLAY_EVERY_S)
    words = "请 B 零 零 一 号，到 2 号摊位 理发角"
    _said(page, ["语音已打开", words])
    _finish(page)
    _said(page, ["语音已打开", words, words])
    _finish(page)
    # Nothing more, however often it asks.
    _next_answer(page, DISPLAY_EVERY_S)
    _said(page, ["语音已打开", words, words])
    # Who has come to the desk is not called a second time.
    market.recall(first)
    _next_answer(page, DISPLAY_EVERY_S)
    market.act(first, "start")
    _next_answer(page, DISPLAY_EVERY_S)
    _finish(page)
    _said(page, ["语音已打开", words, words, words])
    page.get_by_role("button", name="关闭语音").click()
    market.call_next(market.haircut)
    _next_answer(page, DISPLAY_EVERY_S)
    _said(page, ["语音已打开", words, words, words])


def _said(page: Page, sentences: list[str]) -> None:
    page.wait_for_function("(n) => said.length >= n", arg=len(sentences))
    assert page.evaluate("said") == sentences


def _finish(page: Page) -> None:
    page.evaluate("finish()")


def test_calls_of_a_lost_minute_are_shown_and_not_spoken(
    office: OpenOffice, system: LocalSystem, market: Market, database: Engine
) -> None:
    _come(market, system.web, market.haircut, 1)
    screen = office(None, 1920, 1080)
    page = screen.page
    page.clock.install()
    page.add_init_script(RECORDER)
    screen.open(f"/console/board/{market.id}/display")
    page.get_by_role("button", name="打开语音").click()
    _finish(page)
    _drop_network(page)
    _next_failure(page, DISPLAY_EVERY_S)
    expect(page.locator("[data-live-notice]")).to_contain_text("网络断开，显示的是")
    screen.axe()
    screen.screenshot("display-offline")
    called = market.call_next(market.haircut)
    long_past = "UPDATE booking SET called_at = called_at - interval '2 minutes' WHERE id = :id"
    change(database, long_past, id=called["id"])
    # It asks less and less often, but at least twice a minute.
    asked: list[str] = []
    page.on("requestfailed", lambda request: asked.append(request.url))
    for _ in range(12):
        _pass(page, 10)
    assert 3 <= len(asked) <= 7
    _restore_network(page)
    _next_answer(page, LONGEST_PAUSE_S)
    expect(page.locator(".called-ticket")).to_have_text(called["ticket"])
    expect(page.locator("[data-live-notice]")).to_be_empty()
    assert page.evaluate("said") == ["语音已打开"]
    screen.faults().clear()


def test_a_strange_answer_is_no_answer(office: OpenOffice, market: Market) -> None:
    """A network's own login page must not take the place of the numbers."""
    screen = office(None, 1920, 1080)
    page = screen.page
    page.clock.install()
    screen.open(f"/console/board/{market.id}/display")

    def strange(route: Route) -> None:
        route.fulfill(status=200, content_type="text/html", body="<h1>请先登录校园网</h1>")

    page.context.route("**/now*", strange)
    _next_answer(page, DISPLAY_EVERY_S)
    expect(page.locator("[data-live-notice]")).to_contain_text("网络断开")
    expect(page.locator(".called-card")).to_have_count(2)


def test_a_pc_without_a_chinese_voice_says_so(office: OpenOffice, market: Market) -> None:
    screen = office(None, 1920, 1080)
    page = screen.page
    page.add_init_script(RECORDER + "window.voices = [{ lang: 'en-US', name: 'x' }];")
    screen.open(f"/console/board/{market.id}/display")
    page.get_by_role("button", name="打开语音").click()
    expect(page.get_by_text("这台电脑没有中文语音")).to_be_visible()
    screen.axe()
    assert page.evaluate("said") == []


def test_a_wall_hangs_by_its_link_without_a_login(
    office: OpenOffice, system: LocalSystem, market: Market
) -> None:
    _come(market, system.web, market.haircut, 2)
    desk = office("organiser", 1440, 900)
    page = desk.open(f"/console/board/{market.id}")
    page.get_by_role("button", name="大屏链接").click()
    link = page.get_by_role("link", name=re.compile("walls.show"))
    address = (link.get_attribute("href") or "").partition("/console")[2]
    page.get_by_label("地区").select_option(index=1)
    page.get_by_role("button", name="新建链接").click()
    expect(link).not_to_have_attribute("href", re.compile(address))
    page.reload()
    expect(link).to_be_visible()
    expect(page.get_by_text("已恢复")).to_have_count(0)
    page.go_back()
    expect(link).to_have_attribute("href", re.compile(address))
    desk.axe()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="复制链接").click()
    expect(page.get_by_role("button", name="已复制")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == link.get_attribute("href")
    desk.screenshot("walls-1440")
    page.set_viewport_size({"width": 1366, "height": 768})
    desk.screenshot("walls-1366")
    wall = office(None, 1920, 1080)
    shown = wall.open(f"/console{address}")
    expect(shown.get_by_role("heading", name=market.title)).to_be_visible()
    expect(shown.locator("#board-figures")).to_contain_text("2")
    wall.axe()
    wall.screenshot("wall-by-link")
