"""The list of needs: registered without personal data, moved by its table, followed to its end."""

import io
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from backend.activities.models import Venue
from backend.core import clock
from backend.core.audit import AuditEntry
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.core.permissions import Role
from backend.core.workdays import workdays_on
from backend.identity import roles
from backend.identity.roles import Scope
from backend.needs.lists import queries
from backend.needs.models import Need, NeedVoice
from tests.support.desk import Desk
from tests.support.fair import Statements
from tests.support.world import (
    COMMUNITY,
    DISTRICT,
    OTHER_COMMUNITY,
    OTHER_SUBDISTRICT,
    SUBDISTRICT,
    Person,
    World,
    ok,
    refused,
)

LIST = "/console/needs/"


def form(world: World, **changes: Any) -> dict[str, Any]:
    return {
        "region_id": world.region_id(COMMUNITY),
        "title": "教老人用手机",
        "source": "visit",
        "raised_on": clock.today().isoformat(),
    } | changes


def raised(world: World, desk: Desk, **changes: Any) -> str:
    """The id of a need that has just been registered."""
    answer = desk.send("/console/needs/new", **form(world, **changes))
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.headers["Location"].rsplit("/", 1)[-1]


def row(need_id: str) -> Need:
    with transaction() as session:
        session.expire_all()
        return session.get_one(Need, UUID(need_id))


def move(desk: Desk, need_id: str, step: str, **fields: Any) -> TestResponse:
    if step in ("accept", "reword"):
        shown = row(need_id)
        as_shown = {"title": shown.title, "details": shown.details or ""}
        fields = as_shown | {"service_kind": shown.service_kind or ""} | fields
    return desk.send(f"/console/needs/{need_id}/{step}", **fields)


def audited(need_id: str) -> list[AuditEntry]:
    with transaction() as session:
        statement = select(AuditEntry).where(AuditEntry.object_id == UUID(need_id))
        return list(session.execute(statement.order_by(AuditEntry.id)).scalars())


def test_a_need_goes_from_open_to_solved_and_back(
    world: World, desk: Desk, organiser: Person
) -> None:
    need_id = raised(world, desk, service_kind="phone_class", details="每周一次")
    assert move(desk, need_id, "accept").status_code == 303
    draft = world.draft(organiser)
    world.offering(organiser, world.stall(organiser, draft["id"])["id"])
    open_ones = f"{draft['title']}（草稿，地点待定）"
    assert open_ones not in desk.read(f"/console/needs/{need_id}")
    with transaction() as session:
        session.execute(update(Venue).values(name="待定"))
    assert open_ones in desk.read(f"/console/needs/{need_id}")
    with transaction() as session:
        session.execute(update(Venue).values(name="社区广场"))
    assert move(desk, need_id, "plan", activity_id=draft["id"]).status_code == 303
    assert move(desk, need_id, "serve").status_code == 409, "it has not begun"
    assert row(need_id).state == "planned"
    ok(organiser.post(f"/activities/{draft['id']}/publish"))
    ok(organiser.post(f"/activities/{draft['id']}/open"))
    assert move(desk, need_id, "serve").status_code == 303
    counts = ok(organiser.get(f"/activities/{draft['id']}/evaluation"))["needs"]
    assert counts.pop("outcome")["asked"] == 0
    assert counts == {
        "total": 1, "planned": 0, "served": 1, "evaluated": 0, "closed_unsolved": 0, "reopened": 0,
    }  # fmt: skip
    assert "列入 1 条：尚未服务 0" in desk.read(f"/console/evaluations/{draft['id']}")
    assert move(desk, need_id, "evaluate").status_code == 303
    assert row(need_id).ended_at is not None
    assert move(desk, need_id, "reopen", reason="还是不会用").status_code == 303
    found = row(need_id)
    assert (found.state, found.round, found.ended_at) == ("accepted", 2, None)
    assert found.reason == "还是不会用"
    page = desk.read(f"/console/needs/{need_id}")
    assert page.count("<li><strong>") == 6
    assert "还是不会用" in page
    assert draft["title"] in page, "where it was served stays in the history"
    assert [(e.action, e.from_state, e.to_state) for e in audited(need_id)] == [
        ("raise_need", None, "open"),
        ("accept_need", "open", "accepted"),
        ("plan_need", "accepted", "planned"),
        ("serve_need", "planned", "served"),
        ("evaluate_need", "served", "evaluated"),
        ("reopen_need", "evaluated", "accepted"),
    ]
    assert {entry.region_code for entry in audited(need_id)} == {COMMUNITY}


def test_what_everybody_reads_is_a_clerks_wording(world: World, desk: Desk) -> None:
    person = world.person("沈佳怡")
    told = "老伴中风以后走不动，住花园新村3幢502，想请人上门量血压"
    body = {"region_id": world.region_id(COMMUNITY), "title": told, "details": "我叫沈佳怡"}
    need_id = ok(person.post("/needs", body), 201)["id"]
    assert "大家都看得到" in desk.read(f"/console/needs/{need_id}")
    assert move(desk, need_id, "accept", title="上门量血压", details="").status_code == 303
    for reader in (person, world.person("李建国")):
        shown = ok(reader.get(f"/needs/{need_id}"))
        assert (shown["title"], shown["details"]) == ("上门量血压", None)
    kept = [one["text"] for one in ok(person.get("/me/notices"))["items"]]
    assert "公开的文字由社区整理过" in kept[0]
    whats = [step["what"] for step in ok(person.get(f"/needs/{need_id}"))["timeline"]]
    assert whats == ["提出", "社区已受理", "社区整理了公开的文字"]
    assert "沈佳怡" not in str([(entry.details, entry.reason) for entry in audited(need_id)])


def test_a_public_wording_is_mended_and_sorted_later(world: World, desk: Desk) -> None:
    need_id = raised(world, desk, title="王阿婆要理发")
    move(desk, need_id, "accept", title="王阿婆要理发")
    assert audited(need_id)[-1].action == "accept_need", "in the same words nothing was reworded"
    page = move(desk, need_id, "reword", title="找王阿婆 13912345678")
    assert page.status_code == 422
    assert "找王阿婆 13912345678" in page.get_data(as_text=True), "what was typed is kept"
    assert row(need_id).title == "王阿婆要理发"
    assert move(desk, need_id, "reword", title="老人理发").status_code == 303
    move(desk, need_id, "reword", title="老人理发", service_kind="haircut")
    assert (row(need_id).title, row(need_id).service_kind) == ("老人理发", "haircut")
    assert [entry.action for entry in audited(need_id)[-2:]] == ["reword_need", "sort_need"]


def test_a_need_comes_off_an_activity_that_fell_through(
    world: World, desk: Desk, organiser: Person
) -> None:
    need_id = raised(world, desk)
    move(desk, need_id, "accept")
    draft = world.draft(organiser)
    move(desk, need_id, "plan", activity_id=draft["id"])
    assert row(need_id).state == "planned"
    assert move(desk, need_id, "take-off").status_code == 303
    assert row(need_id).state == "accepted"
    assert "要重新安排的需求" in desk.waiting()
    move(desk, need_id, "plan", activity_id=draft["id"])
    assert "要重新安排的需求" not in desk.waiting()
    asked = desk.read(f"/console/markets/{draft['id']}/cancel")
    assert "这里排了 <strong>1 条需求</strong>" in asked
    assert f'取消「{draft["title"]}」？1 条需求要重新安排。取消后不能恢复。"' in asked
    ok(organiser.post(f"/activities/{draft['id']}/cancel", {"reason": "下雨"}))
    assert row(need_id).state == "accepted", "it fell through"
    assert "要重新安排的需求" in desk.waiting()
    assert desk.read(f"/console/needs/{need_id}").count("系统 从活动撤下") == 1
    again = move(desk, need_id, "plan", activity_id=draft["id"])
    assert again.status_code == 409
    assert "请另选一场" in again.get_data(as_text=True)


@pytest.mark.parametrize(
    ("before", "step", "state"),
    [([], "decline", "declined"), (["accept"], "close-unsolved", "closed_unsolved")],
)
def test_an_end_without_a_solution_has_its_reason(
    world: World, desk: Desk, before: list[str], step: str, state: str
) -> None:
    need_id = raised(world, desk)
    for earlier in before:
        move(desk, need_id, earlier)
    refused = move(desk, need_id, step, reason=" ", reason_code="no_resource_yet")
    assert refused.status_code == 422
    assert "必填" in refused.get_data(as_text=True)
    assert (
        move(desk, need_id, step, reason="暂无师资", reason_code="no_resource_yet").status_code
        == 303
    )
    found = row(need_id)
    assert (found.state, found.reason) == (state, "暂无师资")
    assert found.ended_at is not None
    assert "暂无师资" in desk.read(f"/console/needs/{need_id}")


def test_a_move_that_the_table_does_not_have_is_refused(world: World, desk: Desk) -> None:
    """Of two clerks the second meets the state that the first has left, and is told."""
    need_id = raised(world, desk)
    assert (
        move(desk, need_id, "decline", reason="重复登记", reason_code="duplicate").status_code
        == 303
    )
    late = move(desk, need_id, "accept")
    assert late.status_code == 409
    assert "请刷新后再看" in late.get_data(as_text=True)
    written = move(desk, need_id, "decline", reason="我也写了原因", reason_code="duplicate")
    assert written.status_code == 409
    assert "我也写了原因" in written.get_data(as_text=True), "what was typed is not lost"
    assert row(need_id).state == "declined"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"title": "请联系 13912345678"}, "请不要写手机号"),
        ({"details": "身份证 32041219530101123X"}, "请不要写手机号"),
        ({"raised_on": (clock.today() + timedelta(days=2)).isoformat()}, "不能晚于今天"),
        ({"title": ""}, "必填"),
        ({"source": "dream"}, "可选"),
        ({"service_kind": "magic"}, "没有这个选项"),
        ({"region_id": str(new_id())}, "没有这个地区"),
    ],
)
def test_a_wrong_field_is_named_and_what_was_typed_stays(
    world: World, desk: Desk, changes: dict[str, str], message: str
) -> None:
    answer = desk.send("/console/needs/new", **form(world, **({"details": "周末上午"} | changes)))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert message in page
    assert changes.get("details", "周末上午") in page


def test_another_regions_needs_do_not_exist(world: World, desk: Desk) -> None:
    stranger = Desk(world, world.organiser(OTHER_SUBDISTRICT))
    need_id = raised(world, desk)
    assert "教老人用手机" not in stranger.read(LIST)
    stranger.read(f"/console/needs/{need_id}", 404)
    assert move(stranger, need_id, "accept").status_code == 404
    other = form(world, region_id=world.region_id(OTHER_COMMUNITY))
    assert desk.send("/console/needs/new", **other).status_code == 403
    assert row(need_id).state == "open"


def test_a_need_is_planned_for_ones_own_activities_alone(world: World, desk: Desk) -> None:
    need_id = raised(world, desk)
    move(desk, need_id, "accept")
    theirs = world.draft(world.organiser(OTHER_SUBDISTRICT), region=OTHER_COMMUNITY)
    for activity_id in (theirs["id"], str(new_id())):
        answer = move(desk, need_id, "plan", activity_id=activity_id)
        assert answer.status_code == 422
        assert "请选择您负责地区的活动" in answer.get_data(as_text=True)
    assert row(need_id).state == "accepted"


def test_an_auditor_reads_and_moves_nothing(world: World, desk: Desk) -> None:
    need_id = raised(world, desk)
    auditor = Desk(world, world.staff(Role.AUDITOR, DISTRICT))
    assert "登记第一条需求" not in auditor.read(LIST)
    assert "办理由该地区的组织者负责" in auditor.read(f"/console/needs/{need_id}")
    assert move(auditor, need_id, "accept").status_code == 403
    assert auditor.http.get("/console/needs/new").status_code == 403


def test_who_reads_one_region_and_handles_another_moves_only_there(world: World) -> None:
    """Roles don't add up elsewhere: seeing a need is not the leave to move it."""
    person = world.staff(Role.AUDITOR, DISTRICT)
    with transaction() as session:
        scope = Scope(region_id=UUID(world.region_id(OTHER_SUBDISTRICT)))
        roles.grant(session, None, person.user_id, Role.ORGANISER, scope)
    need_id = raised(world, Desk(world, world.organiser()))
    assert move(Desk(world, person), need_id, "accept").status_code == 403
    assert row(need_id).state == "open"


def test_the_list_is_filtered_counted_and_paged(world: World) -> None:
    desk = Desk(world, world.staff(Role.ADMIN, DISTRICT))
    first = raised(world, desk, title="磨刀", service_kind="knife", raised_on="2026-01-01")
    raised(world, desk, title="义诊", service_kind="clinic", raised_on="2026-02-01")
    raised(world, desk, title="看牙", region_id=world.region_id(OTHER_COMMUNITY))
    move(desk, first, "accept")
    page = desk.read(LIST)
    tallies, page = page.split("<table")
    assert page.index("看牙") < page.index("义诊") < page.index("磨刀"), "the last raised first"
    assert "待受理 <strong>2" in tallies
    assert "已受理 <strong>1" in tallies
    town = desk.read(f"{LIST}?region_id={world.region_id(OTHER_SUBDISTRICT)}")
    assert "看牙" in town
    assert "义诊" not in town.split("<table")[1]
    assert "义诊" not in desk.read(f"{LIST}?state=accepted").split("<table")[1]
    assert "磨刀" not in desk.read(f"{LIST}?service_kind=clinic").split("<table")[1]
    assert "没有符合条件的需求" in desk.read(f"{LIST}?q=100%25")
    one = desk.read(f"{LIST}?limit=1")
    assert "下一页" in one
    assert "义诊" not in one.split("<table")[1]


def test_pages_cost_the_same_however_many_needs_there_are(world: World, desk: Desk) -> None:
    need_id = raised(world, desk)
    statements = Statements(world.app)
    sent = []
    for more in (0, 5):
        for _ in range(more):
            raised(world, desk)
        for path in (LIST, f"{LIST}{need_id}"):
            with statements:
                desk.read(path)
            sent.append(len(statements))
    assert sent[:2] == sent[2:]
    assert max(sent) <= 13


def test_the_list_is_taken_as_a_file_with_its_filters(
    world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised(world, desk, title="=1+1", service_kind="knife", details="甲")
    raised(world, desk, title="看牙", service_kind="dental")
    answer = desk.send(f"{LIST}export?service_kind=knife")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    sheet = load_workbook(io.BytesIO(answer.get_data())).active
    assert sheet is not None
    rows = [[cell for cell in row if cell] for row in sheet.iter_rows(values_only=True)]
    assert ["=1+1", "花园社区", "磨刀", "入户走访", "待受理", "甲"] in [row[1:] for row in rows]
    assert "看牙" not in str(rows)
    with transaction() as session:
        entry = session.execute(
            select(AuditEntry).where(AuditEntry.action == "export_needs")
        ).scalar_one()
    assert entry.details == {"rows": 1, "filters": {"service_kind": "knife"}}
    assert entry.region_code == SUBDISTRICT
    monkeypatch.setattr(queries, "MOST_EXPORTED", 1)
    refused = desk.send(f"{LIST}export")
    assert refused.status_code == 422
    assert "请缩小范围" in refused.get_data(as_text=True)
    stranger = Desk(world, world.organiser(OTHER_SUBDISTRICT))
    theirs = stranger.send(f"{LIST}export?region_id={world.region_id(COMMUNITY)}")
    sheet = load_workbook(io.BytesIO(theirs.get_data())).active
    assert sheet is not None
    assert "花园社区" not in str(list(sheet.iter_rows(values_only=True)))


def test_the_inbox_has_what_is_late_first_and_says_how_long_there_is(
    world: World, desk: Desk
) -> None:
    today = clock.today()
    days = {"晚了": today - timedelta(days=2), "今天": today, "还早": workdays_on(today, 3)}
    for title, by in days.items():
        need_id = raised(world, desk, title=title, source="market" if title == "今天" else "visit")
        with transaction() as session:
            session.get_one(Need, UUID(need_id)).decide_by = by
    done = raised(world, desk, title="办了")
    move(desk, done, "accept")
    tallies, table = desk.read(LIST).split("<table")
    places = [table.index(title) for title in (*days, "办了")]
    assert places == sorted(places)
    for words in ("已超期 2 天", "今天到期", "还剩 3 个工作日"):
        assert words in table
    assert "待处理 <strong>3" in tallies
    assert "超期 <strong>1" in tallies
    late = desk.read(f"{LIST}?waiting=late").split("<table")[1]
    assert "晚了" in late
    assert "还早" not in late
    assert "晚了" not in desk.read(f"{LIST}?source=market").split("<table")[1]
    first = desk.read(f"{LIST}?limit=1")
    after = re.search(r"cursor=([^\"&]+)", first)
    assert after is not None
    assert "今天" in desk.read(f"{LIST}?limit=1&cursor={after[1]}").split("<table")[1]


def test_what_lacked_a_resource_is_taken_up_once_there_is_one(
    world: World, desk: Desk, organiser: Person
) -> None:
    waits = raised(world, desk, title="看牙")
    other = raised(world, desk, title="办证")
    move(desk, waits, "decline", reason="没有牙医", reason_code="no_resource_yet")
    move(desk, other, "decline", reason="请到大厅", reason_code="not_ours")
    listed = desk.read(f"{LIST}?waiting=resource").split("<table")[1]
    assert "看牙" in listed
    assert "办证" not in listed
    assert move(desk, other, "take-up").status_code == 409
    assert move(desk, waits, "accept").status_code == 409, "not as if it had just been raised"
    answer = organiser.post(f"/needs/{waits}/reopen", {"reason": "还没解决"})
    refused(answer, 409, "illegal_transition")
    assert "有能办的单位了" in desk.read(f"/console/needs/{waits}")
    assert move(desk, waits, "take-up").status_code == 303
    found = row(waits)
    assert (found.state, found.round, found.reason_code, found.ended_at) == (
        "accepted", 2, None, None,
    )  # fmt: skip
    refused(organiser.post(f"/needs/{waits}/take-up"), 409, "not_waiting")


def test_who_stands_there_without_an_account_counts_as_one(world: World, desk: Desk) -> None:
    need_id = raised(world, desk, source="market", in_person="true")
    assert ">1 人" in desk.read(f"/console/needs/{need_id}").replace("\n", "")
    with transaction() as session:
        voice = session.execute(select(NeedVoice)).scalar_one()
    assert (voice.resident_id, voice.role) == (None, "raiser")
    assert voice.entered_by == row(need_id).created_by
