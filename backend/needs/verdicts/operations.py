"""Use cases of those who asked: to say whether it is solved, and, where it isn't, to have it gone
through again. As with voices nothing of it is an entry with a name (docs/adr/0032)."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core import clock, jobs
from backend.core.errors import AppError
from backend.core.ids import new_id
from backend.core.states import lock
from backend.identity.people.texts import CommentState
from backend.needs.lifecycle.merging import head_of
from backend.needs.lifecycle.moves import begin_anew
from backend.needs.models import JUDGED_IN, Need, NeedVerdict, NeedVoice, Verdict
from backend.needs.requests import Judged
from backend.needs.texts import check_verdict
from backend.needs.voices.counting import of_group


class NotAsked(AppError):
    status = 409
    code = "not_asked"
    title = "现在不用回答：集市还没有办这项服务，或者这条需求已经办结"


class NoVoice(AppError):
    status = 409
    code = "no_voice"
    title = "提出或附议过这条需求的人才能回答"


class NotUnsolved(AppError):
    status = 409
    code = "not_unsolved"
    title = "先回答「没解决」，才能请社区再想办法"


def judge(session: Session, need: Need, resident_id: UUID, said: Judged) -> None:
    """Keep what one who asked says of how it was solved; it may be said anew while the need stands
    in that round. Words stay with the answer that they were said to, and are checked by WeChat.

    Raises NoVoice, NotAsked (409).
    """
    need = lock(session, Need, head_of(session, need).id)
    voice = _voice_in(session, need, resident_id)
    if voice is None:
        raise NoVoice
    if need.state not in JUDGED_IN:
        raise NotAsked
    row = _verdict_of(session, voice, need.round)
    if said.reason is not None or said.verdict is not row.verdict:
        _put_words(session, row, said.reason)
    row.verdict, row.answered_at = said.verdict, clock.now()
    session.flush()


def _voice_in(session: Session, need: Need, resident_id: UUID) -> NeedVoice | None:
    """The voice that stands of somebody who asks for a need, or for one that was merged into it;
    of several the one that was asked."""
    asked = select(NeedVerdict.id).where(
        NeedVerdict.voice_id == NeedVoice.id, NeedVerdict.round == need.round
    )
    statement = (
        select(NeedVoice)
        .where(
            of_group(need.id),
            NeedVoice.resident_id == resident_id,
            NeedVoice.withdrawn_at.is_(None),
        )
        .order_by(asked.exists().desc(), NeedVoice.id)
        .limit(1)
    )
    return session.execute(statement).scalar_one_or_none()


def _verdict_of(session: Session, voice: NeedVoice, round_: int) -> NeedVerdict:
    """A voice's in a round. Who says so before we have asked was asked by the need's page."""
    statement = select(NeedVerdict).where(
        NeedVerdict.voice_id == voice.id, NeedVerdict.round == round_
    )
    row = session.execute(statement).scalar_one_or_none()
    if row is None:
        row = NeedVerdict(id=new_id(), voice_id=voice.id, round=round_, asked_at=clock.now())
        session.add(row)
        session.flush()
    return row


def _put_words(session: Session, row: NeedVerdict, words: str | None) -> None:
    if words == row.reason:
        return
    row.reason = words
    row.reason_state = CommentState.PENDING if words else CommentState.NONE
    session.flush()
    if words:
        jobs.defer(session, check_verdict, verdict_id=str(row.id))


def ask_again(
    session: Session, need: Need, resident_ids: Collection[UUID], words: str | None
) -> None:
    """「还没解决，请再想办法」: one who has said `not` has the need gone through again. Of two who
    do at once the second finds the new round begun, which is what they wanted.

    Args:
        resident_ids: those whom the caller speaks for.
        words: what is missing; None: nothing more than was said.

    Raises NotUnsolved (409) for who has not said so of the round that is over.
    """
    need = lock(session, Need, head_of(session, need).id)
    begun = need.state not in JUDGED_IN
    said = _unsolved(session, need, resident_ids)
    if not said:
        raise NotUnsolved
    if words is not None:
        _put_words(session, said[0], words)
    if not begun:
        begin_anew(session, None, need)


def is_unsolved_to(session: Session, need: Need, resident_ids: Collection[UUID]) -> bool:
    """Whether one of these people has said `not` of the round that is to be gone through again."""
    return bool(_unsolved(session, need, resident_ids))


def _unsolved(
    session: Session, need: Need, resident_ids: Collection[UUID]
) -> Sequence[NeedVerdict]:
    """Where these people have said `not`: of the round that is judged, or of the last one where a
    new one has begun."""
    need = head_of(session, need)
    judged = need.round if need.state in JUDGED_IN else need.round - 1
    statement = (
        select(NeedVerdict)
        .join(NeedVoice, NeedVoice.id == NeedVerdict.voice_id)
        .where(
            of_group(need.id),
            NeedVoice.resident_id.in_(resident_ids),
            NeedVoice.withdrawn_at.is_(None),
            NeedVerdict.round == judged,
            NeedVerdict.verdict == Verdict.NOT,
        )
        .order_by(NeedVerdict.answered_at, NeedVerdict.id)
    )
    return session.execute(statement).scalars().all()
