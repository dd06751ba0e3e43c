"""What bookings do when something happens to an activity or to people."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from backend.activities import questions
from backend.activities.lifecycle.times import Times
from backend.activities.models import Activity, ActivityState, Offering, Slot, Venue
from backend.activities.signals import (
    Change,
    activity_moved,
    arrival_reverted,
    offering_dropped,
    person_arrived,
    place_changed,
    slot_moved,
    times_changed,
)
from backend.bookings import moves, queries
from backend.bookings.line import order
from backend.bookings.models import Booking
from backend.bookings.news import moving, people, telling
from backend.core import audit
from backend.core.audit import AuditEntry
from backend.core.permissions import Actor
from backend.identity.questions import active_since, exported, standing, uses
from backend.identity.signals import residents_merged, residents_removed


@person_arrived.connect
def arrived(
    session: Session,
    *,
    actor: Actor | None,
    activity_id: UUID,
    resident_id: UUID,
    at: datetime,
    service_on: date,
) -> None:
    moves.mark_arrived(session, actor, activity_id, resident_id, at, service_on)


@arrival_reverted.connect
def not_arrived(
    session: Session, *, actor: Actor, activity_id: UUID, resident_id: UUID, service_on: date
) -> None:
    moves.unmark_arrived(session, actor, activity_id, resident_id, service_on)


@activity_moved.connect
def ended(
    session: Session,
    *,
    actor: Actor | None,
    activity: Activity,
    state: ActivityState,
    change: Change | None,
) -> None:
    if state in (ActivityState.CLOSED, ActivityState.CANCELLED):
        moves.end_all(session, actor, activity.id, state, change)


@times_changed.connect
def moved(
    session: Session,
    *,
    actor: Actor,
    activity: Activity,
    before: Times,
    shift: timedelta,
    change: Change,
) -> None:
    moving.follow_activity(session, actor, activity, before, shift, change)


@place_changed.connect
def elsewhere(
    session: Session, *, actor: Actor, activity: Activity, before: Venue, change: Change
) -> None:
    telling.tell_place_changed(session, activity.id, before, change)


@offering_dropped.connect
def dropped(
    session: Session, *, actor: Actor, activity: Activity, offering: Offering, change: Change
) -> None:
    moves.cancel_service(session, actor, activity, offering, change)


@slot_moved.connect
def slot_elsewhere(
    session: Session,
    *,
    actor: Actor,
    activity: Activity,
    slot: Slot,
    before: datetime,
    change: Change | None,
) -> None:
    moving.follow_slot(session, actor, activity, slot, before, change)


@residents_merged.connect
def merged(session: Session, *, source_id: UUID, target_id: UUID) -> None:
    people.merge(session, source_id, target_id)


@residents_removed.connect
def removed(session: Session, *, actor: Actor | None, resident_ids: list[UUID]) -> None:
    people.cancel_all_of(session, actor, resident_ids)
    theirs = select(Booking.id).where(Booking.resident_id.in_(resident_ids))
    audit.forget_reasons(
        session, AuditEntry.object_type == Booking.__tablename__, AuditEntry.object_id.in_(theirs)
    )


@active_since.answered("bookings")
def active(session: Session, since: date) -> Select[UUID]:
    return select(Booking.resident_id).where(Booking.service_on >= since)


questions.sign_ups.answered(queries.standing_sign_ups)
questions.unfinished.answered(queries.unfinished_of)
questions.numbered.answered(queries.ever_numbered)
questions.numbers_begun.answered(queries.count_begun)
questions.lines.answered(order.lines_of)
exported.answered("bookings")(queries.export_bookings)
uses.answered("bookings")(queries.count_bookings)
standing.answered("bookings")(queries.tickets_of)
