"""The audit log: who did what, when, to which row, from which state to which.

Append-only: a database trigger refuses UPDATE and DELETE. Entries carry ids, never names. A reason
is somebody's own words and may name whom it is about: a trigger takes it out of the entry into
`audit_note`, where it is erased with that person, or when its time is over (docs/adr/0024). That
there was one stays.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, Index, Insert, func, insert, select, text, update
from sqlalchemy.orm import Mapped, Session, column_property, mapped_column

from backend.core import clock
from backend.core.config import RETENTION
from backend.core.db import Base
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.core.request_context import current_address, current_request_id
from backend.core.text import masked_numbers

# An entry's further facts, JSON: ids only, no names and no phone numbers, but for `reason`.
Details: TypeAlias = dict[str, Any]


class AuditNote(Base):
    """The reason of an entry, in the words of who gave it. Written by the database alone."""

    __tablename__ = "audit_note"

    # No foreign key: the trigger writes it a moment before its entry, which is never deleted.
    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    # None: erased.
    text: Mapped[str | None]


class AuditEntry(Base):
    __tablename__ = "audit_entry"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime]
    # None: the system itself (a job, the command line).
    actor_user_id: Mapped[UUID | None]
    request_id: Mapped[str | None]
    # Where the request came from; None: no request.
    address: Mapped[str | None]
    action: Mapped[str]
    object_type: Mapped[str]
    object_id: Mapped[UUID]
    # The region whose auditors may see the entry.
    region_code: Mapped[str | None]
    from_state: Mapped[str | None]
    to_state: Mapped[str | None]
    details: Mapped[dict[str, Any]]
    # None where none was given; empty where it was erased.
    reason: Mapped[str | None] = column_property(
        select(func.coalesce(AuditNote.text, ""))
        .where(AuditNote.entry_id == id)  # noqa: A003 - the column above
        .correlate_except(AuditNote)
        .scalar_subquery()
    )

    __table_args__ = (
        Index("ix_audit_entry_object", "object_type", "object_id"),
        # Whom somebody has just looked up, before they give a role (identity/people/lookups.py).
        Index(
            "ix_audit_entry_look_up",
            "actor_user_id",
            "at",
            postgresql_where=text("action = 'look_up_resident'"),
        ),
        # What auditors look for, the latest first.
        Index("ix_audit_entry_at", "at", "id"),
        Index("ix_audit_entry_actor", "actor_user_id", "at", "id"),
        Index("ix_audit_entry_action", "action", "at", "id"),
        Index("ix_audit_entry_address", "address", "at", "id"),
    )

    @property
    def reason_in_words(self) -> str | None:
        """The reason, or why there is none any more; None where none was given."""
        if self.reason != "":
            return self.reason
        over = self.at < clock.now() - timedelta(days=RETENTION.reason_days)
        return "已过保存期限，已清除" if over else "已随账户注销或资料删除清除"


def audit_values(
    actor: Actor | None,
    action: str,
    object_type: str,
    object_id: UUID,
    *,
    region_code: str | None = None,
    from_state: str | None = None,
    to_state: str | None = None,
    details: Details | None = None,
) -> dict[str, Any]:
    """One entry's columns, for statements that write it along with the change itself."""
    return {
        "id": new_id(),
        "at": clock.now(),
        "actor_user_id": actor.user_id if actor else None,
        "request_id": current_request_id(),
        "address": current_address(),
        "action": action,
        "object_type": object_type,
        "object_id": object_id,
        "region_code": region_code,
        "from_state": from_state,
        "to_state": to_state,
        "details": details or {},
    }


def record(
    session: Session,
    actor: Actor | None,
    action: str,
    object_type: str,
    object_id: UUID,
    *,
    region_code: str | None = None,
    from_state: str | None = None,
    to_state: str | None = None,
    details: Details | None = None,
    of_request: bool = True,
) -> None:
    """Write one audit entry in the caller's transaction.

    Args:
        actor: who did it; None for the system (a job, the command line).
        action: the verb, like "publish".
        object_type: the table's name.
        details: further facts, JSON; ids only, no names and no phone numbers, but for `reason`:
            somebody's own words, kept apart.
        of_request: whether the entry says which request it came of, and from where.
    """
    values = audit_values(
        actor,
        action,
        object_type,
        object_id,
        region_code=region_code,
        from_state=from_state,
        to_state=to_state,
        details=details,
    )
    if not of_request:
        values |= {"request_id": None, "address": None}
    session.execute(_insert(), values)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What an edit has changed, for an entry's details: each field with its old and new value.

    Only values that can name nobody go in: instants, numbers, yes and no, words of the code's own
    lists; and text that everybody has read. Of other text that somebody has typed it says that it
    was changed: the log is for ever (docs/adr/0024).

    Args:
        before, after: columns by name; a field that only one of them has is passed over. A text
            that is one of the code's own words is given as `Known`, one that is public as `Public`.
    """
    found = []
    for name, old in before.items():
        new = after.get(name, old)
        if new == old:
            continue
        change = {"field": name}
        if _nameless(old) and _nameless(new):
            change |= {"old": _plain(old), "new": _plain(new)}
        found.append(change)
    return {"changes": found} if found else {}


def as_it_was(values: Mapping[str, Any]) -> dict[str, Any]:
    """What was deleted, for its entry's details: nothing else knows it from then on. As `changes`,
    it leaves out what may name somebody.

    Args:
        values: its columns by name.
    """
    kept = {name: value for name, value in values.items() if value is not None}
    return {"was": {name: _plain(value) for name, value in kept.items() if _nameless(value)}}


class Known(str):
    """A text that names no person: a key of config/, a region's name, a stall's number."""

    __slots__ = ()


class Public(str):
    """A text that everybody has read, as the name of an announced market. Numbers in it that may
    be a person's own are masked all the same."""

    __slots__ = ()


def published(values: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Columns by name, as `changes` takes them, with these texts as `Public`."""
    return {
        name: Public(value) if name in names and type(value) is str else value
        for name, value in values.items()
    }


def _nameless(value: Any) -> bool:
    return not isinstance(value, str) or isinstance(value, StrEnum | Known | Public)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Public):
        return masked_numbers(value)
    if isinstance(value, StrEnum | Known):
        return str(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value


def forget_reasons(session: Session, *whose: ColumnElement[bool]) -> None:
    """Erase the reasons of these entries, because they may name somebody who is erased.

    Args:
        whose: conditions on AuditEntry.
    """
    entries = select(AuditEntry.id).where(*whose)
    _erase(session, AuditNote.entry_id.in_(entries))


def purge_reasons(session: Session, before: datetime) -> int:
    """Erase the reasons that are older; returns how many."""
    return _erase(session, AuditNote.at < before)


def _erase(session: Session, which: ColumnElement[bool]) -> int:
    result = session.execute(
        update(AuditNote)
        .where(which, AuditNote.text.is_not(None))
        .values(text=None)
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def _insert() -> Insert:
    return insert(AuditEntry.__table__)  # type: ignore[arg-type]
