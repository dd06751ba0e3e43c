"""Changes of what was announced, and whom each concerns (docs/adr/0031)."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.activities.signals import ChangeKind
from backend.core import clock
from backend.core.db import Base
from backend.core.ids import new_id


class ActivityChange(Base):
    """A change, as it was when it happened; its id is the `cause_id` of the notices that tell it.
    Never changed."""

    __tablename__ = "activity_change"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activity.id"))
    kind: Mapped[ChangeKind]
    # From what to what; of a cancellation why.
    words: Mapped[str]
    # What of the activity changed; None: the whole. Without foreign keys: it may be deleted.
    offering_id: Mapped[UUID | None]
    slot_id: Mapped[UUID | None]
    # Whom it concerned: how many accounts, and how many people without one.
    accounts: Mapped[int]
    guests: Mapped[int]
    at: Mapped[datetime] = mapped_column(default=clock.now)
    by_user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))

    __table_args__ = (Index("ix_activity_change_activity", "activity_id", "id"),)


class Call(StrEnum):
    """What became of telling somebody by telephone, or face to face."""

    TOLD = "told"
    NO_ANSWER = "no_answer"


class Answer(StrEnum):
    """What somebody said who was moved."""

    COMING = "coming"
    NOT_COMING = "not_coming"


class Addressee(Base):
    """Somebody whom a change concerned at the moment when it happened."""

    __tablename__ = "addressee"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    change_id: Mapped[UUID] = mapped_column(ForeignKey("activity_change.id"))
    resident_id: Mapped[UUID] = mapped_column(ForeignKey("resident.id"), index=True)
    call: Mapped[Call | None]
    called_at: Mapped[datetime | None]
    called_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    answer: Mapped[Answer | None]
    answered_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("change_id", "resident_id"),
        CheckConstraint("(call IS NULL) = (called_at IS NULL)", name="called"),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered"),
    )
