"""Use cases of check-in: take a scan, undo it; who may find people."""

from uuid import UUID

from sqlalchemy.orm import Session

from backend.activities.models import Activity
from backend.checkin import answers, judge, keep, leaving, queries, statements
from backend.checkin.errors import AlreadyReverted, FindClosed, NotRevertible
from backend.checkin.judge import Moment, Shown
from backend.checkin.models import Scan, ScanDirection, ScanRevert, Verdict
from backend.checkin.requests import Scanned, Undo
from backend.core import audit, clock
from backend.core.errors import NotFound
from backend.core.permissions import Actor, Permission

# The audit log's verb, for the board.
FIND_LIMIT_REACHED = "find_limit_reached"


def record_scan(session: Session, actor: Actor, activity_id: UUID, scan: Scanned) -> answers.Answer:
    """Judge one scan and keep it, whatever the verdict.

    Raises NotFound (404) for an activity or resident that the caller may not see, Forbidden
    (403) when somebody who is no volunteer there scans others, ScanIdReused (409), NumberKnown and
    NameKnown (409) where a guest may be somebody else, ValidationFailed (422).
    """
    moment = Moment.said(scan, clock.now())
    shown = Shown(None, None, moment)
    if scan.resident_code is not None:
        shown = judge.read_code(scan.resident_code, moment)
    context = statements.read_context(
        session,
        activity_id,
        scan.id,
        resident_id=judge.meant_resident(actor, scan),
        handle=shown.handle,
    )
    if context is None:
        raise NotFound
    judge.check_may_scan(actor, scan, context)
    request_hash = keep.request_hash(actor, activity_id, scan)
    if context.known:
        # Before anything else is judged: the person may have closed their account, or have been
        # a guest who became a resident, since the phone sent this scan first.
        return answers.told(keep.kept_before(session, scan.id, request_hash))
    judge.check_who_is_meant(actor, scan, context)
    moment = shown.moment
    if scan.code is not None:
        moment = judge.seen_at_entrance(moment, scan.code, context)
    new = keep.NewScan(session, actor, activity_id, scan, context, moment, request_hash)
    reason = judge.refusal(session, activity_id, scan, context, moment, shown.fault)
    if reason is not None:
        return answers.told(new.refuse(reason))
    if scan.direction is ScanDirection.EXIT:
        return answers.told(new.leave())
    return answers.told(new.admit())


def revert_scan(session: Session, actor: Actor, scan_id: UUID, undo: Undo) -> ScanRevert:
    """Undo what followed from a scan, as a new fact with a reason.

    Raises NotFound (404), also for a scan of a place where the caller may not revert,
    NotRevertible (409) for a scan that made no visit, AlreadyReverted (409) with the numbers that
    are still to be asked about: the first answer may have been lost.
    """
    scan = session.get(Scan, scan_id)
    activity = session.get(Activity, scan.activity_id) if scan else None
    if scan is None or activity is None:
        raise NotFound
    if not actor.may(Permission.CHECKIN_REVERT, region_code=activity.region_code):
        raise NotFound
    if scan.derived_verdict is not Verdict.ADMITTED and not keep.made_earlier(session, scan):
        raise NotRevertible
    statements.lock_visitor(session, scan.attendance_id)
    if queries.is_undone(session, scan.id):
        raise AlreadyReverted(extra={"tickets": queries.numbers_left(session, scan.id)})
    revert = ScanRevert(scan_id=scan.id, operator_user_id=actor.user_id)
    session.add(revert)
    session.flush()
    if scan.direction is ScanDirection.EXIT:
        leaving.derive_all(session, scan.attendance_id)
    else:
        keep.undo_entry(session, actor, activity, scan, revert.at)
    audit.record(
        session,
        actor,
        "revert_scan",
        Scan.__tablename__,
        scan.id,
        region_code=activity.region_code,
        from_state=scan.derived_verdict,
        to_state="reverted",
        details={"reason": undo.reason, "attendance_id": str(scan.attendance_id)},
    )
    return revert


def check_find(activity: Activity) -> None:
    """People are found while they may be checked in, and neither before nor after.

    Raises FindClosed (409).
    """
    if judge.market_refusal(activity, clock.now()) is not None:
        raise FindClosed


def note_limit(
    session: Session, actor: Actor | None, activity_id: UUID, permission: Permission
) -> None:
    """Somebody has found so many people that they are stopped: their organiser sees it on the
    board, as long as they work there at all."""
    activity = session.get(Activity, activity_id)
    if actor and activity and actor.may(permission, region_code=activity.region_code):
        audit.record(
            session,
            actor,
            FIND_LIMIT_REACHED,
            Activity.__tablename__,
            activity.id,
            region_code=activity.region_code,
        )
