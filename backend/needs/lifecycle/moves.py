"""How a need is moved: by its table, with its reason."""

from collections.abc import Collection

from sqlalchemy.orm import Session

from backend.core import audit, clock
from backend.core.errors import AppError
from backend.core.permissions import Actor
from backend.core.states import IllegalTransition, lock, transition
from backend.needs import telling
from backend.needs.models import JUDGED_IN, NEED_TRANSITIONS, Need, NeedState

# Where a need's way ends, unless somebody says that it isn't solved.
ENDS = frozenset({NeedState.EVALUATED, NeedState.DECLINED, NeedState.CLOSED_UNSOLVED})


class MergedAway(AppError):
    status = 409
    code = "merged_away"
    title = "这条需求已并入另一条，请在那一条上办理，或者先撤销合并"


def move(
    session: Session,
    actor: Actor | None,
    need: Need,
    to: NeedState,
    action: str,
    *,
    reason_code: str | None = None,
    reason: str | None = None,
    details: audit.Details | None = None,
    leaves: Collection[NeedState] | None = None,
) -> None:
    """Move a need, which is locked by it.

    Args:
        actor: None where it follows from something else, or must not tell whose need it is.
        leaves: where this action finds it, where the table has other ways to the same state; None:
            wherever the table has it.

    Raises IllegalTransition (409), Forbidden (403), MergedAway (409) for what goes where another
    one goes.
    """
    if lock(session, Need, need.id).merged_into is not None:
        raise MergedAway
    if leaves is not None and need.state not in leaves:
        raise IllegalTransition
    why = {"reason_code": reason_code, "reason": reason}
    transition(
        session,
        actor,
        NEED_TRANSITIONS,
        need,
        to,
        action=action,
        region_code=need.region_code,
        details=(details or {}) | {name: word for name, word in why.items() if word},
    )
    need.reason_code, need.reason = reason_code, reason
    need.ended_at = clock.now() if to in ENDS else None
    session.flush()


def begin_anew(
    session: Session, actor: Actor | None, need: Need, reason: str | None = None
) -> None:
    """Begin a new round of a need, because it isn't solved: it waits to be planned again. What it
    was planned for, and what was said of it, stays with the round before.

    Args:
        reason: in the words of staff; None where one of those who asked has it begun.

    Raises IllegalTransition (409).
    """
    move(session, actor, need, NeedState.ACCEPTED, "reopen_need", reason=reason, leaves=JUDGED_IN)
    need.round += 1
    need.served_at = None
    session.flush()
    telling.reopened(session, need)
