"""A volunteer checks people in: by code, by phone, by name; twins, no network, undo. The database
is looked at."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine

from backend.local.system import LocalSystem
from tests.miniprogram.phones import OpenPhone, Phone
from tests.miniprogram.town import (
    COMMUNITY,
    Caller,
    Market,
    change,
    chosen_market,
    new_name,
    open_since,
    rows,
)

SCAN = "packages/volunteer/pages/scan/scan"
FIND = "packages/volunteer/pages/find/find"
WRITE_IN = "packages/volunteer/pages/write-in/write-in"
_KEEP_FORTY = """() => {
  const [first] = wx.getStorageInfoSync().keys.filter((key) => key.startsWith("outbox:"));
  const kept = wx.getStorageSync(first);
  for (let n = 0; n < 40; n += 1) wx.setStorageSync(`outbox:twin-${n}`, { ...kept, key: `twin-${n}` });
}"""
_FORGET_FORTY = """() => wx.getStorageInfoSync().keys
  .filter((key) => key.startsWith("outbox:twin-"))
  .forEach((key) => wx.removeStorageSync(key))"""
ANSWER_IS_GONE = "00:02"
PATIENCE_IS_OVER = "00:05"
OpenAt = Callable[..., Phone]


@pytest.fixture
def volunteer(system: LocalSystem) -> Caller:
    return Caller(system.web, "volunteer")


@pytest.fixture
def work(phone: OpenPhone, volunteer: Caller, market: Market) -> OpenAt:
    """Opens a page on the phone of a volunteer who has chosen the market before."""

    def open_at(path: str = SCAN) -> Phone:
        kept = volunteer.kept | chosen_market(market)
        return phone(volunteer.name, path=path, kept=kept, clock=True)

    return open_at


@pytest.fixture
def code(resident: Caller) -> str:
    """The resident's personal code, as their phone shows it."""
    return str(resident.get("/me/code")["code"])


def scan(phone: Phone, seen: str) -> None:
    """Press the button and hold the camera to a code."""
    phone.page.get_by_role("button", name="扫码签到", exact=True).tap()
    phone.scan(seen)


def next_one(phone: Phone) -> None:
    """The answer makes way for the camera, whose way back ends the round."""
    phone.page.clock.fast_forward(ANSWER_IS_GONE)
    phone.tap("取消扫码")


def has_counted(phone: Phone, done: int, *, waiting: int = 0, refused: int = 0) -> None:
    """Wait until the strip says so: checked in by this phone, not uploaded, not accepted."""
    words = rf"{done}\s*本机签到\s*{waiting}\s*未上传\s*{refused}\s*没通过"
    expect(phone.page.locator(".counts:visible")).to_have_text(re.compile(words))


def visits(database: Engine, market: Market) -> list[tuple[Any, ...]]:
    """Who stands as being there."""
    return rows(
        database,
        "SELECT resident_id::text FROM attendance"
        " WHERE activity_id = :id AND reverted_at IS NULL ORDER BY attended_at",
        id=market.id,
    )


def scans(database: Engine, market: Market) -> list[tuple[Any, ...]]:
    """Source and verdict of each scan, in their order."""
    statement = """
        SELECT source, direction, derived_verdict FROM scan WHERE activity_id = :id
         ORDER BY received_at"""
    return rows(database, statement, id=market.id)


def test_a_code_shown_on_a_second_phone(
    phone: OpenPhone,
    own: OpenPhone,
    volunteer: Caller,
    resident: Caller,
    market: Market,
    database: Engine,
) -> None:
    resident.put("/me", {"name": "王秀英"})
    theirs = own("pages/my-code/my-code")
    theirs.sees("秒后自动换新")
    (shown,) = theirs.harness("codes()")

    mine = phone(volunteer.name, path="pages/mine/mine", kept=volunteer.kept, clock=True)
    mine.tap("扫码签到")
    mine.tap(market.title)
    mine.sees("请居民打开")
    scan(mine, shown)
    mine.sees("王*英 签到成功")
    mine.look("scan-admitted")
    assert mine.harness("vibrations") == ["medium"]
    assert visits(database, market) == [(resident.resident_id,)]

    # The next scan at once: the camera is open again. The same person is amber.
    mine.page.clock.fast_forward(ANSWER_IS_GONE)
    mine.sees("对准二维码")
    mine.scan(shown)
    mine.sees("已签到")
    mine.sees("在这部手机上签的")
    mine.look("scan-known")

    # Something else is red, says what to do, and stays to be read.
    mine.page.clock.fast_forward(ANSWER_IS_GONE)
    mine.sees("对准二维码")
    mine.scan(market.code())
    mine.sees("这不是居民的签到码")
    mine.page.clock.fast_forward("00:30")
    mine.sees("请居民打开「我的」")
    mine.look("scan-refused")
    assert mine.harness("vibrations") == ["medium", "heavy", "long"]
    mine.tap("扫下一位")
    mine.tap("取消扫码")
    has_counted(mine, 1)
    assert scans(database, market) == [
        ("scan", "entry", "admitted"), ("scan", "entry", "already_checked_in"),
    ]  # fmt: skip

    # The market is remembered for the day.
    mine.reopen()
    mine.tap("扫码签到")
    has_counted(mine, 1)


def test_a_double_tap_is_one_scan(
    work: OpenAt, code: str, market: Market, database: Engine
) -> None:
    mine = work()
    button = mine.page.get_by_role("button", name="扫码签到", exact=True)
    button.evaluate("one => { one.click(); one.click(); }")
    mine.scan(code)
    mine.sees("签到成功")
    assert scans(database, market) == [("scan", "entry", "admitted")]


def test_two_volunteers_scan_one_person(
    work: OpenAt, code: str, resident: Caller, market: Market, database: Engine
) -> None:
    phones = [work(), work()]
    for one in phones:
        one.page.get_by_role("button", name="扫码签到", exact=True).tap()
    for one in phones:
        one.scan(code)
    for one in phones:
        one.page.locator(".scan-answer-good, .scan-answer-warn").wait_for()
    said = sorted(one.page.locator(".scan-answer-title").inner_text()[-4:] for one in phones)
    assert said == [" 已签到", "签到成功"]
    assert visits(database, market) == [(resident.resident_id,)]
    assert sorted(verdict for _, _, verdict in scans(database, market)) == [
        "admitted", "already_checked_in",
    ]  # fmt: skip


def test_a_scan_waits_for_the_network(
    work: OpenAt, code: str, resident: Caller, market: Market, database: Engine
) -> None:
    mine = work()
    mine.network(offline=True)
    scan(mine, code)
    mine.sees("已保存，还没核验")
    mine.look("scan-kept")
    mine.tap("扫下一位")
    mine.scan(code)
    mine.sees("刚才已经扫过")  # two sends of one code are one
    next_one(mine)
    has_counted(mine, 0, waiting=1)
    mine.sees("签到：扫的签到码")
    mine.look("scan-offline")
    assert scans(database, market) == []
    mine.network()
    has_counted(mine, 1)
    assert visits(database, market) == [(resident.resident_id,)]
    ((late,),) = rows(
        database, "SELECT scanned_at < received_at FROM scan WHERE activity_id = :id", id=market.id
    )
    assert late
    mine.page.locator(".counts").tap()
    mine.sees("后来上传的")


def test_what_was_kept_is_judged_on_the_screen_too(
    work: OpenAt, code: str, market: Market, database: Engine
) -> None:
    """Back in the network the answer takes the place of 「还没核验」; a refusal is read first."""
    mine = work()
    mine.network(offline=True)
    scan(mine, code)
    mine.sees("已保存，还没核验")
    mine.network()
    mine.sees("签到成功")
    next_one(mine)
    has_counted(mine, 1)
    mine.network(offline=True)
    scan(mine, code[:-8] + "AAAAAAAA")  # whose signature is not ours
    mine.sees("已保存，还没核验")
    mine.network()
    mine.sees("这不是居民的签到码")
    mine.misses("还没核验")
    mine.tap("扫下一位")
    mine.tap("取消扫码")
    has_counted(mine, 1, refused=1)
    mine.network(offline=True)
    mine.tap("登记姓名")
    mine.page.get_by_label("怎么称呼").fill("李奶奶")
    mine.tap("登记签到")
    mine.sees("已保存，还没核验")
    mine.network()
    mine.sees("李*奶 签到成功")


def test_scans_survive_closing_the_mini_program(
    work: OpenAt, code: str, resident: Caller, market: Market, database: Engine
) -> None:
    mine = work()
    mine.cut_off()
    scan(mine, code)
    mine.sees("还没核验")
    # However many wait, what else is on the page stays in reach.
    mine.page.evaluate(_KEEP_FORTY)
    mine.reopen()
    has_counted(mine, 0, waiting=41)
    expect(mine.page.get_by_text("签到：扫的签到码").filter(visible=True)).to_have_count(2)
    mine.look("scan-many-waiting")
    mine.tap("还有 39 条未上传，看全部")
    expect(mine.page.get_by_text("签到：扫的签到码").filter(visible=True)).to_have_count(41)
    mine.page.evaluate(_FORGET_FORTY)
    mine.reopen()
    has_counted(mine, 0, waiting=1)
    mine.reconnect()
    # Another page is open when it is sent: its answer is not lost.
    mine.page.goto(mine.page.url.replace("scan%2Fscan", "desk%2Fdesk"))
    mine.sees("您在哪一场集市")
    mine.page.wait_for_function(
        "() => __harness.requests.some(({ url, status }) => url.endsWith('/scans') && status)"
    )
    assert visits(database, market) == [(resident.resident_id,)]
    mine.page.goto(mine.page.url.replace("desk%2Fdesk", "scan%2Fscan"))
    has_counted(mine, 1)


def test_a_late_refusal_is_never_dropped(
    work: OpenAt, system: LocalSystem, code: str, resident: Caller, market: Market,
    database: Engine,
) -> None:  # fmt: skip
    mine = work()
    mine.network(offline=True)
    scan(mine, code)
    mine.tap("记下是谁")
    mine.page.get_by_role("dialog").get_by_role("textbox").fill("王秀英")
    mine.screenshot("scan-kept-name")
    mine.page.get_by_role("dialog").get_by_role("button", name="记下").tap()
    mine.scan(str(Caller(system.web, new_name()).get("/me/code")["code"]))
    mine.sees("还没核验")
    mine.tap("扫下一位")
    mine.tap("取消扫码")
    # The first one's code is worth nothing any more when it is uploaded; the second one's is.
    change(
        database,
        "UPDATE resident SET code_handle = gen_random_uuid() WHERE id = :id",
        id=resident.resident_id,
    )
    mine.network()
    has_counted(mine, 1, refused=1)
    mine.look("scan-late-refusal")
    mine.reopen()
    mine.page.locator(".counts").tap()
    mine.sees("没通过 1 条")
    mine.sees("签到：王秀英")
    mine.sees("这个码已经停用")
    mine.look("records-refused")
    mine.tap("再传一次")
    mine.sees("没通过 1 条")  # the server keeps to its answer
    mine.tap("处理好了")
    mine.tap("还没有")
    mine.sees("没通过 1 条")
    mine.tap("处理好了")
    mine.page.get_by_role("dialog").get_by_role("button", name="处理好了").tap()
    mine.misses("没通过 1 条")
    assert sorted(verdict for _, _, verdict in scans(database, market)) == ["admitted", "refused"]


def test_a_slow_network_does_not_hold_up_the_line(
    work: OpenAt, code: str, resident: Caller, market: Market, database: Engine
) -> None:
    mine = work()
    mine.network(delay_ms=9000)
    scan(mine, code)
    mine.sees("正在核验")
    mine.page.clock.fast_forward(PATIENCE_IS_OVER)
    mine.sees("还没核验")
    mine.tap("扫下一位")
    mine.tap("取消扫码")
    has_counted(mine, 0, waiting=1)
    mine.page.clock.fast_forward("00:04")
    has_counted(mine, 1)
    assert visits(database, market) == [(resident.resident_id,)]


def test_by_the_end_of_the_phone_number(
    work: OpenAt, resident: Caller, market: Market, database: Engine
) -> None:
    tail = f"{uuid4().int % 10_000:04}"
    name = f"钱{uuid4().hex[:6]}"
    here = resident.get("/regions", q=COMMUNITY)["items"][0]["id"]
    resident.put("/me", {"name": name, "region_id": here})
    resident.post("/me/phone", {"phone": f"1390000{tail}"})
    mine = work()
    mine.tap("手机尾号")
    for digit in tail:
        mine.page.get_by_role("button", name=digit, exact=True).tap()
    person = mine.page.get_by_role("button", name=f"钱***{name[-1]}")
    person.tap()
    mine.sees("请问清楚是不是本人")
    mine.screenshot("find-confirm")
    mine.page.get_by_role("dialog").get_by_role("button", name="不是").tap()
    assert visits(database, market) == []
    person.tap()
    mine.page.get_by_role("dialog").get_by_role("button", name="签到").tap()
    mine.sees("签到成功")
    mine.look("find-admitted")
    assert visits(database, market) == [(resident.resident_id,)]
    mine.tap("查找下一位")
    for digit in tail:
        mine.page.get_by_role("button", name=digit, exact=True).tap()
    expect(mine.page.get_by_role("button", name=f"钱***{name[-1]}")).to_contain_text("已签到")
    mine.look("find-done")
    mine.tap("返回")
    has_counted(mine, 1)


def test_who_is_new_here_is_found_by_the_whole_number(
    work: OpenAt, resident: Caller, market: Market, database: Engine
) -> None:
    number = f"139{uuid4().int % 10**8:08}"
    resident.put("/me", {"name": f"孙{uuid4().hex[:6]}"})
    resident.post("/me/phone", {"phone": number})
    mine = work(FIND)
    for digit in number[-4:]:
        mine.page.get_by_role("button", name=digit, exact=True).tap()
    mine.sees("没来过的人要用完整的手机号查")
    mine.page.get_by_role("radio", name="姓名或手机").tap()
    mine.page.get_by_label("完整的姓名或手机号").fill(number)
    mine.tap("查找")
    mine.page.get_by_role("button", name="孙***").tap()
    mine.page.get_by_role("dialog").get_by_role("button", name="签到").tap()
    mine.sees("签到成功")
    assert visits(database, market) == [(resident.resident_id,)]


def test_by_name_and_nobody_is_found(work: OpenAt) -> None:
    mine = work(FIND)
    mine.page.get_by_role("radio", name="姓名").tap()
    mine.tap("查找")
    mine.sees("请先填写完整的姓名或手机号")
    name = f"无{uuid4().hex}"
    mine.page.get_by_label("完整的姓名").fill(name)
    mine.tap("查找")
    mine.sees("没有找到")
    mine.tap("查不到？登记姓名")
    mine.sees("没带手机、查不到的人，在这里登记")
    # What was typed is there, and stays until it is done.
    expect(mine.page.get_by_label("怎么称呼")).to_have_value(name)
    mine.page.get_by_label("手机号").fill("13900001111")
    mine.reopen()
    mine.tap("查不到？登记姓名")
    expect(mine.page.get_by_label("怎么称呼")).to_have_value(name)
    expect(mine.page.get_by_label("手机号")).to_have_value("13900001111")


def test_a_guest_in_two_fields(work: OpenAt, market: Market, database: Engine) -> None:
    mine = work()
    mine.tap("登记姓名")
    mine.tap("登记签到")
    mine.sees("请填写怎么称呼")
    mine.page.get_by_label("怎么称呼").fill("李奶奶")
    mine.page.get_by_label("手机号").fill("1380000")
    mine.tap("登记签到")
    mine.sees("手机号是 11 位数字")
    mine.page.get_by_label("手机号").fill("")
    button = mine.page.get_by_role("button", name="登记签到", exact=True)
    button.evaluate("one => { one.click(); one.click(); }")
    mine.sees("李*奶 签到成功")
    mine.look("write-in-admitted")
    assert scans(database, market) == [("proxy", "entry", "admitted")]

    # Without a network, and with an answer that gets lost: one guest each.
    mine.tap("登记下一位")
    mine.page.get_by_label("怎么称呼").fill("张大爷")
    mine.lose_answer("/scans")
    mine.tap("登记签到")
    mine.sees("已保存，还没核验")
    mine.page.clock.fast_forward(ANSWER_IS_GONE)
    mine.come_back()
    mine.misses("已保存，还没核验")
    mine.tap("登记下一位")

    # The same name once more: one question, one tap either way; without a network the phone asks.
    mine.allow(409, "/scans")
    mine.page.get_by_label("怎么称呼").fill("李 奶奶")
    mine.tap("登记签到")
    mine.sees("是同一位吗")
    mine.sees("今天已有一位「李*奶」")
    mine.look("write-in-same-name")
    mine.tap("是同一位")
    mine.sees("已签到")
    mine.tap("登记下一位")
    mine.network(offline=True)
    mine.page.get_by_label("怎么称呼").fill("张大爷")
    mine.tap("登记签到")
    mine.tap("是同一位")
    mine.sees("张大爷 已登记")
    mine.tap("登记下一位")
    mine.page.get_by_label("怎么称呼").fill("张大爷")
    mine.tap("登记签到")
    mine.tap("不是，另外登记")
    mine.sees("还没核验")
    mine.tap("登记下一位")
    mine.network()
    mine.tap("返回")
    has_counted(mine, 3)
    assert len(visits(database, market)) == 3
    assert [verdict for _, _, verdict in scans(database, market)] == [
        "admitted", "admitted", "already_checked_in", "admitted"
    ]  # fmt: skip


def test_who_is_known_by_the_number_is_asked_about(
    work: OpenAt, resident: Caller, market: Market, database: Engine
) -> None:
    """The same person or their family: one tap either way."""
    number = f"138{uuid4().int % 10**8:08}"
    resident.put("/me", {"name": "阿依古丽·买买提"})
    resident.post("/me/phone", {"phone": number})
    mine = work(WRITE_IN)
    mine.allow(409, "/scans")

    def write_in(name: str) -> None:
        mine.page.get_by_label("怎么称呼").fill(name)
        mine.page.get_by_label("手机号").fill(f"+86 {number[:3]} {number[3:7]} {number[7:]}")
        mine.tap("登记签到")

    write_in("古丽")
    mine.sees("是同一人，还是家人")
    mine.look("write-in-asked")
    mine.tap("返回修改")
    expect(mine.page.get_by_label("怎么称呼")).to_have_value("古丽")
    assert visits(database, market) == []
    mine.tap("登记签到")
    mine.tap("同一人：阿***提")
    mine.sees("阿***提 签到成功")
    assert visits(database, market) == [(resident.resident_id,)]
    mine.tap("登记下一位")
    write_in("买买提大叔")
    mine.tap("家人，另外登记")
    mine.sees("买***叔 签到成功")
    mine.tap("登记下一位")
    write_in("阿依古丽 买买提")
    mine.sees("已签到")
    assert len(visits(database, market)) == 2


def test_who_is_written_in_after_the_end_is_told_the_market_is_over(
    work: OpenPhone, organiser: Caller, market: Market
) -> None:
    """Not that a code has expired: nobody has shown one."""
    mine = work(WRITE_IN)
    mine.sees("怎么称呼")
    organiser.post(f"/activities/{market.id}/close")
    mine.page.get_by_label("怎么称呼").fill("刘奶奶")
    mine.tap("登记签到")
    mine.sees("签到已经结束")
    mine.misses("码已经过期")


def test_a_question_that_comes_late_waits_for_its_answer(
    work: OpenAt, resident: Caller, market: Market, database: Engine
) -> None:
    """The network is slow: the next person is in already, and nobody is counted before it is said
    who it was."""
    number = f"138{uuid4().int % 10**8:08}"
    resident.put("/me", {"name": "王秀英"})
    resident.post("/me/phone", {"phone": number})
    mine = work()
    mine.allow(409, "/scans")
    mine.tap("登记姓名")
    mine.network(delay_ms=9000)
    mine.page.get_by_label("怎么称呼").fill("王阿姨")
    mine.page.get_by_label("手机号").fill(number)
    mine.tap("登记签到")
    mine.page.clock.fast_forward(PATIENCE_IS_OVER)
    mine.sees("已保存，还没核验")
    mine.tap("回到扫码")
    mine.page.clock.fast_forward("00:04")
    has_counted(mine, 0, refused=1)
    mine.network()
    mine.page.locator(".counts").tap()
    mine.sees("登记过 王*英。是同一人，还是家人？")
    mine.look("records-asked")
    assert visits(database, market) == []
    mine.tap("同一人：王*英")
    mine.sees("王*英 签到成功")
    mine.misses("没通过 1 条")
    assert visits(database, market) == [(resident.resident_id,)]


def test_who_is_not_listed_is_said_with_how_to_find_them(
    work: OpenAt, system: LocalSystem, database: Engine
) -> None:
    """Twelve of one tail: nobody is to be written in because ten others came first."""
    tail = f"{uuid4().int % 10_000:04}"
    here = Caller(system.web, new_name()).get("/regions", q=COMMUNITY)["items"][0]["id"]
    for n in range(12):
        one = Caller(system.web, new_name())
        one.put("/me", {"name": f"周{n:02}", "region_id": here})
        one.post("/me/phone", {"phone": f"13900{n:02}{tail}"})
    mine = work(FIND)
    for digit in tail:
        mine.page.get_by_role("button", name=digit, exact=True).tap()
    mine.sees("还有 2 位没有列出。没看到本人，请用姓名或完整的手机号再查")
    expect(mine.page.locator(".people .line")).to_have_count(10)
    mine.misses("登记姓名")
    mine.look("find-more")


def test_what_has_waited_is_dated_by_when_it_happened(
    work: OpenAt, market: Market, database: Engine
) -> None:
    """Forty minutes ago, on a phone whose clock is three hours ahead."""
    open_since(database, market, hours=4)
    mine = work()
    mine.tap("登记姓名")
    mine.page.clock.fast_forward("03:00:00")
    mine.network(offline=True)
    mine.page.get_by_label("怎么称呼").fill("李奶奶")
    mine.tap("登记签到")
    mine.sees("已保存，还没核验")
    mine.page.clock.fast_forward("40:00")
    mine.network()
    mine.tap("回到扫码")
    has_counted(mine, 1)
    ((waited, ahead),) = rows(
        database,
        "SELECT extract(epoch FROM received_at - judged_at) / 60,"
        "       extract(epoch FROM sent_at - received_at) / 60"
        "  FROM scan JOIN attendance v ON v.id = attendance_id AND v.attended_at = judged_at"
        " WHERE scan.activity_id = :id",
        id=market.id,
    )
    assert 40 <= waited < 42
    assert 219 <= ahead <= 221


def test_undoing_the_last_one(
    work: OpenAt, code: str, resident: Caller, market: Market, database: Engine
) -> None:
    resident.post("/me/phone", {"phone": "13912345678"})
    mine = work()
    scan(mine, code)
    mine.sees("签到成功")
    next_one(mine)
    # Which of several of one name: by when, how, and the number's end.
    mine.sees("扫码 · 139****5678")
    # What can be taken back stays, however often the same one is scanned again; told apart.
    for _ in range(3):
        scan(mine, code)
        mine.sees("不用再签")
        next_one(mine)
    expect(mine.page.get_by_text("签过了", exact=True)).to_have_count(3)
    undo = mine.page.get_by_role("button", name=re.compile(r"撤销 \d+:\d\d:\d\d "))
    expect(undo).to_have_count(1)
    mine.tap("撤销")
    mine.sees("签到 · 扫码 · 139****5678")
    mine.screenshot("scan-undo-why")
    mine.tap("扫错了人")
    mine.sees("扫码 · 139****5678。撤销后不再算到场，报过的名还保留")
    mine.screenshot("scan-undo")
    mine.tap("不撤销")
    assert visits(database, market) == [(resident.resident_id,)]
    mine.tap("撤销")
    mine.tap("扫错了人")
    mine.page.get_by_role("dialog").get_by_role("button", name="撤销", exact=True).tap()
    mine.sees("已撤销")
    has_counted(mine, 0)
    assert visits(database, market) == []
    assert rows(
        database,
        "SELECT n.text FROM audit_note n JOIN audit_entry e ON e.id = n.entry_id"
        " JOIN scan s ON s.id = e.object_id"
        " WHERE e.action = 'revert_scan' AND s.activity_id = :id",
        id=market.id,
    ) == [("扫错了人",)]
    # Scanned again, the person is there again.
    scan(mine, code)
    mine.sees("签到成功")
    assert visits(database, market) == [(resident.resident_id,)]
    # A number from the desk would be called for nobody.
    next_one(mine)
    number = market.give_number(market.haircut, resident.resident_id)
    # It is asked about too where the check-in was undone meanwhile, or the first answer was lost.
    ((last,),) = rows(
        database,
        "SELECT id FROM scan WHERE activity_id = :id ORDER BY received_at DESC LIMIT 1",
        id=market.id,
    )
    market.staff.post(f"/scans/{last}/revert", {"reason": "本人没有来"})
    mine.allow(409, "/revert")
    mine.page.get_by_role("button", name="撤销").first.tap()
    mine.tap("本人没有来")
    mine.page.get_by_role("dialog").get_by_role("button", name="撤销", exact=True).tap()
    mine.sees(f"{number['ticket']} 号还在排队")
    mine.screenshot("scan-undo-number")
    mine.tap("一起取消")
    mine.sees(f"{number['ticket']} 也取消了")
    assert rows(database, "SELECT state FROM booking WHERE id = :id", id=number["id"]) == [
        ("cancelled",)
    ]


def test_leaving(work: OpenAt, code: str, market: Market, database: Engine) -> None:
    mine = work()
    mine.page.get_by_role("radio", name="签退").tap()
    mine.page.get_by_role("button", name="扫码签退").tap()
    mine.scan(code)
    mine.sees("今天还没有签到")
    mine.tap("扫下一位")
    mine.tap("取消扫码")
    mine.page.get_by_role("radio", name="签到").tap()
    scan(mine, code)
    mine.sees("签到成功")
    next_one(mine)
    mine.page.get_by_role("radio", name="签退").tap()
    mine.page.get_by_role("button", name="扫码签退").tap()
    mine.scan(code)
    mine.sees("已签退")
    next_one(mine)
    # Leaving once more is no second one, and can't be undone; coming back is welcome.
    mine.page.get_by_role("button", name="扫码签退").tap()
    mine.scan(code)
    mine.sees("已经签退过了")
    next_one(mine)
    mine.sees("签退过了")
    expect(mine.page.get_by_role("button", name="撤销")).to_have_count(2)
    assert rows(
        database, "SELECT left_at IS NOT NULL FROM attendance WHERE activity_id = :id", id=market.id
    ) == [(True,)]
    mine.page.get_by_role("radio", name="签到").tap()
    scan(mine, code)
    mine.sees("欢迎回来")


def test_a_phone_whose_clock_is_wrong_is_told(work: OpenAt, code: str) -> None:
    mine = work()
    mine.page.clock.fast_forward("10:00")
    scan(mine, code)
    mine.sees("签到成功")
    next_one(mine)
    mine.sees("请在手机设置里打开「自动设置时间」")


def test_who_may_not_scan_is_told(phone: OpenPhone, system: LocalSystem, market: Market) -> None:
    nobody = Caller(system.web, new_name())
    mine = phone(nobody.name, path=WRITE_IN, kept=nobody.kept | chosen_market(market), clock=True)
    mine.allow(403, "/scans")
    mine.page.get_by_label("怎么称呼").fill("李奶奶")
    mine.tap("登记签到")
    mine.sees("请组织者为您开通")
    mine.tap("返回修改")
    expect(mine.page.get_by_label("怎么称呼")).to_have_value("李奶奶")


def test_logging_out_leaves_nothing_of_the_day(work: OpenAt, code: str) -> None:
    mine = work()
    scan(mine, code)
    mine.sees("签到成功")
    mine.page.goto(
        mine.page.url.replace("packages%2Fvolunteer%2Fpages%2Fscan%2Fscan", "pages%2Fmine%2Fmine")
    )
    mine.tap("退出登录")
    mine.page.get_by_role("dialog").get_by_role("button", name="退出", exact=True).tap()
    mine.misses("退出登录")
    kept = mine.page.evaluate("Object.keys(localStorage)")
    assert [key for key in kept if ":today:" in key] == []
