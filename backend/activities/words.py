"""What programmes, states and kinds are called: on pages, in files and in sentences."""

import re
from collections.abc import Sequence
from enum import StrEnum

from backend.activities.models import ActivityState, ExchangeKind, OfferingMode, Programme
from backend.activities.questions import Unfinished
from backend.core.feature import AuditWords

PROGRAMMES = {
    Programme.MARKET: "吾社集", Programme.ACTION: "吾社行", Programme.EXCHANGE: "吾社汇",
}  # fmt: skip
ACTIVITY_STATES = {
    ActivityState.DRAFT: "草稿", ActivityState.SUBMITTED: "待审核",
    ActivityState.PUBLISHED: "已发布", ActivityState.LIVE: "进行中",
    ActivityState.CLOSED: "已结束", ActivityState.CANCELLED: "已取消",
}  # fmt: skip
EXCHANGE_KINDS = {
    ExchangeKind.VISIT: "考察交流", ExchangeKind.TRAINING: "培训", ExchangeKind.SEMINAR: "研讨",
    ExchangeKind.SHOWCASE: "成果展示", ExchangeKind.PARTY_STUDY: "党建学习",
    ExchangeKind.UNIVERSITY: "校社合作",
}  # fmt: skip

STATE_COLOURS = {
    ActivityState.DRAFT: "secondary", ActivityState.SUBMITTED: "warn",
    ActivityState.PUBLISHED: "accent", ActivityState.LIVE: "good",
    ActivityState.CLOSED: "secondary", ActivityState.CANCELLED: "bad",
}  # fmt: skip
MODES = {
    OfferingMode.OPEN: "随到随办", OfferingMode.QUEUE: "现场取号", OfferingMode.SLOTS: "预约时段",
}  # fmt: skip
AUDIT = AuditWords(
    actions={
        "create": "新建活动",
        "edit": "修改活动",
        "reschedule": "改期",
        "submit": "提交审核",
        "publish": "发布",
        "return": "退回修改",
        "open": "开始活动",
        "undo_open": "撤回开始",
        "close": "结束或办结",
        "cancel": "取消",
        "revoke_code": "更换签到码",
        "add_stall": "增加摊位",
        "edit_stall": "修改摊位",
        "delete_stall": "删除摊位",
        "place_stall": "移动摊位",
        "arrange_stalls": "排列摊位",
        "add_offering": "增加服务",
        "edit_offering": "修改服务",
        "delete_offering": "删除服务",
        "drop_offering": "取消服务，预约随之取消",
        "add_slots": "增加时段",
        "edit_slot": "修改时段",
        "delete_slot": "删除时段",
        "assign": "安排人员",
        "unassign": "取消安排人员",
        "write_record": "活动登记",
        "load_demo": "载入演示数据",
    },
    of={
        ("activity", "close"): "结束活动",
        ("activity", "cancel"): "取消活动",
        ("activity", "publish"): "发布活动",
        ("activity", "submit"): "活动提交审核",
        ("activity", "return"): "活动退回修改",
    },
    objects={"activity": "活动", "activity_record": "活动台账", "duty": "人员安排"},
    states={"activity": ACTIVITY_STATES},
)


# Of a number to call that looks like somebody's own: it may be meant, and is never refused.
NOT_SETTLED = "场地待定，补上场地才能发布"
PRIVATE_NUMBER = "像是个人手机号，发布后谁都看得到，请尽量填办公电话"


class SlotChoice(StrEnum):
    """What becomes of the slots in a copy."""

    # Moved with the beginning; one that ends after the copy hinders it.
    MOVE = "move"
    # Moved; those that do not fit are left out.
    CUT = "cut"
    # As long and as large as the source's, one after the other over the copy's time.
    ANEW = "anew"


SLOT_CHOICES = {
    SlotChoice.MOVE: "全部照搬", SlotChoice.CUT: "放不下的不要", SlotChoice.ANEW: "按起止时间重排",
}  # fmt: skip


def ask_to_close(left: Unfinished) -> str:
    """What closing an activity now would do to those who have a number, asked before it is done;
    the phone's `closingWords` says the same."""
    void = left.waiting + left.calling + left.parked + left.missed
    each = f"等候 {left.waiting}、已叫号 {left.calling}、暂时离开 {left.parked}、过号 {left.missed}"
    said = [
        f"还没办的 {void} 个号将作废（{each}）；" if void else "",
        f"没有来的 {left.booked} 个预约记为未到场；" if left.booked else "",
        f"正在服务的 {left.serving} 位可以办完；" if left.serving else "",
    ]
    return f"确定结束活动？{''.join(said)}结束后不能再开。"


def stall_order(number: str) -> list[tuple[bool, int, str]]:
    """By what stall numbers are sorted, as people count: 1, 2, 11, A2, A11, B1."""
    parts = _PARTS_OF_NUMBER.findall(number)
    return [(not digits, int(digits or 0), letters) for digits, letters in parts]


_PARTS_OF_NUMBER = re.compile("([0-9]+)|([^0-9]+)")


def quoted(title: str) -> str:
    """A title in a sentence: 「花园社区公益集市」; its own quotes become 『』 inside."""
    return f"「{title.translate(_INNER)}」"


_INNER = str.maketrans("「」", "『』")


def few_of(things: Sequence[str], unit: str = "场") -> str:
    """The first of several activities in a sentence, and how many they are where more are meant.

    Args:
        unit: the measure word, where they are something else.
    """
    more = f"等 {len(things)} {unit}" if len(things) > _NAMED else ""
    return "、".join(things[:_NAMED]) + more


_NAMED = 5
