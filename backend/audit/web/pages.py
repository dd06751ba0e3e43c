"""The console's pages of the audit log: look through it, export it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.audit import log as audit_log
from backend.audit.export import parameters_of
from backend.audit.requests import Entries
from backend.audit.web import forms
from backend.core import clock
from backend.core.context import composed
from backend.core.dates import dated
from backend.core.errors import AppError, ValidationFailed
from backend.core.feature import AuditWords
from backend.core.given import picked
from backend.core.limits import Limit
from backend.core.permissions import Actor, Permission
from backend.core.web.pages import Pages
from backend.core.web.replies import render, see_other
from backend.regions.models import Region
from backend.regions.permissions import check_region
from backend.regions.queries import regions_to_choose
from backend.reports.models import ReportKind
from backend.reports.operations import ReportRequest
from backend.reports.queueing import queue
from backend.reports.words import KINDS

pages = Pages("audit", __name__, url_prefix="/console/audit", template_folder="templates")
# What is shown before anybody asks for another time: a bound to how much is looked through.
_USUAL_PERIOD = timedelta(days=30)


@pages.page("/", access=Permission.AUDIT_SEE, query=forms.AuditQuery)
def list_entries(session: Session, actor: Actor, query: dict[str, Any]) -> str:
    """The entries of my regions, the latest first."""
    return _page(session, actor, query, {}, None)


def again(
    session: Session, actor: Actor, typed: Any = None, problem: AppError | None = None
) -> str:
    """The same page with the reason that was typed."""
    schema = forms.AuditQuery(unknown=ma.EXCLUDE)
    known = {name: value for name, value in typed.items() if value}
    wrong = schema.validate(known)
    query = schema.load({name: value for name, value in known.items() if name not in wrong})
    return _page(session, actor, query, typed, problem)


def _page(
    session: Session, actor: Actor, query: dict[str, Any], typed: Any, problem: AppError | None
) -> str:
    codes = actor.region_codes(Permission.AUDIT_SEE)
    regions = regions_to_choose(session, codes)
    chosen = next((region for region in regions if region.id == query.get("region_id")), None)
    asked = _asked(query)
    words = composed(AuditWords)
    return render(
        "audit/audit.html",
        query=query,
        asked=asked,
        regions=regions,
        staff=audit_log.staff_to_choose(session, codes),
        actions=words.actions,
        objects=words.objects,
        typed=typed,
        problem=problem,
        page=audit_log.audit_page(session, [chosen.code] if chosen else codes, asked, words),
    )


def _asked(query: dict[str, Any]) -> Entries:
    """The filter as the log takes it."""
    since = None if "object_id" in query else clock.day_start(clock.today() - _USUAL_PERIOD)
    who = query.get("actor")
    by_system = who == forms.SYSTEM
    asked = {"from_": since, "by_system": by_system, "actor_id": None if by_system else who}
    return picked(Entries, asked | query)


@pages.page("/<uuid:entry_id>", access=Permission.AUDIT_SEE)
def show(session: Session, actor: Actor, entry_id: UUID) -> str:
    """All that is known of one entry."""
    codes = actor.region_codes(Permission.AUDIT_SEE)
    words = composed(AuditWords)
    return render("audit/entry.html", entry=audit_log.audit_entry(session, codes, entry_id, words))


@pages.form("/export", access=Permission.AUDIT_SEE, body=forms.AuditExportForm, again=again,
            page=".list_entries", limit=Limit("exports"),
            said="已开始导出，做好以后在这里下载")  # fmt: skip
def export(session: Session, actor: Actor, body: dict[str, Any]) -> Response:
    """Ask for what the filter finds as an Excel file; the worker makes it."""
    reason = body.pop("reason")
    region = _region(session, actor, body.pop("region_id", None))
    asked = _asked(body)
    period = f"{dated(clock.local_day(asked.from_))} 起 " if asked.from_ else ""
    title = f"{region.name} {period}{KINDS[ReportKind.AUDIT]}"
    queue(
        session,
        actor,
        ReportRequest(ReportKind.AUDIT, parameters_of(asked), title, region.code, reason),
    )
    return see_other("report_pages.list_reports")


def _region(session: Session, actor: Actor, region_id: UUID | None) -> Region:
    """The region of an export: the chosen one, or the only one that the caller audits."""
    if region_id is not None:
        return check_region(session, actor, region_id, Permission.AUDIT_SEE)
    codes = actor.region_codes(Permission.AUDIT_SEE)
    if len(codes) > 1:
        raise ValidationFailed(errors={"region_id": ["请先在上面选择一个地区，再导出"]})
    return session.execute(select(Region).where(Region.code == codes[0])).scalar_one()
