"""What a need is planned for: a service of a market, or the market as a whole. When the market is
over its needs are served; when it falls through they wait for another."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from backend.activities.days import days_early
from backend.activities.models import Activity, ActivityState, Offering
from backend.core import clock
from backend.core.errors import AppError
from backend.core.permissions import Actor
from backend.core.states import IllegalTransition, lock
from backend.needs import telling
from backend.needs.lifecycle.moves import move
from backend.needs.models import Need, NeedPlan, NeedState, PlanEnd

# A need is planned for what is still to come or going on, and served once it has begun.
PLANNABLE = (
    ActivityState.DRAFT,
    ActivityState.SUBMITTED,
    ActivityState.PUBLISHED,
    ActivityState.LIVE,
)
_BEGUN = (ActivityState.LIVE, ActivityState.CLOSED)
_FELL_THROUGH = {
    PlanEnd.TAKEN_OFF: "原来的安排有变，社区另作安排。",
    PlanEnd.CANCELLED: "原定的集市取消了，社区另作安排。",
    PlanEnd.SERVICE_DROPPED: "原定的服务不办了，社区另作安排。",
}


class ActivityOver(AppError):
    status = 409
    code = "activity_over"
    title = "这场活动已结束或取消，请另选一场"


class ActivityNotBegun(AppError):
    status = 409
    code = "activity_not_begun"
    title = "活动还没有开始，开始以后才能记为已服务"


class ServiceDropped(AppError):
    status = 409
    code = "service_dropped"
    title = "这项服务不办了，请另选一项"


class NotPlanned(AppError):
    status = 409
    code = "not_planned"
    title = "这条需求没有安排到这项服务，请刷新后再看"


def plan(
    session: Session, actor: Actor, need: Need, activity: Activity, offering: Offering | None = None
) -> None:
    """Plan a need for a service, or for an activity as a whole; where it stands there already
    nothing changes. It may be planned for several.

    Raises ActivityOver, ServiceDropped, IllegalTransition (409).
    """
    session.refresh(activity, with_for_update={"read": True})
    if activity.state not in PLANNABLE:
        raise ActivityOver
    if offering is not None and offering.dropped_at is not None:
        raise ServiceDropped
    lock(session, Need, need.id)
    offering_id = offering.id if offering else None
    standing = plans_of(session, need)
    if any((one.activity_id, one.offering_id) == (activity.id, offering_id) for one in standing):
        return
    if not standing or need.state is not NeedState.PLANNED:
        move(session, actor, need, NeedState.PLANNED, "plan_need", details=_ids(activity.id,
             offering_id))  # fmt: skip
    session.add(
        NeedPlan(
            need_id=need.id,
            offering_id=offering_id,
            activity_id=activity.id,
            round=need.round,
            planned_by=actor.user_id,
            planned_at=clock.now(),
        )
    )
    session.flush()
    telling.planned(session, need, activity)


def plans_of(session: Session, need: Need) -> Sequence[NeedPlan]:
    """What a need is planned for in its round, and has not been taken off; of a need that is not
    on its way there is nothing that stands."""
    statement = select(NeedPlan).where(
        NeedPlan.need_id == need.id, NeedPlan.round == need.round, NeedPlan.ended_at.is_(None)
    )
    return session.execute(statement.order_by(NeedPlan.planned_at, NeedPlan.id)).scalars().all()


def take_off(session: Session, actor: Actor, need: Need, offering_id: UUID | None = None) -> None:
    """Take a need off what it is planned for; it waits for another once nothing is left.

    Args:
        offering_id: of one service; None: of all.

    Raises IllegalTransition (409), NotPlanned (409) for a service that it is not planned for.
    """
    lock(session, Need, need.id)
    if need.state is not NeedState.PLANNED:
        raise IllegalTransition
    standing = plans_of(session, need)
    ended = [one for one in standing if offering_id in (None, one.offering_id)]
    if offering_id is not None and not ended:
        raise NotPlanned
    _end(session, actor, need, ended, PlanEnd.TAKEN_OFF)


def serve(session: Session, actor: Actor | None, need: Need) -> None:
    """Say that a need was served at its activity.

    Raises ActivityNotBegun (409) while none of its activities has begun.
    """
    move(session, actor, need, NeedState.SERVED, "serve_need")
    activities = select(Activity).where(
        Activity.id.in_(one.activity_id for one in plans_of(session, need)),
        Activity.state.in_(_BEGUN),
    )
    if not any(not days_early(one) for one in session.execute(activities).scalars()):
        raise ActivityNotBegun
    need.served_at = clock.now()
    session.flush()
    telling.served(session, need)


def market_over(session: Session, activity: Activity) -> None:
    """An activity is closed: what was planned for it was served."""
    for need, _ in _planned(session, NeedPlan.activity_id == activity.id):
        serve(session, None, need)


def announced(session: Session, activity: Activity) -> None:
    """What needs were planned for is announced: when and where is told now."""
    for need, _ in _planned(session, NeedPlan.activity_id == activity.id):
        telling.planned(session, need, activity)


def rearranged(session: Session, activity: Activity) -> None:
    """What needs are planned for is held at another time, or in another place."""
    for need, _ in _planned(session, NeedPlan.activity_id == activity.id):
        telling.rearranged(session, need, activity)


def fell_through(session: Session, which: ColumnElement[bool], why: PlanEnd) -> None:
    """What needs were planned for is not held: they wait for another.

    Args:
        which: of the plans.
    """
    for need, plans in _planned(session, which):
        _end(session, None, need, plans, why)


def count_planned(session: Session, which: ColumnElement[bool]) -> int:
    """How many needs would be taken off if this fell through.

    Args:
        which: of the plans.
    """
    statement = (
        select(func.count(Need.id.distinct()))
        .join(NeedPlan, (NeedPlan.need_id == Need.id) & (NeedPlan.round == Need.round))
        .where(which, NeedPlan.ended_at.is_(None), Need.state == NeedState.PLANNED)
    )
    return session.execute(statement).scalar_one()


def _planned(session: Session, which: ColumnElement[bool]) -> list[tuple[Need, list[NeedPlan]]]:
    """Needs that are planned for something, locked by id and read afresh, with their plans for
    it."""
    statement = (
        select(NeedPlan.need_id).where(which, NeedPlan.ended_at.is_(None)).distinct()
    ).order_by(NeedPlan.need_id)
    found = []
    for need_id in session.execute(statement).scalars().all():
        need = lock(session, Need, need_id)
        asked = select(NeedPlan).where(
            which,
            NeedPlan.need_id == need_id,
            NeedPlan.round == need.round,
            NeedPlan.ended_at.is_(None),
        )
        plans = list(session.execute(asked).scalars())
        if need.state is NeedState.PLANNED and plans:
            found.append((need, plans))
    return found


def _end(
    session: Session, actor: Actor | None, need: Need, plans: Sequence[NeedPlan], why: PlanEnd
) -> None:
    """End these plans of a need, which is locked."""
    for one in plans:
        one.ended_at, one.end_reason = clock.now(), why
    session.flush()
    if not plans_of(session, need):
        gone = _ids(plans[0].activity_id, plans[0].offering_id) if plans else {}
        move(session, actor, need, NeedState.ACCEPTED, "take_need_off",
             details=gone | {"end": why.value})  # fmt: skip
    telling.moved_off(session, need, _FELL_THROUGH[why])


def _ids(activity_id: UUID, offering_id: UUID | None) -> dict[str, str]:
    ids = {"activity_id": str(activity_id)}
    return ids | ({"offering_id": str(offering_id)} if offering_id else {})
