"""When somebody left: derived from the scans of a visit, each time that one of them comes or is
undone (docs/rules/check-in.md, Leaving, and coming back)."""

from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select, update
from sqlalchemy.orm import Session, aliased

from backend.activities.models import Activity, Attendance
from backend.checkin.models import Scan, ScanDirection, ScanRevert, Verdict
from backend.checkin.queries import JUDGED_AT, UNDONE
from backend.core import clock

_Presence: TypeAlias = Select[ScanDirection, Verdict, datetime, datetime]

# Coming goes before leaving, of two at one instant.
_BY_TIME = (JUDGED_AT, Scan.received_at, Scan.direction)


def derive(session: Session, attendance_id: UUID | None) -> None:
    """The visit, which the caller has locked, as scans have left it: its own entries, and exits
    whichever of the night's visits they were found to be of."""
    left_at = _left_at(session, _presence(attendance_id).where(~UNDONE))
    session.execute(
        update(Attendance).where(Attendance.id == attendance_id).values(left_at=left_at)
    )


def derive_all(session: Session, attendance_id: UUID | None) -> None:
    """All visits that an exit of this one may have ended; the caller has locked them."""
    for visit_id in session.scalars(_of_one_night(attendance_id)).all():
        derive(session, visit_id)


def left_before(session: Session, scan: Scan) -> datetime | None:
    """When the person of a scan had left before it, as far as was known when it came."""
    others = _presence(scan.attendance_id).where(known_to(scan), Scan.id != scan.id)
    return _left_at(session, others)


def known_to(scan: Scan) -> ColumnElement[bool]:
    """Of scans: whether they had come when this one came, and were not undone by then."""
    undone = select(ScanRevert.id).where(
        ScanRevert.scan_id == Scan.id, ScanRevert.at < scan.received_at
    )
    return and_(Scan.received_at <= scan.received_at, ~undone.exists())


def _of_one_night(attendance_id: UUID | None) -> Select[UUID]:
    """A visit, and its person's on the other side of midnight where the activity is one sitting."""
    visit, other = aliased(Attendance), aliased(Attendance)
    same = and_(other.activity_id == visit.activity_id, other.resident_id == visit.resident_id)
    night = Activity.ends_at - Activity.starts_at <= clock.ONE_SITTING
    return (
        select(other.id)
        .join(visit, same)
        .join(Activity, Activity.id == visit.activity_id)
        .where(
            visit.id == attendance_id,
            or_(other.id == visit.id, and_(night, other.on_day != visit.on_day)),
        )
    )


def _presence(attendance_id: UUID | None) -> _Presence:
    """The comings of a visit, and the goings of the night's visits."""
    mine, leaves = Scan.attendance_id == attendance_id, Scan.direction == ScanDirection.EXIT
    return select(
        Scan.direction, Scan.derived_verdict, Scan.received_at, JUDGED_AT.label("at")
    ).where(Scan.attendance_id.in_(_of_one_night(attendance_id)), or_(mine, leaves))


def _left_at(session: Session, presence: _Presence) -> datetime | None:
    """When somebody left: at the first exit after their last entry; None while they are inside.

    An exit of who had left already is none, unless we learned only after it that they had come
    back before it.
    """
    left_at: datetime | None = None
    came: datetime | None = None  # when we learned of the last entry
    for one in session.execute(presence.order_by(*_BY_TIME)):
        if one.direction is ScanDirection.ENTRY:
            left_at, came = None, one.received_at
        elif left_at is None and (
            one.derived_verdict is Verdict.ADMITTED or (came is not None and came > one.received_at)
        ):
            left_at = one.at
    return left_at
