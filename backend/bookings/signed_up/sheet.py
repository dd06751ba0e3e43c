"""The signed-up list as an Excel file."""

from collections.abc import Sequence

from backend.bookings.signed_up.queries import SignedUp, Wanted
from backend.bookings.words import (
    BOOKING_STATES,
    SIGN_UP_ANSWERS,
    SIGN_UP_CANCELLED_BY,
    SIGN_UP_WHOM,
)
from backend.core import clock
from backend.core.dates import day
from backend.core.spreadsheets.writing import Column, Sheet, write_workbook

_COLUMNS = (
    Column("服务", 20),
    Column("日期", 12, "day"),
    Column("时段开始", 18, "moment"),
    Column("时段结束", 18, "moment"),
    Column("号", 8),
    Column("姓名", 12),
    Column("哪位", 14),
    Column("谁报的", 16),
    Column("特殊需求", 36),
    Column("进展", 12),
    Column("谁取消的", 12),
    Column("改期前的时间", 18, "moment"),
    Column("改期后", 14),
)


def chosen_in_words(wanted: Wanted) -> str:
    """Whom a filter has left on the list, as a sentence before their number: who reads the paper
    alone must not take a part for the whole. Empty: everybody."""
    words = [
        BOOKING_STATES[wanted.state] if wanted.state else None,
        f"改期后{SIGN_UP_ANSWERS[wanted.answer]}" if wanted.answer else None,
        SIGN_UP_WHOM[wanted.whom] if wanted.whom else None,
    ]
    said = "、".join(filter(None, words))
    return f"只列：{said}。" if said else ""


def sign_ups_file(title: str, chosen: str, lines: Sequence[SignedUp]) -> bytes:
    """An .xlsx file of the list.

    Args:
        title: of the activity.
        chosen: whom it has alone, in words; empty: everybody.
    """
    rows = (
        (
            line.service,
            line.on,
            line.starts_at,
            line.ends_at,
            line.ticket,
            line.name,
            line.person,
            line.by,
            line.needs or None,
            BOOKING_STATES[line.state],
            SIGN_UP_CANCELLED_BY[line.cancelled_by] if line.cancelled_by else None,
            line.moved_from,
            SIGN_UP_ANSWERS[line.answer] if line.answer else None,
        )
        for line in lines
    )
    note = f"{chosen}共 {len(lines)} 条，{day(clock.today())} 导出，含特殊需求，请妥善保管"
    return write_workbook(
        [Sheet("报名名单", _COLUMNS, rows, heading=f"报名名单：{title}", note=note)]
    )
