"""Scans: append-only facts. What follows from them is `activities.models.Attendance`."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from backend.core import clock
from backend.core.db import Base
from backend.core.ids import new_id


class ScanDirection(StrEnum):
    ENTRY = "entry"
    EXIT = "exit"


class ScanSource(StrEnum):
    SELF = "self"  # the resident scans the market's code
    SCAN = "scan"  # a volunteer scans the resident's code
    SEARCH = "search"  # found by name or phone
    PAPER = "paper"  # from a paper list
    PROXY = "proxy"  # written in for somebody without a phone


class Verdict(StrEnum):
    ADMITTED = "admitted"
    ALREADY_CHECKED_IN = "already_checked_in"
    REFUSED = "refused"


class Refusal(StrEnum):
    """Stable reasons (docs/rules/check-in.md, Refusals)."""

    INVALID = "invalid"
    WRONG_MARKET = "wrong_market"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REVOKED = "revoked"
    BLOCKED = "blocked"


class Scan(Base):
    """One scan as it happened; `id` was made by the scanning phone."""

    __tablename__ = "scan"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activity.id"))
    # None when the code told nobody's name (forged, expired).
    resident_id: Mapped[UUID | None] = mapped_column(ForeignKey("resident.id"), index=True)
    operator_user_id: Mapped[UUID]
    direction: Mapped[ScanDirection]
    source: Mapped[ScanSource]
    device_id: Mapped[str | None]
    scanned_at: Mapped[datetime]  # by the phone's clock, which may be wrong
    sent_at: Mapped[datetime | None]  # by the same clock, when it was uploaded; None: not said
    received_at: Mapped[datetime]  # by ours
    # The instant at which it was judged (judge.py). None in scans from before this was kept,
    # which were judged when they were received.
    judged_at: Mapped[datetime | None]
    derived_verdict: Mapped[Verdict]
    reason: Mapped[Refusal | None]
    attendance_id: Mapped[UUID | None] = mapped_column(ForeignKey("attendance.id"), index=True)
    # Of the request, so that the same id with another body is noticed.
    request_hash: Mapped[bytes]

    __table_args__ = (Index("ix_scan_activity", "activity_id", "id"),)


class ScanRevert(Base):
    """Undoing a scan is a fact of its own; its reason stands beside its audit entry."""

    __tablename__ = "scan_revert"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    scan_id: Mapped[UUID] = mapped_column(ForeignKey("scan.id"), unique=True)
    # Written by releases that kept it here, where nothing can be erased; never read.
    reason: Mapped[str | None]
    operator_user_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(default=clock.now)
