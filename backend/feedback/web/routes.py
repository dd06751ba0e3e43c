"""Ratings, evaluation, rectification."""

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from backend.activities.permissions import access_activity
from backend.core.config import PHOTOS, RATING, load
from backend.core.db import transaction
from backend.core.limits import Limit
from backend.core.pagination import Asked, Page
from backend.core.permissions import Actor, Permission, may
from backend.core.photos import MIMETYPE, made_safe
from backend.core.web.api import LOGIN, PUBLIC, Blueprint
from backend.core.web.lists import ListQuery
from backend.core.web.replies import photo_response
from backend.core.web.sent import sent_photo
from backend.feedback import operations, photos, queries
from backend.feedback.evaluation import queries as evaluation
from backend.feedback.permissions import (
    access_own_rating,
    access_rectification,
    access_service,
    access_visit,
)
from backend.feedback.rectification import operations as rectification
from backend.feedback.rectification import queries as rectification_reads
from backend.feedback.rectification import rounds
from backend.feedback.requests import OfService, OfVisit, RatingEdit
from backend.feedback.web import complaint_schemas as complaints
from backend.feedback.web import schemas

blp = Blueprint("feedback", __name__, url_prefix="/api/v1", description="评价、评价清单、整改")
_RATINGS = Limit("ratings")


# ---------------------------------------------------------------------------- ratings


@blp.get("/rating-form", access=PUBLIC, answer=schemas.RatingFormAnswer)
def rating_form(_session: Session, _actor: Actor | None) -> dict[str, Any]:
    """What residents are asked: levels (best first), items and tags with their titles."""
    asked = load("evaluation")
    levels = sorted(((int(level), title) for level, title in asked["levels"].items()), reverse=True)
    return {
        "levels": [{"score": score, "title": title} for score, title in levels],
        "items": [{"key": key, "title": item["title"]} for key, item in asked["items"].items()],
        "tags": [
            {"key": key, "title": title, "negative": key in asked["negative_tags"]}
            for key, title in asked["tags"].items()
        ],
        "comment_length": schemas.COMMENT_LENGTH,
        "window_days": RATING.window_days,
        "edit_hours": RATING.edit_hours,
        "photos": PHOTOS.most,
    }


@blp.post("/ratings", access=LOGIN, status=201,
          body=schemas.RatingRequest, answer=schemas.RatingAnswer,
          limit=_RATINGS)  # fmt: skip
def add_rating(session: Session, actor: Actor, body: OfService | OfVisit) -> dict[str, Any]:
    """Rate a service received, or a visit, of mine or a family member's."""
    if isinstance(body, OfService):
        subject = access_service(session, actor, body.booking_id)
    else:
        subject = access_visit(session, actor, body.activity_id, body.resident_id)
    rating = operations.rate(session, actor, subject, body.rating)
    return queries.rating_detail(session, rating.id)


@blp.put("/ratings/<uuid:rating_id>", access=LOGIN,
         body=schemas.RatingChange, answer=schemas.RatingAnswer, limit=_RATINGS)  # fmt: skip
def put_rating(session: Session, actor: Actor, body: RatingEdit, rating_id: UUID) -> dict[str, Any]:
    """Change my rating while it can be edited; what is not named stays."""
    rating = access_own_rating(session, actor, rating_id)
    operations.change_rating(session, rating, body)
    return queries.rating_detail(session, rating.id)


@blp.get("/ratings/<uuid:rating_id>", access=LOGIN, answer=schemas.RatingAnswer)
def get_rating(session: Session, actor: Actor, rating_id: UUID) -> dict[str, Any]:
    """A rating I gave; of a bad one, what became of it."""
    rating = access_own_rating(session, actor, rating_id)
    return queries.rating_detail(session, rating.id)


@blp.post("/ratings/<uuid:rating_id>/unsolved", access=LOGIN,
          body=schemas.UnsolvedRequest, answer=schemas.RatingAnswer,
          limit=_RATINGS)  # fmt: skip
def say_unsolved(
    session: Session, actor: Actor, body: dict[str, str], rating_id: UUID
) -> dict[str, Any]:
    """「还没解决」: open my complaint again, after it was answered."""
    rating = access_own_rating(session, actor, rating_id)
    rounds.reopen(session, rating, body["words"])
    return queries.rating_detail(session, rating.id)


@blp.put("/ratings/<uuid:rating_id>/photos/<uuid:photo_id>", access=LOGIN, raw=True,
         in_transaction=False, answer=schemas.RatingAnswer,
         limit=Limit("photos"))  # fmt: skip
def put_photo(actor: Actor, rating_id: UUID, photo_id: UUID) -> dict[str, Any]:
    """Add a photo to my complaint. The body is the photo itself (JPEG, PNG or WebP, at most 2 MB),
    the id is made by the phone: the same photo may be sent again."""
    with transaction() as session:
        access_own_rating(session, actor, rating_id)
    # While it is looked at nobody waits for a connection.
    jpeg = made_safe(sent_photo())
    with transaction() as session:
        rating = access_own_rating(session, actor, rating_id)
        photos.add_photo(session, rating, photo_id, jpeg)
        return queries.rating_detail(session, rating_id)


@blp.get("/ratings/<uuid:rating_id>/photos/<uuid:photo_id>", access=LOGIN,
         content_type=MIMETYPE)  # fmt: skip
def get_photo(session: Session, actor: Actor, rating_id: UUID, photo_id: UUID) -> Response:
    """A photo of my complaint, as it was written anew."""
    rating = access_own_rating(session, actor, rating_id)
    return photo_response(photos.photo_of(session, rating.id, photo_id))


@blp.get("/me/ratings", access=LOGIN, query=ListQuery,
         answer=schemas.RatingAnswer, page=True)  # fmt: skip
def list_own_ratings(session: Session, actor: Actor, query: Asked) -> Page:
    """The ratings I gave, newest first."""
    return queries.list_own_ratings(session, actor, query)


# ---------------------------------------------------------------------------- evaluation


@blp.get("/activities/<uuid:activity_id>/evaluation", access=PUBLIC,
         answer=schemas.EvaluationAnswer)  # fmt: skip
def get_evaluation(session: Session, actor: Actor | None, activity_id: UUID) -> dict[str, Any]:
    """The evaluation checklist; figures on few answers are for organisers only."""
    activity = access_activity(session, actor, activity_id)
    in_full = may(actor, Permission.EVALUATION_SEE_ALL, region_code=activity.region_code)
    return evaluation.evaluation_of(session, activity, in_full=in_full)


@blp.get("/evaluations", access=Permission.EVALUATION_SEE_ALL,
         query=schemas.EvaluationQuery, answer=schemas.EvaluationListAnswer)  # fmt: skip
def list_evaluations(session: Session, actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """Evaluations in my regions, the latest activity first, with totals over all of them."""
    return evaluation.list_evaluations(
        session,
        actor,
        schemas.evaluation_filter(query),
        limit=query["limit"],
        cursor=query.get("cursor"),
    )


# ---------------------------------------------------------------------------- rectification


@blp.get("/rectifications", access=Permission.RECTIFICATION_SEE,
         query=complaints.RectificationQuery, answer=complaints.RectificationAnswer,
         page=True)  # fmt: skip
def list_rectifications(session: Session, actor: Actor, query: dict[str, Any]) -> Page:
    """Rectifications in my regions, the nearest deadline first."""
    return rectification_reads.list_rectifications(
        session,
        actor,
        complaints.rectification_filter(query),
        limit=query["limit"],
        cursor=query.get("cursor"),
    )


@blp.get("/rectifications/<uuid:rectification_id>", access=Permission.RECTIFICATION_SEE,
         answer=complaints.RectificationDetailAnswer)  # fmt: skip
def get_rectification(session: Session, actor: Actor, rectification_id: UUID) -> dict[str, Any]:
    """A rectification."""
    access_rectification(session, actor, rectification_id, Permission.RECTIFICATION_SEE)
    return rectification_reads.rectification_detail(session, actor, rectification_id)


@blp.post("/rectifications/<uuid:rectification_id>/reply",
          access=Permission.RECTIFICATION_HANDLE,
          body=complaints.ReplyRequest, answer=complaints.RectificationDetailAnswer)  # fmt: skip
def reply(
    session: Session, actor: Actor, body: dict[str, str], rectification_id: UUID
) -> dict[str, Any]:
    """Say what was done about a bad rating."""
    found = access_rectification(session, actor, rectification_id, Permission.RECTIFICATION_HANDLE)
    rectification.reply(session, actor, found, body["reply"])
    return rectification_reads.rectification_detail(session, actor, rectification_id)


@blp.post("/rectifications/<uuid:rectification_id>/call-back",
          access=Permission.RECTIFICATION_HANDLE,
          body=complaints.CallBackRequest, answer=complaints.RectificationDetailAnswer)  # fmt: skip
def call_back(
    session: Session, actor: Actor, body: dict[str, Any], rectification_id: UUID
) -> dict[str, Any]:
    """Keep what the resident said when called back."""
    found = access_rectification(session, actor, rectification_id, Permission.RECTIFICATION_HANDLE)
    rectification.call_back(session, actor, found, body["note"], body["satisfied"])
    return rectification_reads.rectification_detail(session, actor, rectification_id)


@blp.post("/rectifications/<uuid:rectification_id>/close",
          access=Permission.RECTIFICATION_HANDLE,
          body=complaints.CloseRequest, answer=complaints.RectificationDetailAnswer)  # fmt: skip
def close(
    session: Session, actor: Actor, body: dict[str, str | None], rectification_id: UUID
) -> dict[str, Any]:
    """Close a rectification after the call-back; with a reason where the resident is still not
    satisfied."""
    found = access_rectification(session, actor, rectification_id, Permission.RECTIFICATION_HANDLE)
    rectification.close(session, actor, found, body.get("reason"))
    return rectification_reads.rectification_detail(session, actor, rectification_id)


@blp.post("/rectifications/<uuid:rectification_id>/contact",
          access=Permission.RECTIFICATION_HANDLE,
          body=complaints.RaterContactRequest, answer=complaints.RaterContactAnswer)  # fmt: skip
def contact(
    session: Session, actor: Actor, body: dict[str, str], rectification_id: UUID
) -> rectification.Contact:
    """The rater's phone number in full, for the call-back; asking is audited, with the reason."""
    found = access_rectification(session, actor, rectification_id, Permission.RECTIFICATION_HANDLE)
    return rectification.contact(session, actor, found, body["reason"])
