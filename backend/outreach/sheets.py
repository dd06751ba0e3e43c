"""The call list as an Excel file."""

from collections.abc import Sequence

from backend.core import clock
from backend.core.spreadsheets.writing import Column, Sheet, write_workbook
from backend.outreach.operations import ToCall
from backend.outreach.words import CALLS

_COLUMNS = (
    Column("姓名", 20),
    Column("电话", 16),
    Column("报了什么", 50),
    Column("上次", 12),
    Column("通知到了", 12),
    Column("备注", 30),
)


def call_list_file(title: str, words: str, people: Sequence[ToCall]) -> bytes:
    """An .xlsx file of who is to be called.

    Args:
        title, words: what they are told of.
    """
    lines = (
        (
            one.contact.names,
            one.number or "没有留电话",
            "；".join(one.contact.numbers),
            CALLS[one.contact.call] if one.contact.call else None,
            None,
            None,
        )
        for one in people
    )
    note = f"{words}。共 {len(people)} 户，{clock.today():%Y-%m-%d} 导出，用完请销毁"
    return write_workbook([Sheet("电话名单", _COLUMNS, lines, heading=title, note=note)])
