"""Which needs wait for somebody (core/todos.py)."""

from enum import StrEnum

from sqlalchemy import ColumnElement, and_, false, or_, select

from backend.core import clock
from backend.core.db import AnySelect
from backend.core.permissions import Actor, Permission
from backend.core.todos import ToDos
from backend.needs.models import UNMET, Need, NeedPlan, NeedState
from backend.needs.reasons import NO_RESOURCE
from backend.regions.models import Region
from backend.regions.queries import within


class Waiting(StrEnum):
    """What of needs the console's list can be asked for: each waits for somebody."""

    DECISION = "decision"
    LATE = "late"
    RESOURCE = "resource"


def waits(what: Waiting) -> ColumnElement[bool]:
    match what:
        case Waiting.DECISION:
            return is_to_decide()
        case Waiting.LATE:
            return is_to_decide() & (Need.decide_by < clock.today())
        case Waiting.RESOURCE:
            return waits_for_resource()


def waits_for_resource() -> ColumnElement[bool]:
    """Whether a need has ended because nobody could do it, and is taken up once somebody can."""
    return Need.state.in_(UNMET) & (Need.reason_code == NO_RESOURCE)


def is_to_decide() -> ColumnElement[bool]:
    """Whether a need waits to be decided on by itself."""
    return and_(Need.state == NeedState.OPEN, Need.merged_into.is_(None))


def _to_decide(actor: Actor) -> AnySelect:
    return (
        select(Need.id, Need.title.label("words"), Need.created_at.label("at"))
        .join(Region, Region.id == Need.region_id)
        .where(within(actor.region_codes(Permission.NEED_HANDLE)), is_to_decide())
    )


def _late(actor: Actor) -> AnySelect:
    """Those that were not decided in time, for the levels above theirs."""
    above = (
        and_(Region.code.startswith(code), Region.code != code)
        for code in actor.region_codes(Permission.NEED_HANDLE)
    )
    return (
        select(Need.id, Need.title.label("words"), Need.created_at.label("at"))
        .join(Region, Region.id == Need.region_id)
        .where(or_(false(), *above), waits(Waiting.LATE))
    )


def _to_plan_anew(actor: Actor) -> AnySelect:
    """Those that were planned and are no more: it fell through, they were taken off it, or it has
    not solved them. Who asks for them was told that they will be."""
    return (
        select(Need.id, Need.title.label("words"), Need.created_at.label("at"))
        .join(Region, Region.id == Need.region_id)
        .where(
            within(actor.region_codes(Permission.NEED_HANDLE)),
            Need.state == NeedState.ACCEPTED,
            Need.merged_into.is_(None),
            select(NeedPlan.id).where(NeedPlan.need_id == Need.id).exists(),
        )
    )


TODOS_OF_NEEDS = (
    ToDos(
        60, "待受理的需求", Permission.NEED_HANDLE, "登记", _to_decide, ("needs.show", "need_id"),
        ("needs.list_needs", {"state": NeedState.OPEN.value}),
    ),
    ToDos(
        61, "超期没有受理的需求", Permission.NEED_HANDLE, "登记", _late, ("needs.show", "need_id"),
    ),
    ToDos(
        62, "要重新安排的需求", Permission.NEED_HANDLE, "登记", _to_plan_anew,
        ("needs.show", "need_id"),
    ),
)  # fmt: skip
