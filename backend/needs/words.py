"""What needs are called: on pages and in the audit log."""

from backend.core import clock
from backend.core.feature import AuditWords
from backend.core.workdays import workdays_until
from backend.needs.models import Need, NeedSource, NeedState, Verdict, VoiceRole
from backend.needs.waiting import Waiting

NEED_STATES = {
    NeedState.OPEN: "待受理", NeedState.ACCEPTED: "已受理", NeedState.PLANNED: "已安排",
    NeedState.SERVED: "已服务", NeedState.EVALUATED: "已评价", NeedState.DECLINED: "不受理",
    NeedState.CLOSED_UNSOLVED: "未解决而办结",
}  # fmt: skip
NEED_COLOURS = {
    NeedState.OPEN: "warn", NeedState.ACCEPTED: "accent", NeedState.PLANNED: "accent",
    NeedState.SERVED: "accent", NeedState.EVALUATED: "secondary", NeedState.DECLINED: "secondary",
    NeedState.CLOSED_UNSOLVED: "bad",
}  # fmt: skip
NEED_SOURCES = {
    NeedSource.RESIDENT: "居民提出", NeedSource.VISIT: "入户走访", NeedSource.HOTLINE: "热线",
    NeedSource.MEETING: "社区议事会", NeedSource.MARKET: "集市现场",
}  # fmt: skip
VERDICT_WORDS = {
    Verdict.SOLVED: "解决了", Verdict.PARTLY: "解决了一部分", Verdict.NOT: "没解决",
}  # fmt: skip
VOICE_ROLES = {VoiceRole.RAISER: "提出", VoiceRole.SUPPORTER: "附议"}
# As a need's own page says them, beside its name.
NEED_ACTIONS = {
    "raise_need": "登记", "withdraw_need": "提出的人撤回了",
    "accept_need": "受理", "reword_need": "整理公开的文字", "sort_need": "改服务类别",
    "decline_need": "不受理",
    "plan_need": "安排到活动", "take_need_off": "从活动撤下，另作安排",
    "serve_need": "记为已服务", "evaluate_need": "评价完毕",
    "close_need_unsolved": "未解决而办结", "reopen_need": "居民说没有解决，重新办理",
    "see_voices": "查看了谁在提", "see_voice_number": "查看了电话",
    "take_up_need": "有能办的单位了，重新办理",
    "merge_need": "并入相同的需求", "unmerge_need": "撤销合并",
}  # fmt: skip
# What those who ask do themselves, which is kept without who it was.
OF_WHO_ASKS = frozenset({"withdraw_need", "reopen_need"})
WAITING = {Waiting.DECISION: "待处理", Waiting.LATE: "超期", Waiting.RESOURCE: "等资源"}


def due(need: Need) -> str:
    """How long there is to decide on a need, as offices count it; empty where nothing is due."""
    if need.state is not NeedState.OPEN or need.merged_into or need.decide_by is None:
        return ""
    today = clock.today()
    if need.decide_by < today:
        return f"已超期 {(today - need.decide_by).days} 天"
    left = workdays_until(today, need.decide_by)
    return f"还剩 {left} 个工作日" if left else "今天到期"


AUDIT = AuditWords(
    actions={
        "raise_need": "登记需求",
        "withdraw_need": "需求随附议撤回",
        "accept_need": "受理需求",
        "reword_need": "整理需求公开的文字",
        "sort_need": "改需求的服务类别",
        "decline_need": "不受理需求",
        "plan_need": "需求排入活动",
        "take_need_off": "需求改到别的活动",
        "serve_need": "需求已服务",
        "evaluate_need": "需求评价完毕",
        "close_need_unsolved": "需求未解决而办结",
        "reopen_need": "需求重新办理",
        "take_up_need": "需求有了资源，重新办理",
        "merge_need": "合并需求",
        "unmerge_need": "撤销合并需求",
        "see_voices": "查看谁提出或附议了需求",
        "see_voice_number": "查看提出或附议的人的电话",
        "export_needs": "导出需求",
    },
    objects={"need": "需求"},
    states={"need": NEED_STATES},
)
