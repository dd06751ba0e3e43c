"""The schedule: the markets and other activities of the caller's regions."""

from sqlalchemy.orm import Session

from backend.core.pages import Pages, render
from backend.core.permissions import Actor, Permission

pages = Pages("schedule", __name__, url_prefix="/console/schedule", template_folder="templates")


@pages.page("/", access=Permission.ACTIVITY_SEE_DRAFT)
def calendar(session: Session, actor: Actor) -> str:
    """The calendar."""
    return render("activities/calendar.html")
