"""What notices and messages are called: on pages and in the audit log."""

from backend.core.feature import AuditWords
from backend.notices.messages.models import GivenUp, Message, MessageState
from backend.notices.models import NoticeKind

NOTICE_KINDS = {
    NoticeKind.BOOKING_MADE: "预约成功", NoticeKind.NUMBER_TAKEN: "取到号",
    NoticeKind.BOOKING_CANCELLED: "预约被取消", NoticeKind.MARKET_TOMORROW: "明天有活动",
    NoticeKind.NUMBER_NEAR: "快到了", NoticeKind.CALLED: "叫号", NoticeKind.PASSED_OVER: "过号",
    NoticeKind.NUMBER_OVER: "号已结束", NoticeKind.MARKET_MOVED: "改期",
    NoticeKind.PLACE_CHANGED: "换地点", NoticeKind.MARKET_CANCELLED: "活动取消",
    NoticeKind.SERVICE_DROPPED: "服务取消", NoticeKind.ANNOUNCEMENT: "公告",
    NoticeKind.RATING_ASKED: "请评价", NoticeKind.COMPLAINT_RECEIVED: "投诉已受理",
    NoticeKind.COMPLAINT_MEASURES: "投诉已整改", NoticeKind.COMPLAINT_CALL_BACK: "投诉已回访",
    NoticeKind.COMPLAINT_CLOSED: "投诉已办结", NoticeKind.COMPLAINT_REOPENED: "投诉重新办理",
    NoticeKind.NEED_ACCEPTED: "需求已受理", NoticeKind.NEED_DECLINED: "需求不受理",
    NoticeKind.NEED_PLANNED: "需求已安排", NoticeKind.NEED_MOVED_OFF: "需求另作安排",
    NoticeKind.NEED_SERVED: "需求已服务", NoticeKind.NEED_UNSOLVED: "需求未解决",
    NoticeKind.NEED_REOPENED: "需求重新办理", NoticeKind.NEED_MERGED: "需求合并办理",
    NoticeKind.NEED_UNMERGED: "需求单独办理",
    NoticeKind.RESOURCE_DECIDED: "资源审核结果", NoticeKind.CREDENTIAL_DECIDED: "资质审核结果",
    NoticeKind.CREDENTIAL_EXPIRING: "资质快到期",
    NoticeKind.ROLE_GIVEN: "授予角色", NoticeKind.ROLE_TAKEN: "收回角色",
    NoticeKind.LOOKED_UP: "信息被查看",
}  # fmt: skip
MESSAGE_STATES = {
    MessageState.OWED: "待发", MessageState.SENDING: "正在发", MessageState.SENT: "已发出",
    MessageState.REFUSED: "微信未接受", MessageState.GIVEN_UP: "没有发",
    MessageState.UNKNOWN: "不确定",
}  # fmt: skip
MESSAGE_COLOURS = {
    MessageState.OWED: "accent", MessageState.SENDING: "accent", MessageState.SENT: "good",
    MessageState.REFUSED: "bad", MessageState.GIVEN_UP: "secondary", MessageState.UNKNOWN: "warn",
}  # fmt: skip
GIVEN_UP = {
    GivenUp.OVER: "已经过时", GivenUp.JOINED: "后来有更新的消息", GivenUp.NO_CREDIT: "没有订阅次数",
}  # fmt: skip
# What WeChat's codes mean to an office.
REFUSED = {
    43101: "本人没有订阅，或次数已用完", 40003: "微信号不对", 40037: "模板编号不对，请告诉管理员",
    47003: "内容格式不对，请告诉管理员", 41030: "小程序页面未发布，请告诉管理员",
}  # fmt: skip
# Why one that is owed was put off.
PUT_OFF = {
    40125: "AppSecret 不对，请告诉管理员", 40164: "服务器地址不在微信的白名单里，请告诉管理员",
}  # fmt: skip


def why_untold(state: MessageState, errcode: int | None, reason: str | None) -> str:
    """Why a message has told nobody, or may not have; empty where there is nothing to say."""
    match state:
        case MessageState.REFUSED:
            return REFUSED.get(errcode or 0, f"微信错误 {errcode}")
        case MessageState.OWED if errcode is not None:
            return PUT_OFF.get(errcode, f"微信错误 {errcode}，稍后再试")
        case MessageState.GIVEN_UP if reason is not None:
            return GIVEN_UP[GivenUp(reason)]
        case MessageState.UNKNOWN:
            return "微信没有答复，可能已经发到，不再重发"
        case _:
            return ""


def became_of(message: Message | None) -> str:
    """What became of WeChat's message beside a notice, and why; None: none was owed."""
    if message is None:
        return "没有提醒"
    why = why_untold(message.state, message.errcode, message.reason)
    return f"{MESSAGE_STATES[message.state]}：{why}" if why else MESSAGE_STATES[message.state]


AUDIT = AuditWords(
    actions={"resend_message": "再发一次订阅消息"},
    objects={"message": "订阅消息"},
    states={"message": MESSAGE_STATES},
)
