"""The day of a market, live: the board for those who run it, the display for those who wait."""

from uuid import UUID

from sqlalchemy.orm import Session

from backend.activities.permissions import access_activity
from backend.core.pages import Pages, render
from backend.core.permissions import Actor, Permission

pages = Pages("board", __name__, url_prefix="/console/board", template_folder="templates")


@pages.page("/<uuid:activity_id>", access=Permission.ACTIVITY_SUMMARY)
def show(session: Session, actor: Actor, activity_id: UUID) -> str:
    """The day of a market so far."""
    activity = access_activity(session, actor, activity_id, Permission.ACTIVITY_SUMMARY)
    return render("reports/board.html", activity=activity)


@pages.page("/<uuid:activity_id>/display", access=Permission.ACTIVITY_SUMMARY)
def display(session: Session, actor: Actor, activity_id: UUID) -> str:
    """The numbers that are called."""
    activity = access_activity(session, actor, activity_id, Permission.ACTIVITY_SUMMARY)
    return render("reports/board.html", activity=activity)
