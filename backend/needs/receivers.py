"""What needs do when something happens to activities or to people, and what they answer."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.activities.models import Activity, ActivityState, Offering
from backend.activities.questions import needs_on, planned_for
from backend.activities.signals import (
    Change,
    activity_moved,
    offering_dropped,
    place_changed,
    times_changed,
)
from backend.core.permissions import Actor
from backend.identity.questions import active_since, exported
from backend.identity.signals import residents_merged, residents_removed
from backend.needs.lifecycle import plans
from backend.needs.models import NeedPlan, PlanEnd
from backend.needs.voices import people


@activity_moved.connect
def moved(
    session: Session,
    *,
    actor: Actor | None,
    activity: Activity,
    state: ActivityState,
    change: Change | None,
) -> None:
    if state is ActivityState.PUBLISHED:
        plans.announced(session, activity)
    elif state is ActivityState.CLOSED:
        plans.market_over(session, activity)
    elif state is ActivityState.CANCELLED:
        plans.fell_through(session, NeedPlan.activity_id == activity.id, PlanEnd.CANCELLED)


@times_changed.connect
def at_another_time(
    session: Session, *, actor: Actor, activity: Activity, before: object, shift: object,
    change: Change,
) -> None:  # fmt: skip
    plans.rearranged(session, activity)


@place_changed.connect
def at_another_place(
    session: Session, *, actor: Actor, activity: Activity, before: object, change: Change
) -> None:
    plans.rearranged(session, activity)


@offering_dropped.connect
def dropped(
    session: Session, *, actor: Actor, activity: Activity, offering: Offering, change: Change
) -> None:
    plans.fell_through(session, NeedPlan.offering_id == offering.id, PlanEnd.SERVICE_DROPPED)


@residents_merged.connect
def merged(session: Session, *, source_id: UUID, target_id: UUID) -> None:
    people.merge(session, source_id, target_id)


@residents_removed.connect
def removed(session: Session, *, actor: Actor | None, resident_ids: list[UUID]) -> None:
    people.cut_all_of(session, resident_ids)


@planned_for.answered("needs")
def needs_planned_for(session: Session, activity_ids: Collection[UUID]) -> set[UUID]:
    standing = NeedPlan.ended_at.is_(None)
    found = select(NeedPlan.activity_id).where(NeedPlan.activity_id.in_(activity_ids), standing)
    return set(session.execute(found).scalars())


@needs_on.answered
def count_needs_on(
    session: Session, activity_id: UUID, offering_ids: Collection[UUID] | None
) -> int:
    which = NeedPlan.activity_id == activity_id
    if offering_ids is not None:
        which = NeedPlan.offering_id.in_(offering_ids)
    return plans.count_planned(session, which)


active_since.answered("needs")(people.active)
exported.answered("needs")(people.export)
