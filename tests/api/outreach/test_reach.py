"""Whom a change has reached by what, and the list of those who are called: masked, opened one by
one, ticked off."""

import io
import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import openpyxl
import pytest
import time_machine
from flask import Flask

from backend.core.context import composed
from backend.core.crypto import PhoneVault
from backend.core.db import transaction
from backend.core.permissions import Role
from backend.identity.signals import residents_merged
from backend.notices.models import NoticeKind
from backend.notices.news import News
from backend.notices.operations import tell
from tests.api.activities.workbench import M, facts, fields_of
from tests.api.outreach.conftest import family_of, nine
from tests.gateways.standin import StandIn
from tests.support.desk import Desk, form_time
from tests.support.market_day import MarketDay
from tests.support.messages import reachable, send_now
from tests.support.world import OTHER_SUBDISTRICT, SUBDISTRICT, Person, World, ok, refused

GUEST = {"name": "李奶奶", "phone": "13800001111"}


def put_off(desk: Desk, day: MarketDay, days: int = 1) -> str:
    """Put a market off by the console's form; answers the address that it leads to."""
    path = f"/console/schedule/{day.id}/move"
    version = str(ok(day.organiser.get(f"/activities/{day.id}"))["version"])
    page = desk.step(path, starts_at=form_time(nine(days)), version=version)
    return str(desk.send(path, **fields_of(page)).location)


def mark(desk: Desk, page: str, name: str, call: str) -> Any:
    """Press one of the buttons in somebody's row."""
    row = next(row for row in page.split("<tr") if name in row)
    (path,) = re.findall(r'action="([^"]+/call)', row)
    (seen,) = re.findall(r'name="seen" value="([^"]+)"', row)
    return desk.send(path, call=call, seen=seen)


def cells_of(file: bytes) -> set[str]:
    sheet = openpyxl.load_workbook(io.BytesIO(file)).active
    assert sheet is not None
    return {str(cell.value) for line in sheet.iter_rows() for cell in line}


def reads_of(world: World, person: Person, address: str) -> None:
    """Somebody is told of the change with a page's address, and reads it."""
    news = News(
        user_id=person.user_id, kind=NoticeKind.MARKET_MOVED, title="改期了", text="改到明天",
        page="/pages/number/number", cause_id=UUID(address.rsplit("/", 1)[1]),
    )  # fmt: skip
    with world.app.app_context(), transaction() as session:
        tell(session, [news])
    ok(person.post("/me/notices/read", {"all": True}), 204)


@pytest.fixture
def cancelled(world: World) -> tuple[MarketDay, Desk, str]:
    """A market that is on and was cancelled: one with an account and two without hold numbers."""
    day = MarketDay.begin(world)
    day.booked(world.person("赵小红"))
    for guest in (GUEST, {"name": "周爷爷"}):
        day.number(guest=guest)
    desk = Desk(world, day.organiser)
    page = desk.read(f"{M}/{day.id}/cancel")
    answer = desk.send(f"{M}/{day.id}/cancel", reason="大雨", **fields_of(page))
    return day, desk, str(answer.location)


# ---------------------------------------------------------------------------- moved


def test_a_day_later_takes_three_clicks_and_shows_whom_it_reached(
    world: World, day: MarketDay
) -> None:
    """From the market's page: 改期，推迟一天，确认. However many slots there are."""
    for later in range(1, 4):
        day.slot(nine() + timedelta(minutes=30 * later))
    carer, other, third = world.person("赵小红"), world.person("钱大海"), world.person("孙国庆")
    own = day.booked(carer)
    day.booked(carer, resident_id=family_of(carer))
    kept, given_up = day.booked(other), day.booked(third)
    desk = Desk(world, day.organiser)
    (first,) = re.findall(r'href="([^"]+/move)"', desk.read(f"{M}/{day.id}"))
    page = desk.read(first)
    assert "推迟一天" in page
    form = page[page.index("<form method") : page.index("推迟一天")]
    asked = desk.step(
        first, **dict(re.findall(r'name="(version|starts_at)" value="([^"]*)"', form))
    )
    assert "4 个时段" in asked
    assert "居民群" not in asked
    answer = desk.send(first, **fields_of(asked))
    page = desk.read(answer.location)
    assert "已通知 0／4 人" in page
    assert "还有 4 人没通知到" in page
    assert "赵*红、王*爷" in page, "called once for both"
    assert "赵小红" not in page
    assert "已通知 0／4" in desk.read(f"{M}/{day.id}")
    todo = desk.read("/console/")
    assert answer.location in todo, "it is to be done"
    assert "公益集市：改期，" in todo

    ok(other.post(f"/bookings/{kept['id']}/keep"))
    ok(day.act(given_up, "cancel", third))
    gone = next(
        row for row in desk.read(f"{answer.location}?shown=all").split("<tr") if "孙*庆" in row
    )
    assert "查看电话" not in gone
    (gone_id,) = re.findall(r'id="row-([^"]+)"', gone)
    look = f"{answer.location}/people/{gone_id}/contact"
    assert desk.send(look, reason="通知改期").status_code == 409, "nobody calls who has given up"
    ok(carer.post(f"/bookings/{own['id']}/keep"))
    page = desk.read(answer.location)
    for words in ("已通知 2／3 人", "还没通知到 <strong>1</strong> 人", "还有 1 人没通知到"):
        assert words in page, "one count, of people, also of a family of which one has answered"
    paper = desk.send(f"{answer.location}/paper", reason="通知改期").get_data(as_text=True)
    assert "还没通知到的 1 人" in paper
    assert "王大爷" in paper
    assert "赵小红" not in paper
    back = mark(desk, page, "王*爷", "told").location
    address, _, anchor = back.partition("#")
    assert f'id="{anchor}" class="call-row" tabindex="-1"' in desk.read(address), "one stays there"
    page = desk.read(f"{answer.location}?shown=all")
    for words in ("还来", "都通知到了", "organiser小张", "已通知 3／3"):
        assert words in page
    assert "打开电话名单" not in desk.read(f"{M}/{day.id}")
    assert answer.location not in desk.read("/console/")


def test_who_still_comes_says_so_once(world: World, day: MarketDay) -> None:
    person, stranger = world.person(), world.person()
    booking = day.booked(person)
    path = f"/bookings/{booking['id']}/keep"
    refused(person.post(path), 409, "not_moved")
    desk = Desk(world, day.organiser)
    put_off(desk, day)
    refused(stranger.post(path), 404, "not_found")
    refused(day.volunteer.post(path), 403, "forbidden")
    shown = {"service_on": booking["service_on"], "slot_starts_at": booking["slot_starts_at"]}
    refused(person.post(path, shown), 409, "moved_again")
    answered = ok(person.post(path))
    assert answered["moved_from"] is None
    assert answered["kept_at"]
    assert ok(person.post(path))["kept_at"] == answered["kept_at"]
    assert [move[0] for move in day.moves(booking)].count("keep") == 1
    address = put_off(desk, day, 2)
    assert "已通知 0／1" in desk.read(address), "that was another day"
    assert ok(person.post(path))["kept_at"] != answered["kept_at"]
    ok(day.act(booking, "cancel", person))
    assert "不来了" in desk.read(f"{address}?shown=all"), "who cancels having said that they come"


def test_who_has_read_the_message_need_not_be_called(world: World, day: MarketDay) -> None:
    person = world.person("赵小红")
    day.booked(person)
    desk = Desk(world, day.organiser)
    address = put_off(desk, day)
    assert "赵*红" in desk.read(address)
    reads_of(world, person, address)
    page = desk.read(address)
    assert "赵*红" not in page
    assert "都通知到了" in page
    assert "已看消息" in desk.read(f"{address}?shown=all")


def test_of_each_account_the_page_says_what_became_of_wechats_message(
    world: World, day: MarketDay, wechat_app: Flask, wechat: StandIn
) -> None:
    """On the page, the paper and in Excel alike, in the words of 消息发送."""
    known, _ = reachable(world, wechat, change=1)
    without, _ = reachable(world, None, change=1)  # WeChat knows of no credit
    for person in (known, without, world.person("赵小红")):
        day.booked(person)
    desk = Desk(world, day.organiser)
    address = put_off(desk, day)
    assert desk.read(address).count("待发") == 2
    with time_machine.travel(nine(-1), tick=False):
        send_now()
    refused_words = "本人没有订阅，或次数已用完"
    page = desk.read(address)
    for words in ("已发出", "微信未接受", refused_words, "没有提醒"):
        assert words in page
    paper = desk.send(f"{address}/paper", reason="通知改期").get_data(as_text=True)
    file = desk.send(f"{address}/excel", reason="通知改期").data
    for words in ("已发出", f"微信未接受：{refused_words}", "没有提醒"):
        assert f"<td>{words}</td>" in paper
        assert words in cells_of(file)


def test_whose_number_is_seen_is_told_by_what_office_and_why(world: World, day: MarketDay) -> None:
    """Opened or taken along, once for the account with its family; which reaches nobody."""
    carer, other = world.person("赵小红"), world.person("钱大海")
    day.booked(carer)
    day.booked(carer, resident_id=family_of(carer))
    day.booked(other, resident_id=family_of(other))
    desk = Desk(world, day.organiser)
    address = put_off(desk, day)
    with world.app.app_context():
        (family,) = day.rows(
            "SELECT min(a.id::text) AS id FROM addressee a JOIN resident r ON r.id = a.resident_id"
            " WHERE coalesce(r.user_id, r.guardian_user_id) = :id",
            id=carer.user_id,
        )
        for person, number in ((carer, "13800002222"), (other, "13800003333")):
            day.rows(
                "UPDATE resident SET phone_encrypted = :phone WHERE user_id = :id RETURNING 1",
                phone=composed(PhoneVault).encrypt(f"+86{number}"),
                id=person.user_id,
            )
    page = desk.read(address)
    assert page.count("代办") == 1, "of two who stand on the list themselves it is said of neither"
    assert "钱*海代办" in page
    looks = [f"people/{family.id}/contact", "paper", "excel"]
    opened, paper, file = (desk.send(f"{address}/{look}", reason="通知改期") for look in looks)
    assert "13800002222</strong> 赵小红" in opened.get_data(as_text=True)
    assert "13800003333<br>钱大海（代办）" in paper.get_data(as_text=True), "whose number it is"
    assert {"+8613800003333", "钱大海（代办）"} <= cells_of(file.data)
    told = [
        [
            one["text"]
            for one in ok(person.get("/me/notices"))["items"]
            if one["kind"] == "looked_up"
        ]
        for person in (carer, other)
    ]
    title = "为通知「花园社区公益集市」的改动"
    assert [len(texts) for texts in told] == [3, 2]
    for text, words in zip(
        told[0][::-1],
        (
            f"{title}查看了您、王大爷的电话号码",
            f"{title}打印了有您、王大爷电话",
            f"{title}导出了有您",
        ),
        strict=True,
    ):
        assert words in text
        assert "的组织者" in text
        assert "写明的原因：通知改期" in text
    assert "已通知 0／3 人" in desk.read(address)


def test_put_back_it_is_another_change_and_the_first_list_is_over(
    world: World, day: MarketDay
) -> None:
    day.booked(world.person())
    desk = Desk(world, day.organiser)
    first, second = put_off(desk, day), put_off(desk, day, 0)
    assert "不用再通知" in desk.read(first)
    assert "还有 1 人没通知到" in desk.read(second)
    listed = desk.read(f"/console/changes/of/{day.id}")
    assert listed.count("改期</a>") == 2


def test_a_later_change_takes_nobody_off_the_list_whom_it_does_not_concern(
    world: World, day: MarketDay
) -> None:
    """A slot is moved, and then the market's end: appointments stay, so that whoever was moved is
    told of their own time by the first change alone."""
    day.booked(world.person("赵小红"))
    moved = {
        "starts_at": (nine() + timedelta(minutes=30)).isoformat(),
        "ends_at": (nine() + timedelta(minutes=60)).isoformat(),
    }
    ok(day.organiser.put(f"/slots/{day.market.slot_id}", moved))
    longer = {"ends_at": (nine() + timedelta(hours=4)).isoformat()}
    ok(day.organiser.put(f"/activities/{day.id}", longer))
    first, _ = day.rows("SELECT id FROM activity_change ORDER BY id")
    desk = Desk(world, day.organiser)
    address = f"/console/changes/{first.id}"
    assert "赵*红" in desk.read(address)
    assert "还有 1 人没通知到" in desk.read(f"{M}/{day.id}")
    assert address in desk.read("/console/")
    assert desk.send(f"{address}/paper", reason="通知改期").status_code == 200


def test_of_two_changes_a_household_is_called_once_about_both(world: World, day: MarketDay) -> None:
    """Whichever change's page is open, it is the market's one call list; a tick is of all that was
    said on the phone. Who has signed up in between is told of the later alone."""
    carer, late = world.person("赵小红"), world.person("钱大海")
    day.booked(carer), day.booked(carer, resident_id=family_of(carer))
    desk = Desk(world, day.organiser)
    first = put_off(desk, day)
    mark(desk, desk.read(first), "赵*红", "no_answer")
    day.booked(late)
    ok(day.organiser.put(f"/activities/{day.id}", {"venue": {"name": "文化宫"}}))
    change = day.rows("SELECT id FROM activity_change ORDER BY id DESC LIMIT 1")[0].id
    second = f"/console/changes/{change}"
    todos = re.findall(r'href="(/console/changes/[^"]+)"', desk.read("/console/"))
    assert todos == [second], "one list is one thing to do"
    assert desk.read(f"{M}/{day.id}").count("打开电话名单") == 1
    told = "要告诉：(.+?)</span>"
    for page in (desk.read(first), desk.read(second)):
        assert page.count('class="call-row"') == 2
        carers, later = re.findall(told, page)
        assert ("换地点：" in carers, "改期：" in carers) == (True, True)
        assert ("换地点：" in later, "改期：" in later) == (True, False)
    for way in ("paper", "excel"):
        assert desk.send(f"{first}/{way}", reason="通知").status_code == 200
    paper = desk.send(f"{first}/paper", reason="通知").get_data(as_text=True)
    assert paper.count("□") == 2
    assert "还没通知到的 3 人" in paper
    row = next(row for row in desk.read(first).split("<tr") if "钱*海" in row)
    (ticks,) = re.findall(r'action="([^"]+)/call', row)
    look = desk.send(f"{ticks}/contact", reason="通知")
    assert "没有留电话" in look.get_data(as_text=True), "is on the list of the page that shows them"
    assert mark(desk, desk.read(second), "赵*红", "told").status_code == 303
    assert "已通知 2／2 人" in desk.read(first)
    assert "已通知 2／3 人" in desk.read(second)
    kept = desk.read(f"{first}?shown=all")
    assert "要告诉" not in kept, "its own page of all says how each of its people knows"
    assert mark(desk, kept, "赵*红", "").status_code == 303
    assert "已通知 0／2 人" in desk.read(first)
    assert "已通知 0／3 人" in desk.read(second), "taken back of both"
    assert mark(desk, desk.read(first), "钱*海", "told").status_code == 303
    other = MarketDay.begin(world)
    ok(other.organiser.put(f"/activities/{other.id}", {"venue": {"name": "文化宫"}}))
    (elsewhere,) = day.rows("SELECT id FROM activity_change WHERE activity_id = :id", id=other.id)
    strange = ticks.replace(ticks.split("/")[3], str(elsewhere.id))
    assert desk.send(f"{strange}/contact", reason="通知").status_code == 404, "of another market"


def test_who_has_an_appointment_too_answers_for_what_they_were_asked(
    world: World, day: MarketDay
) -> None:
    """Moved with both, and then the end alone, which is about the number without a time: who was
    not told of their appointment by that stays to be told, and answers for it."""
    person, free = world.person("赵小红"), day.offering(mode="queue")
    appointed, comes = day.booked(person), day.booked(person, free)
    desk = Desk(world, day.organiser)
    first = put_off(desk, day)
    market = ok(day.organiser.get(f"/activities/{day.id}"))
    path = f"{M}/{day.id}/facts"
    asked = desk.step(path, **facts(market, ends_at=form_time(nine(1) + timedelta(hours=4))))
    second = str(desk.send(path, **fields_of(asked)).location)
    assert "赵*红" in desk.read(first), "the end says nothing of the appointment"
    assert desk.read(second).count("赵*红") == 1, "one call says both"
    ok(person.post(f"/bookings/{appointed['id']}/keep"))
    assert "已通知 1／1 人" in desk.read(first)
    assert "已通知 0／1 人" in desk.read(second), "nobody has said anything of it"
    ok(day.act(comes, "cancel", person))
    assert "已通知 0／0 人" in desk.read(second)


def test_another_end_is_told_to_those_who_come_without_an_appointment(
    world: World, day: MarketDay
) -> None:
    """The beginning stays, so that nobody is moved; appointments stay too."""
    free = day.offering(mode="queue")
    comes, appointed = world.person("赵小红"), world.person("钱大海")
    day.booked(appointed)
    desk, path = Desk(world, day.organiser), f"{M}/{day.id}/facts"

    def ends(hours: int, days: int = 0) -> tuple[str, str]:
        """Change the end by the form; answers what asked and where it leads."""
        market = ok(day.organiser.get(f"/activities/{day.id}"))
        then = form_time(nine(days) + timedelta(hours=hours))
        asked = desk.step(path, **facts(market, ends_at=then))
        return asked, str(desk.send(path, **fields_of(asked)).location)

    asked, address = ends(4)
    assert "会在小程序里收到消息" not in asked, "whoever has an appointment keeps it"
    assert "/console/changes/" not in address
    day.booked(comes, free)
    asked, address = ends(2)
    assert "不分时段、还没到场的人会在小程序里收到消息" in asked
    page = desk.read(address)
    assert "已通知 0／1 人" in page
    assert "赵*红" in page
    assert re.search(r"结束时间从 [^<]+ 13:00 改到 [^<]+ 11:00，开始时间不变", page)
    assert "没有发消息" not in page
    newest, *_ = ok(comes.get("/me/notices"))["items"]
    assert newest["title"].startswith("结束时间改了")
    assert "13:00 改到" in newest["text"]
    assert [one["kind"] for one in ok(appointed.get("/me/notices"))["items"]] == ["booking_made"]
    put_off(desk, day)
    ends(3, days=1)
    newest, *_ = ok(comes.get("/me/notices"))["items"]
    assert "（改期以前是 " in newest["text"], "who has not answered the move reads of both"


def test_thirty_are_told_the_truth_of_every_change(world: World, day: MarketDay) -> None:
    """Moved, put back, cancelled: each has three notices in order, and who gave up has fewer."""
    thirty = [world.person() for _ in range(30)]
    bookings = [day.booked(person) for person in thirty]
    desk = Desk(world, day.organiser)
    first = put_off(desk, day)
    ok(day.act(bookings[0], "cancel", thirty[0]))
    assert "已通知 0／29" in desk.read(first)
    assert "不来了" in desk.read(f"{first}?shown=all")
    assert "还有 29 人没通知到" in desk.read(put_off(desk, day, 0))
    page = desk.read(f"{M}/{day.id}/cancel")
    last = desk.send(f"{M}/{day.id}/cancel", reason="大雨", **fields_of(page)).location
    kinds = [[one["kind"] for one in ok(person.get("/me/notices"))["items"]] for person in thirty]
    told = ["market_cancelled", "market_moved", "market_moved", "booking_made"]
    assert kinds == [told[2:], *[told] * 29]
    assert desk.read(last).count("没打通") == 29
    listed = desk.read(f"/console/changes/of/{day.id}")
    assert listed.count("不用再通知") == 2, "the last says all"
    page = desk.read(first)
    for words in (
        "已通知 0／29 人",
        "后来活动取消了",
        last,
        "预约已经取消，不用通知 <strong>1</strong>",
    ):
        assert words in page, "what was reached then stays"
    assert "没打通" not in page
    assert desk.send(f"{first}/paper", reason="通知改期").status_code == 409
    newest = ok(thirty[1].get("/me/notices"))["items"]
    assert ["改期后还来" in one["text"] for one in newest] == [False, False, True, False]


# ---------------------------------------------------------------------------- the call list


def test_numbers_are_opened_one_by_one_with_a_reason(
    world: World, cancelled: tuple[MarketDay, Desk, str]
) -> None:
    day, desk, address = cancelled
    page = desk.read(address)
    assert "李*奶" in page
    assert GUEST["phone"] not in page
    assert "没有小程序账号" in page
    row = next(row for row in page.split("<tr") if "李*奶" in row)
    (look,) = re.findall(r'action="([^"]+/contact[^"]*)"', row)
    assert desk.send(look, reason="").status_code == 422
    assert "#row-" in look, "a number is read where it was asked for"
    opened = desk.send(look, reason="通知取消").get_data(as_text=True)
    assert GUEST["phone"] in opened
    assert GUEST["name"] in opened, "whom to ask for"
    assert GUEST["name"] not in page
    assert GUEST["name"] not in desk.read(address)
    assert GUEST["phone"] not in desk.read(address)
    for way in ("paper", "excel"):
        assert desk.send(f"{address}/{way}", reason="").status_code == 422
    (numberless,) = day.rows(
        "SELECT a.id FROM addressee a JOIN resident r ON r.id = a.resident_id"
        " WHERE r.name = '周爷爷'"
    )
    looks = f"{address}/people/{numberless.id}/contact"
    assert desk.send(looks, reason="通知取消").status_code == 409
    nobody = uuid4()
    for unknown in (
        f"{address}/people/{nobody}/contact",
        f"/console/changes/{nobody}/paper",
        f"/console/changes/of/{day.id}/held/{nobody}/release",
    ):
        assert desk.send(unknown, reason="通知取消").status_code == 404
    paper = desk.send(f"{address}/paper", reason="发给网格员")
    assert GUEST["phone"] in paper.get_data(as_text=True)
    assert GUEST["name"] in paper.get_data(as_text=True)
    assert "还没通知到的 3 人" in paper.get_data(as_text=True)
    file = desk.send(f"{address}/excel", reason="发给网格员").data
    cells = cells_of(file)
    assert {GUEST["phone"], GUEST["name"]} <= cells
    assert "没有小程序账号" in cells, "nor anything of WeChat"
    assert any("还没通知到的 3 人" in cell for cell in cells)
    entries = day.rows(
        "SELECT e.action, n.text FROM audit_entry e JOIN audit_note n ON n.entry_id = e.id"
        " WHERE e.object_type IN ('addressee', 'activity_change') ORDER BY e.id"
    )
    assert [tuple(entry) for entry in entries] == [
        ("see_number", "通知取消"), ("see_call_list", "发给网格员"),
        ("export_call_list", "发给网格员"),
    ]  # fmt: skip
    mark(desk, page, "李*奶", "told")
    history = desk.read(f"{M}/{day.id}/history")
    told = re.findall(r'<td class="text-nowrap">([^<]+)</td><td>([^<]*)</td>', history)
    assert told[:4] == [
        ("电话通知：已通知", ""), ("导出电话名单", "3 行；原因：发给网格员"),
        ("打印电话名单", "3 行；原因：发给网格员"), ("查看电话", "原因：通知取消"),
    ]  # fmt: skip
    assert not {GUEST["phone"], GUEST["name"], "赵小红"} & set(re.findall(r"\w+", history))
    auditor, log = Desk(world, world.staff(Role.AUDITOR, SUBDISTRICT)), "/console/audit/"
    looked = auditor.read(f"{log}?object_type=addressee&action=see_number")
    (entry,) = re.findall(rf'href="({log}[0-9a-f-]{{36}})"', looked)
    market = f'href="{M}/{day.id}">花园社区公益集市</a>'
    for page in (looked, auditor.read(entry)):
        assert "李*奶" in page, "whose number"
        assert market in page, "and for which market"
        assert GUEST["name"] not in page
    lists = auditor.read(f"{log}?object_type=activity_change")
    assert "大雨" in lists
    assert market in lists


def test_of_two_clerks_the_second_is_told_who_ticked(
    world: World, cancelled: tuple[MarketDay, Desk, str]
) -> None:
    _, desk, address = cancelled
    page = desk.read(address)
    assert mark(desk, page, "李*奶", "no_answer").status_code == 303
    late = mark(desk, page, "李*奶", "told")
    assert late.status_code == 409
    assert "您刚刚在别处标为「没打通」" in late.get_data(as_text=True)
    colleague = mark(Desk(world, world.organiser()), page, "李*奶", "told")
    assert "organiser小张已经标为「没打通」" in colleague.get_data(as_text=True)
    assert mark(desk, desk.read(address), "李*奶", "told").status_code == 303
    page = desk.read(f"{address}?shown=all")
    assert "已通知 1／3" in page, "another guest is another household"
    assert mark(desk, page, "李*奶", "").status_code == 303
    assert "已通知 0／3" in desk.read(address)


def test_who_turns_out_to_be_somebody_else_was_told_as_either(
    world: World, cancelled: tuple[MarketDay, Desk, str]
) -> None:
    day, desk, address = cancelled
    mark(desk, desk.read(address), "李*奶", "told")
    ((guest,), (known,)) = day.rows(
        "SELECT r.id FROM addressee a JOIN resident r ON r.id = a.resident_id"
        " WHERE r.name IN ('李奶奶', '赵小红') ORDER BY r.user_id NULLS FIRST"
    )
    with world.app.app_context(), transaction() as session:
        residents_merged.send(session, source_id=guest, target_id=known)
    assert "已通知 1／2" in desk.read(address)


def test_no_number_is_shown_when_it_is_too_late_to_call(
    world: World, cancelled: tuple[MarketDay, Desk, str]
) -> None:
    day, desk, address = cancelled
    with world.app.app_context():
        day.rows(
            "UPDATE activity SET starts_at = now() - interval '9 hours',"
            " ends_at = now() - interval '1 hour' WHERE id = :id RETURNING 1",
            id=day.id,
        )
    page = desk.read(address)
    assert "不再需要电话通知" in page
    assert "查看电话" not in page
    answer = desk.send(f"{address}/paper", reason="通知取消")
    assert answer.status_code == 409


@pytest.mark.parametrize("role", [Role.AUDITOR, None])
def test_who_does_not_organise_calls_nobody(
    world: World, cancelled: tuple[MarketDay, Desk, str], role: Role | None
) -> None:
    _, _, address = cancelled
    foreign = world.organiser(OTHER_SUBDISTRICT)
    person = world.staff(role) if role else foreign
    desk = Desk(world, person)
    refusal = 404 if role is None else 403
    assert desk.send(f"{address}/paper", reason="看看").status_code == refusal
    if role is Role.AUDITOR:
        assert "查看电话" not in desk.read(address)
    else:
        desk.read(address, refusal)
