"""What belongs to residents: their family, phone number, consents, records, and the way out."""

import json

from playwright.sync_api import expect
from sqlalchemy import Engine

from backend.local.system import LocalSystem
from tests.miniprogram.phones import OpenPhone
from tests.miniprogram.town import Caller, Market, change, rows


def consents(database: Engine, resident: Caller) -> list[str]:
    """Purposes that the resident agrees to now."""
    found = rows(
        database,
        "SELECT purpose FROM consent c JOIN resident r USING (user_id)"
        " WHERE r.id = :id AND withdrawn_at IS NULL ORDER BY purpose",
        id=resident.resident_id,
    )
    return [purpose for (purpose,) in found]


def test_a_phone_number_by_wechat(own: OpenPhone, resident: Caller, database: Engine) -> None:
    mine = own("pages/phone/phone")
    number = mine.harness("phone")
    mine.tap("用微信绑定的手机号")
    expect(mine.page.get_by_role("alert")).to_contain_text("请先勾选")
    mine.page.get_by_role("checkbox", name="同意这样使用").tap()
    mine.tap("用微信绑定的手机号")
    mine.tap("同意并继续")  # WeChat asks on its own account
    mine.sees("已核实")
    mine.sees(f"{number[:3]}****{number[-4:]}")
    state = "SELECT phone_state FROM resident WHERE id = :id"
    assert rows(database, state, id=resident.resident_id) == [("verified",)]
    assert consents(database, resident) == ["phone"]


def test_a_phone_number_typed(own: OpenPhone, resident: Caller, database: Engine) -> None:
    mine = own("pages/phone/phone")
    mine.page.get_by_role("checkbox", name="同意这样使用").tap()
    # Who does not want WeChat to tell it, types it.
    mine.tap("用微信绑定的手机号")
    mine.tap("不同意，只浏览")
    mine.page.get_by_label("手机号", exact=True).fill("1380000")
    mine.tap("保存手机号")
    expect(mine.page.get_by_role("alert")).to_have_text("请填写 11 位手机号")
    mine.page.get_by_label("手机号", exact=True).fill("13800005678")
    mine.tap("保存手机号")
    mine.sees("138****5678")
    mine.sees("未核实")
    ((state, encrypted),) = rows(
        database,
        "SELECT phone_state, phone_encrypted FROM resident WHERE id = :id",
        id=resident.resident_id,
    )
    assert state == "typed"
    assert b"13800005678" not in bytes(encrypted)


def test_a_childs_guardian_agrees_first(own: OpenPhone, resident: Caller, database: Engine) -> None:
    mine = own("pages/family-edit/family-edit")
    mine.tap("保存")
    expect(mine.page.get_by_role("alert")).to_have_text("请写上称呼或姓名")
    mine.page.get_by_label("姓名或称呼").fill("小宝")
    mine.page.get_by_label("出生年份").fill("２０２０")
    mine.tap("保存")
    expect(mine.page.get_by_role("alert")).to_have_text("请先勾选，表示您是监护人并同意")
    mine.page.get_by_role("checkbox", name="我是孩子的监护人").tap()
    with mine.page.expect_response("**/me/family"):
        mine.tap("保存")
    assert consents(database, resident) == ["guardian"]
    assert [one["name"] for one in resident.get("/me/family")["items"]] == ["小宝"]


def test_what_somebody_needs_is_said_once_it_is_agreed_to(
    own: OpenPhone, resident: Caller, market: Market, database: Engine
) -> None:
    """Of a family member apart from oneself; on the way of signing up, nothing chosen is lost."""
    member = resident.post("/me/family", {"name": "王奶奶"})["id"]
    theirs = own(f"pages/family-edit/family-edit?id={member}")
    theirs.tap("特殊需求")
    theirs.page.get_by_role("checkbox", name="听力不便").tap()
    # No draft of it stays on the phone: it is asked for before it is left.
    theirs.tap("返回")
    theirs.sees("填的还没有保存")
    theirs.tap("取消")
    theirs.tap("保存")
    expect(theirs.page.get_by_role("alert")).to_have_text("请先勾选，表示您同意这样使用")
    theirs.page.get_by_role("checkbox", name="同意这样使用").tap()
    words = theirs.page.get_by_label("还想让摊位和组织者知道的")
    words.fill("请打 13800001234")
    theirs.allow(422, f"/me/family/{member}")
    theirs.tap("保存")
    expect(theirs.page.get_by_role("alert")).to_contain_text("请不要写手机号")
    words.fill("请说大声一点")
    theirs.tap("保存")
    theirs.sees("已保存")
    needs = {"tags": ["hearing"], "words": "请说大声一点"}
    assert [one["special_needs"] for one in resident.get("/me/family")["items"]] == [needs]
    assert consents(database, resident) == ["special_needs"]

    mine = own(f"pages/sign-up/sign-up?activity={market.id}&offering={market.clinic.offering_id}")
    mine.page.get_by_role("radio", name="余 5").first.tap()
    mine.tap("有特殊需求")
    expect(mine.page.get_by_role("checkbox", name="同意这样使用")).to_be_checked()
    expect(mine.page.get_by_role("checkbox", name="听力不便")).not_to_be_checked()
    mine.page.get_by_role("checkbox", name="需要陪同").tap()
    mine.tap("保存")
    mine.sees("已保存")
    assert resident.get("/me")["special_needs"] == {"tags": ["escort"], "words": None}
    mine.tap("返回")
    expect(mine.page.get_by_role("radio", name="余 5").first).to_be_checked()
    # Whoever has said it is not asked as if they had not.
    mine.sees("特殊需求已填")
    mine.page.get_by_role("radio", name="王奶奶").tap()
    mine.sees("特殊需求已填")


def test_what_was_begun_is_still_there_after_going_back(own: OpenPhone, resident: Caller) -> None:
    mine = own("pages/family/family")
    mine.tap("添加家人")
    mine.page.get_by_label("姓名或称呼").fill("王奶奶")
    mine.page.get_by_role("radio", name="奶奶").tap()
    mine.tap("返回")
    mine.tap("添加家人")
    mine.sees("上次没有写完，已为您接着")
    expect(mine.page.get_by_label("姓名或称呼")).to_have_value("王奶奶")
    mine.tap("保存")
    mine.sees("修改")
    (member,) = resident.get("/me/family")["items"]
    assert (member["name"], member["relation"]) == ("王奶奶", "奶奶")
    # Another one is another action.
    mine.tap("添加家人")
    mine.misses("上次没有写完")
    mine.page.get_by_label("姓名或称呼").fill("李爷爷")
    mine.tap("保存")
    mine.sees("李爷爷")
    members = resident.get("/me/family")["items"]
    assert sorted(member["name"] for member in members) == ["李爷爷", "王奶奶"]


def test_a_family_member_is_removed_with_their_bookings(
    own: OpenPhone, resident: Caller, market: Market, database: Engine
) -> None:
    member = resident.post("/me/family", {"name": "王奶奶"})["id"]
    path = f"/offerings/{market.clinic.offering_id}/bookings"
    resident.post(path, {"slot_id": market.clinic.slots[0], "resident_id": member})
    mine = own("pages/family/family")
    mine.tap("王奶奶")
    mine.tap("删除这位家人")
    mine.page.get_by_role("dialog").get_by_role("button", name="删除").tap()
    mine.sees("还没有添加家人")
    booked = "SELECT state FROM booking WHERE resident_id = :id"
    assert rows(database, booked, id=member) == [("cancelled",)]
    assert rows(database, "SELECT name FROM resident WHERE id = :id", id=member) == [(None,)]


def test_consents_are_given_and_withdrawn_one_by_one(
    own: OpenPhone, resident: Caller, database: Engine
) -> None:
    mine = own("pages/consents/consents")
    mine.tap("同意：使用行动不便等特殊需求信息")
    mine.page.get_by_role("button", name="撤回同意：使用行动不便等特殊需求信息").wait_for()
    # Agreed to an older text, they are asked again, from 「我的」 on.
    theirs = "WHERE user_id = (SELECT user_id FROM resident WHERE id = :id)"
    older = f"UPDATE consent SET version = 'older' {theirs}"
    change(database, older, id=resident.resident_id)
    mine = own("pages/mine/mine")
    mine.sees("请重新同意")
    mine.tap("我同意过的事项")
    mine.sees("说明改了，请重新同意")
    mine.tap("同意：使用行动不便等特殊需求信息")
    mine.misses("请重新同意")
    mine.tap("撤回同意：使用行动不便等特殊需求信息")
    mine.tap("不撤回")
    assert consents(database, resident) == ["special_needs"]
    mine.tap("撤回同意：使用行动不便等特殊需求信息")
    mine.page.get_by_role("dialog").get_by_role("button", name="撤回", exact=True).tap()
    expect(
        mine.page.get_by_role("button", name="同意：使用行动不便等特殊需求信息", exact=True)
    ).to_be_enabled()
    assert consents(database, resident) == []


def test_without_the_privacy_consent_nobody_is_logged_in(
    own: OpenPhone, resident: Caller, database: Engine
) -> None:
    resident.post("/me/consents", {"purpose": "privacy", "version": "2026-01"})
    mine = own("pages/consents/consents")
    mine.tap("撤回同意：隐私保护指引")
    mine.page.get_by_role("dialog").get_by_role("button", name="撤回", exact=True).tap()
    mine.tap("微信登录")
    mine.tap("不同意，只浏览")
    expect(mine.page.get_by_role("alert")).to_contain_text("同意隐私保护指引后才能使用")
    assert consents(database, resident) == []
    mine.tap("微信登录")
    mine.tap("同意并继续")
    mine.sees("我的签到码")
    assert consents(database, resident) == ["privacy"]


def test_everything_stored_can_be_seen_and_copied(
    own: OpenPhone, resident: Caller, market: Market
) -> None:
    resident.put("/me", {"name": "王秀英", "birth_year": 1953})
    resident.post("/me/consents", {"purpose": "phone", "version": "2026-01"})
    resident.post("/me/phone", {"phone": "13800005678"})
    slot = {"slot_id": market.clinic.slots[0]}
    booked = resident.post(f"/offerings/{market.clinic.offering_id}/bookings", slot)
    resident.post(f"/bookings/{booked['id']}/cancel")
    mine = own("pages/my-data/my-data")
    mine.sees("王秀英 · 1953 年生 · 138****5678")
    mine.sees(f"{booked['ticket']} 号，{market.title}，今天，已取消")
    mine.misses("13800005678")
    mine.tap("复制全部记录")
    copied = mine.page.evaluate("wx.getClipboardData().then(({ data }) => data)")
    (person,) = json.loads(copied)["people"]
    assert (person["name"], person["phone"]) == ("王秀英", "13800005678")


def test_another_device_is_logged_out_after_asking(
    own: OpenPhone, system: LocalSystem, resident: Caller, database: Engine
) -> None:
    Caller(system.web, resident.name)  # logs in somewhere else
    alive = (
        "SELECT count(*) FROM login_session JOIN resident USING (user_id)"
        " WHERE resident.id = :id AND revoked_at IS NULL"
    )
    mine = own("pages/mine/mine")
    mine.tap("登录的设备")
    expect(mine.page.get_by_text("本机")).to_have_count(1)
    end = mine.page.get_by_role("button", name="让它退出登录")
    end.tap()
    mine.sees("再打开会自动登录")
    mine.tap("先不退")
    assert rows(database, alive, id=resident.resident_id) == [(2,)]
    mine.network(offline=True)
    end.tap()
    sure = mine.page.get_by_role("dialog").get_by_role("button", name="退出", exact=True)
    sure.tap()
    expect(mine.page.get_by_role("alert")).to_have_text("网络不太好，请稍后再试")
    mine.network()
    end.tap()
    sure.tap()
    mine.sees("没有在别的设备上登录")
    assert rows(database, alive, id=resident.resident_id) == [(1,)]


def test_logging_out_leaves_nothing_on_the_phone(own: OpenPhone, market: Market) -> None:
    """Nor in its memory: of numbers, and of what was said yes to and could not be told."""
    clinic = f"activity={market.id}&offering={market.clinic.offering_id}"
    mine = own()
    mine.sees("近期活动")
    mine.page.route("**/me/message-credits", lambda route: route.abort())
    sign_up = f"() => wx.navigateTo({{ url: '/pages/sign-up/sign-up?{clinic}' }})"
    mine.page.evaluate(sign_up)
    mine.page.get_by_role("radio", name="余 5").first.tap()
    mine.tap("确认报名")
    mine.sees("报名成功")
    told = "__harness.requests.filter(({ url }) => url.endsWith('/message-credits')).length"
    mine.page.wait_for_function(f"() => {told} === 3")
    mine.page.evaluate("() => wx.switchTab({ url: '/pages/mine/mine' })")
    mine.tap("退出登录")
    mine.page.get_by_role("dialog").get_by_role("button", name="退出", exact=True).tap()
    mine.sees("微信登录")
    assert mine.page.evaluate("wx.getStorageInfoSync().keys") == ["privacy"]
    mine.page.get_by_role("button", name="首页", exact=True).tap()
    mine.sees("近期活动")
    mine.misses("A001")
    mine.reconnect()
    # Whoever logs in next is asked for themselves.
    mine.page.evaluate(sign_up)
    mine.page.get_by_role("radio", name="余 5").first.tap()
    mine.allow(409, "/bookings")
    with mine.page.expect_response("**/me/message-credits"):
        mine.tap("确认报名")
    assert len(mine.asked_messages()) == 2


def test_closing_the_account_erases_the_person(
    own: OpenPhone, resident: Caller, market: Market, database: Engine
) -> None:
    resident.put("/me", {"name": "王秀英"})
    slot = {"slot_id": market.clinic.slots[0]}
    resident.post(f"/offerings/{market.clinic.offering_id}/bookings", slot)
    mine = own("pages/close-account/close-account")
    close = mine.page.get_by_role("button", name="注销我的账号")
    expect(close).to_be_disabled()
    mine.page.get_by_label("输入注销两个字").fill("注销")
    close.tap()
    mine.tap("好的")
    mine.sees("近期活动")
    assert rows(
        database,
        "SELECT u.openid, r.name, b.state FROM user_account u"
        " JOIN resident r ON r.user_id = u.id JOIN booking b ON b.resident_id = r.id"
        " WHERE r.id = :id",
        id=resident.resident_id,
    ) == [(None, None, "cancelled")]
    assert "session" not in mine.page.evaluate("wx.getStorageInfoSync().keys")
