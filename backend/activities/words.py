"""What programmes, states and kinds are called: on pages, in files and in sentences."""

import re
from collections.abc import Sequence

from backend.activities.models import ActivityState, ExchangeKind, Programme

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


def stall_order(number: str) -> list[tuple[bool, int, str]]:
    """By what stall numbers are sorted, as people count: 1, 2, 11, A2, A11, B1."""
    parts = _PARTS_OF_NUMBER.findall(number)
    return [(not digits, int(digits or 0), letters) for digits, letters in parts]


_PARTS_OF_NUMBER = re.compile("([0-9]+)|([^0-9]+)")


def quoted(title: str) -> str:
    """A title in a sentence: 「花园社区公益集市」; its own quotes become 『』 inside."""
    return f"「{title.translate(_INNER)}」"


_INNER = str.maketrans("「」", "『』")


def few_of(activities: Sequence[str]) -> str:
    """The first of several activities in a sentence, and how many they are where more are meant."""
    more = f"等 {len(activities)} 场" if len(activities) > _NAMED else ""
    return "、".join(activities[:_NAMED]) + more


_NAMED = 5
