"""The console's pages of what was told (消息发送)."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from backend.core.config import MESSAGES
from backend.core.errors import AppError
from backend.core.permissions import Actor, Permission
from backend.core.web.flashes import tell
from backend.core.web.pages import Pages
from backend.core.web.replies import render, see_other
from backend.delivery import queries
from backend.delivery.permissions import access_message, access_told
from backend.delivery.requests import Activities, Messages
from backend.delivery.web import schemas
from backend.notices.messages.again import send_again, waits_for_morning
from backend.regions.queries import regions_to_choose

pages = Pages("delivery", __name__, url_prefix="/console/messages", template_folder="templates")


@pages.page("/", access=Permission.ACTIVITY_SEE_DRAFT, query=schemas.ActivitiesQuery)
def list_activities(session: Session, actor: Actor, query: Activities) -> str:
    """The activities about which people were told something, with how many it has reached."""
    return render(
        "delivery/activities.html",
        query=query,
        regions=regions_to_choose(session, actor.region_codes(Permission.ACTIVITY_SEE_DRAFT)),
        page=queries.list_activities(session, actor, query),
    )


@pages.page(
    "/<uuid:activity_id>", access=Permission.ACTIVITY_SEE_DRAFT, query=schemas.MessagesQuery
)
def show(
    session: Session,
    actor: Actor,
    query: Messages,
    activity_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
    message_id: UUID | None = None,
) -> str:
    """What was told about one activity, and what became of each message; `message_id` is of the one
    whose sending again was refused."""
    activity = access_told(session, actor, activity_id)
    return render(
        "delivery/activity.html",
        activity=activity,
        query=query,
        kinds=queries.told_by_kind(session, activity_id),
        given_up=queries.given_up(session, activity_id),
        page=queries.list_messages(session, actor, replace(query, activity_id=activity_id)),
        may_resend=actor.may(Permission.ACTIVITY_EDIT, region_code=activity.region_code),
        problem=problem,
    )


@pages.form("/<uuid:activity_id>/<uuid:message_id>/resend", access=Permission.ACTIVITY_EDIT,
            again=show, said="已重新发送，结果稍后显示在这里")  # fmt: skip
def resend(session: Session, actor: Actor, activity_id: UUID, message_id: UUID) -> Response:
    """Send a message again that has certainly told nobody."""
    message, activity = access_message(session, actor, message_id, Permission.ACTIVITY_EDIT)
    send_again(session, actor, message, activity.region_code)
    if waits_for_morning(message):
        tell(f"已排队重发，夜间的到早上 {MESSAGES.quiet_until_hour} 点再发")
    return see_other(".show", activity_id=activity.id)
