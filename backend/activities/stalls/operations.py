"""Use cases of stalls: set up, changed, placed on the plan."""

from typing import Any

from sqlalchemy.orm import Session

from backend.activities.checks.edits import (
    check_editable,
    record_edit,
    staying_credited,
    staying_publishable,
)
from backend.activities.models import Activity, Desk, Offering, Stall
from backend.activities.operations import rows_of
from backend.activities.questions import numbered
from backend.activities.requests import NewStall, StallEdit
from backend.activities.stalls.common import TooMany, audited, stalls_of
from backend.activities.stalls.offerings import delete_offering, drop_offering
from backend.activities.stalls.plan import Spot, free_spots, plan_of, read_place, spot_of, spots_of
from backend.activities.words import stall_order
from backend.core import audit, clock
from backend.core.errors import AppError, ValidationFailed, on_constraint
from backend.core.given import given, or_else, put
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.core.text import compared_number
from backend.partners.models import Organisation

MOST_STALLS = 60


class StallNumberTaken(AppError):
    status = 409
    code = "stall_number_taken"
    field = "number"
    title = "这个摊位号已经用了，请换一个"


class SpotTaken(AppError):
    status = 409
    code = "spot_taken"
    field = "row"
    title = "这个位置刚刚有了别的摊位，请换一个"


on_constraint("uq_stall_activity_id_number", StallNumberTaken)
on_constraint("uq_stall_spot", SpotTaken)


def _which(stall: Stall) -> dict[str, Any]:
    """Which stall an entry is about; its number still says so when it is deleted."""
    return {"stall_id": str(stall.id), "number": stall.number}


def add_stall(session: Session, actor: Actor, activity: Activity, new: NewStall) -> Stall:
    """A stall of a locked activity.

    Raises NotEditable, StallNumberTaken, TooMany (409), ValidationFailed (422).
    """
    check_editable(activity)
    stalls = stalls_of(session, activity.id)
    if len(stalls) >= MOST_STALLS:
        raise TooMany(f"一场活动最多 {MOST_STALLS} 个摊位")
    _check_stall(session, stalls, new)
    stall = Stall(id=new_id(), activity_id=activity.id, **given(new))
    session.add(stall)
    session.flush()
    record_edit(session, actor, activity, "add_stall", _which(stall))
    return stall


def update_stall(
    session: Session, actor: Actor, activity: Activity, stall: Stall, edit: StallEdit
) -> Stall:
    """Change a stall; what is not named stays.

    Raises as `add_stall`, and StaysPublished (409) where its organisation lacks a credential for
    what is done there.
    """
    check_editable(activity)
    stalls = stalls_of(session, activity.id)
    others = [other for other in stalls if other is not stall]
    _check_stall(session, others, edit, number_now=stall.number)
    before = audited(activity, stall)
    with staying_credited(session, activity):
        put(stall, edit)
        session.flush()
    changed = audit.changes(before, audited(activity, stall))
    record_edit(session, actor, activity, "edit_stall", _which(stall) | changed)
    return stall


def delete_stall(session: Session, actor: Actor, activity: Activity, stall: Stall) -> None:
    """Delete a stall with its offerings.

    Raises InUse (409) when somebody has signed up for one of them, StaysPublished (409) for the
    last one of an announced market.
    """
    check_editable(activity)
    was = audit.as_it_was(audited(activity, stall))
    with staying_publishable(session, activity):
        for offering in rows_of(session, Offering, Offering.stall_id == stall.id):
            delete_offering(session, actor, activity, offering)
        for desk in rows_of(session, Desk, Desk.stall_id == stall.id):
            session.delete(desk)
        session.delete(stall)
        session.flush()
    record_edit(session, actor, activity, "delete_stall", _which(stall) | was)


def drop_stall(
    session: Session, actor: Actor, activity: Activity, stall: Stall, reason: str = ""
) -> None:
    """Take a stall out of an activity with its services, whoever has signed up for them
    (`drop_offering`). One that nobody ever had a number of is deleted.

    Raises as `drop_offering`, and StaysPublished (409) for the last one of an announced market.
    """
    check_editable(activity)
    offerings = rows_of(session, Offering, Offering.stall_id == stall.id)
    if not numbered(session, [offering.id for offering in offerings]):
        delete_stall(session, actor, activity, stall)
        return
    was = audit.as_it_was(audited(activity, stall))
    with staying_publishable(session, activity):
        for offering in offerings:
            if offering.dropped_at is None:
                drop_offering(session, actor, activity, offering, reason)
        for desk in rows_of(session, Desk, Desk.stall_id == stall.id):
            session.delete(desk)
        stall.dropped_at, stall.spot_row, stall.spot_column = clock.now(), None, None
        session.flush()
    record_edit(session, actor, activity, "delete_stall", _which(stall) | was)


def place_stall(
    session: Session, actor: Actor, activity: Activity, stall: Stall, spot: Spot | None
) -> None:
    """Put a stall on the plan; the one that stands there changes places with it.

    Args:
        spot: within the plan, as PlaceForm loads it; None takes it off.

    Raises NotEditable (409).
    """
    check_editable(activity)
    stalls = stalls_of(session, activity.id)
    before, standing = spot_of(stall), spots_of(stalls).get(spot) if spot is not None else None
    if standing is not None and standing is not stall:
        moved = [(standing, audited(activity, standing)), (stall, audited(activity, stall))]
        _put(session, standing, None)
        _put(session, stall, spot)
        _put(session, standing, before)
    else:
        moved = [(stall, audited(activity, stall))]
        _put(session, stall, spot)
    for one, was in moved:
        changed = audit.changes(was, audited(activity, one))
        record_edit(session, actor, activity, "place_stall", _which(one) | changed)


def _put(session: Session, stall: Stall, spot: Spot | None) -> None:
    stall.spot_row, stall.spot_column = spot or (None, None)
    if spot is not None:
        # Of two that had been written to one spot, the second's words are no note.
        _, stall.place_note = read_place(stall.place_note)
    session.flush()


def arrange_stalls(session: Session, actor: Actor, activity: Activity) -> int:
    """Put the stalls that are not on the plan on its free spots, by their numbers; answers how
    many there were.

    Raises NotEditable (409).
    """
    check_editable(activity)
    stalls = stalls_of(session, activity.id)
    stalls.sort(key=lambda stall: stall_order(stall.number))
    off = plan_of(stalls).off
    for stall, spot in zip(off, free_spots(stalls), strict=False):
        _put(session, stall, spot)
    if off:
        record_edit(session, actor, activity, "arrange_stalls", {"count": len(off)})
    return len(off)


def _check_stall(
    session: Session, others: list[Stall], edit: StallEdit, number_now: str | None = None
) -> None:
    number = or_else(edit.number, number_now)
    # One that stays is not judged anew: older markets may have 1 and 01.
    if number is not None and number != number_now:
        for other in others:
            if compared_number(other.number) == compared_number(number):
                unlike = "" if other.number == number else f"，{number} 和它分不清"
                raise StallNumberTaken(f"已有 {other.number} 号摊位{unlike}")
    spot = or_else(edit.spot_row, None), or_else(edit.spot_column, None)
    for other in others:
        if None not in spot and (other.spot_row, other.spot_column) == spot:
            raise ValidationFailed(errors={"row": [f"这里已有 {other.number} 号摊位"]})
    organisation_id = or_else(edit.organisation_id, None)
    if organisation_id is not None and session.get(Organisation, organisation_id) is None:
        raise ValidationFailed(errors={"organisation_id": ["没有这个单位"]})
