"""What of the activities waits for somebody (core/todos.py)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, case, exists, func, or_, select

from backend.activities.checks.readiness import unsettled
from backend.activities.models import (
    Activity,
    ActivityRecord,
    ActivityState,
    Duty,
    Offering,
    Programme,
    Stall,
    Venue,
)
from backend.core import clock
from backend.core.audit import AuditEntry
from backend.core.config import TODOS
from backend.core.db import AnySelect
from backend.core.permissions import Actor, Permission
from backend.core.todos import ToDos
from backend.regions.models import Region
from backend.regions.queries import within

S = ActivityState
_PAGE = ("workbench.show", "activity_id")


def _activities(
    actor: Actor, permission: Permission, *, words: Any = Activity.title
) -> Select[Any]:
    """Those in the regions where somebody has a permission, by their beginning."""
    return (
        select(Activity.id, words.label("words"), Activity.starts_at.label("at"))
        .join(Region, Region.id == Activity.region_id)
        .where(within(actor.region_codes(permission)), Activity.withdrawn_at.is_(None))
    )


def _submitted(actor: Actor) -> AnySelect:
    return _activities(actor, Permission.ACTIVITY_PUBLISH).where(Activity.state == S.SUBMITTED)


def _returned(actor: Actor) -> AnySelect:
    """To whom they are: to who has submitted them last."""
    words = Activity.title + "：" + Activity.return_reason
    return _activities(actor, Permission.ACTIVITY_EDIT, words=words).where(
        Activity.state == S.DRAFT,
        Activity.return_reason.is_not(None),
        func.coalesce(_submitted_by(), Activity.created_by) == actor.user_id,
    )


def _submitted_by() -> ScalarSelect[Any]:
    """Who has submitted an activity last, as the log has it."""
    return (
        select(AuditEntry.actor_user_id)
        .where(
            AuditEntry.object_type == Activity.__tablename__,
            AuditEntry.object_id == Activity.id,
            AuditEntry.action == "submit",
        )
        .order_by(AuditEntry.id.desc())
        .limit(1)
        .correlate(Activity)
        .scalar_subquery()
    )


def _soon(actor: Actor) -> AnySelect:
    """What is to begin and is not announced: nobody can come to it."""
    return _activities(actor, Permission.ACTIVITY_EDIT).where(
        Activity.state.in_((S.DRAFT, S.SUBMITTED)),
        *_begins_soon(),
    )


def _not_ready(actor: Actor) -> AnySelect:
    """What is announced, is to begin, and still lacks what readiness.py asks for: people come."""
    lacks = {
        "还没有安排工作人员": ~exists().where(Duty.activity_id == Activity.id),
        "还没有摊位": and_(Activity.programme == Programme.MARKET, ~exists(_stalls())),
        "有摊位还没有服务": exists(_stalls().where(~exists(_services()))),
        "场地还没有定": unsettled(Venue.name.expression),
    }
    said = func.concat_ws("、", *(case((condition, words)) for words, condition in lacks.items()))
    words = Activity.title + "：" + said
    return (
        _activities(actor, Permission.ACTIVITY_EDIT, words=words)
        .join(Venue, Venue.id == Activity.venue_id)
        .where(Activity.state == S.PUBLISHED, *_begins_soon(), or_(*lacks.values()))
    )


def _stalls() -> Select[Any]:
    standing = select(Stall.id).where(Stall.activity_id == Activity.id, Stall.dropped_at.is_(None))
    return standing.correlate(Activity)


def _services() -> Select[Any]:
    standing = select(Offering.id).where(
        Offering.stall_id == Stall.id, Offering.dropped_at.is_(None)
    )
    return standing.correlate(Stall)


def _begins_soon() -> Sequence[ColumnElement[bool]]:
    now = clock.now()
    return Activity.starts_at > now, Activity.starts_at <= now + timedelta(days=TODOS.soon_days)


def _without_record(actor: Actor) -> AnySelect:
    record = exists().where(ActivityRecord.activity_id == Activity.id)
    return _activities(actor, Permission.ACTIVITY_EDIT).where(
        Activity.state == S.CLOSED,
        Activity.ends_at > clock.now() - timedelta(days=TODOS.record_days),
        ~record,
    )


_ALL_TIMES = {"from": "2000-01-01"}
TODOS_OF_ACTIVITIES = (
    ToDos(
        10, "退回给您修改的活动", Permission.ACTIVITY_EDIT, "开始", _returned, _PAGE
    ),
    ToDos(
        20, "待审核的活动", Permission.ACTIVITY_PUBLISH, "开始", _submitted, _PAGE,
        ("schedule.calendar", {"state": S.SUBMITTED.value} | _ALL_TIMES),
    ),
    ToDos(
        30, f"{TODOS.soon_days} 天内开始，还没有发布的活动", Permission.ACTIVITY_EDIT, "开始",
        _soon, _PAGE,
    ),
    ToDos(
        31, f"{TODOS.soon_days} 天内开始，已经发布、还没有准备好的活动", Permission.ACTIVITY_EDIT,
        "开始", _not_ready, _PAGE,
    ),
    ToDos(
        70, "还没有填写活动登记的活动", Permission.ACTIVITY_EDIT, "开始", _without_record,
        ("workbench.record", "activity_id"),
    ),
)  # fmt: skip
