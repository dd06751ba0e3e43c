"""What check-in does when something happens to people (backend/identity/signals.py)."""

from datetime import date
from uuid import UUID

from sqlalchemy import Select, exists, select, update
from sqlalchemy.orm import Session, aliased

from backend.activities.models import Activity, Attendance
from backend.activities.signals import person_arrived
from backend.checkin import queries
from backend.checkin.models import Scan
from backend.core import audit, clock
from backend.core.audit import AuditEntry
from backend.core.permissions import Actor
from backend.identity.questions import active_since, exported, standing, uses
from backend.identity.signals import residents_merged, residents_removed


@residents_merged.connect
def move_visits(session: Session, *, source_id: UUID, target_id: UUID) -> None:
    """A guest's visits become the resident's. Where both stood on one day they were one person
    counted twice: the guest's visit is taken back."""
    other = aliased(Attendance)
    counted = exists(
        select(other.id).where(
            other.resident_id == target_id,
            other.activity_id == Attendance.activity_id,
            other.on_day == Attendance.on_day,
            other.reverted_at.is_(None),
        )
    )
    mine = (Attendance.resident_id == source_id, Attendance.reverted_at.is_(None))
    session.execute(update(Attendance).where(*mine, counted).values(reverted_at=clock.now()))
    moved = session.execute(
        update(Attendance)
        .where(Attendance.resident_id == source_id)
        .values(resident_id=target_id)
        .returning(Attendance.id, Attendance.reverted_at)
    ).all()
    _tell_arrivals(session, target_id, [visit.id for visit in moved if not visit.reverted_at])


def _tell_arrivals(session: Session, resident_id: UUID, visit_ids: list[UUID]) -> None:
    """Who came as a guest has come: what they had signed up for as themselves waits from then
    on. A second check-in could not say so, it would find them here already."""
    visits = session.execute(
        select(Attendance.activity_id, Attendance.attended_at, Activity.starts_at, Activity.ends_at)
        .join(Activity, Activity.id == Attendance.activity_id)
        .where(Attendance.id.in_(visit_ids))
        .order_by(Attendance.id)
    )
    for visit in visits:
        person_arrived.send(
            session,
            actor=None,
            activity_id=visit.activity_id,
            resident_id=resident_id,
            at=visit.attended_at,
            service_on=clock.day_within(visit.attended_at, visit.starts_at, visit.ends_at),
        )


@residents_removed.connect
def forget_reasons(session: Session, *, actor: Actor | None, resident_ids: list[UUID]) -> None:
    """Erase why their scans were undone."""
    visits = select(Attendance.id).where(Attendance.resident_id.in_(resident_ids))
    scans = select(Scan.id).where(Scan.attendance_id.in_(visits))
    audit.forget_reasons(
        session, AuditEntry.object_type == Scan.__tablename__, AuditEntry.object_id.in_(scans)
    )


@active_since.answered("visits")
def active(session: Session, since: date) -> Select[UUID]:
    return select(Attendance.resident_id).where(Attendance.on_day >= since)


exported.answered("attendances")(queries.export_attendances)
uses.answered("visits")(queries.count_visits)
standing.answered("visits")(queries.standing_visits)
