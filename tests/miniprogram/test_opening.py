"""When a market opens everybody logs in at once: the phone waits with its person, says so where the
page waits, and goes on with what they wanted. Nobody gives up for them."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Route, expect
from sqlalchemy import Engine

from tests.miniprogram.phones import OpenPhone, Phone
from tests.miniprogram.test_resident_flow import booking_states, sign_up_page
from tests.miniprogram.town import PRIVACY_VERSION, Caller, Market, new_name

WAITING = "人多，正在为您登录…"
BUSY = "现在登录的人多，还没轮到您"
LOGIN = "/auth/wechat"

Act = Callable[[Phone], None]


@pytest.fixture
def busy(phone: OpenPhone) -> Callable[..., Phone]:
    """`busy("pages/…", 503, 429)` opens a newcomer's phone, agreed and never logged in, whose
    logins are refused so; after that they reach the server."""

    def open_at(path: str, *statuses: int, name: str = "", clock: bool = False) -> Phone:
        mine = phone(name or new_name(), path="pages/about/about", clock=clock,
                     kept={"privacy": PRIVACY_VERSION})  # fmt: skip
        left = list(statuses)

        def refuse(route: Route) -> None:
            if not left:
                route.fallback()
                return
            status = left.pop(0)
            problem: dict[str, Any] = {"code": "wechat_busy", "title": BUSY, "status": status}
            route.fulfill(status=status, json=problem)

        mine.page.route(f"**{LOGIN}", refuse)
        for status in set(statuses):
            mine.allow(status, LOGIN)
        mine.page.evaluate("url => wx.reLaunch({ url })", f"/{path}")
        return mine

    return open_at


def says_that_it_waits(mine: Phone) -> None:
    expect(mine.page.get_by_role("status").filter(has_text=WAITING).first).to_be_visible()


PAGES: dict[str, tuple[str, Act, str]] = {
    "a page that reads first": ("pages/bookings/bookings", lambda _: None, "还没有报过名"),
    "a tab that asks": ("pages/number/number", lambda mine: mine.tap("查看我的号"), "您现在没有号"),
    "the login itself": ("pages/mine/mine", lambda mine: mine.tap("微信登录"), "我的签到码"),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_busy_login_is_waited_for(busy: Callable[..., Phone], name: str) -> None:
    path, act, wanted = PAGES[name]
    mine = busy(path, 503, 429)
    act(mine)
    says_that_it_waits(mine)
    mine.sees(wanted)
    mine.misses(WAITING)


def test_what_was_tapped_is_done_once_the_login_got_through(
    busy: Callable[..., Phone], market: Market, system: Any, database: Engine
) -> None:
    name = new_name()
    mine = busy(sign_up_page(market, market.clinic), 503, 429, name=name)
    mine.page.get_by_role("radio", name="余 5").first.tap()
    mine.tap("确认报名")
    says_that_it_waits(mine)
    mine.look("login-waits")
    mine.sees("报名成功")
    assert booking_states(database, Caller(system.web, name).resident_id) == ["confirmed"]


def test_after_half_a_minute_it_says_what_to_do_and_one_button_does_it(
    busy: Callable[..., Phone],
) -> None:
    mine = busy("pages/bookings/bookings", *([503] * 20), clock=True)
    says_that_it_waits(mine)
    mine.look("login-waits-page")
    while not mine.page.get_by_text(BUSY).filter(visible=True).count():
        mine.page.clock.run_for(2000)
    mine.misses(WAITING)
    mine.page.unroute(f"**{LOGIN}")
    mine.tap("再试一次")
    mine.sees("还没有报过名")
