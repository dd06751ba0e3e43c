"""The schedule: what takes place in the caller's regions, and how it is planned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Response, request, url_for
from sqlalchemy.orm import Session

from backend.activities import operations
from backend.activities.checks import edits
from backend.activities.lifecycle import actions, moves
from backend.activities.models import ACTIVITY_TRANSITIONS
from backend.activities.permissions import access_activities
from backend.core import audit, clock
from backend.core.dates import dated
from backend.core.errors import AppError
from backend.core.ids import new_id
from backend.core.limits import Limit
from backend.core.pagination import Page
from backend.core.permissions import Actor, Permission
from backend.core.spreadsheets.writing import MIMETYPE
from backend.core.web.flashes import tell
from backend.core.web.pages import Pages
from backend.core.web.replies import attachment, next_step, render, see_other
from backend.core.web.steps import StepOver
from backend.regions.models import Region
from backend.regions.queries import regions_to_choose
from backend.schedule import calendar as schedule
from backend.schedule import sheets
from backend.schedule.web import schemas

pages = Pages("schedule", __name__, url_prefix="/console/schedule", template_folder="templates")
_DONE = {"submit": "已提交审核", "publish": "已发布", "return": "已退回修改"}


@dataclass(frozen=True, slots=True)
class Scope:
    """The regions that a page is about: those to choose from, and the codes looked at."""

    regions: Sequence[Region]
    codes: Sequence[str]


_FILTERS = frozenset(
    field.data_key or name for name, field in schemas.ScheduleQuery().load_fields.items()
)


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
        page=_page(session, scope, query) if listed else None,
        may_plan=actor.may_anywhere(Permission.ACTIVITY_EDIT),
        may_publish=bool(actor.region_codes(Permission.ACTIVITY_PUBLISH)),
        may_edit=lambda row: actor.may(Permission.ACTIVITY_EDIT, region_code=row.region_code),
        open_moves=lambda row: actions.open_moves(actor, row),
        not_begun=edits.NOT_BEGUN,
        typed=typed or {},
        problem=problem,
    )


def _page(session: Session, scope: Scope, query: dict[str, Any]) -> Page:
    return schedule.list_schedule(
        session,
        scope.codes,
        _filters(query),
        limit=query["limit"],
        cursor=query.get("cursor"),
    )


def _filters(query: dict[str, Any]) -> schedule.Filters:
    return schedule.Filters(
        programme=query.get("programme"),
        state=query.get("state"),
        since=query.get("from_"),
        until=query.get("to"),
        words=query.get("q"),
    )


@pages.page("/events", access=Permission.ACTIVITY_SEE_DRAFT, query=schemas.EventsQuery)
def events(session: Session, actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """The calendar's activities of a range of days, as JSON: some of each day, and how many
    there are. A range that is too long is cut off."""
    first = query.setdefault("from_", clock.day_start(clock.today()))
    longest = first + schedule.LONGEST_RANGE
    query["to"] = min(query.get("to", longest), longest)
    scope = scope_of(session, actor, query)
    days = schedule.days_of(session, scope.codes, _filters(query), query["most"])
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
        "movable": may_edit and row.state in edits.NOT_ANNOUNCED,
        "url": url_for("workbench.show", activity_id=row.id),
        "move": url_for("moving.move", activity_id=row.id),
    }


def _wall_clock(instant: Any) -> str:
    """The time on a clock in Shanghai: the calendar shows it as it is, wherever the browser is."""
    return str(instant.astimezone(clock.SHANGHAI).strftime("%Y-%m-%dT%H:%M:%S"))


# ---------------------------------------------------------------------------- several at once


@pages.form("/many", access=Permission.ACTIVITY_EDIT, body=schemas.ManyForm, again=calendar)
def move_many(session: Session, actor: Actor, body: dict[str, Any]) -> Response:
    """Submit, publish or return the activities that were chosen in the list: all or none. Before
    they are published, what each of them lacks is shown."""
    move = actions.MOVE_OF[body["action"]]
    chosen = access_activities(session, actor, body["ids"], move.permission, lock=True)
    if move.action == "publish" and not body.get("looked"):
        movable = all(move.to in ACTIVITY_TRANSITIONS[one.state] for one in chosen)
        if movable and any(operations.gaps_of(session, actor, one) for one in chosen):
            return next_step(session, actor, ".look_at_gaps", **_filters_of_list())
    moves.move_all(session, actor, chosen, body["action"], body.get("reason"))
    tell(f"{_DONE[body['action']]} {len(chosen)} 场活动")
    # Without the filter by state, which they may not meet any more: who moved them looks for them.
    filters = _filters_of_list()
    filters.pop("state", None)
    return see_other(".calendar", **filters)


def _filters_of_list() -> dict[str, str]:
    """The list's filters, in the address of the forms and steps that are about it."""
    return {name: value for name, value in request.args.items() if name in _FILTERS}


@pages.page("/many/gaps", access=Permission.ACTIVITY_PUBLISH, asked=schemas.ManyForm,
            again=calendar)  # fmt: skip
def look_at_gaps(session: Session, actor: Actor, body: dict[str, Any]) -> str:
    """What each of the activities lacks that are to be published and are not yet."""
    move = actions.MOVE_OF["publish"]
    chosen = access_activities(session, actor, body["ids"], move.permission)
    open_ones = [one for one in chosen if move.to in ACTIVITY_TRANSITIONS[one.state]]
    if not open_ones:
        raise StepOver
    open_ones.sort(key=lambda one: one.starts_at)
    return render(
        "schedule/many_gaps.html",
        gaps=[(one, operations.gaps_of(session, actor, one)) for one in open_ones],
        where=schedule.whereabouts(session, [one.id for one in open_ones]),
        moved=len(chosen) - len(open_ones),
        filters=_filters_of_list(),
    )


# ---------------------------------------------------------------------------- as a file


@pages.form("/export", access=Permission.ACTIVITY_SEE_DRAFT, query=schemas.ScheduleQuery,
            again=calendar, limit=Limit("exports"))  # fmt: skip
def export(session: Session, actor: Actor, query: dict[str, Any]) -> Response:
    """The schedule with its filters as an Excel file. No resident stands in it, so no reason is
    asked; that it was taken is kept all the same."""
    query.setdefault("from_", clock.day_start(clock.today()))
    scope = scope_of(session, actor, query)
    rows = schedule.export_rows(session, scope.codes, _filters(query))
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
    first = f"{dated(clock.local_day(query['from_']))} 起"
    if "to" not in query:
        return first
    return f"{first}，到 {dated(clock.local_day(query['to'] - timedelta(microseconds=1)))}"
