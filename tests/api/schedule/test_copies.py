"""One activity copied to many days and communities: looked at first, made whole, clashes marked."""

import html
import re
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from backend.activities import copies
from backend.activities.models import Activity
from backend.activities.words import NOT_SETTLED
from backend.core import clock, dates
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.core.permissions import Role
from backend.schedule import copies as many
from tests.support.desk import Desk
from tests.support.world import (
    COMMUNITY,
    DISTRICT,
    OTHER_COMMUNITY,
    OTHER_SUBDISTRICT,
    Person,
    World,
    ok,
    refused,
)

DAY = clock.today() + timedelta(days=40)
LATER = DAY + timedelta(days=7)


def at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=clock.SHANGHAI)


@pytest.fixture
def organiser(world: World) -> Person:
    return world.organiser(DISTRICT)


@pytest.fixture
def source(world: World, organiser: Person) -> dict[str, Any]:
    """A market in 花园社区 with one service and two slots."""
    draft = world.draft(organiser, starts_at=at(DAY, 9))
    stall = world.stall(organiser, draft["id"])
    offering = world.offering(organiser, stall["id"], mode="slots")
    body = {"from": at(DAY, 9).isoformat(), "to": at(DAY, 10).isoformat(), "minutes": 30,
            "capacity": 5}  # fmt: skip
    ok(organiser.post(f"/offerings/{offering['id']}/slots", body), 201)
    return draft


def fields(world: World, *days: date, starts: str = "14:00") -> dict[str, Any]:
    return {
        "on": ["", *(day.isoformat() for day in days)],
        "region_ids": [world.region_id(COMMUNITY), world.region_id(OTHER_COMMUNITY)],
        "starts": starts,
    }


def copied(source: dict[str, Any]) -> list[Activity]:
    with transaction() as session:
        statement = select(Activity).where(Activity.copied_from_id == source["id"])
        return list(session.execute(statement.order_by(Activity.starts_at, Activity.id)).scalars())


def row(world: World, code: str, day: date) -> str:
    return f"{world.region_id(code)}/{day}"


def test_a_source_is_found_by_words(world: World, organiser: Person, desk: Desk) -> None:
    world.draft(organiser, title="春天的集市")
    gone = world.draft(organiser, title="撤掉的集市")
    world.draft(organiser, starts_at=at(DAY, 9))
    ok(organiser.post(f"/activities/{gone['id']}/cancel"))
    page = desk.read("/console/schedule/copy?limit=1")
    assert "春天的集市" not in page, "the latest first"
    more = re.search(r'href="([^"]+)"><span>下一页', page)
    assert more is not None
    page = desk.read(html.unescape(more[1]))
    assert "春天的集市" in page
    assert "撤掉的集市" not in page
    assert "下一页" not in page
    assert "没有找到" in desk.read("/console/schedule/copy?q=冬天")


def test_the_preview_names_each_copy_and_marks_clashes(
    world: World, organiser: Person, desk: Desk, source: dict[str, Any]
) -> None:
    world.draft(organiser, region=OTHER_COMMUNITY, starts_at=at(LATER, 8), title="已排的讲座",
                venue={"name": "丫河邻里中心"})  # fmt: skip
    path = f"/console/schedule/{source['id']}/copy/preview"
    page = desk.step(path, **fields(world, LATER))
    assert "丫河社区公益集市" in page, "the title names the copy's own community"
    assert "丫河邻里中心" in page, "it takes place where that community's last one did"
    assert "8:00 已排的讲座" in page
    assert f'value="{row(world, COMMUNITY, LATER)}" aria-label' in page
    clash = page.split(f'value="{row(world, OTHER_COMMUNITY, LATER)}"')[1].split(">")[0]
    assert "checked" not in clash
    assert "名称里还是" not in page
    ok(organiser.put(f"/activities/{source['id']}", {"title": "花园公益集市"}))
    page = desk.step(path, **fields(world, LATER))
    assert page.count("名称里还是「花园」，不是丫河社区的话") == 1, "the copy elsewhere alone"
    assert copied(source) == []


def test_a_day_of_another_year_is_asked_about(
    world: World, desk: Desk, source: dict[str, Any]
) -> None:
    past, far = clock.today() - timedelta(days=340), clock.today() + timedelta(days=420)
    path = f"/console/schedule/{source['id']}/copy/preview"
    page = desk.step(path, **fields(world, past, DAY, far))
    assert page.count("已经过去，请核对年份") == 2, "in both communities"
    assert page.count("离今天超过 400 天，请核对年份") == 2
    assert "其中 <strong>1 场当天该社区已有活动、4 场日期请核对</strong>，没有替您勾选" in page
    assert page.count(" checked") == 1, "the one of which nothing is to be asked"
    for day, told in ((far, True), (DAY, False)):
        form = {"starts_at": f"{day}T09:00", "version": str(source["version"])}
        answer = desk.send(f"/console/schedule/{source['id']}/move", **form)
        assert ("离今天超过 400 天" in desk.read(answer.location)) is told
        source["version"] += 1


def test_a_copy_does_not_go_where_something_was_cancelled(
    world: World, organiser: Person, desk: Desk, source: dict[str, Any]
) -> None:
    for name, days in (("丫河邻里中心", 1), ("错的广场", 2)):
        last = world.draft(organiser, region=OTHER_COMMUNITY, venue={"name": name},
                           starts_at=at(LATER + timedelta(days=days), 9))  # fmt: skip
    ok(organiser.post(f"/activities/{last['id']}/cancel"))
    page = desk.step(f"/console/schedule/{source['id']}/copy/preview", **fields(world, LATER))
    assert "丫河邻里中心" in page
    assert "错的广场" not in page


def test_a_copy_without_a_place_says_so_and_is_not_published(
    world: World, organiser: Person, desk: Desk, source: dict[str, Any]
) -> None:
    """Where the source's own place is not settled, and where none has taken place yet."""
    ok(organiser.put(f"/activities/{source['id']}", {"venue": {"name": "花园社区（场地待定）"}}))
    path = f"/console/schedule/{source['id']}/copy"
    page = desk.step(f"{path}/preview", **fields(world, LATER))
    assert page.count(NOT_SETTLED) == 2
    rows = [row(world, COMMUNITY, LATER)]
    assert desk.send(path, **fields(world, LATER), rows=rows).status_code == 303
    (made,) = copied(source)
    answer = organiser.post(f"/activities/{made.id}/publish")
    assert "场地还没有定" in refused(answer, 409, "not_to_be_published")["detail"]
    assert ok(organiser.get(f"/activities/{made.id}"))["state"] == "draft"


def test_copies_show_the_number_that_they_take_over_and_all_get_another(
    world: World, organiser: Person, desk: Desk, source: dict[str, Any]
) -> None:
    ok(organiser.put(f"/activities/{source['id']}", {"contact_phone": "0519-86310000"}))
    path = f"/console/schedule/{source['id']}/copy"
    page = desk.step(f"{path}/preview", **fields(world, LATER))
    assert 'name="contact_phone" type="text" value="0519-86310000"' in page
    rows = [row(world, code, LATER) for code in (COMMUNITY, OTHER_COMMUNITY)]
    for typed, found in (({}, "0519-86310000"), ({"contact_phone": "13800002288"}, "13800002288"),
                         ({"contact_phone": ""}, None)):  # fmt: skip
        whole = fields(world, LATER) | {"rows": rows} | typed
        answer = desk.send(path, **whole)
        assert answer.status_code == 303
        assert ("像是个人手机号" in desk.read(answer.location)) is (found == "13800002288")
        assert {one.contact_phone for one in copied(source)[-2:]} == {found}, typed
    wrong = desk.send(path, **whole | {"contact_phone": "1" * 21})
    assert wrong.status_code == 422
    assert f'value="{"1" * 21}"' in wrong.get_data(as_text=True), "what was typed stays"


def test_what_was_chosen_is_made_whole_with_its_slots(
    world: World, organiser: Person, desk: Desk, source: dict[str, Any]
) -> None:
    rows = [row(world, COMMUNITY, LATER), row(world, OTHER_COMMUNITY, DAY)]
    answer = desk.send(
        f"/console/schedule/{source['id']}/copy", **fields(world, DAY, LATER), rows=rows
    )
    assert answer.status_code == 303
    first, second = copied(source)
    assert (first.starts_at, second.starts_at) == (at(DAY, 14), at(LATER, 14))
    found = ok(organiser.get(f"/activities/{first.id}"))
    assert found["venue"]["name"] == "丫河社区（场地待定）", "none has taken place there yet"
    slots = found["stalls"][0]["offerings"][0]["slots"]
    assert datetime.fromisoformat(slots[1]["starts_at"]) == at(DAY, 14) + timedelta(minutes=30)
    here = ok(organiser.get(f"/activities/{second.id}"))
    assert here["venue"]["name"] == "社区广场"
    assert "新建 2 场草稿" in desk.read(answer.location)
    made_from = f"照搬自「花园社区公益集市」（{dates.day(DAY)}）"
    assert made_from in desk.read(f"/console/markets/{first.id}/history")
    auditor = Desk(world, world.staff(Role.AUDITOR, DISTRICT))
    log = auditor.read(f"/console/audit/?object_id={first.id}")
    assert made_from[:20] in log
    entry = re.search(r'href="(/console/audit/[0-9a-f-]{36})"', log)
    assert entry is not None
    assert made_from in auditor.read(entry[1])


def test_a_copy_s_name_is_put_right_in_the_list(
    world: World, desk: Desk, source: dict[str, Any]
) -> None:
    path = f"/console/schedule/{source['id']}/copy"
    one, other = row(world, COMMUNITY, LATER), row(world, OTHER_COMMUNITY, LATER)
    form = fields(world, LATER) | {"rows": [one, other], "titled": [one, other]}
    empty = desk.send(path, **form, titles=["新春集市", ""])
    assert empty.status_code == 422
    page = empty.get_data(as_text=True)
    assert "每一场都要有活动名称" in page
    assert 'value="新春集市"' in page
    assert desk.send(path, **form, titles=["新春集市", "丫河年货节"]).status_code == 303
    assert {made.title for made in copied(source)} == {"新春集市", "丫河年货节"}


def test_going_back_keeps_what_was_chosen(world: World, desk: Desk, source: dict[str, Any]) -> None:
    path = f"/console/schedule/{source['id']}/copy/preview"
    shown = desk.step(path, **fields(world, LATER))
    back = re.search(r'href="([^"]+)">重新选择', shown)
    assert back is not None
    page = desk.read(back[1])
    assert f'value="{LATER}"' in page
    assert f'value="{world.region_id(OTHER_COMMUNITY)}" checked' in page
    gone = desk.read(f"/console/schedule/{source['id']}/copy?asked={new_id()}")
    assert f'value="{LATER}"' not in gone, "kept for some time: then it is chosen anew"


def test_sent_twice_makes_one_set(world: World, desk: Desk, source: dict[str, Any]) -> None:
    form = fields(world, LATER) | {"rows": [row(world, COMMUNITY, LATER)], "_key": str(new_id())}
    path = f"/console/schedule/{source['id']}/copy"
    assert [desk.send(path, **form).status_code for _ in range(2)] == [303, 303]
    assert len(copied(source)) == 1


def test_what_is_missing_is_said_beside_it(
    world: World, desk: Desk, source: dict[str, Any]
) -> None:
    path = f"/console/schedule/{source['id']}/copy"
    whole = fields(world, LATER)
    for change, words in (
        ({"on": [""]}, "请至少选一个日期"),
        ({"region_ids": [""]}, "请至少选一个社区"),
        ({"starts": "25:00"}, "请选择时间"),
        ({"region_ids": [str(new_id())]}, "没有这个地区"),
        ({"on": ["2026-02-30"]}, "应为日期"),
    ):
        answer = desk.send(f"{path}/preview", **(whole | change))
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422
        if change.get("on") != ["2026-02-30"]:
            assert words in page
    none: list[dict[str, Any]] = [{}, {"rows": [""]}]
    for rows in none:
        answer = desk.send(path, **whole, **rows)
        assert "请至少勾选一场" in answer.get_data(as_text=True)
    assert "丫河社区公益集市" in answer.get_data(as_text=True), "the preview is still there"
    answer = desk.send(path, **(whole | {"starts": "x"}), rows=[row(world, COMMUNITY, LATER)])
    assert "请选择时间" in answer.get_data(as_text=True)
    far = row(world, COMMUNITY, LATER + timedelta(days=1))
    answer = desk.send(path, **whole, rows=[row(world, COMMUNITY, LATER), far])
    assert answer.status_code == 422
    assert "勾选的场次不在这份清单里" in answer.get_data(as_text=True)
    assert copied(source) == []


def test_too_many_are_refused(
    world: World, desk: Desk, source: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "MOST_COPIES", 1)
    answer = desk.send(f"/console/schedule/{source['id']}/copy/preview", **fields(world, LATER))
    assert answer.status_code == 422
    assert "请分几次" in answer.get_data(as_text=True)


def test_all_or_nothing(
    world: World, organiser: Person, desk: Desk, source: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The second copy fails; of the first nothing stays."""
    made = []

    def fail_at_second(*arguments: Any) -> Any:
        made.append(arguments)
        if len(made) == 2:
            raise many.TooManyCopies
        return real(*arguments)

    real = copies.copy_to
    monkeypatch.setattr(many, "copy_to", fail_at_second)
    rows = [row(world, COMMUNITY, LATER), row(world, OTHER_COMMUNITY, LATER)]
    answer = desk.send(f"/console/schedule/{source['id']}/copy", **fields(world, LATER), rows=rows)
    assert answer.status_code == 422
    assert copied(source) == []


def test_one_copies_only_what_and_where_one_may_edit(world: World, source: dict[str, Any]) -> None:
    town = Desk(world, world.organiser())
    path = f"/console/schedule/{source['id']}/copy"
    assert town.send(f"{path}/preview", **fields(world, LATER)).status_code == 403
    form = fields(world, LATER) | {"rows": [row(world, OTHER_COMMUNITY, LATER)]}
    assert town.send(path, **form).status_code == 403
    stranger = Desk(world, world.organiser(OTHER_SUBDISTRICT))
    stranger.read(path, 404)
    with transaction() as session:
        assert session.execute(select(func.count()).select_from(Activity)).scalar_one() == 1


def test_more_copies_than_allowed_are_not_made(
    world: World, organiser: Person, source: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "MOST_COPIES", 0)
    with transaction() as session:
        read = copies.read_source(session, session.get_one(Activity, source["id"]))
        with pytest.raises(many.TooManyCopies):
            many.copy_to_many(session, None, read, [copies.Place(at(DAY, 9), new_id())])  # type: ignore[arg-type]


# ---------------------------------------------------------------------------- other hours


@pytest.fixture
def whole_day(world: World, organiser: Person) -> dict[str, Any]:
    """A market from 9 to 17: one service by half-hours in the morning, one from 15 on."""
    draft = world.draft(organiser, starts_at=at(DAY, 9), hours=8)
    stall = world.stall(organiser, draft["id"])
    for title, first, last in (("义诊", 9, 12), ("理发", 15, 17)):
        offering = world.offering(organiser, stall["id"], title=title, mode="slots")
        body = {"from": at(DAY, first).isoformat(), "to": at(DAY, last).isoformat(),
                "minutes": 30, "capacity": 5}  # fmt: skip
        ok(organiser.post(f"/offerings/{offering['id']}/slots", body), 201)
    return draft


def half_day(world: World, slots: str) -> dict[str, Any]:
    return fields(world, LATER, starts="09:00") | {"ends": "11:30", "slots": slots}


def times_of(organiser: Person, activity_id: Any) -> dict[str, list[str]]:
    """The hours of each service's slots."""
    found = ok(organiser.get(f"/activities/{activity_id}"))
    return {
        offering["title"]: [
            datetime.fromisoformat(slot["starts_at"]).astimezone(clock.SHANGHAI).strftime("%H:%M")
            for slot in offering["slots"]
        ]
        for offering in found["stalls"][0]["offerings"]
    }


HALF_HOURS = ["09:00", "09:30", "10:00", "10:30", "11:00"]


@pytest.mark.parametrize(
    ("slots", "afternoon", "words"),
    [
        ("cut", [], ("10 个时段中的 5 个", "理发：一个时段也放不下")),
        ("anew", HALF_HOURS, ("按新时间重排的 10 个时段",)),
    ],
)
def test_a_whole_day_is_a_model_for_half_a_day(
    world: World, organiser: Person, desk: Desk, whole_day: dict[str, Any], slots: str,
    afternoon: list[str], words: tuple[str, ...],
) -> None:  # fmt: skip
    form = half_day(world, slots)
    path = f"/console/schedule/{whole_day['id']}/copy"
    page = desk.step(f"{path}/preview", **form)
    for said in (*words, "9:00–11:30"):
        assert said in page
    for kept in ('name="ends" value="11:30"', f'name="slots" value="{slots}"'):
        assert kept in page
    assert desk.send(path, **form, rows=[row(world, COMMUNITY, LATER)]).status_code == 303
    (made,) = copied(whole_day)
    assert (made.starts_at, made.ends_at) == (at(LATER, 9), at(LATER, 11) + timedelta(minutes=30))
    assert times_of(organiser, made.id) == {"义诊": HALF_HOURS, "理发": afternoon}


def test_slots_that_do_not_fit_are_told_and_what_was_chosen_stays(
    world: World, desk: Desk, whole_day: dict[str, Any]
) -> None:
    path = f"/console/schedule/{whole_day['id']}/copy"
    for answer in (
        desk.send(f"{path}/preview", **half_day(world, "move")),
        desk.send(path, **half_day(world, "move"), rows=[row(world, COMMUNITY, LATER)]),
    ):
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422
        assert "照搬的时段要到 17:00" in page
        assert 'value="11:30"' in page
    assert copied(whole_day) == []
    wrong = desk.send(f"{path}/preview", **half_day(world, "cut") | {"ends": "08:00"})
    assert "结束时间应晚于开始时间" in wrong.get_data(as_text=True)


def test_the_api_copies_to_other_hours_too(
    world: World, organiser: Person, whole_day: dict[str, Any]
) -> None:
    body = {"starts_at": at(LATER, 9).isoformat(), "ends_at": at(LATER, 11).isoformat()}
    path = f"/activities/{whole_day['id']}/copy"
    assert organiser.post(path, body).status_code == 422
    made = ok(organiser.post(path, body | {"slots": "cut"}), 201)
    assert times_of(organiser, made["id"]) == {"义诊": HALF_HOURS[:4], "理发": []}
