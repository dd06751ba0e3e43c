"""报名名单: who holds what of an activity, for whoever runs it."""

import io
import re
from typing import Any

import openpyxl
import pytest

from backend.core.config import load
from tests.api.activities.workbench import M, fields_of
from tests.support.desk import Desk
from tests.support.market_day import MarketDay
from tests.support.world import World, ok

GUEST = {"name": "李奶奶", "phone": "13800001111"}
AGREED = {"purpose": "special_needs", "version": load("consents")["special_needs"]["version"]}


@pytest.fixture
def day(world: World) -> MarketDay:
    """A market with three in one line: of a family, a guest, and one with an account."""
    day = MarketDay.begin(world)
    person = world.person("赵小红")
    ok(person.post("/me/consents", AGREED), 201)
    needs = {"tags": ["mobility"], "words": "坐轮椅"}
    family = {"name": "王大爷", "relation": "父亲", "special_needs": needs}
    member = ok(person.post("/me/family", family), 201)
    day.booked(person, resident_id=member["id"])
    day.number(guest=GUEST)
    day.booked(person)
    return day


def list_of(day: MarketDay) -> str:
    return f"/console/sign-ups/of/{day.id}"


def rows(page: str) -> list[list[str]]:
    """The cells of a list's rows, in words."""
    body = page.split("<tbody>")[1].split("</tbody>")[0]
    return [
        [
            re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", cell)).strip()
            for cell in re.split("<td[^>]*>", row)[1:]
        ]
        for row in body.split("<tr>")[1:]
    ]


def tallies(page: str) -> dict[str, int]:
    """What each choice of a filter finds, as it stands beside it."""
    found = re.findall(r">([^<>]+) <strong>(\d+)</strong></a>", page)
    return {words: int(n) for words, n in found}


def test_it_says_who_comes_for_what_and_who_has_booked(world: World, day: MarketDay) -> None:
    ok(day.volunteer.post(f"/bookings/{_id_of(day, 'A003')}/cancel"))
    page = Desk(world, day.organiser).read(list_of(day))
    family, guest, own = rows(page)
    assert (family[0], family[3:6]) == (
        "A001",
        ["王*爷 家人（父亲）", "赵*红代办", "行动不便；坐轮椅"],
    )
    assert (guest[0], guest[3:6]) == ("A002", ["李*奶 来宾", "现场工作人员", "–"])
    assert (own[0], own[3:]) == ("A003", ["赵*红 有账号", "本人", "–", "已取消（工作人员）"])
    assert not {"13800001111", "赵小红", "王大爷"} & set(re.findall(r"[\w]+", page))


def test_it_is_filtered_and_turned_over_like_other_lists(world: World, day: MarketDay) -> None:
    desk, at = Desk(world, day.organiser), list_of(day)
    ok(day.volunteer.post(f"/bookings/{_id_of(day, 'A003')}/cancel"))
    assert [row[0] for row in rows(desk.read(f"{at}?state=cancelled"))] == ["A003"]
    other = day.offering()
    assert "没有符合条件的报名" in desk.read(f"{at}?offering_id={other}")
    first = desk.read(f"{at}?offering_id={day.offering_id}&limit=2")
    (address,) = re.findall(r'href="([^"]+cursor=[^"]+)"', first)
    rest = desk.read(address.replace("&amp;", "&"))
    assert [row[0] for row in rows(first) + rows(rest)] == ["A001", "A002", "A003"]


def test_who_was_moved_says_whether_they_come(world: World, day: MarketDay) -> None:
    moved = "UPDATE booking SET moved_from = now() WHERE ticket = 'A001' RETURNING id"
    kept = "UPDATE booking SET kept_at = now() WHERE ticket = 'A003' RETURNING id"
    for change in (moved, kept):
        day.rows(change)
    states = [row[6] for row in rows(Desk(world, day.organiser).read(list_of(day)))]
    assert states[0].startswith("已预约 改期后还没回答 原来是")
    assert states[1:] == ["等候中", "已预约 改期后还来"]
    ok(day.volunteer.post(f"/bookings/{_id_of(day, 'A001')}/cancel"))
    states = [row[6] for row in rows(Desk(world, day.organiser).read(list_of(day)))]
    assert states[0].startswith("已取消（工作人员） 改期后不来了 原来是")


def test_it_says_who_cancelled_and_finds_who_gave_up(world: World, day: MarketDay) -> None:
    """As the audit entry of the move has it. Who was cancelled with the whole has given up
    nothing; of two numbers that became one neither was cancelled by anybody."""
    desk, person = Desk(world, day.organiser), world.person("钱大妈")
    member = ok(person.post("/me/family", {"name": "钱大伯", "relation": "丈夫"}), 201)
    own, family = day.booked(person), day.booked(person, resident_id=member["id"])
    dropped = day.booked(world.person(), day.offering())
    day.rows("UPDATE booking SET moved_from = now() WHERE ticket <> 'A003' RETURNING id")
    for booking in (own, family):
        ok(person.post(f"/bookings/{booking['id']}/cancel"))
    ok(day.volunteer.post(f"/bookings/{_id_of(day, 'A002')}/cancel"))
    guest = world.person("李奶奶")
    day.booked(guest), day.number(guest=GUEST)
    ok(guest.post("/me/phone", {"phone": GUEST["phone"]}))
    code = ok(guest.get("/me/code"))["code"]
    ok(day.volunteer.post("/residents/confirm-phone", {"resident_code": code}))
    path = f"{M}/offerings/{dropped['offering_id']}/delete"
    assert desk.send(path, **fields_of(desk.read(path))).status_code == 303
    day.cancel()
    states = [row[6].split(" 原来是")[0] for row in rows(desk.read(list_of(day)))]
    assert states == [
        "已取消（活动取消）", "已取消（工作人员） 改期后不来了", "已取消（活动取消）",
        "已取消（本人） 改期后不来了", "已取消（家人） 改期后不来了", "已取消（活动取消）",
        "已取消", "已取消（服务取消）",
    ]  # fmt: skip
    gave_up = desk.read(f"{list_of(day)}?answer=not_coming")
    assert [row[0] for row in rows(gave_up)] == ["A002", "A004", "A005"]
    assert tallies(gave_up) == {"已取消": 3, "改期后不来了": 3, "家人": 1}


def test_its_filters_say_how_many_each_finds_with_the_others(world: World, day: MarketDay) -> None:
    """And paper and file follow them, and say so."""
    desk = Desk(world, day.organiser)
    day.rows("UPDATE booking SET moved_from = now() WHERE ticket <> 'A003' RETURNING id")
    day.rows("UPDATE booking SET kept_at = now() WHERE ticket = 'A003' RETURNING id")
    every = {"改期后还来": 1, "改期后还没回答": 1, "有特殊需求": 1, "家人": 1}
    assert tallies(desk.read(list_of(day))) == {"已预约": 2, "等候中": 1} | every
    coming = f"{list_of(day)}?answer=coming"
    assert tallies(desk.read(coming)) == {"已预约": 1, "改期后还来": 1, "改期后还没回答": 1}
    for query in ("whom=needs", "whom=family", "answer=open", "state=confirmed&answer=open"):
        assert [row[0] for row in rows(desk.read(f"{list_of(day)}?{query}"))] == ["A001"]
    paper = f"{list_of(day)}/paper?state=confirmed&answer=coming"
    printed = desk.send(paper, reason="带去现场").get_data(as_text=True)
    assert [row[2] for row in rows(printed)] == ["A003"]
    assert "只列：已预约、改期后还来。共 1 条" in printed


def test_what_somebody_needs_is_told_while_it_is_to_come_and_agreed_to(
    world: World, day: MarketDay
) -> None:
    """Who agreed to an older text agreed to others who see it; and what was cancelled or is over
    is nobody's business any more."""
    desk, needs = Desk(world, day.organiser), "行动不便；坐轮椅"
    member = "SELECT id FROM resident WHERE guardian_user_id IS NOT NULL"

    def told() -> list[str]:
        return [row[5] for row in rows(desk.read(list_of(day)))]

    assert told() == [needs, "–", "–"]
    day.rows("UPDATE consent SET version = 'older' RETURNING id")
    assert told() == ["–", "–", "–"]
    day.rows("UPDATE consent SET version = :version RETURNING id", version=AGREED["version"])
    day.rows(f"UPDATE booking SET state = 'serving' WHERE resident_id IN ({member}) RETURNING id")
    assert told() == [needs, "–", "–"]
    ok(day.organiser.post(f"/activities/{day.id}/close"))
    assert told() == ["–", "–", "–"], "who is served to the end is no reason to go on telling it"


def test_of_a_cancelled_booking_nobody_is_told_what_was_needed(
    world: World, day: MarketDay
) -> None:
    ok(day.volunteer.post(f"/bookings/{_id_of(day, 'A001')}/cancel"))
    assert [row[5] for row in rows(Desk(world, day.organiser).read(list_of(day)))] == ["–"] * 3


def test_it_is_taken_along_with_a_reason(world: World, day: MarketDay) -> None:
    desk, at = Desk(world, day.organiser), f"{list_of(day)}/export?state=confirmed"
    assert desk.send(at, reason="电话 13812345678").status_code == 422
    answer = desk.send(at, reason="安排接待")
    sheet: Any = openpyxl.load_workbook(io.BytesIO(answer.get_data())).worksheets[0]
    cells = [[cell for cell in row if cell] for row in sheet.iter_rows(values_only=True)]
    assert any("行动不便；坐轮椅" in row and "A001" in row for row in cells)
    paper = f"{list_of(day)}/paper"
    assert desk.send(paper).status_code == 422
    printed = desk.send(paper, reason="带去现场").get_data(as_text=True)
    assert [row[2] for row in rows(printed)] == ["A001", "A002", "A003"]
    with world.app.app_context():
        kept = day.rows(
            "SELECT e.action, e.details ->> 'rows', n.text FROM audit_entry e JOIN audit_note n"
            " ON n.entry_id = e.id WHERE e.action LIKE '%_sign_ups' ORDER BY e.id"
        )
    assert [tuple(row) for row in kept] == [
        ("export_sign_ups", "2", "安排接待"),
        ("see_sign_ups", "3", "带去现场"),
    ]


def _id_of(day: MarketDay, ticket: str) -> Any:
    return day.rows("SELECT id FROM booking WHERE ticket = :ticket", ticket=ticket)[0][0]
