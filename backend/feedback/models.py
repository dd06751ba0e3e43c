"""Ratings, the frozen checklist, and what a bad rating sets going."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from backend.core import clock
from backend.core.db import Base
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.states import Other, Who, by
from backend.identity.people.texts import CommentState


class Rating(Base):
    """A resident's word on one service (a booking) or one visit (an attendance)."""

    __tablename__ = "rating"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activity.id"))
    offering_id: Mapped[UUID | None] = mapped_column(ForeignKey("offering.id"))
    booking_id: Mapped[UUID | None] = mapped_column(ForeignKey("booking.id"), unique=True)
    attendance_id: Mapped[UUID | None] = mapped_column(ForeignKey("attendance.id"), unique=True)
    resident_id: Mapped[UUID] = mapped_column(ForeignKey("resident.id"))
    rated_by: Mapped[UUID]
    score: Mapped[int]
    items: Mapped[dict[str, Any]]
    tags: Mapped[list[str]]
    comment: Mapped[str | None]
    comment_state: Mapped[CommentState] = mapped_column(default=CommentState.NONE)
    # Whether one may be called back after a bad rating; None: nobody has asked.
    may_call: Mapped[bool | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (
        CheckConstraint("score BETWEEN 1 AND 5", name="score"),
        CheckConstraint("num_nonnulls(booking_id, attendance_id) = 1", name="one_subject"),
        Index("ix_rating_activity", "activity_id", "offering_id"),
        Index("ix_rating_resident", "resident_id", "id"),
    )


class RatingPhoto(Base):
    """A photo of a complaint, as it was written anew (photos.py)."""

    __tablename__ = "rating_photo"

    # Made by the phone: the same photo sent again is the same row.
    id: Mapped[UUID] = mapped_column(primary_key=True)
    rating_id: Mapped[UUID] = mapped_column(ForeignKey("rating.id"), index=True)
    content: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class RectificationState(StrEnum):
    OPEN = "open"
    REPLIED = "replied"
    CALLED_BACK = "called_back"
    CLOSED = "closed"


_HANDLER = by(Permission.RECTIFICATION_HANDLE)
# As the system: the audit log must not tell who complained.
_UNSOLVED = by(Other.PERSON, Other.SYSTEM, note="「还没解决」")
RECTIFICATION_TRANSITIONS: dict[RectificationState, dict[RectificationState, Who]] = {
    RectificationState.OPEN: {RectificationState.REPLIED: _HANDLER},
    RectificationState.REPLIED: {
        RectificationState.CALLED_BACK: _HANDLER,
        RectificationState.CLOSED: by(
            Permission.RECTIFICATION_HANDLE,
            note="where the resident wants no call, or their data was deleted",
        ),
        RectificationState.OPEN: _UNSOLVED,
    },
    RectificationState.CALLED_BACK: {
        RectificationState.REPLIED: by(
            Permission.RECTIFICATION_HANDLE, note="anew, where the resident is not satisfied"
        ),
        RectificationState.CLOSED: _HANDLER,
        RectificationState.OPEN: _UNSOLVED,
    },
    RectificationState.CLOSED: {
        RectificationState.OPEN: by(
            Other.PERSON, Other.SYSTEM, note="「还没解决」, for `reopen_days`"
        ),
    },
}


class Answered:
    """What was said and done about a complaint, once: now, or in a round that is over."""

    reply: Mapped[str | None]
    replied_at: Mapped[datetime | None]
    call_back_note: Mapped[str | None]
    resident_satisfied: Mapped[bool | None]
    called_back_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    unsolved_reason: Mapped[str | None]


class Rectification(Answered, Base):
    """What follows from a bad rating: verify, rectify by a deadline, reply, call back, close."""

    __tablename__ = "rectification"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    rating_id: Mapped[UUID] = mapped_column(ForeignKey("rating.id"), unique=True)
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activity.id"), index=True)
    state: Mapped[RectificationState] = mapped_column(default=RectificationState.OPEN)
    # The organiser who sees to it; None until somebody is named.
    owner_user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    opened_at: Mapped[datetime] = mapped_column(default=clock.now)
    due_at: Mapped[datetime]
    # When the resident last said that it was not solved.
    reopened_at: Mapped[datetime | None]


class RectificationRound(Answered, Base):
    """An answer that did not settle it, as it stood when it was over: the resident said
    「还没解决」, or it was answered anew because they had said so on the phone."""

    __tablename__ = "rectification_round"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    rectification_id: Mapped[UUID] = mapped_column(ForeignKey("rectification.id"), index=True)
    # The resident's, of what is not solved; None where it was answered anew without.
    words: Mapped[str | None]
    words_state: Mapped[CommentState] = mapped_column(default=CommentState.NONE)
    ended_at: Mapped[datetime] = mapped_column(default=clock.now)


# What goes from a rectification into its round, when it is answered anew.
ANSWER = tuple(Answered.__annotations__)


class EvaluationChecklist(Base):
    """评价清单, frozen: an activity's evaluation as it stood when its rating window was over."""

    __tablename__ = "evaluation_checklist"

    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activity.id"), primary_key=True)
    frozen_at: Mapped[datetime] = mapped_column(default=clock.now)
    content: Mapped[dict[str, Any]]
