"""An activity's workbench: everything of it in one place."""

from uuid import UUID

from sqlalchemy.orm import Session

from backend.activities.permissions import access_activity
from backend.core.pages import Pages, render
from backend.core.permissions import Actor, Permission

pages = Pages("markets", __name__, url_prefix="/console/markets", template_folder="templates")


@pages.page("/<uuid:activity_id>", access=Permission.ACTIVITY_SEE_DRAFT)
def show(session: Session, actor: Actor, activity_id: UUID) -> str:
    """The facts of an activity."""
    activity = access_activity(session, actor, activity_id, Permission.ACTIVITY_SEE_DRAFT)
    return render("activities/market.html", activity=activity)
