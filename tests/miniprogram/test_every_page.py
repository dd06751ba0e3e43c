"""Every page of app.json, in normal and elder mode: readable, reachable, within the screen.

A page that is added to app.json fails here until VIEWS says how to open it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from backend.local.demo.tally import SHANGHAI
from backend.local.preview import MINIPROGRAM
from backend.local.system import LocalSystem
from tests.miniprogram.phones import OpenPhone, Phone
from tests.miniprogram.town import (
    Caller,
    Market,
    accept_need,
    chosen_community,
    chosen_market,
    chosen_stall,
    make_market,
    new_name,
    tell,
)

# One of them, for WeChat's templates, once each time the mini-program is opened.
MOST_REQUESTS = 4
# 88 rpx is 43.99 px on a screen of 375 px.
TARGET_PX, ELDER_TARGET_PX = 43.9, 59.9

_TOO_SMALL = """(page, least) => [...page.querySelectorAll(
    "wx-button, wx-input, wx-textarea, wx-picker, wx-switch, wx-navigator, wx-radio, wx-checkbox"
)].map((node) => [node, node.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.width < least || box.height < least))
  .map(([node, { width, height }]) => `${node.innerText || node.className}: ${width}×${height}`)"""
# Words that end outside their box, and boxes that end outside the screen.
_OVERFLOWING = """(page) => [page, ...page.querySelectorAll("*")]
  .filter((node) => node.scrollWidth > node.clientWidth + 1 && node.clientWidth
    && getComputedStyle(node).overflowX !== "visible"
    || node.getBoundingClientRect().right > innerWidth + 1)
  .map((node) => `${node.className || node.tagName}: ${node.innerText}`)"""
# How much of a page has not the page's own ground behind it.
_BARE = """(page) => page.scrollHeight
  - page.querySelector("wx-page").getBoundingClientRect().height"""


@dataclass(frozen=True)
class View:
    """A page in one of its states.

    Attributes:
        words: on it when it has been read.
        query: names of Town.queries to open it with.
        who: a key of Town.people; None for a phone that nobody has logged in on.
        act: what is done then, before looking.
        name: of its picture; the page's own unless given.
        in_elder_mode: whether it is there too.
    """

    page: str
    words: str
    query: str = ""
    who: str | None = "resident"
    act: Callable[[Phone], None] = lambda phone: None
    name: str = ""
    in_elder_mode: bool = True

    def __str__(self) -> str:
        return self.name or self.page.rsplit("/", 1)[1]


def choose_face(phone: Phone) -> None:
    """The rest of the form comes after the first answer."""
    phone.page.get_by_role("radio", name="基本满意").first.tap()
    phone.sees("具体说说")


def choose_bad_face(phone: Phone) -> None:
    """Who is not satisfied is asked what was wrong, and whether to call back."""
    phone.page.get_by_role("radio", name="不满意").first.tap()
    phone.sees("哪里没做好？")
    phone.sees("去核实手机号")


def show_calendar(phone: Phone) -> None:
    """The month in place of the list."""
    phone.page.get_by_role("tab", name="月历").tap()
    phone.sees("点一下有活动的日子")


def write_in_guest(phone: Phone) -> None:
    """The form for somebody who is no resident yet."""
    phone.page.get_by_role("radio", name="没登记过的来宾").tap()
    phone.sees("怎么称呼")


def type_tail(phone: Phone) -> None:
    """The end of 王秀英's number."""
    for digit in "1234":
        phone.page.get_by_role("button", name=digit, exact=True).tap()
    phone.sees("王*英")


def find_by_name(phone: Phone) -> None:
    """Somebody whom nobody knows."""
    phone.page.get_by_role("radio", name="姓名").tap()
    phone.page.get_by_label("完整的姓名").fill("没有这个人")
    phone.tap("查找")
    phone.sees("没有找到")


VIEWS = (
    View("pages/home/home", "近期活动"),
    View("pages/home/home", "近期活动", act=show_calendar, name="home-calendar",
         in_elder_mode=False),
    View("pages/number/number", "前面还有 1 位"),
    View("pages/number/number", "您现在没有号", who="newcomer", name="number-none"),
    View("pages/number/number", "在这里看您的号", who=None, name="number-stranger"),
    View("pages/mine/mine", "我的签到码"),
    View("pages/mine/mine", "微信登录", who=None, name="mine-stranger"),
    View("pages/market/market", "摊位和服务", "market"),
    View("pages/sign-up/sign-up", "选一个时段", "sign-up"),
    View("pages/sign-up/sign-up", "现在有 2 位在等", "take-number", name="sign-up-on-the-spot"),
    View("pages/checkin/checkin", "扫一扫入口处的签到码"),
    View("pages/checkin/checkin", "您来到了", "scene", name="checkin-market"),
    View("pages/my-code/my-code", "秒后自动换新"),
    View("pages/rate/rate", "提交评价", "rate", act=choose_face),
    View("pages/rate/rate", "提交评价", "rate", act=choose_bad_face, name="rate-bad"),
    View("pages/community/community", "您住在哪个镇", who=None),
    View("pages/bookings/bookings", "没有更多了"),
    View("pages/bookings/bookings", "还没有报过名", who="newcomer", name="bookings-none"),
    View("pages/notices/notices", "没有更多了"),
    View("pages/visits/visits", "没有更多了"),
    View("pages/ratings/ratings", "没有更多了"),
    View("pages/complaint/complaint", "您说还没解决", "complaint"),
    View("pages/family/family", "王奶奶"),
    View("pages/family-edit/family-edit", "修改家人的信息", "member"),
    View("pages/special-needs/special-needs", "需要照顾的地方", "needy"),
    View("pages/phone/phone", "1234", act=lambda phone: phone.tap("自己填写手机号")),
    View("pages/consents/consents", "撤回同意"),
    View("pages/devices/devices", "让它退出登录", who="twice"),
    View("pages/devices/devices", "没有在别的设备上登录", who="newcomer", name="devices-one"),
    View("pages/my-data/my-data", "登录记录"),
    View("pages/close-account/close-account", "注销后不能恢复"),
    View("pages/about/about", "我们怎样保护您的信息", who=None),
    View("packages/needs/pages/new/new", "说说您想要的", who="neighbour"),
    View("packages/needs/pages/new/new", "对方想要什么", "for-other", who="volunteer",
         name="new-for-other"),
    View("packages/needs/pages/mine/mine", "没有更多了", name="needs-mine"),
    View("packages/needs/pages/mine/mine", "现在没有您的需求", who="newcomer", name="needs-none"),
    View("packages/needs/pages/need/need", "社区已受理", "need"),
    View("packages/needs/pages/near/near", "没有更多了", who="neighbour", name="needs-near"),
    View("packages/staff/pages/console-login/console-login", "扫页面上的二维码", who="organiser"),
    View("packages/staff/pages/markets/markets", "选一场集市", who="organiser"),
    View("packages/staff/pages/market/market", "排队的服务", "market", who="organiser",
         name="staff-market"),
    View("packages/staff/pages/market/market", "开放集市", "coming", who="organiser",
         name="staff-market-coming"),
    View("packages/staff/pages/code/code", "换新码", "market", who="organiser"),
    View("packages/volunteer/pages/scan/scan", "您在哪一场集市", who="volunteer",
         name="scan-markets"),
    View("packages/volunteer/pages/scan/scan", "本机签到", who="scanner"),
    View("packages/volunteer/pages/scan/scan", "刚才", who="busy scanner", name="scan-busy"),
    View("packages/volunteer/pages/find/find", "请按手机号的后四位", who="scanner"),
    View("packages/volunteer/pages/find/find", "请按手机号的后四位", who="scanner", act=type_tail,
         name="find-found"),
    View("packages/volunteer/pages/find/find", "请按手机号的后四位", who="scanner",
         act=find_by_name, name="find-name"),
    View("packages/volunteer/pages/write-in/write-in", "怎么称呼", who="scanner"),
    View("packages/volunteer/pages/records/records", "今天还没有", who="scanner",
         name="records-empty"),
    View("packages/volunteer/pages/records/records", "没通过 1 条", who="busy scanner"),
    View("packages/volunteer/pages/desk/desk", "您在哪一场集市", who="volunteer",
         name="desk-markets"),
    View("packages/volunteer/pages/desk/desk", "呼叫下一位", who="caller"),
    View("packages/volunteer/pages/ticket/ticket", "发给谁", "stall", who="volunteer"),
    View("packages/volunteer/pages/ticket/ticket", "发给谁", "stall", who="volunteer",
         act=write_in_guest,
         name="ticket-guest"),
)  # fmt: skip


@dataclass(frozen=True)
class Town:
    """People in the middle of a market, and the queries that lead to what is theirs."""

    people: Mapping[str, Caller]
    queries: Mapping[str, str]
    kept: Mapping[str, Mapping[str, Any]]
    """What somebody's phone has kept besides the login."""


@pytest.fixture(scope="module")
def town(system: LocalSystem, organiser: Caller, database: Engine) -> Town:
    """王秀英 has been served twice, waits with her mother's number, and has signed up for more."""
    resident, newcomer, other = (Caller(system.web, new_name()) for _ in range(3))
    today, tomorrow = make_market(organiser), make_market(organiser, live=False)
    resident.put("/me", {"name": "王秀英", "birth_year": 1953})
    for purpose in ("privacy", "phone"):
        resident.post("/me/consents", {"purpose": purpose, "version": "2026-01"})
    resident.post("/me/phone", {"phone": "13800001234"})
    member = resident.post("/me/family", {"name": "王奶奶", "relation": "妈妈", "birth_year": 1930})
    today.admit(resident.resident_id, member["id"], other.resident_id)
    today.give_number(today.haircut, resident.resident_id)
    rated = today.serve_next(today.haircut)
    said = {"score": 5, "items": {}, "tags": [], "comment": "剪得很好，排队也不久"}
    resident.post("/ratings", {"booking_id": rated["id"], **said})
    today.give_number(today.clinic, resident.resident_id)
    unrated = today.serve_next(today.clinic)
    today.give_number(today.haircut, other.resident_id)
    today.give_number(today.haircut, member["id"])
    later = f"/offerings/{tomorrow.clinic.offering_id}/bookings"
    resident.post(later, {"slot_id": tomorrow.clinic.slots[0]})
    tell(
        database,
        resident,
        "集市改期了：「益行社区」第 12 场公益集市，改到 12月5日 周六",
        "",
        days_ago=9,
    )
    tell(database, resident, "明天的集市", f"/pages/market/market?id={tomorrow.id}")
    complained = resident.post("/ratings", {"activity_id": today.id, "score": 2,
                                            "tags": ["slow"], "may_call": False})  # fmt: skip
    (case,) = organiser.get("/rectifications", activity_id=today.id)["items"]
    done = {"reply": "理发师傅那天只来了一位。下一场起安排两位，现场有志愿者引导排队。"}
    organiser.post(f"/rectifications/{case['id']}/reply", done)
    resident.post(f"/ratings/{complained['id']}/unsolved", {"words": "昨天还是等了一个多小时。"})
    organiser.post(f"/rectifications/{case['id']}/reply", {"reply": "请了第三位师傅。"})
    near = chosen_community(organiser)
    wish = {"region_id": near["community"]["id"], "title": "楼上老人多，想请人来量血压",
            "details": "楼上老人多，想请人来量血压。最好在三单元门口摆一张桌子。",
            "service_kind": "clinic", "for_whom": "neighbours",
            "suits": ["weekend_morning"]}  # fmt: skip
    need = resident.post("/needs", wish)
    accept_need(organiser, database, need)
    other.post(f"/needs/{need['id']}/support")
    twice = [Caller(system.web, name) for name in [new_name()] * 2]
    return Town(
        {"resident": resident, "newcomer": newcomer, "volunteer": Caller(system.web, "volunteer"),
         "twice": twice[0], "neighbour": newcomer,
         "caller": Caller(system.web, "volunteer"), "scanner": Caller(system.web, "volunteer"),
         "busy scanner": Caller(system.web, "volunteer"), "organiser": organiser},
        {
            "market": f"?id={today.id}",
            "coming": f"?id={tomorrow.id}",
            "stall": f"?stall={today.haircut.stall_id}",
            "sign-up": f"?activity={tomorrow.id}&offering={tomorrow.clinic.offering_id}",
            "take-number": f"?activity={today.id}&offering={today.haircut.offering_id}",
            "scene": f"?scene={today.code()}",
            "rate": f"?booking={unrated['id']}",
            "complaint": f"?id={complained['id']}",
            "for-other": "?source=market",
            "need": f"?id={need['id']}",
            "member": f"?id={member['id']}",
            "needy": f"?member={member['id']}",
        },
        {
            "neighbour": near,
            "caller": chosen_stall(today.haircut),
            "scanner": chosen_market(today),
            "busy scanner": chosen_market(today) | scanned(today),
        },
    )  # fmt: skip


def scanned(market: Market) -> dict[str, Any]:
    """A phone in the middle of a market day: done, refused late, undone, in the way of uploads."""
    now = datetime.now(SHANGHAI)
    at = int(now.timestamp() * 1000)
    states = (("王*英", "admitted"), ("李*奶", "known"), ("居民", "refused"),
              ("陈*国", "admitted"), ("赵*", "reverted"))  # fmt: skip
    lines = [
        {"id": str(uuid4()), "market": market.id, "at": at - 60_000 * n, "who": who,
         "state": state, "words": "", "late": n == 3}
        for n, (who, state) in enumerate(states)
    ]  # fmt: skip
    refused = {
        "key": str(uuid4()), "kind": "volunteer-scan", "title": "签到：扫的签到码", "method": "POST",
        "page": "/packages/volunteer/pages/records/records", "at": at, "body": {},
        "path": f"/activities/{market.id}/scans", "refused": "码已过期或签到已结束，请刷新后重试",
        "answer": {"verdict": "refused", "reason": "expired", "resident": None,
                   "direction": "entry"},
    }  # fmt: skip
    return {
        "today:scan-log": {"day": f"{now:%Y-%m-%d}", "counts": {market.id: 2}, "lines": lines},
        f"outbox:{refused['key']}": refused,
    }


def pages() -> dict[str, str]:
    """The markup of each page of app.json, by its path."""
    app = json.loads((MINIPROGRAM / "app.json").read_text(encoding="utf-8"))
    packages = app.get("subPackages", []) + app.get("subpackages", [])
    paths = [*app["pages"], *(f"{p['root']}/{page}" for p in packages for page in p["pages"])]
    return {path: (MINIPROGRAM / f"{path}.wxml").read_text(encoding="utf-8") for path in paths}


def test_every_page_is_looked_at() -> None:
    assert {view.page for view in VIEWS} == set(pages())


# These two say it themselves, with what becomes of the scans that they list.
_OWN_WORDS = {
    "packages/volunteer/pages/records/records", "packages/volunteer/pages/scan/scan",
}  # fmt: skip


def test_each_page_says_when_the_network_is_away() -> None:
    """And only where something is shown that it may be old: the page tells the bar."""
    for path, markup in pages().items():
        said = '!online}}" class="notice"' if path in _OWN_WORDS else "<offline-bar "
        assert said in markup, path
        assert "<offline-bar />" not in markup, f"{path}: is anything shown that may be old?"


def test_a_call_is_told_on_every_page() -> None:
    silent = {path for path, markup in pages().items() if "<call-notice />" not in markup}
    assert silent == set()


@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_page(phone: OpenPhone, town: Town, view: View) -> None:
    """Opened in elder mode where the page has one, then in normal mode, where flows open it too."""
    person = town.people[view.who] if view.who else None
    opened = phone(
        person.name if person else new_name(),
        path=view.page + town.queries.get(view.query, ""),
        kept={**(person.kept if person else {}), **town.kept.get(view.who or "", {})},
        elder=view.in_elder_mode,
    )
    opened.sees(view.words)
    # Else WeChat takes a picture of the screen, with one's numbers on it.
    assert all(card["imageUrl"] for card in opened.passed_on())
    requests = [request["url"] for request in opened.harness("requests")]
    assert len(requests) <= MOST_REQUESTS, requests
    view.act(opened)
    if view.in_elder_mode:
        judge(opened, view, ELDER_TARGET_PX)
        opened.choose_standard_mode()
    judge(opened, view, TARGET_PX)


def judge(opened: Phone, view: View, target_px: float) -> None:
    """Look at what is on the screen, and measure it."""
    opened.look(str(view))
    page = opened.page.locator(".harness-page:visible")
    assert page.evaluate(_TOO_SMALL, target_px) == []
    assert page.evaluate(_OVERFLOWING) == []
    assert page.evaluate(_BARE) < 1
