"""What stalls, services and slots have in common: how the log has them, and their bounds."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import and_
from sqlalchemy.orm import Session

from backend.activities.checks.edits import NOT_ANNOUNCED
from backend.activities.models import Activity, Offering, Slot, Stall
from backend.activities.operations import rows_of
from backend.activities.words import stall_order
from backend.core import audit
from backend.core.config import titles
from backend.core.errors import AppError

# What no form changes; whom a stall belongs to, and on which stall a service stands, are ids.
_NOT_EDITED = frozenset(
    {"id", "activity_id", "offering_id", "stall_id", "letter", "taken", "place"}
)
# On signs, numbers and the plan.
_READ_BY_ALL = frozenset({"name", "title", "place_note"})


class BelowBooked(AppError):
    status = 409
    code = "below_booked"
    field = "capacity"
    title = "已有更多人报名，名额不能改得这么少"


class TooMany(AppError):
    status = 409
    code = "too_many"
    title = "数量已到上限"


def audited(activity: Activity, row: Stall | Offering | Slot) -> dict[str, Any]:
    """A row as the audit log compares it: an organiser's columns, with what names no person, and
    what everybody reads of an announced activity, told from what somebody has typed."""
    keys = {column.key for column in row.__table__.columns} - _NOT_EDITED
    values = {key: getattr(row, key) for key in sorted(keys)}
    if activity.state not in NOT_ANNOUNCED:
        values = audit.published(values, _READ_BY_ALL)
    return {
        key: audit.Known(value) if _names_nobody(key, value) else value
        for key, value in values.items()
    }


def _names_nobody(key: str, value: Any) -> bool:
    """Whether a text is one of config/'s words, or a stall's number (docs/adr/0024)."""
    if not isinstance(value, str) or isinstance(value, StrEnum | audit.Public):
        return False
    if key == "title":
        return value in titles("service_kinds").values()
    return key in ("service_kind", "number")


def stalls_of(session: Session, activity_id: UUID) -> list[Stall]:
    """The stalls in the order of their numbers, without those that were dropped."""
    standing = and_(Stall.activity_id == activity_id, Stall.dropped_at.is_(None))
    found = rows_of(session, Stall, standing)
    return sorted(found, key=lambda stall: stall_order(stall.number))
