"""The console's pages of the signed-up list (报名名单), for whoever runs the activity."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from backend.activities.models import Activity
from backend.activities.permissions import access_activity
from backend.bookings.signed_up import queries
from backend.bookings.signed_up.operations import take_along
from backend.bookings.signed_up.queries import Wanted
from backend.bookings.signed_up.sheet import chosen_in_words, sign_ups_file
from backend.bookings.web import forms
from backend.core import clock
from backend.core.errors import AppError
from backend.core.given import picked
from backend.core.limits import Limit
from backend.core.permissions import Actor, Permission
from backend.core.spreadsheets.writing import MIMETYPE
from backend.core.web.flashes import done_here
from backend.core.web.pages import Pages
from backend.core.web.replies import attachment, render

pages = Pages("sign_ups", __name__, url_prefix="/console/sign-ups", template_folder="templates")


def _access(session: Session, actor: Actor, activity_id: UUID) -> Activity:
    return access_activity(session, actor, activity_id, Permission.ACTIVITY_RUN)


def _wanted(query: dict[str, Any]) -> Wanted:
    """The filter that a query asks for. A time belongs to a service, and filters nothing alone."""
    wanted = picked(Wanted, query)
    return wanted if wanted.offering_id else replace(wanted, slot_id=None)


@pages.page("/of/<uuid:activity_id>", access=Permission.ACTIVITY_RUN, query=forms.SignUpsQuery)
def list_people(
    session: Session,
    actor: Actor,
    query: dict[str, Any],
    activity_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """Who holds what, by service and time."""
    activity, wanted = _access(session, actor, activity_id), _wanted(query)
    chosen = wanted.offering_id
    return render(
        "bookings/sign_ups.html",
        activity=activity,
        query=query,
        services=queries.services_of(session, activity.id),
        slots=queries.slots_of(session, chosen) if chosen else [],
        counts=queries.count_choices(session, activity, wanted),
        page=queries.list_signed_up(session, activity, wanted),
        typed=typed or {},
        problem=problem,
    )


@pages.form("/of/<uuid:activity_id>/paper", access=Permission.ACTIVITY_RUN,
            body=forms.TakeAlongForm, query=forms.SignUpsQuery, again=list_people,
            limit=Limit("exports"))  # fmt: skip
def paper(
    session: Session, actor: Actor, body: dict[str, str], query: dict[str, Any], activity_id: UUID
) -> str:
    """The list with its filters, to print."""
    activity, wanted = _access(session, actor, activity_id), _wanted(query)
    lines = take_along(session, actor, activity, wanted, body["reason"], action="see_sign_ups")
    done_here()
    return render(
        "bookings/sign_ups_paper.html",
        activity=activity,
        query=query,
        chosen=chosen_in_words(wanted),
        lines=lines,
        now=clock.now(),
    )


@pages.form("/of/<uuid:activity_id>/export", access=Permission.ACTIVITY_RUN,
            body=forms.TakeAlongForm, query=forms.SignUpsQuery, again=list_people,
            limit=Limit("exports"))  # fmt: skip
def export(
    session: Session, actor: Actor, body: dict[str, str], query: dict[str, Any], activity_id: UUID
) -> Response:
    """The list with its filters as an Excel file."""
    activity, wanted = _access(session, actor, activity_id), _wanted(query)
    lines = take_along(session, actor, activity, wanted, body["reason"], action="export_sign_ups")
    done_here()
    content = sign_ups_file(activity.title, chosen_in_words(wanted), lines)
    return attachment(content, f"报名名单{clock.today():%Y%m%d}.xlsx", MIMETYPE)
