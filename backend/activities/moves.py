"""Which moves of an activity somebody may make now: the buttons of its workbench."""

from dataclasses import dataclass

from backend.activities.models import ACTIVITY_TRANSITIONS, Activity, ActivityState
from backend.core.permissions import Actor, Permission


@dataclass(frozen=True, slots=True)
class Move:
    """A move of an activity.

    Attributes:
        action: the verb, in addresses and in the audit log.
    """

    action: str
    to: ActivityState
    permission: Permission


MOVES = (
    Move("submit", ActivityState.SUBMITTED, Permission.ACTIVITY_SUBMIT),
    Move("publish", ActivityState.PUBLISHED, Permission.ACTIVITY_PUBLISH),
    Move("return", ActivityState.DRAFT, Permission.ACTIVITY_PUBLISH),
    Move("open", ActivityState.LIVE, Permission.ACTIVITY_RUN),
    Move("close", ActivityState.CLOSED, Permission.ACTIVITY_RUN),
    Move("cancel", ActivityState.CANCELLED, Permission.ACTIVITY_CANCEL),
)
MOVE_OF = {move.action: move for move in MOVES}


def open_moves(actor: Actor, activity: Activity) -> list[str]:
    """The actions that the state table and the caller's roles allow, in the order of a life."""
    return [
        move.action
        for move in MOVES
        if move.to in ACTIVITY_TRANSITIONS[activity.state]
        and actor.may(move.permission, region_code=activity.region_code)
    ]
