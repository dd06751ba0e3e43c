"""Use cases of the list of needs: to register one, and to see it through to its end.

Of two who move a need at once the second meets the state that the first has left, and is told
(core/states.py).
"""

from dataclasses import asdict

from sqlalchemy.orm import Session

from backend.activities.days import days_early
from backend.activities.models import Activity, ActivityState
from backend.core import audit, clock
from backend.core.errors import AppError
from backend.core.ids import new_id
from backend.core.permissions import Actor, Permission
from backend.core.states import transition
from backend.needs.models import NEED_TRANSITIONS, Need, NeedState
from backend.needs.requests import NewNeed
from backend.regions.models import Region

# A need is planned for what is still to come or going on, and served once it has begun.
PLANNABLE = (
    ActivityState.DRAFT,
    ActivityState.SUBMITTED,
    ActivityState.PUBLISHED,
    ActivityState.LIVE,
)
_BEGUN = (ActivityState.LIVE, ActivityState.CLOSED)
# Where a need's way ends, unless the resident says that it isn't solved.
ENDS = frozenset({NeedState.EVALUATED, NeedState.DECLINED, NeedState.CLOSED_UNSOLVED})


class ActivityOver(AppError):
    status = 409
    code = "activity_over"
    title = "这场活动已结束或取消，请另选一场"


class ActivityNotBegun(AppError):
    status = 409
    code = "activity_not_begun"
    title = "活动还没有开始，开始以后才能记为已服务"


def raise_need(session: Session, actor: Actor, new: NewNeed) -> Need:
    """Register a need of a region."""
    region = session.get_one(Region, new.region_id)
    need = Need(created_by=actor.user_id, **asdict(new))
    session.add(need)
    session.flush()
    audit.record(
        session,
        actor,
        "raise_need",
        Need.__tablename__,
        need.id,
        region_code=region.code,
        to_state=NeedState.OPEN,
    )
    return need


def accept(session: Session, actor: Actor, need: Need) -> None:
    """Take a need on.

    Raises IllegalTransition (409), as every move below, when its state has none such.
    """
    _move(session, actor, need, NeedState.ACCEPTED, "accept_need")


def decline(session: Session, actor: Actor, need: Need, reason: str) -> None:
    """Refuse a need, saying why."""
    _move(session, actor, need, NeedState.DECLINED, "decline_need", reason=reason)


def plan(session: Session, actor: Actor, need: Need, activity: Activity) -> None:
    """Plan a need for an activity.

    Raises ActivityOver (409) for one that is closed or cancelled.
    """
    session.refresh(activity, with_for_update={"read": True})
    if activity.state not in PLANNABLE:
        raise ActivityOver
    _move(
        session, actor, need, NeedState.PLANNED, "plan_need",
        details={"activity_id": str(activity.id)},
    )  # fmt: skip
    need.activity_id = activity.id
    session.flush()


def take_off(session: Session, actor: Actor, need: Need) -> None:
    """Take a need off its activity, which fell through: it waits for another."""
    _move(session, actor, need, NeedState.ACCEPTED, "take_need_off", details=_activity_of(need))
    need.activity_id = None
    session.flush()


def serve(session: Session, actor: Actor, need: Need) -> None:
    """Say that a need was served at its activity.

    Raises ActivityNotBegun (409) while that has not begun.
    """
    _move(session, actor, need, NeedState.SERVED, "serve_need", details=_activity_of(need))
    activity = session.get_one(Activity, need.activity_id)
    if activity.state not in _BEGUN or days_early(activity):
        raise ActivityNotBegun


def evaluate(session: Session, actor: Actor, need: Need) -> None:
    """Keep that the resident says it is solved."""
    _move(session, actor, need, NeedState.EVALUATED, "evaluate_need", details=_activity_of(need))


def close_unsolved(session: Session, actor: Actor, need: Need, reason: str) -> None:
    """End a need that could not be solved, and say so honestly."""
    _move(
        session, actor, need, NeedState.CLOSED_UNSOLVED, "close_need_unsolved",
        reason=reason, details=_activity_of(need),
    )  # fmt: skip


def reopen(session: Session, actor: Actor, need: Need, reason: str) -> None:
    """Open a need again, because the resident says that it isn't solved: it begins anew, and its
    last activity stays in the history."""
    _move(session, actor, need, NeedState.OPEN, "reopen_need", reason=reason,
          details=_activity_of(need))  # fmt: skip
    need.activity_id = None
    session.flush()


def note_export(session: Session, actor: Actor, rows: int, filters: dict[str, str]) -> None:
    """Keep that the list was taken as a file: no resident stands in it, and it is audited all the
    same."""
    for code in actor.region_codes(Permission.NEED_SEE):
        audit.record(
            session,
            actor,
            "export_needs",
            Need.__tablename__,
            new_id(),
            region_code=code,
            details={"rows": rows, "filters": filters},
        )


def _activity_of(need: Need) -> audit.Details:
    return {"activity_id": str(need.activity_id)} if need.activity_id else {}


def _move(
    session: Session,
    actor: Actor,
    need: Need,
    to: NeedState,
    action: str,
    *,
    reason: str | None = None,
    details: audit.Details | None = None,
) -> None:
    transition(
        session,
        actor,
        NEED_TRANSITIONS,
        need,
        to,
        action=action,
        region_code=need.region_code,
        details=(details or {}) | ({"reason": reason} if reason else {}),
    )
    need.reason = reason
    need.ended_at = clock.now() if to in ENDS else None
    session.flush()
