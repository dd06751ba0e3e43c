"""Reads of the list of reports, and what the form offers."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import Session, aliased

from backend.activities.models import Activity
from backend.core import clock, jobs
from backend.core.config import REPORTS
from backend.core.dates import dated
from backend.core.db import AnySelect
from backend.core.pagination import Page, paginate
from backend.core.permissions import Actor
from backend.feedback.evaluation.queries import evaluated
from backend.identity.models import Resident
from backend.identity.names import masked_name
from backend.regions.models import Region
from backend.reports.models import OPEN_STATES, ReportKind, ReportRun, permission_for

# How many months, quarters, activities the form offers.
_MONTHS, _QUARTERS, _ACTIVITIES = 24, 8, 100
_requester = aliased(Resident)


def list_reports(
    session: Session, actor: Actor, *, mine: bool, limit: int, cursor: str | None
) -> Page:
    """A page of reports, the newest first: those that the caller asked for, or all that they may
    take."""
    statement = _reports(actor)
    if mine:
        statement = statement.where(ReportRun.requested_by == actor.user_id)
    page = paginate(
        session,
        statement,
        [(ReportRun.id.expression, UUID)],
        cursor=cursor,
        limit=limit,
        key_of=lambda row: (str(row.ReportRun.id),),
        descending=True,
        scalars=False,
    )
    return Page(_in_words(session, actor, page.items), page.next_cursor)


def report_row(session: Session, actor: Actor, run_id: UUID) -> dict[str, Any]:
    """One report as the list shows it; the caller may take it (`access_report`)."""
    statement = _reports(actor).where(ReportRun.id == run_id)
    return _in_words(session, actor, [session.execute(statement).one()])[0]


def _reports(actor: Actor) -> AnySelect:
    return (
        select(ReportRun, Region.name.label("region_name"), _requester.name.label("requester"))
        .outerjoin(Region, Region.code == ReportRun.region_code)
        .outerjoin(_requester, _requester.user_id == ReportRun.requested_by)
        .where(may_take(actor))
    )


def may_take(actor: Actor) -> ColumnElement[bool]:
    """What `access_report` asks of a report, as a condition."""
    allowed = (
        and_(ReportRun.kind == kind, ReportRun.region_code.startswith(code))
        for kind in ReportKind
        for code in actor.region_codes(permission_for(kind))
    )
    return or_(false(), *allowed)


def _in_words(session: Session, actor: Actor, rows: Sequence[Any]) -> list[dict[str, Any]]:
    some_wait = any(row.ReportRun.state in OPEN_STATES for row in rows)
    standing = some_wait and jobs.stand_still(session)
    return [_row(actor, row, standing) for row in rows]


def _row(actor: Actor, row: Any, standing: bool) -> dict[str, Any]:
    run: ReportRun = row.ReportRun
    own = run.requested_by == actor.user_id
    return {
        "run": run,
        "region_name": row.region_name or "",
        "own": own,
        "requester": "我" if own else masked_name(row.requester),
        "stands_still": standing and run.state in OPEN_STATES,
        "silent_minutes": _silent_minutes(run),
        "share": run.done / run.total if run.total else None,
        "again": _again(run),
    }


def _silent_minutes(run: ReportRun) -> int | None:
    """For how long one that is to be made has not got on; None while that is nothing to tell."""
    if run.state not in OPEN_STATES or run.heard_at is None:
        return None
    minutes = (clock.now() - run.heard_at) // timedelta(minutes=1)
    return minutes if minutes >= REPORTS.late_minutes else None


def _again(run: ReportRun) -> dict[str, str] | None:
    """The form's fields to make the same once more; None where it is asked for elsewhere."""
    if run.kind is ReportKind.AUDIT:
        return None
    names = ("region_id", "activity_id", "month", "quarter")
    known = {name: str(run.parameters[name]) for name in names if name in run.parameters}
    if run.kind is ReportKind.LEDGER and "from" in run.parameters:
        known |= {name: str(run.parameters[name]) for name in ("from", "to")}
    return {"kind": run.kind.value, **known}


def months_to_choose() -> list[tuple[str, str]]:
    """This month and those before it."""
    year, month = clock.today().year, clock.today().month
    found = []
    for _ in range(_MONTHS):
        found.append((f"{year}-{month:02}", f"{year}年{month}月"))
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return found


def quarters_to_choose() -> list[tuple[str, str]]:
    """This quarter and those before it."""
    year, quarter = clock.today().year, (clock.today().month + 2) // 3
    found = []
    for _ in range(_QUARTERS):
        found.append((f"{year}-Q{quarter}", f"{year}年第{'一二三四'[quarter - 1]}季度"))
        year, quarter = (year, quarter - 1) if quarter > 1 else (year - 1, 4)
    return found


def activities_to_choose(
    session: Session, actor: Actor, also: UUID | None
) -> list[tuple[UUID, str]]:
    """The latest activities that have begun in the caller's regions, and the one that is asked
    for already."""
    found = evaluated(session, actor)
    latest = found.order_by(Activity.starts_at.desc(), Activity.id.desc()).limit(_ACTIVITIES)
    rows = list(session.execute(latest).all())
    if also is not None and also not in {row.activity_id for row in rows}:
        rows += session.execute(found.where(Activity.id == also)).all()
    return list(_named(rows))


def _named(rows: Iterable[Any]) -> Iterable[tuple[UUID, str]]:
    for row in rows:
        yield row.activity_id, f"{_day(row.starts_at)} {row.title}（{row.region_name}）"


def _day(instant: datetime) -> str:
    return dated(clock.local_day(instant))
