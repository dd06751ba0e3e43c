"""The console's pages of needs (需求清单)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from backend.core import clock
from backend.core.config import NEEDS, titles
from backend.core.errors import AppError
from backend.core.limits import Limit
from backend.core.permissions import Actor, Permission
from backend.core.spreadsheets.writing import MIMETYPE
from backend.core.web.pages import Pages
from backend.core.web.replies import attachment, photo_response, render, see_other
from backend.needs import operations, photos
from backend.needs.lifecycle import merging, plans
from backend.needs.lists import queries
from backend.needs.lists.sheets import needs_file
from backend.needs.models import NeedState
from backend.needs.permissions import access_need, check_activity
from backend.needs.reasons import DECLINED, UNSOLVED, reasons_for
from backend.needs.requests import Asker, Ended, NewNeed, PublicWords
from backend.needs.verdicts.said import rounds_of
from backend.needs.voices.counting import count_voices, may_be_asked
from backend.needs.web import forms, schemas
from backend.needs.words import due
from backend.regions.models import Region
from backend.regions.permissions import check_region
from backend.regions.queries import regions_to_choose

pages = Pages("needs", __name__, url_prefix="/console/needs", template_folder="templates")


@pages.page("/", access=Permission.NEED_SEE, query=forms.NeedQuery)
def list_needs(
    session: Session,
    actor: Actor,
    query: dict[str, Any],
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """The needs of my regions, with how many there are in each state."""
    regions = _regions(session, actor)
    wanted = _wanted(query, regions)
    page = queries.list_needs(
        session, actor, wanted, limit=query["limit"], cursor=query.get("cursor")
    )
    return render(
        "needs/list.html",
        query=query,
        regions=regions,
        counts=queries.count_by_state(session, actor, wanted),
        waiting=queries.count_waiting(session, actor, wanted),
        due=due,
        page=page,
        voices=count_voices(session, [row.Need.id for row in page.items]),
        kinds=titles("service_kinds"),
        may_raise=actor.may_anywhere(Permission.NEED_HANDLE),
        problem=problem,
    )


def _regions(session: Session, actor: Actor) -> Sequence[Region]:
    return regions_to_choose(session, actor.region_codes(Permission.NEED_SEE))


def _wanted(query: dict[str, Any], regions: Sequence[Region]) -> queries.NeedFilter:
    """The filter that a query asks for. A region that is not the caller's filters nothing."""
    chosen = (region.code for region in regions if region.id == query.get("region_id"))
    return queries.NeedFilter(
        region_code=next(chosen, None),
        state=query.get("state"),
        waiting=query.get("waiting"),
        source=query.get("source"),
        service_kind=query.get("service_kind"),
        first=query.get("from_"),
        last=query.get("to"),
        words=query.get("q"),
    )


@pages.form("/export", access=Permission.NEED_SEE, query=forms.NeedQuery, again=list_needs,
            limit=Limit("exports"))  # fmt: skip
def export(session: Session, actor: Actor, query: dict[str, Any]) -> Response:
    """The list with its filters as an Excel file."""
    wanted = _wanted(query, _regions(session, actor))
    rows = queries.needs_to_export(session, actor, wanted)
    # Not the words looked for: what is typed may name somebody, and the log keeps it for ever.
    filters = {name: value for name, value in request.args.items() if name != "q"}
    operations.note_export(session, actor, len(rows), filters)
    words: Any = current_app.jinja_env.globals
    content = needs_file(rows, words["NEED_STATES"], words["NEED_SOURCES"])
    return attachment(content, f"需求清单{clock.today():%Y%m%d}.xlsx", MIMETYPE)


@pages.page("/new", access=Permission.NEED_HANDLE)
def new(session: Session, actor: Actor, typed: Any = None, problem: AppError | None = None) -> str:
    """The form to register a need."""
    return render(
        "needs/new.html",
        regions=regions_to_choose(session, actor.region_codes(Permission.NEED_HANDLE)),
        kinds=titles("service_kinds"),
        typed=typed or {"raised_on": clock.today().isoformat()},
        problem=problem,
        today=clock.today(),
    )


@pages.form("/new", access=Permission.NEED_HANDLE, body=forms.NeedForm, again=new, said="已登记")
def raise_need(session: Session, actor: Actor, body: tuple[NewNeed, bool]) -> Response:
    """Register a need."""
    new, counted = body
    check_region(session, actor, new.region_id, Permission.NEED_HANDLE)
    asker = Asker(None, actor.user_id, counted)
    need = operations.raise_need(session, actor, new, asker)
    return see_other(".show", need_id=need.id)


@pages.page("/<uuid:need_id>", access=Permission.NEED_SEE)
def show(
    session: Session,
    actor: Actor,
    need_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """A need, what has become of it, and what to do next."""
    need = access_need(session, actor, need_id, Permission.NEED_SEE)
    may_handle = actor.may(Permission.NEED_HANDLE, region_code=need.region_code)
    merged = merging.merged_into(session, need)
    to_plan = may_handle and need.state is NeedState.ACCEPTED
    return render(
        "needs/need.html",
        need=need,
        full=queries.need_in_full(session, need),
        steps=queries.history(session, need),
        photos=photos.photos_of(session, [need_id])[need_id],
        rounds=rounds_of(session, need, may_handle=may_handle),
        due=due,
        judged_by_voices=need.state is NeedState.SERVED and may_be_asked(session, need),
        ask_days=NEEDS.ask_days,
        similar=queries.similar_to(session, actor, need),
        choices=queries.activities_to_plan_for(session, actor, need) if to_plan else [],
        kinds=titles("service_kinds"),
        may_handle=may_handle,
        may_see_voices=actor.may(Permission.NEED_VOICES, region_code=need.region_code),
        voices=count_voices(session, [need.id])[need.id],
        may_merge=may_handle and merging.is_mergeable(need) and not merged,
        head=merging.head_of(session, need),
        merged=merging.beside(session, merged),
        decline_reasons=reasons_for(DECLINED),
        unsolved_reasons=reasons_for(UNSOLVED),
        typed=typed or {},
        problem=problem,
    )


@pages.page("/<uuid:need_id>/photos/<uuid:photo_id>", access=Permission.NEED_SEE)
def show_photo(session: Session, actor: Actor, need_id: UUID, photo_id: UUID) -> Response:
    """A photo of a need."""
    need = access_need(session, actor, need_id, Permission.NEED_SEE)
    return photo_response(photos.photo_of(session, need.id, photo_id))


@pages.form("/<uuid:need_id>/accept", access=Permission.NEED_HANDLE,
            body=schemas.PublicWordsForm, again=show, said="已受理")  # fmt: skip
def accept(session: Session, actor: Actor, body: PublicWords, need_id: UUID) -> Response:
    """Take it on, in words that everybody may read."""
    need = access_need(session, actor, need_id, Permission.NEED_HANDLE)
    operations.accept(session, actor, need, body)
    return see_other(".show", need_id=need_id)


@pages.form("/<uuid:need_id>/reword", access=Permission.NEED_HANDLE,
            body=schemas.PublicWordsForm, again=show, said="已保存")  # fmt: skip
def reword(session: Session, actor: Actor, body: PublicWords, need_id: UUID) -> Response:
    """Put what everybody reads into other words."""
    need = access_need(session, actor, need_id, Permission.NEED_HANDLE)
    operations.reword(session, actor, need, body)
    return see_other(".show", need_id=need_id)


@pages.form("/<uuid:need_id>/decline", access=Permission.NEED_HANDLE,
            body=schemas.NeedDeclineRequest, again=show, said="已记为不受理")  # fmt: skip
def decline(session: Session, actor: Actor, body: Ended, need_id: UUID) -> Response:
    """Refuse it, with a reason."""
    need = access_need(session, actor, need_id, Permission.NEED_HANDLE)
    operations.decline(session, actor, need, body)
    return see_other(".show", need_id=need_id)


@pages.form("/<uuid:need_id>/plan", access=Permission.NEED_HANDLE,
            body=forms.PlanForm, again=show, said="已安排")  # fmt: skip
def plan(session: Session, actor: Actor, body: dict[str, UUID], need_id: UUID) -> Response:
    """Plan it for an activity."""
    need = access_need(session, actor, need_id, Permission.NEED_HANDLE)
    activity = check_activity(session, actor, body["activity_id"])
    plans.plan(session, actor, need, activity)
    return see_other(".show", need_id=need_id)


@pages.form(
    "/<uuid:need_id>/take-off", access=Permission.NEED_HANDLE, again=show, said="已撤下，请另作安排"
)
def take_off(session: Session, actor: Actor, need_id: UUID) -> Response:
    """Take it off its activity."""
    need = access_need(session, actor, need_id, Permission.NEED_HANDLE)
    plans.take_off(session, actor, need)
    return see_other(".show", need_id=need_id)


@pages.form("/<uuid:need_id>/serve", access=Permission.NEED_HANDLE, again=show, said="已记为已服务")
def serve(session: Session, actor: Actor, need_id: UUID) -> Response:
    """Say that it was served."""
    need = access_need(session, actor, need_id, Permission.NEED_HANDLE)
    plans.serve(session, actor, need)
    return see_other(".show", need_id=need_id)


@pages.form(
    "/<uuid:need_id>/evaluate", access=Permission.NEED_HANDLE, again=show, said="已记为已解决"
)
def evaluate(session: Session, actor: Actor, need_id: UUID) -> Response:
    """Say that it is solved."""
    need = access_need(session, actor, need_id, Permission.NEED_HANDLE)
    operations.evaluate(session, actor, need)
    return see_other(".show", need_id=need_id)


@pages.form("/<uuid:need_id>/close-unsolved", access=Permission.NEED_HANDLE,
            body=schemas.NeedUnsolvedRequest, again=show, said="已记为未解决而办结")  # fmt: skip
def close_unsolved(session: Session, actor: Actor, body: Ended, need_id: UUID) -> Response:
    """End it without a solution, with a reason."""
    need = access_need(session, actor, need_id, Permission.NEED_HANDLE)
    operations.close_unsolved(session, actor, need, body)
    return see_other(".show", need_id=need_id)


@pages.form("/<uuid:need_id>/take-up", access=Permission.NEED_HANDLE, again=show, said="已重新办理")
def take_up(session: Session, actor: Actor, need_id: UUID) -> Response:
    """Take it on anew: there is somebody who can do it."""
    need = access_need(session, actor, need_id, Permission.NEED_HANDLE)
    operations.take_up(session, actor, need)
    return see_other(".show", need_id=need_id)


@pages.form("/<uuid:need_id>/reopen", access=Permission.NEED_HANDLE,
            body=schemas.ReasonForm, again=show, said="已重新办理")  # fmt: skip
def reopen(session: Session, actor: Actor, body: dict[str, str], need_id: UUID) -> Response:
    """Open it again: the resident says that it isn't solved."""
    need = access_need(session, actor, need_id, Permission.NEED_HANDLE)
    operations.reopen(session, actor, need, body["reason"])
    return see_other(".show", need_id=need_id)
