"""Why something was not done is said where the finger is: on the smallest phone with the largest
letters, beside the button that was pressed, above the bar at the bottom, by one mechanism."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, expect

from backend.local.preview import MINIPROGRAM
from backend.local.system import LocalSystem
from tests.miniprogram.phones import SEEN, SMALL, OpenPhone, Phone
from tests.miniprogram.town import Caller, Market, chosen_market, make_market, new_name

# Between the words and the button that was pressed: no more than one other button.
NEAR_PX = 70


@dataclass(frozen=True)
class Refused:
    """Something pressed in vain.

    Attributes:
        path: of the page; what stands in braces is a key of Street.ids.
        button: that is pressed.
        words: that say why.
        before: what is done first.
        after: what is done once the button is pressed: the answer to a question.
        focus: label of the field that takes the keyboard.
        blamed: words on the place to blame, which is brought up.
        who: a key of Street.people; None for a phone that nobody has logged in on.
        allowed: the end of the path that answers 409.
    """

    path: str
    button: str
    words: str
    before: Callable[[Phone], None] = lambda phone: None
    after: Callable[[Phone], None] = lambda phone: None
    focus: str = ""
    blamed: str = ""
    who: str | None = "resident"
    allowed: str = "nothing"

    def __str__(self) -> str:
        return f"{self.path.split('?')[0].rsplit('/', 1)[1]}-{self.words}"


def choose_slot(phone: Phone) -> None:
    phone.page.get_by_role("radio", name="余").last.tap()


def refuse_consent(phone: Phone) -> None:
    phone.tap("不同意，只浏览")


def name_child(phone: Phone) -> None:
    phone.page.get_by_label("姓名或称呼").fill("小宝")
    phone.page.get_by_label("出生年份").fill("2020")


def type_short_number(phone: Phone) -> None:
    phone.page.get_by_role("checkbox", name="同意这样使用").tap()
    phone.tap("自己填写手机号")
    phone.page.get_by_label("手机号", exact=True).fill("1380")


def check_in_another(phone: Phone) -> None:
    phone.page.get_by_role("button", name="签到", exact=True).tap()
    phone.tap("给家人签到")


def search_by_name(phone: Phone) -> None:
    phone.page.get_by_role("radio", name="姓名或手机").tap()


SIGN_UP = "pages/sign-up/sign-up?activity={market}&offering={clinic}"
CASES = (
    Refused(SIGN_UP, "确认报名", "请先选一个时段", blamed="选一个时段"),
    Refused(f"{SIGN_UP}&for=family", "确认报名", "请先选为哪位家人报名", choose_slot,
            blamed="为哪位家人报名"),
    Refused(SIGN_UP, "确认报名", "您已报名或取过这项服务的号", choose_slot, allowed="/bookings"),
    Refused(SIGN_UP, "确认报名", "同意隐私保护指引后才能使用", choose_slot, refuse_consent,
            who=None),
    Refused("pages/family-edit/family-edit", "保存", "请写上称呼或姓名", focus="姓名或称呼"),
    Refused("pages/family-edit/family-edit", "保存", "请先勾选", name_child,
            blamed="我是孩子的监护人"),
    Refused("pages/phone/phone", "保存手机号", "请填写 11 位手机号", type_short_number,
            focus="手机号"),
    Refused("pages/rate/rate?booking={served}", "提交评价", "请先点一个表情", blamed="不满意"),
    Refused("pages/checkin/checkin?scene={code}", "签到", "请先选给哪位签到", check_in_another,
            blamed="给谁签到"),
    Refused("packages/volunteer/pages/find/find", "查找", "请先填写完整的姓名", search_by_name,
            focus="完整的姓名或手机号", who="volunteer"),
)  # fmt: skip


@dataclass(frozen=True)
class Street:
    """Who presses, and what."""

    people: Mapping[str, Caller]
    ids: Mapping[str, str]
    market: Market


@pytest.fixture(scope="module")
def street(system: LocalSystem, organiser: Caller) -> Street:
    """A resident with a mother, who has had a haircut and an appointment at the clinic."""
    resident, volunteer = Caller(system.web, new_name()), Caller(system.web, "volunteer")
    market = make_market(organiser)
    resident.post("/me/family", {"name": "王奶奶"})
    market.give_number(market.haircut, resident.resident_id)
    served = market.serve_next(market.haircut)
    clinic = market.clinic.offering_id
    resident.post(f"/offerings/{clinic}/bookings", {"slot_id": market.clinic.slots[0]})
    ids = {"market": market.id, "clinic": clinic, "served": served["id"], "code": market.code()}
    return Street({"resident": resident, "volunteer": volunteer}, ids, market)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_is_said_beside_the_button(phone: OpenPhone, street: Street, case: Refused) -> None:
    person = street.people[case.who] if case.who else None
    mine = phone(
        person.name if person else new_name(),
        path=case.path.format(**street.ids),
        kept={**(person.kept if person else {}), **chosen_market(street.market)},
        size=SMALL, elder=True, fontScale="1.4", allowed={(409, case.allowed)},
    )  # fmt: skip
    button = mine.page.get_by_role("button", name=case.button, exact=True)
    case.before(mine)
    button.tap()
    case.after(mine)
    note = mine.page.get_by_role("alert").filter(visible=True)
    expect(note).to_contain_text(case.words)
    if case.blamed:
        expect_seen(mine.page.get_by_text(case.blamed).filter(visible=True).first)
    if case.focus:
        expect(mine.page.get_by_label(case.focus, exact=True)).to_be_focused()
    mine.snapshot(f"refusal-{case}")
    expect_seen(note)
    assert gap(note, button) < NEAR_PX


def expect_seen(words: Locator) -> None:
    """Scrolling takes a moment."""
    words.page.wait_for_function(f"node => ({SEEN})(node)", arg=words.element_handle())


def gap(above: Locator, below: Locator) -> float:
    """Pixels between the end of one and the beginning of the other."""
    one, other = above.bounding_box(), below.bounding_box()
    assert one
    assert other
    return other["y"] - one["y"] - one["height"]


def test_every_page_has_this_one_way() -> None:
    """Whatever was thrown when something was pressed goes to utils/refusal.js, and is shown by what
    it names; a page that cannot read what it shows says so with <error-state>."""
    for script in MINIPROGRAM.glob("**/pages/**/*.js"):
        text = script.read_text(encoding="utf-8")
        template = script.with_suffix(".wxml").read_text(encoding="utf-8")
        assert not re.search(r"showToast\([^)]*(sentenceOf|refus)", text), script
        assert not re.search(r"(refusal|notice|fault\w*): *sentenceOf", text), script
        assert ("refuse(this" in text) == ("refusal.text" in template), script
        # Who was sent somewhere else and has come back is not told the same again.
        assert ("refuse(this" in text) == ("  comeBack(this" in text), script
        for field in re.findall(r"refusal\.faults\.(\w+)", template):
            assert f'id="{field}"' in template, f"{script}: what brings {field} up?"


def test_no_key_outlives_the_page_it_was_made_for() -> None:
    """What is made where a page or a file begins is made once, for every time that it is opened."""
    made_once = r"^(?:const|let|var) \w+ = .*\buuid\(|^ {2}(?: {2})?\w+: [^>]*\buuid\("
    for script in MINIPROGRAM.glob("**/*.js"):
        assert not re.search(made_once, script.read_text(encoding="utf-8"), re.MULTILINE), script
