"""The schedule: the markets and other activities of the caller's regions."""

from typing import Any

from sqlalchemy.orm import Session

from backend.activities import queries, schemas
from backend.core import clock
from backend.core.pages import Pages, render
from backend.core.permissions import Actor, Permission
from backend.regions.queries import regions_to_choose

pages = Pages("schedule", __name__, url_prefix="/console/schedule", template_folder="templates")


@pages.page("/", access=Permission.ACTIVITY_SEE_DRAFT, query=schemas.ActivityQuery)
def calendar(session: Session, actor: Actor, query: dict[str, Any]) -> str:
    """What takes place in my regions: from today on, unless asked for another time."""
    query.setdefault("from_", clock.day_start(clock.today()))
    query.pop("near", None)
    codes = actor.region_codes(Permission.ACTIVITY_SEE_DRAFT)
    regions = regions_to_choose(session, codes)
    if query.get("region_id") not in {region.id for region in regions}:
        # Drafts are seen in one's own regions alone; what others announce is theirs to plan.
        top = min(regions, key=lambda region: len(region.code), default=None)
        query.pop("region_id", None)
        if top is not None:
            query["region_id"] = top.id
    return render(
        "activities/calendar.html",
        query=query,
        regions=regions,
        page=queries.list_activities(session, actor, query),
    )
