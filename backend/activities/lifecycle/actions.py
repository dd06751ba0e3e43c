"""Which moves of an activity somebody may make now: the buttons of its workbench."""

from dataclasses import dataclass

from backend.activities.models import ACTIVITY_TRANSITIONS, Activity, ActivityState
from backend.core.permissions import Actor, Permission
from backend.core.states import permission_to

_S = ActivityState
_BEFORE = frozenset({_S.DRAFT, _S.SUBMITTED})


@dataclass(frozen=True, slots=True)
class Move:
    """A move of an activity.

    Attributes:
        action: the verb, in addresses and in the audit log.
        leaves: the only states that it is made from, where two moves lead to one state.
    """

    action: str
    to: ActivityState
    leaves: frozenset[ActivityState] = frozenset(_S)

    @property
    def permission(self) -> Permission:
        """What one needs where the activity is, as the state table has it."""
        return permission_to(ACTIVITY_TRANSITIONS, self.to, self.leaves)

    def leads_from(self, state: ActivityState) -> bool:
        """Whether the state table has this move for an activity in a state."""
        return state in self.leaves and self.to in ACTIVITY_TRANSITIONS[state]


MOVES = (
    Move("submit", _S.SUBMITTED),
    Move("publish", _S.PUBLISHED, _BEFORE),
    Move("return", _S.DRAFT),
    Move("open", _S.LIVE),
    Move("undo_open", _S.PUBLISHED, frozenset({_S.LIVE})),
    Move("close", _S.CLOSED),
    Move("cancel", _S.CANCELLED),
)
MOVE_OF = {move.action: move for move in MOVES}


def open_moves(actor: Actor, activity: Activity) -> list[str]:
    """The actions that the state table and the caller's roles allow, in the order of a life."""
    return [
        move.action
        for move in MOVES
        if move.leads_from(activity.state)
        and actor.may(move.permission, region_code=activity.region_code)
    ]
