"""The schedule's pages that copy one activity to many days and regions."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.activities.checks.readiness import doubt_of_number
from backend.activities.copies import Source, read_source, slots_of, without_slots
from backend.activities.permissions import access_activity
from backend.activities.words import SlotChoice, quoted
from backend.core import clock
from backend.core.errors import AppError, Forbidden, ValidationFailed
from backend.core.given import UNSET
from backend.core.permissions import Actor, Permission
from backend.core.web.flashes import tell
from backend.core.web.replies import ASKED, asked_before, next_step, render, see_other
from backend.core.web.steps import StepOver
from backend.regions.models import Region
from backend.regions.queries import regions_to_choose
from backend.schedule import calendar, copies
from backend.schedule.web import schemas
from backend.schedule.web.pages import pages

_SLOT_CHOICES = {
    SlotChoice.MOVE: "随开始时间移动", SlotChoice.CUT: "随开始时间移动，放不下的不要",
    SlotChoice.ANEW: "按新的起止时间重排",
}  # fmt: skip


@pages.page("/copy", access=Permission.ACTIVITY_EDIT, query=schemas.SourceQuery)
def choose_source(session: Session, actor: Actor, query: dict[str, Any]) -> str:
    """Which activity is to be copied."""
    codes = actor.region_codes(Permission.ACTIVITY_EDIT)
    return render(
        "schedule/copy_source.html",
        query=query,
        page=calendar.to_copy_from(
            session, codes, words=query.get("q"), limit=query["limit"], cursor=query.get("cursor")
        ),
    )


@pages.page("/<uuid:activity_id>/copy", access=Permission.ACTIVITY_EDIT)
def copy_form(
    session: Session,
    actor: Actor,
    activity_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """To which days and regions it is to be copied; from the list of copies, with what had been
    chosen."""
    source = access_activity(session, actor, activity_id, Permission.ACTIVITY_EDIT)
    typed = typed or _chosen_before(session, actor)
    return render(
        "schedule/copy.html",
        source=source,
        regions=regions_to_choose(session, actor.region_codes(Permission.ACTIVITY_EDIT)),
        days=typed.getlist("on") if typed else [],
        chosen=typed.getlist("region_ids") if typed else [str(source.region_id)],
        hours=typed or {"starts": _time_of(source.starts_at)},
        slot_choices=_SLOT_CHOICES,
        today=clock.today(),
        most=copies.MOST_COPIES,
        problem=problem,
    )


def _chosen_before(session: Session, actor: Actor) -> Any:
    """What the list of copies in this address was made of, while that is known."""
    try:
        return asked_before(session, actor) if ASKED in request.args else None
    except StepOver:
        return None


def _time_of(instant: Any) -> str:
    return str(instant.astimezone(clock.SHANGHAI).strftime("%H:%M"))


@pages.form("/<uuid:activity_id>/copy/preview", access=Permission.ACTIVITY_EDIT,
            body=schemas.CopiesForm, again=copy_form)  # fmt: skip
def choose_copies(
    session: Session, actor: Actor, body: dict[str, Any], activity_id: UUID
) -> Response:
    """Go on to what would be made; the next form says all of it again."""
    source = _source(session, actor, activity_id)
    _candidates(session, actor, source, body)
    return next_step(session, actor, ".preview_copies", activity_id=activity_id)


@pages.page("/<uuid:activity_id>/copy/preview", access=Permission.ACTIVITY_EDIT,
            asked=schemas.CopiesForm, again=copy_form)  # fmt: skip
def preview_copies(session: Session, actor: Actor, body: dict[str, Any], activity_id: UUID) -> str:
    """Show what would be made."""
    return _preview(session, actor, activity_id, body)


def preview_again(
    session: Session,
    actor: Actor,
    activity_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """The copies looked at, with what stood in the way."""
    sent = {name: list(filter(None, typed.getlist(name))) for name in ("on", "region_ids")}
    try:
        hours = {name: typed[name] for name in ("starts", "ends", "slots") if typed.get(name)}
        body = schemas.CopiesForm().load(sent | hours)
        page = _preview(session, actor, activity_id, body, typed, problem)
    except (ma.ValidationError, ValidationFailed):
        return str(copy_form(session, actor, activity_id, typed=typed, problem=problem))
    return page


def _preview(
    session: Session,
    actor: Actor,
    activity_id: UUID,
    body: dict[str, Any],
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    source = _source(session, actor, activity_id)
    rows = _candidates(session, actor, source, body)
    slots = slots_of(source, rows[0].place)
    return render(
        "schedule/copy_preview.html",
        source=source,
        body=body,
        typed=typed or {"contact_phone": source.activity.contact_phone},
        titles=_titles_typed(typed) if typed else {},
        rows=rows,
        slots=slots,
        without_slots=without_slots(source, slots),
        problem=problem,
    )


def _titles_typed(typed: Any) -> dict[str, str]:
    """What was typed as the copies' names, by the rows that they stand in."""
    return dict(zip(typed.getlist("titled"), typed.getlist("titles"), strict=False))


@pages.form("/<uuid:activity_id>/copy", access=Permission.ACTIVITY_EDIT,
            body=schemas.ConfirmedCopiesForm, again=preview_again,
            page=".preview_copies")  # fmt: skip
def make_copies(
    session: Session, actor: Actor, body: dict[str, Any], activity_id: UUID
) -> Response:
    """Make the copies that were chosen: all of them or none."""
    source = _source(session, actor, activity_id)
    wanted = set(body["rows"])
    chosen = [
        row for row in _candidates(session, actor, source, body)
        if (row.region.id, row.day) in wanted
    ]  # fmt: skip
    if len(chosen) != len(wanted):
        raise ValidationFailed(errors={"rows": ["勾选的场次不在这份清单里，请重新勾选"]})
    made = copies.copy_to_many(session, actor, source, [row.place for row in chosen])
    tell(f"已照{quoted(source.activity.title)}新建 {len(made)} 场草稿")
    if words := doubt_of_number(made[0].contact_phone):
        tell(words, done=False)
    first = min(row.day for row in chosen)
    return see_other(".calendar", **{"from": first.isoformat(), "state": "draft"})


def _source(session: Session, actor: Actor, activity_id: UUID) -> Source:
    activity = access_activity(session, actor, activity_id, Permission.ACTIVITY_EDIT)
    return read_source(session, activity)


def _candidates(
    session: Session, actor: Actor, source: Source, body: dict[str, Any]
) -> list[copies.Candidate]:
    days: Sequence[date] = body["on"]
    hours = copies.Hours(body["starts"], body.get("ends"), body["slots"])
    regions = _regions(session, actor, body["region_ids"])
    phone = body.get("contact_phone", UNSET)
    titles = dict(zip(body.get("titled", ()), body.get("titles", ()), strict=True))
    return copies.candidates(session, source, regions, days, hours, phone, titles)


def _regions(session: Session, actor: Actor, ids: Sequence[UUID]) -> Sequence[Region]:
    """The regions named, if the caller may plan in all of them.

    Raises ValidationFailed (422) when there is no such region, Forbidden (403).
    """
    statement = select(Region).where(Region.id.in_(ids)).order_by(Region.code)
    regions = session.execute(statement).scalars().all()
    if len(regions) < len(set(ids)):
        raise ValidationFailed(errors={"region_ids": ["没有这个地区"]})
    if not all(actor.may(Permission.ACTIVITY_EDIT, region_code=one.code) for one in regions):
        raise Forbidden
    return regions
