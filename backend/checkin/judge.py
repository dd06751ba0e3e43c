"""Judging a scan at the one instant at which it was made, whenever it reaches us (docs/adr/0017).

A phone without a network keeps its scans and uploads them later: whether somebody was admitted, on
which day and in which place of the line is a question of then, not of now.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.activities.codes.scenes import MarketCodes, scene_of
from backend.activities.days import counts_from
from backend.activities.models import Activity, ActivityState, MarketCode
from backend.activities.permissions import ANNOUNCED
from backend.checkin.models import Refusal, Scan, ScanSource
from backend.checkin.requests import Scanned
from backend.core import clock
from backend.core.config import CHECKIN
from backend.core.context import composed
from backend.core.db import AnyRow
from backend.core.errors import Forbidden, NotFound, ValidationFailed
from backend.core.permissions import Actor, Permission
from backend.identity.models import UserState
from backend.identity.personal_codes import CodeFault, PersonalCodes

OFFLINE_AFTER = timedelta(seconds=CHECKIN.offline_after_seconds)


@dataclass(frozen=True, slots=True)
class Moment:
    """When a scan was made, and how we know.

    scanned_at, sent_at: by the phone's clock, as it was made and as it was uploaded; `sent_at` is
        None where the phone does not say, and its clock is then believed.
    received_at: by our clock.
    judged_at: when it was made, by our clock as far as we know; never after `received_at`.
    """

    scanned_at: datetime
    sent_at: datetime | None
    received_at: datetime
    judged_at: datetime

    @classmethod
    def said(cls, scan: Scanned, received_at: datetime) -> "Moment":
        """What the phone says. However wrong a clock is, it knows how long a scan has waited; a
        scan that would come to be of the future was made now."""
        if scan.scanned_at is None:
            return cls(received_at, scan.sent_at, received_at, received_at)
        waited = max((scan.sent_at or received_at) - scan.scanned_at, timedelta(0))
        return cls(scan.scanned_at, scan.sent_at, received_at, received_at - waited)

    @classmethod
    def kept(cls, scan: Scan) -> "Moment":
        """That of a scan in the database."""
        judged_at = scan.judged_at or scan.received_at
        return cls(scan.scanned_at, scan.sent_at, scan.received_at, judged_at)

    def not_before(self, issued_at: datetime) -> "Moment":
        """Nobody scans a code before there is one: where the phone says so, its clock is wrong."""
        return replace(self, judged_at=min(max(self.judged_at, issued_at), self.received_at))

    @property
    def drift_seconds(self) -> int:
        """By how much the phone's clock is behind ours, as far as we know."""
        if self.sent_at is not None:
            return int((self.received_at - self.sent_at).total_seconds())
        return int((self.judged_at - self.scanned_at).total_seconds())

    @property
    def offline(self) -> bool:
        """Whether the scan had been kept on the phone."""
        return self.received_at - self.judged_at >= OFFLINE_AFTER

    def too_late(self, source: ScanSource) -> bool:
        """Whether it comes after the time for which such a scan's own word is taken."""
        return self.received_at - self.judged_at > trust(source)


def trust(source: ScanSource) -> timedelta:
    """How long after it was made a scan is taken: volunteers answer for theirs."""
    own = source is ScanSource.SELF
    return timedelta(hours=CHECKIN.self_trust_hours if own else CHECKIN.staff_trust_hours)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a scanned personal code comes to: whose it is, or what is wrong with it."""

    handle: UUID | None
    fault: CodeFault | None
    moment: Moment


def read_code(code: str, moment: Moment) -> Shown:
    """Judge a personal code at the instant of its scan."""
    signed = composed(PersonalCodes).verified(code)
    if signed is None:
        return Shown(None, CodeFault.INVALID, moment)
    moment = moment.not_before(signed.issued_at)
    fault = signed.fault(moment.judged_at)
    return Shown(None if fault else signed.handle, fault, moment)


def seen_at_entrance(moment: Moment, code: str, context: AnyRow) -> Moment:
    """The moment of a scan of the market's code: one that changes and is shown just now was
    scanned just now."""
    if context.scene is None or context.code_rotates_seconds is None:
        return moment
    since = composed(MarketCodes).shown_since(
        code, context.scene, context.code_rotates_seconds, moment.received_at
    )
    return moment if since is None else moment.not_before(since)


def meant_resident(actor: Actor, scan: Scanned) -> UUID | None:
    """The row id by which a scan names somebody: oneself, where nobody else is named."""
    if scan.resident_id is None and scan.source is ScanSource.SELF:
        return actor.resident_id
    return scan.resident_id


def check_may_scan(actor: Actor, scan: Scanned, context: AnyRow) -> None:
    """With the market's code anybody; otherwise a volunteer of the place."""
    staff = actor.may(Permission.CHECKIN_SCAN, region_code=context.region_code)
    if context.state not in ANNOUNCED and not staff:
        raise NotFound
    if scan.source is not ScanSource.SELF and not staff:
        raise Forbidden


def check_who_is_meant(actor: Actor, scan: Scanned, context: AnyRow) -> None:
    """Oneself and one's family with the market's code; anybody there is, as a volunteer."""
    if scan.source is ScanSource.SELF:
        if actor.user_id not in (context.user_id, context.guardian_user_id):
            raise NotFound
    elif scan.resident_id is not None and context.resident_id is None:
        raise ValidationFailed(errors={"resident_id": ["没有这位居民，请重新查找"]})


def refusal(
    session: Session,
    activity_id: UUID,
    scan: Scanned,
    context: AnyRow,
    moment: Moment,
    fault: CodeFault | None,
) -> Refusal | None:
    """Why a scan admits nobody; None when it does. The first that applies, market first."""
    closed = market_refusal(context, moment.judged_at)
    if closed is not None:
        return closed
    if moment.too_late(scan.source):
        return Refusal.EXPIRED
    if scan.code is not None:
        return _market_code_refusal(session, activity_id, scan.code, context, moment.judged_at)
    if fault is not None:
        return Refusal(fault.value)
    if scan.resident_code is not None and context.resident_id is None:
        return Refusal.REVOKED
    if context.account_state == UserState.BLOCKED:
        return Refusal.BLOCKED
    return None


def market_refusal(context: AnyRow | Activity, at: datetime) -> Refusal | None:
    """An announced market admits from some minutes before its start, or on its day from when its
    organiser has opened it; until it is closed or cancelled, or its last day is over."""
    cancelled = context.state == ActivityState.CANCELLED
    if cancelled and _was_over(context.cancelled_at, at):
        return Refusal.CANCELLED
    if context.state == ActivityState.CLOSED and _was_over(context.closed_at, at):
        return Refusal.EXPIRED
    if at >= clock.day_end(clock.local_day(context.ends_at)):
        return Refusal.EXPIRED
    opens = context.starts_at - timedelta(minutes=context.checkin_opens_minutes)
    opened = context.opened_at is not None and at >= max(context.opened_at, counts_from(context))
    if context.state in ANNOUNCED and (opened or at >= opens):
        return None
    return Refusal.CANCELLED if cancelled else Refusal.NOT_YET


def _was_over(ended_at: datetime | None, at: datetime) -> bool:
    return ended_at is None or at >= ended_at


def _market_code_refusal(
    session: Session, activity_id: UUID, code: str, context: AnyRow, at: datetime
) -> Refusal | None:
    scene = scene_of(code)
    if scene != context.scene:
        stale = _other_code_refusal(session, activity_id, scene, at)
        if stale is not None:
            return stale
    # Our clock and the one at the entrance may differ: the code that comes next is good already.
    skew = timedelta(seconds=CHECKIN.clock_skew_seconds)
    proves, rotates = composed(MarketCodes).proves, context.code_rotates_seconds
    if any(proves(code, scene, rotates, instant) for instant in (at, at + skew)):
        return None
    # The right market; a code that changes, photographed too long before.
    return Refusal.EXPIRED


def _other_code_refusal(
    session: Session, activity_id: UUID, scene: str, at: datetime
) -> Refusal | None:
    """Of a code that is not the market's now; None when it was at that instant."""
    found = session.execute(
        select(MarketCode.activity_id, MarketCode.revoked_at).where(MarketCode.scene == scene)
    ).one_or_none()
    if found is None:
        return Refusal.INVALID
    if found.activity_id != activity_id:
        return Refusal.WRONG_MARKET
    return Refusal.REVOKED if _was_over(found.revoked_at, at) else None
