"""How reports are called and how they say their figures."""

from backend.core.config import RATING
from backend.core.feature import AuditWords
from backend.reports.models import ReportKind, ReportState

KINDS = {
    ReportKind.MONTHLY: "月报",
    ReportKind.QUARTERLY: "季报",
    ReportKind.LEDGER: "集市台账",
    ReportKind.BRIEF: "简报",
    ReportKind.AUDIT: "审计记录",
}
STATES = {
    ReportState.QUEUED: "排队中",
    ReportState.RUNNING: "制作中",
    ReportState.DONE: "已做好",
    ReportState.FAILED: "没有做成",
    ReportState.EXPIRED: "已删除",
}
STATE_COLOURS = {
    ReportState.QUEUED: "secondary",
    ReportState.RUNNING: "accent",
    ReportState.DONE: "good",
    ReportState.FAILED: "bad",
    ReportState.EXPIRED: "secondary",
}
AUDIT = AuditWords(
    actions={
        "request_report": "申请报表",
        "make_report": "制作报表",
        "finish_report": "报表做好",
        "fail_report": "报表没有做成",
        "put_back_report": "重新制作报表",
        "download_report": "下载报表",
        "delete_report": "删除报表",
        "expire_report": "报表到期删除",
    },
    objects={"report_run": "报表"},
    states={"report_run": STATES},
    values={"kind": {kind.value: words for kind, words in KINDS.items()}},
)
WHAT_IS_COUNTED = (
    "服务人次：签到到场，同一人同一天到同一场算一次；服务人数：同一人不论来几次只算一次；"
    "服务次数：预约或取号后办结的次数。"
)
WHAT_IS_SATISFIED = (
    f"满意率：「基本满意」及以上的占比，附 95% 区间（Wilson）；少于 {RATING.publish_from} 份评价的"
    "只作参考，不下结论，也不作排名。"
)
FEW = "评价太少"
WRITTEN_DOWN = "志愿者、时长、经费由组织者填写，其余由系统统计。"


def percent(value: float) -> str:
    """93.5%"""
    return f"{100 * value:.1f}%"


def share_in_words(share: dict[str, float] | None, n: int) -> str:
    """93.5%（31 份）, with few answers said to be few."""
    if share is None:
        return "暂无评价"
    few = f"，{FEW}" if n < RATING.publish_from else ""
    return f"{percent(share['value'])}（{n} 份{few}）"


def few(n: int) -> str | None:
    """A remark beside figures that stand on few answers."""
    return FEW if n < RATING.publish_from else None
