"""The console's pages of changes: whom each has reached, and who is to be called."""

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from backend.activities.checks import changes
from backend.activities.signals import ChangeKind
from backend.core import clock
from backend.core.errors import AppError
from backend.core.limits import Limit
from backend.core.permissions import Actor, Permission
from backend.core.spreadsheets.writing import MIMETYPE
from backend.core.web.flashes import done_here
from backend.core.web.pages import Pages
from backend.core.web.replies import attachment, render, see_other
from backend.outreach import contacts, operations, queries
from backend.outreach.announcements import left_today
from backend.outreach.contacts import Contact
from backend.outreach.operations import ToCall
from backend.outreach.permissions import access_addressee, access_change, access_changes
from backend.outreach.queries import By
from backend.outreach.sheets import call_list_file
from backend.outreach.web import forms
from backend.outreach.web.forms import Shown

pages = Pages("outreach", __name__, url_prefix="/console/changes", template_folder="templates")


@pages.page("/of/<uuid:activity_id>", access=Permission.ACTIVITY_SEE_DRAFT)
def list_changes(
    session: Session,
    actor: Actor,
    activity_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
    announcement_id: UUID | None = None,
) -> str:
    """An activity's changes and announcements, with whom each has reached.

    Args:
        announcement_id: whose form this answers.
    """
    activity = access_changes(session, actor, activity_id)
    return render(
        "outreach/changes.html",
        activity=activity,
        reaches=queries.reaches(session, activity),
        written=queries.waiting_announcements(session, activity_id),
        announced=changes.announced(activity),
        left=left_today(session, activity_id),
        problem=problem,
        may_announce=changes.announced(activity)
        and actor.may(Permission.ACTIVITY_RUN, region_code=activity.region_code),
    )


@pages.page("/<uuid:change_id>", access=Permission.ACTIVITY_SEE_DRAFT, query=forms.ListQuery)
def show_change(
    session: Session,
    actor: Actor,
    query: dict[str, Any],
    change_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
    addressee_id: UUID | None = None,
    opened: ToCall | None = None,
) -> str:
    """Whom a change has reached by what, and who is to be called.

    Args:
        addressee_id: whose form this answers.
        opened: somebody whose number is shown, once.
    """
    activity, change = access_change(session, actor, change_id)
    of_change = contacts.contacts_of(session, change)
    reaches = queries.reaches(session, activity)
    reach = next(one for one in reaches if one.change_id == change.id)
    over = queries.begun(change, activity)
    later = queries.overtaken_by(session, change)
    announced = change.kind is ChangeKind.ANNOUNCEMENT
    at = addressee_id or query["at"]
    to_call = [] if announced or over else contacts.call_list(session, activity, change, at)
    shown = Shown.ALL if announced else query["shown"]
    listed = to_call if to_call and shown is Shown.OPEN else _listed(of_change, shown, at)
    in_row = any(one.addressee_id == addressee_id for one in listed)
    return render(
        "outreach/change.html",
        activity=activity,
        change=change,
        reach=reach,
        over=over,
        later=later,
        overtaken=later is not None and not reach.to_tell,
        announced=announced,
        to_call=to_call,
        says_more=shown is Shown.OPEN and contacts.says_more(change, to_call),
        shown=shown,
        contacts=listed,
        counts={by: sum(one.people for one in of_change if one.by is by) for by in By},
        may_call=actor.may(Permission.CALL_LIST, region_code=activity.region_code),
        typed=typed or {},
        # Said in the row whose form was refused, where the reader is.
        problem=None if in_row else problem,
        row_problem=problem if in_row else None,
        addressee_id=addressee_id,
        opened=opened,
    )


def _listed(people: list[Contact], shown: Shown, at: UUID | None) -> list[Contact]:
    """Those who are shown, first who was not reached; whoever was just ticked off stays there."""

    def comes_later(one: Contact) -> bool:
        return one.by is not By.NOTHING and one.addressee_id != at

    if shown is Shown.OPEN:
        return [one for one in people if not comes_later(one)]
    return sorted(people, key=comes_later)


@pages.form("/<uuid:change_id>/people/<uuid:addressee_id>/call", access=Permission.CALL_LIST,
            body=forms.CallForm, query=forms.ListQuery, again=show_change)  # fmt: skip
def mark(
    session: Session, actor: Actor, body: dict[str, Any], query: dict[str, Any], change_id: UUID,
    addressee_id: UUID,
) -> Response:  # fmt: skip
    """Tick somebody off, or take that back."""
    activity, _, addressee = access_addressee(session, actor, change_id, addressee_id)
    operations.mark(session, actor, activity, addressee, body.get("call"), body["seen"])
    return see_other(
        ".show_change", change_id=change_id, shown=query["shown"], at=addressee_id,
        _anchor=f"row-{addressee_id}",
    )  # fmt: skip


@pages.form("/<uuid:change_id>/people/<uuid:addressee_id>/contact", access=Permission.CALL_LIST,
            body=forms.LookForm, query=forms.ListQuery, again=show_change)  # fmt: skip
def contact(
    session: Session, actor: Actor, body: dict[str, str], query: dict[str, Any], change_id: UUID,
    addressee_id: UUID,
) -> str:  # fmt: skip
    """Show a number, once: it stands in no address and no history."""
    activity, change, addressee = access_addressee(session, actor, change_id, addressee_id)
    opened = operations.contact(session, actor, activity, change, addressee, body["reason"])
    done_here()
    page: str = show_change(
        session, actor, query, change_id, addressee_id=addressee_id, opened=opened, typed=body
    )
    return page


def _take_along(
    session: Session, actor: Actor, change_id: UUID, reason: str, action: str
) -> dict[str, Any]:
    """What paper and file are made of."""
    activity, change = access_change(session, actor, change_id, Permission.CALL_LIST)
    people = operations.take_along(session, actor, activity, change, reason, action=action)
    more = contacts.says_more(change, [one.contact for one in people])
    return {"activity": activity, "change": change, "people": people, "says_more": more}


@pages.form("/<uuid:change_id>/paper", access=Permission.CALL_LIST, body=forms.LookForm,
            query=forms.ListQuery, again=show_change, limit=Limit("exports"))  # fmt: skip
def paper(
    session: Session, actor: Actor, body: dict[str, str], query: dict[str, Any], change_id: UUID
) -> str:
    """The call list with its numbers, to print."""
    taken = _take_along(session, actor, change_id, body["reason"], "see_call_list")
    done_here()
    return render("outreach/paper.html", now=clock.now(), **taken)


@pages.form("/<uuid:change_id>/excel", access=Permission.CALL_LIST, body=forms.LookForm,
            query=forms.ListQuery, again=show_change, limit=Limit("exports"))  # fmt: skip
def excel(
    session: Session, actor: Actor, body: dict[str, str], query: dict[str, Any], change_id: UUID
) -> Response:
    """The call list with its numbers as an Excel file."""
    taken = _take_along(session, actor, change_id, body["reason"], "export_call_list")
    content = call_list_file(taken["activity"].title, taken["people"])
    return attachment(content, f"电话名单{clock.today():%Y%m%d}.xlsx", MIMETYPE)
