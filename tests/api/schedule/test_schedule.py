"""The console's schedule: whose activities it shows, how they move, and who may move them."""

import io
import re
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select

from backend.activities.lifecycle import moves
from backend.core import clock
from backend.core.audit import AuditEntry
from backend.core.dates import dated
from backend.core.db import transaction
from backend.core.errors import AppError
from backend.core.permissions import Role
from backend.schedule import calendar as schedule
from tests.api.activities.workbench import fields_of
from tests.support.desk import Desk, form_time
from tests.support.fair import Statements
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


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=clock.SHANGHAI)


def audited(action: str) -> list[Any]:
    with transaction() as session:
        statement = select(AuditEntry).where(AuditEntry.action == action)
        return list(session.execute(statement).scalars())


def state(person: Person, activity_id: str) -> str:
    return str(ok(person.get(f"/activities/{activity_id}"))["state"])


# ---------------------------------------------------------------------------- the list


def test_the_list_is_of_ones_own_regions_and_says_all_states(
    world: World, organiser: Person, desk: Desk
) -> None:
    stranger = world.organiser(OTHER_SUBDISTRICT)
    world.ready(organiser, title="我的草稿")
    foreign = world.ready(stranger, title="别处的集市", region=OTHER_COMMUNITY)
    ok(stranger.post(f"/activities/{foreign['id']}/publish"))
    page = desk.read("/console/schedule/")
    assert "我的草稿" in page
    assert "别处的集市" not in page, "what others announce is theirs to plan"
    assert "别处的集市" not in desk.read(
        f"/console/schedule/?region_id={world.region_id(OTHER_SUBDISTRICT)}"
    )


def test_filters_narrow_the_list(world: World, organiser: Person, desk: Desk) -> None:
    world.draft(organiser, title="春天的集市", starts_at=at(DAY, 9))
    world.draft(organiser, title="夏天的行动", programme="action", starts_at=at(DAY, 9),
                venue={"name": "百_分%号"})  # fmt: skip
    for query, shown in (
        ("programme=action", "夏天的行动"),
        ("q=春天", "春天的集市"),
        ("q=百_分%25", "夏天的行动"),
    ):
        page = desk.read(f"/console/schedule/?{query}")
        others = {"春天的集市", "夏天的行动"} - {shown}
        assert shown in page
        assert others.pop() not in page
    for query in ("state=published", f"from={DAY + timedelta(days=1)}", f"to={clock.today()}"):
        assert "这段时间没有活动" in desk.read(f"/console/schedule/?{query}")
    community = world.region_id(COMMUNITY)
    assert "春天的集市" in desk.read(f"/console/schedule/?region_id={community}&state=draft")


def test_what_stands_in_an_address_is_only_that(desk: Desk) -> None:
    """Names that writing an address knows, too; and a step that nobody has begun."""
    odd = "route=x&endpoint=x&_external=1&_scheme=x&_anchor=x&values=x"
    for path in ("schedule/", "schedule/?view=month", "needs/"):
        page = desk.read(f"/console/{path}{'&' if '?' in path else '?'}{odd}")
        assert "http://" not in page.partition("<main")[2]
    assert desk.http.get("/console/schedule/many/gaps?asked=%00").status_code == 303
    nothing = {"action": "publish", "ids": str(uuid4())}
    assert desk.send(f"/console/schedule/many?{odd}", **nothing).status_code == 404


def test_the_next_page_begins_where_this_one_ends(
    world: World, organiser: Person, desk: Desk
) -> None:
    for number in range(3):
        world.draft(organiser, title=f"第{number}场", starts_at=at(DAY + timedelta(number), 9))
    page = desk.read("/console/schedule/?limit=2")
    assert "第1场" in page
    assert "第2场" not in page
    cursor = page.split("cursor=")[1].split('"')[0]
    after = desk.read(f"/console/schedule/?limit=2&cursor={cursor}")
    assert "第2场" in after
    assert "第1场" not in after


def test_pages_ask_a_fixed_number_of_questions(world: World, organiser: Person, desk: Desk) -> None:
    draft = world.draft(organiser, starts_at=at(DAY, 9))
    pages = {
        "/console/schedule/": 5,
        "/console/schedule/?view=month": 4,
        f"/console/schedule/events?from={DAY}&to={DAY}": 4,
        "/console/schedule/new": 4,
        "/console/schedule/copy": 4,
        "/console/schedule/import": 4,
        f"/console/schedule/{draft['id']}/move": 4,
        f"/console/schedule/{draft['id']}/copy": 5,
    }
    counted: dict[str, int] = {}
    for round_ in range(2):
        for path, most in pages.items():
            with Statements(world.app) as statements:
                desk.read(path)
            assert len(statements) <= most, (path, statements.sent)
            assert counted.setdefault(path, len(statements)) == len(statements), path
        if round_ == 0:
            for number in range(5):
                world.draft(organiser, starts_at=at(DAY, 9 + number))


# ---------------------------------------------------------------------------- the calendar


def events(desk: Desk, query: str) -> list[dict[str, Any]]:
    answer = desk.http.get(f"/console/schedule/events?{query}")
    assert answer.status_code == 200
    days: list[dict[str, Any]] = (answer.json or {})["days"]
    return days


def test_a_day_shows_some_and_counts_all_as_a_clock_in_shanghai_says(
    world: World, organiser: Person, desk: Desk
) -> None:
    late = world.draft(organiser, starts_at=at(DAY, 23, 30), hours=2, title="夜场")
    for hour in (9, 10, 11):
        world.draft(organiser, starts_at=at(DAY, hour))
    (day,) = events(desk, f"from={DAY}&to={DAY}&most=2")
    assert (day["day"], day["total"], len(day["events"])) == (DAY.isoformat(), 4, 2)
    assert [one["start"][11:] for one in day["events"]] == ["09:00:00", "10:00:00"]
    (day,) = events(desk, f"from={DAY}&to={DAY}&most=9")
    night = day["events"][-1]
    assert (night["id"], night["start"]) == (late["id"], f"{DAY}T23:30:00")
    # Begun the day before, it is still there after midnight.
    (day,) = events(desk, f"from={DAY + timedelta(1)}&to={DAY + timedelta(1)}")
    assert day["events"][0]["title"] == "夜场"


def test_the_calendar_shows_no_more_than_its_range(
    world: World, organiser: Person, desk: Desk
) -> None:
    world.draft(organiser, starts_at=at(DAY, 9))
    world.draft(organiser, starts_at=at(DAY + schedule.LONGEST_RANGE, 9))
    assert len(events(desk, f"from={DAY}&to={DAY + timedelta(days=400)}")) == 1
    assert events(desk, "from=2020-01-01&to=2030-01-01") == []


def test_only_what_one_may_move_is_movable(world: World, organiser: Person, desk: Desk) -> None:
    draft = world.ready(organiser, starts_at=at(DAY, 9))
    auditor = Desk(world, world.staff(Role.AUDITOR, DISTRICT))
    query = f"from={DAY}&to={DAY}"
    assert events(desk, query)[0]["events"][0]["movable"] is True
    assert events(auditor, query)[0]["events"][0]["movable"] is False
    ok(organiser.post(f"/activities/{draft['id']}/publish"))
    assert events(desk, query)[0]["events"][0]["movable"] is False


# ---------------------------------------------------------------------------- a new one


def filled_in(world: World, **changes: str) -> dict[str, str]:
    return {
        "programme": "action",
        "title": "河道清洁",
        "region_id": world.region_id(COMMUNITY),
        "venue_name": "河畔步道",
        "starts_at": form_time(at(DAY, 9)),
        "ends_at": form_time(at(DAY, 11)),
        "field": "ecology",
        "contact_phone": "0519-86310000",
        "address": "",
    } | changes


def test_a_new_activity_is_a_draft_and_goes_to_its_own_page(
    world: World, organiser: Person, desk: Desk
) -> None:
    answer = desk.send("/console/schedule/new", **filled_in(world))
    assert answer.status_code == 303
    activity_id = answer.location.rpartition("/")[2]
    made = ok(organiser.get(f"/activities/{activity_id}"))
    assert (made["state"], made["field"], made["venue"]["name"]) == ("draft", "ecology", "河畔步道")
    assert datetime.fromisoformat(made["starts_at"]) == at(DAY, 9)
    assert "接着添加摊位和服务" in desk.read(answer.location)


def test_a_refused_form_names_the_field_and_keeps_what_was_typed(world: World, desk: Desk) -> None:
    wrong = filled_in(world, programme="market", ends_at=form_time(at(DAY, 8)))
    answer = desk.send("/console/schedule/new", **wrong)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "结束时间应晚于开始时间" in page
    assert "只有「吾社行」活动有服务领域" in page
    assert 'value="河畔步道"' in page


def test_nobody_drafts_for_another_region(world: World, desk: Desk) -> None:
    foreign = filled_in(world, region_id=world.region_id(OTHER_COMMUNITY))
    assert desk.send("/console/schedule/new", **foreign).status_code == 403


# ---------------------------------------------------------------------------- another time


def prepared(world: World, organiser: Person) -> dict[str, Any]:
    """A draft with two slots, one right after the other, and a window for signing up."""
    draft = world.draft(organiser, starts_at=at(DAY, 9))
    stall = world.stall(organiser, draft["id"])
    offering = world.offering(
        organiser, stall["id"], mode="slots",
        sign_up_opens_at=at(DAY - timedelta(7), 8).isoformat(),
        sign_up_closes_at=at(DAY - timedelta(1), 20).isoformat(),
    )  # fmt: skip
    body = {"from": at(DAY, 9).isoformat(), "to": at(DAY, 10).isoformat(), "minutes": 30,
            "capacity": 5}  # fmt: skip
    ok(organiser.post(f"/offerings/{offering['id']}/slots", body), 201)
    found: dict[str, Any] = ok(organiser.get(f"/activities/{draft['id']}"))
    return found


def test_all_that_has_a_time_moves_by_the_same_distance(
    world: World, organiser: Person, desk: Desk
) -> None:
    before = prepared(world, organiser)
    # By a slot's own length: each slot then takes the place of the next.
    form = {"starts_at": form_time(at(DAY, 9, 30)), "version": str(before["version"])}
    assert desk.send(f"/console/schedule/{before['id']}/move", **form).status_code == 303
    after = ok(organiser.get(f"/activities/{before['id']}"))
    old, new = before["stalls"][0]["offerings"][0], after["stalls"][0]["offerings"][0]
    shift = timedelta(minutes=30)
    for was, now, name in (
        (before, after, "starts_at"), (before, after, "ends_at"),
        (old, new, "sign_up_opens_at"), (old, new, "sign_up_closes_at"),
        (old["slots"][0], new["slots"][0], "starts_at"),
        (old["slots"][1], new["slots"][1], "ends_at"),
    ):  # fmt: skip
        moved = datetime.fromisoformat(now[name]) - datetime.fromisoformat(was[name])
        assert moved == shift, name
    assert [slot["id"] for slot in new["slots"]] == [slot["id"] for slot in old["slots"]]
    same = desk.send(f"/console/schedule/{before['id']}/move", **form | {"version": "2"})
    assert same.status_code == 422
    assert "和现在的时间一样" in same.get_data(as_text=True)
    (entry,) = audited("reschedule")
    assert datetime.fromisoformat(entry.details["to"]) == at(DAY, 9, 30)


def test_the_second_of_two_editors_is_told_and_moves_nothing(
    world: World, organiser: Person, desk: Desk
) -> None:
    draft = world.draft(organiser, starts_at=at(DAY, 9))
    ok(organiser.put(f"/activities/{draft['id']}", {"title": "改了名"}))
    form = {"starts_at": form_time(at(DAY, 15)), "version": "1"}
    answer = desk.send(f"/console/schedule/{draft['id']}/move", **form)
    assert answer.status_code == 409
    page = answer.get_data(as_text=True)
    assert "有人刚刚修改过" in page
    assert form["starts_at"] in page
    found = ok(organiser.get(f"/activities/{draft['id']}"))
    assert datetime.fromisoformat(found["starts_at"]) == at(DAY, 9)


def test_what_is_past_or_has_begun_is_not_moved(
    world: World, organiser: Person, desk: Desk
) -> None:
    draft = world.ready(organiser, starts_at=at(DAY, 9))
    path = f"/console/schedule/{draft['id']}/move"
    past = {"starts_at": "2020-01-01T09:00", "version": "1"}
    assert "不能改到已经过去的时间" in desk.send(path, **past).get_data(as_text=True)
    for move in ("publish", "open"):
        ok(organiser.post(f"/activities/{draft['id']}/{move}"))
    answer = desk.send(path, starts_at=form_time(at(DAY, 15)), version="1")
    assert answer.status_code == 409
    assert "这场活动不能改期" in desk.read(path)


def test_another_regions_draft_does_not_move_and_trying_is_kept(
    world: World, organiser: Person
) -> None:
    draft = world.draft(organiser, starts_at=at(DAY, 9))
    stranger = Desk(world, world.organiser(OTHER_SUBDISTRICT))
    path = f"/console/schedule/{draft['id']}/move"
    stranger.read(path, 404)
    assert stranger.send(path, starts_at=form_time(at(DAY, 15)), version="1").status_code == 404
    (entry,) = audited("refuse")
    assert entry.details["code"] == "not_found"
    auditor = Desk(world, world.staff(Role.AUDITOR, DISTRICT))
    assert auditor.send(path, starts_at=form_time(at(DAY, 15)), version="1").status_code == 403


# ---------------------------------------------------------------------------- several at once


def ready(world: World, organiser: Person, **more: Any) -> str:
    """A draft that lacks nothing."""
    venue = {"name": "花园社区广场", "address": "花园路 1 号"}
    facts: dict[str, Any] = {
        "venue": venue, "contact_phone": "0519-1", "organiser_name": "民政局",
        "starts_at": at(DAY, 9),
    }  # fmt: skip
    draft = str(world.draft(organiser, **(facts | more))["id"])
    world.offering(organiser, world.stall(organiser, draft)["id"])
    return draft


def test_what_several_lack_is_listed_for_each_before_they_are_published(
    world: World, organiser: Person, desk: Desk
) -> None:
    fine = ready(world, organiser, title="都齐了的")
    phoneless = ready(world, organiser, title="没电话的", contact_phone=None)
    bare = world.draft(organiser, title="没摊位的", starts_at=at(DAY, 9))["id"]
    nowhere = ready(world, organiser, title="没场地的", venue={"name": "花园社区（场地待定）"},
                    starts_at=at(DAY, 8))  # fmt: skip
    ids = [fine, phoneless, bare, nowhere]
    fields: dict[str, Any] = {"ids": ids, "action": "publish"}
    asked = desk.send("/console/schedule/many?programme=market", **fields).location
    page = desk.read(asked)
    rows = {row[: row.index("<")]: row for row in re.split(r"/console/markets/[^>]+>", page)[1:]}
    assert "都齐了" in rows["都齐了的"]
    assert "没有填写咨询电话" in rows["没电话的"]
    assert ">花园社区</td><td>花园社区广场</td>" in rows["没电话的"]
    assert "现在一场都还没有发布" in page
    assert "还没有摊位" in rows["没摊位的"]
    assert "场地还没有定" in rows["没场地的"]
    held = [title for title, row in rows.items() if "不能发布" in row]
    assert held == ["没场地的", "没摊位的"], "in their order, not in that of their making"
    assert "发布其余 2 场" in page
    assert re.findall(r'name="ids" value="([^"]+)"', page) == [fine, phoneless]
    assert {state(organiser, one) for one in ids} == {"draft"}
    # Whoever sends those all the same is refused, and told which.
    answer = desk.send("/console/schedule/many", looked="1", **fields)
    assert answer.status_code == 409
    said = answer.get_data(as_text=True)
    assert "「没摊位的」还没有摊位" in said
    assert "「没场地的」场地还没有定" in said
    assert {state(organiser, one) for one in ids} == {"draft"}
    answer = desk.send(
        "/console/schedule/many?programme=market", ids=[fine, phoneless], action="publish",
        looked="1",
    )  # fmt: skip
    assert answer.location.endswith("?programme=market")
    assert {state(organiser, one) for one in (fine, phoneless)} == {"published"}
    back = desk.read(asked)
    assert "选中的 4 场里，2 场已经发布" in back
    assert "现在一场都还没有发布" not in back


def test_alone_a_market_is_held_back_by_what_holds_it_among_several(
    world: World, organiser: Person, desk: Desk
) -> None:
    """Without a stall or a place nobody publishes it, by its page or by the API; it can be handed
    in. What else it lacks is named before it is confirmed."""
    bare = world.draft(organiser, starts_at=at(DAY, 9), contact_phone=None)["id"]
    nowhere = ready(world, organiser, venue={"name": "花园社区（场地待定）"})
    for one, words in ((bare, "还没有摊位"), (nowhere, "场地还没有定")):
        page = desk.read(f"/console/markets/{one}")
        assert f"/{one}/publish" not in page, "no button that would be refused"
        assert "发布前补全" in page
        ok(organiser.post(f"/activities/{one}/submit"))
        problem = refused(organiser.post(f"/activities/{one}/publish"), 409, "not_to_be_published")
        assert (problem["title"], problem["missing"][0][: len(words)]) == ("还不能发布", words)
        answer = desk.send(f"/console/markets/{one}/publish")
        assert (answer.status_code, words in answer.get_data(as_text=True)) == (409, True)
        assert state(organiser, one) == "submitted"
    world.stall(organiser, bare)
    sure = re.search(rf'/{bare}/publish"[^>]*data-confirm="([^"]*)"',
                     desk.read(f"/console/markets/{bare}"))  # fmt: skip
    assert sure is not None
    assert "没有填写咨询电话" in sure[1]
    assert desk.send(f"/console/markets/{bare}/publish").status_code == 303
    assert state(organiser, bare) == "published"


def test_what_is_announced_keeps_what_it_was_published_with(
    world: World, organiser: Person, desk: Desk
) -> None:
    """Neither page nor API takes away its place, its last stall or a service's last slot."""
    market = world.ready(organiser, title="公布了的", starts_at=at(DAY, 9))
    path = f"/activities/{market['id']}"
    (stall,) = ok(organiser.get(path))["stalls"]
    away = f"/console/markets/stalls/{stall['id']}/delete"
    offering = world.offering(organiser, stall["id"], mode="slots")["id"]
    slot = world.slot(organiser, offering, at(DAY, 9).isoformat())["id"]
    ok(organiser.post(f"{path}/publish"))
    nowhere = {"venue": {"name": "待 定"}}
    for answer, words in (
        (organiser.put(path, nowhere), "场地还没有定"),
        (organiser.delete(f"/slots/{slot}"), "还没有时段"),
        (organiser.delete(f"/stalls/{stall['id']}"), "还没有摊位"),
    ):
        problem = refused(answer, 409, "stays_published")
        assert words in problem["detail"]
        assert "请先补上" in problem["detail"]
    answer = desk.send(away, **fields_of(desk.read(away)))
    assert (answer.status_code, "还没有摊位" in answer.get_data(as_text=True)) == (409, True)
    kept = ok(organiser.get(path))
    assert (kept["venue"]["name"], len(kept["stalls"])) == ("社区广场", 1)
    # Another one first, then it goes.
    world.stall(organiser, market["id"])
    assert desk.send(away, **fields_of(desk.read(away))).status_code == 303


@pytest.mark.parametrize("programme", ["action", "exchange"])
def test_what_is_no_market_needs_no_stall(world: World, organiser: Person, programme: str) -> None:
    ok(organiser.post(f"/activities/{world.draft(organiser, programme=programme)['id']}/publish"))


def test_several_are_published_together_and_the_filters_stay(
    world: World, organiser: Person, desk: Desk
) -> None:
    ids = [ready(world, organiser) for _ in range(3)]
    ok(organiser.post(f"/activities/{ids[0]}/submit"))
    answer = desk.send("/console/schedule/many?programme=market", ids=ids, action="publish")
    assert answer.status_code == 303
    assert answer.location.endswith("?programme=market")
    assert {state(organiser, one) for one in ids} == {"published"}
    assert "已发布 3 场活动" in desk.read(answer.location)


def test_one_that_hinders_keeps_all_and_is_named(
    world: World, organiser: Person, desk: Desk
) -> None:
    good = world.draft(organiser, title="可以发布的")["id"]
    bad = world.draft(organiser, title="「益行」撤掉的")["id"]
    ok(organiser.post(f"/activities/{bad}/cancel"))
    answer = desk.send("/console/schedule/many", ids=[good, bad], action="publish")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "「『益行』撤掉的」已取消" in page
    assert state(organiser, good) == "draft"
    assert f'value="{good}" aria-label="选中 可以发布的" checked' in page


def test_many_that_hinder_are_counted(world: World, organiser: Person, desk: Desk) -> None:
    ids = [world.ready(organiser)["id"] for _ in range(6)]
    for one in ids:
        ok(organiser.post(f"/activities/{one}/publish"))
    answer = desk.send("/console/schedule/many", ids=ids, action="submit")
    assert "等 6 场" in answer.get_data(as_text=True)


def test_a_return_needs_its_reason(world: World, organiser: Person, desk: Desk) -> None:
    draft = world.draft(organiser)["id"]
    ok(organiser.post(f"/activities/{draft}/submit"))
    refused = desk.send("/console/schedule/many", ids=[draft], action="return")
    assert "请写明退回原因" in refused.get_data(as_text=True)
    assert state(organiser, draft) == "submitted"
    fields: dict[str, Any] = {"ids": [draft], "action": "return", "reason": "摊位太少"}
    assert desk.send("/console/schedule/many", **fields).status_code == 303
    assert state(organiser, draft) == "draft"
    assert "退回：摊位太少" in desk.read("/console/schedule/")


def test_a_refusal_on_the_way_is_named_too(
    world: World, organiser: Person, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NotReady(AppError):
        title = "还不能提交"

    def refuse(*_: Any, **__: Any) -> None:
        raise NotReady("还没有摊位")

    draft = world.draft(organiser, title="空集市")["id"]
    monkeypatch.setattr(moves, "move_activity", refuse)
    answer = desk.send("/console/schedule/many", ids=[draft], action="submit")
    assert answer.status_code == 409
    assert "「空集市」还没有摊位" in answer.get_data(as_text=True)


def test_who_may_not_publish_there_moves_nothing(world: World, organiser: Person) -> None:
    mine = world.draft(organiser)["id"]
    community = Desk(world, world.organiser(COMMUNITY))
    assert 'value="publish"' not in community.read("/console/schedule/")
    fields: dict[str, Any] = {"ids": [mine], "action": "publish"}
    assert community.send("/console/schedule/many", **fields).status_code == 403
    stranger = Desk(world, world.organiser(OTHER_SUBDISTRICT))
    own = world.draft(world.organiser(OTHER_SUBDISTRICT), region=OTHER_COMMUNITY)["id"]
    fields = {"ids": [own, mine], "action": "submit"}
    assert stranger.send("/console/schedule/many", **fields).status_code == 404
    assert {state(organiser, mine)} == {"draft"}
    auditor = Desk(world, world.staff(Role.AUDITOR, DISTRICT))
    assert 'name="ids"' not in auditor.read("/console/schedule/")


# ---------------------------------------------------------------------------- as a file


def test_the_export_holds_what_the_filters_show_and_is_kept(
    world: World, organiser: Person, desk: Desk
) -> None:
    world.draft(organiser, title="=春天（）", starts_at=at(DAY, 9), field=None)
    world.draft(organiser, title="夜场", starts_at=at(DAY, 23), hours=2)
    world.draft(organiser, title="别的", programme="action", starts_at=at(DAY, 9))
    answer = desk.send(f"/console/schedule/export?programme=market&to={DAY}")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    sheet = load_workbook(io.BytesIO(answer.get_data())).worksheets[0]
    rows = list(sheet.iter_rows(min_row=4, values_only=True))
    assert [row[2] for row in rows] == ["=春天（）", "夜场"]
    assert rows[0][:2] == ("草稿", "吾社集")
    assert rows[0][6:8] == ("09:00", "12:00")
    assert rows[1][7] == f"{dated(DAY + timedelta(1))} 1:00"
    (entry,) = audited("export")
    assert (entry.details["rows"], entry.details["filters"]["programme"]) == (2, "market")
    page = desk.send("/console/schedule/export").get_data()
    assert len(list(load_workbook(io.BytesIO(page)).worksheets[0].iter_rows(min_row=4))) == 3


def test_too_much_to_export_is_said(
    world: World, organiser: Person, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.draft(organiser)
    monkeypatch.setattr(schedule, "MOST_EXPORTED", 0)
    answer = desk.send("/console/schedule/export")
    assert answer.status_code == 422
    assert "再导出" in answer.get_data(as_text=True)
    with transaction() as session:
        found = select(func.count()).where(AuditEntry.action == "export")
        assert session.execute(found).scalar_one() == 0


def test_a_resident_sees_none_of_it(world: World) -> None:
    visitor = Desk(world)
    for path in ("/", "/events", "/new", "/copy", "/import", "/import/template"):
        answer = visitor.http.get(f"/console/schedule{path}")
        assert answer.status_code == 303
        assert "/console/login" in answer.location
