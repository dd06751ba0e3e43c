"""One report, asked for and made by several at once: it is one, and made once."""

from uuid import UUID

from flask import Flask
from sqlalchemy import text

from backend.core.config import REPORTS
from backend.core.db import RunAgain, transaction
from backend.core.permissions import Actor, Grant, Role
from backend.reports import operations, tasks
from backend.reports.models import ReportKind
from backend.reports.operations import ReportRequest
from tests.support.threads import together
from tests.support.world import SUBDISTRICT, Person, World

ASKERS, ROUNDS = 8, 3


def _request(app: Flask, person: Person, month: int) -> UUID:
    """Ask until there is an answer, as a form does whose twin was faster."""
    grants = (Grant(Role.ORGANISER, SUBDISTRICT),)
    actor = Actor(person.user_id, person.resident_id, grants=grants)
    days = {"from": f"2026-{month:02}-01", "to": f"2026-{month:02}-28"}
    asked = ReportRequest(ReportKind.MONTHLY, days, "湖塘镇 月报", SUBDISTRICT, "检查")
    while True:
        try:
            with app.app_context(), transaction() as session:
                return operations.request_report(session, actor, asked)[0].id
        except RunAgain:
            continue


def test_of_several_requests_for_one_report_all_get_the_one(
    committed_app: Flask, committed_world: World
) -> None:
    person = committed_world.organiser()
    for month in range(1, ROUNDS + 1):
        found = together(ASKERS, lambda _, month=month: _request(committed_app, person, month))
        assert len(set(found)) == 1


def test_of_several_workers_the_last_one_makes_it(
    committed_app: Flask, committed_world: World
) -> None:
    """Those before it were taken for dead, and are told that their attempt is over."""
    run_id = _request(committed_app, committed_world.organiser(), 1)

    def work(_: int) -> None:
        with committed_app.app_context():
            tasks.make_report(str(run_id))

    together(REPORTS.attempts, work)
    with committed_app.app_context(), transaction() as session:
        statement = text(
            "SELECT count(*) FROM audit_entry WHERE object_id = :id AND action = 'finish_report'"
        )
        assert session.execute(statement, {"id": run_id}).scalar_one() == 1
