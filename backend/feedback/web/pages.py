"""The console's pages of evaluations and rectifications."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy.orm import Session

from backend.activities.permissions import access_activity
from backend.core import clock
from backend.core.config import RATING, load
from backend.core.errors import AppError, NotFound
from backend.core.permissions import Actor, Permission
from backend.core.web.flashes import done_here
from backend.core.web.pages import Pages
from backend.core.web.replies import photo_response, render, see_other
from backend.feedback import photos
from backend.feedback.evaluation import queries as evaluation
from backend.feedback.evaluation.trends import trends_of
from backend.feedback.permissions import access_rectification
from backend.feedback.rectification import operations as rectification
from backend.feedback.rectification import queries as rectification_reads
from backend.feedback.web import complaint_schemas as complaints
from backend.feedback.web import schemas
from backend.regions.queries import regions_to_choose

evaluations = Pages(
    "evaluations", __name__, url_prefix="/console/evaluations", template_folder="templates"
)
rectifications = Pages("rectifications", __name__, url_prefix="/console/rectifications")
# What the list shows before anybody asks for another time.
_USUAL_PERIOD = timedelta(days=365)


@evaluations.page("/", access=Permission.EVALUATION_SEE_ALL, query=schemas.EvaluationQuery)
def list_evaluations(session: Session, actor: Actor, query: dict[str, Any]) -> str:
    """The evaluations in my regions, with totals and trends."""
    query.setdefault("from_", clock.day_start(clock.today() - _USUAL_PERIOD))
    regions = regions_to_choose(session, actor.region_codes(Permission.EVALUATION_SEE_ALL))
    chosen = next((region for region in regions if region.id == query.get("region_id")), None)
    if chosen is None:
        query.pop("region_id", None)
    wanted = schemas.evaluation_filter(query)
    scope = chosen or min(regions, key=lambda region: len(region.code), default=None)
    return render(
        "feedback/evaluations.html",
        query=query,
        regions=regions,
        scope=scope,
        answer=evaluation.list_evaluations(
            session, actor, wanted, limit=query["limit"], cursor=query.get("cursor")
        ),
        trends=trends_of(
            session, evaluation.evaluated(session, actor, wanted), scope.code if scope else ""
        ),
        publish_from=RATING.publish_from,
    )


@evaluations.page("/<uuid:activity_id>", access=Permission.EVALUATION_SEE_ALL)
def show(session: Session, actor: Actor, activity_id: UUID) -> str:
    """A market's checklist, with its bad ratings."""
    activity = access_activity(session, actor, activity_id)
    if not actor.may(Permission.EVALUATION_SEE_ALL, region_code=activity.region_code):
        raise NotFound
    bad_ratings = rectification_reads.list_rectifications(
        session, actor, rectification_reads.RectificationFilter(activity_id=activity_id), limit=100
    )
    return render(
        "feedback/evaluation.html",
        activity=activity,
        evaluation=evaluation.evaluation_of(session, activity, in_full=True),
        complaints=bad_ratings,
        rules=RATING,
        asked=load("evaluation"),
    )


@rectifications.page("/", access=Permission.RECTIFICATION_SEE, query=complaints.RectificationQuery)
def list_rectifications(session: Session, actor: Actor, query: dict[str, Any]) -> str:
    """The rectifications in my regions, the nearest deadline first; from the menu, those that
    somebody has yet to see to."""
    if not request.args:
        query["open"] = True
    return render(
        "feedback/rectifications.html",
        query=query,
        page=rectification_reads.list_rectifications(
            session,
            actor,
            complaints.rectification_filter(query),
            limit=query["limit"],
            cursor=query.get("cursor"),
        ),
        asked=load("evaluation"),
    )


@rectifications.page("/<uuid:rectification_id>", access=Permission.RECTIFICATION_SEE)
def show_rectification(
    session: Session,
    actor: Actor,
    rectification_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
    contact: rectification.Contact | None = None,
) -> str:
    """A rectification, and what to do next."""
    found = access_rectification(session, actor, rectification_id, Permission.RECTIFICATION_SEE)
    may_handle = actor.may(Permission.RECTIFICATION_HANDLE, region_code=found.region_code)
    rating_id = found.row.rating_id
    return render(
        "feedback/rectification.html",
        one=rectification_reads.rectification_detail(session, actor, rectification_id),
        handlers=rectification.handlers(session, found.region_code) if may_handle else [],
        may_handle=may_handle,
        photos=photos.photos_of(session, [rating_id])[rating_id] if may_handle else [],
        uncalled=rectification.ends_uncalled(session, found.row),
        disputed=rectification.disputed(found.row),
        answered_by_me=actor.user_id in rectification.answered_by(session, rectification_id),
        typed=typed or {},
        problem=problem,
        contact=contact,
        asked=load("evaluation"),
    )


@rectifications.page("/<uuid:rectification_id>/photos/<uuid:photo_id>",
                     access=Permission.RECTIFICATION_HANDLE)  # fmt: skip
def show_photo(session: Session, actor: Actor, rectification_id: UUID, photo_id: UUID) -> Response:
    """A photo of the complaint."""
    found = access_rectification(session, actor, rectification_id, Permission.RECTIFICATION_HANDLE)
    return photo_response(photos.photo_of(session, found.row.rating_id, photo_id))


@rectifications.form("/<uuid:rectification_id>/owner", access=Permission.RECTIFICATION_HANDLE,
                     body=complaints.OwnerForm, again=show_rectification)  # fmt: skip
def name_owner(
    session: Session, actor: Actor, body: dict[str, UUID], rectification_id: UUID
) -> Response:
    """Say who sees to it."""
    found = access_rectification(session, actor, rectification_id, Permission.RECTIFICATION_HANDLE)
    rectification.name_owner(session, actor, found, body["user_id"])
    return see_other(".show_rectification", rectification_id=rectification_id)


@rectifications.form("/<uuid:rectification_id>/reply", access=Permission.RECTIFICATION_HANDLE,
                     body=complaints.ReplyRequest, again=show_rectification)  # fmt: skip
def reply(session: Session, actor: Actor, body: dict[str, str], rectification_id: UUID) -> Response:
    """Say what was done."""
    found = access_rectification(session, actor, rectification_id, Permission.RECTIFICATION_HANDLE)
    rectification.reply(session, actor, found, body["reply"])
    return see_other(".show_rectification", rectification_id=rectification_id)


@rectifications.form("/<uuid:rectification_id>/call-back", access=Permission.RECTIFICATION_HANDLE,
                     body=complaints.CallBackForm, again=show_rectification)  # fmt: skip
def call_back(
    session: Session, actor: Actor, body: dict[str, Any], rectification_id: UUID
) -> Response:
    """Keep what the resident said when called back."""
    found = access_rectification(session, actor, rectification_id, Permission.RECTIFICATION_HANDLE)
    rectification.call_back(session, actor, found, body["note"], body["satisfied"])
    return see_other(".show_rectification", rectification_id=rectification_id)


@rectifications.form("/<uuid:rectification_id>/close", access=Permission.RECTIFICATION_HANDLE,
                     body=complaints.CloseRequest, again=show_rectification,
                     said="已办结")  # fmt: skip
def close(
    session: Session, actor: Actor, body: dict[str, str | None], rectification_id: UUID
) -> Response:
    """Close it after the call-back."""
    found = access_rectification(session, actor, rectification_id, Permission.RECTIFICATION_HANDLE)
    rectification.close(session, actor, found, body.get("reason"))
    return see_other(".show_rectification", rectification_id=rectification_id)


@rectifications.form("/<uuid:rectification_id>/contact", access=Permission.RECTIFICATION_HANDLE,
                     body=complaints.RaterContactRequest, again=show_rectification)  # fmt: skip
def contact(session: Session, actor: Actor, body: dict[str, str], rectification_id: UUID) -> str:
    """Show the rater's number, once: it stands in no address and no history."""
    found = access_rectification(session, actor, rectification_id, Permission.RECTIFICATION_HANDLE)
    number = rectification.contact(session, actor, found, body["reason"])
    done_here()
    page: str = show_rectification(session, actor, rectification_id, contact=number)
    return page
