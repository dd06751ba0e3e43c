"""The dashboard for programs."""

from typing import Any

from sqlalchemy.orm import Session

from backend.core.permissions import Actor
from backend.core.web.api import Blueprint
from backend.dashboard import queries
from backend.dashboard.web.schemas import DashboardAnswer, DashboardQuery

blp = Blueprint("dashboard_api", __name__, url_prefix="/api/v1", description="总览")


@blp.get("/dashboard", access=queries.SEE, query=DashboardQuery, answer=DashboardAnswer)
def get_dashboard(session: Session, actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """What a region's activities have come to in a period.

    Sums are a minute old at most, the people of a year ten minutes.
    """
    region = queries.access_region(session, actor, query.get("region_id"))
    return queries.dashboard(session, actor, region, query["period"])
