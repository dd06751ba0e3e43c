"""What the phone that scans is told."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from backend.checkin.judge import trust
from backend.checkin.keep import Kept, Who
from backend.checkin.models import Refusal, ScanDirection, ScanSource, Verdict
from backend.core import clock
from backend.core.config import CHECKIN
from backend.identity.names import masked_name, own_name
from backend.identity.phones import masked


@dataclass(frozen=True, slots=True)
class Answer:
    """What the phone shows for a scan."""

    id: UUID
    direction: ScanDirection
    verdict: Verdict
    reason: Refusal | None
    resident: dict[str, Any] | None
    attendance: dict[str, Any] | None
    returned: bool
    message: str
    clock_drift_seconds: int | None

    @property
    def status(self) -> int:
        """201 for the scan that made a visit, 200 for any other."""
        came = self.verdict is Verdict.ADMITTED and self.direction is ScanDirection.ENTRY
        return 201 if came else 200


def told(kept: Kept) -> Answer:
    """What the phone is told of a scan that is kept."""
    own = kept.source is ScanSource.SELF
    shown = own_name(kept.who.name) if own else masked_name(kept.who.name)
    drift = kept.moment.drift_seconds
    visit = kept.visit
    return Answer(
        id=kept.id,
        direction=kept.direction,
        verdict=kept.verdict,
        reason=kept.reason,
        resident=_person(kept.who, kept.source),
        attendance={
            "id": visit.id,
            "attended_at": visit.attended_at.astimezone(UTC),
            "device_id": visit.device_id,
            "left_at": _left_before(kept),
        }
        if visit is not None
        else None,
        returned=kept.returned,
        message=_message(kept, shown),
        clock_drift_seconds=drift if abs(drift) > CHECKIN.drift_warning_seconds else None,
    )


def _person(who: Who, source: ScanSource) -> dict[str, Any] | None:
    """Of whom a scan is: to the person, or to a volunteer who has to tell people of one name
    apart."""
    if who.id is None:
        return None
    if source is ScanSource.SELF:
        return {"id": who.id, "display_name": own_name(who.name)}
    return {
        "id": who.id,
        "display_name": masked_name(who.name),
        "phone": masked(who.phone_encrypted),
        "relation": who.relation,
    }


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
    hours = trust(source) // timedelta(hours=1)
    if source is ScanSource.SELF:
        return f"这次签到过了 {hours} 小时才提交，请到服务台找志愿者登记"
    return f"这次扫码过了 {hours} 小时才上传，请交给组织者处理"


def _message(kept: Kept, shown: str) -> str:
    """The sentence for the phone's screen."""
    if kept.reason is Refusal.EXPIRED and kept.moment.too_late(kept.source):
        return _too_late_message(kept.source)
    if kept.reason is not None:
        return _REFUSAL_MESSAGES[kept.reason]
    if kept.direction is ScanDirection.EXIT:
        left_at = _left_before(kept)
        return f"{shown} {_clock(left_at)} 已经签退过了" if left_at else f"{shown} 已签退"
    if kept.verdict is Verdict.ADMITTED or kept.visit is None:
        return f"{shown} 签到成功"
    if kept.returned:
        return f"{shown} 欢迎回来"
    return f"{shown} {_clock(kept.visit.attended_at)} 已签到"


def _left_before(kept: Kept) -> datetime | None:
    """When somebody left who was scanned as leaving once more."""
    again = kept.verdict is Verdict.ALREADY_CHECKED_IN and kept.direction is ScanDirection.EXIT
    left_at: datetime | None = kept.visit.left_at if again and kept.visit is not None else None
    return left_at and left_at.astimezone(UTC)


def _clock(instant: datetime) -> str:
    return f"{instant.astimezone(clock.SHANGHAI):%H:%M}"
