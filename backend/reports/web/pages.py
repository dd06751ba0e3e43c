"""The console's page of reports: ask for one, see how far it is, take it, delete it."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from backend.activities.permissions import access_activity
from backend.core import clock
from backend.core.dates import dated
from backend.core.errors import AppError, NotFound, ValidationFailed
from backend.core.limits import Limit
from backend.core.permissions import Actor, Permission
from backend.core.spreadsheets.writing import MIMETYPE
from backend.core.web.pages import Pages
from backend.core.web.replies import attachment, render, render_part, see_other
from backend.regions.models import Region
from backend.regions.permissions import check_region
from backend.regions.queries import regions_to_choose
from backend.reports import operations
from backend.reports import runs as report_queries
from backend.reports.making import DOCX
from backend.reports.models import ReportKind
from backend.reports.operations import ReportRequest
from backend.reports.permissions import access_report
from backend.reports.queueing import queue
from backend.reports.web import forms
from backend.reports.words import KINDS

# The API's figures have the name "reports" already.
pages = Pages("report_pages", __name__, url_prefix="/console/reports", template_folder="templates")


@pages.page("/", access=Permission.REPORT_MAKE, query=forms.ReportsQuery)
def list_reports(session: Session, actor: Actor, query: dict[str, Any]) -> str:
    """The form, and the reports that I asked for."""
    usual = {  # the last that is whole
        "month": report_queries.months_to_choose()[1][0],
        "quarter": report_queries.quarters_to_choose()[1][0],
    }
    return _page(session, actor, query, usual | query | {"from": query.get("from_")}, None)


def again(
    session: Session, actor: Actor, typed: Any = None, problem: AppError | None = None
) -> str:
    """The same page with what was typed."""
    kinds = {kind.value for kind in forms.KINDS}
    kind = ReportKind(typed["kind"]) if typed.get("kind") in kinds else ReportKind.MONTHLY
    query = {"kind": kind, "limit": 20}
    return _page(session, actor, query, typed, problem)


def _page(
    session: Session, actor: Actor, query: dict[str, Any], typed: Any, problem: AppError | None
) -> str:
    kind = query.get("kind", ReportKind.MONTHLY)
    kind = kind if kind in forms.KINDS else ReportKind.MONTHLY
    return render(
        "reports/reports.html",
        kinds=forms.KINDS,
        kind=kind,
        query=query,
        typed=typed,
        problem=problem,
        page=report_queries.list_reports(
            session,
            actor,
            mine=query.get("whose", "mine") == "mine",
            limit=query["limit"],
            cursor=query.get("cursor"),
        ),
        **_choices(session, actor, kind, query.get("activity_id")),
    )


def _choices(
    session: Session, actor: Actor, kind: ReportKind, activity_id: UUID | None
) -> dict[str, Any]:
    """What the form of a kind offers to choose from."""
    choices: dict[str, Any] = {
        "months": report_queries.months_to_choose(),
        "quarters": report_queries.quarters_to_choose(),
    }
    if kind is not ReportKind.BRIEF:
        codes = actor.region_codes(Permission.REPORT_MAKE)
        choices["regions"] = _indented(regions_to_choose(session, codes))
    if kind in (ReportKind.BRIEF, ReportKind.LEDGER):
        choices["activities"] = report_queries.activities_to_choose(session, actor, activity_id)
    return choices


def _indented(regions: Sequence[Region]) -> list[tuple[UUID, str]]:
    """Regions to choose from, those below others set in."""
    top = min((len(region.code) for region in regions), default=0)
    return [(one.id, "  " * ((len(one.code) - top) // 3) + one.name) for one in regions]


@pages.form("/", access=Permission.REPORT_MAKE, body=forms.ReportForm, again=again,
            page=".list_reports", limit=Limit("exports"),
            said="已开始做，做好以后在这里下载")  # fmt: skip
def ask(session: Session, actor: Actor, body: dict[str, Any]) -> Response:
    """Ask for a report; the worker makes it."""
    queue(session, actor, _asked(session, actor, body))
    return see_other(".list_reports", kind=body["kind"].value)


def _asked(session: Session, actor: Actor, body: dict[str, Any]) -> ReportRequest:
    kind, reason = body["kind"], body["reason"]
    if "activity_id" in body and kind in (ReportKind.LEDGER, ReportKind.BRIEF):
        activity = access_activity(session, actor, body["activity_id"])
        if not actor.may(Permission.REPORT_MAKE, region_code=activity.region_code):
            raise NotFound
        day = clock.local_day(activity.starts_at)
        title = f"{activity.title} {dated(day)} {KINDS[kind]}"
        parameters = {"activity_id": str(activity.id)}
        return ReportRequest(kind, parameters, title, activity.region_code, reason)
    region = check_region(session, actor, body["region_id"], Permission.REPORT_MAKE)
    return _of_region(kind, region, body, reason)


def _of_region(
    kind: ReportKind, region: Region, body: dict[str, Any], reason: str
) -> ReportRequest:
    first, last, period, more = _period(kind, body)
    if first > clock.today():
        field = {ReportKind.MONTHLY: "month", ReportKind.QUARTERLY: "quarter"}.get(kind, "from")
        raise ValidationFailed(errors={field: ["还没有到这个时间"]})
    parameters = {
        "region_id": str(region.id), "from": first.isoformat(), "to": last.isoformat(), **more,
    }  # fmt: skip
    title = f"{region.name} {period} {KINDS[kind]}"
    return ReportRequest(kind, parameters, title, region.code, reason)


def _period(kind: ReportKind, body: dict[str, Any]) -> tuple[date, date, str, dict[str, str]]:
    """First and last day, how the title says it, and what the form had."""
    if kind is ReportKind.MONTHLY:
        first, last = forms.month_days(body["month"])
        return first, last, f"{first.year}年{first.month}月", {"month": body["month"]}
    if kind is ReportKind.QUARTERLY:
        first, last = forms.quarter_days(body["quarter"])
        words = f"{first.year}年第{'一二三四'[(first.month - 1) // 3]}季度"
        return first, last, words, {"quarter": body["quarter"]}
    first, last = body["from_"], body["to"]
    return first, last, f"{dated(first)}至{dated(last)}", {}


# ---------------------------------------------------------------------------- one report


@pages.page("/<uuid:run_id>", access=Permission.REPORT_MAKE)
def progress(session: Session, actor: Actor, run_id: UUID) -> str:
    """One row of the list, asked for every two seconds until the report is done."""
    access_report(session, actor, run_id)
    row = report_queries.report_row(session, actor, run_id)
    return render_part("reports/report_parts.html", "report", row)


@pages.form("/<uuid:run_id>/file", access=Permission.REPORT_MAKE, limit=Limit("exports"),
            page=".list_reports")  # fmt: skip
def download(session: Session, actor: Actor, run_id: UUID) -> Response:
    """The file. A form and not an address: each time is kept in the audit log."""
    run = access_report(session, actor, run_id)
    content = operations.take(session, actor, run)
    ending, mimetype = ("docx", DOCX) if run.kind is ReportKind.BRIEF else ("xlsx", MIMETYPE)
    return attachment(content, f"{run.title}.{ending}", mimetype)


@pages.form("/<uuid:run_id>/delete", access=Permission.REPORT_MAKE, page=".list_reports",
            said="已删除")  # fmt: skip
def delete(session: Session, actor: Actor, run_id: UUID) -> Response:
    """Delete a report's file, or take it back while it waits."""
    operations.delete_report(session, actor, access_report(session, actor, run_id))
    return see_other(".list_reports")
