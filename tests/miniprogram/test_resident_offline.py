"""Without a network, with a slow one, without a server: nothing is lost, the page says so, and goes
on when it is back; what was pressed is in the database exactly once."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Route, expect
from sqlalchemy import Engine

from tests.miniprogram.phones import OpenPhone, Phone
from tests.miniprogram.town import Caller, Market, change, open_since, picture, rows

SENT_PHOTOS = (
    "SELECT count(*) FROM rating_photo JOIN rating ON rating.id = rating_id WHERE resident_id = :id"
)
SAVED = "还有 1 条未上传"


@pytest.fixture
def booking(resident: Caller, market: Market) -> Any:
    """An appointment of the resident's at the market's clinic."""
    body = {"slot_id": market.clinic.slots[0]}
    return resident.post(f"/offerings/{market.clinic.offering_id}/bookings", body)


@pytest.fixture
def served(resident: Caller, market: Market) -> Any:
    """A haircut that the resident may rate."""
    market.admit(resident.resident_id)
    market.give_number(market.haircut, resident.resident_id)
    return market.serve_next(market.haircut)


def check_in(phone: Phone) -> None:
    phone.page.get_by_role("button", name="签到", exact=True).tap()


def scans(database: Engine, resident: Caller) -> list[tuple[Any, ...]]:
    """Source and verdict of each of the resident's."""
    statement = "SELECT source, derived_verdict FROM scan WHERE resident_id = :id"
    return rows(database, statement, id=resident.resident_id)


def comments(database: Engine, resident: Caller) -> list[tuple[Any, ...]]:
    """Of each rating of the resident's."""
    return rows(
        database, "SELECT comment FROM rating WHERE resident_id = :id", id=resident.resident_id
    )


def test_a_check_in_waits_for_the_network(
    own: OpenPhone, resident: Caller, market: Market, database: Engine
) -> None:
    mine = own(f"pages/checkin/checkin?scene={market.code()}")
    mine.sees(market.title)
    mine.network(offline=True)
    check_in(mine)
    mine.sees("已为您保存")
    mine.sees(SAVED)
    mine.look("offline-check-in")
    assert scans(database, resident) == []
    mine.network()
    mine.sees("签到成功")
    mine.misses(SAVED)
    assert scans(database, resident) == [("self", "admitted")]


def test_a_check_in_that_comes_too_late_needs_a_volunteer(
    own: OpenPhone, resident: Caller, market: Market, database: Engine
) -> None:
    open_since(database, market, hours=4)
    mine = own(f"pages/checkin/checkin?scene={market.code()}", clock=True)
    mine.sees(market.title)
    mine.network(offline=True)
    check_in(mine)
    mine.sees("已为您保存")
    mine.page.clock.fast_forward("02:01:00")
    mine.network()
    mine.sees("这次签到没有通过")
    mine.sees("请到服务台找志愿者登记")
    mine.look("offline-check-in-too-late")
    assert scans(database, resident) == [("self", "refused")]


def test_a_check_in_survives_closing_the_mini_program(
    own: OpenPhone, resident: Caller, market: Market, database: Engine
) -> None:
    mine = own(f"pages/checkin/checkin?scene={market.code()}")
    mine.sees(market.title)
    mine.cut_off()
    check_in(mine)
    mine.sees("已为您保存")
    mine.reopen()
    mine.sees(SAVED)
    mine.reconnect()
    mine.come_back()
    mine.misses(SAVED)
    assert scans(database, resident) == [("self", "admitted")]
    mine.reopen()
    mine.sees(market.title)
    assert not [one for one in mine.harness("requests") if one["method"] == "POST"]


def test_a_rating_whose_answer_was_lost_is_one_rating(
    own: OpenPhone, resident: Caller, served: Any, database: Engine
) -> None:
    mine = own(f"pages/rate/rate?booking={served['id']}")
    mine.page.get_by_role("radio", name="不满意").first.tap()
    mine.page.get_by_label("还想说的话").fill("等了很久")
    mine.sees("可以在微信里提醒您：投诉办得怎么样了")
    mine.misses("您替")
    photo = f"data:image/png;base64,{picture()}"
    add = "photo => window.__harness.album.push(photo, 'data:text/plain,nothing')"
    mine.page.evaluate(add, photo)
    mine.tap("加照片")
    mine.lose_answer("/ratings")
    mine.tap("提交评价")
    mine.sees("已为您保存，联网后自动提交")
    mine.sees("照片还没有传")
    assert mine.asked_messages() == [["complaint"]]
    mine.look("offline-rating")
    mine.allow(422, "")
    mine.come_back()
    mine.misses(SAVED)
    # Its photos follow it; one that does not arrive brings the form back.
    mine.sees("第 2 张照片没传上")
    mine.come_back()
    mine.sees("第 2 张照片没传上")
    mine.sees("已传上 1 张")
    mine.page.get_by_role("button", name="不要照片 1").tap()
    mine.tap("提交评价")
    mine.sees("我们会核实、整改并答复您")
    assert comments(database, resident) == [("等了很久",)]
    assert rows(database, SENT_PHOTOS, id=resident.resident_id) == [(1,)]


def test_a_cancellation_waits_for_the_network(
    own: OpenPhone, booking: Any, database: Engine
) -> None:
    mine = own("pages/bookings/bookings")
    mine.sees("已报名")
    mine.network(offline=True)
    mine.tap("取消这个号")
    mine.tap("确定取消")
    mine.sees("联网后取消")
    expect(mine.page.get_by_role("button", name="取消这个号")).to_have_count(0)
    mine.look("offline-cancel")
    mine.network()
    mine.sees("已取消")
    assert rows(
        database,
        "SELECT count(*) FROM audit_entry WHERE object_id = :id AND action = 'cancel'",
        id=booking["id"],
    ) == [(1,)]


def test_a_late_refusal_is_shown_until_it_is_read(
    own: OpenPhone, market: Market, resident: Caller, booking: Any
) -> None:
    mine = own("pages/number/number")
    mine.sees("A001 号")
    mine.network(offline=True)
    mine.page.get_by_role("button", name="取消", exact=True).tap()
    mine.tap("确定取消")
    mine.sees("联网后取消")
    market.admit(resident.resident_id)
    market.act(market.call_next(market.clinic), "start")
    mine.allow(409, "/cancel")
    mine.network()
    expect(mine.page.get_by_role("alert")).to_contain_text("取消：义诊 A001 没有提交成功")
    mine.sees("正在为您服务")
    mine.tap("知道了")
    mine.misses("没有提交成功")


def test_a_sign_up_whose_answer_was_lost_is_one_booking(
    own: OpenPhone, resident: Caller, market: Market, database: Engine
) -> None:
    offering = market.clinic.offering_id
    mine = own(f"pages/sign-up/sign-up?activity={market.id}&offering={offering}")
    slot = mine.page.get_by_role("radio", name="余 5").first
    slot.tap()
    mine.network(offline=True)
    mine.tap("确认报名")
    expect(mine.page.get_by_role("alert")).to_contain_text("网络不太好")
    expect(slot).to_be_checked()
    mine.network()
    mine.lose_answer("/bookings")
    mine.lose_answer("/message-credits", times=3)
    mine.tap("确认报名")
    mine.sees("报名成功")
    count = "SELECT count(*) FROM booking WHERE resident_id = :id"
    assert rows(database, count, id=resident.resident_id) == [(1,)]
    # So is a yes to WeChat's messages, told again with the next thing that is done.
    told = "__harness.requests.filter(({ url }) => url.endsWith('/message-credits')).length"
    mine.page.wait_for_function(f"() => {told} === 6")
    market.admit(resident.resident_id)
    haircut = f"/pages/sign-up/sign-up?activity={market.id}&offering={market.haircut.offering_id}"
    mine.page.evaluate("url => wx.navigateTo({ url })", haircut)
    with mine.page.expect_response("**/me/message-credits") as answer:
        mine.tap("现场取号")
    assert answer.value.ok
    assert len(mine.asked_messages()) == 1
    credit = (
        "SELECT DISTINCT remaining FROM message_credit c JOIN resident r USING (user_id)"
        " WHERE r.id = :id"
    )
    assert rows(database, credit, id=resident.resident_id) == [(1,)]


def test_the_number_stays_on_the_screen_and_follows_again(
    own: OpenPhone, resident: Caller, market: Market
) -> None:
    market.admit(resident.resident_id)
    market.give_number(market.haircut, resident.resident_id)
    mine = own("pages/number/number", clock=True)
    mine.sees("下一位就是您")
    mine.network(offline=True)
    mine.page.clock.fast_forward("00:05")
    mine.sees("网络不太好，显示的可能不是最新内容")
    mine.sees("B001")
    market.call_next(market.haircut)
    mine.network()
    mine.sees("轮到您了")
    mine.misses("网络不太好")
    # The network is there and the server is too busy: what is shown may be old all the same.
    mine.allow(503, "/me/bookings")
    mine.page.route("**/me/bookings?*", lambda route: route.fulfill(status=503))
    mine.page.clock.fast_forward("00:05")
    mine.sees("暂时没更新上，显示的可能不是最新内容")
    mine.sees("轮到您了")
    mine.look("number-behind")
    mine.reconnect()
    mine.page.clock.fast_forward("00:10")
    mine.misses("暂时没更新上")


def test_every_page_says_so_and_goes_on(
    own: OpenPhone, resident: Caller, market: Market, served: Any
) -> None:
    member = resident.post("/me/family", {"name": "王奶奶"})["id"]
    market.give_number(market.haircut, member)
    hers = market.serve_next(market.haircut)
    pages = {
        f"market/market?id={market.id}": "摊位和服务",
        f"sign-up/sign-up?activity={market.id}&offering={market.haircut.offering_id}": "现场取号",
        f"checkin/checkin?scene={market.code()}": "您来到了",
        "my-code/my-code": "秒后自动换新",
        f"rate/rate?booking={served['id']}": "提交评价",
        f"rate/rate?booking={hers['id']}": "您替王奶奶评价",
        "bookings/bookings": "B001",
        "visits/visits": market.title,
        "ratings/ratings": "还没有评价过",
        "family/family": "王奶奶",
        "phone/phone": "保存姓名和年份",
        "consents/consents": "使用手机号",
        "my-data/my-data": "登录记录",
        "community/community": "湖塘镇",
    }
    mine = own(clock=True)
    mine.sees("近期活动")
    for page, words in pages.items():
        mine.network(offline=True)
        mine.page.evaluate("url => wx.navigateTo({ url })", f"/pages/{page}")
        for _ in range(3):  # it tries again by itself before it complains
            mine.page.clock.fast_forward("00:02")
        mine.sees("再试一次")
        mine.sees("网络不太好，请稍后再试")
        mine.network()
        mine.sees(words)
        mine.misses("再试一次")
        mine.page.evaluate("wx.navigateBack()")
    mine.network(offline=True)
    mine.page.evaluate("wx.navigateTo({ url: '/pages/bookings/bookings' })")
    for _ in range(3):
        mine.page.clock.fast_forward("00:02")
    mine.sees("再试一次")
    mine.look("offline")


def test_a_request_that_hangs_is_given_up_after_ten_seconds(
    own: OpenPhone, resident: Caller, market: Market, database: Engine
) -> None:
    mine = own(f"pages/checkin/checkin?scene={market.code()}", clock=True)
    mine.sees(market.title)
    mine.network(delay_ms=60_000)
    check_in(mine)
    expect(mine.page.get_by_role("button", name="签到")).to_be_disabled()
    mine.page.clock.fast_forward("00:10")
    mine.sees("已为您保存")
    mine.network()
    mine.come_back()
    mine.sees("签到成功")
    assert scans(database, resident) == [("self", "admitted")]


def test_a_server_that_is_down_is_told_in_plain_words(own: OpenPhone, market: Market) -> None:
    mine = own(clock=True)
    mine.sees("近期活动")
    mine.allow(502, f"/activities/{market.id}")
    mine.page.route(
        f"**/activities/{market.id}",
        lambda route: route.fulfill(status=502, content_type="text/html", body="<h1>Bad Gateway"),
    )
    mine.page.evaluate("url => wx.navigateTo({ url })", f"/pages/market/market?id={market.id}")
    for _ in range(3):
        mine.page.clock.fast_forward("00:02")
    mine.sees("服务正忙，请稍后再试")
    mine.reconnect()
    mine.tap("再试一次")
    mine.sees("摊位和服务")


def too_many(seconds: int) -> Callable[[Route], None]:
    """The answer to who has done too much."""
    problem = {"code": "too_many_requests", "title": "操作太频繁，请稍后再试",
               "detail": f"您刚才操作得太多，请等 {seconds} 秒再试"}  # fmt: skip
    return lambda route: route.fulfill(
        status=429,
        headers={"Retry-After": str(seconds), "Access-Control-Expose-Headers": "*"},
        content_type="application/problem+json",
        body=json.dumps(problem),
    )


def test_who_does_too_much_waits_as_long_as_the_server_says(own: OpenPhone, market: Market) -> None:
    """A short wait passes by itself; of a long one the person is told."""
    mine = own(clock=True)
    mine.sees("近期活动")
    mine.allow(429, f"/activities/{market.id}")
    path = f"**/activities/{market.id}"
    mine.page.route(path, too_many(3), times=1)
    open_market = "url => wx.navigateTo({ url })"
    mine.page.evaluate(open_market, f"/pages/market/market?id={market.id}")
    mine.page.clock.fast_forward("00:02")
    mine.misses("摊位和服务")
    mine.page.clock.fast_forward("00:02")
    mine.sees("摊位和服务")
    mine.page.evaluate("wx.navigateBack()")
    mine.page.route(path, too_many(40), times=1)
    mine.page.evaluate(open_market, f"/pages/market/market?id={market.id}")
    mine.sees("您刚才操作得太多，请等 40 秒再试")
    mine.screenshot("too-many")
    mine.tap("再试一次")
    mine.sees("摊位和服务")


def test_an_ended_login_is_renewed_once_and_nothing_typed_is_lost(
    own: OpenPhone, resident: Caller, served: Any, database: Engine
) -> None:
    mine = own(f"pages/rate/rate?booking={served['id']}")
    mine.page.get_by_role("radio", name="满意").nth(1).tap()
    mine.page.get_by_label("还想说的话").fill("手艺好")
    change(
        database,
        "UPDATE login_session SET revoked_at = now() WHERE user_id ="
        " (SELECT user_id FROM resident WHERE id = :id)",
        id=resident.resident_id,
    )
    mine.allow(401, "/ratings")
    mine.tap("提交评价")
    mine.sees("谢谢您的评价")
    logins = [one for one in mine.harness("requests") if one["url"].endswith("/auth/wechat")]
    assert len(logins) == 1
    assert comments(database, resident) == [("手艺好",)]


def test_what_is_typed_stays_until_it_is_saved(
    own: OpenPhone, resident: Caller, database: Engine
) -> None:
    mine = own("pages/phone/phone")
    mine.page.get_by_label("姓名").fill("王秀英")
    mine.page.get_by_role("checkbox", name="同意这样使用").tap()
    mine.tap("自己填写手机号")
    mine.page.get_by_label("手机号", exact=True).fill("138")
    mine.reopen()
    expect(mine.page.get_by_label("姓名")).to_have_value("王秀英")
    expect(mine.page.get_by_label("手机号", exact=True)).to_have_value("138")
    mine.network(offline=True)
    mine.tap("保存姓名和年份")
    expect(mine.page.get_by_role("alert")).to_have_text("网络不太好，请稍后再试")
    expect(mine.page.get_by_label("姓名")).to_have_value("王秀英")
    mine.network()
    mine.tap("保存姓名和年份")
    expect(mine.page.get_by_role("status").filter(has_text="已保存")).to_be_visible()
    name = rows(database, "SELECT name FROM resident WHERE id = :id", id=resident.resident_id)
    assert name == [("王秀英",)]
    drafts = "() => wx.getStorageInfoSync().keys.filter(key => key.startsWith('draft:'))"
    assert mine.page.evaluate(drafts) == ["draft:my-phone"]
