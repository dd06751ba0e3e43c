"""What bookings and the line are called: on pages and in the audit log."""

from enum import StrEnum

from backend.bookings.models import BookingState
from backend.bookings.signed_up.filters import Answered, CancelledBy, Whom
from backend.core.feature import AuditWords


class MyOrder(StrEnum):
    """In what order one's own bookings are listed."""

    MADE = "made"
    WHEN = "when"


BOOKING_STATES = {
    BookingState.CONFIRMED: "已预约", BookingState.ARRIVED: "等候中",
    BookingState.CALLED: "已叫号", BookingState.SERVING: "服务中",
    BookingState.SERVED: "已服务", BookingState.MISSED: "过号", BookingState.PARKED: "暂时离开",
    BookingState.NO_SHOW: "未到场", BookingState.CANCELLED: "已取消",
    BookingState.EXPIRED: "散场未办",
}  # fmt: skip
SIGN_UP_ANSWERS = {
    Answered.COMING: "还来", Answered.OPEN: "还没回答", Answered.NOT_COMING: "不来了",
}  # fmt: skip
SIGN_UP_WHOM = {Whom.NEEDS: "有特殊需求", Whom.FAMILY: "家人"}
SIGN_UP_CANCELLED_BY = {
    CancelledBy.PERSON: "本人", CancelledBy.FAMILY: "家人", CancelledBy.STAFF: "工作人员",
    CancelledBy.ACTIVITY: "活动取消", CancelledBy.SERVICE: "服务取消",
}  # fmt: skip
AUDIT = AuditWords(
    actions={
        "sign_up": "预约",
        "take_number": "取号",
        "arrive": "预约人到场",
        "undo_arrival": "撤销到场",
        "call": "叫号",
        "recall": "再次叫号",
        "start": "开始服务",
        "finish": "完成服务",
        "undo_finish": "撤销完成",
        "miss": "过号",
        "park": "暂时离开",
        "rejoin": "重新排队",
        "put_off": "改期，预约随之改期",
        "keep": "改期后还来",
        "see_sign_ups": "打印报名名单",
        "export_sign_ups": "导出报名名单",
        "merge": "合并重复预约",
        "merge_bookings": "合并来宾的预约",
        "day_over": "当天已过，号随之作废",
        "service_dropped": "服务取消，预约随之取消",
        "activity_closed": "活动结束，预约随之办理",
        "activity_cancelled": "活动取消，预约随之取消",
    },
    of={("booking", "cancel"): "取消预约"},
    objects={"booking": "预约、号"},
    states={"booking": BOOKING_STATES},
    details={"calls": "第几次叫号"},
)
