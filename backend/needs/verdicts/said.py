"""What staff read of what those who asked have said: counts and words, never whose they are."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.identity.people.texts import CommentState
from backend.needs.models import Need, NeedVerdict, NeedVoice, Verdict
from backend.needs.verdicts.counting import Outcome, outcomes
from backend.needs.voices.counting import of_group


@dataclass(frozen=True, slots=True)
class Round:
    """One time that a need was gone through, as those who asked for it judge it.

    Attributes:
        words: beside which answer, in no order that would tell who has answered when.
    """

    number: int
    outcome: Outcome
    words: list[tuple[Verdict, str]]


def rounds_of(session: Session, need: Need, *, may_handle: bool) -> list[Round]:
    """What was said of a need, the last round first; rounds that nobody was asked about are left
    out.

    Args:
        may_handle: such read what WeChat's check has left to a person, too.
    """
    found = outcomes(session, [need.id])[need.id]
    if not found:
        return []
    states = {CommentState.PASSED} | ({CommentState.REVIEW} if may_handle else set())
    words = session.execute(
        select(NeedVerdict.round, NeedVerdict.verdict, NeedVerdict.reason)
        .join(NeedVoice, NeedVoice.id == NeedVerdict.voice_id)
        .where(
            of_group(need.id),
            NeedVerdict.verdict.is_not(None),
            NeedVerdict.reason_state.in_(states),
        )
        .order_by(NeedVerdict.verdict, NeedVerdict.reason)
    ).all()
    return [
        Round(number, outcome, [(row.verdict, row.reason) for row in words if row.round == number])
        for number, outcome in reversed(found.items())
    ]
