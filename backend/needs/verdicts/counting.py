"""What those who asked have said, counted: round by round, and whether that is "solved"."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from backend.needs.models import Need, NeedState, NeedVerdict, NeedVoice, Verdict
from backend.needs.voices.counting import groups, of_group

Outcome = dict[str, int]
"""How many were asked and have answered, and how many gave each answer."""

NOTHING: Outcome = {"asked": 0, "answered": 0} | {one.value: 0 for one in Verdict}


def counts() -> dict[str, ColumnElement[int]]:
    """An outcome's figures, over rows of `NeedVerdict`."""
    figures: dict[str, ColumnElement[int]] = {
        one.value: func.count().filter(NeedVerdict.verdict == one) for one in Verdict
    }
    return figures | {"asked": func.count(), "answered": func.count(NeedVerdict.verdict)}


def outcomes(session: Session, need_ids: Collection[UUID]) -> dict[UUID, dict[int, Outcome]]:
    """What was said of needs, by round; a round of which nobody was asked is left out."""
    figures, group = counts(), groups(need_ids)
    statement = (
        select(
            group.c.head,
            NeedVerdict.round,
            *(column.label(name) for name, column in figures.items()),
        )
        .join(NeedVoice, NeedVoice.id == NeedVerdict.voice_id)
        .join(group, group.c.member == NeedVoice.need_id)
        .group_by(group.c.head, NeedVerdict.round)
        .order_by(NeedVerdict.round)
    )
    found: dict[UUID, dict[int, Outcome]] = defaultdict(dict)
    for row in session.execute(statement).mappings():
        found[row["head"]][row["round"]] = {name: row[name] for name in figures}
    return found


def is_solved() -> ColumnElement[bool]:
    """Whether a need may be called solved: most of those who answered in its round say so. Of one
    whom nobody could be asked about it is what the clerk was told; no answer is never that."""
    of_round = and_(
        NeedVoice.id == NeedVerdict.voice_id,
        of_group(Need.id),
        NeedVerdict.round == Need.round,
    )
    answers = counts()
    most: Any = select(answers[Verdict.SOLVED] * 2 > answers["answered"]).where(of_round)
    nobody = ~select(NeedVerdict.id).where(of_round).exists()
    judged = or_(nobody, most.scalar_subquery())
    return and_(Need.state == NeedState.EVALUATED, judged)
