"""A rectification as the resident sees who complained: what was said to them, and when; nothing of
who handles it, and no note that was written for the office."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core import clock
from backend.feedback.models import ANSWER, Rectification, RectificationRound, RectificationState
from backend.feedback.rectification.rounds import reopenable_until

# All that a round holds but what the office has noted of a call.
_PUBLIC = tuple(name for name in ANSWER if name != "call_back_note")


def complaints_of(session: Session, rating_ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """What became of the complaints that these ratings are, by rating; of a good one there is
    none."""
    rows = session.execute(select(Rectification).where(Rectification.rating_id.in_(rating_ids)))
    found = {row.id: row for row in rows.scalars()}
    rounds: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    ended = (
        select(RectificationRound)
        .where(RectificationRound.rectification_id.in_(found))
        .order_by(RectificationRound.id)
    )
    for one in session.execute(ended).scalars() if found else ():
        said = {"words": one.words, "ended_at": one.ended_at}
        rounds[one.rectification_id].append(_public(one) | said)
    return {
        row.rating_id: _public(row)
        | {
            "state": row.state,
            "opened_at": row.opened_at,
            "due_at": row.due_at,
            "reopenable": _reopenable(row),
            "rounds": rounds[row.id],
        }
        for row in found.values()
    }


def _public(row: Rectification | RectificationRound) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _PUBLIC}


def _reopenable(row: Rectification) -> bool:
    """Whether 「还没解决」 can be said now."""
    if row.state is RectificationState.OPEN:
        return False
    return row.closed_at is None or clock.now() < reopenable_until(row.closed_at)
