"""What of a scan is kept: the scan itself, an append-only fact with an id that its phone has made,
and what follows from it, the visit, which is unique for each person, activity and day
(docs/rules/check-in.md, A scan); and what is left of both when a scan is undone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Self
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from backend.activities.models import Activity, ActivityState, Attendance
from backend.activities.signals import arrival_reverted, person_arrived, visit_learned_late
from backend.checkin import leaving, statements
from backend.checkin.errors import ScanIdReused
from backend.checkin.judge import Moment
from backend.checkin.models import (
    Refusal,
    Scan,
    ScanDirection,
    ScanSource,
    Verdict,
)
from backend.checkin.queries import JUDGED_AT, UNDONE
from backend.checkin.requests import Scanned
from backend.core import clock
from backend.core.context import composed
from backend.core.crypto import PhoneVault
from backend.core.db import AnyRow, RunAgain
from backend.core.idempotency import fingerprint
from backend.core.permissions import Actor
from backend.identity.models import Resident
from backend.identity.people import guests
from backend.identity.people.standing import Occasion

_OVER = (ActivityState.CLOSED, ActivityState.CANCELLED)


class Who(NamedTuple):
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


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit as a scan that came before had found it."""

    id: UUID
    attended_at: datetime
    device_id: str | None
    left_at: datetime | None


@dataclass(frozen=True, slots=True)
class Kept:
    """A scan as it is kept, with the visit that stands, and whether the person had left and has
    `returned`; `answers.told` makes the phone's answer."""

    id: UUID
    direction: ScanDirection
    source: ScanSource
    moment: Moment
    who: Who
    verdict: Verdict
    reason: Refusal | None
    visit: AnyRow | Visit | None
    returned: bool = False


class NewScan:
    """One scan on its way into the tables."""

    def __init__(
        self,
        session: Session,
        actor: Actor,
        activity_id: UUID,
        scan: Scanned,
        context: AnyRow,
        moment: Moment,
        request_hash: bytes,
    ) -> None:
        self.session, self.actor, self.activity_id = session, actor, activity_id
        self.scan, self.context, self.request_hash = scan, context, request_hash
        self.moment = moment
        self.who = Who(
            context.resident_id, context.resident_name, context.phone_encrypted, context.relation
        )

    def refuse(self, reason: Refusal) -> Kept:
        """Keep the scan as a fact that admitted nobody."""
        self._insert(Verdict.REFUSED, reason, self.context.resident_id, None)
        return self._kept(Verdict.REFUSED, reason, None)

    def admit(self) -> Kept:
        """Keep the scan, and the visit if it is the first of the day."""
        resident_id = self.context.resident_id
        if self.scan.guest is not None:
            resident_id = self._write_in(self.scan.guest)
            self.who = Who.read(self.session, resident_id)
        standing = statements.admit(
            self.session,
            scan_id=self.scan.id,
            activity_id=self.activity_id,
            resident_id=resident_id,
            operator_user_id=self.actor.user_id,
            source=self.scan.source.value,
            device_id=self.scan.device_id,
            moment=self.moment,
            request_hash=self.request_hash,
        )
        if standing.returned or (standing.fresh and self._may_have_left()):
            leaving.derive(self.session, standing.id)
        if standing.expected:
            self._tell_arrival(resident_id)
        if standing.fresh and self.context.state in _OVER:
            visit_learned_late.send(self.session, activity_id=self.activity_id)
        verdict = Verdict.ADMITTED if standing.fresh else Verdict.ALREADY_CHECKED_IN
        return self._kept(verdict, None, standing, returned=standing.returned)

    def leave(self) -> Kept:
        """Keep an exit; the visit stays, with the time of leaving. Who had left by then has left
        once, whoever scans them again. Of visits on both sides of midnight it is the later's."""
        on_day = clock.local_day(self.moment.judged_at)
        visits = self._visits()
        visit = next((one for one in visits if one.on_day <= on_day), None)
        if visit is None:
            return self.refuse(Refusal.INVALID)
        # Of exits made now the first to come stands: only what had waited can be an earlier one.
        left_before = visit.left_at is not None and (
            not self.moment.offline or visit.left_at <= self.moment.judged_at
        )
        verdict = Verdict.ALREADY_CHECKED_IN if left_before else Verdict.ADMITTED
        self._insert(verdict, None, self.context.resident_id, visit.id)
        if not left_before:
            for one in visits:
                leaving.derive(self.session, one.id)
        return self._kept(verdict, None, visit)

    def _visits(self) -> Sequence[AnyRow]:
        """The person's visits that an exit may end, locked, the latest day first."""
        columns = (
            Attendance.id, Attendance.on_day, Attendance.attended_at, Attendance.device_id,
            Attendance.left_at,
        )  # fmt: skip
        return self.session.execute(
            select(*columns)
            .where(*self._of_today(), Attendance.resident_id == self.context.resident_id)
            .order_by(Attendance.on_day.desc())
            .with_for_update(key_share=True)
        ).all()

    def _of_today(self) -> list[ColumnElement[bool]]:
        """The visits of this moment's day; at a night market those of both its days."""
        visits = [Attendance.activity_id == self.activity_id, Attendance.reverted_at.is_(None)]
        if not clock.is_one_sitting(self.context.starts_at, self.context.ends_at):
            visits.append(Attendance.on_day == clock.local_day(self.moment.judged_at))
        return visits

    def _may_have_left(self) -> bool:
        """Whether we may know of exits after an entry that has made a visit: of one that had
        waited, where an exit may have been of the visit on the other side of midnight."""
        begins, ends = map(clock.local_day, (self.context.starts_at, self.context.ends_at))
        return self.moment.offline and begins != ends

    def _write_in(self, guest: guests.NewGuest) -> UUID:
        """The guest, or who they are already. Nobody is asked about a scan that was kept."""
        here = select(Attendance.resident_id).where(*self._of_today())
        day = clock.day_within(self.moment.judged_at, self.context.starts_at, self.context.ends_at)
        place = guests.Place(Occasion(self.activity_id, day), here, self.context.region_code)
        ask = not self.moment.offline
        try:
            return guests.write_in(self.session, self.actor, guest, place, ask=ask)
        except guests.NameKnown:
            # Not where it is whom a twin of this very scan has written in meanwhile.
            if self.session.get(Scan, self.scan.id) is None:
                raise
            raise RunAgain from None

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
                id=self.scan.id,
                activity_id=self.activity_id,
                resident_id=resident_id,
                operator_user_id=self.actor.user_id,
                direction=self.scan.direction,
                source=self.scan.source,
                device_id=self.scan.device_id,
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

    def _kept(
        self,
        verdict: Verdict,
        reason: Refusal | None,
        visit: AnyRow | None,
        *,
        returned: bool = False,
    ) -> Kept:
        return Kept(
            self.scan.id,
            self.scan.direction,
            self.scan.source,
            self.moment,
            self.who,
            verdict,
            reason,
            visit,
            returned,
        )


def kept_before(session: Session, scan_id: UUID, request_hash: bytes) -> Kept:
    """A scan of this id that came before, with what was known when it came: so its answer is the
    first one, whatever has been scanned, uploaded or undone since.

    Raises ScanIdReused (409) when the id came with another body, or from somebody else.
    """
    scan = session.get_one(Scan, scan_id)
    if scan.request_hash != request_hash:
        raise ScanIdReused
    moment = Moment.kept(scan)
    visit = _visit_found(session, scan)
    found = scan.direction is ScanDirection.ENTRY and scan.derived_verdict is not Verdict.ADMITTED
    left_at = visit.left_at if visit is not None else None
    return Kept(
        scan.id,
        scan.direction,
        scan.source,
        moment,
        Who.read(session, scan.resident_id),
        scan.derived_verdict,
        scan.reason,
        visit,
        returned=found and left_at is not None and left_at <= moment.judged_at,
    )


def _visit_found(session: Session, scan: Scan) -> Visit | None:
    """The visit that a scan made or found, and when its person had left it before the scan."""
    if scan.attendance_id is None:
        return None
    visit = session.get_one(Attendance, scan.attendance_id)
    # As `admit` moves a visit: of scans made as they came the first stands.
    moved_it = or_(Scan.derived_verdict == Verdict.ADMITTED, Scan.received_at > JUDGED_AT)
    entries = _entries(visit.id).where(leaving.known_to(scan), moved_it)
    stood_on = session.execute(entries.order_by(JUDGED_AT, Scan.id).limit(1)).one_or_none()
    return Visit(
        visit.id,
        stood_on.at if stood_on else visit.attended_at,
        stood_on.device_id if stood_on else visit.device_id,
        leaving.left_before(session, scan),
    )


def request_hash(actor: Actor, activity_id: UUID, scan: Scanned) -> bytes:
    """What tells this scan from another with the same id. Keyed: a scan is kept for good, and a
    guest's phone number could be guessed from a plain hash."""
    plain = fingerprint(actor.user_id, activity_id, scan.meaning())
    return composed(PhoneVault).lookup_hash(plain.hex())


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


def made_earlier(session: Session, scan: Scan) -> bool:
    """Whether a visit that another scan has made stands on this one too."""
    return any(entry.id == scan.id for entry in session.execute(_entries(scan.attendance_id)))


def undo_entry(
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
