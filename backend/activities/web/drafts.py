"""The console's page of a new activity."""

from typing import Any

from flask import Response
from sqlalchemy.orm import Session

from backend.activities import operations
from backend.activities.checks.readiness import doubt_of_number
from backend.activities.days import doubtful_time
from backend.activities.requests import NewActivity
from backend.activities.web import schemas
from backend.activities.words import quoted
from backend.core import clock
from backend.core.config import titles
from backend.core.errors import AppError
from backend.core.permissions import Actor, Permission
from backend.core.web.flashes import tell
from backend.core.web.pages import Pages
from backend.core.web.replies import render, see_other
from backend.regions.permissions import check_region
from backend.regions.queries import regions_to_choose

# Its address is the schedule's, from which it is reached.
pages = Pages("drafts", __name__, url_prefix="/console/schedule", template_folder="templates")


@pages.page("/new", access=Permission.ACTIVITY_EDIT)
def new(session: Session, actor: Actor, typed: Any = None, problem: AppError | None = None) -> str:
    """The form of a new activity."""
    return render(
        "activities/new.html",
        regions=regions_to_choose(session, actor.region_codes(Permission.ACTIVITY_EDIT)),
        fields=titles("fields"),
        typed=typed or {},
        problem=problem,
    )


@pages.form("/new", access=Permission.ACTIVITY_EDIT, body=schemas.ActivityForm, again=new)
def create(session: Session, actor: Actor, body: NewActivity) -> Response:
    """Draft an activity; what it offers is added on its own page."""
    check_region(session, actor, body.region_id, Permission.ACTIVITY_EDIT)
    activity = operations.create_activity(session, actor, body)
    tell(f"已新建{quoted(activity.title)}的草稿，接着添加摊位和服务")
    if words := doubtful_time(activity.starts_at, clock.now()):
        tell(f"开始时间 {words}", done=False)
    if words := doubt_of_number(activity.contact_phone):
        tell(words, done=False)
    return see_other("workbench.show", activity_id=activity.id)
