"""报名名单: who holds what of an activity, for whoever runs it."""

import io
import re
from typing import Any

import openpyxl
import pytest

from backend.core.config import load
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


def test_it_says_who_comes_for_what_and_who_has_booked(world: World, day: MarketDay) -> None:
    ok(day.volunteer.post(f"/bookings/{_id_of(day, 'A003')}/cancel"))
    page = Desk(world, day.organiser).read(list_of(day))
    family, guest, own = rows(page)
    assert (family[0], family[3:6]) == (
        "A001",
        ["王*爷 家人（父亲）", "赵*红代办", "行动不便；坐轮椅"],
    )
    assert (guest[0], guest[3:6]) == ("A002", ["李*奶 来宾", "现场工作人员", "–"])
    assert (own[0], own[3:]) == ("A003", ["赵*红 有账号", "本人", "–", "已取消"])
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
    assert states[0].startswith("已预约 改期，还没回答 原来是")
    assert states[1:] == ["等候中", "已预约 改期后还来"]
    ok(day.volunteer.post(f"/bookings/{_id_of(day, 'A001')}/cancel"))
    states = [row[6] for row in rows(Desk(world, day.organiser).read(list_of(day)))]
    assert states[0].startswith("已取消 原来是"), "nobody waits for an answer any more"


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
