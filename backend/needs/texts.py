"""What residents write of a need: read by others once WeChat's check has passed, or a clerk who
had to look has accepted it."""

from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from backend.core import jobs
from backend.identity.models import Resident, User
from backend.identity.people.texts import CommentState, have_checked
from backend.needs.models import Need, NeedVerdict, NeedVoice, VoiceRole


@jobs.job("needs.check_text")
def check_text(need_id: str) -> None:
    """Ask WeChat about a need that a resident has raised, and keep what it says.

    Raises WeChatError where asking again later may help.
    """
    whose = (
        select(User.openid)
        .join(Resident, User.id == func.coalesce(Resident.user_id, Resident.guardian_user_id))
        .join(NeedVoice, NeedVoice.resident_id == Resident.id)
        .where(NeedVoice.need_id == Need.id, NeedVoice.role == VoiceRole.RAISER)
        .scalar_subquery()
    )
    words = func.concat_ws("\n", Need.title, Need.details)
    have_checked(Need.id == UUID(need_id), words, Need.text_state, whose)


@jobs.job("needs.check_verdict")
def check_verdict(verdict_id: str) -> None:
    """The same of what one who asked says of how it was solved.

    Raises WeChatError where asking again later may help.
    """
    said = NeedVerdict
    whose = (
        select(User.openid)
        .join(Resident, User.id == func.coalesce(Resident.user_id, Resident.guardian_user_id))
        .join(NeedVoice, NeedVoice.resident_id == Resident.id)
        .where(NeedVoice.id == said.voice_id)
        .scalar_subquery()
    )
    have_checked(said.id == UUID(verdict_id), said.reason, said.reason_state, whose)


def readable() -> ColumnElement[bool]:
    """Of a need that was accepted: whether others may read it."""
    return Need.text_state.not_in((CommentState.PENDING, CommentState.REJECTED))
