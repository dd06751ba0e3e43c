"""What is kept of changes when they happen, and what becomes of it when people change."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, aliased

from backend.activities.models import Activity
from backend.activities.questions import reaches, told_in_history
from backend.activities.signals import Change, change_coming
from backend.bookings.models import Booking
from backend.bookings.news.answer import moved_answered
from backend.core import audit
from backend.core.audit import AuditEntry
from backend.core.db import AnySelect
from backend.core.permissions import Actor
from backend.identity.questions import exported
from backend.identity.signals import residents_merged, residents_removed
from backend.outreach import keeping, operations, queries
from backend.outreach.models import ActivityChange, Addressee, Announcement

# What is kept of an addressee together.
_CALL = ("call", "called_at", "called_by")
_ANSWER = ("answer", "answered_at")


@change_coming.connect
def keep(session: Session, *, actor: Actor | None, activity: Activity, change: Change) -> None:
    keeping.keep_change(session, actor, activity, change)


@moved_answered.connect
def answered(session: Session, *, booking: Booking) -> None:
    operations.note_answer(session, booking)


@residents_merged.connect
def merged(session: Session, *, source_id: UUID, target_id: UUID) -> None:
    """Whom a change concerned twice is told of it once, as the account that they turned out to
    have; and has been told, or has answered, as either."""
    twin = aliased(Addressee)
    known = select(twin.change_id).where(twin.resident_id == target_id)
    source = Addressee.resident_id == source_id
    of_both = Addressee.resident_id == target_id, twin.resident_id == source_id
    same = Addressee.change_id == twin.change_id
    for what in (_CALL, _ANSWER):
        nothing_yet = getattr(Addressee, what[0]).is_(None)
        session.execute(
            update(Addressee)
            .where(*of_both, same, nothing_yet)
            .values({name: getattr(twin, name) for name in what}),
            execution_options={"synchronize_session": False},
        )
    session.execute(delete(Addressee).where(source, Addressee.change_id.in_(known)))
    session.execute(update(Addressee).where(source).values(resident_id=target_id))


@residents_removed.connect
def removed(session: Session, *, actor: Actor | None, resident_ids: list[UUID]) -> None:
    """Nobody calls who is erased; how many there were stays with the change."""
    theirs = Addressee.resident_id.in_(resident_ids)
    audit.forget_reasons(
        session,
        AuditEntry.object_type == Addressee.__tablename__,
        AuditEntry.object_id.in_(select(Addressee.id).where(theirs)),
    )
    session.execute(delete(Addressee).where(theirs))


@exported.answered("changes")
def export_changes(session: Session, resident_ids: list[UUID]) -> list[dict[str, Any]]:
    """The changes that concerned these people, and whether somebody called them."""
    statement = (
        select(
            ActivityChange.at,
            ActivityChange.kind,
            ActivityChange.words,
            Addressee.resident_id,
            Addressee.call,
            Addressee.called_at,
            Addressee.answer,
            Addressee.answered_at,
        )
        .join(ActivityChange, ActivityChange.id == Addressee.change_id)
        .where(Addressee.resident_id.in_(resident_ids))
        .order_by(Addressee.id)
    )
    return [dict(row) for row in session.execute(statement).mappings()]


reaches.answered(queries.reaches)


def _changes_of(activity_id: UUID) -> AnySelect:
    return select(ActivityChange.id).where(ActivityChange.activity_id == activity_id)


def _addressees_of(activity_id: UUID) -> AnySelect:
    return select(Addressee.id).where(Addressee.change_id.in_(_changes_of(activity_id)))


def _announcements_of(activity_id: UUID) -> AnySelect:
    return select(Announcement.id).where(Announcement.activity_id == activity_id)


told_in_history.answered(ActivityChange.__tablename__)(_changes_of)
told_in_history.answered(Addressee.__tablename__)(_addressees_of)
told_in_history.answered(Announcement.__tablename__)(_announcements_of)
