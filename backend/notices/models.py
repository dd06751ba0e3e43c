"""The inbox: what people were told (docs/rules/messages.md)."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, Uuid
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from backend.core import clock
from backend.core.db import Base
from backend.core.ids import new_id


class NoticeKind(StrEnum):
    """What a notice tells of. A new one needs a migration: the column's CHECK lists them."""

    BOOKING_MADE = "booking_made"
    NUMBER_TAKEN = "number_taken"
    BOOKING_CANCELLED = "booking_cancelled"
    MARKET_TOMORROW = "market_tomorrow"
    NUMBER_NEAR = "number_near"
    CALLED = "called"
    PASSED_OVER = "passed_over"
    NUMBER_OVER = "number_over"
    MARKET_MOVED = "market_moved"
    PLACE_CHANGED = "place_changed"
    MARKET_CANCELLED = "market_cancelled"
    SERVICE_DROPPED = "service_dropped"
    ANNOUNCEMENT = "announcement"
    RATING_ASKED = "rating_asked"
    COMPLAINT_RECEIVED = "complaint_received"
    COMPLAINT_MEASURES = "complaint_measures"
    COMPLAINT_CALL_BACK = "complaint_call_back"
    COMPLAINT_CLOSED = "complaint_closed"
    COMPLAINT_REOPENED = "complaint_reopened"
    NEED_ACCEPTED = "need_accepted"
    NEED_DECLINED = "need_declined"
    NEED_PLANNED = "need_planned"
    NEED_MOVED_OFF = "need_moved_off"
    NEED_SERVED = "need_served"
    NEED_ASKED = "need_asked"
    NEED_UNSOLVED = "need_unsolved"
    NEED_REOPENED = "need_reopened"
    NEED_MERGED = "need_merged"
    NEED_UNMERGED = "need_unmerged"
    RESOURCE_DECIDED = "resource_decided"
    CREDENTIAL_DECIDED = "credential_decided"
    CREDENTIAL_EXPIRING = "credential_expiring"
    ROLE_GIVEN = "role_given"
    ROLE_TAKEN = "role_taken"
    LOOKED_UP = "looked_up"


class Notice(Base):
    """One thing that one account was told. Never changed but by being read."""

    __tablename__ = "notice"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    # Without a foreign key: accounts are never deleted, and each notice would lock its account's
    # key on the paths where people wait in line.
    user_id: Mapped[UUID]
    kind: Mapped[NoticeKind]
    title: Mapped[str]
    text: Mapped[str]
    # Where a tap leads in the mini-program, as a path with its query.
    page: Mapped[str]
    # Likewise: activities are above this room, and a notice is of what was.
    activity_id: Mapped[UUID | None]
    # The change or announcement that is told here, which joins what was said to many; or the
    # booking, which joins what was said of one number.
    cause_id: Mapped[UUID | None] = mapped_column(index=True)
    # Who of the account's people it is about: with them it goes.
    resident_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    # Of two with the same word the second is not written.
    once: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    read_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_notice_inbox", "user_id", "id"),
        Index("ix_notice_unread", "user_id", postgresql_where=sql("read_at IS NULL")),
        Index(
            "uq_notice_once", "user_id", "once", unique=True,
            postgresql_where=sql("once IS NOT NULL"),
        ),
        # For who looks through what was told about one.
        Index("ix_notice_activity", "activity_id", "id"),
    )  # fmt: skip
