"""The audit log's pages: whose entries an auditor sees, found how, and taken out with a reason."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import select, text

from backend.app import create_app
from backend.audit import log as audit_log
from backend.audit.requests import Entries
from backend.bookings.models import Booking
from backend.core import audit, clock
from backend.core.audit import AuditEntry
from backend.core.config import REPORTS, RETENTION
from backend.core.db import db, transaction
from backend.core.ids import new_id
from backend.core.permissions import Actor, Role
from backend.identity.names import masked_name
from backend.local.postgres.server import PrivatePostgres
from tests.conftest import TEMPLATE, settings_for
from tests.support.desk import Desk
from tests.support.fair import Fair, Statements, audit_of
from tests.support.reports import newest, run_of, table, take, work, workbook
from tests.support.world import (
    COMMUNITY,
    DISTRICT,
    OTHER_COMMUNITY,
    OTHER_SUBDISTRICT,
    SUBDISTRICT,
    Person,
    World,
)

PATH = "/console/audit/"


@pytest.fixture
def auditor(fair: Fair) -> Desk:
    return Desk(fair.world, fair.world.staff(Role.AUDITOR, SUBDISTRICT))


def record(
    actor: Person | None,
    action: str,
    region: str | None,
    object_id: UUID | None = None,
    **details: Any,
) -> UUID:
    """One entry; answers the id of what it is about."""
    about = object_id or new_id()
    who = Actor(actor.user_id, actor.resident_id) if actor else None
    with transaction() as session:
        audit.record(session, who, action, "activity", about, region_code=region, details=details)
    return about


def shown(desk: Desk, **query: Any) -> str:
    """The page of what is found, without the filter above it."""
    path = PATH + "?" + "&".join(f"{name}={value}" for name, value in query.items())
    page = desk.read(path)
    return page[page.index("</form>", page.index('aria-label="筛选"')) :]


def entries(desk: Desk, **query: Any) -> int:
    return len(re.findall(rf'href="{PATH}[0-9a-f-]{{36}}"', shown(desk, **query)))


# ---------------------------------------------------------------------------- whose


def test_an_auditor_sees_the_entries_of_their_regions_alone(fair: Fair, auditor: Desk) -> None:
    ours = record(None, "edit", COMMUNITY)
    theirs = record(None, "edit", OTHER_COMMUNITY)
    above = record(None, "edit", DISTRICT)
    assert [entries(auditor, object_id=one) for one in (ours, theirs, above)] == [1, 0, 0]
    district = Desk(fair.world, fair.world.staff(Role.AUDITOR, DISTRICT))
    assert [entries(district, object_id=one) for one in (ours, theirs, above)] == [1, 1, 1]


def test_entries_without_a_region_are_seen_by_the_auditors_of_the_staff(
    fair: Fair, auditor: Desk
) -> None:
    """A login concerns no region: it is seen where the one who logs in has a role."""
    ours = fair.world.organiser(COMMUNITY)
    theirs = fair.world.organiser(OTHER_SUBDISTRICT)
    seen, not_seen = record(ours, "console_login", None), record(theirs, "console_login", None)
    about_ours = record(None, "console_login_failed", None, ours.user_id)
    nobodys = record(None, "write_in_guest", None)
    found = [entries(auditor, object_id=one) for one in (seen, not_seen, nobodys)]
    assert found == [1, 0, 0]
    # About them are also the role that they were given, and what they did.
    assert entries(auditor, object_id=about_ours) == 2
    everything = Desk(fair.world, fair.world.staff(Role.AUDITOR, DISTRICT))
    assert [entries(everything, object_id=one) for one in (seen, not_seen, nobodys)] == [1, 1, 1]


def test_an_entry_of_another_region_does_not_exist(fair: Fair, auditor: Desk) -> None:
    theirs = record(None, "edit", OTHER_COMMUNITY)
    (entry,) = audit_of(fair.app, "activity", str(theirs))
    auditor.read(f"{PATH}{entry.id}", 404)
    auditor.read(f"{PATH}{new_id()}", 404)


def test_organisers_have_no_audit(fair: Fair, desk: Desk) -> None:
    desk.read(PATH, 403)
    assert desk.send(f"{PATH}export", reason="x").status_code == 403
    assert PATH not in desk.read("/console/reports/")


# ---------------------------------------------------------------------------- in words


def test_an_entry_says_who_what_when_from_where_to_and_why(fair: Fair, auditor: Desk) -> None:
    fair.organiser.post(f"/activities/{fair.id}/cancel", {"reason": "天气原因改期"})
    page = shown(auditor, object_id=fair.id, action="cancel")
    who = masked_name(fair.organiser.name)
    for words in (who, "取消活动", "进行中 → 已取消", "天气原因改期", "花园社区公益集市"):
        assert words in page
    assert fair.organiser.name not in page
    path = re.search(rf'href="({PATH}[0-9a-f-]{{36}})"', page)
    assert path is not None
    one = auditor.read(path[1])
    for words in (who, "取消活动", "进行中 → 已取消", "天气原因改期", "花园社区"):
        assert words in one
    assert fair.organiser.name not in one


def test_a_reason_that_was_erased_is_not_taken_for_none(fair: Fair, auditor: Desk) -> None:
    """Where none was given none is said to have been erased; one whose time is over says so."""
    about = record(fair.organiser, "edit", COMMUNITY, reason="王秀英来电")
    record(fair.organiser, "cancel", COMMUNITY, about)
    long_ago = clock.now() - timedelta(days=RETENTION.reason_days + 1)
    with time_machine.travel(long_ago, tick=False):
        record(fair.organiser, "close", COMMUNITY, about, reason="头晕")
    with transaction() as session:
        audit.forget_reasons(session, AuditEntry.object_id == about)
        assert audit.purge_reasons(session, clock.now()) == 0, "erased once"
    told = {
        "修改活动": "已随账户注销或资料删除清除",
        "取消活动": "–",
        "结束活动": "已过保存期限，已清除",
    }
    page = shown(auditor, object_id=about)
    rows = [re.sub("<[^>]*>", "|", row) for row in page.split("<tr>")]
    for what, words in told.items():
        assert [words in row for row in rows if f"|{what}|" in row] == [True], what
    auditor.send(f"{PATH}export", reason="检查", object_id=str(about))
    run_id = newest().id
    work(fair.app, run_id)
    exported = table(workbook(take(auditor, run_id)), "审计记录")
    assert {row["做了什么"]: row["原因"] or "–" for row in exported} == told
    path = re.search(rf'href="({PATH}[0-9a-f-]{{36}})"', page)
    assert path is not None
    assert "已随账户注销或资料删除清除" in auditor.read(f"{PATH}{_entry_of(about, 'edit')}")
    assert "原因" not in auditor.read(f"{PATH}{_entry_of(about, 'cancel')}")


def test_a_number_says_of_which_market(fair: Fair, auditor: Desk) -> None:
    """In the list, the entry and the export."""
    booking_id = fair.booking(fair.world.person().resident_id)
    with transaction() as session:
        ticket = session.get_one(Booking, booking_id).ticket
    named = f"{ticket} · 花园社区公益集市"
    page = shown(auditor, object_id=booking_id)
    assert named in page
    path = re.search(rf'href="({PATH}[0-9a-f-]{{36}})"', page)
    assert path is not None
    assert named in auditor.read(path[1])
    auditor.send(f"{PATH}export", reason="检查", object_id=booking_id)
    run_id = newest().id
    work(fair.app, run_id)
    exported = table(workbook(take(auditor, run_id)), "审计记录")
    assert {row["名称"] for row in exported} == {named}


def _entry_of(about: UUID, action: str) -> UUID:
    entry = select(AuditEntry.id).where(AuditEntry.object_id == about, AuditEntry.action == action)
    with transaction() as session:
        return session.execute(entry).scalar_one()


def test_the_clients_address_is_a_column_and_a_filter(fair: Fair, auditor: Desk) -> None:
    """In whatever spelling it is typed; in the export too."""
    draft = fair.world.draft(fair.organiser)["id"]
    path = f"/activities/{draft}/submit"
    for address in ("203.0.113.7", "2001:db8::7"):
        fair.organiser.request("POST", path, environ_overrides={"REMOTE_ADDR": address})
        fair.organiser.post(f"/activities/{draft}/return", {"reason": "再改"})
    assert re.search(r"<td[^>]*>203\.0\.113\.7</td>", shown(auditor, object_id=draft))
    for typed in ("203.0.113.7", "２０３.0.113.7", "2001:DB8:0:0::7", "203.0.113.8", "x"):
        found = entries(auditor, object_id=draft, address=typed)
        assert found == (0 if typed in ("203.0.113.8", "x") else 1), typed
    auditor.send(f"{PATH}export", reason="检查", object_id=draft, address="203.0.113.7")
    run_id = newest().id
    work(fair.app, run_id)
    exported = table(workbook(take(auditor, run_id)), "审计记录")
    assert [row["网络地址"] for row in exported] == ["203.0.113.7"]


def test_a_details_region_that_is_gone_shows_its_code(fair: Fair, auditor: Desk) -> None:
    assert "320412100999" in shown(auditor, object_id=record(None, "edit", "320412100999"))


# ---------------------------------------------------------------------------- found how


def test_filters(fair: Fair, auditor: Desk) -> None:
    one, other = fair.world.organiser(), fair.world.organiser(COMMUNITY)
    about = record(one, "edit", COMMUNITY)
    record(other, "publish", COMMUNITY, about)
    record(None, "close", SUBDISTRICT, about)
    today, tomorrow = clock.today(), clock.today() + timedelta(days=1)
    for query, n in (
        ({}, 3),
        ({"actor": one.user_id}, 1),
        ({"actor": "system"}, 1),
        ({"actor": "nonsense"}, 3),
        ({"action": "publish"}, 1),
        ({"object_type": "activity"}, 3),
        ({"object_type": "booking"}, 0),
        ({"region_id": fair.world.region_id(COMMUNITY)}, 2),
        ({"region_id": fair.world.region_id(OTHER_COMMUNITY)}, 3),  # not theirs: passed over
        ({"from": today, "to": today}, 3),
        ({"from": tomorrow}, 0),
        ({"to": today - timedelta(days=1)}, 0),
    ):
        assert entries(auditor, object_id=about, **query) == n, query


def test_what_is_older_than_a_month_is_shown_when_asked_for(fair: Fair, auditor: Desk) -> None:
    with transaction() as session:
        session.execute(
            text(
                "INSERT INTO audit_entry (id, at, action, object_type, object_id, region_code,"
                " details) VALUES (:id, now() - interval '90 days', 'edit', 'activity', :id,"
                " :region, '{}')"
            ),
            {"id": new_id(), "region": COMMUNITY},
        )
    edits = {"action": "edit", "actor": "system"}
    assert entries(auditor, **edits) == 0
    assert entries(auditor, **edits, **{"from": clock.today() - timedelta(days=100)}) == 1


def test_pages_follow_each_other_without_gap_or_repeat(fair: Fair, auditor: Desk) -> None:
    about = new_id()
    for _ in range(5):
        record(None, "edit", COMMUNITY, about)
    seen: list[str] = []
    path: str | None = f"{PATH}?object_id={about}&limit=2"
    while path:
        page = auditor.read(path)
        seen += re.findall(rf'href="{PATH}([0-9a-f-]{{36}})"', page)
        record(None, "edit", COMMUNITY, about)  # meanwhile
        found = re.search(r'href="([^"]*cursor=[^"]*)"', page)
        path = found[1].replace("&amp;", "&") if found else None
    assert len(seen) == len(set(seen)) == 5


def test_nobody_chooses_among_strangers(fair: Fair, auditor: Desk) -> None:
    stranger = fair.world.organiser(OTHER_SUBDISTRICT)
    page = auditor.read(PATH)
    assert str(fair.organiser.user_id) in page
    assert str(stranger.user_id) not in page
    # Somebody without a role, from a link: named as chosen.
    resident = fair.world.person()
    assert "所选的人" in auditor.read(f"{PATH}?actor={resident.user_id}")


def test_the_page_costs_the_same_however_long_the_log_is(fair: Fair, auditor: Desk) -> None:
    with Statements(fair.app) as few:
        auditor.read(PATH)
    for _ in range(60):
        record(fair.organiser, "edit", COMMUNITY)
    with Statements(fair.app) as many:
        auditor.read(PATH)
    assert len(many) == len(few) <= 5


# ---------------------------------------------------------------------------- export


def test_an_export_is_what_the_filter_finds_and_is_audited_itself(
    fair: Fair, auditor: Desk
) -> None:
    about = record(fair.organiser, "edit", COMMUNITY, reason="=1+1")
    record(None, "close", COMMUNITY, about)
    record(None, "edit", OTHER_COMMUNITY, about)
    answer = auditor.send(f"{PATH}export", reason="年度检查", object_id=str(about))
    assert answer.status_code == 303
    run_id = newest().id
    record(None, "edit", COMMUNITY, about)  # after it was asked for
    run = work(fair.app, run_id)
    assert run.state == "done", run.error
    rows = table(workbook(take(auditor, run_id)), "审计记录")
    assert [(row["谁"], row["做了什么"]) for row in rows] == [
        ("系统", "结束活动"), (masked_name(fair.organiser.name), "修改活动"),
    ]  # fmt: skip
    assert rows[1]["原因"] == "=1+1"
    assert [entry.action for entry in audit_of(fair.app, "report_run", str(run_id))] == [
        "request_report", "make_report", "finish_report", "download_report",
    ]  # fmt: skip


def test_every_filter_reaches_the_export(fair: Fair, auditor: Desk) -> None:
    about = record(fair.organiser, "edit", COMMUNITY)
    record(None, "edit", COMMUNITY, about)
    record(fair.organiser, "publish", COMMUNITY, about)
    today = f"{clock.today()}"
    auditor.send(
        f"{PATH}export", reason="检查", actor=str(fair.organiser.user_id), action="edit",
        object_type="activity", region_id=fair.world.region_id(COMMUNITY),
        **{"from": today, "to": today},
    )  # fmt: skip
    run_id = newest().id
    work(fair.app, run_id)
    rows = table(workbook(take(auditor, run_id)), "审计记录")
    assert {(row["谁"], row["做了什么"]) for row in rows} == {
        (masked_name(fair.organiser.name), "修改活动")
    }
    assert run_of(run_id).region_code == COMMUNITY


def test_an_export_needs_a_reason_and_finds_something(fair: Fair, auditor: Desk) -> None:
    about = record(None, "edit", COMMUNITY)
    refused = auditor.send(f"{PATH}export", reason="", object_id=str(about), actor="x")
    page = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert str(about) in page
    auditor.send(f"{PATH}export", reason="检查", object_id=str(new_id()))
    assert "没有符合条件的记录" in (work(fair.app, newest().id).error or "")


def test_an_export_has_an_end(fair: Fair, auditor: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    about = new_id()
    for _ in range(3):
        record(None, "edit", COMMUNITY, about)
    monkeypatch.setattr("backend.audit.export._CHUNK", 1)
    monkeypatch.setattr(
        "backend.audit.export.REPORTS",
        type(REPORTS)(**{**{name: getattr(REPORTS, name) for name in REPORTS.__slots__},
                         "audit_rows": 2}),
    )  # fmt: skip
    auditor.send(f"{PATH}export", reason="检查", object_id=str(about))
    assert "请缩小时间范围" in (work(fair.app, newest().id).error or "")


def test_who_audits_two_regions_exports_one_at_a_time(world: World) -> None:
    person = world.staff(Role.AUDITOR, SUBDISTRICT)
    with transaction() as session:
        session.execute(
            text(
                "INSERT INTO role_assignment (id, user_id, role, region_id, granted_at)"
                " VALUES (:id, :user, 'auditor', :region, now())"
            ),
            {"id": new_id(), "user": person.user_id,
             "region": world.region_id(OTHER_SUBDISTRICT)},
        )  # fmt: skip
    desk = Desk(world, person)
    refused = desk.send(f"{PATH}export", reason="检查")
    assert refused.status_code == 422
    assert "请先在上面选择一个地区" in refused.get_data(as_text=True)
    region = world.region_id(OTHER_SUBDISTRICT)
    assert desk.send(f"{PATH}export", reason="检查", region_id=region).status_code == 303
    assert newest().region_code == OTHER_SUBDISTRICT


def test_of_another_region_nothing_is_exported(fair: Fair, auditor: Desk) -> None:
    region = fair.world.region_id(OTHER_SUBDISTRICT)
    assert auditor.send(f"{PATH}export", reason="检查", region_id=region).status_code == 403


# ---------------------------------------------------------------------------- how it is found


PERSON = UUID("c4ca4238-a0b9-2382-0dcc-509a6f75849b")  # md5 of "1"


@pytest.fixture
def long_log(postgres: PrivatePostgres) -> Iterator[None]:
    """A log of 50,000 entries in half a year, in a database of its own: PostgreSQL counts a table
    for its plans at its owner's word alone."""
    postgres.create_database("long_log", template=TEMPLATE)
    app = create_app(settings_for(postgres.url("long_log"), statement_timeout_ms=60_000))
    with app.app_context():
        with transaction() as session:
            session.execute(
                text(
                    "INSERT INTO audit_entry (id, at, actor_user_id, action, object_type,"
                    " object_id, region_code, details)"
                    " SELECT gen_random_uuid(), now() - n * interval '5 minutes',"
                    "  md5((n % 300)::text)::uuid,"
                    "  CASE WHEN n % 5000 = 0 THEN 'cancel' ELSE 'call' END,"
                    "  'booking', md5((n / 10)::text)::uuid, '320412100001', '{}'"
                    " FROM generate_series(1, 50000) n"
                )
            )
            session.execute(text("ANALYZE audit_entry"))
        yield
        db.engine.dispose()
    postgres.drop_database("long_log")


@pytest.mark.usefixtures("long_log")
def test_each_filter_has_an_index() -> None:
    """No filter reads the log from end to end for one page."""
    for query, index in (
        ({}, "ix_audit_entry_at"),
        ({"actor_id": PERSON}, "ix_audit_entry_actor"),
        ({"action": "cancel"}, "ix_audit_entry_action"),
        ({"address": "203.0.113.7"}, "ix_audit_entry_address"),
        ({"object_type": "booking", "object_id": PERSON}, "ix_audit_entry_object"),
    ):
        plan = _plan(query)
        assert index in plan, plan
        assert "Seq Scan on audit_entry" not in plan, plan


def _plan(query: dict[str, Any]) -> str:
    entry = audit.AuditEntry
    with transaction() as session:
        statement = (
            audit_log.found_entries(session, [DISTRICT], Entries(**query))
            .order_by(entry.at.desc(), entry.id.desc())
            .limit(51)
        )
        connection = session.connection()
        compiled = statement.compile(connection, compile_kwargs={"literal_binds": True})
        return "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {compiled}"))
