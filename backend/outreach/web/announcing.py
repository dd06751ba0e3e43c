"""The console's pages on which organisers write to people."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from backend.activities.models import Activity, ActivityState, OfferingMode
from backend.activities.queries import activity_detail
from backend.core import clock
from backend.core.errors import AppError
from backend.core.permissions import Actor, Permission
from backend.core.web.replies import next_step, render, see_other
from backend.outreach import announcements
from backend.outreach.models import Audience
from backend.outreach.permissions import access_announcement, access_changes
from backend.outreach.web import forms
from backend.outreach.web.pages import list_changes, pages
from backend.outreach.words import AUDIENCES

RUN = Permission.ACTIVITY_RUN


@pages.page("/of/<uuid:activity_id>/announce", access=RUN)
def write(
    session: Session,
    actor: Actor,
    activity_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """The form of an announcement."""
    activity = access_changes(session, actor, activity_id, RUN)
    return render(
        "outreach/announce.html",
        activity=activity,
        choices=_choices(session, activity),
        typed=typed or {"to": Audience.SIGNED_UP},
        problem=problem,
        length=forms.ANNOUNCEMENT_LENGTH,
        left=announcements.left_today(session, activity_id),
        again_on=clock.today() + timedelta(days=1),
    )


def _choices(session: Session, activity: Activity) -> list[tuple[str, str]]:
    """To whom one may write: who is here, and its lines, of an activity that is on."""
    choices = [(str(Audience.SIGNED_UP), AUDIENCES[Audience.SIGNED_UP])]
    if activity.state is ActivityState.LIVE:
        choices.append((str(Audience.HERE), AUDIENCES[Audience.HERE]))
        choices += [
            (
                f"{Audience.LINE}:{one['id']}",
                f"排「{one['title']}」的人（{stall['number']} 号摊位）",
            )
            for stall in activity_detail(session, activity)["stalls"]
            for one in stall["offerings"]
            if one["mode"] is not OfferingMode.OPEN
        ]
    return choices


@pages.form("/of/<uuid:activity_id>/announce", access=RUN, body=forms.AnnouncementForm,
            again=write, said="公告已提交，内容检查通过就发出；检查不了的，要同事核对")  # fmt: skip
def announce(session: Session, actor: Actor, body: dict[str, Any], activity_id: UUID) -> Response:
    """Write to people; only after it was shown how many they are."""
    activity = access_changes(session, actor, activity_id, RUN)
    if not body["confirmed"]:
        announcements.reachable(session, activity, body["new"])
        return next_step(session, actor, ".confirm_announcement", activity_id=activity_id)
    announcements.announce(session, actor, activity, body["new"])
    return see_other(".list_changes", activity_id=activity_id)


@pages.page("/of/<uuid:activity_id>/announce/confirm", access=RUN,
            asked=forms.AnnouncementForm, again=write)  # fmt: skip
def confirm_announcement(
    session: Session, actor: Actor, body: dict[str, Any], activity_id: UUID
) -> str:
    """How many people an announcement goes to."""
    activity = access_changes(session, actor, activity_id, RUN)
    return render(
        "outreach/confirm_announcement.html",
        activity=activity,
        new=body["new"],
        to=dict(_choices(session, activity)).get(body["to"], AUDIENCES[body["new"].audience]),
        who=announcements.reachable(session, activity, body["new"]),
        values={"text": body["new"].text, "to": body["to"], "confirmed": "true"},
    )


@pages.form("/of/<uuid:activity_id>/held/<uuid:announcement_id>/release", access=RUN,
            again=list_changes, said="公告已发送")  # fmt: skip
def release(session: Session, actor: Actor, activity_id: UUID, announcement_id: UUID) -> Response:
    """A colleague of who wrote it has read it, and sends it."""
    activity, row = access_announcement(session, actor, activity_id, announcement_id)
    announcements.release(session, actor, activity, row)
    return see_other(".list_changes", activity_id=activity_id)


@pages.form("/of/<uuid:activity_id>/held/<uuid:announcement_id>/withdraw", access=RUN,
            again=list_changes, said="公告已撤下，不会发送")  # fmt: skip
def withdraw(session: Session, actor: Actor, activity_id: UUID, announcement_id: UUID) -> Response:
    """Not to be sent after all."""
    activity, row = access_announcement(session, actor, activity_id, announcement_id)
    announcements.withdraw(session, actor, activity, row)
    return see_other(".list_changes", activity_id=activity_id)
