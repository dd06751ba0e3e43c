"""When somebody left: derived from the scans of a visit, each time that one of them comes or is
undone (docs/rules/check-in.md, Leaving, and coming back)."""

from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select, update
from sqlalchemy.orm import Session, aliased

from backend.activities.models import Activity, Attendance
from backend.checkin.judge import Moment
from backend.checkin.models import Scan, ScanDirection, Verdict
from backend.checkin.queries import JUDGED_AT, UNDONE
from backend.core import clock

_Presence: TypeAlias = Select[ScanDirection, Verdict, datetime, datetime]

# Coming goes before leaving, of two at one instant.
_BY_TIME = (JUDGED_AT, Scan.received_at, Scan.direction)


def derive(session: Session, attendance_id: UUID | None) -> None:
    """The visit, which the caller has locked, as scans have left it: its own entries, and exits
    whichever of the night's visits they were found to be of."""
    mine, leaves = Scan.attendance_id == attendance_id, Scan.direction == ScanDirection.EXIT
    scans = _presence(Scan.attendance_id.in_(_of_one_night(attendance_id)), or_(mine, leaves))
    session.execute(
        update(Attendance)
        .where(Attendance.id == attendance_id)
        .values(left_at=_left_at(session, scans))
    )


def derive_all(session: Session, attendance_id: UUID | None) -> None:
    """All visits that an exit of this one may have ended; the caller has locked them."""
    for visit_id in session.scalars(_of_one_night(attendance_id)).all():
        derive(session, visit_id)


def was_brought_back(session: Session, scan: Scan) -> bool:
    """Whether the person had left when they were scanned, as the facts before that scan say."""
    if scan.direction is ScanDirection.EXIT or scan.attendance_id is None:
        return False
    before = _presence(
        Scan.attendance_id == scan.attendance_id,
        Moment.kept(scan).judged_at >= JUDGED_AT,
        Scan.id != scan.id,
    )
    return _left_at(session, before) is not None


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


def _presence(*of_visits: ColumnElement[bool]) -> _Presence:
    """Comings and goings that were not undone."""
    return select(
        Scan.direction, Scan.derived_verdict, Scan.received_at, JUDGED_AT.label("at")
    ).where(*of_visits, ~UNDONE)


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
