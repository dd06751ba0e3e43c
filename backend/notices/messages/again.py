"""Sending a message again by hand: only one that has certainly told nobody."""

from sqlalchemy import Boolean, ColumnElement, literal_column, select
from sqlalchemy.orm import Session

from backend.core import clock, jobs
from backend.core.errors import AppError
from backend.core.permissions import Actor
from backend.core.states import transition
from backend.notices.messages.models import (
    MESSAGE_TRANSITIONS,
    Message,
    MessageCredit,
    MessageState,
)
from backend.notices.messages.sending import is_quiet
from backend.notices.messages.statements import overtaken
from backend.notices.tasks import send


class NotAgain(AppError):
    status = 409
    code = "message_not_again"
    title = "这条消息不能再发"


def is_overtaken() -> ColumnElement[bool]:
    """Whether what a message says holds no more, in a SELECT of messages."""
    return literal_column(overtaken(Message.__tablename__), Boolean)


def why_not(session: Session, message: Message) -> str | None:
    """Why a message that was refused or given up is not sent again; None where it may be."""
    if message.until <= clock.now():
        return "说的事情已经过去"
    if session.scalar(select(is_overtaken()).select_from(Message).where(Message.id == message.id)):
        return "后来有更新的消息，这条已经不对了"
    credit = session.get(MessageCredit, (message.user_id, message.template))
    if credit is None or not credit.remaining:
        return "本人没有订阅次数：下次在小程序里点「允许」以后才能发"
    return None


def send_again(session: Session, actor: Actor, message: Message, region_code: str) -> None:
    """Owe a message again that was refused or given up, and have it sent now.

    Raises IllegalTransition (409) for one that has, or may have, reached its person; NotAgain
    (409); Forbidden (403).
    """
    transition(
        session, actor, MESSAGE_TRANSITIONS, message, MessageState.OWED,
        action="resend_message", region_code=region_code,
    )  # fmt: skip
    reason = why_not(session, message)
    if reason is not None:
        raise NotAgain(detail=reason)
    message.due_at, message.ended_at = clock.now(), None
    message.errcode = message.reason = None
    session.flush()
    jobs.defer(session, send)


def waits_for_morning(message: Message) -> bool:
    """Whether a message that is owed is not sent at this hour."""
    return not message.urgent and is_quiet(clock.now())
