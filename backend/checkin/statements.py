"""The check-in's fast path: two hand-written statements (make bench shows its figure).

A market day has one minute in which forty people arrive; ORM units of work cost three times as
much here. What each statement guards is said beside it; all else is in operations.py.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.db import RunAgain
from backend.core.ids import new_id
from backend.core.statement import Statement

# The activity, its standing code, who is meant, and whether this scan's id is known already.
_CONTEXT = Statement(
    """
    SELECT a.state, a.starts_at, a.ends_at, a.checkin_opens_minutes, a.code_rotates_seconds,
           g.code AS region_code, m.scene,
           r.id AS resident_id, r.name AS resident_name, r.user_id, r.guardian_user_id,
           u.state AS account_state,
           s.id IS NOT NULL AS known
      FROM activity a
      JOIN region g ON g.id = a.region_id
      LEFT JOIN market_code m ON m.activity_id = a.id AND m.revoked_at IS NULL
      LEFT JOIN resident r ON r.removed_at IS NULL
           AND (r.id = :resident_id OR r.code_handle = :handle)
      LEFT JOIN user_account u ON u.id = coalesce(r.user_id, r.guardian_user_id)
      LEFT JOIN scan s ON s.id = :scan_id
     WHERE a.id = :activity_id
    """
)

# One visit for each person, activity and day, whoever scans first: the unique index decides, the
# loser's INSERT does nothing and reads the winner's row. The scan is written in the same
# statement, with the verdict that follows. Where the winner committed after this statement's
# snapshot, `standing` is empty and nothing is written: run it again.
#
# The person is locked first, as the foreign key would do last: who merges a guest into a resident
# or closes an account either waits for this visit and finds it, or has gone before, and then
# nobody is admitted who is no longer there.
_ADMIT = Statement(
    """
    WITH person AS (
        SELECT id FROM resident WHERE id = :resident_id AND removed_at IS NULL FOR KEY SHARE
    ), visit AS (
        INSERT INTO attendance (id, activity_id, resident_id, on_day, attended_at, device_id)
        SELECT :attendance_id, :activity_id, id, :on_day, :received_at, :device_id FROM person
        ON CONFLICT (activity_id, resident_id, on_day) WHERE reverted_at IS NULL DO NOTHING
        RETURNING id, attended_at, device_id
    ), standing AS (
        SELECT id, attended_at, device_id, NULL::timestamptz AS left_at, true AS fresh FROM visit
        UNION ALL
        SELECT id, attended_at, device_id, left_at, false FROM attendance
         WHERE activity_id = :activity_id AND resident_id = :resident_id AND on_day = :on_day
           AND reverted_at IS NULL AND NOT EXISTS (SELECT FROM visit)
           AND EXISTS (SELECT FROM person)
    ), fact AS (
        INSERT INTO scan (id, activity_id, resident_id, operator_user_id, direction, source,
                          device_id, scanned_at, received_at, derived_verdict, attendance_id,
                          request_hash)
        SELECT :scan_id, :activity_id, :resident_id, :operator_user_id, 'entry', :source,
               :device_id, :scanned_at, :received_at,
               CASE WHEN fresh THEN 'admitted' ELSE 'already_checked_in' END, id, :request_hash
          FROM standing
        ON CONFLICT (id) DO NOTHING
        RETURNING id
    )
    SELECT standing.*, EXISTS (SELECT FROM fact) AS recorded FROM standing
    """
)
_SNAPSHOTS = 3


def read_context(
    session: Session,
    activity_id: UUID,
    scan_id: UUID,
    *,
    resident_id: UUID | None,
    handle: UUID | None,
) -> Any:
    """What a scan is judged by; None when there is no such activity.

    Args:
        resident_id, handle: who is meant, by row id or by the handle in a personal code.
    """
    return _CONTEXT.first(
        session,
        activity_id=activity_id,
        scan_id=scan_id,
        resident_id=resident_id,
        handle=handle,
    )


def admit(
    session: Session,
    *,
    scan_id: UUID,
    activity_id: UUID,
    resident_id: UUID,
    on_day: date,
    operator_user_id: UUID,
    source: str,
    device_id: str | None,
    scanned_at: datetime,
    received_at: datetime,
    request_hash: bytes,
) -> Any:
    """Write the scan, and the visit if it is the day's first; answers the visit that stands, and
    whether it is fresh.

    Raises RunAgain when a twin of this very scan has been recorded meanwhile, or the person has
    become another (a guest who was merged) or none.
    """
    values = {
        "attendance_id": new_id(),
        "scan_id": scan_id,
        "activity_id": activity_id,
        "resident_id": resident_id,
        "on_day": on_day,
        "operator_user_id": operator_user_id,
        "source": source,
        "device_id": device_id,
        "scanned_at": scanned_at,
        "received_at": received_at,
        "request_hash": request_hash,
    }
    for _ in range(_SNAPSHOTS):
        standing = _ADMIT.first(session, **values)
        if standing is not None:
            break
    if standing is None or not standing.recorded:
        raise RunAgain
    return standing


_PERSON = Statement("SELECT FROM resident WHERE id = :resident_id FOR KEY SHARE")
_VISITOR = Statement(
    """
    SELECT FROM attendance v JOIN resident r ON r.id = v.resident_id
     WHERE v.id = :attendance_id
       FOR KEY SHARE OF r FOR NO KEY UPDATE OF v
    """
)


def lock_person(session: Session, resident_id: UUID | None) -> None:
    """Lock a person before their visit, in the order of those who merge guests: resident →
    visit → booking. Sign-ups of theirs come before or after, never between."""
    _PERSON.first(session, resident_id=resident_id)


def lock_visitor(session: Session, attendance_id: UUID | None) -> None:
    """Lock a visit, its person first."""
    _VISITOR.first(session, attendance_id=attendance_id)
