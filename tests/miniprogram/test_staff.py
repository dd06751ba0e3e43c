"""The organiser on the spot: opening and closing the market, its code, its figures."""

from collections.abc import Callable

from urllib.parse import quote

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine, text

from backend.local.system import LocalSystem
from tests.miniprogram.phones import OpenPhone, Phone
from tests.miniprogram.town import Caller, Market, make_market, new_name, rows

MARKET = "packages/staff/pages/market/market"
CODE = "packages/staff/pages/code/code"
OpenAs = Callable[[str], Phone]


@pytest.fixture
def own(phone: OpenPhone, organiser: Caller) -> OpenAs:
    """Opens a page on the organiser's phone."""
    return lambda path: phone(organiser.name, path=path, kept=organiser.kept, clock=True)


def state(database: Engine, market: Market) -> str:
    ((found,),) = rows(database, "SELECT state FROM activity WHERE id = :id", id=market.id)
    return str(found)


def answer(phone: Phone, button: str) -> None:
    """Answer what the phone asks."""
    phone.page.get_by_role("dialog").get_by_role("button", name=button, exact=True).tap()


def test_a_market_from_opening_to_its_end(
    own: OpenAs, phone: OpenPhone, system: LocalSystem, organiser: Caller, database: Engine
) -> None:
    market = make_market(organiser, live=False, rotates=60)
    mine = own("pages/mine/mine")
    mine.tap("集市现场管理")
    mine.tap(market.title)
    mine.tap("开放集市")
    mine.sees("不是今天的集市")  # it begins tomorrow
    answer(mine, "先不开放")
    assert state(database, market) == "published"
    mine.tap("开放集市")
    answer(mine, "开放")
    mine.sees("集市已开放")
    assert state(database, market) == "live"
    (slot, _) = market.clinic.slots
    Caller(system.web, new_name()).post(
        f"/offerings/{market.clinic.offering_id}/bookings", {"slot_id": slot}
    )
    # Its day comes: nobody is let in before.
    with database.begin() as connection:
        connection.execute(
            text(
                "UPDATE activity SET starts_at = starts_at - interval '1 day',"
                " ends_at = ends_at - interval '1 day' WHERE id = :id"
            ),
            {"id": market.id},
        )

    # Its code brings a resident in.
    mine.tap("出示签到码")
    mine.sees("秒后自动换新")
    mine.look("staff-code")
    (link,) = mine.harness("codes()")
    resident = Caller(system.web, new_name())
    path = f"pages/checkin/checkin?q={quote(link, safe='')}"
    other = phone(resident.name, path=path, kept=resident.kept)
    other.page.get_by_role("button", name="签到", exact=True).tap()
    other.sees("签到成功")
    market.give_number(market.haircut, resident.resident_id)
    passed = Caller(system.web, new_name()).resident_id
    market.admit(passed)
    market.give_number(market.clinic, passed)
    served = market.act(market.call_next(market.clinic), "start")
    mine.tap("返回")
    figures = mine.page.locator(".figures:visible")
    expect(figures).to_contain_text("2签到人次")
    expect(figures).to_contain_text("1在排队")
    mine.sees("1 位在等")
    mine.look("staff-market-live")

    # The end says what becomes of everybody who has a number, as the console does.
    assert served["state"] == "serving"
    mine.tap("结束集市")
    mine.sees(
        "还没办的 1 个号将作废（等候 1、已叫号 0、暂时离开 0、过号 0）；没有来的 1 个预约记为未到场；"
        "正在服务的 1 位可以办完；结束后不能再开。"
    )
    mine.screenshot("staff-market-end")
    answer(mine, "结束")
    mine.sees("集市已结束")
    assert state(database, market) == "closed"
    mine.misses("出示签到码")


def test_a_colleague_has_opened_it_already(
    own: OpenAs, organiser: Caller, database: Engine
) -> None:
    market = make_market(organiser, live=False)
    mine = own(f"{MARKET}?id={market.id}")
    mine.sees("开放集市")
    organiser.post(f"/activities/{market.id}/open")
    mine.allow(409, "/open")
    mine.tap("开放集市")
    answer(mine, "开放")
    mine.sees("结束集市")
    assert state(database, market) == "live"


def test_the_code_changes_and_never_outlives_its_time(own: OpenAs, organiser: Caller) -> None:
    market = make_market(organiser, rotates=60)
    mine = own(f"{CODE}?id={market.id}")
    mine.sees("秒后自动换新")
    (first,) = mine.harness("codes()")
    mine.page.clock.fast_forward("01:00")
    mine.page.wait_for_function(
        "async (first) => { const [now] = await __harness.codes(); return now && now !== first; }",
        arg=first,
    )
    # Without a network the code on the screen ends, and the page says so.
    mine.network(offline=True)
    mine.page.clock.fast_forward("05:00")
    mine.sees("再试一次")
    assert mine.harness("codes()") == []
    mine.network()
    mine.page.clock.fast_forward("00:10")
    mine.sees("用微信扫一扫")


def test_a_leaked_code_is_replaced(own: OpenAs, market: Market) -> None:
    mine = own(f"{CODE}?id={market.id}")
    mine.sees("用微信扫一扫")
    (leaked,) = mine.harness("codes()")
    mine.tap("码被人转发了？换新码")
    answer(mine, "换新码")
    mine.sees("已换成新码")
    (fresh,) = mine.harness("codes()")
    assert fresh != leaked
    mine.look("staff-code-replaced")


def test_a_resident_is_shown_nothing_of_it(
    phone: OpenPhone, system: LocalSystem, market: Market
) -> None:
    resident = Caller(system.web, new_name())
    mine = phone(
        resident.name,
        path=f"{MARKET}?id={market.id}",
        kept=resident.kept,
        allowed=[(403, "/summary")],
    )
    mine.sees("再试一次")
    mine.misses("签到人次")
