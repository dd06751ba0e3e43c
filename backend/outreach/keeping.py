"""Whom a change concerns: looked up and kept before anything of it is done."""

from uuid import UUID

from sqlalchemy import ColumnElement, func, insert, select
from sqlalchemy.orm import Session

from backend.activities.models import Activity, ActivityState
from backend.activities.signals import Change, ChangeKind
from backend.bookings.days import day_over
from backend.bookings.models import ACTIVE_STATES, Booking, BookingState
from backend.bookings.news.telling import to_be_told
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.identity.models import Resident
from backend.outreach.models import ActivityChange, Addressee
from backend.outreach.queries import account_of


def keep_change(session: Session, actor: Actor | None, activity: Activity, change: Change) -> None:
    """Keep a change of a locked activity, with everybody who has signed up for what changes."""
    by_user_id = actor.user_id if actor else None
    keep(session, by_user_id, activity.id, change, _who_signed_up(session, activity, change))


def keep(
    session: Session,
    by_user_id: UUID | None,
    activity_id: UUID,
    change: Change,
    resident_ids: list[UUID],
) -> None:
    """Keep a change and whom it concerns."""
    account = account_of()
    accounts, guests = session.execute(
        select(func.count(account.distinct()), func.count().filter(account.is_(None))).where(
            Resident.id.in_(resident_ids)
        )
    ).one()
    row = ActivityChange(
        id=change.id,
        activity_id=activity_id,
        kind=change.kind,
        words=change.words,
        offering_id=change.offering_id,
        slot_id=change.slot_id,
        slots_stay=change.slots_stay,
        accounts=accounts,
        guests=guests,
        by_user_id=by_user_id,
    )
    session.add(row)
    session.flush()
    if resident_ids:
        people = [{"id": new_id(), "change_id": row.id, "resident_id": one} for one in resident_ids]
        session.execute(insert(Addressee), people)


def _who_signed_up(session: Session, activity: Activity, change: Change) -> list[UUID]:
    which: list[ColumnElement[bool]] = [Booking.activity_id == activity.id]
    if activity.state is ActivityState.LIVE:
        which.append(~day_over())
    if change.kind is ChangeKind.MOVED:
        which.append(Booking.state.in_(to_be_told(activity)))
    else:
        # Who is being served is served to the end.
        which.append(Booking.state.in_(set(ACTIVE_STATES) - {BookingState.SERVING}))
    if change.slots_stay:
        which.append(Booking.slot_id.is_(None))
    if change.offering_id is not None:
        which.append(Booking.offering_id == change.offering_id)
    if change.slot_id is not None:
        which.append(Booking.slot_id == change.slot_id)
    statement = (
        select(Booking.resident_id)
        .join(Activity, Activity.id == Booking.activity_id)
        .where(*which)
        .distinct()
        .order_by(Booking.resident_id)
    )
    return list(session.execute(statement).scalars())
