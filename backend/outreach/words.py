"""What changes and calls are called: on pages and in the audit log."""

from backend.activities.signals import ChangeKind
from backend.core.feature import AuditWords
from backend.outreach.models import AnnouncementState, Answer, Audience, Call

CHANGE_KINDS = {
    ChangeKind.MOVED: "改期", ChangeKind.PLACE: "换地点", ChangeKind.CANCELLED: "取消",
    ChangeKind.SERVICE_DROPPED: "取消服务", ChangeKind.ANNOUNCEMENT: "公告",
}  # fmt: skip
CALLS = {Call.TOLD: "已通知", Call.NO_ANSWER: "没打通"}
ANSWERS = {Answer.COMING: "还来", Answer.NOT_COMING: "不来了"}
AUDIENCES = {
    Audience.SIGNED_UP: "已经报名的人", Audience.HERE: "在现场的人", Audience.LINE: "排队的人",
}  # fmt: skip
ANNOUNCEMENT_STATES = {
    AnnouncementState.CHECKING: "正在检查内容", AnnouncementState.SENT: "已发送",
    AnnouncementState.HELD: "等同事核对", AnnouncementState.REJECTED: "没有通过检查，没有发",
    AnnouncementState.WITHDRAWN: "已撤下，没有发",
}  # fmt: skip
ANNOUNCEMENT_COLOURS = {
    AnnouncementState.CHECKING: "secondary", AnnouncementState.SENT: "good",
    AnnouncementState.HELD: "warn", AnnouncementState.REJECTED: "bad",
    AnnouncementState.WITHDRAWN: "secondary",
}  # fmt: skip
AUDIT = AuditWords(
    actions={
        "announce": "写公告",
        "announcement_sent": "公告发送",
        "announcement_held": "公告等同事核对",
        "announcement_rejected": "公告没有通过检查",
        "announcement_withdrawn": "公告撤下",
        "see_number": "查看电话",
        "mark_told": "电话通知：已通知",
        "mark_no_answer": "电话通知：没打通",
        "undo_call": "撤销电话通知的标记",
        "see_call_list": "打印电话名单",
        "export_call_list": "导出电话名单",
    },
    objects={
        "activity_change": "活动变更",
        "addressee": "通知对象",
        "announcement": "公告",
    },
    states={"announcement": ANNOUNCEMENT_STATES},
)
