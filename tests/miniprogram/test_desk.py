"""A stall's desk on a volunteer's phone: nobody is called twice, nobody is lost."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine

from backend.core.config import load
from backend.local.demo.tally import SHANGHAI
from backend.local.system import LocalSystem
from tests.miniprogram.phones import SEEN, SMALL, OpenPhone, Phone, lines
from tests.miniprogram.test_resident_flow import sign_up_page
from tests.miniprogram.town import Caller, Market, change, chosen_stall, new_name, rows

CONSENT = load("consents")["special_needs"]["version"]
DESK = "packages/volunteer/pages/desk/desk"
OpenDesk = Callable[..., Phone]
LARGEST = {"size": SMALL, "elder": True, "fontScale": "1.5"}


@pytest.fixture
def volunteer(system: LocalSystem) -> Caller:
    return Caller(system.web, "volunteer")


@pytest.fixture
def desk(phone: OpenPhone, volunteer: Caller, market: Market) -> OpenDesk:
    """Opens the haircut's desk, which this phone has chosen before; options as of `phone`."""

    def open_desk(**options: Any) -> Phone:
        kept = volunteer.kept | chosen_stall(market.haircut)
        return phone(volunteer.name, path=DESK, kept=kept, clock=True, **options)

    return open_desk


@pytest.fixture
def line(system: LocalSystem, market: Market) -> list[Any]:
    """Three people who wait for a haircut; the first has said what she needs."""
    people = [Caller(system.web, new_name()) for _ in range(3)]
    people[0].post("/me/consents", {"purpose": "special_needs", "version": CONSENT})
    needs = {"tags": ["hearing", "escort"], "words": "请站在左边说话"}
    people[0].put("/me", {"special_needs": needs})
    market.admit(*(one.resident_id for one in people))
    return [market.give_number(market.haircut, one.resident_id) for one in people]


def states(database: Engine, market: Market) -> list[str]:
    """Of the haircut's numbers, in their order."""
    return [
        state
        for (state,) in rows(
            database,
            "SELECT state FROM booking WHERE offering_id = :id ORDER BY created_at",
            id=market.haircut.offering_id,
        )
    ]


def press(phone: Phone, name: str) -> None:
    """Press one of the desk's own buttons, once it can be pressed."""
    button = phone.page.get_by_role("button", name=name)
    expect(button).to_be_enabled()
    button.tap()


def sees_who_is_called(phone: Phone, ticket: str) -> None:
    """The desk has answered, and nothing stands over the number."""
    number = phone.page.get_by_label(f"号码 {ticket}")
    expect(number).to_be_visible()
    expect(phone.page.locator(".big")).to_be_enabled()
    assert number.evaluate(SEEN)


def call_long_ago(database: Engine, booking: Any) -> None:
    """Let the last call have been long enough ago for another to count."""
    change(
        database,
        "UPDATE booking SET called_at = called_at - interval '1 minute' WHERE id = :id",
        id=booking["id"],
    )


def test_from_choosing_the_stall_to_the_last_haircut(
    phone: OpenPhone, volunteer: Caller, market: Market, line: list[Any], database: Engine
) -> None:
    mine = phone(volunteer.name, path="pages/mine/mine", kept=volunteer.kept, clock=True)
    mine.tap("摊位叫号")
    mine.tap(market.title)
    mine.misses("反诈宣传台")  # nobody is called to where one just walks up
    mine.tap("2 号摊位 理发角")
    number = mine.page.get_by_label("号码")
    expect(number).to_have_text(line[0]["ticket"])
    needs = "听力不便 · 需要陪同 · 请站在左边说话"
    mine.misses(needs)
    press(mine, "呼叫下一位")
    mine.sees("正在叫")
    mine.sees(needs)
    assert states(database, market) == ["called", "arrived", "arrived"]

    # Nobody comes: called three times, then passed over; he comes back and keeps a place.
    call_long_ago(database, line[0])
    press(mine, "再叫一次")
    mine.sees("已叫 2 次")
    mine.allow(409, "/miss")
    press(mine, "过号")
    mine.sees("请点「再叫一次」")
    call_long_ago(database, line[0])
    press(mine, "再叫一次")
    mine.sees("已叫 3 次")
    mine.look("desk-calling")
    press(mine, "过号")
    mine.sees("已过号")
    assert states(database, market) == ["missed", "arrived", "arrived"]
    press(mine, f"{line[0]['ticket']} 重新排队")
    mine.misses("已过号")

    # The next one comes.
    press(mine, "呼叫下一位")
    press(mine, "开始服务")
    mine.sees("正在服务")
    mine.look("desk-serving")
    press(mine, "完成")
    mine.misses("正在服务")
    assert states(database, market).count("served") == 1
    counts = mine.page.locator(".counts")
    expect(counts).to_contain_text("已服务")
    mine.reopen()
    mine.tap("摊位叫号")
    mine.sees("2 号摊位 理发角")  # the stall is remembered for the day


def test_the_residents_page_follows_the_desk(
    desk: OpenDesk, own: OpenPhone, resident: Caller, market: Market
) -> None:
    market.admit(resident.resident_id)
    ticket = market.give_number(market.haircut, resident.resident_id)["ticket"]
    theirs = own("pages/number/number", clock=True)
    theirs.sees("下一位就是您")
    mine = desk()
    press(mine, "呼叫下一位")
    mine.sees("正在叫")
    theirs.page.clock.fast_forward("00:05")
    theirs.sees("轮到您了")
    theirs.sees("请到 2 号摊位 理发角")
    expect(theirs.page.get_by_label(f"号码 {ticket}")).to_be_visible()
    assert theirs.harness("vibrations").count("long") == 1
    press(mine, "开始服务")
    mine.sees("正在服务")
    theirs.page.clock.fast_forward("00:05")
    theirs.sees("正在为您服务")
    press(mine, "完成")
    mine.misses("正在服务")
    theirs.page.clock.fast_forward("00:05")
    theirs.sees("刚刚为您服务过，满意吗")


def test_a_call_soon_after_the_last_is_no_other(
    desk: OpenDesk, market: Market, line: list[Any], database: Engine
) -> None:
    mine = desk(**LARGEST)
    give = mine.page.get_by_role("button", name="现场发号")
    give.scroll_into_view_if_needed()
    press(mine, "呼叫下一位")
    mine.sees("已叫 1 次")
    sees_who_is_called(mine, line[0]["ticket"])
    assert {lines(words) for words in mine.page.locator(".count .note").all()} == {1}
    mine.snapshot("desk-called-small")
    change(
        database,
        "UPDATE booking SET called_at = now() + interval '1 hour' WHERE id = :id",
        id=line[0]["id"],
    )
    press(mine, "再叫一次")
    mine.sees("刚刚叫过")
    mine.sees("已叫 1 次")
    sees_who_is_called(mine, line[0]["ticket"])
    mine.snapshot("desk-called-again-small")
    give.scroll_into_view_if_needed()
    mine.allow(409, "/miss")
    press(mine, "过号")
    mine.sees("请点「再叫一次」")
    sees_who_is_called(mine, line[0]["ticket"])
    mine.snapshot("desk-not-missed-small")


def test_a_second_tap_on_done_finishes_nobody_else(
    desk: OpenDesk, market: Market, line: list[Any], database: Engine
) -> None:
    """However slowly it follows: who was finished stays in place, and can be taken back."""
    for _ in line[:2]:
        market.act(market.call_next(market.haircut), "start")
    mine = desk()
    button = mine.page.get_by_role("button", name=f"完成 {line[0]['ticket']}")
    expect(button).to_be_enabled()
    box = button.bounding_box()
    assert box is not None
    where = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    mine.page.touchscreen.tap(*where)
    mine.sees("点错了，继续服务")
    other = mine.page.get_by_role("button", name=f"完成 {line[1]['ticket']}")
    expect(other).to_be_enabled()
    mine.look("desk-finished")
    mine.page.touchscreen.tap(*where)
    undo = mine.page.get_by_role("button", name=f"{line[0]['ticket']} 点错了，继续服务")
    expect(undo).to_be_enabled()
    undo.tap()
    expect(button).to_be_enabled()
    assert states(database, market) == ["serving", "serving", "arrived"]


def test_who_has_left_is_asked_about(
    desk: OpenDesk, system: LocalSystem, market: Market, database: Engine
) -> None:
    people = [Caller(system.web, new_name()).resident_id for _ in range(2)]
    market.admit(*people)
    tickets = [market.give_number(market.haircut, one)["ticket"] for one in people]
    leave = {"id": str(uuid4()), "source": "search", "resident_id": people[0], "direction": "exit"}
    mine = desk()
    mine.allow(409, "/call-next")
    expect(mine.page.get_by_label("号码")).to_have_text(tickets[0])
    mine.misses("已离开")
    # Within the seconds until the desk looks again: the server asks.
    market.staff.post(f"/activities/{market.id}/scans", leave)
    press(mine, "呼叫下一位")
    mine.sees(f"照样叫 {tickets[0]}")
    mine.sees("已离开")
    mine.look("desk-left")
    assert states(database, market) == ["arrived", "arrived"]
    mine.tap("先放一边")
    mine.sees("暂时离开")
    assert states(database, market) == ["parked", "arrived"]
    leave |= {"id": str(uuid4()), "resident_id": people[1]}
    market.staff.post(f"/activities/{market.id}/scans", leave)
    press(mine, "呼叫下一位")
    mine.tap(f"照样叫 {tickets[1]}")
    mine.sees("正在叫")
    assert states(database, market) == ["parked", "called"]


def test_an_early_appointment_says_so_to_both(
    desk: OpenDesk, own: OpenPhone, resident: Caller, volunteer: Caller, phone: OpenPhone,
    market: Market, database: Engine,
) -> None:  # fmt: skip
    """Here long before the time: nobody is told that it is their turn, nor kept from going."""
    slot = {"slot_id": market.clinic.slots[1]}
    resident.post(f"/offerings/{market.clinic.offering_id}/bookings", slot)
    ((starts_at,),) = rows(database, "SELECT starts_at FROM slot WHERE id = :id", id=slot["slot_id"])
    time = f"{starts_at.astimezone(SHANGHAI):%-H:%M}"
    theirs = own(f"pages/checkin/checkin?scene={market.code()}")
    theirs.page.get_by_role("button", name="签到", exact=True).tap()
    theirs.sees(f"您约的是 {time}，现在没人也可以先来")
    theirs.look("checkin-early")
    theirs.tap("看我的号")
    theirs.sees(f"约 {time}")
    theirs.sees("现在没人也可以先来")
    theirs.misses("下一位就是您")
    theirs.look("number-early")
    # The service's page counts those whom the desk counts.
    neighbour = phone(new_name(), path=sign_up_page(market, market.clinic))
    neighbour.sees("1 位预约的在等自己的时间，现在取号不用排队")
    kept = volunteer.kept | chosen_stall(market.clinic)
    mine = phone(volunteer.name, path=DESK, kept=kept)
    mine.sees(f"预约 {time}")
    mine.sees(f"还没到 {time}，前面没有别人，现在可以先叫")
    mine.look("desk-early")


def test_a_double_tap_calls_one(
    desk: OpenDesk, market: Market, line: list[Any], database: Engine
) -> None:
    mine = desk()
    button = mine.page.get_by_role("button", name="呼叫下一位")
    expect(button).to_be_enabled()
    button.evaluate("one => { one.click(); one.click(); }")
    mine.sees("正在叫")
    assert states(database, market) == ["called", "arrived", "arrived"]


def test_a_lost_answer_calls_nobody_twice(
    desk: OpenDesk, market: Market, line: list[Any], database: Engine
) -> None:
    mine = desk()
    mine.sees("下一位")
    mine.lose_answer("/call-next")
    press(mine, "呼叫下一位")
    mine.sees("正在叫")
    calls = rows(database, "SELECT calls FROM booking WHERE id = :id", id=line[0]["id"])
    assert calls == [(1,)]
    assert states(database, market) == ["called", "arrived", "arrived"]


def test_a_colleague_at_the_same_stall_was_quicker(
    desk: OpenDesk, market: Market, line: list[Any], database: Engine
) -> None:
    mine = desk()
    mine.sees("下一位")
    mine.allow(409, "/call-next")
    market.call_next(market.haircut)
    press(mine, "呼叫下一位")
    mine.sees("同事刚刚在这个摊位叫了号")
    mine.sees("正在叫")
    assert states(database, market) == ["called", "arrived", "arrived"]


def test_without_a_network_nothing_can_be_pressed(
    desk: OpenDesk, market: Market, line: list[Any], database: Engine
) -> None:
    mine = desk()
    mine.sees("下一位")
    mine.network(offline=True)
    expect(mine.page.get_by_role("button", name="没有网络，暂时不能叫号")).to_be_disabled()
    mine.sees("显示的可能不是最新内容")
    mine.look("desk-offline")
    mine.network()
    press(mine, "呼叫下一位")
    mine.sees("正在叫")
    assert states(database, market) == ["called", "arrived", "arrived"]


def test_who_comes_by_themselves_appears(
    desk: OpenDesk, system: LocalSystem, organiser: Caller, market: Market
) -> None:
    mine = desk()
    mine.sees("现在没有人在等")
    mine.sees("有人排队时，会自动显示在这里")
    mine.look("desk-empty")
    resident = Caller(system.web, new_name()).resident_id
    market.admit(resident)
    given = market.give_number(market.haircut, resident)
    mine.page.clock.fast_forward("00:05")
    expect(mine.page.get_by_label("号码")).to_have_text(given["ticket"])
    organiser.post(f"/activities/{market.id}/close")
    mine.page.clock.fast_forward("00:05")
    mine.sees("集市已经结束")
    mine.misses("有人排队时")


def test_a_number_for_a_neighbour_and_for_a_guest(
    desk: OpenDesk, system: LocalSystem, market: Market, database: Engine
) -> None:
    resident = Caller(system.web, new_name())
    name = f"陈{uuid4().hex[:6]}"
    resident.put("/me", {"name": name})
    market.admit(resident.resident_id)
    mine = desk(**LARGEST)
    mine.tap("现场发号")
    mine.sees("来过的人输手机号最后四位数字")
    page = mine.page
    mine.tap("发号")
    mine.sees("请先查找，再选中来的人")
    words = page.get_by_role("textbox", name="手机号后四位")
    words.fill(name)
    mine.tap("查找")
    found = page.get_by_role("radiogroup", name="找到的居民").get_by_role("radio")
    expect(found).to_be_visible()
    assert found.evaluate(SEEN)
    mine.snapshot("ticket-found-small")
    found.tap()
    page.get_by_role("button", name="发号", exact=True).tap()
    mine.sees("已发号")
    mine.look("ticket-done")
    mine.tap("再发一个号")
    page.get_by_role("textbox", name="手机号后四位").fill(name)
    mine.tap("查找")
    mine.sees("已签到")
    mine.sees("已取 B001 义剪")
    mine.look("ticket-found")
    # Who has signed out may have gone home.
    leave = {"id": str(uuid4()), "source": "search", "resident_id": resident.resident_id}
    market.staff.post(f"/activities/{market.id}/scans", leave | {"direction": "exit"})
    mine.tap("查找")
    mine.sees("已签退")
    page.get_by_role("radiogroup", name="找到的居民").get_by_role("radio").tap()
    page.get_by_role("button", name="发号", exact=True).tap()
    mine.sees("请问清楚人是不是还在现场")
    mine.tap("不发")
    page.get_by_role("radio", name="没登记过的来宾").tap()
    expect(page.get_by_role("textbox", name="怎么称呼")).to_have_value(name)  # as searched for
    page.get_by_role("textbox", name="怎么称呼").fill("李奶奶")
    mine.lose_answer("/tickets")
    page.get_by_role("button", name="发号", exact=True).tap()
    mine.sees("前面还有 1 位")
    mine.tap("再发一个号")
    # Another of that name, or the same one once more: one tap either way.
    mine.allow(409, "/tickets")
    page.get_by_role("textbox", name="怎么称呼").fill("李 奶奶")
    page.get_by_role("button", name="发号", exact=True).tap()
    mine.sees("今天已有一位「李*奶」（已取 B002 义剪）")
    mine.look("ticket-same-name")
    mine.tap("是同一位")
    mine.sees("这位居民已经有这项服务的号")
    page.get_by_role("button", name="发号", exact=True).tap()
    mine.tap("不是，另外登记")
    mine.sees("前面还有 2 位")
    mine.tap("回到叫号")
    mine.sees("呼叫下一位")
    assert states(database, market) == ["arrived"] * 3


def test_a_guest_who_may_be_known_is_asked_about(
    desk: OpenDesk, system: LocalSystem, market: Market, database: Engine
) -> None:
    known = Caller(system.web, new_name())
    number = f"138{uuid4().int % 10**8:08}"
    known.put("/me", {"name": "王秀英"})
    known.post("/me/phone", {"phone": number})
    mine = desk()
    mine.allow(409, "/tickets")
    mine.tap("现场发号")
    mine.page.get_by_role("radio", name="没登记过的来宾").tap()
    mine.page.get_by_role("textbox", name="怎么称呼").fill("王阿姨")
    mine.page.get_by_role("textbox", name="手机号").fill("1380000")
    mine.page.get_by_role("button", name="发号", exact=True).tap()
    mine.sees("手机号是 11 位数字")
    mine.page.get_by_role("textbox", name="手机号").fill(number)
    mine.page.get_by_role("button", name="发号", exact=True).tap()
    mine.sees("是同一人，还是家人")
    mine.look("ticket-asked")
    mine.tap("同一人：王*英")
    mine.sees("王*英")
    mine.tap("再发一个号")
    mine.page.get_by_role("textbox", name="怎么称呼").fill("王叔叔")
    mine.page.get_by_role("textbox", name="手机号").fill(number)
    mine.page.get_by_role("button", name="发号", exact=True).tap()
    mine.tap("家人，另外登记")
    mine.sees("前面还有 1 位")
    assert states(database, market) == ["arrived", "arrived"]


def test_a_volunteer_of_nowhere_is_told_whom_to_ask(phone: OpenPhone, system: LocalSystem) -> None:
    nobody = Caller(system.web, new_name())
    mine = phone(nobody.name, path=DESK, kept=nobody.kept)
    mine.sees("今天没有您的集市")
