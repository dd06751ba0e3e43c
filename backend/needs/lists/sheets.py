"""The list of needs as an Excel file."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.core import clock
from backend.core.config import titles
from backend.core.dates import day
from backend.core.spreadsheets.writing import Column, Sheet, write_workbook

_COLUMNS = (
    Column("提出日期", 12, "day"),
    Column("需求", 40),
    Column("地区", 16),
    Column("服务类别", 16),
    Column("来源", 12),
    Column("进展", 14),
    Column("活动", 36),
    Column("原因", 36),
    Column("详细说明", 50),
    Column("办结时间", 18, "moment"),
)


def needs_file(rows: Sequence[Any], states: Mapping[Any, str], sources: Mapping[Any, str]) -> bytes:
    """An .xlsx file of needs.

    Args:
        rows: as `queries.needs_to_export` answers them.
        states, sources: their words.
    """
    kinds = titles("service_kinds")
    lines = (
        (
            row.Need.raised_on,
            row.Need.title,
            row.region_name,
            kinds.get(row.Need.service_kind),
            sources[row.Need.source],
            states[row.Need.state],
            row.activity_title,
            row.Need.reason,
            row.Need.details,
            row.Need.ended_at,
        )
        for row in rows
    )
    note = f"共 {len(rows)} 条，{day(clock.today())} 导出"
    return write_workbook([Sheet("需求清单", _COLUMNS, lines, heading="需求清单", note=note)])
