"""Changes of what was announced, and whom each concerns (docs/adr/0031)."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from backend.activities.signals import ChangeKind
from backend.core import clock
from backend.core.db import Base
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.states import Other, Who, by


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
    # Of another time of the whole: whether it concerned nobody's appointment.
    slots_stay: Mapped[bool] = mapped_column(default=False, server_default=false())
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


class Audience(StrEnum):
    """To whom an announcement goes, as they are when it is sent."""

    SIGNED_UP = "signed_up"
    HERE = "here"  # checked in, and has not left
    LINE = "line"  # waits for one service


class AnnouncementState(StrEnum):
    CHECKING = "checking"
    SENT = "sent"
    HELD = "held"  # could not be checked, or is doubtful: a colleague looks
    REJECTED = "rejected"  # may not be sent
    WITHDRAWN = "withdrawn"  # not to be sent after all


A = AnnouncementState
# docs/states.md is made from this table.
ANNOUNCEMENT_TRANSITIONS: dict[AnnouncementState, dict[AnnouncementState, Who]] = {
    A.CHECKING: {
        A.SENT: by(Other.SYSTEM, note="WeChat has nothing against the text"),
        A.HELD: by(Other.SYSTEM, note="doubtful, could not be checked, or too late to send"),
        A.REJECTED: by(Other.SYSTEM, note="WeChat refuses the text"),
    },
    A.HELD: {
        A.SENT: by(
            Permission.ACTIVITY_RUN, Other.SYSTEM, note="a colleague of the writer has read it"
        ),
        A.REJECTED: by(Other.SYSTEM, note="WeChat refuses the text"),
        A.WITHDRAWN: by(Permission.ACTIVITY_RUN, note="its writer, or a colleague"),
    },
    A.SENT: {},
    A.REJECTED: {},
    A.WITHDRAWN: {},
}


class Announcement(Base):
    """What an organiser wrote to people; once it is sent, a change with the same id says to whom it
    went."""

    __tablename__ = "announcement"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activity.id"))
    audience: Mapped[Audience]
    # Whose line it is; None for the other audiences.
    offering_id: Mapped[UUID | None] = mapped_column(ForeignKey("offering.id", ondelete="CASCADE"))
    text: Mapped[str]
    state: Mapped[AnnouncementState] = mapped_column(default=AnnouncementState.CHECKING)
    written_by: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    written_at: Mapped[datetime] = mapped_column(default=clock.now)
    # The day's first, second …: so many a day there may be (config/rules.toml).
    on_day: Mapped[date]
    nth: Mapped[int]

    __table_args__ = (
        UniqueConstraint("activity_id", "on_day", "nth"),
        CheckConstraint("(audience = 'line') = (offering_id IS NOT NULL)", name="line"),
    )
