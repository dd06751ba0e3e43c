"""What residents do at a market, from the first visit to the rating; the database is looked at."""

import json
import re
from datetime import datetime, timedelta
from urllib.parse import quote
from uuid import uuid4

import pytest
from playwright.sync_api import Route, expect
from sqlalchemy import Engine

from backend.local.system import LocalSystem
from tests.miniprogram.phones import SEEN, OpenPhone, Phone
from tests.miniprogram.town import (
    picture,
    Caller,
    Market,
    Service,
    change,
    make_market,
    new_name,
    put_back_a_day,
    rows,
    tell,
)

# Communities of a town where the demo has no activity: what is near there is the test's own.
QUIET_TOWN, QUIET_COMMUNITY, QUIET_CODE = "洛阳镇", "洛东社区", "320412103001"


def sign_up_page(market: Market, service: Service) -> str:
    return f"pages/sign-up/sign-up?activity={market.id}&offering={service.offering_id}"


def booking_states(database: Engine, resident_id: str) -> list[str]:
    """Of the resident's bookings, oldest first."""
    statement = "SELECT state FROM booking WHERE resident_id = :id ORDER BY created_at"
    return [state for (state,) in rows(database, statement, id=resident_id)]


def test_from_the_first_visit_to_the_rating(
    phone: OpenPhone, system: LocalSystem, database: Engine
) -> None:
    market = make_market(Caller(system.web, "admin"), region=QUIET_CODE)
    name = new_name()
    mine = phone(name, clock=True)
    page = mine.page

    # Choose a community and browse: nobody is asked anything.
    mine.tap("选择我的社区")
    mine.tap(QUIET_TOWN)
    mine.tap(QUIET_COMMUNITY)
    mine.sees(market.title)
    mine.misses("花园社区公益集市")  # the whole district's list has made way for the community's
    mine.tap("看看有哪些服务")
    mine.tap("义诊")
    expect(page.get_by_role("radiogroup", name="时段")).to_be_visible()
    assert not [one for one in mine.harness("requests") if one["url"].endswith("/auth/wechat")]

    # Sign up: now consent is asked for. Who refuses goes on browsing.
    page.get_by_role("radio").first.tap()
    mine.tap("确认报名")
    mine.tap("不同意，只浏览")
    expect(page.get_by_role("alert")).to_contain_text("同意隐私保护指引后才能使用")
    mine.tap("确认报名")
    mine.sees("您可以随时查看、更正或删除")
    mine.sees("您的报名、签到、评价和需求")
    mine.look("privacy")
    with page.expect_response("**/me/message-credits") as told:
        mine.tap("同意并继续")
    assert told.value.ok
    expect(page.get_by_role("alert")).to_contain_text("报名成功")
    mine.look("sign-up-done")
    expect(page.get_by_label("号码")).to_have_text("A001")
    resident_id = Caller(system.web, name).resident_id
    assert rows(
        database,
        "SELECT purpose FROM consent c JOIN resident r USING (user_id) WHERE r.id = :id",
        id=resident_id,
    ) == [("privacy",)]
    assert booking_states(database, resident_id) == ["confirmed"]
    # WeChat has asked once, in the tap, and the server knows what was said before the login.
    assert mine.asked_messages() == [["called", "change"]], (
        "today's needs no reminder the day before"
    )
    credit = (
        "SELECT template FROM message_credit c JOIN resident r USING (user_id) WHERE r.id = :id"
    )
    assert sorted(rows(database, credit, id=resident_id)) == [("called",), ("change",)]

    # On the spot: the market's code.
    mine.tap("看我的号")
    mine.tap("到了？扫码签到")
    mine.tap("扫一扫")
    mine.scan(market.code())
    mine.sees(market.title)
    page.get_by_role("button", name="签到", exact=True).tap()
    expect(page.get_by_role("alert")).to_contain_text("签到成功")
    mine.look("checkin-done")
    assert booking_states(database, resident_id) == ["arrived"]
    mine.tap("看我的号")
    mine.sees("下一位就是您")

    # The stall calls: the page follows by itself, the phone vibrates, the number is big.
    called = market.call_next(market.clinic)
    page.clock.fast_forward("00:05")
    mine.sees("轮到您了")
    expect(page.get_by_role("status").filter(has_text="请到 1 号摊位 义诊台")).to_be_visible()
    assert mine.harness("vibrations").count("long") == 1
    number = page.get_by_label("号码 A001")
    assert number.evaluate("one => parseFloat(getComputedStyle(one).fontSize)") >= 48
    mine.look("number-called")

    # Served, then rated.
    market.act(called, "start")
    page.clock.fast_forward("00:05")
    mine.sees("正在为您服务")
    market.act(called, "finish")
    page.clock.fast_forward("00:05")
    mine.tap("义诊")
    page.get_by_role("radiogroup", name="整体感受").get_by_role(
        "radio", name="满意", exact=True
    ).tap()
    page.get_by_label("还想说的话").fill("大夫很耐心")
    mine.tap("提交评价")
    expect(page.get_by_role("alert")).to_contain_text("谢谢您的评价")
    mine.look("rate-done")
    assert booking_states(database, resident_id) == ["served"]
    assert rows(
        database,
        "SELECT score, comment, booking_id::text FROM rating WHERE resident_id = :id",
        id=resident_id,
    ) == [(4, "大夫很耐心", called["id"])]
    mine.tap("好的")
    mine.misses("刚刚为您服务过")


def test_sign_up_for_a_family_member(
    own: OpenPhone, resident: Caller, market: Market, database: Engine
) -> None:
    mine = own("pages/family/family")
    mine.tap("添加家人")
    mine.page.get_by_label("姓名或称呼").fill("王奶奶")
    mine.page.get_by_role("radio", name="孙女").tap()
    mine.page.get_by_role("radio", name="奶奶").last.tap()
    mine.tap("保存")
    mine.sees("修改")
    (member,) = [one["id"] for one in resident.get("/me/family")["items"]]

    theirs = own(sign_up_page(market, market.clinic))
    theirs.page.get_by_role("radio", name="王奶奶").tap()
    theirs.page.get_by_role("radio", name="余 5").first.tap()
    theirs.tap("确认报名")
    theirs.sees("王奶奶的号")
    theirs.sees("社区广场，花园路 1 号")
    assert booking_states(database, member) == ["confirmed"]
    assert booking_states(database, resident.resident_id) == []

    # What is the family's is told apart from what is mine.
    market.admit(member)
    page = own(f"pages/market/market?id={market.id}")
    page.sees("已报名：王奶奶 A001")
    page.misses("已签到")
    page.tap("为自己再报一个")
    page.page.get_by_role("radio", name="余 4").tap()
    page.tap("确认报名")
    page.sees("报名成功")
    assert booking_states(database, resident.resident_id) == ["confirmed"]


def test_another_one_for_the_family_is_not_for_oneself(
    own: OpenPhone, resident: Caller, market: Market, database: Engine
) -> None:
    """Nobody is chosen for the person; who has no family there is led to it."""
    clinic = f"/offerings/{market.clinic.offering_id}/bookings"
    resident.post(clinic, {"slot_id": market.clinic.slots[0]})
    mine = own(f"pages/market/market?id={market.id}")
    mine.tap("为家人再报一个")
    mine.tap("添加家人")
    mine.page.get_by_label("姓名或称呼").fill("王奶奶")
    mine.tap("保存")
    mine.sees("为哪位家人报名")
    mine.page.get_by_role("radio", name="余 5").tap()
    mine.tap("确认报名")
    expect(mine.page.get_by_role("alert")).to_have_text("请先选为哪位家人报名")
    mine.page.get_by_role("radio", name="王奶奶").tap()
    mine.tap("确认报名")
    mine.sees("王奶奶的号")
    (member,) = resident.get("/me/family")["items"]
    assert booking_states(database, member["id"]) == ["confirmed"]
    assert booking_states(database, resident.resident_id) == ["confirmed"]


def test_another_place_is_being_read_and_not_empty(own: OpenPhone) -> None:
    """A slow network: neither the old place's activities nor 「没有集市」 stand for the new one."""
    town = str(uuid4())
    quiet = {"id": str(uuid4()), "name": QUIET_COMMUNITY, "subdistrict_id": town,
             "subdistrict_name": QUIET_TOWN}  # fmt: skip
    mine = own()
    mine.sees("近期活动")
    nothing = json.dumps({"items": [], "next_cursor": None})
    mine.page.route(re.compile(town), lambda route: route.fulfill(
        body=nothing, content_type="application/json",
        headers={"Access-Control-Allow-Origin": "*"},
    ))  # fmt: skip
    mine.page.evaluate("one => wx.setStorageSync('community', one)", quiet)
    mine.come_back()
    mine.sees("附近近期没有集市")
    mine.network(delay_ms=60_000)
    mine.page.get_by_role("radio", name="全区").tap()
    mine.sees("正在加载")
    mine.misses("没有集市")
    mine.misses("没有更多了")
    mine.page.get_by_role("tab", name="月历").tap()
    mine.misses("点一下有活动的日子")


def test_a_rating_begun_is_still_there_after_going_back(
    own: OpenPhone, resident: Caller, market: Market, database: Engine
) -> None:
    market.give_number(market.haircut, resident.resident_id)
    market.serve_next(market.haircut)
    # Until when is the server's to say, whatever the day of the number was.
    put = "UPDATE activity SET starts_at = starts_at + :by, ends_at = ends_at + :by WHERE id = :id"
    change(database, put, by=timedelta(days=-8), id=market.id)
    listed = own("pages/bookings/bookings")
    listed.sees("已完成")
    listed.misses("评价")
    change(database, put, by=timedelta(days=8), id=market.id)
    mine = own("pages/number/number")
    mine.tap("义剪")
    faces = mine.page.get_by_role("radiogroup", name="整体感受")
    faces.get_by_role("radio", name="满意", exact=True).tap()
    mine.page.get_by_role("checkbox").first.tap()
    mine.page.get_by_label("还想说的话").fill("手艺好")
    mine.tap("返回")
    mine.tap("义剪")
    mine.sees("上次没有写完，已为您接着")
    expect(mine.page.get_by_role("checkbox").first).to_be_checked()
    mine.tap("提交评价")
    mine.sees("谢谢您的评价")
    said = "SELECT score, comment FROM rating WHERE resident_id = :id"
    assert rows(database, said, id=resident.resident_id) == [(4, "手艺好")]
    assert "draft" not in str(mine.page.evaluate("wx.getStorageInfoSync().keys"))


def test_a_complaint_is_followed_and_opened_again(
    own: OpenPhone, resident: Caller, organiser: Caller, market: Market, database: Engine
) -> None:
    prove = "UPDATE resident SET phone_state = 'verified' WHERE id = :id RETURNING phone_encrypted"
    resident.post("/me/consents", {"purpose": "phone", "version": "2026-01"})
    resident.post("/me/phone", {"phone": "13800001234"})
    change(database, prove, id=resident.resident_id)
    market.give_number(market.haircut, resident.resident_id)
    market.serve_next(market.haircut)
    mine = own("pages/number/number")
    mine.tap("义剪")
    faces = mine.page.get_by_role("radiogroup", name="整体感受")
    faces.get_by_role("radio", name="不满意", exact=True).tap()
    mine.sees("哪里没做好？")
    expect(mine.page.get_by_role("checkbox").first).to_contain_text("等太久")
    mine.page.get_by_role("checkbox").first.tap()
    chosen = [f"data:image/png;base64,{picture()}", "data:text/plain,nothing"]
    mine.page.evaluate("chosen => window.__harness.album.push(...chosen)", chosen)
    mine.allow(422, "")
    mine.tap("加照片")
    mine.tap("提交评价")
    mine.sees("请选一下")
    mine.page.get_by_role("radio", name="打 138****1234").tap()
    mine.tap("提交评价")
    # What is no photo is said, and all else is there and stays.
    mine.sees("第 2 张照片没传上：这个文件不是照片")
    mine.page.get_by_role("button", name="不要照片 1").tap()
    mine.look("rate-photos")
    mine.tap("提交评价")
    mine.sees("再打电话回访")
    (case,) = organiser.get("/rectifications", activity_id=market.id)["items"]
    assert (case["tags"], case["may_call"]) == (["slow"], True)
    organiser.post(f"/rectifications/{case['id']}/reply", {"reply": "加了一位师傅"})
    mine = own("pages/ratings/ratings")
    mine.tap("有答复了")
    mine.sees("加了一位师傅")
    expect(mine.page.get_by_label("您附的照片 1")).to_be_visible()
    assert len(mine.harness("userFiles()")) == 1
    assert "base64" not in str(mine.harness("data()"))
    mine.tap("还没解决")
    # What was begun and taken back is not begun.
    mine.page.get_by_label("哪里还没解决").fill("没")
    mine.page.get_by_label("哪里还没解决").fill("")
    mine.tap("返回")
    assert mine.harness("userFiles()") == []
    mine.tap("有答复了")
    mine.tap("还没解决")
    mine.page.get_by_label("哪里还没解决").fill("还是等了一小时")
    mine.tap("返回")
    mine.tap("有答复了")
    # Shown again without a network it stays, with what was written.
    expect(mine.page.get_by_label("哪里还没解决")).to_have_value("还是等了一小时")
    mine.network(offline=True)
    mine.come_back()
    mine.sees("网络")
    mine.misses("再试一次")
    mine.network()
    mine.tap("重新办理")
    mine.sees("您说还没解决")
    mine.misses("哪里还没解决")
    (case,) = organiser.get("/rectifications", activity_id=market.id)["items"]
    assert case["state"] == "open"


def scroll_to_the_end(phone: Phone) -> None:
    """More than once."""
    phone.page.locator(".harness-page").last.evaluate(
        """async (page) => {
          for (const top of [1e6, 0, 1e6]) {
            const before = page.scrollTop;
            page.scrollTop = top;
            if (page.scrollTop === before) continue;
            await new Promise((done) => page.addEventListener("scroll", done, { once: true }));
          }
        }"""
    )


def too_busy(route: Route) -> None:
    """The answer of a server that has no time for so long that nobody waits."""
    route.fulfill(status=429, headers={"Retry-After": "60"})


def test_a_long_list_is_read_part_by_part(
    own: OpenPhone, resident: Caller, market: Market, database: Engine
) -> None:
    """Each part once, however often the end of the page is reached while it is on its way."""
    change(
        database,
        "INSERT INTO attendance (id, activity_id, resident_id, on_day, attended_at)"
        " SELECT gen_random_uuid(), :activity, :resident, day, day"
        " FROM generate_series(current_date - 30, current_date - 1, interval '1 day') day",
        activity=market.id, resident=resident.resident_id,
    )  # fmt: skip
    mine = own("pages/mine/mine")
    mine.tap("我参加过的")
    mine.sees("往下滑看更多")
    # The next part can't be read: said until the list is read anew, and on no other page.
    held: list[Route] = []
    mine.allow(429, "/me/attendances")
    mine.page.route(re.compile("cursor="), too_busy)
    scroll_to_the_end(mine)
    behind = "暂时没更新上，显示的可能不是最新内容"
    mine.sees(behind)
    mine.reconnect()
    mine.come_back()
    mine.misses(behind)
    mine.page.route(re.compile("cursor="), lambda route: held.append(route))
    scroll_to_the_end(mine)
    mine.tap("返回")
    mine.sees("我的签到码")
    with mine.page.expect_response(re.compile("cursor=")):
        for one in held:
            too_busy(one)
    mine.reconnect()
    mine.misses(behind)
    mine.tap("我参加过的")
    mine.sees("往下滑看更多")
    mine.misses(behind)
    mine.network(delay_ms=500)
    scroll_to_the_end(mine)
    mine.sees("没有更多了")
    expect(mine.page.locator(".entry")).to_have_count(30)


def test_a_market_tells_how_long_its_lines_are(
    own: OpenPhone, system: LocalSystem, market: Market
) -> None:
    waiting = [Caller(system.web, new_name()).resident_id for _ in range(2)]
    market.admit(*waiting)
    for one in waiting:
        market.give_number(market.haircut, one)
    mine = own(f"pages/market/market?id={market.id}")
    haircut = mine.page.get_by_role("button", name="义剪")
    expect(haircut).to_contain_text("2 位在等，约 15–38 分钟")
    expect(mine.page.get_by_role("button", name="义诊")).to_contain_text("现在没有人排队")


def test_a_number_on_the_spot_asks_for_check_in_first(
    own: OpenPhone, resident: Caller, market: Market, database: Engine
) -> None:
    mine = own(sign_up_page(market, market.haircut))
    mine.allow(409, "/tickets")
    mine.tap("现场取号")
    mine.tap("去扫码")
    mine.tap("扫一扫")
    mine.scan(market.code())
    mine.page.get_by_role("button", name="签到", exact=True).tap()
    # Back at the service, not at the list of all.
    mine.tap("继续取号：义剪")
    expect(mine.page.get_by_role("button", name="现场取号")).to_be_visible()
    mine.misses("请先在现场扫码签到")
    mine.tap("现场取号")
    mine.sees("取号成功")
    mine.sees("下一位就是您")
    # Called while this page is shown: it does not go on speaking of a wait.
    called = market.call_next(market.haircut)
    mine.come_back()
    mine.misses("下一位就是您")
    assert booking_states(database, resident.resident_id) == ["called"]
    market.act(called, "park")
    market.act(called, "rejoin")
    # Signed out by a volunteer: the market says so too, and the same code brings one back.
    leave = {"id": str(uuid4()), "source": "search", "resident_id": resident.resident_id}
    market.staff.post(f"/activities/{market.id}/scans", leave | {"direction": "exit"})
    back = own("pages/number/number")
    back.sees("您已经签退")
    expect(back.page.get_by_role("button", name="到了？扫码签到")).to_be_visible()
    back = own(f"pages/market/market?id={market.id}")
    back.sees("已签退")
    back.tap("到了？扫码签到")
    back.tap("扫一扫")
    back.scan(market.code())
    back.page.get_by_role("button", name="签到", exact=True).tap()
    back.sees("欢迎回来")
    back.tap("看服务、取号")
    back.sees("已签到")
    # Passed over, it needs them; the one that was taken just now is what they look for.
    change(database, "UPDATE booking SET state = 'missed' WHERE id = :id", id=called["id"])
    back = own(sign_up_page(market, market.clinic))
    back.tap("现场取号")
    back.tap("看我的号")
    expect(back.page.locator(".card.number").first).to_contain_text("义诊")
    back = own("pages/number/number")
    expect(back.page.locator(".card.number").first).to_contain_text("重新排队")


def test_a_number_of_yesterday_says_so_and_what_to_do(
    own: OpenPhone, resident: Caller, market: Market, database: Engine
) -> None:
    """On both pages, and gone from the first one when today's has been taken. Nobody has come by
    to end it: not the job either."""
    market.admit(resident.resident_id)
    market.give_number(market.haircut, resident.resident_id)
    resident.post(
        f"/offerings/{market.clinic.offering_id}/bookings", {"slot_id": market.clinic.slots[0]}
    )
    change(database, "UPDATE booking SET state = 'confirmed', arrived_at = NULL, queued_at = NULL"
           " WHERE offering_id = :id", id=market.clinic.offering_id)  # fmt: skip
    put_back_a_day(database, market)
    over = "这个号是昨天的，已经过期，今天请重新取号"
    mine = own("pages/number/number")
    mine.sees(over)
    mine.sees("这个号是昨天的，您没有来签到，已经过期，今天请重新取号")
    mine.misses("下一位就是您")
    mine.look("number-of-yesterday")
    mine.page.get_by_role("button", name="看这场活动").first.tap()
    mine.sees(market.title)
    own("pages/bookings/bookings").sees(over)
    market.give_number(market.haircut, resident.resident_id)
    fresh = own("pages/number/number")
    fresh.sees("下一位就是您")
    fresh.misses(over)
    # What is to come first, by its time; what is over last.
    listed = own("pages/bookings/bookings")
    listed.sees(over)
    groups = listed.page.locator(".section:visible, .entry .heading:visible")
    expect(groups).to_have_text(
        ["今天", re.compile("义剪"), "过去", re.compile("义诊"), re.compile("义剪")]
    )
    listed.look("bookings-by-when")


def test_an_appointment_that_was_moved_says_from_when_and_asks(
    own: OpenPhone, resident: Caller, market: Market, database: Engine
) -> None:
    resident.post(
        f"/offerings/{market.clinic.offering_id}/bookings", {"slot_id": market.clinic.slots[-1]}
    )
    change(database, "UPDATE booking SET moved_from = now() - interval '24 hours'"
           " WHERE resident_id = :id", id=resident.resident_id)  # fmt: skip
    listed = own("pages/bookings/bookings")
    listed.sees("改期了，原来是昨天")
    listed.sees("请再加一次，把旧的那条删掉")
    listed.look("bookings-moved")
    # Moved once more meanwhile: nobody has agreed to that, and sees it now.
    change(database, "UPDATE slot SET starts_at = starts_at - interval '10 minutes'"
           " WHERE id = :id", id=market.clinic.slots[-1])  # fmt: skip
    when = listed.page.locator(".entry .strong").first
    before = when.inner_text()
    listed.allow(409, "/keep")
    listed.tap("改期后还来")
    expect(listed.page.get_by_role("alert")).to_contain_text("又改了")
    expect(when).not_to_have_text(before)
    # One tap answers, on either page; without a network it is told later.
    mine = own("pages/number/number")
    mine.sees("改期了，原来是昨天")
    mine.look("number-moved")
    mine.network(offline=True)
    mine.tap("改期后还来")
    mine.sees("还有 1 条未上传")
    expect(mine.page.get_by_role("button", name="改期后还来")).to_have_count(0)
    mine.network()
    mine.misses("改期了")
    assert rows(database, "SELECT state, moved_from FROM booking WHERE resident_id = :id",
                id=resident.resident_id) == [("confirmed", None)]  # fmt: skip
    listed.tap("不来了")
    listed.tap("确定取消")
    listed.sees("已取消")
    assert booking_states(database, resident.resident_id) == ["cancelled"]


def test_a_kept_answer_ends_with_its_day_too(
    own: OpenPhone, resident: Caller, market: Market
) -> None:
    """Without a network until its day is over: no place in a line any more. A market that begins
    in the evening goes on after midnight."""
    market.give_number(market.haircut, resident.resident_id)
    mine = own("pages/number/number", clock=True)
    mine.sees("下一位就是您")
    mine.cut_off()
    mine.page.clock.fast_forward("48:00:00")
    mine.come_back()
    mine.sees("已经过期")
    mine.misses("下一位就是您")


def test_home_hears_the_call_and_the_end_of_the_market(
    own: OpenPhone, resident: Caller, organiser: Caller, market: Market
) -> None:
    """And what has not been served is told, on both pages, with what to do."""
    market.admit(resident.resident_id)
    booking = market.give_number(market.haircut, resident.resident_id)
    mine = own("pages/home/home", clock=True)
    mine.sees("下一位就是您")

    # On any other page too, once, with the way to the number; the tab says so wherever it is.
    mine.tap("看看有哪些服务")
    mine.sees("摊位和服务")
    called = market.call_next(market.haircut)
    assert called["id"] == booking["id"]
    mine.page.clock.fast_forward("00:05")
    notice = f"轮到您了：{booking['ticket']} 号，请到 2 号摊位 理发角"
    mine.sees(notice)
    assert mine.harness("sounds") == ["/sounds/called.mp3"]
    mine.look("call-notice")
    mine.page.evaluate("() => wx.pageScrollTo({ scrollTop: 400, duration: 0 })")
    assert mine.page.get_by_role("button", name=notice).evaluate(SEEN)
    mine.tap(notice)
    mine.sees("请到 2 号摊位 理发角")
    tab = mine.page.locator(".harness-tab[data-path='pages/number/number'][data-badge]")
    expect(tab).to_have_attribute("data-badge", "轮到您")
    mine.look("number-called-badge")

    # Nobody is asked while the mini-program is not on the screen.
    mine.page.evaluate("() => __harness.hide()")
    asked = len(mine.harness("requests"))
    mine.page.clock.fast_forward("05:00")
    assert len(mine.harness("requests")) == asked
    mine.page.evaluate("() => __harness.show()")
    mine.page.get_by_role("button", name="首页", exact=True).tap()
    mine.sees("请到 2 号摊位 理发角")
    assert mine.harness("vibrations").count("long") == 1
    mine.look("home-called")
    mine.page.evaluate("() => wx.pageScrollTo({ scrollTop: 400, duration: 0 })")
    assert mine.page.get_by_role("button", name=notice).evaluate(SEEN)
    organiser.post(f"/activities/{market.id}/close")
    mine.page.clock.fast_forward("00:05")
    over = f"集市已结束，{booking['ticket']} 未办理。还需要这项服务，请看看近期的集市"
    mine.sees(over)
    mine.look("home-over")
    mine.page.get_by_role("button", name="我的号", exact=True).tap()
    mine.sees(over)
    mine.look("number-over")
    expect(tab).to_have_count(0)
    mine.tap("看看近期的集市")
    mine.sees("近期活动")
    assert mine.harness("vibrations").count("long") == 1
    assert len(mine.harness("sounds")) == 1


def test_a_call_is_not_heard_where_its_sound_is_off(
    own: OpenPhone, resident: Caller, market: Market, database: Engine
) -> None:
    """Felt and seen it is all the same; whoever turns the sound on hears what it is."""
    market.admit(resident.resident_id)
    mine = own("pages/mine/mine")
    sound = mine.page.get_by_role("switch", name="叫号声音")
    expect(sound).to_be_checked()
    sound.tap()
    expect(sound).not_to_be_checked()
    market.give_number(market.haircut, resident.resident_id)
    market.call_next(market.haircut)
    mine.come_back()
    mine.sees("轮到您了")
    assert mine.harness("vibrations") == ["long"]
    assert mine.harness("sounds") == []
    sound.tap()
    assert mine.harness("sounds") == ["/sounds/called.mp3"]
    # Passed over: felt, and said until one has looked.
    change(database, "UPDATE booking SET state = 'missed' WHERE resident_id = :id",
           id=resident.resident_id)  # fmt: skip
    mine.come_back()
    notice = "您的 B001 号过号了，回来后可以重新排一次队"
    mine.sees(notice)
    assert mine.harness("vibrations") == ["long", "long"]
    assert len(mine.harness("sounds")) == 1
    mine.tap(notice)
    mine.sees("叫过您的号了")
    mine.misses(notice)
    mine.page.locator(".harness-tab[data-path='pages/mine/mine']").tap()
    mine.sees("我的签到码")
    mine.misses(notice)


def test_what_one_was_told_is_read_and_leads_on(
    own: OpenPhone, resident: Caller, market: Market, database: Engine
) -> None:
    """Counted alike by the tab, 我的 and 消息; a page that this version lacks is not gone to."""
    mine = own("pages/mine/mine", clock=True)
    page = mine.page
    mine.tap("消息")
    mine.sees("还没有消息")
    mine.sees("您的需求办到哪一步")
    mine.look("notices-none")
    mine.tap("返回")
    mine.sees("我的签到码")
    tell(database, resident, "昨天的事", "/pages/no-such/page", days_ago=1)
    change(database, "UPDATE notice SET kind = 'called' WHERE title = '昨天的事' AND user_id ="
           " (SELECT user_id FROM resident WHERE id = :id)", id=resident.resident_id)  # fmt: skip
    tell(database, resident, "您的号", "/pages/number/number?id=1")
    tell(database, resident, "集市改期了", f"/pages/market/market?id={market.id}")
    mine.let_pass("00:30")
    tab = page.locator(".harness-tab[data-path='pages/mine/mine']")
    expect(tab).to_have_attribute("data-badge", "3")
    mine.tap("消息 3 条未读")
    mine.sees("3 条未读")
    expect(page.locator(".section:visible")).to_have_text(["今天", "昨天"])
    unread = page.locator(".harness-page:visible .line", has_text="未读")
    expect(unread.first).to_contain_text("集市改期了")
    unread.first.tap()
    mine.sees("摊位和服务")
    mine.tap("返回")
    mine.sees("2 条未读")
    expect(page.get_by_text("已过去")).to_have_count(1)
    unread.filter(has_text="昨天的事").filter(has_text="已过去").tap()
    mine.sees("1 条未读")
    assert mine.path == "pages/notices/notices"

    # One more, while it is shown; then all of them.
    tell(database, resident, "明天的集市", "")
    mine.let_pass("00:30")
    mine.sees("2 条未读")
    expect(unread.first).to_contain_text("明天的集市")
    mine.tap("全部已读")
    mine.misses("未读")
    page.get_by_role("button", name="您的号").tap()
    mine.sees("您现在没有号")
    expect(tab).not_to_have_attribute("data-badge", re.compile(""))
    told = "SELECT count(*) FROM notice WHERE read_at IS NULL AND user_id ="
    mine_only = f"{told} (SELECT user_id FROM resident WHERE id = :id)"
    assert rows(database, mine_only, id=resident.resident_id) == [(0,)]


def test_a_cancelled_market_tells_who_had_a_number(
    own: OpenPhone, resident: Caller, organiser: Caller
) -> None:
    market = make_market(organiser, live=False)
    resident.post(
        f"/offerings/{market.clinic.offering_id}/bookings", {"slot_id": market.clinic.slots[0]}
    )
    organiser.post(f"/activities/{market.id}/cancel", {"reason": "大雨"})
    own("pages/number/number").sees("集市已取消，A001 不用来了。还需要这项服务，请看看近期的集市")
    # Nobody is sent to its stalls.
    expect(own(f"pages/market/market?id={market.id}").page.locator(".places")).to_have_text(
        ["已取消"] * 3
    )


def test_an_appointment_goes_into_the_calendar_and_to_the_family(
    own: OpenPhone, phone: OpenPhone, resident: Caller, market: Market
) -> None:
    """What is passed on opens for anybody, and tells nothing of whose it is."""
    slot = {"slot_id": market.clinic.slots[0]}
    booking = resident.post(f"/offerings/{market.clinic.offering_id}/bookings", slot)
    mine = own("pages/bookings/bookings")
    mine.network(delay_ms=300)
    for _ in range(2):
        mine.tap("加到日历")
    mine.sees("已加到日历")
    mine.network()
    (entry,) = [
        one["options"] for one in mine.harness("calls") if one["name"] == "addPhoneCalendar"
    ]
    starts = datetime.fromisoformat(booking["slot_starts_at"])
    assert entry["startTime"] == starts.timestamp()
    assert entry["title"] == f"义诊 {booking['ticket']} 号"
    assert entry["location"] == "社区广场，花园路 1 号"
    mine.page.evaluate("() => { __harness.calendar = 'reject'; }")
    mine.tap("加到日历")
    mine.sees("再点一次「加到日历」")
    mine.tap("知道了")
    mine.tap("告诉家人")
    mine.page.wait_for_function("() => __harness.shared.length")
    mine.harness("shareTimeline()")
    card, timeline = mine.harness("shared")
    assert market.title in card["title"]
    assert card["title"] == timeline["title"]
    passed = timeline["path"].removeprefix("/")
    assert booking["id"] not in card["path"]
    assert resident.resident_id not in card["path"]

    theirs = phone(new_name(), path=card["path"].removeprefix("/"))
    theirs.sees("选一个时段")
    for menu in ("share()", "shareTimeline()"):
        theirs.harness(menu)
    there = phone(new_name(), path=f"pages/market/market?id={market.id}")
    there.sees("摊位和服务")
    there.tap("告诉家人")
    there.harness("shareTimeline()")
    # One's own list is nobody else's: from 朋友圈 it leads to the service, or to all markets.
    for path, words in ((passed, "选一个时段"), ("pages/bookings/bookings?home=1", "近期活动")):
        phone(new_name(), path=path).sees(words)
    assert [one["path"] for one in theirs.harness("shared")] == [card["path"]] * 2
    assert [one["path"] for one in there.harness("shared")] == [
        f"/pages/market/market?id={market.id}"
    ] * 2
    for one in (card, *theirs.harness("shared"), *there.harness("shared")):
        assert "社区广场" in one["title"]
    # One's own is drawn when it is passed on: the phone shows the same picture of the same.
    assert timeline["imageUrl"] == "/images/share.png"
    drawn = [one["imageUrl"] for one in (card, *theirs.harness("shared"), *there.harness("shared"))]
    assert all(one.startswith("data:image/png") for one in drawn)
    assert len(set(drawn)) == 3
    for other in (theirs, there):
        assert not any("/auth/" in one["url"] for one in other.harness("requests"))


def test_cancelling_asks_first(
    own: OpenPhone, resident: Caller, market: Market, database: Engine
) -> None:
    resident.post(
        f"/offerings/{market.clinic.offering_id}/bookings", {"slot_id": market.clinic.slots[0]}
    )
    mine = own("pages/bookings/bookings")
    mine.tap("取消这个号")
    mine.sees("名额会让给其他居民")
    title = market.title.replace("「", "『").replace("」", "』")
    mine.sees(f"您在「{title}」的义诊")
    mine.tap("先留着")
    assert booking_states(database, resident.resident_id) == ["confirmed"]
    mine.tap("取消这个号")
    mine.tap("确定取消")
    mine.sees("已取消")
    assert booking_states(database, resident.resident_id) == ["cancelled"]
    taken = rows(database, "SELECT taken FROM slot WHERE id = :id", id=market.clinic.slots[0])
    assert taken == [(0,)]


def test_a_full_slot_says_so_and_shows_the_others(
    own: OpenPhone, system: LocalSystem, organiser: Caller, resident: Caller, database: Engine
) -> None:
    market = make_market(organiser, live=False, places=1)
    mine = own(sign_up_page(market, market.clinic))
    mine.page.get_by_role("radio", name="余 1").first.tap()
    mine.sees("可以在微信里提醒您：轮到您、改期、明天的集市")
    # Somebody else is quicker.
    Caller(system.web, new_name()).post(
        f"/offerings/{market.clinic.offering_id}/bookings", {"slot_id": market.clinic.slots[0]}
    )
    mine.allow(409, "/bookings")
    mine.tap("确认报名")
    expect(mine.page.get_by_role("alert")).to_contain_text("已约满，请选其他时段或到现场取号")
    expect(mine.page.get_by_role("radio", name="已约满")).to_be_disabled()
    mine.page.get_by_role("radio", name="余 1").tap()
    mine.tap("确认报名")
    mine.sees("报名成功")
    assert booking_states(database, resident.resident_id) == ["confirmed"]
    # A service that is added now is there before its slots are, and not full.
    body = {"title": "量血压", "service_kind": "clinic", "mode": "slots"}
    added = organiser.post(f"/stalls/{market.clinic.stall_id}/offerings", body)
    mine = own(f"pages/market/market?id={market.id}")
    expect(mine.page.locator(".offering", has_text="量血压")).to_contain_text("时段还没有定")
    mine = own(f"pages/sign-up/sign-up?activity={market.id}&offering={added['id']}")
    mine.sees("时段还没有定，请过些时候再来看")
    expect(mine.page.get_by_text("已约满")).to_have_count(0)


def test_two_services_at_one_time_are_asked_about(
    own: OpenPhone, resident: Caller, organiser: Caller, market: Market, database: Engine
) -> None:
    other = make_market(organiser)
    resident.post(
        f"/offerings/{market.clinic.offering_id}/bookings", {"slot_id": market.clinic.slots[0]}
    )
    mine = own(sign_up_page(other, other.clinic))
    mine.page.get_by_role("radiogroup", name="时段").get_by_role("radio").first.tap()
    mine.sees("可以在微信里提醒您：轮到您、改期")
    mine.misses("明天的集市")
    mine.page.evaluate("() => { __harness.subscription = 'broken'; }")
    mine.tap("确认报名")
    mine.sees("同一时间已经约了一项")
    mine.sees(f"（{market.title}）")
    mine.look("sign-up-clash")
    mine.tap("换个时段")
    mine.misses("同一时间已经约了一项")
    assert booking_states(database, resident.resident_id) == ["confirmed"]
    # That WeChat could not ask was not their answer. While it asks it is not asked for more.
    answer = "new Promise((answer) => { __harness.answer = answer; })"
    mine.page.evaluate(f"() => {{ __harness.subscription = {answer}; }}")
    for _ in range(2):
        mine.tap("确认报名")
        mine.tap("换个时段")
        assert len(mine.asked_messages()) == 2
    mine.harness("answer('off')")
    mine.tap("确认报名")
    mine.tap("仍要报名")
    mine.sees("报名成功")
    assert booking_states(database, resident.resident_id) == ["confirmed"] * 2
    # Whoever has turned off WeChat's messages gets what they tapped, and is not asked that day.
    assert len(mine.asked_messages()) == 2


def test_signing_up_twice_leads_to_the_number(
    own: OpenPhone, resident: Caller, market: Market, database: Engine
) -> None:
    mine = own(sign_up_page(market, market.clinic))
    mine.page.get_by_role("radio", name="余 5").first.tap()
    resident.post(
        f"/offerings/{market.clinic.offering_id}/bookings", {"slot_id": market.clinic.slots[0]}
    )
    mine.allow(409, "/bookings")
    mine.tap("确认报名")
    expect(mine.page.get_by_role("alert")).to_contain_text("您已报名或取过这项服务的号")
    mine.tap("看我的号")
    mine.sees("A001 号")
    assert booking_states(database, resident.resident_id) == ["confirmed"]


def test_a_printed_code_opens_the_check_in(
    phone: OpenPhone, system: LocalSystem, market: Market, database: Engine
) -> None:
    name = new_name()
    mine = phone(name, path="pages/checkin/checkin", scene=market.code())
    mine.sees(market.title)
    mine.page.get_by_role("button", name="签到", exact=True).tap()
    mine.tap("同意并继续")
    mine.sees("签到成功")
    visits = rows(
        database,
        "SELECT count(*) FROM attendance WHERE resident_id = :id AND activity_id = :market",
        id=Caller(system.web, name).resident_id,
        market=market.id,
    )
    assert visits == [(1,)]
    # Once more is no fault, and says so.
    again = phone(
        name,
        path="pages/checkin/checkin",
        scene=market.code(),
        kept=Caller(system.web, name).kept,
    )
    again.page.get_by_role("button", name="签到", exact=True).tap()
    again.sees("已经签过到了")
    expect(again.page.get_by_role("button", name="给家人签到")).to_have_count(0)


def test_a_plain_link_opens_the_check_in(own: OpenPhone, market: Market) -> None:
    """Read by WeChat's scanner, which opens the page with the whole link, or by ours."""
    link = market.staff.get(f"/activities/{market.id}/code")["link"]
    mine = own(f"pages/checkin/checkin?q={quote(link, safe='')}")
    mine.sees(market.title)
    mine = own("pages/checkin/checkin")
    mine.tap("扫一扫")
    mine.scan(link)
    mine.sees(market.title)


def test_the_family_is_checked_in_on_the_same_phone(
    own: OpenPhone, resident: Caller, market: Market, database: Engine
) -> None:
    member = resident.post("/me/family", {"name": "王奶奶", "relation": "奶奶"})["id"]
    other = resident.post("/me/family", {"name": "王奶奶", "relation": "外婆"})["id"]
    mine = own(f"pages/checkin/checkin?scene={market.code()}")
    mine.tap("签到")
    mine.tap("给家人签到")
    # Two of one name are told apart.
    mine.page.get_by_role("radio", name="王奶奶（奶奶）").tap()
    mine.tap("签到")
    mine.sees("王奶奶（奶奶），欢迎您")
    visited = "SELECT count(*) FROM attendance WHERE resident_id IN (:mine, :hers)"
    assert rows(database, visited, mine=resident.resident_id, hers=member) == [(2,)]
    own("pages/visits/visits").sees("王奶奶（奶奶） · 今天")
    for one in (member, other):
        market.give_number(market.haircut, one)
    market.call_next(market.haircut)
    numbers = own("pages/number/number")
    numbers.sees("王奶奶（奶奶） · 义剪")
    # It is hers, and nobody takes it for one's own.
    numbers.sees("轮到王奶奶（奶奶）了")
    numbers.misses("轮到您了")
    # Their names come after the page is left: the screen goes dark by itself all the same.
    held: list[Route] = []
    numbers.page.route("**/me/family", lambda route: held.append(route))
    numbers.reopen()
    numbers.sees("义剪")
    numbers.page.get_by_role("button", name="首页", exact=True).tap()
    numbers.sees("近期活动")
    with numbers.page.expect_response("**/me/family") as named:
        for one in held:
            one.continue_()
    named.value.finished()
    lights = [
        one["options"] for one in numbers.harness("calls") if one["name"] == "setKeepScreenOn"
    ]
    assert lights[-1] == {"keepScreenOn": False}


def test_a_foreign_code_is_told_in_plain_words(own: OpenPhone, market: Market) -> None:
    mine = own("pages/checkin/checkin")
    mine.allow(404, "/market-codes/wifi")
    mine.tap("扫一扫")
    mine.scan("wifi")
    mine.sees("没有认出这个码")
    mine.tap("重新扫码")
    mine.scan({"path": f"pages/checkin/checkin?scene={market.code()}"})
    mine.sees(market.title)


def test_the_personal_code_is_renewed_before_it_expires(
    own: OpenPhone, market: Market, resident: Caller, database: Engine
) -> None:
    mine = own("pages/my-code/my-code", clock=True)
    mine.sees("秒后自动换新")
    (first,) = mine.harness("codes()")
    mine.page.clock.fast_forward("01:16")  # of its 90 seconds
    mine.page.wait_for_function(
        "async (first) => (await window.__harness.codes())[0] !== first", arg=first
    )
    assert len([one for one in mine.harness("requests") if "/me/code" in one["url"]]) == 2
    # The phone's clock is more than a minute ahead now, and the code is good all the same.
    mine.sees("秒后自动换新")
    (second,) = mine.harness("codes()")
    scan = {"id": str(uuid4()), "source": "scan", "resident_code": second}
    answer = market.staff.post(f"/activities/{market.id}/scans", scan)
    assert answer["verdict"] == "admitted"
    visited = "SELECT count(*) FROM attendance WHERE resident_id = :id"
    assert rows(database, visited, id=resident.resident_id) == [(1,)]


def test_elder_mode_is_kept_and_follows_to_another_phone(
    own: OpenPhone, resident: Caller, database: Engine
) -> None:
    mine = own()
    size = "getComputedStyle(document.documentElement).fontSize"
    normal = float(mine.page.evaluate(size).removesuffix("px"))
    with mine.page.expect_response("**/me") as changed:
        mine.page.get_by_role("switch", name="长辈版").tap()
    assert changed.value.ok
    expect(mine.page.get_by_role("switch", name="长辈版")).to_be_checked()
    assert float(mine.page.evaluate(size).removesuffix("px")) == pytest.approx(normal * 1.35, 0.01)
    chosen = "SELECT elder_mode FROM user_account u JOIN resident r ON r.user_id = u.id"
    assert rows(database, f"{chosen} WHERE r.id = :id", id=resident.resident_id) == [(True,)]
    another = own("pages/mine/mine")
    expect(another.page.get_by_role("switch", name="长辈版")).to_be_checked()


def test_home_needs_three_requests_and_no_login(phone: OpenPhone, own: OpenPhone) -> None:
    for cold in (phone(new_name()), own()):
        cold.sees("近期活动")
        requests = [one["url"] for one in cold.harness("requests")]
        assert len(requests) <= 3
        assert not any("/auth/" in url for url in requests)
