"""Use cases of check-in: judge a scan, keep it, undo it, find a person.

A scan is an append-only fact with an id that the phone has made: the same id again gets the
first answer. What follows from it, the visit, is unique for each person, activity and day
(semantics.md, Check-in).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Self
from uuid import UUID

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from backend.activities.models import Activity, ActivityState, Attendance
from backend.activities.permissions import ANNOUNCED
from backend.activities.signals import arrival_reverted, person_arrived, visit_learned_late
from backend.checkin import judging, statements
from backend.checkin.judging import Moment, Shown
from backend.checkin.models import (
    Refusal,
    Scan,
    ScanDirection,
    ScanRevert,
    ScanSource,
    Verdict,
)
from backend.checkin.queries import JUDGED_AT, UNDONE
from backend.core import audit, clock
from backend.core.config import CHECKIN
from backend.core.context import composed
from backend.core.crypto import PhoneVault
from backend.core.db import AnyRow, RunAgain
from backend.core.errors import AppError, Forbidden, NotFound, ValidationFailed, on_constraint
from backend.core.idempotency import fingerprint
from backend.core.permissions import Actor, Permission
from backend.identity import guests
from backend.identity.models import Resident
from backend.identity.names import masked_name, own_name
from backend.identity.phones import masked
from backend.identity.standing import Occasion

# The audit log's verb, for the board.
FIND_LIMIT_REACHED = "find_limit_reached"


class ScanIdReused(AppError):
    status = 409
    code = "scan_id_reused"
    title = "这次扫码与之前上传的内容不一致，请重新扫码"


class AlreadyReverted(AppError):
    status = 409
    code = "already_reverted"
    title = "这次签到已经撤销过了"


class FindClosed(AppError):
    status = 409
    code = "find_closed"
    title = "只在活动签到期间才能查找居民"


class NotRevertible(AppError):
    status = 409
    code = "not_revertible"
    title = "这次扫码没有产生签到，无需撤销"


on_constraint("uq_scan_revert_scan_id", AlreadyReverted)


_OVER = (ActivityState.CLOSED, ActivityState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the phone shows for a scan."""

    id: UUID
    direction: ScanDirection
    verdict: Verdict
    reason: Refusal | None
    resident: dict[str, Any] | None
    attendance: dict[str, Any] | None
    message: str
    clock_drift_seconds: int | None

    @property
    def status(self) -> int:
        """201 for the scan that made a visit, 200 for any other."""
        came = self.verdict is Verdict.ADMITTED and self.direction is ScanDirection.ENTRY
        return 201 if came else 200


def record_scan(session: Session, actor: Actor, activity_id: UUID, body: dict[str, Any]) -> Answer:
    """Judge one scan and keep it, whatever the verdict.

    Args:
        body: as ScanRequest loads it.

    Raises NotFound (404) for an activity or resident that the caller may not see, Forbidden
    (403) when somebody who is no volunteer there scans others, ScanIdReused (409), NumberKnown and
    NameKnown (409) where a guest may be somebody else, ValidationFailed (422).
    """
    moment = Moment.said(body, clock.now())
    shown = Shown(None, None, moment)
    if "resident_code" in body:
        shown = judging.read_code(body["resident_code"], moment)
    context = statements.read_context(
        session,
        activity_id,
        body["id"],
        resident_id=_meant_resident(actor, body),
        handle=shown.handle,
    )
    if context is None:
        raise NotFound
    _check_may_scan(actor, body, context)
    request_hash = _request_hash(actor, activity_id, body)
    if context.known:
        # Before anything else is judged: the person may have closed their account, or have been
        # a guest who became a resident, since the phone sent this scan first.
        return _first_answer(session, body["id"], request_hash)
    _check_who_is_meant(actor, body, context)
    moment = shown.moment
    if body["source"] is ScanSource.SELF:
        moment = judging.seen_at_entrance(moment, body["code"], context)
    scan = _NewScan(session, actor, activity_id, body, context, moment, request_hash)
    reason = judging.refusal(session, activity_id, body, context, moment, shown.fault)
    if reason is not None:
        return scan.refuse(reason)
    if body["direction"] is ScanDirection.EXIT:
        return scan.leave()
    return scan.admit()


def _meant_resident(actor: Actor, body: dict[str, Any]) -> UUID | None:
    default = actor.resident_id if body["source"] is ScanSource.SELF else None
    meant: UUID | None = body.get("resident_id", default)
    return meant


def _check_may_scan(actor: Actor, body: dict[str, Any], context: AnyRow) -> None:
    """With the market's code anybody; otherwise a volunteer of the place."""
    staff = actor.may(Permission.CHECKIN_SCAN, region_code=context.region_code)
    if context.state not in ANNOUNCED and not staff:
        raise NotFound
    if body["source"] is not ScanSource.SELF and not staff:
        raise Forbidden


def _check_who_is_meant(actor: Actor, body: dict[str, Any], context: AnyRow) -> None:
    """Oneself and one's family with the market's code; anybody there is, as a volunteer."""
    if body["source"] is ScanSource.SELF:
        if actor.user_id not in (context.user_id, context.guardian_user_id):
            raise NotFound
    elif "resident_id" in body and context.resident_id is None:
        raise ValidationFailed(errors={"resident_id": ["没有这位居民，请重新查找"]})


def check_find(activity: Activity) -> None:
    """People are found while they may be checked in, and neither before nor after.

    Raises FindClosed (409).
    """
    if judging.market_refusal(activity, clock.now()) is not None:
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


class _Who(NamedTuple):
    """Of whom a scan is; nothing where nobody is known."""

    id: UUID | None
    name: str | None
    phone_encrypted: bytes | None
    relation: str | None

    @classmethod
    def read(cls, session: Session, resident_id: UUID | None) -> Self:
        columns = (Resident.id, Resident.name, Resident.phone_encrypted, Resident.relation)
        found = session.execute(select(*columns).where(Resident.id == resident_id)).one_or_none()
        return cls(*found) if found else cls(None, None, None, None)

    def shown(self, source: ScanSource) -> dict[str, Any] | None:
        """To the person, or to a volunteer who has to tell people of one name apart."""
        if self.id is None:
            return None
        if source is ScanSource.SELF:
            return {"id": self.id, "display_name": own_name(self.name)}
        return {
            "id": self.id,
            "display_name": masked_name(self.name),
            "phone": masked(self.phone_encrypted),
            "relation": self.relation,
        }


class _NewScan:
    """One scan on its way into the tables."""

    def __init__(
        self,
        session: Session,
        actor: Actor,
        activity_id: UUID,
        body: dict[str, Any],
        context: AnyRow,
        moment: Moment,
        request_hash: bytes,
    ) -> None:
        self.session, self.actor, self.activity_id = session, actor, activity_id
        self.body, self.context, self.request_hash = body, context, request_hash
        self.moment = moment
        self.who = _Who(
            context.resident_id, context.resident_name, context.phone_encrypted, context.relation
        )

    def refuse(self, reason: Refusal) -> Answer:
        """Keep the scan as a fact that admitted nobody."""
        self._insert(Verdict.REFUSED, reason, self.context.resident_id, None)
        return self._answer(Verdict.REFUSED, reason, None)

    def admit(self) -> Answer:
        """Keep the scan, and the visit if it is the first of the day."""
        resident_id = self.context.resident_id
        if "guest" in self.body:
            resident_id = self._write_in()
            self.who = _Who.read(self.session, resident_id)
        standing = statements.admit(
            self.session,
            scan_id=self.body["id"],
            activity_id=self.activity_id,
            resident_id=resident_id,
            operator_user_id=self.actor.user_id,
            source=self.body["source"].value,
            device_id=self.body.get("device_id"),
            moment=self.moment,
            request_hash=self.request_hash,
        )
        if standing.expected:
            self._tell_arrival(resident_id)
        if standing.fresh and self.context.state in _OVER:
            visit_learned_late.send(self.session, activity_id=self.activity_id)
        verdict = Verdict.ADMITTED if standing.fresh else Verdict.ALREADY_CHECKED_IN
        return self._answer(verdict, None, standing)

    def leave(self) -> Answer:
        """Keep an exit; the visit stays, with the time of leaving."""
        visit = self.session.execute(
            select(Attendance.id, Attendance.attended_at, Attendance.device_id)
            .where(
                Attendance.activity_id == self.activity_id,
                Attendance.resident_id == self.context.resident_id,
                Attendance.on_day == clock.local_day(self.moment.judged_at),
                Attendance.reverted_at.is_(None),
            )
            .with_for_update(key_share=True)
        ).one_or_none()
        if visit is None:
            return self.refuse(Refusal.INVALID)
        self._insert(Verdict.ADMITTED, None, self.context.resident_id, visit.id)
        _derive_leaving(self.session, visit.id)
        return self._answer(Verdict.ADMITTED, None, visit)

    def _write_in(self) -> UUID:
        """The guest, or who they are already. Nobody is asked about a scan that was kept."""
        here = select(Attendance.resident_id).where(
            Attendance.activity_id == self.activity_id,
            Attendance.on_day == clock.local_day(self.moment.judged_at),
            Attendance.reverted_at.is_(None),
        )
        day = clock.day_within(self.moment.judged_at, self.context.starts_at, self.context.ends_at)
        place = guests.Place(Occasion(self.activity_id, day), here, self.context.region_code)
        return guests.write_in(
            self.session, self.actor, self.body["guest"], place, ask=not self.moment.offline
        )

    def _tell_arrival(self, resident_id: UUID) -> None:
        person_arrived.send(
            self.session,
            actor=self.actor,
            activity_id=self.activity_id,
            resident_id=resident_id,
            at=self.moment.judged_at,
            service_on=clock.day_within(
                self.moment.judged_at, self.context.starts_at, self.context.ends_at
            ),
        )

    def _insert(
        self,
        verdict: Verdict,
        reason: Refusal | None,
        resident_id: UUID | None,
        attendance_id: UUID | None,
    ) -> None:
        statement = (
            insert(Scan)
            .values(
                id=self.body["id"],
                activity_id=self.activity_id,
                resident_id=resident_id,
                operator_user_id=self.actor.user_id,
                direction=self.body["direction"],
                source=self.body["source"],
                device_id=self.body.get("device_id"),
                scanned_at=self.moment.scanned_at,
                sent_at=self.moment.sent_at,
                received_at=self.moment.received_at,
                judged_at=self.moment.judged_at,
                derived_verdict=verdict,
                reason=reason,
                attendance_id=attendance_id,
                request_hash=self.request_hash,
            )
            .on_conflict_do_nothing()
            .returning(Scan.id)
        )
        if self.session.execute(statement).scalar_one_or_none() is None:
            raise RunAgain

    def _answer(
        self,
        verdict: Verdict,
        reason: Refusal | None,
        visit: AnyRow | None,
    ) -> Answer:
        return _answer(
            self.body["id"],
            self.body["direction"],
            verdict,
            reason,
            self.who,
            visit,
            source=self.body["source"],
            moment=self.moment,
        )


def _first_answer(session: Session, scan_id: UUID, request_hash: bytes) -> Answer:
    """The answer given to this scan's id before, made again from what was kept.

    Raises ScanIdReused (409) when the id came with another body, or from somebody else.
    """
    scan = session.get_one(Scan, scan_id)
    if scan.request_hash != request_hash:
        raise ScanIdReused
    visit = session.get(Attendance, scan.attendance_id) if scan.attendance_id else None
    return _answer(
        scan.id,
        scan.direction,
        scan.derived_verdict,
        scan.reason,
        _Who.read(session, scan.resident_id),
        visit,
        source=scan.source,
        moment=Moment.kept(scan),
    )


def _answer(
    scan_id: UUID,
    direction: ScanDirection,
    verdict: Verdict,
    reason: Refusal | None,
    who: _Who,
    visit: AnyRow | Attendance | None,
    *,
    source: ScanSource,
    moment: Moment,
) -> Answer:
    shown = own_name(who.name) if source is ScanSource.SELF else masked_name(who.name)
    drift = moment.drift_seconds
    message = _message(direction, verdict, reason, shown, visit.attended_at if visit else None)
    if reason is Refusal.EXPIRED and moment.too_late(source):
        message = _too_late_message(source)
    return Answer(
        id=scan_id,
        direction=direction,
        verdict=verdict,
        reason=reason,
        resident=who.shown(source),
        attendance={
            "id": visit.id,
            "attended_at": visit.attended_at.astimezone(UTC),
            "device_id": visit.device_id,
        }
        if visit is not None
        else None,
        message=message,
        clock_drift_seconds=drift if abs(drift) > CHECKIN.drift_warning_seconds else None,
    )


_REFUSAL_MESSAGES = {
    Refusal.INVALID: "这个码无法识别，请重新扫码或到服务台登记",
    Refusal.WRONG_MARKET: "这是另一场活动的码，请扫描现场的签到码",
    Refusal.NOT_YET: "签到还没有开始，请稍后再来",
    Refusal.EXPIRED: "码已过期或签到已结束，请刷新后重试",
    Refusal.CANCELLED: "这场活动已取消",
    Refusal.REVOKED: "这个码已停用，请刷新后再出示",
    Refusal.BLOCKED: "请到服务台人工登记",
}


def _too_late_message(source: ScanSource) -> str:
    hours = judging.trust(source) // timedelta(hours=1)
    if source is ScanSource.SELF:
        return f"这次签到过了 {hours} 小时才提交，请到服务台找志愿者登记"
    return f"这次扫码过了 {hours} 小时才上传，请交给组织者处理"


def _message(
    direction: ScanDirection,
    verdict: Verdict,
    reason: Refusal | None,
    shown: str,
    attended_at: datetime | None,
) -> str:
    """The sentence for the phone's screen (ui.md, Phone, volunteer)."""
    if reason is not None:
        return _REFUSAL_MESSAGES[reason]
    if direction is ScanDirection.EXIT:
        return f"{shown} 已签退"
    if verdict is Verdict.ADMITTED or attended_at is None:
        return f"{shown} 签到成功"
    return f"{shown} {attended_at.astimezone(clock.SHANGHAI):%H:%M} 已签到"


def revert_scan(session: Session, actor: Actor, scan_id: UUID, reason: str) -> ScanRevert:
    """Undo what followed from a scan, as a new fact with a reason.

    Raises NotFound (404), also for a scan of a place where the caller may not revert,
    NotRevertible (409) for a scan that made no visit, AlreadyReverted (409).
    """
    scan = session.get(Scan, scan_id)
    activity = session.get(Activity, scan.activity_id) if scan else None
    if scan is None or activity is None:
        raise NotFound
    if not actor.may(Permission.CHECKIN_REVERT, region_code=activity.region_code):
        raise NotFound
    if scan.derived_verdict is not Verdict.ADMITTED and not _made_earlier(session, scan):
        raise NotRevertible
    statements.lock_visitor(session, scan.attendance_id)
    revert = ScanRevert(scan_id=scan.id, operator_user_id=actor.user_id)
    session.add(revert)
    session.flush()
    if scan.direction is ScanDirection.EXIT:
        _derive_leaving(session, scan.attendance_id)
    else:
        _undo_entry(session, actor, activity, scan, revert.at)
    audit.record(
        session,
        actor,
        "revert_scan",
        Scan.__tablename__,
        scan.id,
        region_code=activity.region_code,
        from_state=scan.derived_verdict,
        to_state="reverted",
        details={"reason": reason, "attendance_id": str(scan.attendance_id)},
    )
    return revert


def _entries(attendance_id: UUID | None) -> Select[UUID, str | None, datetime]:
    """What a visit stands on: the scan that made it, and those uploaded later that had been made
    before it. What else was scanned found the person here."""
    maker = aliased(Scan)
    made_at = (
        select(func.coalesce(maker.judged_at, maker.received_at))
        .where(
            maker.attendance_id == attendance_id,
            maker.direction == ScanDirection.ENTRY,
            maker.derived_verdict == Verdict.ADMITTED,
        )
        .scalar_subquery()
    )
    return select(Scan.id, Scan.device_id, JUDGED_AT.label("at")).where(
        Scan.attendance_id == attendance_id,
        Scan.direction == ScanDirection.ENTRY,
        or_(Scan.derived_verdict == Verdict.ADMITTED, made_at > JUDGED_AT),
    )


def _made_earlier(session: Session, scan: Scan) -> bool:
    """Whether a visit that another scan has made stands on this one too."""
    return any(entry.id == scan.id for entry in session.execute(_entries(scan.attendance_id)))


def _undo_entry(
    session: Session, actor: Actor, activity: Activity, scan: Scan, at: datetime
) -> None:
    """The visit as its other scans have left it; without any it is taken back."""
    standing = _entries(scan.attendance_id).where(~UNDONE).order_by(JUDGED_AT, Scan.id)
    other = session.execute(standing.limit(1)).one_or_none()
    if other is None:
        _undo_visit(session, actor, activity, scan, at)
        return
    session.execute(
        update(Attendance)
        .where(Attendance.id == scan.attendance_id)
        .values(attended_at=other.at, device_id=other.device_id)
    )


def _undo_visit(
    session: Session, actor: Actor, activity: Activity, scan: Scan, at: datetime
) -> None:
    """Take the visit back. One that was taken back already (a guest's, when the guest turned out
    to be a resident who was there) leaves the resident's own as it is."""
    visit = session.execute(
        update(Attendance)
        .where(Attendance.id == scan.attendance_id, Attendance.reverted_at.is_(None))
        .values(reverted_at=at)
        .returning(Attendance.resident_id, Attendance.attended_at)
    ).one_or_none()
    if visit is not None:
        arrival_reverted.send(
            session,
            actor=actor,
            activity_id=activity.id,
            # The visit's, not the scan's: a guest may have become a resident meanwhile.
            resident_id=visit.resident_id,
            service_on=clock.day_within(visit.attended_at, activity.starts_at, activity.ends_at),
        )


def _derive_leaving(session: Session, attendance_id: UUID | None) -> None:
    """The visit as the last of its scans has left it: inside, or out since then."""
    last = session.execute(
        select(Scan.direction, JUDGED_AT.label("at"))
        .where(Scan.attendance_id == attendance_id, ~UNDONE)
        .order_by(JUDGED_AT.desc(), Scan.received_at.desc(), Scan.direction.desc())
        .limit(1)
    ).one_or_none()
    out = last is not None and last.direction is ScanDirection.EXIT
    session.execute(
        update(Attendance)
        .where(Attendance.id == attendance_id)
        .values(left_at=last.at if last is not None and out else None)
    )


def _request_hash(actor: Actor, activity_id: UUID, body: dict[str, Any]) -> bytes:
    """What tells this scan from another with the same id. Keyed: a scan is kept for good, and a
    guest's phone number could be guessed from a plain hash."""
    plain = fingerprint(actor.user_id, activity_id, body)
    return composed(PhoneVault).lookup_hash(plain.hex())
