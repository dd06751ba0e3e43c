"""The schedule: what takes place in the caller's regions, and how it is planned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Response, current_app, request, url_for
from sqlalchemy.orm import Session

from backend.activities import changes, moves, operations
from backend.activities.models import ACTIVITY_TRANSITIONS, Activity
from backend.activities.permissions import (
    access_activities,
    access_activity,
    access_activity_for_edit,
    check_region,
)
from backend.activities.web import schemas
from backend.activities.words import quoted
from backend.core import audit, clock
from backend.core.config import titles
from backend.core.errors import AppError
from backend.core.ids import new_id
from backend.core.limits import Limit
from backend.core.pages import Pages, attachment, render, see_other, tell
from backend.core.permissions import Actor, Permission
from backend.core.spreadsheets import MIMETYPE
from backend.regions.models import Region
from backend.regions.queries import regions_to_choose
from backend.schedule import calendar as schedule
from backend.schedule import sheets

pages = Pages("schedule", __name__, url_prefix="/console/schedule", template_folder="templates")
_DONE = {"submit": "已提交审核", "publish": "已发布", "return": "已退回修改"}


@dataclass(frozen=True, slots=True)
class Scope:
    """The regions that a page is about: those to choose from, and the codes looked at."""

    regions: Sequence[Region]
    codes: Sequence[str]


def scope_of(session: Session, actor: Actor, query: dict[str, Any]) -> Scope:
    """The caller's regions, or the one of them that the filter names."""
    codes = actor.region_codes(Permission.ACTIVITY_SEE_DRAFT)
    regions = regions_to_choose(session, codes)
    chosen = next((region for region in regions if region.id == query.get("region_id")), None)
    if chosen is None:
        # Another's region in an old address: the page then shows one's own.
        query.pop("region_id", None)
        return Scope(regions, codes)
    return Scope(regions, [chosen.code])


@pages.page("/", access=Permission.ACTIVITY_SEE_DRAFT, query=schemas.ScheduleQuery)
def calendar(
    session: Session,
    actor: Actor,
    query: dict[str, Any],
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """What takes place in my regions: from today on, unless asked for another time."""
    scope = scope_of(session, actor, query)
    query.setdefault("on", clock.today())
    listed = query["view"] is schemas.ScheduleView.LIST
    if listed:
        query.setdefault("from_", clock.day_start(clock.today()))
    return render(
        "schedule/calendar.html",
        query=query,
        regions=scope.regions,
        page=schedule.list_schedule(session, scope.codes, query) if listed else None,
        may_plan=actor.may_anywhere(Permission.ACTIVITY_EDIT),
        may_publish=bool(actor.region_codes(Permission.ACTIVITY_PUBLISH)),
        may_edit=lambda row: actor.may(Permission.ACTIVITY_EDIT, region_code=row.region_code),
        open_moves=lambda row: moves.open_moves(actor, row),
        not_begun=operations.NOT_BEGUN,
        typed=typed or {},
        problem=problem,
    )


@pages.page("/events", access=Permission.ACTIVITY_SEE_DRAFT, query=schemas.EventsQuery)
def events(session: Session, actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """The calendar's activities of a range of days, as JSON: some of each day, and how many
    there are. A range that is too long is cut off."""
    first = query.setdefault("from_", clock.day_start(clock.today()))
    longest = first + schedule.LONGEST_RANGE
    query["to"] = min(query.get("to", longest), longest)
    scope = scope_of(session, actor, query)
    days = schedule.days_of(session, scope.codes, query, query["most"])
    return {"days": [_day(actor, day, found) for day, found in days.items()]}


def _day(actor: Actor, day: date, found: schedule.DayEvents) -> dict[str, Any]:
    return {
        "day": day.isoformat(),
        "total": found.total,
        "events": [_event(actor, row) for row in found.shown],
    }


def _event(actor: Actor, row: Any) -> dict[str, Any]:
    may_edit = actor.may(Permission.ACTIVITY_EDIT, region_code=row.region_code)
    return {
        "id": str(row.id),
        "title": row.title,
        "start": _wall_clock(row.starts_at),
        "end": _wall_clock(row.ends_at),
        "state": row.state.value,
        "place": f"{row.region_name} {row.venue_name}",
        "version": row.version,
        "movable": may_edit and row.state in operations.NOT_ANNOUNCED,
        "url": url_for("markets.show", activity_id=row.id),
        "move": url_for(".move", activity_id=row.id),
    }


def _wall_clock(instant: Any) -> str:
    """The time on a clock in Shanghai: the calendar shows it as it is, wherever the browser is."""
    return str(instant.astimezone(clock.SHANGHAI).strftime("%Y-%m-%dT%H:%M:%S"))


# ---------------------------------------------------------------------------- a new one


@pages.page("/new", access=Permission.ACTIVITY_EDIT)
def new(session: Session, actor: Actor, typed: Any = None, problem: AppError | None = None) -> str:
    """The form of a new activity."""
    return render(
        "schedule/new.html",
        regions=regions_to_choose(session, actor.region_codes(Permission.ACTIVITY_EDIT)),
        fields=titles("fields"),
        typed=typed or {},
        problem=problem,
    )


@pages.form("/new", access=Permission.ACTIVITY_EDIT, body=schemas.ActivityForm, again=new)
def create(session: Session, actor: Actor, body: dict[str, Any]) -> Response:
    """Draft an activity; what it offers is added on its own page."""
    check_region(session, actor, body["region_id"], Permission.ACTIVITY_EDIT)
    venue = {"name": body.pop("venue_name"), "address": body.pop("address", None)}
    activity = operations.create_activity(session, actor, body | {"venue": venue})
    tell(f"已新建{quoted(activity.title)}的草稿，接着添加摊位和服务")
    return see_other("markets.show", activity_id=activity.id)


# ---------------------------------------------------------------------------- another time


@pages.page("/<uuid:activity_id>/move", access=Permission.ACTIVITY_EDIT)
def move_form(
    session: Session,
    actor: Actor,
    activity_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """The form that moves an activity that has not begun to another time."""
    activity = access_activity(session, actor, activity_id, Permission.ACTIVITY_EDIT)
    return render(
        "schedule/move.html",
        activity=activity,
        movable=activity.state in operations.NOT_BEGUN,
        announced=changes.announced(activity),
        typed=typed or {},
        problem=problem,
    )


@pages.form("/<uuid:activity_id>/move", access=Permission.ACTIVITY_EDIT,
            body=schemas.MoveForm, again=move_form)  # fmt: skip
def move(session: Session, actor: Actor, body: dict[str, Any], activity_id: UUID) -> Response:
    """Move an activity to another time: from the form, or a draft dragged in the calendar. One
    that is announced is moved only after it was shown who is affected."""
    activity = access_activity_for_edit(session, actor, activity_id)
    starts_at, version, seen = body["starts_at"], body["version"], body.get("seen")
    if changes.announced(activity):
        affected = changes.affected_by(session, activity_id)
        if affected.seen != seen:
            operations.check_reschedule(activity, starts_at, version)
            return _confirm_move(session, activity, body, affected)
    operations.reschedule(session, actor, activity, starts_at, version)
    tell(f"{quoted(activity.title)}已改期，时段和报名时间一起移动了")
    return see_other(".calendar", **{"from": clock.local_day(activity.starts_at).isoformat()})


def _confirm_move(
    session: Session, activity: Activity, body: dict[str, Any], affected: changes.Affected
) -> Response:
    again = "seen" in body
    page = render(
        "schedule/confirm_move.html",
        activity=activity,
        starts_at=body["starts_at"],
        ends_at=body["starts_at"] + (activity.ends_at - activity.starts_at),
        slots=operations.count_slots(session, activity.id),
        affected=affected,
        again=again,
        values={name: body[name] for name in ("starts_at", "version")} | {"seen": affected.seen},
    )
    return current_app.make_response((page, 409 if again else 200))


# ---------------------------------------------------------------------------- several at once


@pages.form("/many", access=Permission.ACTIVITY_EDIT, body=schemas.ManyForm, again=calendar)
def move_many(session: Session, actor: Actor, body: dict[str, Any]) -> Response | str:
    """Submit, publish or return the activities that were chosen in the list: all or none. Before
    they are published, what each of them lacks is shown."""
    move = moves.MOVE_OF[body["action"]]
    chosen = access_activities(session, actor, body["ids"], move.permission)
    if move.action == "publish" and not body.get("looked"):
        gaps = [(one, operations.gaps_of(session, one)) for one in chosen]
        movable = all(move.to in ACTIVITY_TRANSITIONS[one.state] for one in chosen)
        if movable and any(found for _, found in gaps):
            return render("schedule/many_gaps.html", gaps=gaps)
    operations.move_all(session, actor, chosen, body["action"], body.get("reason"))
    tell(f"{_DONE[body['action']]} {len(chosen)} 场活动")
    # Without the filter by state, which they may not meet any more: who moved them looks for them.
    filters = {name: value for name, value in request.args.items() if name != "state"}
    return see_other(".calendar", **filters)


# ---------------------------------------------------------------------------- as a file


@pages.form("/export", access=Permission.ACTIVITY_SEE_DRAFT, query=schemas.ScheduleQuery,
            again=calendar, limit=Limit("exports"))  # fmt: skip
def export(session: Session, actor: Actor, query: dict[str, Any]) -> Response:
    """The schedule with its filters as an Excel file. No resident stands in it, so no reason is
    asked; that it was taken is kept all the same."""
    query.setdefault("from_", clock.day_start(clock.today()))
    scope = scope_of(session, actor, query)
    rows = schedule.export_rows(session, scope.codes, query)
    # Not the words looked for: what is typed may name somebody, and the log keeps it for ever.
    filters = {name: value for name, value in request.args.items() if name != "q"}
    for code in scope.codes:
        audit.record(
            session, actor, "export", "activity", new_id(), region_code=code,
            details={"rows": len(rows), "filters": filters},
        )  # fmt: skip
    content = sheets.schedule_file(rows, _period(query))
    return attachment(content, f"活动排期{clock.today():%Y%m%d}.xlsx", MIMETYPE)


def _period(query: dict[str, Any]) -> str:
    first = f"{clock.local_day(query['from_']):%Y-%m-%d} 起"
    if "to" not in query:
        return first
    return f"{first}，到 {clock.local_day(query['to'] - timedelta(microseconds=1)):%Y-%m-%d}"
