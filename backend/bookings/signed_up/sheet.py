"""The signed-up list as an Excel file."""

from collections.abc import Sequence

from backend.bookings.signed_up.queries import SignedUp
from backend.bookings.words import BOOKING_STATES
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
    Column("改期前的时间", 18, "moment"),
    Column("改期后", 14),
)


def sign_ups_file(title: str, lines: Sequence[SignedUp]) -> bytes:
    """An .xlsx file of the list.

    Args:
        title: of the activity.
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
            line.moved_from,
            line.answer,
        )
        for line in lines
    )
    note = f"共 {len(lines)} 条，{day(clock.today())} 导出，含特殊需求，请妥善保管"
    return write_workbook(
        [Sheet("报名名单", _COLUMNS, rows, heading=f"报名名单：{title}", note=note)]
    )
