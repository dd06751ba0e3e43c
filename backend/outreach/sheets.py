"""The call list as an Excel file."""

from collections.abc import Sequence

from backend.core import clock
from backend.core.dates import day
from backend.core.spreadsheets.writing import Column, Sheet, write_workbook
from backend.notices.words import became_of
from backend.outreach.operations import ToCall
from backend.outreach.words import CALLS

_COLUMNS = (
    Column("姓名", 20),
    Column("电话", 16),
    Column("谁的电话", 20),
    Column("报了什么", 50),
    Column("要告诉什么", 50),
    Column("微信提醒", 24),
    Column("上次", 12),
    Column("通知到了", 12),
    Column("备注", 30),
)


def call_list_file(title: str, people: Sequence[ToCall]) -> bytes:
    """An .xlsx file of who is to be called.

    Args:
        title: of the activity.
    """
    lines = (
        (
            one.contact.asked_for,
            one.number or "没有留电话",
            one.whose or None,
            "；".join(one.contact.numbers),
            "；".join(one.contact.told),
            became_of(one.contact.message) if one.contact.account else "没有小程序账号",
            CALLS[one.contact.call] if one.contact.call else None,
            None,
            None,
        )
        for one in people
    )
    count = sum(one.contact.people for one in people)
    note = f"还没通知到的 {count} 人，{day(clock.today())} 导出，用完请销毁"
    return write_workbook([Sheet("电话名单", _COLUMNS, lines, heading=title, note=note)])
