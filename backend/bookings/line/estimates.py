"""How long people will wait, as a range (docs/rules/calling.md, How long it takes)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles

FEWEST_SERVICES = 5
_USUAL_SPREAD = (0.75, 1.25)


@dataclass(frozen=True, slots=True)
class Minutes:
    low: int
    high: int


def estimate_wait(
    ahead: int,
    recent_minutes: Sequence[float],
    usual_minutes: int,
    desks: int,
    due_in: float = 0.0,
) -> Minutes:
    """The range of minutes until it is one's turn.

    From the middle half of the services last finished, over the open desks; from the offering's
    usual minutes while too few have been finished to say. It ends with one service more than
    `ahead`: the one that has just begun. An early appointment may come whenever nobody else waits,
    and at its time at the latest, but for that one service.

    Args:
        ahead: how many wait before.
        recent_minutes: lengths of the services last finished.
        usual_minutes: what the organiser has planned for a person.
        desks: how many desks call from this line, at least 1.
        due_in: minutes until the time of an appointment; none left for everybody else.
    """
    if len(recent_minutes) >= FEWEST_SERVICES:
        short, _, long = quantiles(recent_minutes, n=4)
    else:
        short, long = (usual_minutes * factor for factor in _USUAL_SPREAD)
    soonest, latest = ahead * short / desks, (ahead + 1) * long / desks
    if due_in > 0:
        soonest, latest = min(soonest, due_in), due_in + long / desks
    return Minutes(math.floor(soonest), math.ceil(latest))
