"""A report from the form to its end: once, by whom, and what becomes of it when things break."""

from datetime import timedelta
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import pytest
from sqlalchemy import text

from backend.core import clock
from backend.core.config import JOBS, REPORTS, TODOS
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.core.jobs import GivenUp, JobsStandStill
from backend.core.permissions import Role
from backend.core.spreadsheets.writing import MIMETYPE
from backend.identity import roles
from backend.identity.roles import Scope
from backend.reports import operations, tasks
from backend.reports.making import MAKERS
from backend.reports.models import ReportFile, ReportKind, ReportRun, ReportState
from backend.reports.operations import Superseded
from backend.reports.periodic import make_periodic
from tests.support.desk import Desk
from tests.support.fair import Fair, Statements, audit_of, waiting_jobs
from tests.support.queue import worker_was_heard
from tests.support.reports import PATH, REASON, ask, asked, run_of, take, work
from tests.support.world import (
    COMMUNITY,
    DISTRICT,
    OTHER_SUBDISTRICT,
    SUBDISTRICT,
    Person,
)

S = ReportState
MOMENT = timedelta(seconds=10)
TO_TAKE = "做好了还没有下载的报表"


def monthly(desk: Desk, fair: Fair, **fields: Any) -> UUID:
    return asked(desk, region_id=fair.world.region_id(SUBDISTRICT), **fields)


def actions(fair: Fair, run_id: UUID) -> list[str]:
    return [entry.action for entry in audit_of(fair.app, "report_run", str(run_id))]


def jobs(fair: Fair) -> list[str]:
    return [job["run_id"] for job in waiting_jobs(fair.app, "reports.make")]


def files(run_id: UUID) -> int:
    with transaction() as session:
        return int(session.get(ReportFile, run_id) is not None)


def put(run_id: UUID, **columns: Any) -> None:
    """Write a run's columns straight into the table."""
    sets = ", ".join(f"{name} = :{name}" for name in columns)
    with transaction() as session:
        session.execute(
            text(f"UPDATE report_run SET {sets} WHERE id = :id"), {"id": run_id} | columns
        )


def refused_forms() -> list[str]:
    with transaction() as session:
        statement = text("SELECT details->>'code' FROM audit_entry WHERE action = 'refuse'")
        return list(session.execute(statement).scalars())


# ---------------------------------------------------------------------------- asking


def test_a_report_is_asked_for_with_a_reason_and_made_by_a_job(fair: Fair, desk: Desk) -> None:
    run_id = monthly(desk, fair)
    assert jobs(fair) == [str(run_id)]
    assert "排队中" in desk.read(PATH)
    run = work(fair.app, run_id)
    assert (run.state, run.done, run.total) == (S.DONE, 2, 2)
    assert actions(fair, run_id) == ["request_report", "make_report", "finish_report"]
    assert audit_of(fair.app, "report_run", str(run_id))[0].reason == REASON


def test_without_a_reason_there_is_none_and_what_was_chosen_stays(fair: Fair, desk: Desk) -> None:
    region = fair.world.region_id(SUBDISTRICT)
    refused = ask(desk, "ledger", region_id=region, reason="",
                  **{"from": "2026-01-01", "to": "2026-02-01"})  # fmt: skip
    page = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert 'id="reason-error"' in page
    assert 'value="2026-01-01"' in page
    assert f'value="{region}" selected' in page


@pytest.mark.parametrize(
    ("kind", "fields", "beside", "words"),
    [
        ("monthly", {"month": ""}, "month", "请选择月份"),
        ("monthly", {"month": "2026-13"}, "month", "请选择月份"),
        ("monthly", {"month": "2099-01"}, "month", "还没有到这个时间"),
        ("quarterly", {"quarter": "2026-Q5"}, "quarter", "请选择季度"),
        ("quarterly", {"quarter": "2099-Q1"}, "quarter", "还没有到这个时间"),
        ("ledger", {"from": "2026-01-01"}, "to", "请选择结束日期"),
        ("ledger", {"from": "2026-02-01", "to": "2026-01-01"}, "to", "不能早于"),
        ("ledger", {"from": "2024-01-01", "to": "2026-01-01"}, "to", "最多一年"),
        ("ledger", {"from": "2099-01-01", "to": "2099-02-01"}, "from", "还没有到这个时间"),
        ("brief", {}, "activity_id", "请选择活动"),
    ],
)
def test_what_is_missing_or_wrong_is_said_beside_its_field(
    fair: Fair, desk: Desk, kind: str, fields: dict[str, str], beside: str, words: str
) -> None:
    refused = ask(desk, kind, region_id=fair.world.region_id(SUBDISTRICT), **fields)
    page = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert words in page[page.index(f'id="{beside}-error"') :][:200]
    assert REASON in page
    assert jobs(fair) == []


def test_an_audit_export_is_not_asked_for_here(fair: Fair, desk: Desk) -> None:
    assert ask(desk, "audit").status_code == 422


def test_the_same_report_again_is_the_one_under_way(fair: Fair, desk: Desk) -> None:
    first = monthly(desk, fair)
    assert monthly(desk, fair, reason="另一个用途") == first
    assert jobs(fair) == [str(first)]
    other = monthly(desk, fair, month="2026-01")
    assert other != first
    work(fair.app, first)
    assert monthly(desk, fair) not in (first, other), "once it is made, a new one is counted anew"


def test_one_person_does_not_fill_the_queue(fair: Fair, desk: Desk) -> None:
    worker_was_heard(0)
    for month in range(1, REPORTS.open_per_person + 1):
        monthly(desk, fair, month=f"2026-{month:02}")
    refused = ask(desk, region_id=fair.world.region_id(SUBDISTRICT), month="2025-01")
    assert refused.status_code == 409
    assert "请等它们做好" in refused.get_data(as_text=True)
    assert len(jobs(fair)) == REPORTS.open_per_person


def test_nobody_is_told_to_wait_for_a_worker_that_is_not_there(fair: Fair, desk: Desk) -> None:
    """Not at the refusal, not in the list, and not in the row that refreshes by itself."""
    for month in range(1, REPORTS.open_per_person + 1):
        run_id = monthly(desk, fair, month=f"2026-{month:02}")
    another = {"region_id": fair.world.region_id(SUBDISTRICT), "month": "2025-01"}
    for seconds, stands_still in ((JOBS.silent_seconds + 1, True), (0, False)):
        worker_was_heard(seconds)
        refused = ask(desk, **another)
        assert refused.status_code == 409
        page = refused.get_data(as_text=True)
        assert ("请等它们做好" not in page) == stands_still
        for shown in (page, desk.read(PATH), desk.read(f"{PATH}{run_id}")):
            assert (JobsStandStill.title in shown) == stands_still
    work(fair.app, run_id)
    worker_was_heard(JOBS.silent_seconds + 1)
    assert JobsStandStill.title not in desk.read(f"{PATH}{run_id}"), "it is made"


def test_a_form_sent_twice_asks_once(fair: Fair, desk: Desk) -> None:
    form = {"region_id": fair.world.region_id(SUBDISTRICT), "_key": str(new_id())}
    assert [ask(desk, **form).status_code for _ in range(2)] == [303, 303]
    assert len(jobs(fair)) == 1


# ---------------------------------------------------------------------------- breaking


def test_a_job_that_runs_twice_makes_it_once(fair: Fair, desk: Desk) -> None:
    run_id = monthly(desk, fair)
    made_at = work(fair.app, run_id).made_at
    again = work(fair.app, run_id)
    assert (again.made_at, again.attempt) == (made_at, 1)
    assert actions(fair, run_id).count("finish_report") == 1


def test_a_worker_killed_midway_is_replaced_and_comes_back_in_vain(fair: Fair, desk: Desk) -> None:
    run_id = monthly(desk, fair)
    with transaction() as session:
        assert operations.begin(session, run_id) is not None
        operations.note_progress(session, run_id, 1, 1, 2)
    # The worker is dead: the queue runs its job again.
    run = work(fair.app, run_id)
    assert (run.state, run.attempt) == (S.DONE, 2)
    assert jobs(fair) == [str(run_id)], "the one job there ever was"
    # The dead one was only cut off, and wakes up.
    with pytest.raises(Superseded), transaction() as session:
        operations.note_progress(session, run_id, 1, 2, 2)
    with pytest.raises(Superseded), transaction() as session:
        operations.finish(session, run_id, 1, b"stale")
    with pytest.raises(Superseded), transaction() as session:
        operations.put_back(session, run_id, 1)
    assert take(desk, run_id) != b"stale"


def test_a_worker_that_dies_each_time_is_not_replaced_for_ever(fair: Fair, desk: Desk) -> None:
    run_id = monthly(desk, fair)
    for _ in range(REPORTS.attempts):
        with transaction() as session:
            assert operations.begin(session, run_id) is not None
    with pytest.raises(GivenUp):
        work(fair.app, run_id)
    assert run_of(run_id).state is S.FAILED
    assert "请缩小时间或地区再做一份" in desk.read(PATH)


def test_one_given_to_another_that_breaks_down_leaves_the_other_alone(
    fair: Fair, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = monthly(desk, fair)

    def taken_over_and_broken(*_: object) -> bytes:
        with fair.app.app_context(), transaction() as session:
            assert operations.begin(session, run_id) is not None
        raise ConnectionError

    monkeypatch.setitem(MAKERS, ReportKind.MONTHLY, taken_over_and_broken)
    run = work(fair.app, run_id)
    assert (run.state, run.attempt) == (S.RUNNING, 2)


@pytest.mark.parametrize("begun", [False, True])
def test_one_that_does_not_get_on_says_so(fair: Fair, desk: Desk, *, begun: bool) -> None:
    worker_was_heard(0)
    run_id = monthly(desk, fair)
    if begun:
        with transaction() as session:
            operations.begin(session, run_id)
    put(run_id, heard_at=clock.now() - timedelta(minutes=REPORTS.late_minutes) + MOMENT)
    assert "没有进展" not in desk.read(f"{PATH}{run_id}")
    put(run_id, heard_at=clock.now() - timedelta(minutes=REPORTS.late_minutes + 2))
    page = desk.read(f"{PATH}{run_id}")
    assert f"已经 {REPORTS.late_minutes + 2} 分钟没有进展" in page
    assert "请联系管理员" in page
    work(fair.app, run_id)
    assert "没有进展" not in desk.read(f"{PATH}{run_id}")


def test_after_some_attempts_it_is_given_up_and_says_what_to_do(
    fair: Fair, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> bytes:
        raise ConnectionError

    monkeypatch.setitem(MAKERS, ReportKind.MONTHLY, broken)
    run_id = monthly(desk, fair)
    for _ in range(REPORTS.attempts - 1):
        with pytest.raises(ConnectionError):  # the queue runs it again later
            work(fair.app, run_id)
        assert run_of(run_id).state is S.QUEUED
    with pytest.raises(GivenUp):
        work(fair.app, run_id)
    assert run_of(run_id).state is S.FAILED
    page = desk.read(PATH)
    assert "请缩小时间或地区再做一份" in page
    assert "再做一份" in page


def test_what_cannot_be_made_says_why_at_once(fair: Fair, desk: Desk) -> None:
    run_id = asked(desk, "ledger", region_id=fair.world.region_id(SUBDISTRICT),
                   **{"from": "2020-01-01", "to": "2020-02-01"})  # fmt: skip
    run = work(fair.app, run_id)
    assert (run.state, run.attempt) == (S.FAILED, 1)
    assert run.error is not None
    assert "还没有举办过集市" in run.error
    assert desk.send(f"{PATH}{run_id}/file").status_code == 409


def test_a_brief_before_the_day_says_so(fair: Fair, desk: Desk) -> None:
    draft = fair.world.draft(fair.organiser)
    run = work(fair.app, asked(desk, "brief", activity_id=draft["id"]))
    assert run.error == "这场活动还没有开始，等举办以后再做简报"


# ---------------------------------------------------------------------------- deleting


def test_one_taken_back_midway_is_dropped_by_its_worker(
    fair: Fair, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = monthly(desk, fair)

    def withdrawn_meanwhile(*arguments: Any) -> bytes:
        assert desk.send(f"{PATH}{run_id}/delete").status_code == 303
        return make_periodic(*arguments)

    monkeypatch.setitem(MAKERS, ReportKind.MONTHLY, withdrawn_meanwhile)
    assert work(fair.app, run_id).state is S.EXPIRED
    assert files(run_id) == 0


def test_a_deleted_ones_file_is_gone(fair: Fair, desk: Desk) -> None:
    run_id = monthly(desk, fair)
    work(fair.app, run_id)
    assert files(run_id) == 1
    assert desk.send(f"{PATH}{run_id}/delete").status_code == 303
    assert files(run_id) == 0
    assert desk.send(f"{PATH}{run_id}/file").status_code == 409
    assert desk.send(f"{PATH}{run_id}/delete").status_code == 409
    assert "已删除" in desk.read(PATH)


def test_files_are_kept_for_some_days(fair: Fair, desk: Desk) -> None:
    run_id = monthly(desk, fair)
    run = work(fair.app, run_id)
    assert run.made_at is not None
    assert run.expires_at == run.made_at + timedelta(days=REPORTS.keep_days)
    tasks.tend_reports()
    assert files(run_id) == 1
    put(run_id, expires_at=clock.now() - timedelta(seconds=1))
    tasks.tend_reports()
    assert (files(run_id), run_of(run_id).state) == (0, S.EXPIRED)


# ---------------------------------------------------------------------------- who


def test_a_download_is_a_file_with_a_chinese_name_and_is_audited(fair: Fair, desk: Desk) -> None:
    run_id = monthly(desk, fair)
    assert TO_TAKE not in desk.waiting()
    work(fair.app, run_id)
    assert desk.waiting()[TO_TAKE] == 1
    assert f'href="{PATH}#{run_id}"' in desk.read("/console/")
    assert f'id="{run_id}"' in desk.read(PATH)
    colleague = Desk(fair.world, fair.world.organiser())
    assert TO_TAKE not in colleague.waiting(), "who has asked for it"
    answer = desk.send(f"{PATH}{run_id}/file")
    assert answer.mimetype == MIMETYPE
    assert TO_TAKE not in desk.waiting()
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment;")
    assert "湖塘镇" in unquote(disposition.split("filename*=UTF-8''")[1])
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    last = audit_of(fair.app, "report_run", str(run_id))[-1]
    assert (last.action, last.actor_user_id) == ("download_report", fair.organiser.user_id)
    assert last.reason == REASON


def test_a_report_that_nobody_takes_is_spoken_of_for_some_days(fair: Fair, desk: Desk) -> None:
    run_id = monthly(desk, fair)
    work(fair.app, run_id)
    put(run_id, made_at=clock.now() - timedelta(days=TODOS.file_days))
    assert TO_TAKE not in desk.waiting()


def test_a_title_may_hold_what_a_file_name_may_not(fair: Fair, desk: Desk) -> None:
    """Also one with a line break, of a market from before titles were made one line."""
    run_id = monthly(desk, fair)
    work(fair.app, run_id)
    with transaction() as session:
        session.get_one(ReportRun, run_id).title = '集市 A: "春"/夏\n第二行'
    disposition = desk.send(f"{PATH}{run_id}/file").headers["Content-Disposition"]
    assert unquote(disposition.split("filename*=UTF-8''")[1]) == "集市 A 春 夏 第二行.xlsx"


def _staff(fair: Fair, role: Role, region: str) -> Desk:
    return Desk(fair.world, fair.world.staff(role, region))


def test_another_regions_reports_do_not_exist(fair: Fair, desk: Desk) -> None:
    run_id = monthly(desk, fair)
    work(fair.app, run_id)
    stranger = _staff(fair, Role.ORGANISER, OTHER_SUBDISTRICT)
    stranger.read(f"{PATH}{run_id}", 404)
    assert stranger.send(f"{PATH}{run_id}/file").status_code == 404
    assert stranger.send(f"{PATH}{run_id}/delete").status_code == 404
    assert str(run_id) not in stranger.read(f"{PATH}?whose=all")
    assert refused_forms() == ["not_found"] * 2


def test_of_another_region_none_can_be_asked_for(fair: Fair) -> None:
    stranger = _staff(fair, Role.ORGANISER, OTHER_SUBDISTRICT)
    region = fair.world.region_id(SUBDISTRICT)
    assert ask(stranger, region_id=region).status_code == 403
    assert ask(stranger, "brief", activity_id=fair.id).status_code == 404
    assert refused_forms() == ["forbidden", "not_found"]
    assert ask(stranger, region_id=str(new_id())).status_code == 422
    # One's own community is not the town that it is part of.
    below = _staff(fair, Role.ORGANISER, COMMUNITY)
    assert ask(below, region_id=region).status_code == 403


def test_who_sees_the_region_takes_it_and_only_who_asked_deletes_it(fair: Fair, desk: Desk) -> None:
    run_id = monthly(desk, fair)
    work(fair.app, run_id)
    auditor = _staff(fair, Role.AUDITOR, DISTRICT)
    assert str(run_id) not in auditor.read(PATH)
    assert str(run_id) in auditor.read(f"{PATH}?whose=all")
    assert take(auditor, run_id)
    assert auditor.send(f"{PATH}{run_id}/delete").status_code == 403
    assert files(run_id) == 1


def test_who_has_lost_the_role_cannot_take_what_they_asked_for(fair: Fair) -> None:
    person: Person = fair.world.organiser(SUBDISTRICT)
    desk = Desk(fair.world, person)
    run_id = monthly(desk, fair)
    work(fair.app, run_id)
    with transaction() as session:
        region = Scope(UUID(fair.world.region_id(SUBDISTRICT)))
        elsewhere = Scope(UUID(fair.world.region_id(OTHER_SUBDISTRICT)))
        # In this order: whoever has no role left is logged out.
        roles.grant(session, None, person.user_id, Role.ORGANISER, elsewhere)
        roles.revoke(session, None, person.user_id, Role.ORGANISER, region)
    assert desk.send(f"{PATH}{run_id}/file").status_code == 404
    assert str(run_id) not in desk.read(PATH)


def test_without_the_pages_token_nothing_is_taken(fair: Fair, desk: Desk) -> None:
    run_id = monthly(desk, fair)
    work(fair.app, run_id)
    path = f"{PATH}{run_id}/file"
    assert desk.send(path, csrf_token="forged").status_code == 403
    assert desk.send(path, origin="https://evil.example").status_code == 403
    assert ask(desk, csrf_token="forged").status_code == 403


# ---------------------------------------------------------------------------- pages


def test_the_row_asks_for_itself_until_the_report_is_made(fair: Fair, desk: Desk) -> None:
    run_id = monthly(desk, fair)
    assert "hx-get" in desk.read(f"{PATH}{run_id}")
    with transaction() as session:
        operations.begin(session, run_id)
        operations.note_progress(session, run_id, 1, 1, 4)
    row = desk.read(f"{PATH}{run_id}")
    assert "hx-get" in row
    assert 'value="0.25"' in row
    put(run_id, state="queued")
    work(fair.app, run_id)
    row = desk.read(f"{PATH}{run_id}")
    assert "hx-get" not in row
    assert "下载" in row


def test_older_reports_are_on_the_next_page(fair: Fair, desk: Desk) -> None:
    first = monthly(desk, fair)
    work(fair.app, first)
    second = monthly(desk, fair)
    page = desk.read(f"{PATH}?limit=1")
    assert str(second) in page
    assert str(first) not in page
    assert "下一页" in page


@pytest.mark.parametrize("kind", ["monthly", "quarterly", "ledger", "brief"])
def test_the_page_costs_the_same_however_many_there_are(fair: Fair, desk: Desk, kind: str) -> None:
    with Statements(fair.app) as few:
        desk.read(f"{PATH}?kind={kind}")
    for month in range(1, 5):
        work(fair.app, monthly(desk, fair, month=f"2026-{month:02}"))
    Fair.live(fair.world, fair.organiser)
    with Statements(fair.app) as many:
        desk.read(f"{PATH}?kind={kind}")
    assert len(many) == len(few) <= 5
    run_id = monthly(desk, fair)
    with Statements(fair.app) as row:
        desk.read(f"{PATH}{run_id}")
    assert len(row) <= 3


def test_the_form_begins_with_what_the_address_says(fair: Fair, desk: Desk) -> None:
    page = desk.read(f"{PATH}?kind=brief&activity_id={fair.id}")
    assert f'value="{fair.id}" selected' in page
    page = desk.read(f"{PATH}?kind=ledger&from=2026-01-02&to=x")
    assert 'value="2026-01-02"' in page


def test_an_older_activity_is_offered_when_the_address_names_it(
    fair: Fair, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.reports.runs._ACTIVITIES", 0)
    page = desk.read(f"{PATH}?kind=brief&activity_id={fair.id}")
    assert f'value="{fair.id}" selected' in page
