"""The check-in's fast path: two hand-written statements (make bench shows its figure).

A market day has one minute in which forty people arrive; ORM units of work cost three times as
much here. What each statement guards is said beside it; all else is in keep.py.
"""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.checkin.judge import Moment
from backend.core import clock
from backend.core.db import RunAgain
from backend.core.db.statement import Statement
from backend.core.ids import new_id

# The activity, its standing code, who is meant, and whether this scan's id is known already.
#
# The person is locked here, before all else, as the foreign key would do last: who merges a guest
# into a resident, closes an account or signs the person up either waits for this scan and finds
# what it wrote, or has gone before, and then this scan sees it. So is the activity: who puts it off
# to another day either waits, and takes the visit back, or this scan is judged by the new day.
_CONTEXT = Statement(
    """
    WITH person AS (
        SELECT id, name, phone_encrypted, relation, user_id, guardian_user_id FROM resident
         WHERE removed_at IS NULL AND (id = :resident_id OR code_handle = :handle)
           FOR KEY SHARE
    )
    SELECT a.state, a.starts_at, a.ends_at, a.opened_at, a.closed_at, a.cancelled_at,
           a.checkin_opens_minutes, a.code_rotates_seconds,
           g.code AS region_code, m.scene,
           p.id AS resident_id, p.name AS resident_name, p.phone_encrypted, p.relation, p.user_id,
           p.guardian_user_id,
           u.state AS account_state,
           EXISTS (SELECT FROM scan WHERE id = :scan_id) AS known
      FROM activity a
      JOIN region g ON g.id = a.region_id
      LEFT JOIN market_code m ON m.activity_id = a.id AND m.revoked_at IS NULL
      LEFT JOIN person p ON true
      LEFT JOIN user_account u ON u.id = coalesce(p.user_id, p.guardian_user_id)
     WHERE a.id = :activity_id
       FOR KEY SHARE OF a
    """,
    plans_once=True,
)

# One visit for each person, activity and day, whoever scans first: the unique index decides, the
# loser's INSERT does nothing and reads the winner's row. The scan is written in the same
# statement, with the verdict that follows. Where the winner committed after this statement's
# snapshot, `standing` is empty and nothing is written: run it again.
#
# `expected` reads the sign-ups, whose business they are otherwise: most people have none for the
# day, and then nobody needs to be told of the arrival, which spares a statement.
_ADMIT = Statement(
    """
    WITH visit AS (
        INSERT INTO attendance (id, activity_id, resident_id, on_day, attended_at, device_id)
        VALUES (:attendance_id, :activity_id, :resident_id, :on_day, :judged_at, :device_id)
        ON CONFLICT (activity_id, resident_id, on_day) WHERE reverted_at IS NULL DO NOTHING
        RETURNING id, attended_at, device_id
    ), standing AS (
        SELECT id, attended_at, device_id, NULL::timestamptz AS left_at, true AS fresh FROM visit
        UNION ALL
        SELECT id, attended_at, device_id, left_at, false FROM attendance
         WHERE activity_id = :activity_id AND resident_id = :resident_id AND on_day = :on_day
           AND reverted_at IS NULL AND NOT EXISTS (SELECT FROM visit)
    ), fact AS (
        INSERT INTO scan (id, activity_id, resident_id, operator_user_id, direction, source,
                          device_id, scanned_at, sent_at, received_at, judged_at, derived_verdict,
                          attendance_id, request_hash)
        SELECT :scan_id, :activity_id, :resident_id, :operator_user_id, 'entry', :source,
               :device_id, :scanned_at, :sent_at, :received_at, :judged_at,
               CASE WHEN fresh THEN 'admitted' ELSE 'already_checked_in' END, id, :request_hash
          FROM standing
        ON CONFLICT (id) DO NOTHING
        RETURNING id
    )
    SELECT standing.*, false AS returned, EXISTS (SELECT FROM fact) AS recorded,
           fresh AND EXISTS (SELECT FROM booking
                              WHERE activity_id = :activity_id AND resident_id = :resident_id
                                AND state IN ('confirmed', 'no_show')) AS expected
      FROM standing
    """
)
_SNAPSHOTS = 3

# A visit that stood already, after a scan that was made before it or after a leaving. Judged again
# under the row's lock: of two at once the earlier stands, and both are told so. Who is back may
# have signed up while they were away: that waits from now on.
_MOVE = Statement(
    """
    UPDATE attendance
       SET attended_at = CASE WHEN :earlier THEN least(attended_at, :judged_at)
                              ELSE attended_at END,
           device_id = CASE WHEN :earlier AND :judged_at < attended_at THEN :device_id
                            ELSE device_id END,
           left_at = CASE WHEN left_at > :judged_at THEN left_at END
     WHERE id = :id AND reverted_at IS NULL
    RETURNING id, attended_at, device_id, left_at, false AS fresh,
              CAST(:back AS boolean) AS returned,
              :back OR :earlier AND attended_at = :judged_at AS expected
    """
)


def read_context(
    session: Session,
    activity_id: UUID,
    scan_id: UUID,
    *,
    resident_id: UUID | None,
    handle: UUID | None,
) -> Any:
    """What a scan is judged by, the person locked; None when there is no such activity.

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
    operator_user_id: UUID,
    source: str,
    device_id: str | None,
    moment: Moment,
    request_hash: bytes,
) -> Any:
    """Write the scan, and the visit if it is the day's first; answers the visit that stands,
    whether it is `fresh`, whether the person had left and has `returned`, and whether sign-ups may
    be concerned (`expected`).

    The person is locked already (`read_context`), or new.

    Raises RunAgain when a twin of this very scan has been recorded meanwhile.
    """
    values = {
        "attendance_id": new_id(),
        "scan_id": scan_id,
        "activity_id": activity_id,
        "resident_id": resident_id,
        "on_day": clock.local_day(moment.judged_at),
        "operator_user_id": operator_user_id,
        "source": source,
        "device_id": device_id,
        "scanned_at": moment.scanned_at,
        "sent_at": moment.sent_at,
        "received_at": moment.received_at,
        "judged_at": moment.judged_at,
        "request_hash": request_hash,
    }
    for _ in range(_SNAPSHOTS):
        standing = _ADMIT.first(session, **values)
        if standing is not None:
            break
    if standing is None or not standing.recorded:
        raise RunAgain
    return standing if standing.fresh else _moved(session, standing, moment, device_id)


def _moved(session: Session, standing: Any, moment: Moment, device_id: str | None) -> Any:
    """The visit that stood before a scan, as it stands after it. Of scans made now the first to
    come stands: only what had waited can turn out to be earlier.

    Raises RunAgain when the visit has been taken back meanwhile.
    """
    at = moment.judged_at
    earlier = at < min(moment.received_at, standing.attended_at)
    back = standing.left_at is not None and standing.left_at <= at
    if not earlier and not back:
        return standing
    values = {
        "id": standing.id,
        "earlier": earlier,
        "back": back,
        "judged_at": at,
        "device_id": device_id,
    }
    visit = _MOVE.first(session, **values)
    if visit is None:
        raise RunAgain
    return visit


_VISITOR = Statement(
    """
    SELECT FROM attendance v
      JOIN resident r ON r.id = v.resident_id
      JOIN attendance one ON one.activity_id = v.activity_id AND one.resident_id = v.resident_id
     WHERE v.id = :attendance_id
     ORDER BY one.on_day DESC
       FOR KEY SHARE OF r FOR NO KEY UPDATE OF one
    """
)


def lock_visitor(session: Session, attendance_id: UUID | None) -> None:
    """Lock a visit, its person first, in the order of those who merge guests: resident → visit →
    booking. With it those of other days, the latest first as an exit does: at a night market
    undoing one scan may concern two."""
    _VISITOR.first(session, attendance_id=attendance_id)
