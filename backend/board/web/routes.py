"""Figures for those who run an activity."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.activities.permissions import access_activity
from backend.board import summary as queries
from backend.board.web import schemas
from backend.core.permissions import Actor, Permission, may
from backend.core.web.api import Blueprint

blp = Blueprint("reports", __name__, url_prefix="/api/v1", description="统计")


@blp.get(
    "/activities/<uuid:activity_id>/summary",
    access=Permission.ACTIVITY_SUMMARY,
    answer=schemas.SummaryAnswer,
)
def get_summary(session: Session, actor: Actor, activity_id: UUID) -> dict[str, Any]:
    """Visits, people, who is inside now, and each service's numbers and ratings.

    Ratings on few answers are for organisers only, as in the evaluation.
    """
    activity = access_activity(session, actor, activity_id, Permission.ACTIVITY_SUMMARY)
    in_full = may(actor, Permission.EVALUATION_SEE_ALL, region_code=activity.region_code)
    return queries.summary_of(session, activity, ratings_in_full=in_full)
