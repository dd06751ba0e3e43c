"""The smallest phone with the largest letters: what has to be seen there is seen."""

from collections.abc import Callable
from random import randrange

import pytest
from playwright.sync_api import Locator, expect

from backend.local.system import LocalSystem
from tests.miniprogram.phones import SEEN, SMALL, OpenPhone, Phone, lines
from tests.miniprogram.town import Caller, Market, chosen_market, new_name

OpenSmall = Callable[[str], Phone]


@pytest.fixture
def small(own: OpenPhone) -> OpenSmall:
    """Opens a page on the resident's phone, which is small; in elder mode, letters at their
    largest."""
    return lambda path: own(path, size=SMALL, elder=True, fontScale="1.5")


def middle(node: Locator) -> float:
    """How far down the screen a node's middle is, in pixels."""
    box = node.bounding_box()
    assert box
    return box["y"] + box["height"] / 2


def test_buttons_side_by_side_do_not_break_their_words(small: OpenSmall, market: Market) -> None:
    mine = small(f"pages/market/market?id={market.id}")
    for name in ("怎么去", "打电话问"):
        assert lines(mine.page.get_by_role("button", name=name)) == 1
    when = mine.page.locator(".fact").first  # its icon stands in the middle of its line
    assert abs(middle(when.locator("[class*=icon-clock]")) - middle(when.locator(".ink"))) < 3
    for words in ("直接到摊位即可", "现在没有人排队", "还有 10 个名额"):
        assert lines(mine.page.get_by_text(words).first) == 1, words
    mine.look("market-small")


def test_how_long_to_wait_is_seen_with_the_number(
    small: OpenSmall, system: LocalSystem, market: Market, resident: Caller
) -> None:
    others = [Caller(system.web, new_name()).resident_id for _ in range(2)]
    market.admit(resident.resident_id, *others)
    slot = {"slot_id": market.clinic.slots[0]}
    resident.post(f"/offerings/{market.clinic.offering_id}/bookings", slot)
    for one in others:
        market.give_number(market.haircut, one)
    service = f"activity={market.id}&offering={market.haircut.offering_id}"
    mine = small(f"pages/sign-up/sign-up?{service}")
    mine.tap("现场取号")
    mine.sees("取号成功")
    wait = mine.page.get_by_text("前面还有 2 位，约").filter(visible=True)
    expect(wait).to_be_visible()
    mine.snapshot("sign-up-done-small")
    assert wait.evaluate(SEEN)

    # Called: said by the number itself, and by the notice once that is out of sight.
    for _ in range(2):
        market.serve_next(market.haircut)
    called = market.call_next(market.haircut)
    mine.tap("看我的号")
    mine.sees("请到 2 号摊位 理发角")
    notice = mine.page.get_by_role("button", name=f"轮到您了：{called['ticket']} 号")
    expect(notice).to_have_count(0)
    mine.snapshot("number-called-small")
    mine.page.evaluate("() => wx.pageScrollTo({ scrollTop: 2000, duration: 0 })")
    expect(notice).to_be_visible()
    assert notice.evaluate(SEEN)
    mine.snapshot("number-called-scrolled-small")
    notice.tap()
    expect(notice).to_have_count(0)


def test_the_keys_cover_neither_the_digits_nor_who_is_found(
    phone: OpenPhone, system: LocalSystem, market: Market
) -> None:
    volunteer, resident = Caller(system.web, "volunteer"), Caller(system.web, new_name())
    market.admit(resident.resident_id)
    tail = f"{randrange(10_000):04}"
    resident.post("/me/consents", {"purpose": "phone", "version": "2026-01"})
    resident.post("/me/phone", {"phone": f"1390000{tail}"})
    mine = phone(
        volunteer.name, path="packages/volunteer/pages/find/find",
        kept=volunteer.kept | chosen_market(market), size=SMALL, elder=True, fontScale="1.5",
    )  # fmt: skip
    # The words of each way stay within it, whichever is chosen.
    ways = mine.page.get_by_role("radio")
    for chosen in (1, 0):
        ways.nth(chosen).tap()
        fit = "nodes => nodes.every((node) => node.scrollWidth <= node.clientWidth + 1)"
        assert ways.evaluate_all(fit)
    # Nobody is found: what is said of it covers nothing either.
    nobody = f"{(int(tail) + 1) % 10_000:04}"
    for digit in nobody:
        mine.page.get_by_role("button", name=digit, exact=True).tap()
    mine.sees("没有找到")
    mine.snapshot("find-nobody-small")
    for way in mine.page.get_by_role("radio").all():
        assert way.evaluate(SEEN), way.inner_text()
    mine.tap("重新输入")
    for digit in tail[:3]:
        mine.page.get_by_role("button", name=digit, exact=True).tap()
    for place in mine.page.locator(".place-on").all():
        assert place.evaluate(SEEN)
    mine.snapshot("find-typing")
    mine.page.get_by_role("button", name=tail[3], exact=True).tap()
    found = mine.page.get_by_role("button", name=f"139****{tail}")
    expect(found).to_be_visible()
    assert found.evaluate(SEEN)
    mine.look("find-found-small")
    mine.tap("重新输入")
    mine.sees("请按手机号的后四位")

    # The question who it is: every answer is in sight, whatever the words take.
    mine.tap("查不到？登记姓名")
    mine.page.get_by_label("怎么称呼").fill("阿依古丽·买买提·阿卜杜热合曼")
    mine.page.get_by_label("手机号").fill(f"1390000{tail}")
    mine.allow(409, "/scans")
    mine.tap("登记签到")
    mine.sees("是同一人，还是家人")
    mine.snapshot("write-in-asked-small")
    answers = mine.page.locator(".scan-answer-way:visible")
    expect(answers).to_have_count(3)
    for answer in answers.all():
        assert answer.evaluate(SEEN), answer.inner_text()
    mine.look("write-in-asked-small")


def test_nothing_loads_behind_the_question_for_consent(phone: OpenPhone) -> None:
    mine = phone(new_name(), path="pages/family/family", size=SMALL, elder=True, fontScale="1.5")
    mine.sees("您可以随时查看、更正或删除")
    mine.misses("正在加载")
    mine.snapshot("privacy-small")
    for name in ("同意并继续", "不同意，只浏览"):
        assert mine.page.get_by_role("button", name=name).evaluate(SEEN), name
    mine.look("privacy-small")
    mine.tap("不同意，只浏览")
    mine.sees("同意隐私保护指引后才能使用")
