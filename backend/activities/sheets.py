"""The schedule as Excel files: what is exported, and the template."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from backend.activities.schedule_reading.columns import (
    ABOUT,
    ADDRESS,
    COMMUNITY,
    CONTACT,
    DAY,
    ENDS,
    FIELD,
    KIND,
    MODEL,
    ORGANISER,
    PROGRAMME,
    STARTS,
    TITLE,
    VENUE,
)
from backend.activities.schedule_reading.reading import MOST_ROWS
from backend.activities.words import ACTIVITY_STATES, EXCHANGE_KINDS, PROGRAMMES
from backend.core import clock
from backend.core.config import titles
from backend.core.spreadsheets import Column, Sheet, write_workbook

_NOTES = (
    ("怎么填", "每行一场活动。带 * 的列必填，其余可空。名称以「示例」开头的行不会导入。"),
    (PROGRAMME, "吾社集、吾社行或吾社汇，从下拉列表选。"),
    (COMMUNITY, "写社区名称或 12 位区划代码；重名的写成「镇名+社区名」。镇、街道自己办的写镇名。"),
    (DAY, "如 2026-05-01，也可写 2026/5/1 或 2026年5月1日。"),
    (f"{STARTS}、{ENDS}", "如 9:00。活动应在同一天内结束。"),
    (FIELD, "只有吾社行填写。"),
    (KIND, "只有吾社汇填写。"),
    (MODEL, "写一场已有活动的名称，它的摊位、服务和时段会照搬过来，时间随开始时间移动。"
            "不填的用上传时选的那一场，也没有选的只建活动本身。"),
    ("导入规则", f"一次最多 {MOST_ROWS} 行。先预览，有一处不对就一行也不导入。"
                 "同一社区、同一时间、同名的活动已经有了的，不会重复建。"),
    ("不要这样", "不要合并单元格，不要用公式，不要改表头。"),
)  # fmt: skip


# ---------------------------------------------------------------------------- out


def schedule_file(rows: Sequence[Any], period: str) -> bytes:
    """The schedule as an Excel file.

    Args:
        rows: as schedule.export_rows answers them.
        period: what of it, in words.
    """
    fields = titles("fields")
    columns = [
        Column("状态", 8), Column(PROGRAMME, 10), Column(TITLE, 36), Column("地区", 14),
        Column(DAY, 12, "day"), Column(STARTS, 9), Column(ENDS, 9), Column(VENUE, 24),
        Column(ADDRESS, 28), Column(ORGANISER, 18), Column(CONTACT, 15), Column(FIELD, 10),
        Column(KIND, 10),
    ]  # fmt: skip
    values = [
        [
            ACTIVITY_STATES[row.state], PROGRAMMES[row.programme], row.title, row.region_name,
            clock.local_day(row.starts_at), _hour(row.starts_at), _end(row), row.venue_name,
            row.address, row.organiser_name, row.contact_phone, fields.get(row.field or ""),
            EXCHANGE_KINDS.get(row.kind),
        ]
        for row in rows
    ]  # fmt: skip
    made = clock.now().astimezone(clock.SHANGHAI)
    note = f"{period}；共 {len(rows)} 场。{made:%Y-%m-%d %H:%M} 导出"
    return write_workbook([Sheet("排期", columns, values, heading="活动排期", note=note)])


def _hour(instant: datetime) -> str:
    return instant.astimezone(clock.SHANGHAI).strftime("%H:%M")


def _end(row: Any) -> str:
    """The end's time; with its day where that is another one."""
    if clock.local_day(row.starts_at) == clock.local_day(row.ends_at):
        return _hour(row.ends_at)
    return str(row.ends_at.astimezone(clock.SHANGHAI).strftime("%m-%d %H:%M"))


def template_file(communities: Sequence[str], models: Sequence[str]) -> bytes:
    """The file to fill in: the header with its drop-downs, an example, and how it is done.

    Args:
        communities: what the drop-down of communities offers.
        models: names of activities that can be copied.
    """
    fields, kinds = list(titles("fields").values()), list(EXCHANGE_KINDS.values())
    columns = [
        Column(f"{PROGRAMME}*", 11, choices=list(PROGRAMMES.values())),
        Column(f"{TITLE}*", 32),
        Column(f"{COMMUNITY}*", 16, choices=_range("A", communities)),
        Column(f"{DAY}*", 13, "day", hint="如 2026-05-01"),
        Column(f"{STARTS}*", 10, hint="如 9:00"),
        Column(f"{ENDS}*", 10, hint="如 11:30"),
        Column(f"{VENUE}*", 22),
        Column(ADDRESS, 26),
        Column(ORGANISER, 18),
        Column(CONTACT, 15),
        Column(FIELD, 10, choices=fields, hint="只有吾社行填写"),
        Column(KIND, 10, choices=kinds, hint="只有吾社汇填写"),
        Column(ABOUT, 30),
        Column(MODEL, 32, choices=_range("B", models), hint="照搬它的摊位、服务和时段；可不填"),
    ]
    example = [
        "吾社集", "示例：花园社区公益集市", communities[0] if communities else "花园社区",
        date(clock.today().year + 1, 1, 1), "9:00", "11:30", "社区广场", "花园路 1 号",
        "区民政局", "0519-00000000", None, None, None, None,
    ]  # fmt: skip
    size = max(len(communities), len(models))
    lists = [
        [
            communities[index] if index < len(communities) else None,
            models[index] if index < len(models) else None,
        ]
        for index in range(size)
    ]
    return write_workbook(
        [
            Sheet("排期", columns, [example]),
            Sheet("填写说明", [Column("项", 18), Column("说明", 90)], _NOTES),
            Sheet("可选项", [Column("可选社区", 24), Column("可参照的活动", 40)], lists),
        ]
    )


def _range(column: str, values: Sequence[str]) -> str:
    """Where a drop-down's values stand; Excel takes no more than 255 characters in place."""
    return f"=可选项!${column}$2:${column}${len(values) + 1}" if values else ""
