"""How the console says times, numbers and states."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from backend.activities.models import ActivityState, OfferingMode
from backend.activities.words import ACTIVITY_STATES, EXCHANGE_KINDS, PROGRAMMES, quoted
from backend.bookings.models import BookingState
from backend.checkin.models import Refusal
from backend.core import clock
from backend.core.config import DASHBOARD
from backend.core.jobs import JobsStandStill
from backend.core.permissions import Role
from backend.dashboard.queries import LastMarket
from backend.feedback.checklist import EvaluationVerdict
from backend.feedback.models import RectificationState
from backend.needs.models import NeedSource, NeedState
from backend.reports import words as report_words

_WEEKDAYS = "一二三四五六日"


def moment(instant: datetime) -> str:
    """11月24日 周二 9:00"""
    at = instant.astimezone(clock.SHANGHAI)
    return f"{day(at.date())} {at.hour}:{at.minute:02}"


def day(of: date) -> str:
    """11月24日 周二; with the year where it is not this one."""
    year = "" if of.year == clock.today().year else f"{of.year}年"
    return f"{year}{of.month}月{of.day}日 周{_WEEKDAYS[of.weekday()]}"


def short_moment(instant: datetime) -> str:
    """11-24 09:05:33, for tables with many times; with the year where it is not this one."""
    at = instant.astimezone(clock.SHANGHAI)
    year = "" if at.year == clock.today().year else f"{at.year}-"
    return f"{year}{at:%m-%d %H:%M:%S}"


def seconds(instant: datetime) -> str:
    """:05, to follow a moment where it matters."""
    return f":{instant.astimezone(clock.SHANGHAI):%S}"


def file_size(size: int) -> str:
    """35 KB; 1.2 MB"""
    return f"{max(1, round(size / 1024))} KB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


def time_of_day(instant: datetime) -> str:
    """9:00"""
    at = instant.astimezone(clock.SHANGHAI)
    return f"{at.hour}:{at.minute:02}"


def period(start: datetime, end: datetime) -> str:
    """11月24日 周二 9:00–11:30; with the second day where there is one."""
    same = clock.local_day(start) == clock.local_day(end)
    return f"{moment(start)}–{time_of_day(end) if same else moment(end)}"


def last_day(end: datetime) -> str:
    """The last day before an end that is a midnight: 11月24日 周二."""
    return day(clock.local_day(end - timedelta(microseconds=1)))


def number(value: float | None) -> str:
    """1,234; 「–」 where there is none."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def percent(share: float | None) -> str:
    """93.5%; 「–」 where there is none."""
    return "–" if share is None else f"{100 * share:.1f}%"


def yuan(value: float | Decimal | None) -> str:
    """1,234 元； 5,798.0 万元 from a million on; 「–」 where there is none."""
    if value is None:
        return "–"
    return f"{value / 10_000:,.1f} 万元" if value >= 1_000_000 else f"{value:,.0f} 元"


def hours(minutes: int | None) -> str:
    """12.5 of so many minutes; 「–」 where there are none."""
    return "–" if minutes is None else f"{minutes / 60:,.1f}"


def local_input(instant: datetime | str | None) -> str:
    """A value for <input type="datetime-local">, in Shanghai."""
    if instant is None or isinstance(instant, str):
        return instant or ""
    return instant.astimezone(clock.SHANGHAI).strftime("%Y-%m-%dT%H:%M")


FILTERS: dict[str, Any] = {
    "moment": moment,
    "day": day,
    "last_day": last_day,
    "short_moment": short_moment,
    "seconds": seconds,
    "file_size": file_size,
    "time_of_day": time_of_day,
    "number": number,
    "percent": percent,
    "yuan": yuan,
    "hours": hours,
    "local_input": local_input,
    "quoted": quoted,
}
TITLES: dict[str, Any] = {
    "period": period,
    "PROGRAMMES": PROGRAMMES,
    "ACTIVITY_STATES": ACTIVITY_STATES,
    "EXCHANGE_KINDS": EXCHANGE_KINDS,
    "STATE_COLOURS": {
        ActivityState.DRAFT: "secondary", ActivityState.SUBMITTED: "warn",
        ActivityState.PUBLISHED: "accent", ActivityState.LIVE: "good",
        ActivityState.CLOSED: "secondary", ActivityState.CANCELLED: "bad",
    },
    "MODES": {
        OfferingMode.OPEN: "随到随办", OfferingMode.QUEUE: "现场取号",
        OfferingMode.SLOTS: "预约时段",
    },
    "BOOKING_STATES": {
        BookingState.CONFIRMED: "已预约", BookingState.ARRIVED: "等候中",
        BookingState.CALLED: "已叫号", BookingState.SERVING: "服务中",
        BookingState.SERVED: "已服务", BookingState.MISSED: "过号", BookingState.PARKED: "暂缓",
        BookingState.NO_SHOW: "未到场", BookingState.CANCELLED: "已取消",
        BookingState.EXPIRED: "散场未办",
    },
    "RECTIFICATION_STATES": {
        RectificationState.OPEN: "待回复", RectificationState.REPLIED: "待回访",
        RectificationState.CALLED_BACK: "待办结", RectificationState.CLOSED: "已办结",
    },
    "VERDICTS": {
        EvaluationVerdict.MET: "达标", EvaluationVerdict.TO_IMPROVE: "待改进",
        EvaluationVerdict.INSUFFICIENT_DATA: "评价太少",
    },
    "VERDICT_COLOURS": {
        EvaluationVerdict.MET: "good", EvaluationVerdict.TO_IMPROVE: "bad",
        EvaluationVerdict.INSUFFICIENT_DATA: "secondary",
    },
    "SCAN_REFUSALS": {
        Refusal.INVALID: "码无效", Refusal.WRONG_MARKET: "不是这场的码",
        Refusal.NOT_YET: "还没到签到时间", Refusal.EXPIRED: "码或签到时间已过",
        Refusal.CANCELLED: "活动已取消", Refusal.REVOKED: "码已作废",
        Refusal.BLOCKED: "账户已停用",
    },
    "NEED_STATES": {
        NeedState.OPEN: "待受理", NeedState.ACCEPTED: "已受理", NeedState.PLANNED: "已安排",
        NeedState.SERVED: "已服务", NeedState.EVALUATED: "已解决", NeedState.DECLINED: "不受理",
        NeedState.CLOSED_UNSOLVED: "未解决而办结",
    },
    "NEED_COLOURS": {
        NeedState.OPEN: "warn", NeedState.ACCEPTED: "accent", NeedState.PLANNED: "accent",
        NeedState.SERVED: "accent", NeedState.EVALUATED: "good", NeedState.DECLINED: "secondary",
        NeedState.CLOSED_UNSOLVED: "bad",
    },
    "NEED_SOURCES": {
        NeedSource.RESIDENT: "居民提出", NeedSource.VISIT: "入户走访", NeedSource.HOTLINE: "热线",
        NeedSource.MEETING: "社区议事会",
    },
    "NEED_ACTIONS": {
        "raise_need": "登记", "accept_need": "受理", "decline_need": "不受理",
        "plan_need": "安排到活动", "take_need_off": "从活动撤下，另作安排",
        "serve_need": "记为已服务", "evaluate_need": "居民认可，已解决",
        "close_need_unsolved": "未解决而办结", "reopen_need": "居民说没有解决，重新办理",
    },
    "JOBS_STAND_STILL": JobsStandStill.title,
    "LAST_MARKETS": {
        LastMarket.RECENT: f"{DASHBOARD.recent_days} 天内",
        LastMarket.A_WHILE: f"{DASHBOARD.long_ago_days} 天内",
        LastMarket.LONG_AGO: f"超过 {DASHBOARD.long_ago_days} 天",
        LastMarket.NEVER: "还没有集市",
    },
    "REPORT_KINDS": report_words.KINDS,
    "REPORT_STATES": report_words.STATES,
    "REPORT_STATE_COLOURS": report_words.STATE_COLOURS,
    "ROLES": {
        Role.VOLUNTEER: "志愿者", Role.PARTNER: "合伙人", Role.ORGANISER: "组织者",
        Role.ADMIN: "管理员", Role.AUDITOR: "督查员",
    },
}  # fmt: skip
