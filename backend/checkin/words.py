"""What check-in is called: on pages and in the audit log."""

from backend.checkin.models import Refusal, Verdict
from backend.core.feature import AuditWords

SCAN_REFUSALS = {
    Refusal.INVALID: "码无效", Refusal.WRONG_MARKET: "不是这场的码",
    Refusal.NOT_YET: "还没到签到时间", Refusal.EXPIRED: "码或签到时间已过",
    Refusal.CANCELLED: "活动已取消", Refusal.REVOKED: "码已作废",
    Refusal.BLOCKED: "账户已停用",
}  # fmt: skip
AUDIT = AuditWords(
    actions={
        "find_residents": "查找居民",
        "find_limit_reached": "查找居民到达上限",
        "revert_scan": "撤销签到",
    },
    objects={"scan": "扫码记录"},
    states={"scan": {Verdict.ADMITTED: "已签到", "reverted": "已撤销"}},
    details={"found": "找到"},
)
