"""「解决了吗？」: a job asks each voice once some days after the service, and once more where it
has not answered; then the round is judged, whatever was said, and silence is never "solved"."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, func, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from backend.core import clock
from backend.core.config import NEEDS
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.core.jobs import job
from backend.core.states import lock
from backend.identity.models import Resident
from backend.needs import telling
from backend.needs.lifecycle.moves import move
from backend.needs.models import Need, NeedState, NeedVerdict, NeedVoice
from backend.needs.voices.counting import of_group, reachable


@job("needs.ask_whether_solved", cron="23 * * * *")
def ask_whether_solved() -> None:
    """Each need in a transaction of its own: a run that is cut off
    keeps what it has done, and a second one finds nobody left to ask."""
    with transaction() as session:
        due = session.execute(_due()).scalars().all()
    for need_id in due:
        with transaction() as session:
            _look_after(session, lock(session, Need, need_id))


def _due() -> Select[UUID]:
    """What was served long enough ago, and is asked for by anybody."""
    return (
        select(Need.id)
        .where(
            Need.state == NeedState.SERVED,
            Need.served_at <= clock.now() - timedelta(days=NEEDS.ask_days),
            select(NeedVoice.id).where(of_group(Need.id)).exists(),
        )
        .order_by(Need.id)
    )


def _look_after(session: Session, need: Need) -> None:
    """Ask whom it is time to ask; and let the round end.

    Args:
        need: locked, and read under the lock: it may have moved on.
    """
    if need.state is not NeedState.SERVED:
        return
    asked = [*_ask(session, need), *_ask_again(session, need)]
    if asked:
        telling.asked(session, need, asked)
    elif _is_judged(session, need):
        move(session, None, need, NeedState.EVALUATED, "evaluate_need")


def _ask(session: Session, need: Need) -> Sequence[UUID]:
    """The voices that are asked now for the first time in this round; one of each person, who may
    have asked for several needs that were merged."""
    known = (
        select(NeedVoice.resident_id)
        .join(NeedVerdict, NeedVerdict.voice_id == NeedVoice.id)
        .where(of_group(need.id), NeedVerdict.round == need.round)
        .where(NeedVoice.resident_id.is_not(None))
    )
    voices = session.execute(
        select(NeedVoice.id)
        .ext(distinct_on(NeedVoice.resident_id))
        .join(Resident, Resident.id == NeedVoice.resident_id)
        .where(of_group(need.id), reachable(), NeedVoice.resident_id.not_in(known))
        .order_by(NeedVoice.resident_id, NeedVoice.id)
    )
    asked = voices.scalars().all()
    now = clock.now()
    session.add_all(
        NeedVerdict(id=new_id(), voice_id=voice_id, round=need.round, asked_at=now)
        for voice_id in asked
    )
    session.flush()
    return asked


def _ask_again(session: Session, need: Need) -> Sequence[UUID]:
    """The voices that are asked once more: they have not answered, and can still be reached."""
    still_there = (
        select(NeedVoice.id)
        .join(Resident, Resident.id == NeedVoice.resident_id)
        .where(of_group(need.id), reachable())
    )
    now = clock.now()
    again = session.execute(
        update(NeedVerdict)
        .where(
            NeedVerdict.voice_id.in_(still_there),
            NeedVerdict.round == need.round,
            NeedVerdict.verdict.is_(None),
            NeedVerdict.asked_again_at.is_(None),
            NeedVerdict.asked_at <= now - timedelta(days=NEEDS.ask_again_days),
        )
        .values(asked_again_at=now)
        .returning(NeedVerdict.voice_id)
    )
    return again.scalars().all()


def _is_judged(session: Session, need: Need) -> bool:
    """Whether all who were asked have answered, or had long enough to."""
    waits, asked = session.execute(
        select(func.count().filter(NeedVerdict.verdict.is_(None)), func.count())
        .join(NeedVoice, NeedVoice.id == NeedVerdict.voice_id)
        .where(of_group(need.id), NeedVerdict.round == need.round)
    ).one()
    if not asked:
        return False
    assert need.served_at is not None
    return not waits or need.served_at <= clock.now() - timedelta(days=NEEDS.judged_days)
