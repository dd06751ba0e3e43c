"""「我想要…」: what residents ask for, from the wish to its end; the database is looked at."""

from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine

from backend.local.system import LocalSystem
from tests.miniprogram.phones import SMALL, OpenPhone, Phone
from tests.miniprogram.town import (
    Caller,
    accept_need,
    change,
    chosen_community,
    new_name,
    picture,
    rows,
)

NEAR = "packages/needs/pages/near/near"


@pytest.fixture
def asked(phone: OpenPhone, resident: Caller, organiser: Caller) -> Phone:
    """The resident's phone, at home, in a community."""
    return phone(resident.name, kept=resident.kept | chosen_community(organiser))


def write(mine: Phone, words: str) -> None:
    mine.page.get_by_label("说说您想要的").fill(words)


def voices(database: Engine, title: str) -> list[tuple[Any, ...]]:
    """Of the needs of a title: each voice's role, and whether it stands."""
    return rows(
        database,
        "SELECT role, withdrawn_at IS NULL FROM need_voice JOIN need ON need.id = need_id"
        " WHERE need.title = :title ORDER BY need_voice.created_at",
        title=title,
    )


def test_a_wish_is_handed_in_and_followed_and_joined(
    asked: Phone, phone: OpenPhone, system: LocalSystem, organiser: Caller, database: Engine
) -> None:
    wish = f"想请人教老人用手机挂号{uuid4().hex[:4]}"
    mine = asked
    mine.tap("我想要…")
    mine.tap("下一步")
    expect(mine.page.locator(".refusal-note")).to_have_text("请写一下想要什么")
    write(mine, f"{wish}。打我电话 13800001234")
    mine.allow(422, "/needs")
    mine.tap("下一步")
    mine.page.locator(".field-error").wait_for()
    # Nor is it lost where nobody could say so at once.
    mine.network(offline=True)
    mine.tap("下一步")
    mine.sees("联网后自动提交")
    mine.network()
    mine.page.locator(".field-error").wait_for()
    mine.misses("没有提交成功")
    write(mine, f"{wish}。白天儿女都上班")
    mine.page.get_by_role("checkbox", name="周末上午").tap()
    mine.reopen()
    mine.tap("我想要…")
    mine.sees("上次没有写完，已为您接着")
    mine.tap("下一步")
    mine.sees("记下了")
    mine.tap("看我的需求")
    mine.sees("等社区答复")
    (need,) = organiser.get("/needs", q=wish)["items"]
    accept_need(organiser, database, need)
    mine.tap(f"等社区答复 {wish}")
    mine.sees("社区已受理")
    mine.sees("有您一份")
    expect(mine.page.get_by_text("白天儿女都上班", exact=True)).to_be_visible()

    # A neighbour finds it, asks for it too, and changes their mind.
    other = Caller(system.web, new_name())
    theirs = phone(other.name, path=NEAR, kept=other.kept | chosen_community(organiser))
    theirs.sees(wish)
    theirs.page.get_by_text(wish).tap()
    theirs.sees("1 人需要")
    theirs.network(offline=True)
    theirs.tap("我也需要")
    theirs.sees("已为您保存，联网后自动提交")
    theirs.come_back()
    theirs.misses("我也需要")
    theirs.network()
    theirs.sees("2 人需要，有您一份")
    theirs.misses("联网后自动提交")
    theirs.look("need-joined")
    theirs.tap("不再需要")
    theirs.tap("还需要")
    theirs.tap("不再需要")
    theirs.page.get_by_role("dialog").get_by_role("button", name="不再需要", exact=True).tap()
    theirs.page.get_by_role("button", name="我也需要").wait_for()
    assert voices(database, wish) == [("raiser", True), ("supporter", False)]
    assert wish in theirs.passed_on()[-1]["title"]

    # Nothing more comes of it: nothing is to be taken back, and no tick says that it went well.
    why = {"reason_code": "no_resource_yet", "reason": "暂时没有师傅"}
    organiser.post(f"/needs/{need['id']}/close-unsolved", why)
    mine.come_back()
    mine.sees("1 人提过，有您一份")
    mine.sees("接下来怎么办")
    mine.misses("不再需要")
    expect(mine.page.locator(".step").last.locator("[class*=icon-info]")).to_be_visible()
    mine.look("need-unsolved")


def test_of_what_others_ask_for_already_one_tap_is_enough(
    asked: Phone, organiser: Caller, database: Engine
) -> None:
    """Those like it are shown before mine is handed in, whatever its kind, and mine can be handed
    in all the same."""
    wish, own = (f"{one}{uuid4().hex[:4]}" for one in ("盼着有人来焊铝锅补漏", "铝锅漏了想焊一焊"))
    said = {
        "region_id": chosen_community(organiser)["community"]["id"],
        "title": wish,
        "source": "visit",
    }
    organiser.post(f"/needs/{organiser.post('/needs', said)['id']}/accept")
    for words, button, thanks, offline in (
        (own, "都不是，提交我的", "记下了", False),
        (wish, f"我也需要：{wish}", "已加上您的一份", True),
    ):
        asked.tap("我想要…")
        asked.page.get_by_role("radio", name="家电维修").tap()
        write(asked, words)
        asked.tap("下一步")
        asked.sees("不用再提")
        asked.look("need-alike")
        asked.network(offline=offline)
        asked.tap(button)
        if offline:
            asked.sees("联网后自动提交")
            asked.network()
        asked.sees(thanks)
        asked.tap("返回")
    assert voices(database, own) == [("raiser", True)]
    assert voices(database, wish) == [("supporter", True)]


def test_a_wish_waits_for_the_network_and_is_handed_in_once(
    phone: OpenPhone, resident: Caller, organiser: Caller, database: Engine
) -> None:
    """On the smallest screen with the largest letters, too."""
    wish = "盼着晚上有人领操"
    kept = resident.kept | chosen_community(organiser)
    mine = phone(resident.name, kept=kept, size=SMALL, elder=True, fontScale="1.5")
    mine.tap("我想要…")
    expect(mine.page.get_by_label("说说您想要的")).to_be_in_viewport(ratio=1)
    mine.sees("社区受理以后，大家都能看到这段话，看不到是谁提的")
    write(mine, wish)
    mine.look("need-new-small")
    # Those like it are not waited for either.
    mine.lose_answer("/needs/similar?*")
    mine.lose_answer("/needs")
    mine.tap("下一步")
    mine.sees("联网后自动提交")
    mine.come_back()
    mine.misses("未上传")
    mine.tap("看我的需求")
    mine.sees("等社区答复")
    mine.look("needs-mine-small")
    mine.tap(f"等社区答复 {wish}")
    mine.sees("有您一份")
    expect(mine.page.locator(".step .heading").first).to_have_css("word-break", "normal")
    mine.look("need-small")
    assert voices(database, wish) == [("raiser", True)]

    # The market has been: without a network it is answered, and more is said.
    served(database, wish)
    mine.come_back()
    mine.sees("解决了吗？")
    mine.look("need-asked-small")
    mine.network(offline=True)
    mine.page.get_by_role("radio", name="没解决").tap()
    mine.sees("已为您保存，联网后自动提交")
    mine.page.get_by_label("还想说一句").fill("领操的人没有来")
    mine.network()
    mine.sees("问了 1 人，1 人回答：1 人说没解决")
    expect(mine.page.get_by_label("还想说一句")).to_have_value("领操的人没有来")
    mine.look("need-not-small")
    mine.lose_answer("/reopen")
    mine.tap("还没解决，请再想办法")
    mine.sees("已为您保存，联网后自动提交")
    mine.come_back()
    mine.sees("还没解决，重新办理")
    mine.sees("第 1 次办理：问了 1 人")
    mine.look("need-again-small")
    said = "SELECT n.round, n.state, v.verdict, v.reason FROM need n JOIN need_voice o"
    said += " ON o.need_id = n.id JOIN need_verdict v ON v.voice_id = o.id WHERE n.title = :title"
    assert rows(database, said, title=wish) == [(2, "accepted", "not", "领操的人没有来")]


def served(database: Engine, title: str) -> None:
    """A market has served a need."""
    change(
        database,
        "UPDATE need SET state = 'served', served_at = now(), text_state = 'passed'"
        " WHERE title = :title",
        title=title,
    )


def test_one_for_a_family_member_is_theirs_with_its_photos(
    phone: OpenPhone, resident: Caller, organiser: Caller, database: Engine
) -> None:
    """The guardian chooses whose it is, answers for them, and takes it back for them; photos are
    kept with what is begun, and follow it once there is a network."""
    wish = "轮椅扶手松动"
    member = resident.post("/me/family", {"name": "王桂兰"})
    mine = phone(resident.name, kept=resident.kept | chosen_community(organiser))
    mine.tap("我想要…")
    write(mine, wish)
    mine.page.get_by_role("radio", name="给家人").tap()
    add = "photo => window.__harness.album.push(photo)"
    mine.page.evaluate(add, f"data:image/png;base64,{picture()}")
    mine.tap("加照片")
    expect(mine.page.get_by_label("照片 1", exact=True)).to_be_visible()
    mine.look("need-new-photos")
    mine.tap("下一步")
    mine.sees("请选一下是哪位家人")
    mine.page.get_by_role("radio", name="王桂兰").tap()
    mine.tap("返回")
    mine.tap("我想要…")
    mine.sees("上次没有写完，已为您接着")
    expect(mine.page.get_by_label("照片 1", exact=True)).to_be_visible()
    mine.lose_answer("/needs")
    mine.tap("下一步")
    mine.sees("照片还没有传")
    mine.look("need-kept-photos")
    mine.come_back()
    mine.misses("照片还没有传")
    mine.misses("正在传照片")
    mine.tap("看我的需求")
    mine.tap(f"等社区答复 {wish}")
    expect(mine.page.get_by_label("照片 1", exact=True)).to_be_visible()
    mine.page.evaluate(add, f"data:image/png;base64,{picture()}")
    mine.tap("加照片")
    expect(mine.page.get_by_label("照片 2", exact=True)).to_be_visible()
    mine.look("need-photos")
    whose = "SELECT resident_id::text FROM need_voice v JOIN need n ON n.id = v.need_id"
    whose += " WHERE n.title = :title AND v.withdrawn_at IS NULL"
    assert rows(database, whose, title=wish) == [(member["id"],)]
    served(database, wish)
    mine.come_back()
    mine.sees("给王桂兰提的，解决了吗？")
    mine.page.get_by_role("radio", name="解决了", exact=True).tap()
    mine.sees("1 人说解决了")
    mine.look("need-judged")
    mine.tap("给王桂兰的，不再需要")
    mine.page.get_by_role("dialog").get_by_role("button", name="不再需要", exact=True).tap()
    mine.misses("有您一份")
    assert rows(database, whose, title=wish) == []


def test_a_volunteer_writes_down_what_somebody_without_a_phone_asks_for(
    phone: OpenPhone, system: LocalSystem, organiser: Caller, database: Engine
) -> None:
    """For nobody who is named: no voice counts, the volunteer's neither. What is asked for already
    isn't written down again; the community is theirs, and the volunteer's own stays."""
    # By no sign by chance: two of those would be alike.
    wishes = ["盲文报纸哪里订", "老伴走路不稳，要坐轮椅到卫生院去量血压，量好再慢慢走回来😀吃饭"]
    near = chosen_community(organiser)["community"]
    volunteer = Caller(system.web, "volunteer")
    theirs = phone("volunteer", path="pages/mine/mine", kept=volunteer.kept)
    theirs.tap("替人记一条需求")
    theirs.sees("看不到是替谁记的：请不要写姓名、电话、门牌号")
    theirs.tap("记下")
    faults = theirs.page.locator(".field-error")
    expect(faults).to_have_text(["请写一下想要什么", "请选社区"])
    theirs.tap("选对方的社区")
    theirs.sees("对方住在哪个镇、街道")
    theirs.misses("不选")
    theirs.tap(near["subdistrict_name"])
    theirs.sees("对方住在哪个社区")
    theirs.tap(near["name"])
    expect(faults).to_have_text(["请写一下想要什么"])
    for wish, offline in zip(wishes, (False, True), strict=True):
        theirs.page.get_by_label("对方想要什么").fill(wish)
        theirs.network(offline=offline)
        theirs.tap("记下")
        if offline:
            theirs.sees("联网后自动提交")
            theirs.network()
        theirs.sees("前答复能不能办")
        theirs.misses("联网后自动提交")
        theirs.tap("再记一条")
        theirs.sees("和上一位一样")
    for title in (wishes[0], f"{wishes[1][:29]}…"):
        (need,) = organiser.get("/needs", q=title)["items"]
        assert (need["title"], need["source"], need["for_whom"]) == (title, "market", None)
        assert need["details"] in (None, wishes[1])
        assert voices(database, title) == []
        organiser.post(f"/needs/{need['id']}/accept")
    theirs.page.get_by_label("对方想要什么").fill(wishes[0])
    theirs.tap("记下")
    theirs.sees("就不用再记")
    theirs.look("need-alike-for-other")
    theirs.tap(f"就是这一条，不再记：{wishes[0]}")
    theirs.sees("已经有人提过")
    assert len(organiser.get("/needs", q=wishes[0])["items"]) == 1
    assert not theirs.page.evaluate("() => wx.getStorageSync('community')")
