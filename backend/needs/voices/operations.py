"""Use cases of voices: to support a need, and to take that back. Nothing of it stands in the audit
log: an entry would tell who asked."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core import clock
from backend.core.errors import AppError, on_constraint
from backend.core.states import lock
from backend.needs.lifecycle.merging import head_of
from backend.needs.lifecycle.moves import ENDS, move
from backend.needs.models import Need, NeedState, NeedVoice, VoiceRole
from backend.needs.reasons import WITHDRAWN
from backend.needs.requests import Asker
from backend.needs.voices.counting import count_voices


class NeedOver(AppError):
    status = 409
    code = "need_over"
    title = "这条需求已经办结，不能再附议；还有需要的话，请重新提出"


class AlreadySupported(AppError):
    status = 409
    code = "already_supported"
    title = "已经附议过了"


on_constraint("uq_need_voice_resident", AlreadySupported)


def add_voice(session: Session, need: Need, asker: Asker, role: VoiceRole) -> NeedVoice:
    """Note who asks.

    Args:
        asker: a resident's row is locked: it is not being erased meanwhile.
    """
    voice = NeedVoice(
        need_id=need.id,
        resident_id=asker.resident_id,
        role=role,
        entered_by=asker.entered_by,
        created_at=clock.now(),
    )
    session.add(voice)
    session.flush()
    return voice


def support(session: Session, need: Need, asker: Asker) -> bool:
    """「我也需要」; whether it is new: it may stand already, and what was taken back stands again.

    Raises NeedOver (409).
    """
    lock(session, Need, need.id)
    assert asker.resident_id is not None
    voice = voice_of(session, need.id, asker.resident_id)
    if voice is not None and voice.withdrawn_at is None:
        return False
    if head_of(session, need).state in ENDS:
        raise NeedOver
    if voice is None:
        add_voice(session, need, asker, VoiceRole.SUPPORTER)
    else:
        voice.withdrawn_at = None
        session.flush()
    return True


def withdraw(session: Session, need: Need, resident_id: UUID) -> None:
    """Take a voice back, at any time; where there is none nothing changes. A need that nobody has
    looked at yet, and that nobody asks for any more, is withdrawn with it; who merged it has."""
    lock(session, Need, need.id)
    voice = voice_of(session, need.id, resident_id)
    if voice is None or voice.withdrawn_at is not None:
        return
    voice.withdrawn_at = clock.now()
    session.flush()
    still_asked = count_voices(session, [need.id])[need.id] > 0
    if need.state is NeedState.OPEN and need.merged_into is None and not still_asked:
        move(session, None, need, NeedState.DECLINED, "withdraw_need", reason_code=WITHDRAWN)


def voice_of(session: Session, need_id: UUID, resident_id: UUID) -> NeedVoice | None:
    return session.execute(
        select(NeedVoice).where(NeedVoice.need_id == need_id, NeedVoice.resident_id == resident_id)
    ).scalar_one_or_none()
