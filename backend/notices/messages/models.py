"""Messages that WeChat sends beside notices, and what may be sent (docs/adr/0030)."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from backend.core import clock
from backend.core.db import Base
from backend.core.permissions import Permission
from backend.core.states import Other, Who, by


class MessageState(StrEnum):
    OWED = "owed"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    GIVEN_UP = "given_up"
    UNKNOWN = "unknown"


class GivenUp(StrEnum):
    """Why a message was never sent."""

    OVER = "over"  # what it tells of
    JOINED = "joined"  # its account was told something newer, which says it
    NO_CREDIT = "no_credit"  # none was left when its turn came


# What docs/states.md says of messages. statements.py writes the moves that the system makes, each
# as a condition of its statement: thousands are sent in a minute, and none is worth an audit entry.
MESSAGE_TRANSITIONS: dict[MessageState, dict[MessageState, Who]] = {
    MessageState.OWED: {
        MessageState.SENDING: by(Other.SYSTEM, note="its turn; a credit is spent"),
        MessageState.GIVEN_UP: by(Other.SYSTEM, note="over, joined, or no credit"),
    },
    MessageState.SENDING: {
        MessageState.SENT: by(Other.SYSTEM),
        MessageState.REFUSED: by(Other.SYSTEM, note="WeChat's answer is kept"),
        MessageState.UNKNOWN: by(Other.SYSTEM, note="no answer, or the worker died"),
        MessageState.OWED: by(Other.SYSTEM, note="not sent at all; or a call that still holds"),
    },
    MessageState.SENT: {},
    MessageState.REFUSED: {
        MessageState.OWED: by(Permission.ACTIVITY_EDIT, note="with a new credit, before it is over")
    },
    MessageState.GIVEN_UP: {
        MessageState.OWED: by(Permission.ACTIVITY_EDIT, note="as above; not what was overtaken")
    },
    MessageState.UNKNOWN: {},
}


class Message(Base):
    """One message of WeChat's, owed beside the notice whose id it has, and gone with it."""

    __tablename__ = "message"

    id: Mapped[UUID] = mapped_column(ForeignKey("notice.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    template: Mapped[str]
    # What the template's fields are filled from (news.Facts).
    facts: Mapped[dict[str, Any]]
    # The activity of which several changes are one message; None for what is told by itself.
    joined_by: Mapped[UUID | None]
    urgent: Mapped[bool]
    state: Mapped[MessageState] = mapped_column(default=MessageState.OWED)
    # Not before this instant, nor from that one on.
    due_at: Mapped[datetime]
    until: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    sending_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    # WeChat's code where it refused, or where that kept us from asking; its words, or a word of
    # `GivenUp`.
    errcode: Mapped[int | None]
    reason: Mapped[str | None]

    __table_args__ = (
        Index("ix_message_due", "due_at", "id", postgresql_where=sql("state = 'owed'")),
        Index("ix_message_sending", "sending_at", postgresql_where=sql("state = 'sending'")),
        Index(
            "ix_message_joined", "user_id", "joined_by",
            postgresql_where=sql("joined_by IS NOT NULL"),
        ),
    )  # fmt: skip


class MessageCredit(Base):
    """How many messages of one template an account may still be sent."""

    __tablename__ = "message_credit"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    template: Mapped[str] = mapped_column(primary_key=True)
    remaining: Mapped[int]
    # Of one tap both the phone and WeChat tell us, in either order: how many the phone has told of
    # and WeChat has not yet; below zero the other way round.
    unmatched: Mapped[int]

    __table_args__ = (CheckConstraint("remaining >= 0", name="not_below_zero"),)


class WeChatPush(Base):
    """An event of WeChat's that was taken in, so that its repeats are dropped."""

    __tablename__ = "wechat_push"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    received_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
