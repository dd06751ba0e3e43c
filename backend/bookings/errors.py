"""The refusals of sign-up and queue; each has one code and one sentence."""

from uuid import UUID

from backend.core.errors import AppError, on_constraint
from backend.identity.names import masked_name


class SlotFull(AppError):
    status = 409
    code = "slot_full"
    title = "已约满，请选其他时段或到现场取号"


class AlreadyBooked(AppError):
    status = 409
    code = "already_booked"
    title = "您已报名或取过这项服务的号"


class CapReached(AppError):
    status = 409
    code = "cap_reached"
    title = "当天可报名的次数已用完"


class SignUpClosed(AppError):
    status = 409
    code = "sign_up_closed"
    title = "现在不能报名：报名还没开始或已经截止，或者活动已经结束"


class SignUpNotNeeded(AppError):
    status = 409
    code = "sign_up_not_needed"
    title = "这项服务不用报名，直接到摊位即可"


class SlotMoved(AppError):
    status = 409
    code = "slot_moved"
    title = "这个时段的时间刚刚改了，请重新选择"


class NotMoved(AppError):
    status = 409
    code = "not_moved"
    title = "这个预约没有改期，不用回答"


class MovedAgain(AppError):
    status = 409
    code = "moved_again"
    title = "时间刚刚又改了，请看新的时间再回答"


class DayHeld(AppError):
    """People have signed up for the same service on the day to which their number would go."""

    status = 409
    code = "day_held"
    title = "有居民在那一天已经报了这项服务，不能改到同一天"


class DayFull(AppError):
    status = 409
    code = "day_full"
    title = "那一天的名额不够，不能改到那一天"


class BeingServed(AppError):
    status = 409
    code = "being_served"
    title = "正在为居民服务，请办完这一位再取消这项服务"


class AlreadyHere(AppError):
    """Who has come for a slot can't be sent to another day."""

    status = 409
    code = "already_here"
    title = "这个时段已有人到场，不能改到别的日子"


class NotEligible(AppError):
    status = 409
    code = "not_eligible"
    title = "不符合这项服务的报名条件"


class NotCheckedIn(AppError):
    status = 409
    code = "not_checked_in"
    title = "请先在现场扫码签到，再取号"


class MarketNotOpen(AppError):
    status = 409
    code = "market_not_open"
    title = "活动还没有开始或已经结束"


class NumberOver(AppError):
    status = 409
    code = "number_over"
    title = "这个号的日子已经过了，不能再办理；还需要请重新取号"


class StallBusy(AppError):
    status = 409
    code = "stall_busy"
    title = "上一个号还没有处理，请先开始服务或过号"


class PersonLeft(AppError):
    """Who would be called has signed out: the desk is asked first, whatever its screen knew."""

    status = 409
    code = "person_left"
    title = "这位已经离开，请先确认还叫不叫"

    def __init__(self, booking_id: UUID, ticket: str, name: str | None) -> None:
        shown = masked_name(name)
        super().__init__(
            f"{ticket} {shown} 已经签退，或签到被撤销，可能不在现场",
            extra={"booking": {"id": booking_id, "ticket": ticket, "display_name": shown}},
        )


class CallAgainFirst(AppError):
    status = 409
    code = "call_again_first"
    title = "请再叫几次，仍没有人来再过号"


class UndoOver(AppError):
    status = 409
    code = "undo_over"
    title = "完成已经有一会儿了，不能再撤销；还要办理请重新发号"


class AlreadyRejoined(AppError):
    status = 409
    code = "already_rejoined"
    title = "过号后只能重新排队一次，还要办理请取新号"


on_constraint("uq_booking_active", AlreadyBooked)
on_constraint("uq_booking_slot_active", AlreadyBooked)
on_constraint("uq_booking_called_stall", StallBusy)
on_constraint("ck_slot_taken_within_capacity", SlotFull)
