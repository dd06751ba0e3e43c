"""Reports as a desk asks for them, and as the worker makes them."""

import io
from typing import Any
from uuid import UUID

from flask import Flask
from openpyxl import Workbook, load_workbook
from sqlalchemy import text
from werkzeug.test import TestResponse

from backend.core import clock
from backend.core.db import transaction
from backend.reports import tasks
from backend.reports.models import ReportRun
from tests.support.desk import Desk

PATH = "/console/reports/"
REASON = "报民政局"


def this_month() -> str:
    return f"{clock.today():%Y-%m}"


def ask(desk: Desk, kind: str = "monthly", **fields: Any) -> TestResponse:
    """Send the form; of this month unless told otherwise."""
    body = {"kind": kind, "reason": REASON} | fields
    if kind == "monthly":
        body.setdefault("month", this_month())
    return desk.send(PATH, **body)


def asked(desk: Desk, kind: str = "monthly", **fields: Any) -> UUID:
    """Send the form; the report that waits now."""
    answer = ask(desk, kind, **fields)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return newest().id


def newest() -> ReportRun:
    with transaction() as session:
        statement = text("SELECT id FROM report_run ORDER BY id DESC LIMIT 1")
        return session.get_one(ReportRun, session.execute(statement).scalar_one())


def run_of(run_id: UUID) -> ReportRun:
    with transaction() as session:
        return session.get_one(ReportRun, run_id, populate_existing=True)


def work(app: Flask, run_id: UUID) -> ReportRun:
    """Let the worker run the report's job once."""
    with app.app_context():
        tasks.make_report(str(run_id))
    return run_of(run_id)


def take(desk: Desk, run_id: UUID) -> bytes:
    answer = desk.send(f"{PATH}{run_id}/file")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data()


def made(desk: Desk, app: Flask, kind: str = "monthly", **fields: Any) -> bytes:
    """A report's file, from the form to the download."""
    run_id = asked(desk, kind, **fields)
    run = work(app, run_id)
    assert run.state == "done", run.error
    return take(desk, run_id)


def workbook(content: bytes) -> Workbook:
    return load_workbook(io.BytesIO(content))


def table(book: Workbook, sheet: str) -> list[dict[str, Any]]:
    """A sheet's rows by the titles of its columns, the totals too."""
    rows = [list(row) for row in book[sheet].iter_rows(values_only=True)]
    header = next(index for index, row in enumerate(rows) if row[1] is not None)
    titles = [str(title) for title in rows[header]]
    return [
        dict(zip(titles, row, strict=True))
        for row in rows[header + 1 :]
        if any(value is not None for value in row)
    ]
