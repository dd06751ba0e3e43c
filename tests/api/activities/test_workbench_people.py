"""The workbench's people, record and prints."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from backend.activities.models import ActivityRecord, Duty
from backend.core.config import JOBS
from backend.core.dates import period
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.core.jobs import JobsStandStill
from backend.core.permissions import Role
from tests.api.activities.conftest import START
from tests.api.activities.workbench import (
    M,
    audited,
    facts,
    fields_of,
    marks,
    row,
    stall_form,
)
from tests.support.desk import Desk, form_time
from tests.support.queue import worker_was_heard
from tests.support.world import (
    DISTRICT,
    OTHER_COMMUNITY,
    OTHER_SUBDISTRICT,
    Person,
    World,
    ok,
)

NOW = period(START, START + timedelta(hours=3))
LATER = period(START + timedelta(hours=1), START + timedelta(hours=4))

# ---------------------------------------------------------------------------- people, record


def test_colleagues_are_assigned_and_removed(
    world: World, desk: Desk, market: dict[str, Any]
) -> None:
    path = f"{M}/{market['id']}/people"
    volunteer, stall = world.volunteer(), market["stalls"][0]["id"]
    typed = {"user_id": str(volunteer.user_id), "words": "入口签到", "stall_id": stall}
    assert desk.send(path, **typed).status_code == 303
    page = desk.read(path)
    assert "入口签到" in page
    assert "1 号 义诊台" in page
    again = desk.send(path, **typed)
    assert again.status_code == 409
    assert "已有安排" in again.get_data(as_text=True)
    with transaction() as session:
        duty = session.execute(select(Duty)).scalar_one()
        session.expunge(duty)
    assert desk.send(f"{path}/{duty.id}/remove").status_code == 303
    assert row(Duty, duty.id) is None
    assert desk.send(f"{path}/{duty.id}/remove").status_code == 404
    assert audited(market["id"])[-2:] == ["assign", "unassign"]


def test_only_who_has_a_role_there_is_assigned(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    path = f"{M}/{market['id']}/people"
    other = world.draft(organiser)
    foreign_stall = world.stall(organiser, other["id"])["id"]
    resident, stranger = world.person(), world.volunteer(OTHER_SUBDISTRICT)
    for typed, words in (
        ({"user_id": str(resident.user_id), "words": "帮忙"}, "没有角色"),
        ({"user_id": str(stranger.user_id), "words": "帮忙"}, "没有角色"),
        ({"user_id": str(organiser.user_id), "words": ""}, "必填"),
        ({"user_id": str(organiser.user_id), "words": "x", "stall_id": foreign_stall}, "本活动"),
        ({"user_id": str(organiser.user_id), "words": "x", "stall_id": str(new_id())}, "本活动"),
    ):
        refused = desk.send(path, **typed)
        assert refused.status_code == 422
        assert words in refused.get_data(as_text=True)


def test_one_colleague_at_two_markets_is_asked_about(
    world: World, desk: Desk, market: dict[str, Any], organiser: Person
) -> None:
    """Before it is done, and shown with the duty from then on; an unannounced market of others
    stays unnamed."""
    admin = world.staff(Role.ADMIN, DISTRICT)
    theirs = world.draft(
        admin, region=OTHER_COMMUNITY, starts_at=START + timedelta(hours=1), title="邻里秘密集市"
    )
    later = world.draft(admin, region=OTHER_COMMUNITY, starts_at=START + timedelta(hours=4))
    colleague = world.staff(Role.VOLUNTEER, DISTRICT)
    typed = {"user_id": str(colleague.user_id), "words": "签到"}
    boss = Desk(world, admin)
    for one in (theirs, later):
        assert boss.send(f"{M}/{one['id']}/people", **typed).status_code == 303
    path = f"{M}/{market['id']}/people"
    asked = desk.send(path, **typed)
    page = asked.get_data(as_text=True)
    assert asked.status_code == 409
    assert "同一时间在别处也有安排" in page
    assert f"另一场还没有公布的活动（{LATER}）。两处都要去吗？" in page
    assert "仍然安排" in page
    assert "邻里秘密集市" not in page
    other = str(world.volunteer().user_id)
    assert desk.send(path, **typed, confirmed=other).status_code == 409
    assert desk.send(path, **typed, confirmed=typed["user_id"]).status_code == 303
    assert "同一时间还在另一场还没有公布的活动" in desk.read(path)
    world.stall(admin, theirs["id"])
    ok(admin.post(f"/activities/{theirs['id']}/publish"))
    assert "同一时间还在「邻里秘密集市」" in desk.read(path)
    said = f"{colleague.name}同一时间还在「邻里秘密集市」（{LATER}）"
    assert said in desk.read(f"{M}/{market['id']}"), "where it is published, too"
    ok(admin.post(f"/activities/{theirs['id']}/cancel", {"reason": "大雨"}))
    assert "同一时间还在" not in desk.read(path)


def test_one_partner_at_two_markets_at_once_is_told_and_not_refused(
    world: World, desk: Desk, market: dict[str, Any], organiser: Person
) -> None:
    """Which market and when: on the plan, in the list of what to look at, before one is published
    and before several are. Twice at one market, or an hour later, is nothing to tell."""
    clinic = str(world.organisation("秋水义诊队"))
    theirs = world.draft(organiser, starts_at=START + timedelta(hours=1), title="东门集市")
    later = world.draft(organiser, starts_at=START + timedelta(hours=5), title="晚间集市")
    for one in (market, market, theirs, theirs, later):
        world.stall(organiser, one["id"], organisation_id=clinic)
    told = f"同一时间还在「东门集市」（{LATER}）"
    assert desk.read(f"{M}/{market['id']}/stalls").count(told) == 2, "beside each of its stalls"
    page = desk.read(f"{M}/{market['id']}")
    words = re.compile(rf"「秋水义诊队\w+」{re.escape(told)}")
    assert words.search(page)
    assert "请核对" in page
    sure = re.search(r'/publish"[^>]*data-confirm="([^"]*)"', page)
    assert sure is not None
    assert words.search(sure[1])
    many: dict[str, Any] = {"ids": [market["id"], theirs["id"], later["id"]], "action": "publish"}
    page = desk.step("/console/schedule/many", **many)
    assert words.search(page)
    assert f"」同一时间还在「花园社区公益集市」（{NOW}）" in page
    assert page.count("同一时间还在") == 2
    assert desk.send("/console/schedule/many", **many, looked="1").status_code == 303
    assert desk.read(f"{M}/{market['id']}/stalls").count(told) == 2
    assert words.search(desk.read(f"{M}/{market['id']}")), "published, it is still to be looked at"
    # Before one is moved to the other's hour it is told as well, by both of its forms.
    late = ok(organiser.get(f"/activities/{later['id']}"))
    hour = {"starts_at": form_time(START), "version": str(late["version"])}
    assert told not in desk.read(f"{M}/{later['id']}")
    assert words.search(desk.step(f"/console/schedule/{later['id']}/move", **hour))
    typed = facts(late, starts_at=form_time(START), ends_at=form_time(START + timedelta(hours=3)))
    assert words.search(desk.step(f"{M}/{later['id']}/facts", **typed))
    ok(organiser.post(f"/activities/{theirs['id']}/cancel", {"reason": "大雨"}))
    assert told not in desk.read(f"{M}/{market['id']}/stalls")


def test_a_deleted_stall_s_people_stay_assigned(
    world: World, desk: Desk, market: dict[str, Any], organiser: Person
) -> None:
    stall = world.stall(organiser, market["id"], number="5")["id"]
    path = f"{M}/{market['id']}/people"
    typed = {"user_id": str(organiser.user_id), "words": "守摊", "stall_id": stall}
    assert desk.send(path, **typed).status_code == 303
    away = f"{M}/stalls/{stall}/delete"
    assert desk.send(away, **fields_of(desk.read(away))).status_code == 303
    assert "守摊" in desk.read(path)


def test_the_record_is_written_once_the_activity_has_begun(
    world: World, desk: Desk, organiser: Person
) -> None:
    market = world.ready(organiser)
    path = f"{M}/{market['id']}/record"
    typed = {
        "version": "0", "volunteers": "12", "hours": "30.5", "funds_yuan": "1200.50",
        "problems": "等候长\r\n椅子少",
    }  # fmt: skip
    assert "活动还没有开始" in desk.read(path)
    assert desk.send(path, **typed).status_code == 409
    for move in ("publish", "open", "close"):
        ok(organiser.post(f"/activities/{market['id']}/{move}"))
    opened = marks(desk.read(path), "version")
    assert desk.send(path, **typed).status_code == 303
    kept = row(ActivityRecord, market["id"])
    assert (kept.volunteers, kept.volunteer_minutes, kept.version) == (12, 1830, 1)
    assert (str(kept.funds_yuan), kept.problems) == ("1200.50", "等候长\n椅子少")
    assert 'value="30.5"' in desk.read(path)
    # A tab that was open before takes over what it has changed, and what both have is chosen.
    second = desk.send(path, **opened, volunteers="12", hours="30.5", problems="")
    page = second.get_data(as_text=True)
    assert second.status_code == 409
    assert 'name="funds_yuan" type="text" value="1200.50"' in page
    assert "椅子少</textarea>" in page
    other = desk.send(path, **opened, volunteers="99", hours="", funds_yuan="", problems="")
    assert re.findall(r'name="volunteers" value="(\d+)"', other.get_data(as_text=True)) == [
        "12", "99",
    ]  # fmt: skip
    assert row(ActivityRecord, market["id"]).volunteers == 12
    emptied = {"version": "1", "volunteers": "", "hours": "", "funds_yuan": "", "problems": ""}
    assert desk.send(path, **emptied).status_code == 303
    assert row(ActivityRecord, market["id"]).volunteer_minutes is None
    for wrong in ({"hours": "1.55"}, {"hours": "-1"}, {"funds_yuan": "abc"}, {"volunteers": "1.5"}):
        assert desk.send(path, **emptied | {"version": "2"} | wrong).status_code == 422
    history = desk.read(f"{M}/{market['id']}/history")
    assert "填写活动登记" in history
    assert "服务总时长" in history


def test_a_record_is_read_by_auditors(world: World, desk: Desk, organiser: Person) -> None:
    market = world.ready(organiser)
    for move in ("publish", "open"):
        ok(organiser.post(f"/activities/{market['id']}/{move}"))
    path = f"{M}/{market['id']}/record"
    auditor = Desk(world, world.staff(Role.AUDITOR, DISTRICT))
    assert "还没有填写" in auditor.read(path)
    assert desk.send(path, version="0", volunteers="7").status_code == 303
    assert "7 人" in auditor.read(path)


def test_the_menu_marks_the_schedule_on_every_page_of_the_workbench(
    desk: Desk, market: dict[str, Any]
) -> None:
    own, stall = market["id"], market["stalls"][0]["id"]
    for path in (own, f"{own}/facts", f"{own}/stalls", f"stalls/{stall}", f"{own}/print"):
        marked = re.findall(r'class="nav-link" href="(.*?)" aria-current', desk.read(f"{M}/{path}"))
        assert marked == ["/console/schedule/"], path


def test_a_market_that_has_begun_leads_to_its_brief_and_ledger(
    world: World, desk: Desk, organiser: Person
) -> None:
    market = world.ready(organiser)
    path = f"{M}/{market['id']}"
    assert "/console/reports/?kind" not in desk.read(path)
    for move in ("publish", "open"):
        ok(organiser.post(f"/activities/{market['id']}/{move}"))
    page = desk.read(path)
    for kind in ("brief", "ledger"):
        address = f"/console/reports/?kind={kind}&amp;activity_id={market['id']}"
        assert address in page
        chosen = f'value="{market["id"]}" selected'
        assert chosen in desk.read(address.replace("&amp;", "&"))


# ---------------------------------------------------------------------------- printing


def test_cards_are_numbered_and_cut_into_sheets(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    stall = world.stall(organiser, market["id"], number="2")
    world.offering(organiser, stall["id"], title="反诈宣传", mode="open")
    queue = world.offering(organiser, stall["id"], title="义剪", mode="queue")
    path = f"{M}/{market['id']}/print/cards"
    page = desk.read(path + "?count=22")
    assert page.count("sheet cards") == 4, "two sheets for each of two services"
    assert "A522" in page, "they don't meet the system's own"
    assert "反诈宣传" not in page
    one = desk.read(f"{path}?offering_id={queue['id']}&first=501&count=3")
    assert re.findall(r"<strong>(\w+)</strong>", one) == ["C501", "C502", "C503"]
    assert "没有需要取号的服务" in desk.read(f"{path}?offering_id={new_id()}")


def test_the_form_begins_with_the_number_that_it_advises(
    desk: Desk, market: dict[str, Any]
) -> None:
    page = desk.read(f"{M}/{market['id']}/print")
    assert re.search(r'name="first"[^>]*value="501"', page)
    assert re.search(r'name="count"[^>]*value="21"', page)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("cards?first=0", "应在 1 到 999 之间"), ("cards?first=1000", "应在 1 到 999 之间"),
        ("cards?first=x&count=5", "应为整数"), ("cards?count=211", "应在 1 到 210 之间"),
        ("cards?offering_id=x", "编号格式不对"), ("poster?size=a5", "没有这个选项"),
    ],
)  # fmt: skip
def test_paper_that_was_asked_for_wrongly_is_refused_in_words(
    desk: Desk, market: dict[str, Any], wrong: str, words: str
) -> None:
    """It printed another number, or on another paper, without a word."""
    page = desk.read(f"{M}/{market['id']}/print/{wrong}", 422)
    assert words in page
    assert page.count('role="alert"') == 1
    assert "sheet" not in page.partition("<main")[2], "nothing to print"
    if "count=5" in wrong:
        assert re.search(r'name="count"[^>]*value="5"', page), "what was right stays"


def test_the_poster_carries_the_code_unless_it_changes(
    desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    path = f"{M}/{market['id']}/print/poster"
    page = desk.read(path + "?size=a3")
    assert f"{M}/{market['id']}/code.png" in page
    assert "码图宽 25 厘米" in page
    assert "每个小方块约 7.6 毫米" in page
    assert "小程序码还没有生成" in page
    assert "码图宽 18 厘米" in desk.read(path)
    ok(organiser.put(f"/activities/{market['id']}", {"code_rotates_seconds": 30}))
    page = desk.read(path)
    assert "code.png" not in page
    assert "印出来的码不能签到" in page


def test_the_poster_has_no_broken_code_for_those_who_may_not_show_it(
    world: World, market: dict[str, Any]
) -> None:
    auditor = Desk(world, world.staff(Role.AUDITOR, DISTRICT))
    page = auditor.read(f"{M}/{market['id']}/print/poster")
    assert "code.png" not in page
    assert "请由该地区的组织者打印" in page


def test_the_code_s_image_is_a_picture_for_staff_alone(
    world: World, desk: Desk, market: dict[str, Any]
) -> None:
    path = f"{M}/{market['id']}/code.png"
    answer = desk.http.get(path)
    assert answer.content_type == "image/png"
    assert answer.get_data().startswith(b"\x89PNG")
    Desk(world, world.staff(Role.AUDITOR, DISTRICT)).read(path, 403)
    Desk(world, world.organiser(OTHER_SUBDISTRICT)).read(path, 404)


def test_the_mini_programs_image_is_fetched_in_the_background(
    desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    path = f"{M}/{market['id']}"
    ok(organiser.post(f"/activities/{market['id']}/publish"))
    assert "现在再试一次" in desk.read(path + "/print")
    assert desk.send(path + "/code/fetch").status_code == 303
    jobs = text("SELECT count(*) FROM procrastinate_jobs WHERE args->>'activity_id' = :id")
    with transaction() as session:
        assert session.execute(jobs, {"id": market["id"]}).scalar_one() == 2


def test_a_code_s_image_that_nobody_fetches_is_not_said_to_be_under_way(
    desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    ok(organiser.post(f"/activities/{market['id']}/publish"))
    for seconds, stands_still in ((JOBS.silent_seconds + 1, True), (0, False)):
        worker_was_heard(seconds)
        for path in ("print", "print/now", "print/poster", "print/poster/now"):
            page = desk.read(f"{M}/{market['id']}/{path}")
            assert (JobsStandStill.title in page) == stands_still, path
            assert ("正在向微信申请" in page) != stands_still, path


def test_signs_name_each_stall(desk: Desk, market: dict[str, Any]) -> None:
    page = desk.read(f"{M}/{market['id']}/print/signs")
    assert page.count("sheet sign") == 1
    assert "义诊台" in page
    assert "预约时段" in page


def test_a_form_sent_twice_is_done_once(desk: Desk, market: dict[str, Any]) -> None:
    form = stall_form(_key=str(new_id()))
    answers = [desk.send(f"{M}/{market['id']}/stalls", **form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert audited(market["id"]).count("add_stall") == 2
